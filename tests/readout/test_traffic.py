from __future__ import annotations

import numpy as np
import pytest

from emospike.activity import Activity
from emospike.brain.synapses import Synapses
from emospike.readout.traffic import learning, traffic
from emospike.series import Channel
from emospike.spikes import Spikes


def lived(fired: np.ndarray) -> Activity:
    """The activity in which these neurons (columns) fire in these steps (rows)."""
    step, neuron = (where.astype(np.int32) for where in np.nonzero(fired))
    return Activity(Spikes.silent(len(fired), 100.0, (Channel("a", "audio"),)), step, neuron, fired.shape[1])


@pytest.fixture
def network():
    rng = np.random.default_rng(0)
    weights = np.where(rng.random((12, 12)) < 0.4, rng.normal(size=(12, 12)), 0).astype(np.float32)
    source, target = np.nonzero(weights)
    synapses = Synapses.from_pairs(source, target, weights[source, target], 12)
    return weights, synapses, rng.integers(0, 3, 12), rng.random((40, 12)) < 0.3


def test_traffic_is_counted_over_the_synapses_that_excite(network):
    weights, synapses, region, fired = network
    found = traffic(lived(fired), synapses, region, 3)
    passed, chance, number = np.zeros((3, 3)), np.zeros((3, 3)), np.zeros((3, 3))
    for i, j in zip(*np.nonzero(weights > 0), strict=True):
        at = region[i], region[j]
        passed[at] += (fired[:-1, i] & fired[1:, j]).sum() / 0.4
        chance[at] += fired[:, i].sum() * fired[:, j].sum() / 40 / 0.4
        number[at] += 1
    np.testing.assert_allclose(found.passed, passed)
    np.testing.assert_allclose(found.chance, chance)
    np.testing.assert_array_equal(found.synapses, number)


def test_chance_is_what_shuffled_spikes_pass_on(network):
    _, synapses, region, fired = network
    rng = np.random.default_rng(1)
    shuffled = [traffic(lived(rng.permuted(fired, axis=0)), synapses, region, 3).passed for _ in range(400)]
    expected = traffic(lived(fired), synapses, region, 3).chance
    np.testing.assert_allclose(np.mean(shuffled, axis=0), expected * 39 / 40, rtol=0.05)  # one step fewer to follow in


def test_silence(network):
    _, synapses, region, fired = network
    assert not traffic(lived(fired & False), synapses, region, 3).passed.any()


def test_learning_sums_what_changed(network):
    _, before, region, _ = network
    change = np.linspace(-0.1, 0.1, len(before)).astype(np.float32)
    after = Synapses(before.offsets, before.targets, before.weights + change)
    found = learning(before, after, region, 3)
    excites = before.weights > 0
    assert found.change.sum() == pytest.approx(change[excites].sum(), abs=1e-5)
    assert found.synapses.sum() == excites.sum()
    assert found.stronger.sum() + found.weaker.sum() <= excites.sum()
    pair = (region[before.sources()] == 1) & (region[before.targets] == 2) & excites
    assert found.change[1, 2] == pytest.approx(change[pair].sum(), abs=1e-5)
    assert found.before[1, 2] == pytest.approx(before.weights[pair].sum(), abs=1e-5)


def test_other_synapses_cannot_be_compared(network):
    _, before, region, _ = network
    other = Synapses(before.offsets, (before.targets + 1).astype(np.int32), before.weights)
    assert learning(before, other, region, 3) is None
