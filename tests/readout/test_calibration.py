import numpy as np
import pytest

from emospike.evaluation.metrics import accuracy_at, coverage_curve
from emospike.readout.calibration import Calibration, threshold_for
from emospike.validation import InputError

CLASSES = np.array(["a", "b", "c"])
ALIKE = {name: name for name in "abc"}


def fitted(scores, y, **settings):
    calibration = Calibration(**settings)
    calibration.fit(scores, y, ALIKE)
    return calibration


def softmax(logits):
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def log_loss(probabilities, y):
    return float(-np.log(probabilities[np.arange(len(y)), np.searchsorted(CLASSES, y)]).mean())


@pytest.fixture
def drawn():
    """True logits, labels drawn from their probabilities, and scores that are the logits scaled and shifted."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (3000, 3))
    p = softmax(logits)
    y = CLASSES[(rng.random((3000, 1)) > p.cumsum(axis=1)).sum(axis=1)]
    return logits, y, (7 * (logits - [1.0, 0.0, -1.0])).astype(np.float32)


def test_calibration_finds_temperature_and_biases(drawn):
    logits, y, scores = drawn
    calibration = fitted(scores, y, penalty=0.0)
    assert calibration.temperature_ == pytest.approx(7, rel=0.1)
    assert calibration.bias_ - calibration.bias_.mean() == pytest.approx([1, 0, -1], abs=0.15)
    np.testing.assert_allclose(calibration.probabilities(scores), softmax(logits), atol=0.04)


def test_calibration_improves_the_log_loss_on_other_clips(drawn):
    _, y, scores = drawn
    calibration = fitted(scores[:1500], y[:1500])
    p = calibration.probabilities(scores[1500:])
    np.testing.assert_allclose(p.sum(axis=1), 1)
    assert log_loss(p, y[1500:]) < 0.8 * log_loss(softmax(scores[1500:].astype(float)) + 1e-12, y[1500:])
    # Confidence means what it says: of the clips at 0.6 to 0.8 about 70 % are right.
    some = (p.max(axis=1) > 0.6) & (p.max(axis=1) < 0.8)
    right = CLASSES[p.argmax(axis=1)] == y[1500:]
    assert right[some].mean() == pytest.approx(p[some].max(axis=1).mean(), abs=0.06)


def test_scores_without_information_give_the_priors():
    y = np.array(["a"] * 60 + ["b"] * 30 + ["c"] * 10)
    calibration = fitted(np.ones((100, 3), np.float32), y, penalty=0.0)
    np.testing.assert_allclose(calibration.probabilities(np.ones((1, 3), np.float32)), [[0.6, 0.3, 0.1]], atol=1e-3)


def test_separable_scores_and_missing_classes_stay_finite():
    y = np.array(["a", "b"] * 20)
    scores = np.where(y[:, None] == CLASSES, 1, -1).astype(np.float32)
    calibration = fitted(scores, y)
    p = calibration.probabilities(scores)
    assert np.isfinite(p).all()
    assert (CLASSES[p.argmax(axis=1)] == y).all()
    assert p[:, 2].max() < 0.05


def test_classes_learnt_later_take_the_mean_bias():
    calibration = Calibration()
    calibration.bias_, calibration.label_of_ = np.array([1.0, 3.0]), {"a": "low", "c": "high"}
    calibration.extend(np.array(["a", "b", "c"]))
    assert calibration.bias_.tolist() == [1, 2, 3]
    assert calibration.label_of_ == {"a": "low", "b": "b", "c": "high"}
    assert calibration.classes == ("b", "high", "low")


PROBABILITIES = np.array([[0.9, 0.1], [0.4, 0.6], [0.7, 0.3], [0.45, 0.55], [0.2, 0.8]])
CORRECT = np.array([True, False, True, False, True])


@pytest.mark.parametrize(("coverage", "expected"), [(1.0, 0.55), (0.8, 0.6), (0.4, 0.8), (0.2, 0.9), (0.0, 0.9)])
def test_threshold_lets_that_share_through(coverage, expected):
    assert threshold_for(PROBABILITIES, coverage) == expected
    if coverage:
        assert (PROBABILITIES.max(axis=1) >= expected).mean() == coverage


def test_coverage_curve():
    curve = {row["threshold"]: (row["coverage"], row["accuracy"]) for row in coverage_curve(PROBABILITIES, CORRECT)}
    assert curve[0.0] == curve[0.55] == (1.0, 0.6)
    assert curve[0.6] == (0.8, 0.75)  # a confidence equal to the threshold is answered
    assert curve[0.65] == curve[0.7] == (0.6, 1.0)
    assert curve[0.9] == (0.2, 1.0)
    assert 0.95 not in curve
    assert accuracy_at(PROBABILITIES, CORRECT, 0.6) == (0.7, 1.0)


def test_wrong_coverage_is_refused():
    with pytest.raises(InputError, match="coverage must lie in 0 to 1"):
        threshold_for(PROBABILITIES, 1.2)
    with pytest.raises(InputError, match="no clip"):
        accuracy_at(np.zeros((0, 2)), np.zeros(0, bool), 0.5)


def test_weights_count_clips_as_repeating_them_does(drawn):
    scores, y = drawn[-1], drawn[1] if len(drawn) > 1 else None
    times = np.random.default_rng(3).integers(1, 4, len(y))
    weighted, repeated = Calibration(), Calibration()
    weighted.fit(scores, y, ALIKE, None, times.astype(np.float32))
    rows = np.repeat(np.arange(len(y)), times)
    repeated.fit(scores[rows], y[rows], ALIKE)
    np.testing.assert_allclose(weighted.bias_, repeated.bias_, atol=0.02)
    assert weighted.temperature_ == pytest.approx(repeated.temperature_, rel=0.02)
