"""Numbers instead of classes: concordance against values by hand, and evaluations by speakers."""

import json

import made_up
import numpy as np
import pytest

from emospike import datasets
from emospike.evaluation.metrics import concordance, correlation_interval, pearson, root_mean_squared_error
from emospike.evaluation.regression import (
    check_number_settings,
    evaluate_numbers,
    fit_regressor,
    make_number_card,
    make_regressor,
    measure_regressor,
)
from emospike.evaluation.resuming import KeptFolds
from emospike.files import format_json
from emospike.validation import InputError

SPEAKERS = {"anna": 190.0, "ben": 110.0, "carla": 230.0, "dan": 130.0}


@pytest.fixture(scope="module")
def voices(tmp_path_factory):
    """Five recordings of each of four speakers, with their liveliness, and a number that nothing tells."""
    folder, rng = tmp_path_factory.mktemp("voices"), np.random.default_rng(0)
    lines = ["path,speaker,liveliness,chance"]
    for speaker, pitch in SPEAKERS.items():
        for take in range(5):
            degree, name = rng.random(), f"{speaker}-{take}.wav"
            made_up.write(folder / name, made_up.voice(0.8, pitch, degree, seed=take))
            lines.append(f"{name},{speaker},{degree:.3f},{rng.normal():.3f}")
    (folder / "manifest.csv").write_text("\n".join(lines) + "\n")
    return datasets.load(folder, labelled=False)


def test_concordance_by_hand():
    """Means 2.5 and 3, variances 1.25 and 2, covariance 1.5: 2 * 1.5 / (1.25 + 2 + 0.25)."""
    truth, predicted = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 3.0, 3.0, 5.0])
    assert concordance(truth, predicted) == pytest.approx(3.0 / 3.5)
    assert concordance(predicted, truth) == concordance(truth, predicted)
    assert pearson(truth, predicted) == pytest.approx(1.5 / np.sqrt(1.25 * 2))
    assert root_mean_squared_error(truth, predicted) == pytest.approx(np.sqrt(0.5))


def test_what_concordance_is_of_special_predictions():
    truth = np.random.default_rng(0).normal(1, 2, 50)
    assert concordance(truth, truth) == pytest.approx(1.0)
    assert concordance(truth, 2 * truth.mean() - truth) == pytest.approx(-1.0)
    assert concordance(truth, np.full(50, truth.mean())) == 0.0
    assert pearson(truth, np.full(50, 3.0)) is None
    shifted = concordance(truth, truth + 1)  # Pearson's correlation would be 1
    assert shifted == pytest.approx(2 * truth.var() / (2 * truth.var() + 1))
    assert concordance(np.ones(3), np.ones(3)) == 1.0
    assert np.isnan(concordance(truth, np.full(50, np.nan)))
    assert pearson(truth, np.full(50, 0.1)) is None


def test_intervals_hold_what_they_promise():
    """Of 200 samples of 10 speakers, each with an offset of their own, 95 % of the intervals hold the true value."""

    def draw(rng, speakers, clips):
        who = np.repeat(np.arange(speakers), clips)
        truth = rng.normal(size=len(who)) + rng.normal(0, 0.3, speakers)[who]
        return truth, 0.5 * truth + rng.normal(0, 0.5, len(who)) + rng.normal(0, 0.5, speakers)[who], who.astype(str)

    true = concordance(*draw(np.random.default_rng(0), 20_000, 10)[:2])
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(200):
        truth, predicted, who = draw(rng, 10, 15)
        low, high = correlation_interval(concordance, truth, predicted, who)
        held += low <= true <= high
    assert 0.9 < held / 200 < 0.99


def test_intervals_of_few_speakers_and_of_exact_predictions():
    truth = np.arange(12.0)
    assert correlation_interval(concordance, truth, truth, np.repeat(["a", "b"], 6)) is None
    low, high = correlation_interval(concordance, truth, truth, np.repeat(["a", "b", "c"], 4))
    assert 0.999999 < low <= high <= 1


@pytest.fixture(scope="module")
def result(voices):
    return evaluate_numbers("baseline", voices, ["liveliness", "chance"], "ridge")


