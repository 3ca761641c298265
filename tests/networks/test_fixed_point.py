"""A reservoir in integers, against a slow reference in Python's integers written here."""

import itertools

import numpy as np
import pytest

from emospike.brain.synapses import Synapses
from emospike.networks.fixed_point import FRACTION, ONE, choose_unit, to_fixed
from emospike.networks.reservoir import STDP, Reservoir, ReservoirNetwork
from emospike.series import Channel
from emospike.spikes import Spikes
from emospike.validation import InputError

NEURONS, CHANNELS, STEPS = 40, 6, 150


def draw_synapses(rng, sources, between):
    pairs = np.argwhere(rng.random((sources, NEURONS)) < 0.3)
    weights = rng.uniform(*between, len(pairs)).astype(np.float32)
    return Synapses.from_pairs(pairs[:, 0], pairs[:, 1], weights, sources)


def draw_network(seed=0, **constants):
    rng, reservoir = np.random.default_rng(seed), Reservoir(**constants)
    inputs = draw_synapses(rng, reservoir.lines(CHANNELS), (-0.6, 0.9))
    return reservoir.build(inputs, draw_synapses(rng, NEURONS, (-0.2, 0.2)), seed)


def draw_spikes(seed=1):
    rng = np.random.default_rng(seed)
    drawn = rng.choice(np.array([-1, 0, 1], np.int8), (STEPS, CHANNELS), p=[0.1, 0.7, 0.2])
    return Spikes.from_dense(drawn, 100.0, [Channel(f"c{i}", "audio") for i in range(CHANNELS)])


def run_slowly(network, spikes):
    """Return (step, neuron) of all spikes by whole numbers alone, neuron by neuron."""
    constants, whole = network.reservoir, [one.tolist() for one in network.integers()]
    threshold, reset, floor = map(to_fixed, (constants.threshold, constants.reset, constants.floor))
    decay = [round(float(np.exp(-1 / np.float32(tau)).astype(np.float32)) * ONE) for tau in network.tau]
    ways = []
    for synapses, weights, unit in zip((network.inputs, network.recurrent), whole, network.units, strict=True):
        ends = synapses.offsets.tolist()
        own = [(target, unit * weight) for target, weight in zip(synapses.targets.tolist(), weights, strict=True)]
        ways.append([own[a:b] for a, b in itertools.pairwise(ends)])
    potential, last, waiting, found = [0] * NEURONS, [-STEPS] * NEURONS, [0] * NEURONS, []
    for t, row in enumerate(network.drive(spikes).astype(int).tolist()):
        current, waiting = waiting, [0] * NEURONS
        for line, gain in enumerate(row):
            for target, weight in ways[0][line]:
                current[target] += gain * weight
        for i in range(NEURONS):
            left = abs(potential[i]) * decay[i] >> FRACTION
            potential[i] = max((left if potential[i] > 0 else -left) + current[i], floor)
            if t - last[i] <= constants.refractory:
                potential[i] = reset
        for i in [i for i in range(NEURONS) if potential[i] >= threshold]:
            found.append((t, i))
            potential[i], last[i] = reset, t
            for target, weight in ways[1][i]:
                waiting[target] += weight
    return found


@pytest.mark.parametrize("bits", [8, 4])
@pytest.mark.parametrize(
    "constants",
    [
        {},
        {"polarity": "signed", "refractory": 5, "reset": 0.25, "threshold": 0.7},
        {"floor": -np.inf, "refractory": 0},
        {"polarity": "positive", "floor": -0.3, "refractory": 3, "tau": (40.0, 40.0), "threshold": 2.0},
    ],
)
def test_spikes_are_those_of_whole_numbers(constants, bits):
    network, spikes = draw_network(bits=bits, **constants), draw_spikes()
    activity = network.run(spikes)
    found = list(zip(activity.step.tolist(), activity.neuron.tolist(), strict=True))
    assert found == run_slowly(network, spikes)
    assert len(found) > 100


@pytest.mark.parametrize(("bits", "most", "same"), [(8, 127, 0.95), (4, 7, 0.5)])
def test_weights_are_whole_numbers_and_spikes_nearly_those_of_floats(bits, most, same):
    network = draw_network()
    quantised = network.quantise(bits)
    for whole, unit, before, after in zip(
        quantised.integers(), quantised.units,
        (network.inputs, network.recurrent), (quantised.inputs, quantised.recurrent), strict=True,
    ):  # fmt: skip
        assert most - 1 <= np.abs(whole).max() <= most
        np.testing.assert_array_equal(after.weights, (whole * (unit / ONE)).astype(np.float32))
        assert np.abs(after.weights - before.weights).max() <= 0.5001 * unit / ONE
    pairs = [{*zip(one.step.tolist(), one.neuron.tolist(), strict=True)} for one in map(run, (network, quantised))]
    common = len(pairs[0] & pairs[1]) / len(pairs[0] | pairs[1])
    assert same < common < 1


def run(network):
    return network.run(draw_spikes())


def test_it_is_built_so_and_quantised_once():
    built, later = draw_network(bits=8), draw_network().quantise(8)
    assert built.reservoir == later.reservoir == Reservoir(bits=8)
    np.testing.assert_array_equal(built.inputs.weights, later.inputs.weights)
    again = later.quantise(8)
    np.testing.assert_allclose(again.recurrent.weights, later.recurrent.weights, atol=again.units[1] / ONE / 2)


def test_it_is_stored_in_bytes():
    network = draw_network(bits=4)
    arrays = network.to_arrays()
    assert arrays["inputs.weights"].dtype == arrays["recurrent.weights"].dtype == np.int8
    again = ReservoirNetwork.from_arrays(network.reservoir, arrays, NEURONS)
    assert again.units == network.units
    np.testing.assert_array_equal(run(again).step, run(network).step)
    np.testing.assert_array_equal(again.inputs.weights, network.inputs.weights)


def test_unit_of_no_weights():
    assert choose_unit(np.zeros(3, np.float32), 8) == choose_unit(np.zeros(0, np.float32), 4) == 1


@pytest.mark.parametrize("bits", [16, 0, True])
def test_other_bits_are_refused(bits):
    with pytest.raises(InputError, match="bits of a weight: 8 or 4 expected, or None for floats, got"):
        Reservoir(bits=bits)


def test_what_could_overflow_is_refused():
    network = draw_network(bits=8)
    for units in ((0, 1), (1 << 30, 1)):
        with pytest.raises(InputError, match="units from 1 on"):
            ReservoirNetwork(network.reservoir, network.inputs, network.recurrent, network.tau, units)
    arrays = network.to_arrays() | {"units": np.array([2**28, 1], np.int32)}
    with pytest.raises(InputError, match="that sum up to 16383 at most"):
        ReservoirNetwork.from_arrays(network.reservoir, arrays, NEURONS)


def test_integers_do_not_learn():
    network = draw_network(stdp=STDP()).quantise(8)
    with pytest.raises(InputError, match="let it learn in floats, then quantise"):
        network.learn(draw_spikes())
