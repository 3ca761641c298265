from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t

from emospike.datasets import Dataset
from emospike.evaluation import protocols
from emospike.systems.base import System
from emospike.validation import InputError


def by_name(dataset: Dataset, names: list[str]) -> set[str]:
    known = {recording.path.name: recording.speaker for recording in dataset.recordings}
    return {known[name] for name in names}


def test_speaker_folds_by_hand(heard, four_speakers):
    result = protocols.evaluate("stub", four_speakers, "emotion")
    assert result["accuracy"] == pytest.approx(10 / 12)
    assert result["balanced_accuracy"] == pytest.approx(0.75)
    assert result["majority"] == pytest.approx(8 / 12)
    assert result["confusion"] == {"labels": ["happy", "sad"], "matrix": [[8, 0], [2, 2]]}
    assert result["recall"] == {"happy": 1.0, "sad": 0.5}
    assert [fold["n"] for fold in result["folds"]] == [3, 3, 3, 3]
    assert sorted(fold["accuracy"] for fold in result["folds"]) == pytest.approx([2 / 3, 2 / 3, 1, 1])
    assert result["at_coverage"] == {"coverage": 0.78, "threshold": 0.6, "accuracy": pytest.approx(10 / 12)}
    assert result["at_own_threshold"] == {"coverage": pytest.approx(2 / 3), "accuracy": 1.0}
    assert {"threshold": 0.65, "coverage": pytest.approx(2 / 3), "accuracy": 1.0} in result["coverage"]
    assert (result["clips"], result["speakers"]) == (12, ["a", "b", "c", "d"])
    assert "over speakers" in result["note"]
    assert result["complete"] is True
    assert result["seconds"]["classifier"] == 0.5


def test_nobody_is_on_both_sides(heard, four_speakers):
    result = protocols.evaluate("stub", four_speakers, "emotion")
    for fold, fitted in zip(result["folds"], heard, strict=True):
        assert set(fitted["speakers"]) == {"a", "b", "c", "d"} - set(fold["speakers"])
        assert by_name(four_speakers, fitted["names"]) == set(fitted["speakers"])


def test_a_fresh_system_a_fold_and_seed(heard, four_speakers):
    result = protocols.evaluate("stub", four_speakers, "emotion", seeds=2)
    assert len({id(fitted["system"]) for fitted in heard}) == 8
    assert [fitted["system"].seed for fitted in heard] == [0, 0, 0, 0, 1, 1, 1, 1]
    assert [fold["seed"] for fold in result["folds"]] == [0, 0, 0, 0, 1, 1, 1, 1]
    assert (result["seeds"], result["clips"], len(result["predictions"])) == (2, 12, 24)
    once = protocols.evaluate("stub", four_speakers, "emotion")
    assert result["ci95"] == pytest.approx(once["ci95"])  # repeating is no new speaker


def test_published_balances_training_and_not_the_test(heard, four_speakers):
    result = protocols.evaluate("stub", four_speakers, "emotion", protocol="published", seeds=3)
    assert len(result["folds"]) == 3
    assert "over seeds" in result["note"]
    for fold, fitted in zip(result["folds"], heard, strict=True):
        assert fold["n"] == 3
        assert fitted["labels"].count("happy") == fitted["labels"].count("sad") == 6


def test_published_has_five_seeds_by_default(heard, four_speakers):
    assert len(protocols.evaluate("stub", four_speakers, "emotion", protocol="published")["folds"]) == 5


def test_random_is_leaky_and_says_so(heard, four_speakers):
    result = protocols.evaluate("stub", four_speakers, "emotion", protocol="random")
    assert result["note"].startswith("LEAKY")
    assert any(set(fold["speakers"]) & set(fit["speakers"]) for fold, fit in zip(result["folds"], heard, strict=True))


def test_arousal_labels(heard, four_speakers):
    result = protocols.evaluate("stub", four_speakers, "arousal", protocol="random")
    assert result["confusion"]["labels"] == ["high", "low"]


def test_speaker_means(heard, four_speakers):
    result = protocols.evaluate("stub", four_speakers, "emotion", normalise="speaker")
    assert all(fitted["system"].normalise == "speaker" for fitted in heard)
    asked = [next(who for who in one["system"].readout_.told if who is not None) for one in heard]
    assert [{*who} for who in asked] == [set(fold["speakers"]) for fold in result["folds"]]
    assert "speaker means" in result["note"]


def test_saved_after_every_fold(heard, four_speakers):
    saved = []
    result = protocols.evaluate("stub", four_speakers, "emotion", save=saved.append)
    assert [one["complete"] for one in saved] == [False, False, False, True]
    assert [len(one["folds"]) for one in saved] == [1, 2, 3, 4]
    assert saved[-1] == result


def test_progress_names_the_fold(heard, four_speakers):
    told = []
    protocols.evaluate("stub", four_speakers, "emotion", progress=lambda *what: told.append(what))
    assert told[0] == ("fold 1 of 4: fitting", 9, 9)


