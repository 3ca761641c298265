from pathlib import Path

import numpy as np
import pytest

from emospike.datasets import Dataset, Recording
from emospike.evaluation import metrics, results
from emospike.evaluation.report import tabulate_risks
from emospike.evaluation.results import compare_modalities, summarise


def run_of(truth, both, sound, face, speakers):
    """A test whose answers are written as letters: h for happy, s for sad, - for none."""
    sure = {"h": [0.9, 0.1], "s": [0.2, 0.8], "-": [np.nan, np.nan]}
    names = {"h": "happy", "s": "sad"}
    recordings = tuple(
        Recording(Path(f"{i}.wav"), names[label], who, str(i))
        for i, (label, who) in enumerate(zip(truth, speakers, strict=True))
    )
    rows = {name: np.array([sure[one] for one in text]) for name, text in (("audio", sound), ("face", face))}
    whole = np.array([sure[one] for one in both])
    return results.Predictions(Dataset("mine", recordings), ("happy", "sad"), whole, 0.5, alone=rows)


@pytest.fixture
def run():
    return run_of("hhsshhss" + "h", "hhsshhsh" + "s", "hssshhhh" + "s", "hhshhhss" + "-", "aaaabbbbb")


def test_each_sense_alone_on_the_clips_that_have_both(run):
    found = compare_modalities([run], run.recordings.speakers)
    assert {name: one["accuracy"] for name, one in found["senses"].items()} == {
        "both": 7 / 8,
        "audio": 5 / 8,
        "face": 7 / 8,
    }
    assert found["senses"]["audio"]["balanced_accuracy"] == pytest.approx((3 / 4 + 2 / 4) / 2)
    right = {"both": "11111110", "audio": "10111100", "face": "11101111"}
    right = {name: np.array(list(bits)) == "1" for name, bits in right.items()}
    groups = run.recordings.speakers[:8]
    assert found["gain"]["audio"] == metrics.gain(right["audio"], right["both"], groups, 8)
    assert found["gain"]["audio"]["points"] == 25
    assert found["gain"]["face"] == metrics.gain(right["face"], right["both"], groups, 8)
    assert found["gain"]["better"] == {"sense": "face"} | found["gain"]["face"]
    assert found["senses"]["both"]["ci95"] == list(metrics.interval(right["both"], groups, 8))


def test_predictions_hold_every_sense(run):
    rows = summarise([run], run.recordings.speakers)["predictions"]
    assert rows[1]["alone"] == {"audio": {"happy": 0.2, "sad": 0.8}, "face": {"happy": 0.9, "sad": 0.1}}
    assert rows[8]["alone"] == {"audio": {"happy": 0.2, "sad": 0.8}, "face": None}


def test_a_system_of_one_sense_has_no_gain(run):
    from dataclasses import replace

    assert compare_modalities([replace(run, alone={})], run.recordings.speakers) == {}
    lacking = replace(run, alone=run.alone | {"face": np.full((9, 2), np.nan)})
    assert compare_modalities([lacking], run.recordings.speakers) == {}


def promising(truth, sure, risks, corpus="", speakers=None):
    """A test in which happy is always decided, with these confidences."""
    recordings = tuple(
        Recording(Path(f"{i}.wav"), {"h": "happy", "s": "sad"}[label], "a", f"{corpus}{i}", corpus=corpus)
        for i, label in enumerate(truth)
    )
    probabilities = np.array([[one, 1 - one] for one in sure])
    return results.Predictions(Dataset(corpus, recordings), ("happy", "sad"), probabilities, 0.5, risks)


def test_what_became_of_promised_risks():
    first = promising("hhhs", [0.9, 0.8, 0.7, 0.6], {0.1: 0.75, 0.3: 0.5}, "one")
    second = promising("hshs", [0.9, 0.8, 0.7, 0.6], {0.1: 0.85, 0.3: 0.75}, "two")
    found = summarise([first, second], np.array(list("abcdefgh")))
    assert {"method", "assumption", "rows"} == set(found["risk"])
    assert "arXiv" in found["risk"]["method"]
    assert "exchangeable" in found["risk"]["assumption"]
    rows = found["risk"]["rows"]
    assert [(row["promised"], row["answered"]) for row in rows] == [(0.1, 3 / 8), (0.3, 6 / 8)]
    assert [row["wrong_of_answered"] for row in rows] == pytest.approx([0, 2 / 6])
    table = tabulate_risks(found)
    assert [list(column.cells) for column in table.columns] == [
        ["all", "one", "two"],
        ["0.000 (0.38)", "0.000 (0.50)", "0.000 (0.25)"],
        ["0.333 (0.75)", "0.250 (1.00)", "0.500 (0.50)"],
    ]
    one, two = found["corpora"]["one"]["risk"], found["corpora"]["two"]["risk"]
    assert [row["wrong_of_answered"] for row in one] == pytest.approx([0, 1 / 4])
    assert [row["wrong_of_answered"] for row in two] == pytest.approx([0, 1 / 2])


def test_a_promise_that_answers_nothing_and_models_without_one():
    never = promising("hs", [0.9, 0.8], {0.05: np.inf})
    assert summarise([never], np.array(["a", "b"]))["risk"]["rows"] == [
        {"promised": 0.05, "answered": 0.0, "wrong_of_answered": None}
    ]
    assert tabulate_risks(summarise([never], np.array(["a", "b"]))) is None
    older = promising("hs", [0.9, 0.8], {})
    assert "risk" not in summarise([never, older], np.array(list("abcd")))
