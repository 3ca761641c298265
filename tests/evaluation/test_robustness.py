import made_up
import numpy as np
import pytest

from emospike.datasets import load, relabel
from emospike.evaluation import protocols, robustness
from emospike.evaluation.robustness import DegradedAnswers, Robustness, parse_degradations, summarise_answers
from emospike.evaluation.testing import fit_system
from emospike.validation import InputError

MEASURES = {
    "degradation", "clips", "refused", "accuracy", "balanced_accuracy", "answered", "right_of_answered", "confidence",
    "calibration_error", "largest_change",
}  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mine")
    made_up.write_data_set(folder, clips=4)
    return load(folder)


@pytest.fixture(scope="module")
def trained(data):
    system = protocols.make_system("baseline", "ridge")
    system.card = {"labels": "arousal"}
    return fit_system(system, relabel(data, "arousal"))


def rows_of(result):
    return {row["degradation"]: row for row in result["robustness"]}


def test_a_trained_model_is_tested_after_every_degradation(trained, data):
    result = protocols.test_model(trained, data, degradations=("gain:-6", "telephone", "noise:-20", "gain:-110"))
    rows = rows_of(result)
    assert list(rows) == ["recorded", "gain:-6", "telephone", "noise:-20", "gain:-110"]
    assert all(set(row) == MEASURES for row in rows.values())
    assert rows["recorded"]["accuracy"] == result["accuracy"]
    assert rows["recorded"]["balanced_accuracy"] == pytest.approx(result["balanced_accuracy"])
    assert rows["recorded"]["largest_change"] == 0
    assert 0 < rows["gain:-6"]["largest_change"] <= rows["noise:-20"]["largest_change"] <= 1
    assert rows["noise:-20"]["answered"] == 0  # the speech check hears none
    assert rows["noise:-20"]["right_of_answered"] is None
    assert (rows["gain:-110"]["refused"], rows["gain:-110"]["accuracy"]) == (len(data), None)
    assert "the calibration error is largest with" in result["note"]


def test_the_decisions_are_those_of_the_degraded_recordings(trained, data):
    from emospike.augmentation.channel import degrade

    (row,) = protocols.test_model(trained, data, degradations=("telephone",))["robustness"][1:]
    decisions = [trained.decide(degrade(clip, "telephone")) for clip in data.clips()]
    truth = relabel(data, "arousal").labels
    right = np.array([one.label for one in decisions]) == truth
    answered = np.array([one.answered for one in decisions])
    assert row["accuracy"] == pytest.approx(right.mean())
    assert row["answered"] == pytest.approx(answered.mean())
    assert row["confidence"] == pytest.approx(np.mean([one.confidence for one in decisions]))


def test_the_protocol_tests_each_speaker_unheard(monkeypatch, data):
    monkeypatch.setitem(protocols.STUDIES, "robustness", lambda: Robustness(("telephone", "babble:10")))
    saved = []
    result = protocols.evaluate("baseline", data, preset="ridge", protocol="robustness", save=saved.append)
    assert list(rows_of(result)) == ["recorded", "telephone", "babble:10"]
    assert [one["robustness"][0]["clips"] for one in saved] == [4, 8, 12, 16]
    plain = protocols.evaluate("baseline", data, preset="ridge")
    assert result["accuracy"] == plain["accuracy"] == rows_of(result)["recorded"]["accuracy"]
    assert result["note"].startswith("each speaker is tested once a seed")


def test_babble_is_of_training_recordings(monkeypatch, trained, data):
    given = []
    monkeypatch.setattr(robustness, "add_voices", lambda one, voices: given.append(voices) or one)
    train, test = (
        data.subset(np.flatnonzero(data.speakers != "anna")),
        data.subset(np.flatnonzero(data.speakers == "anna")),
    )
    study = Robustness(("babble:5",))
    study.add(trained, train, protocols.test_system(trained, relabel(test, "arousal")))
    known = {clip.sound.tobytes() for clip in train.clips()}
    assert len(given[0]) == len(train)
    assert {one.tobytes() for one in given[0]} == known


def test_the_numbers_by_hand():
    truth, classes = np.array(["a", "a", "b", "b"]), ("a", "b")
    before = np.array([[0.9, 0.1], [0.8, 0.2], [0.2, 0.8], [0.3, 0.7]])
    after = np.array([[0.6, 0.4], [0.05, 0.95], [0.2, 0.8], [np.nan, np.nan]])
    recorded = DegradedAnswers(truth, classes, before, np.full(4, True))
    row = summarise_answers(
        "x", [DegradedAnswers(truth, classes, after, np.array([False, True, True, False]))], [recorded]
    )
    assert row == {
        "degradation": "x",
        "clips": 4,
        "refused": 1,
        "answered": 0.5,
        "right_of_answered": 0.5,
        "accuracy": pytest.approx(2 / 3),
        "balanced_accuracy": pytest.approx(0.75),
        "confidence": pytest.approx(2.35 / 3),
        "calibration_error": pytest.approx((0.4 + 0.95 + 0.2) / 3),
        "largest_change": pytest.approx(0.75),
    }


def test_lists_of_degradations():
    assert parse_degradations(" telephone, recorded,babble:10") == ("telephone", "babble:10")
    assert len(parse_degradations("all")) == 16
    with pytest.raises(InputError, match="unknown degradation 'fax'"):
        parse_degradations("telephone,fax")


def test_a_face_alone_has_no_sound_to_degrade(data):
    with pytest.raises(InputError, match="robustness is about sound, and this decides by face"):
        protocols.evaluate("baseline", data, protocol="robustness", modality="face")
