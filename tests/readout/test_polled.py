"""Scores of a network as calibrated probabilities."""

import json

import numpy as np
import pytest

from emospike.readout.polled import Polled
from emospike.validation import InputError


@pytest.fixture
def held_out():
    """Scores of six speakers, each of whom leans to one class or the other."""
    rng = np.random.default_rng(0)
    y, who = np.tile(["high", "low"], 60), np.repeat([f"s{i}" for i in range(6)], 20)
    lean = np.repeat(rng.normal(0, 0.6, 6), 20)
    margin = np.where(y == "high", 0.2, -0.2) + lean + rng.normal(0, 0.2, 120)
    return np.stack([0.5 + margin / 2, 0.5 - margin / 2], axis=1).astype(np.float32), y, who


def test_probabilities_are_calibrated(held_out):
    scores, y, who = held_out
    polled = Polled(coverage=0.5).fit(scores, y, who)
    p = polled.probabilities(scores)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    assert p[:, 0].mean() == pytest.approx((y == "high").mean(), abs=0.02)
    assert (p.max(axis=1) >= polled.threshold_).mean() == pytest.approx(0.5, abs=0.02)


def test_removing_what_is_the_speakers_own_helps(held_out):
    scores, y, who = held_out
    plain, own = Polled().fit(scores, y, who), Polled("speaker").fit(scores, y, who)
    right = [
        np.mean((p[:, 0] > 0.5) == (y == "high"))
        for p in (plain.probabilities(scores, who), own.probabilities(scores, who))
    ]
    assert right[1] > right[0] + 0.1


def test_adapting_moves_a_speaker_to_the_middle(held_out):
    scores, y, who = held_out
    polled = Polled().fit(scores, y, who)
    leaning = scores + np.array([0.6, -0.6], np.float32)
    before = polled.probabilities(leaning)[:, 0].mean()
    assert 0.4 < polled.adapt(leaning).probabilities(leaning)[:, 0].mean() < before - 0.1


def test_log_odds_are_those_of_the_probabilities(held_out):
    polled = Polled().fit(*held_out)
    for scores in held_out[0][:5, None]:
        p = polled.probabilities(scores)[0, 0]
        assert polled.log_odds(scores, 0) == pytest.approx(np.log(p / (1 - p)))
    certain = [np.array([[margin, 0]], np.float32) for margin in (50, 100)]
    assert polled.probabilities(certain[0])[0, 0] == polled.probabilities(certain[1])[0, 0] == 1
    assert polled.log_odds(certain[1], 0) > polled.log_odds(certain[0], 0)


def test_it_comes_back_from_a_file(held_out):
    scores, y, who = held_out
    polled = Polled().fit(scores, y, who).adapt(scores[:5])
    arrays, facts = polled.state()
    again = Polled().restore(arrays, json.loads(json.dumps(facts)))
    np.testing.assert_array_equal(again.probabilities(scores), polled.probabilities(scores))


def test_a_later_class_has_room(held_out):
    polled = Polled().fit(*held_out)
    polled.extend(["high", "low"], ["high", "joy", "low"], np.array([0, 2]))
    assert polled.probabilities(np.zeros((1, 3), np.float32)).shape == (1, 3)


def test_unknown_settings_are_refused():
    with pytest.raises(InputError, match="unknown normalise"):
        Polled("room")
    with pytest.raises(InputError, match="coverage must lie"):
        Polled(coverage=2)