def test_an_evaluation_by_speakers(result):
    assert json.loads(format_json(result)) == result
    assert sorted(fold["speakers"] for fold in result["folds"]) == [["anna"], ["ben"], ["carla"], ["dan"]]
    assert (result["clips"], result["system"], result["preset"]) == (20, "baseline", "ridge")
    told, chance = result["targets"]["liveliness"], result["targets"]["chance"]
    assert told["ccc"] > 0.5
    assert told["ci95"][0] < told["ccc"] < told["ci95"][1]
    assert told["rmse"] < told["mean"]["rmse"]
    assert abs(chance["ccc"]) < 0.4 < told["pearson"]
    assert told["mean"]["ccc"] < 0.05
    rows = result["predictions"]
    assert len(rows) == 20
    truth, predicted = (np.array([row[kind]["liveliness"] for row in rows]) for kind in ("told", "predicted"))
    assert told["ccc"] == pytest.approx(concordance(truth, predicted), abs=1e-5)


def test_the_trivial_prediction_is_the_mean_of_those_who_trained(voices, result):
    numbers = datasets.read_targets(voices, ["liveliness"])[:, 0]
    own = np.array([numbers[voices.speakers != speaker].mean() for speaker in voices.speakers])
    assert result["targets"]["liveliness"]["mean"]["rmse"] == pytest.approx(
        root_mean_squared_error(numbers, own), rel=1e-5
    )


def test_a_recording_that_cannot_be_read_is_left_out(voices):
    (voices.recordings[0].path.parent / "empty.wav").touch()
    bad = datasets.Recording(voices.recordings[0].path.parent / "empty.wav", "", "ben", "x", {"liveliness": "0.5"})
    with_bad = datasets.Dataset("mine", (*voices.recordings, bad))
    found = evaluate_numbers("baseline", with_bad, ["liveliness"], "ridge")
    assert found["clips"] == 20
    assert [one["file"] for one in found["left_out"]] == [str(bad.path)]
    assert "1 recordings cannot be used and are left out" in found["note"]


def test_a_trained_model_is_measured_and_its_leaks_are_named(voices):
    model = fit_regressor(make_regressor("baseline", "ridge"), voices, ["liveliness"])
    model.card = make_number_card(model, voices, "", {"system": "baseline", "preset": "ridge", "modality": "audio"})
    found = measure_regressor(model, voices)
    assert found["protocol"] == "test"
    assert found["leaks"]["speakers"] == ["anna", "ben", "carla", "dan"]
    assert "LEAKY" in found["note"]
    assert found["targets"]["liveliness"]["ccc"] > 0.9
    assert model.card["errors"]["liveliness"] == pytest.approx(model.errors_["liveliness"], abs=1e-6)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"protocol": "published"}, "protocol published is of classes: numbers are evaluated by speaker-folds or"),
        ({"protocol": "leave-one-out"}, "unknown protocol"),
        ({"seeds": 0}, "seeds must be above 0"),
        ({"modality": "eeg"}, "unknown modality of baseline"),
    ],
)
def test_settings_that_cannot_be(change, said):
    settings = {"protocol": "speaker-folds", "seeds": None, "modality": "audio", "features": None} | change
    with pytest.raises(InputError, match=said):
        check_number_settings("baseline", None, **settings)


def test_two_speakers_are_too_few(voices):
    few = voices.subset(np.isin(voices.speakers, ["anna", "ben"]))
    with pytest.raises(InputError, match="at least 3 speakers expected"):
        evaluate_numbers("baseline", few, ["liveliness"])


def test_an_evaluation_that_was_stopped_goes_on(voices, tmp_path):
    place, said = tmp_path / "r.json.folds", []

    def run(target="liveliness", stop=None):
        """Return the result, which folds were trained, and whether folds were still kept when it was written."""
        begun, there = {}, []

        def progress(stage, *_):
            begun[stage.split(":")[0]] = None
            if len(begun) == stop:
                raise KeyboardInterrupt

        known = {"progress": progress, "kept": KeptFolds.beside(tmp_path / "r.json", said.append)}
        found = evaluate_numbers(
            "baseline", voices, [target], "ridge", save=lambda _: there.append(place.is_file()), **known
        )
        return found, [stage for stage in begun if stage.startswith("fold ")], there

    with pytest.raises(KeyboardInterrupt):
        run(stop=4)  # fingerprints, and two whole folds
    of_another, begun, _ = run("chance")
    assert len(begun) == 4
    assert not said
    with pytest.raises(KeyboardInterrupt):
        run(stop=4)
    found, begun, there = run()
    assert begun == ["fold 3 of 4", "fold 4 of 4"]
    assert said == [f"2 finished folds are kept in {place}"]
    assert there == [True]
    assert not place.exists()
    assert found == evaluate_numbers("baseline", voices, ["liveliness"], "ridge")
    assert found["targets"] != of_another["targets"]
