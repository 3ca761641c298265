"""The mean of a corpus's own recordings mends what is called wrongly of all of them."""

import fill_docs
import measure_own_mean as measuring


def row(speaker, label, high):
    return {"speaker": speaker, "label": label, "probabilities": {"high": high, "low": 1 - high}}


def test_an_offset_is_removed_from_each_corpus_alone():
    far = [row("far:1", "high", 0.97), row("far:2", "low", 0.7), row("far:2", "low", 0.6), row("far:1", "high", 0.99)]
    near = [row("near:1", "high", 0.9), row("near:1", "low", 0.2)]
    result = {"corpora": {"far": {}, "near": {}}, "predictions": far + near, "labels": "arousal", "system": "excube2"}
    found = measuring.measure(result)
    assert found["own_mean"] == {
        "far": {"clips": 4, "alone": 0.5, "removed": 1.0},
        "near": {"clips": 2, "alone": 1.0, "removed": 1.0},
    }
    table = fill_docs.own_mean(found).splitlines()
    assert table[2] == "| `far` | 4 | 0.500 | **1.000** |"
    assert table[-1] == "| mean |  | 0.750 | **1.000** |"
