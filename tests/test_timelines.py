"""Timelines: what other programs read of them."""

import csv
import io
import sys
from xml.etree import ElementTree

import pytest

from emospike.timelines import LIBRARIES, Segment, write_timeline
from emospike.validation import InputError

SEGMENTS = [
    Segment(0.0, 4.0, "happy", 0.91),
    Segment(4.0, 8.0, "silent"),
    Segment(8.0, 11.4567, "do\"n't <know>\n\x1b & é", 0.4),
]
TOLD = ["happy", "silent", "do\"n't <know> & é"]


@pytest.fixture(autouse=True)
def libraries():
    for name in LIBRARIES.values():
        pytest.importorskip(name)


def test_a_table(tmp_path):
    path = write_timeline(tmp_path / "a.csv", SEGMENTS)
    rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8"))))
    assert [row["label"] for row in rows] == TOLD
    assert rows[2] == {"start": "8.000", "stop": "11.457", "label": TOLD[2], "confidence": "0.4000"}
    assert rows[1]["confidence"] == ""


def test_elan_reads_what_was_written(tmp_path):
    from pympi.Elan import Eaf

    path = write_timeline(tmp_path / "a.eaf", SEGMENTS, tmp_path / "a film.mp4")
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.eaf"]
    eaf = Eaf(str(path))
    assert [one[:3] for one in eaf.get_annotation_data_for_tier("emotion")] == [
        (0, 4000, TOLD[0]),
        (4000, 8000, TOLD[1]),
        (8000, 11457, TOLD[2]),
    ]
    assert [one[2] for one in eaf.get_annotation_data_for_tier("emotion confidence")] == ["0.9100", "0.4000"]
    (film,) = eaf.get_linked_files()
    assert film["MEDIA_URL"].endswith("a%20film.mp4")
    assert film["MIME_TYPE"] == "video/mp4"
    ElementTree.parse(path)


def test_praat_reads_what_was_written(tmp_path):
    from praatio import textgrid

    grid = textgrid.openTextgrid(str(write_timeline(tmp_path / "a.TextGrid", SEGMENTS)), includeEmptyIntervals=False)
    labels, confidences = (grid.getTier(name) for name in ("emotion", "emotion confidence"))
    assert [(one.start, one.end, one.label) for one in labels.entries] == [
        (0, 4, TOLD[0]),
        (4, 8, TOLD[1]),
        (8, 11.4567, TOLD[2]),
    ]
    assert [one.label for one in confidences.entries] == ["0.9100", "0.4000"]


def test_subtitles(tmp_path):
    text = write_timeline(tmp_path / "a.srt", SEGMENTS).read_text("utf-8")
    assert text.startswith("1\n00:00:00,000 --> 00:00:04,000\nhappy 0.91\n\n2\n00:00:04,000 --> 00:00:08,000\nsilent\n")
    assert text.count("\n\n") == 2
    assert f"{TOLD[2]} 0.40" in text


@pytest.mark.parametrize("suffix", [".csv", ".eaf", ".TextGrid", ".srt"])
def test_nothing_was_decided(tmp_path, suffix):
    assert write_timeline(tmp_path / f"a{suffix}", []).is_file()


def test_other_suffixes_and_missing_libraries(tmp_path, monkeypatch):
    with pytest.raises(InputError, match=r"a timeline ends in \.csv, \.eaf, \.TextGrid or \.srt, got a\.txt"):
        write_timeline(tmp_path / "a.txt", SEGMENTS)
    monkeypatch.setitem(sys.modules, "pympi", None)
    monkeypatch.delitem(sys.modules, "pympi.Elan", raising=False)
    with pytest.raises(InputError, match=r"\.eaf needs a library .*: pip install 'emospike\[timelines\]', or write"):
        write_timeline(tmp_path / "a.eaf", SEGMENTS)
