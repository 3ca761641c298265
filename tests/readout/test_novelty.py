"""Novelty: new speakers are familiar, what nobody said is not."""

import numpy as np
import pytest

from emospike.datasets.folds import inner_folds
from emospike.decision import STRANGE, make_decision
from emospike.readout.linear import LinearReadout
from emospike.readout.novelty import FEWEST, MARGIN, Novelty
from emospike.readout.readout import VectorReadout
from emospike.readout.scaling import SoftScaler

DIMS = 2_000


def draw(speakers, each, seed=0):
    """Counts of neurons that a few common causes and a speaker's own traits drive."""
    rng = np.random.default_rng(seed)
    causes = np.random.default_rng(7).normal(0, 0.4, (12, DIMS))
    who = np.repeat(np.arange(speakers), each)
    traits = rng.normal(0, 0.1, (speakers, DIMS))[who]
    rate = 1.0 + rng.normal(0, 1, (len(who), 12)) @ causes + traits
    return rng.poisson(np.exp(np.clip(rate, -3, 3))).astype(np.float32), who.astype(str)


@pytest.fixture(scope="module")
def readout():
    counts, who = draw(12, 60)
    labels = np.where(np.arange(len(who)) % 2, "high", "low")
    return VectorReadout(SoftScaler(), LinearReadout()).fit(counts, labels, who)


def test_new_speakers_are_familiar_and_noise_is_not(readout):
    fresh, _ = draw(6, 40, seed=1)
    assert (readout.measure_novelty(fresh) > 1).mean() < 0.1
    turned = np.random.default_rng(0).permutation(DIMS)
    assert (readout.measure_novelty(fresh[:, turned]) > 1).mean() > 0.95


def test_the_limit_is_what_held_out_speakers_stay_below():
    counts, who = draw(12, 60)
    scaled, folds = np.sqrt(counts), inner_folds(who.astype(int) % 2, who)
    pairs = [(fold.train, fold.test) for fold in folds]
    made = Novelty().fit(iter([scaled[:300], scaled[300:]]), DIMS, pairs)
    assert made.measure(scaled).max() < 1.3 / MARGIN  # all trained
    whole = Novelty().fit(iter([scaled]), DIMS, pairs)
    np.testing.assert_allclose(made.measure(scaled[:5]), whole.measure(scaled[:5]), rtol=1e-4)


def test_few_rows_find_nothing_strange():
    scaled = np.ones((FEWEST - 1, DIMS), np.float32)
    made = Novelty().fit(iter([scaled]), DIMS, [(np.arange(10), np.arange(10, 20))])
    assert made.measure(scaled * 100).tolist() == [0] * len(scaled)
    assert made.state() == {}
    assert made.macs == 0


def test_it_is_stored_and_measures_alike_in_any_company(readout):
    fresh, _ = draw(3, 5, seed=2)
    arrays, facts = readout.state()
    again = VectorReadout(SoftScaler(), LinearReadout()).restore(arrays, facts)
    np.testing.assert_array_equal(again.measure_novelty(fresh), readout.measure_novelty(fresh))
    np.testing.assert_array_equal(readout.measure_novelty(fresh[3:4]), readout.measure_novelty(fresh)[3:4])


def test_what_is_strange_is_not_answered():
    said = make_decision(("high", "low"), np.array([0.99, 0.01]), 0.6, share={"audio": 1.0}, seconds={}, novelty=1.7)
    assert not said.answered
    assert not said.familiar
    assert STRANGE in said.reason
    assert "1.7 times" in said.reason
