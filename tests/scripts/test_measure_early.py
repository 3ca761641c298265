"""Early decisions on recordings that a model never met, and what the table shows of them."""

import fill_docs
import measure_early as measuring
import numpy as np

from emospike import store
from emospike.datasets import load, relabel


def test_each_look_is_told(ravdess, tmp_path, monkeypatch):
    some = relabel(load(ravdess), "arousal")
    some = some.subset(np.random.default_rng(0).permutation(len(some))[:6])
    rows = list(measuring.measure_corpus(store.load("excube2-both"), some))
    assert [row["look"] for row in rows] == [0.5, 1.0, None]
    assert all(0 <= row[name] <= 1 for row in rows for name in ("balanced_accuracy", "answered"))
    assert rows[-1]["decisions"] == 6
    table = fill_docs.beginnings({"rows": rows}).splitlines()
    assert table[0] == "| corpus | 0.5 s | 1 s | the end |"
    assert table[-1].endswith("(6) |")


def test_as_many_as_are_measured_are_drawn(ravdess, monkeypatch):
    monkeypatch.setattr(measuring, "MOST", 3)
    some = load(ravdess)
    assert len(measuring.draw(some)) == 3
    assert measuring.draw(some).paths.tolist() == measuring.draw(some).paths.tolist()
