"""Adapting to labelled clips only where they gain from each other."""

import numpy as np
import pytest

from emospike.readout.adapting import choose_learner
from emospike.readout.linear import LinearReadout
from emospike.readout.readout import VectorReadout
from emospike.readout.scaling import SoftScaler

PLAIN = {"root": False, "rare": 0.0, "soft": 1.0}


def clips(each, shift=0.0, seed=0, dims=12):
    """Two classes that differ along the first dimension; `shift` moves both along it."""
    rng = np.random.default_rng(seed)
    y = np.repeat(["high", "low"], each)
    X = rng.standard_normal((2 * each, dims)).astype(np.float32)
    X[:, 0] += np.where(y == "high", 2.0, -2.0) + shift
    return X, y


@pytest.fixture
def readout():
    X, y = clips(40)
    return VectorReadout(SoftScaler(**PLAIN), LinearReadout(10.0)).fit(X, y, np.tile(np.arange(8).astype(str), 10))


def accuracy(readout, X, y):
    return (np.array(readout.classes)[readout.probabilities(X).argmax(axis=1)] == y).mean()


def test_a_stranger_whose_clips_lie_elsewhere_is_learnt(readout):
    test = clips(60, shift=4.0, seed=2)
    before = accuracy(readout, *test)
    readout.adapt(*clips(5, shift=4.0, seed=1))
    assert before < 0.6
    assert accuracy(readout, *test) > before + 0.25


def test_what_does_not_help_is_not_learnt(readout, monkeypatch):
    monkeypatch.setattr(LinearReadout, "partial_fit", unlearn)
    X, y = clips(10, seed=3)
    before = readout.probabilities(X)
    readout.adapt(X, y)
    np.testing.assert_array_equal(readout.probabilities(X), before)


def unlearn(self, X, y):
    """Learn the opposite."""
    self.weights_ = -self.weights_
    return self


def test_a_new_class_is_always_learnt(readout):
    X, _ = clips(3, shift=20.0, seed=4)
    readout.adapt(X, np.array(["odd"] * len(X)))
    assert readout.classes == ("high", "low", "odd")
    assert accuracy(readout, X, "odd") == 1.0


def test_clips_of_which_none_can_be_held_out_are_learnt(readout):
    X, y = clips(1, shift=4.0, seed=5)
    before = readout.probabilities(X)
    readout.adapt(X, y)
    assert not np.array_equal(readout.probabilities(X), before)


@pytest.mark.parametrize(("gains", "chosen"), [((0.1, 0.3), 1), ((0.3, 0.1), 0), ((-0.1, 0.0), None)])
def test_who_gains_most_learns(gains, chosen):
    class Learner(LinearReadout):
        gain, log_p = 0.0, -1.0

        def partial_fit(self, X, y):
            self.log_p += self.gain
            return self

    learners = [Learner() for _ in gains]
    for learner, gain in zip(learners, gains, strict=True):
        learner.gain = gain
    X, y = clips(4)
    found = choose_learner(learners, X, y, y, lambda one, X, labels: np.full(len(labels), one.log_p))
    assert found is (None if chosen is None else learners[chosen])
    assert all(one.log_p == -1.0 for one in learners)
