"""How cost grows: against neurons, synapses a neuron, and the clip's length; every point in a fresh process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from emospike.brain.template import GRID_NEURONS
from emospike.evaluation.bench.material import CLIP_SECONDS, FAN_IN, Recipe, learn_afresh, repeated
from emospike.evaluation.bench.measurement import (
    Measurement,
    Seconds,
    alone,
    interleaved,
    milliseconds,
    one_core,
)

NEURONS: tuple[int, ...] = (1_000, GRID_NEURONS, 10_000, 100_000)
LARGE = 1_000_000
SYNAPSES: tuple[int, ...] = (6, 12, 24, 48, 96)
LENGTHS: tuple[int, ...] = (1, 4, 16, 64)
"""Clip lengths, in clips of 4 s."""


def against_neurons(recipe: Recipe, neurons: Sequence[int], runs: int) -> list[Measurement]:
    """Return time and memory against the number of neurons."""
    return curves({n: partial(point, recipe, n, FAN_IN, runs) for n in neurons})


def against_synapses(recipe: Recipe, synapses: Sequence[int], runs: int) -> list[Measurement]:
    """Return time and memory against the recurrent synapses a neuron."""
    return curves({fan_in: partial(point, recipe, GRID_NEURONS, fan_in, runs) for fan_in in synapses})


def against_length(recipe: Recipe, lengths: Sequence[int], runs: int) -> list[Measurement]:
    """Return time and memory against the clip's length, seconds."""
    longer = {times: replace(recipe, spikes=repeated(recipe.spikes, times)) for times in lengths}
    return curves(
        {times * CLIP_SECONDS: partial(point, one, GRID_NEURONS, FAN_IN, runs) for times, one in longer.items()}
    )


Point = tuple[dict[str, Seconds], float, float | None]
"""Seconds without and with STDP, share of neurons that fire in a step, peak memory in MB."""


def point(recipe: Recipe, neurons: int, fan_in: int, runs: int) -> Point:
    """Measure one reservoir in a fresh process."""
    (taken, rate), peak = alone(timed, recipe, neurons, fan_in, runs)
    return taken, rate, peak


def timed(recipe: Recipe, neurons: int, fan_in: int, runs: int) -> tuple[dict[str, Seconds], float]:
    """Return the seconds that a clip takes, without and with STDP, and the share of neurons that fire in a step."""
    network = recipe.network(neurons, fan_in, stdp=True)
    with one_core():
        taken = interleaved(
            {
                "forward": lambda: network.run(recipe.spikes),
                "with STDP": lambda: learn_afresh(network, recipe.spikes),
            },
            runs,
        )
    return taken, network.run(recipe.spikes).mean_rate


def curves(points: Mapping[float, Callable[[], Point]]) -> list[Measurement]:
    """Return the measurements at every value, curve after curve."""
    measured = {value: work() for value, work in points.items()}
    return [
        *(
            milliseconds(name, taken[name], f"{rate:.1%} of the neurons fire in a step", at=value)
            for name in ("forward", "with STDP")
            for value, (taken, rate, _) in measured.items()
        ),
        *(
            Measurement("peak memory", peak, "MB", "of the whole process, building included", at=value)
            for value, (*_, peak) in measured.items()
        ),
    ]
