"""scikit-learn's tools over recordings, as users of it write them."""

from pathlib import Path

import numpy as np
import pytest
import sklearn
from sklearn.base import clone, is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import VotingClassifier
from sklearn.inspection import permutation_importance
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_score, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import check_is_fitted, validate_data

from emospike import store
from emospike.clip import SAMPLE_RATE
from emospike.systems.baseline.model import Baseline
from emospike.systems.excube2.model import EXCube2
from emospike.validation import InputError, NotTrainedError

pandas = pytest.importorskip("pandas")


@pytest.fixture
def ridge():
    return Baseline.preset("ridge")


@pytest.fixture
def groups(speech):
    return {"groups": np.array(speech.speakers), "cv": GroupKFold(2)}


def test_cross_validation(ridge, speech, groups):
    assert is_classifier(ridge)
    assert cross_val_score(ridge, speech.clips, speech.labels, **groups).mean() > 0.9
    scored = cross_val_score(ridge, speech.clips, speech.labels, scoring="neg_log_loss", **groups)
    assert scored.mean() > -0.5


def test_a_grid_reaches_into_steps(small, speech, groups):
    system = small(EXCube2, "default", channel_variation=None)
    search = GridSearchCV(
        system, {"classifier__alpha": [12.0, 1e6], "encoders__0__encoders__0__threshold": [0.5]}, cv=2
    )
    search.fit(speech.clips[::4] + speech.clips[1::4], [*speech.labels[::4], *speech.labels[1::4]])
    assert search.best_params_["classifier__alpha"] in (12.0, 1e6)
    assert search.best_estimator_.classifier.alpha == search.best_params_["classifier__alpha"]
    assert system.classifier.alpha != 1e6


def test_a_clone_is_the_same_untrained(ridge, speech):
    with pytest.raises(sklearn.exceptions.NotFittedError):
        check_is_fitted(ridge)
    with pytest.raises(NotTrainedError, match="is not trained"):
        ridge.predict(speech.clips)
    trained = ridge.fit(speech.clips, speech.labels)
    check_is_fitted(trained)
    again = clone(trained)
    assert again.get_params(deep=False) == ridge.get_params(deep=False)
    assert not again.__sklearn_is_fitted__()


def test_pipelines(ridge, speech, unheard):
    louder = FunctionTransformer(lambda clips: [clip.change(lambda sound: sound * 2) for clip in clips])
    line = make_pipeline(louder, ridge).fit(speech.clips, speech.labels)
    assert line.score(unheard.clips, unheard.labels) > 0.9
    assert is_classifier(line)


def test_calibration_and_voting(ridge, speech, unheard):
    calibrated = CalibratedClassifierCV(ridge, cv=2).fit(speech.clips, speech.labels)
    assert calibrated.score(unheard.clips, unheard.labels) > 0.9
    for voting in ("hard", "soft"):
        voters = VotingClassifier([("one", ridge), ("two", Baseline.preset("svm"))], voting=voting)
        found = voters.fit(speech.clips, speech.labels).predict(unheard.clips)
        assert np.mean(found == np.array(unheard.labels)) > 0.9


def test_tables_of_recordings(ridge, speech, unheard, tmp_path):
    table = pandas.DataFrame({"path": write(speech, tmp_path / "a"), "take": range(len(speech.clips))})
    ridge.fit(table, speech.labels)
    other = pandas.DataFrame({"path": write(unheard, tmp_path / "b"), "take": range(len(unheard.clips))})
    assert ridge.score(other, unheard.labels) > 0.9
    found = permutation_importance(ridge, other, unheard.labels, n_repeats=3, random_state=0)
    assert found.importances_mean[0] > 0.2
    assert found.importances_mean[1] == 0
    with pytest.raises(InputError, match="a table with a column 'path' expected, got file"):
        ridge.predict(other.rename(columns={"path": "file"}))


def write(speech, folder: Path) -> list[str]:
    import soundfile

    folder.mkdir()
    paths = [str(folder / f"{number}.flac") for number in range(len(speech.clips))]
    for path, clip in zip(paths, speech.clips, strict=True):
        soundfile.write(path, clip.sound, SAMPLE_RATE)
    return paths


def test_arrays_of_sound(ridge, speech, unheard):
    sounds = [clip.sound for clip in speech.clips]
    shortest = min(map(len, sounds))
    table = np.stack([sound[:shortest] for sound in sounds])
    assert ridge.fit(table, speech.labels).score(table, speech.labels) > 0.9
    assert ridge.predict([(table[0], SAMPLE_RATE)]) == ridge.predict(table[:1])
    with pytest.raises(InputError, match="of samples give a tuple"):
        ridge.predict([table[0]])


