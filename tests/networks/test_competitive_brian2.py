"""Spike for spike what Brian 2 gives; its spikes were kept by benchmarks/brian2_competitive.py."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from emospike.networks.cells import Link
from emospike.networks.competitive import CompetitiveLayer, CompetitiveNetwork, run_together
from emospike.networks.plasticity import TraceSTDP
from emospike.networks.windows import Windows
from emospike.spikes import Spikes

STEPS = 700
EULER = CompetitiveLayer(
    features=6, shared=False, duration=STEPS / 2, theta_plus=0.05, norm=0.2, euler=True, stdp=TraceSTDP.published()
)
TRIPLET = replace(EULER, stdp=TraceSTDP.diehl_cook())


@pytest.fixture(scope="module")
def kept():
    with np.load(Path(__file__).with_name("competitive_brian2.npz")) as file:
        return dict(file)


def network(layer, weights, links=(), heard=()):
    positions, inputs, features = weights.shape
    windows = Windows.along_time(positions, inputs, size=1, stride=1)
    neurons = positions * features
    return CompetitiveNetwork(
        layer, windows, list(links), weights.astype(np.float64), [one.astype(np.float64) for one in heard],
        np.zeros(neurons),
    )  # fmt: skip


def given(kept, name):
    step, line, lines = kept[f"{name} step"], kept[f"{name} line"], kept[f"{name} weights"][..., 0].size
    return Spikes.from_events(step, line, STEPS, rate=2000.0, units=lines)


def same(activity, spikes):
    np.testing.assert_array_equal(np.stack([activity.step, activity.neuron]), spikes[:, np.lexsort(spikes[::-1])])


@pytest.mark.parametrize(
    ("case", "layer", "learning"),
    [
        ("local", EULER, False),
        ("global", replace(EULER, inhibition="global"), False),
        ("implicit", replace(EULER, euler=False), False),
        ("equation 3", EULER, True),
        ("equation 3, global", replace(EULER, inhibition="global"), True),
        ("diehl cook", TRIPLET, True),
    ],
)
def test_spike_trains_are_those_of_brian2(kept, case, layer, learning):
    net = network(layer, kept["first weights"])
    fired = net.run(given(kept, "first"), learning=learning)
    assert len(fired) > 20
    same(fired, kept[f"{case}: spikes"])
    if learning:
        np.testing.assert_allclose(net.weights, kept[f"{case}: weights"], rtol=0, atol=1e-12)
        assert np.abs(net.weights - kept["first weights"]).max() > 0.01


def test_thresholds_rise_and_decay_as_in_brian2(kept):
    frozen = TraceSTDP(eta=0.0)
    layer = replace(EULER, stdp=frozen, theta_plus=0.5, tau_theta=50.0)
    same(network(layer, kept["first weights"]).run(given(kept, "first"), learning=True), kept["theta: spikes"])


def test_two_layers_that_hear_each_other_fire_as_in_brian2(kept):
    nets = tuple(
        network(EULER, kept[f"{name} weights"], [Link(18, 4.0, delay)], [heard])
        for name, delay, heard in zip(("first", "second"), (0.5, 5.0), kept["links"], strict=True)
    )
    fired = run_together(nets, (given(kept, "first"), given(kept, "second")), learning=True)
    for activity, name in zip(fired, ("first", "second"), strict=True):
        same(activity, kept[f"together: {name}"])
    links = np.stack([net.heard_weights[0] for net in nets])
    np.testing.assert_allclose(links, kept["together: links"], rtol=0, atol=1e-12)