def test_without_speakers(heard, four_speakers):
    from dataclasses import replace

    anonymous = replace(four_speakers, recordings=tuple(replace(one, speaker=None) for one in four_speakers.recordings))
    with pytest.raises(InputError, match="speakers are unknown"):
        protocols.evaluate("stub", anonymous, "emotion")
    result = protocols.evaluate("stub", anonymous, "emotion", protocol="random")
    assert len(set(heard[-1]["speakers"])) == len(heard[-1]["names"])  # each recording is its own
    assert "Wilson's 95 % interval over recordings: it says nothing about other speakers" in result["note"]
    assert result["ci95_method"] == "Wilson"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"protocol": "folds"}, "unknown protocol"),
        ({"labels": "mood"}, "unknown label scheme"),
        ({"preset": "best"}, "unknown preset"),
        ({"normalise": "clip"}, "unknown normalisation"),
        ({"seeds": 0}, "seeds must be above 0"),
    ],
)
def test_what_is_unknown_is_said_before_the_work(heard, four_speakers, settings, said):
    with pytest.raises(InputError, match=said):
        protocols.evaluate("stub", four_speakers, **settings)
    assert not heard
    with pytest.raises(InputError, match=said):
        protocols.check_settings("stub", **settings)


def test_all_right_is_not_certain(heard, table_of):
    rows = [(label, label, 0.9, speaker) for speaker in "abcd" for label in ("happy", "sad", "happy")]
    result = protocols.evaluate("stub", table_of(rows), "emotion", seeds=2)
    assert result["accuracy"] == 1
    assert result["ci95_method"] == "Wilson"
    assert result["ci95"] == pytest.approx([12 / (12 + t.ppf(0.975, 3) ** 2), 1])  # 12 recordings, not 24
    assert "Wilson's 95 % interval over speakers" in result["note"]


def test_one_speaker_has_an_interval_over_recordings(heard, four_speakers):
    model = protocols.make_system("stub")
    model.fit(four_speakers.clips()[:4], ["happy", "sad"] * 2)
    result = protocols.test_model(model, four_speakers.subset(four_speakers.speakers == "d"))
    assert result["ci95_method"] == "Wilson"
    assert 0 < result["ci95"][0] < 2 / 3 < result["ci95"][1] < 1
    assert "over recordings: it says nothing about other speakers" in result["note"]


def test_the_interval_is_over_what_the_note_says(heard, four_speakers):
    once = protocols.evaluate("stub", four_speakers, "emotion", protocol="published", seeds=1)
    assert "seeds" not in once["note"]


def test_a_system_that_cannot_normalise(heard, monkeypatch):
    from emospike.systems import SYSTEMS

    stub: type[System] = SYSTEMS.load("stub")
    monkeypatch.setattr(stub, "get_params", lambda self, deep=True: {"seed": self.seed})
    assert protocols.make_system("stub")
    with pytest.raises(InputError, match="cannot normalise speakers"):
        protocols.make_system("stub", normalise="speaker")


def test_a_trained_model_on_other_recordings(heard, four_speakers):
    rows = np.isin(four_speakers.speakers, ["a", "b"])
    model = protocols.make_system("stub")
    model.fit(four_speakers.clips()[:4], ["happy", "sad"] * 2)
    model.card = {"labels": "emotion", "speakers": ["a", "b"], "data": "manifest"}
    heard.clear()
    fresh = protocols.test_model(model, four_speakers.subset(~rows))
    assert not heard
    assert fresh["folds"] == []
    assert fresh["accuracy"] == pytest.approx(4 / 6)
    assert "LEAKY" not in fresh["note"]
    known = protocols.test_model(model, four_speakers)
    assert "it heard speakers named a, b too" in known["note"]
    assert known["leaks"]["speakers"] == ["a", "b"]


def test_labels_that_the_model_does_not_know(heard, four_speakers):
    model = protocols.make_system("stub")
    model.fit(four_speakers.clips()[:4], ["happy", "angry"] * 2)
    with pytest.raises(InputError, match="label 'sad' is unknown to the model"):
        protocols.test_model(model, four_speakers)


def test_centred_scores_are_a_setting_of_their_own(toy, takes_of):
    data = takes_of("abcdefgh", takes=12)
    settings = {"labels": "emotion", "modality": "audio"}
    plain = protocols.evaluate("toy", data, **settings)
    centred = protocols.evaluate("toy", data, normalise="scores", **settings)
    assert centred["normalise"] == "scores"
    assert "unlabelled recordings of the same test speaker" in centred["note"]
    assert "unlabelled" not in plain["note"]
    assert centred["predictions"] != plain["predictions"]
    assert protocols.evaluate("toy", data, normalise="scores", **settings)["predictions"] == centred["predictions"]


@pytest.mark.parametrize("protocol", ["new-speaker", "cascade"])
def test_protocols_that_do_not_centre_scores(toy, protocol):
    with pytest.raises(InputError, match=f"protocol {protocol} does not centre scores"):
        protocols.check_settings("toy", "emotion", protocol=protocol, normalise="scores", modality="both")


def test_centring_needs_to_know_who_speaks(toy, takes_of):
    data = takes_of("abcd")
    nobody = replace(data, recordings=tuple(replace(one, speaker=None) for one in data.recordings))
    with pytest.raises(InputError, match="normalise 'scores' needs to know who speaks"):
        protocols.evaluate("toy", nobody, "emotion", modality="audio", protocol="random", normalise="scores")


def test_a_trained_model_at_a_risk_and_centred(toy, takes_of):
    data = takes_of("abcdefgh", takes=12)
    system = toy(modality="audio").fit(data.clips(), data.labels.tolist(), data.speakers.tolist())
    system.card = {"labels": "emotion", "modality": "audio"}
    result = protocols.test_model(system.at_risk(0.2), takes_of("wxyz"), normalise="scores")
    assert result["normalise"] == "scores"
    assert "answered at risk 0.2, conformal risk control" in result["note"]
    assert [row["promised"] for row in result["risk"]["rows"]] == [0.05, 0.1, 0.2, 0.3]
    assert result["risk"]["rows"][2]["answered"] == result["at_own_threshold"]["coverage"]
