import numpy as np
import pytest

from emospike.readout.calibration import Calibration
from emospike.readout.risk import FIRST, STEPS, SURENESS, RiskTable
from emospike.validation import InputError


def draw(clips, rng):
    """Return confidences between 1/2 and 1, right as often as they say."""
    confidence = rng.uniform(0.5, 1, clips)
    return confidence, rng.random(clips) < confidence


def true_risk(threshold):
    return (1 - threshold) / 2


@pytest.mark.parametrize("clips", [80, 400, 2000])
@pytest.mark.parametrize("risk", [0.05, 0.1, 0.2])
def test_the_promise_is_kept_as_often_as_it_says(clips, risk):
    rng = np.random.default_rng(clips)
    found = [RiskTable.fit(*draw(clips, rng)).find_threshold(risk) for _ in range(400)]
    broken = np.mean([np.isfinite(one) and true_risk(one) > risk for one in found])
    assert broken <= 1 - SURENESS


def test_many_clips_are_answered_nearly_as_often_as_could_be():
    table = RiskTable.fit(*draw(20_000, np.random.default_rng(0)))
    for risk in (0.05, 0.1, 0.2):
        assert 0 < table.find_threshold(risk) - (1 - 2 * risk) < 0.06


def test_thresholds_fall_as_risks_grow():
    for seed in range(20):
        table = RiskTable.fit(*draw(300, np.random.default_rng(seed)))
        thresholds = [table.find_threshold(risk) for risk in np.arange(1, 100) / 100]
        assert thresholds == sorted(thresholds, reverse=True)
        assert len(table.thresholds) <= STEPS


def test_what_cannot_be_promised_is_not_answered():
    few = RiskTable.fit(np.linspace(0.6, 1, FIRST - 20), np.ones(FIRST - 20, bool))
    assert few.find_threshold(0.05) == np.inf
    assert few.find_threshold(0.2) == 0.6  # none of 30 is wrong
    guesses = RiskTable.fit(np.linspace(0.6, 1, 1000), np.arange(1000) % 2 == 0)
    assert guesses.find_threshold(0.4) == np.inf
    assert RiskTable.fit(np.ones(100), np.zeros(100, bool)).find_threshold(0.99) == np.inf


def test_a_risk_is_a_share():
    with pytest.raises(InputError, match=r"risk must lie in 0 to 1, got 10"):
        RiskTable.fit(*draw(100, np.random.default_rng(0))).find_threshold(10)


def fit_calibration(clips=600):
    rng = np.random.default_rng(0)
    y = rng.choice(["a", "b", "c"], clips)
    scores = (rng.normal(0, 1, (clips, 3)) + 2 * (y[:, None] == np.array(["a", "b", "c"]))).astype(np.float32)
    calibration = Calibration()
    calibration.fit(scores, y, {"a": "high", "b": "low", "c": "low"})
    return calibration, scores, y


def test_errors_are_those_of_labels_and_not_of_finer_classes():
    calibration, scores, y = fit_calibration()
    p = calibration.probabilities(scores)
    right = np.array(["high", "low"])[p.argmax(axis=1)] == np.where(y == "a", "high", "low")
    expected = RiskTable.fit(p.max(axis=1), right)
    np.testing.assert_array_equal(calibration.risks_.risks, expected.risks)
    assert calibration.threshold_at(0.1) == expected.find_threshold(0.1) < 1


def test_it_is_stored_and_an_older_file_says_what_it_lacks():
    calibration, *_ = fit_calibration()
    arrays, facts = calibration.state()
    assert sum(array.size for array in arrays.values()) < 60
    again = Calibration().restore(arrays, facts)
    assert again.threshold_at(0.1) == calibration.threshold_at(0.1)
    older = Calibration().restore({"bias": arrays["bias"]}, facts)
    assert older.threshold_ == calibration.threshold_
    with pytest.raises(InputError, match="this model was trained before models kept which threshold has which risk"):
        older.threshold_at(0.1)
    older.extend(np.array(["a", "b", "c", "d"]))
    assert older.state()[0].keys() == {"bias"}
