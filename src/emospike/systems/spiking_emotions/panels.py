"""Why the voters of Spiking Emotions voted so, and what that cost: events are left out, and they vote again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float64

from emospike.energy.counting import MOVED, WORD, dense_layer, summed
from emospike.energy.operations import LayerCost, Operations
from emospike.explain.attribution import stretches
from emospike.networks.plif_net import PlifNet
from emospike.readout.early import Ballot, stops
from emospike.systems.base import Effect, Explanation
from emospike.systems.perception import Perceived

if TYPE_CHECKING:
    from emospike.systems.spiking_emotions.model import Look, SpikingEmotions

MIDDLE = 0.45
"""Where a picture parts into the upper face (eyes and brows) and the lower (nose and mouth), from the top."""

PARTS = {
    "upper left": (slice(None, MIDDLE), slice(None, 0.5)),
    "upper right": (slice(None, MIDDLE), slice(0.5, None)),
    "lower left": (slice(MIDDLE, None), slice(None, 0.5)),
    "lower right": (slice(MIDDLE, None), slice(0.5, None)),
    "upper": (slice(None, MIDDLE), slice(None)),
    "lower": (slice(MIDDLE, None), slice(None)),
    "left": (slice(None), slice(None, 0.5)),
    "right": (slice(None), slice(0.5, None)),
}
"""Parts of the picture as shares of its height and width; left is the picture's left."""


def explanation_of(system: SpikingEmotions, shown: Explanation, seen: Perceived) -> Explanation:
    """Return an outline (see `outline`) with what only this system can tell.

    The neurons have no place in the brain, and their spikes a grid of their own: they are not told here.
    """
    target, look = system.classes_.index(shown.about), system.look(seen)
    times, _ = system.pictures.greys(seen.clip, system.camera.chosen)
    times = times[system.camera.chosen(len(times))]
    return replace(
        shown,
        bands=list(part_effects(system, look, target)),
        moments=list(moment_effects(system, look, times, len(seen.there[0]), target)),
        ballot=ballot_of(system, look, times),
    )


def ballot_of(system: SpikingEmotions, look: Look, times: Float64[np.ndarray, " steps"]) -> Ballot:
    """Return what the network saw, and how its neurons voted."""
    votes = system.votes(look[None])
    until = len(look) if system.lead is None else int(stops(votes, system.lead)[0])
    first = system.network.spiking and system.camera.float_first
    return Ballot(look, first, np.asarray(times, np.float64), votes[0], system.classes_, until)


def evidence(system: SpikingEmotions, look: Look, target: int) -> float:
    """Return the log-odds of a class."""
    return system.readout_.log_odds(system.scores(look[None]), target)


def part_effects(system: SpikingEmotions, look: Look, target: int) -> Iterator[Effect]:
    """Yield what leaving out each part of the face changes: its events, and its part of the first picture."""
    whole, still = evidence(system, look, target), background(system, look)
    for name, (rows, columns) in PARTS.items():
        rest = look.copy()
        here = (..., _pixels(rows, look.shape[2]), _pixels(columns, look.shape[3]))
        rest[here] = still[here]
        yield Effect(f"face {name}", whole - evidence(system, rest, target))


def moment_effects(
    system: SpikingEmotions, look: Look, times: Float64[np.ndarray, " steps"], grid: int, target: int
) -> Iterator[Effect]:
    """Yield what leaving out the events of each stretch of time changes; `times` of the steps in s, `grid` of 10 ms."""
    whole, still = evidence(system, look, target), background(system, look)
    for name, start, stop in stretches(grid, 100.0):
        rest, here = look.copy(), (times >= start / 100) & (times < stop / 100)
        rest[here] = still[here]
        yield Effect(name, whole - evidence(system, rest, target))


def background(system: SpikingEmotions, look: Look) -> Look:
    """Return a clip that tells nothing: no event, and white where pictures are seen."""
    still = np.zeros_like(look)
    if not system.network.spiking:
        still[:] = look.max()
    elif system.camera.float_first:
        still[0] = look[0].max()
    return still


def _pixels(part: slice, size: int) -> slice:
    ends = (None if end is None else round(end * size) for end in (part.start, part.stop))
    return slice(*ends)


# -- cost ------------------------------------------------------------------------------------------------------


def operations_of(system: SpikingEmotions, look: Look) -> Operations:
    """Return the cost of one vote of all networks, beside the same synapses driven by real numbers at every step.

    A spike costs one accumulate a synapse that it reaches; average pooling passes each of its four spikes on. The first
    picture, of real numbers, costs multiply-accumulates. The leak costs one a neuron and step. Where a lead is
    given, steps after the vote is settled cost nothing. Batch norms are folded into the synapses before them.
    """
    classes = len(system.classes_)
    if not system.network.spiking:
        return counterpart_of(system.network, classes, len(system.networks_))
    steps = int(stops(system.votes(look[None]), system.lead)[0]) if system.lead is not None else len(look)
    layers, spikes = list[LayerCost](), 0.0
    stages = system.network.stages(classes)
    cells = sum(stage.outputs for stage in stages)
    for prefix, network in zip(prefixes(len(system.networks_)), system.networks_, strict=True):
        watched = network.measure(look[:steps])
        for stage, arriving, awake in zip(stages, watched.arriving, watched.awake, strict=True):
            real = stage is stages[0] and system.camera.float_first
            layers.append(_layer(prefix + stage.name, stage.macs, (arriving, awake), steps, real=real))
        layers.append(dense_layer(f"{prefix}leak", cells * steps, 2 * cells * steps))
        spikes += steps * sum(rate * stage.outputs for rate, stage in zip(watched.rates, stages, strict=True))
    events = float(look[1:steps].sum())
    return summed(layers, round(events + spikes), spikes / (cells * steps * len(system.networks_)))


def _layer(name: str, synapses: int, arriving: tuple[float, float], steps: int, *, real: bool) -> LayerCost:
    """Return the cost of a layer of synapses, by the spikes that arrive at an input and the share that gets any.

    Where any arrive, a weight is read and a potential read and written, once for the spikes of one pooled input.
    `real` numbers are seen at the first step.
    """
    macs, twin, rest = synapses * real, synapses * steps, synapses * (steps - real)
    moved = WORD * MOVED * (round(arriving[1] * rest) + macs)
    return LayerCost(name, arriving[0], macs, round(arriving[0] * rest), moved, twin, WORD * MOVED * twin)


def prefixes(networks: int) -> list[str]:
    """Return what stands before the layers of each network: nothing where there is one."""
    return [f"network {number}, " for number in range(1, networks + 1)] if networks > 1 else [""]


def counterpart_of(network: PlifNet, classes: int, networks: int = 1) -> Operations:
    """Return the cost of the paper's counterpart without spikes: all frames are the channels of one picture."""
    stages = replace(network, spiking=False).stages(classes)
    layers = [
        dense_layer(f"{prefix}{stage.name}", stage.macs, MOVED * stage.macs)
        for prefix in prefixes(networks)
        for stage in stages
    ]
    return summed(layers, spikes=0, spike_rate=0.0)