def test_whole_numbers_stay_whole_numbers(ridge, speech, unheard, tmp_path):
    numbers = np.where(np.array(speech.labels) == "high", 1, 0)
    ridge.fit(speech.clips, numbers)
    assert ridge.classes_.tolist() == [0, 1]
    assert ridge.predict(unheard.clips).dtype.kind == "i"
    loaded = store.load(store.save(ridge, tmp_path / "numbers.safetensors"))
    assert loaded.classes_.tolist() == [0, 1]
    assert loaded.score(unheard.clips, np.where(np.array(unheard.labels) == "high", 1, 0)) > 0.9
    signed = ridge.fit(speech.clips, np.where(numbers == 1, 1, -1))
    assert store.load(store.save(signed, tmp_path / "signed.safetensors")).classes_.tolist() == [-1, 1]
    for weights in ([1.0], [-1.0] * len(speech.clips), [0.0] * len(speech.clips)):
        with pytest.raises(InputError, match="one weight of 0 or more a recording expected"):
            signed.score(speech.clips, np.where(numbers == 1, 1, -1), sample_weight=weights)
    with pytest.raises(InputError, match="one label a recording expected, got 1 for 24"):
        signed.score(speech.clips, [1])
    with pytest.raises(InputError, match="labels from 0 to 9, or text, expected, got 3 numbers from 8 on"):
        ridge.fit(speech.clips, [8, 9, 10] * 8)


def test_speakers_are_handed_on_where_they_are_asked_for(speech):
    with sklearn.config_context(enable_metadata_routing=True):
        asked = Baseline.preset("ridge").set_fit_request(speakers=True).set_score_request(speakers=False)
        found = cross_validate(
            asked,
            speech.clips,
            speech.labels,
            params={"speakers": np.array(speech.speakers)},
            cv=2,
            error_score="raise",
        )
        assert found["test_score"].mean() > 0.9
        with pytest.raises(sklearn.exceptions.UnsetMetadataPassedError):
            cross_validate(
                Baseline.preset("ridge"), speech.clips, speech.labels, params={"speakers": speech.speakers}, cv=2
            )
        with pytest.raises(InputError, match="unknown argument 'speaker': did you mean 'speakers'"):
            asked.set_fit_request(speaker=True)


def test_what_cannot_be_set_changes_nothing(small):
    system = small(EXCube2, "default")
    before = system.get_params()
    for wrong in ({"classifier__alfa": 1}, {"encoders__9__threshold": 1}, {"seed__x": 1}, {"classifier__alpha": -1.0}):
        with pytest.raises(InputError):
            system.set_params(coverage=0.5, **wrong)
    assert system.get_params() == before


TIMES = np.arange(6400) / SAMPLE_RATE


class Sung(Baseline):
    """Rows of numbers as recordings, for checks that know no others: each column is a tone as loud as its number."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.input_tags.string, tags.no_validation = True, False, False
        return tags

    def fit(self, X, y, **more):
        X, y = validate_data(self, X, y)
        return super().fit(sing(X), y.astype(int) if y.dtype.kind == "f" and (y % 1 == 0).all() else y, **more)

    def predict_proba(self, X, *more):
        return super().predict_proba(sing(validate_data(self, X, reset=False)), *more)


def sing(X):
    tones = np.stack([np.sin(2 * np.pi * 200 * 1.5**column * TIMES) for column in range(X.shape[1])])
    loud = 0.1 * (1 + np.tanh(np.asarray(X, float) / 4))
    return (loud @ tones).astype(np.float32)


CANNOT = {
    "check_do_not_raise_errors_in_init_or_set_params": "wrong parameters are refused at once",
    "check_estimators_unfitted": "NotTrainedError is no NotFittedError, which is scikit-learn's",
    "check_parameters_default_constructible": "defaults are steps, with parameters of their own",
}
"""Checks that do not pass, and why."""


@pytest.mark.filterwarnings("ignore:.* occurred during set_params")  # wrong values are refused at once
@parametrize_with_checks(
    [Sung(**Baseline.preset("ridge").get_params(deep=False))], expected_failed_checks=lambda _: CANNOT
)
def test_checks_of_estimators(estimator, check):
    check(estimator)
