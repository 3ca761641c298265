"""The reservoir: 3,108 neurons, one clip of 4 s, one core; and how its cost grows with size and length."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.measurement import (
    CLIP_SECONDS,
    Measurement,
    Seconds,
    run_in_fresh_process,
    summarise,
    time_rounds,
    use_one_core,
)
from emospike.brain.template import GRID_NEURONS, BrainTemplate
from emospike.brain.wiring import InputWiring
from emospike.clip import Clip
from emospike.networks.reservoir import STDP, ReservoirNetwork
from emospike.series import frequencies_of
from emospike.spikes import Spikes, join
from emospike.systems.excube2.model import EXCube2

FAN_IN = 12
"""Recurrent synapses a neuron, unless they are what is varied."""

NEURONS: tuple[int, ...] = (1_000, GRID_NEURONS, 10_000, 100_000)
LARGE = 1_000_000
SYNAPSES: tuple[int, ...] = (6, 12, 24, 48, 96)
LENGTHS: tuple[int, ...] = (1, 4, 16, 64)
"""Clip lengths, in clips of 4 s."""


@dataclass(frozen=True)
class Recipe:
    """What reservoirs of any size are built from, and the spikes that drive them.

    Attributes
    ----------
    system : the settings, as a system that is not trained
    spikes : what the system's encoders make of a clip
    """

    system: EXCube2
    spikes: Spikes

    @classmethod
    def of(cls, clip: Clip) -> Recipe:
        """Take the default settings and the spikes of a clip."""
        system = EXCube2.preset("default")
        seen = system.perceive(clip).present
        return cls(system, join([one.encode(series) for one, series in zip(system.encoders, seen, strict=True)]))

    def network(self, neurons: int = GRID_NEURONS, fan_in: int = FAN_IN) -> ReservoirNetwork:
        """Return a reservoir with STDP in which about the same share of neurons fires whatever its size.

        Input lines reach the same share of neurons; recurrent weights fall as their number rises, and reach as far as
        `fan_in` partners ask for.
        """
        system, share, more = self.system, neurons / GRID_NEURONS, fan_in / FAN_IN
        brain = BrainTemplate.mni152(neurons, system.seed)
        inputs = system.input_wiring
        if isinstance(inputs, InputWiring):
            inputs = replace(inputs, fan_out=max(1, round(inputs.fan_out * share)))
        wiring = replace(
            system.wiring,
            density=None,
            peak=None,
            fan_in=fan_in,
            strength=system.wiring.strength / more,
            length=system.wiring.length * max(1.0, more / share) ** (1 / 3),
        )
        reservoir = replace(system.reservoir, stdp=STDP())
        sites = system.tonotopy.sites(frequencies_of(self.spikes.channels))
        lines = np.repeat(sites, reservoir.lines(1), axis=0)
        return reservoir.build(
            inputs.connect(lines, brain, system.seed), wiring.connect(brain, system.seed), system.seed
        )


Point = tuple[Recipe, int, int]
"""What is measured at one value: the recipe, neurons, and recurrent synapses a neuron."""


def measure(recipe: Recipe, runs: int) -> list[Measurement]:
    """Return the time of a clip without and with STDP, and what the reservoir does meanwhile."""
    network = recipe.network()
    taken, activity = time_network(network, recipe.spikes, runs), network.run(recipe.spikes)
    return [
        *(summarise(name, seconds) for name, seconds in taken.items()),
        Measurement("steps", activity.steps, "", "of 10 ms"),
        Measurement("neurons", network.neurons, ""),
        Measurement("synapses", len(network.recurrent), "", f"and {len(network.inputs):,} of input lines"),
        Measurement("input spikes", len(recipe.spikes), ""),
        Measurement("neurons that fire", 100 * activity.mean_rate, "%", "a step"),
    ]


def vary(recipe: Recipe, quick: bool = False, large: bool = False) -> dict[str, dict[float, Point]]:
    """Return what is varied, and for each of its values what is measured there."""
    neurons, synapses, lengths = NEURONS, SYNAPSES, LENGTHS
    if quick:
        neurons, synapses, lengths = neurons[:3:2], synapses[1::3], lengths[:2]
    if large:
        neurons += (LARGE,)
    longer = {times: replace(recipe, spikes=repeat(recipe.spikes, times)) for times in lengths}
    return {
        "neurons": {count: (recipe, count, FAN_IN) for count in neurons},
        "synapses a neuron": {fan_in: (recipe, GRID_NEURONS, fan_in) for fan_in in synapses},
        "seconds of sound": {times * CLIP_SECONDS: (one, GRID_NEURONS, FAN_IN) for times, one in longer.items()},
    }


def measure_growth(points: Mapping[float, Point], runs: int) -> list[Measurement]:
    """Return time and peak memory at every value, each in a fresh process, curve after curve."""
    rows = []
    for at, point in points.items():
        (taken, rate), peak = run_in_fresh_process(time_point, *point, runs)
        note = f"{rate:.1%} of the neurons fire in a step"
        rows += [summarise(name, seconds, note, at) for name, seconds in taken.items()]
        rows.append(Measurement("peak memory", peak, "MB", "of the whole process, building included", at))
    return sorted(rows, key=lambda row: (row.unit == "MB", row.name))


def time_point(recipe: Recipe, neurons: int, fan_in: int, runs: int) -> tuple[dict[str, Seconds], float]:
    """Return the seconds of one point of a curve, and the share of neurons that fire in a step."""
    network = recipe.network(neurons, fan_in)
    return time_network(network, recipe.spikes, runs), network.run(recipe.spikes).mean_rate


def time_network(network: ReservoirNetwork, spikes: Spikes, runs: int) -> dict[str, Seconds]:
    """Return the seconds that a clip takes, without and with STDP."""
    works = {"forward": lambda: network.run(spikes), "with STDP": lambda: learn_afresh(network, spikes)}
    with use_one_core():
        return time_rounds(works, runs)


def learn_afresh(network: ReservoirNetwork, spikes: Spikes) -> None:
    """Let a network learn from a sample, then forget it again, so that every run does the same work."""
    before = network.recurrent.weights.copy()
    network.learn(spikes)
    network.recurrent.weights[:] = before


def repeat(spikes: Spikes, times: int) -> Spikes:
    """Return the same spikes several times, one after the other.

    >>> once = Spikes.from_dense(np.array([[1], [0]], np.int8), 100.0)
    >>> repeat(once, 3).step.tolist()
    [0, 2, 4]
    """
    later = np.repeat(np.arange(times, dtype=np.int32) * np.int32(spikes.steps), len(spikes))
    return replace(
        spikes,
        step=np.tile(spikes.step, times) + later,
        channel=np.tile(spikes.channel, times),
        sign=np.tile(spikes.sign, times),
        steps=spikes.steps * times,
    )
