"""How often a face is looked at, and what that moves."""

import fill_docs
import measure_face_strides as strides
import numpy as np
import pytest

import emospike
from emospike.features.openface import read_table
from emospike.files import format_json


@pytest.fixture
def table(ravdess):
    return min((ravdess / "face" / "openface").glob("*.csv.gz"))


def test_every_so_many_rows(table):
    track = read_table(table)
    np.testing.assert_array_equal(strides.thin(track, 3, 1).time, track.time[1::3])
    assert len(strides.thin(track, 1, 0)) == len(track)


def test_a_table_and_its_summary(table, tmp_path, monkeypatch):
    found = strides.measure(emospike.load("excube2-both").by("face"), table)
    assert {stride: len(one["p"]) for stride, one in found["strides"].items()} == {"1": 1, "2": 2, "3": 3, "4": 4}
    every = np.concatenate([one["p"] for one in found["strides"].values()])
    assert 0 < np.ptp(every) < 0.3
    (tmp_path / "f.json").write_text(format_json({"rows": [found]}))
    monkeypatch.setattr(fill_docs, "RESULTS", tmp_path)
    lines = fill_docs.of_file("strides", "f").splitlines()
    assert "| 1 tables | 1 | 1.000 | 0.000 | 0.000 | 0.000 | 0.000 | 0.000 |" in lines
    largest = max(abs(p - found["strides"]["1"]["p"][0]) for p in found["strides"]["4"]["p"])
    assert f"| {largest:.3f} |" in lines[-1]
