"""Reservoirs of all sizes on small sizes, and the curves that are measured on them."""

import numpy as np
import pytest

from benchmarks import reservoir
from benchmarks.reservoir import Recipe

NEURONS = 500


@pytest.mark.parametrize(("neurons", "fan_in"), [(NEURONS, 12), (3108, 6), (3108, 48), (8000, 12)])
def test_reservoirs_of_all_sizes_are_about_as_active(recipe, neurons, fan_in):
    usual = recipe.network().run(recipe.spikes).mean_rate
    network = recipe.network(neurons, fan_in)
    assert len(network.recurrent) == neurons * fan_in
    assert usual / 1.5 < network.run(recipe.spikes).mean_rate < usual * 1.5


def test_learning_afresh_leaves_no_trace(recipe):
    network = recipe.network(NEURONS)
    before = network.recurrent.weights.copy()
    reservoir.learn_afresh(network, recipe.spikes)
    np.testing.assert_array_equal(network.recurrent.weights, before)
    network.learn(recipe.spikes)
    assert not np.array_equal(network.recurrent.weights, before)


def test_repeated_spikes_are_the_same_in_every_repetition(recipe):
    dense = reservoir.repeat(recipe.spikes, 3).dense()
    np.testing.assert_array_equal(dense, np.tile(recipe.spikes.dense(), (3, 1)))


def test_measurements(recipe, by_name):
    rows = reservoir.measure(recipe, runs=1)
    assert set(by_name(rows)) == {"forward", "with STDP"}
    facts = {row.name: row.value for row in rows}
    assert (facts["neurons"], facts["synapses"], facts["input spikes"]) == (3108, 12 * 3108, len(recipe.spikes))
    assert 0 < facts["neurons that fire"] < 20


def test_curves_have_a_point_for_every_value(recipe):
    points = {size: (recipe, size, 12) for size in (NEURONS, 1000)}
    rows = reservoir.measure_growth(points, runs=1)
    assert [(row.name, row.at) for row in rows] == [
        (name, at) for name in ("forward", "with STDP", "peak memory") for at in (NEURONS, 1000)
    ]
    assert all(row.value > 0 for row in rows)


def test_what_is_varied(recipe):
    few, many = (reservoir.vary(recipe, **asked) for asked in ({"quick": True}, {"large": True}))
    assert [list(one["neurons"]) for one in (few, many)] == [[1000, 10_000], [1000, 3108, 10_000, 100_000, 1_000_000]]
    assert few["synapses a neuron"] == {12: (recipe, 3108, 12), 96: (recipe, 3108, 96)}
    assert list(few["seconds of sound"]) == [4.0, 16.0]
    longer: Recipe = few["seconds of sound"][16.0][0]
    assert longer.spikes.steps == 4 * recipe.spikes.steps
