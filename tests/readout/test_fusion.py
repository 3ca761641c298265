import numpy as np
import pytest

from emospike.readout.calibration import Calibration
from emospike.readout.fusion import LateFusion, entropy, log_linear
from emospike.readout.readout import Readout
from emospike.validation import InputError


def test_entropy_is_that_of_scipy():
    from scipy.stats import entropy as expected

    p = np.random.default_rng(0).dirichlet(np.ones(5), size=20)
    np.testing.assert_allclose(entropy(p), expected(p, axis=1))
    assert entropy(np.eye(3)).tolist() == [0, 0, 0]
    assert entropy(np.full((1, 8), 1 / 8))[0] == pytest.approx(np.log(8))


def test_log_linear_by_hand():
    first, second = np.array([0.7, 0.2, 0.1]), np.array([0.2, 0.5, 0.3])
    a, b = np.exp([(p * np.log(p)).sum() for p in (first, second)])
    joint = first ** (a / (a + b)) * second ** (b / (a + b))
    np.testing.assert_allclose(log_linear([first[None], second[None]])[0], joint / joint.sum())


def test_the_surer_sense_decides():
    sure, unsure = np.array([[0.95, 0.05]]), np.array([[0.45, 0.55]])
    assert log_linear([sure, unsure])[0, 0] > 0.8
    np.testing.assert_allclose(log_linear([sure, unsure]), log_linear([unsure, sure]))


def test_one_sense_and_certainty_stay_what_they_are():
    p = np.random.default_rng(1).dirichlet(np.ones(3), size=9)
    np.testing.assert_allclose(log_linear([p]), p)
    certain = log_linear([np.array([[1.0, 0.0]]), np.array([[1.0, 0.0]])])
    np.testing.assert_allclose(certain, [[1, 0]], atol=1e-9)
    assert np.isfinite(log_linear([np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])])).all()


# -- late fusion ------------------------------------------------------------------------------------------------


class Says(Readout):
    """A readout of what it is to say: probabilities, and how strange it is."""

    def __init__(self, prior):
        self.calibration_ = Calibration()
        self.calibration_.label_of_ = {"high": "high", "low": "low"}
        self.calibration_.prior_ = np.array(prior, np.float32)

    def probabilities(self, X, speakers=None):
        return np.array([p for p, _ in X])

    def measure_novelty(self, X, speakers=None):
        return np.array([novelty for _, novelty in X], np.float32)

    scores = adapt = state = restore = None


Says.__abstractmethods__ = frozenset()


def joined(sound, face, prior=(0.5, 0.5)):
    """Return the odds of "high" by both, before calibration; each says p(high), and how strange what it got is."""
    both = LateFusion({"audio": Says(prior), "face": Says((0.5, 0.5))})
    said = {name: ((p, 1 - p), strange) for name, (p, strange) in (("audio", sound), ("face", face))}
    ((high, low),) = both.scores([said])
    return np.exp(high - low)


def test_odds_are_multiplied():
    assert joined((0.8, 0), (0.6, 0)) == pytest.approx(4 * 1.5, rel=1e-5)
    assert joined((0.8, 0), (0.2, 0)) == pytest.approx(1, rel=1e-5)


def test_who_does_not_know_moves_nothing():
    assert joined((0.8, 0), (0.5, 0)) == pytest.approx(4, rel=1e-5)


def test_what_a_sense_always_says_is_no_evidence():
    """A sense that calls three of four high says nothing by 0.75; half of its prior stays, the face's is even."""
    assert joined((0.75, 0), (0.6, 0), prior=(0.75, 0.25)) == pytest.approx(1.5 * np.sqrt(3), rel=1e-5)


def test_a_strange_sense_is_passed_over_unless_all_are():
    assert joined((0.8, 1.2), (0.4, 0.9)) == pytest.approx(0.4 / 0.6, rel=1e-5)
    assert joined((0.8, 0.5), (0.4, 3.0)) == pytest.approx(4, rel=1e-5)
    assert joined((0.8, 1.2), (0.4, 3.0)) == pytest.approx(4 * 0.4 / 0.6, rel=1e-5)
    both = LateFusion({"audio": Says((0.5, 0.5)), "face": Says((0.5, 0.5))})
    assert both.measure_novelty([{"audio": ((0.5, 0.5), 1.5), "face": ((0.5, 0.5), 0.5)}]).tolist() == [0.5]


def test_a_class_that_was_learnt_later_is_no_surprise():
    """It was never said of training clips; a little of it is none the less no evidence for it."""
    senses = {"audio": Says((0.5, 0.5)), "face": Says((0.5, 0.5))}
    for one in senses.values():
        one.calibration_.label_of_ = {name: name for name in ("high", "low", "new")}
        one.calibration_.prior_ = np.array([0.5, 0.5, 0], np.float32)
    both = LateFusion(senses)
    unsure, sure = ((0.6, 0.35, 0.05), 0), ((0.1, 0.1, 0.8), 0)
    scores = both.scores([{"audio": one, "face": one} for one in (unsure, sure)])
    assert scores.argmax(axis=1).tolist() == [0, 2]


def held_out(rng, clips=400):
    """Return what two senses said of held-out clips, in which they err on their own, and the truth."""
    high = rng.random(clips) < 0.5
    said = {}
    for sense, scale in (("audio", 1.5), ("face", 2.0)):
        x = rng.normal(np.where(high, scale, -scale), 1.5)
        p = 1 / (1 + np.exp(-2 * scale / 1.5**2 * x))  # Bayes' rule
        said[sense] = np.stack([p, 1 - p], axis=1)
    return said, np.where(high, "high", "low")


def test_both_are_better_than_either_and_calibrated():
    said, truth = held_out(np.random.default_rng(0))
    both = LateFusion({"audio": Says((0.5, 0.5)), "face": Says((0.5, 0.5))}, coverage=0.7).fit(said, truth)
    right = {name: (p[:, 0] > 0.5) == (truth == "high") for name, p in {**said, "both": both.held_out_}.items()}
    assert right["both"].mean() > max(right["audio"].mean(), right["face"].mean()) + 0.01
    confidence = both.held_out_.max(axis=1)
    assert confidence.mean() == pytest.approx(right["both"].mean(), abs=0.02)
    assert (confidence >= both.threshold_).mean() == pytest.approx(0.7, abs=0.01)


def test_clips_that_lack_a_sense_are_left_out():
    said, truth = held_out(np.random.default_rng(1))
    said["face"][::2] = np.nan
    both = LateFusion({"audio": Says((0.5, 0.5)), "face": Says((0.5, 0.5))}).fit(said, truth)
    assert np.isnan(both.held_out_[::2]).all()
    assert np.isfinite(both.held_out_[1::2]).all()
    said["face"][truth == "low"] = np.nan
    with pytest.raises(InputError, match="clips of every class with audio and face are needed"):
        LateFusion(both.parts).fit(said, truth)


def test_what_was_stored_says_the_same():
    said, truth = held_out(np.random.default_rng(2))
    both = LateFusion({"audio": Says((0.6, 0.4)), "face": Says((0.5, 0.5))}).fit(said, truth)
    again = LateFusion(both.parts).restore(*both.state())
    clips = [{"audio": ((0.7, 0.3), 0), "face": ((0.4, 0.6), 0)}]
    np.testing.assert_array_equal(again.probabilities(clips), both.probabilities(clips))
    assert again.threshold_ == both.threshold_
    both.parts["face"].calibration_.prior_ = np.zeros(2, np.float32)
    with pytest.raises(InputError, match="above 0 for one at least"):
        LateFusion(both.parts).restore(*both.state())
