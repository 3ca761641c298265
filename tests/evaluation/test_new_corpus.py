"""Adapting to half of a corpus's speakers, and testing the other half."""

import numpy as np
import pytest

from emospike.evaluation import new_corpus
from emospike.evaluation.protocols import test_model as run_test
from emospike.evaluation.report import tabulate_study
from emospike.validation import InputError

OLD, NEW = [f"s{i}" for i in range(8)], [f"n{i}" for i in range(6)]


@pytest.fixture
def model(toy, takes_of):
    data = takes_of(OLD, takes=8)
    return toy(modality="audio", apart=1.0).fit(data.clips(), data.labels.tolist(), data.speakers.tolist())


def test_givers_are_not_tested(model, takes_of, monkeypatch):
    pairs = []
    adapt = new_corpus.adapt_readout

    def spy(readout, given, mode):
        pairs.append((given, mode))
        return adapt(readout, given, mode)

    monkeypatch.setattr(new_corpus, "adapt_readout", spy)
    result = run_test(model, takes_of(NEW, takes=12), adapt=True)
    assert [(row["k"], row["mode"]) for row in result["new_corpus"]] == [
        (0, "none"), *((k, mode) for k in (5, 20) for mode in ("labels", "mean", "both"))
    ]  # fmt: skip
    assert len(pairs) == new_corpus.DRAWS * 6
    for given, _ in pairs:
        assert len(np.unique(given.speakers)) <= 3
    few, many = pairs[0][0], pairs[3][0]
    assert set(few.takes) < set(many.takes)
    assert np.unique(few.truth, return_counts=True)[1].tolist() == [5, 5]
    before = result["new_corpus"][0]
    for row in result["new_corpus"]:
        assert row["gain"] == pytest.approx(100 * (row["balanced_accuracy"] - before["balanced_accuracy"]))
    assert "gains least on" in result["note"]
    assert tabulate_study(result).row_count == 7


def test_one_speaker_leaves_nobody_to_test(model, takes_of):
    result = run_test(model, takes_of(["n0"], takes=12), adapt=True)
    assert result["new_corpus"] == []
    assert "one speaker, nobody is left to test" in result["note"]


def test_it_is_not_measured_on_degraded_recordings(model, takes_of):
    with pytest.raises(InputError, match="ask for one of both"):
        run_test(model, takes_of(NEW), degradations=("telephone",), adapt=True)
