"""Why competitive layers decided as they did, and what that cost: something is left out, and they decide again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Int32

from emospike.clip import Clip
from emospike.networks.trains import Response, poisson_trains
from emospike.readout.interactions import channel_groups
from emospike.systems.contract import Effect, Explanation, Operations
from emospike.systems.cost import WORD, energy_uj, readout_weights
from emospike.systems.explained import stretches
from emospike.systems.outline import outline
from emospike.systems.senses import Perceived, modality_of
from emospike.systems.sensing_system import log_odds

if TYPE_CHECKING:
    from emospike.systems.cross_modal import CrossModal

Hidden = Bool[np.ndarray, "steps channels"]


def explanation_of(
    system: CrossModal, clip: Clip, threshold: float | None, modality: str | None = None, label: str | None = None
) -> Explanation:
    """Return what the figures of one decision draw; see `outline` for the senses and the label.

    The spikes of a presentation have a clock of their own (350 ms for the whole clip) and are not told here.
    """
    shown, seen = outline(system, clip, threshold, modality, label)
    if seen is None:
        return shown
    target = system.classes_.index(shown.about)
    return replace(
        shown, bands=list(band_effects(system, seen, target)), moments=list(moment_effects(system, seen, target))
    )


def evidence(system: CrossModal, seen: Perceived, target: int) -> float:
    """Return the log-odds of a class."""
    return log_odds(system.answer(seen, seen.senses), target)


def silenced(system: CrossModal, seen: Perceived, hidden: Sequence[Hidden | None]) -> Perceived:
    """Return the features with what is hidden set to where its channel is silent."""
    series = [
        one if one is None or mask is None else one.with_values(np.where(mask, span[0], one.values).astype(np.float32))
        for one, mask, span in zip(seen.series, hidden, system.ranges_, strict=True)
    ]
    return replace(seen, series=tuple(series))


def band_effects(system: CrossModal, seen: Perceived, target: int) -> Iterator[Effect]:
    """Yield what silencing each band of sound and part of the face changes, in all layers that see it."""
    whole = evidence(system, seen, target)
    groups = [{} if one is None else channel_groups(one.channels) for one in seen.series]
    for name in dict.fromkeys(name for own in groups for name in own):
        hidden: list[Hidden | None] = []
        for one, own in zip(seen.series, groups, strict=True):
            mask = None if one is None or name not in own else np.zeros(one.values.shape, bool)
            if mask is not None:
                mask[:, own[name]] = True
            hidden.append(mask)
        yield Effect(name, whole - evidence(system, silenced(system, seen, hidden), target))


def moment_effects(system: CrossModal, seen: Perceived, target: int) -> Iterator[Effect]:
    """Yield what silencing each stretch of time changes."""
    whole, grid = evidence(system, seen, target), seen.there[0]
    for name, start, stop in stretches(len(grid), grid.rate):
        hidden: list[Hidden | None] = []
        for one in seen.series:
            mask = None if one is None else np.zeros(one.values.shape, bool)
            if mask is not None:
                mask[start:stop] = True
            hidden.append(mask)
        yield Effect(name, whole - evidence(system, silenced(system, seen, hidden), target))


def operations_of(system: CrossModal, seen: Perceived) -> Operations:
    """Return the cost of one presentation and its readout, beside the same synapses without spikes.

    An input spike reaches the features of every window that sees it, and a spike of another layer all neurons that
    hear it. A neuron's spike excites its inhibitory one, whose spike reaches the others of its scope. Membrane and two
    conductances of both populations cost three multiply-accumulates a neuron and step.
    """
    responses = system.responses(seen, seen.senses)
    spikes = accumulates = updates = synapses = neurons = ticks = 0
    for i, (pathway, network) in enumerate(zip(system.pathways, system.networks_, strict=True)):
        if pathway.sense not in seen.senses:
            continue
        own, layer = responses[i], network.layer
        scope = layer.features if layer.inhibition == "local" else network.neurons
        drawn = drawn_for(system, i, seen, own)
        seen_in = np.diff(network.windows.places()[0])[drawn]
        heard = sum(len(one) for one in system.heard(i, responses))
        steps = layer.all_steps * (own.repeats + 1)
        spikes += len(drawn) + len(own)
        accumulates += int(seen_in.sum()) * layer.features + heard * network.neurons + len(own) * scope
        updates += 6 * network.neurons * steps
        links = sum(link.sources for link in network.links)
        each = network.windows.lines.size * layer.features + network.neurons * (links + scope)
        synapses, neurons, ticks = synapses + each * steps, neurons + network.neurons, max(ticks, steps)
    weights = readout_weights(system.readouts_[modality_of(seen.senses)].classifier)
    macs = updates + weights
    return Operations(
        spikes=spikes,
        spike_rate=sum(map(len, responses)) / (neurons * ticks),
        synaptic_operations=accumulates,
        macs=macs,
        bytes_moved=WORD * (3 * accumulates + 2 * updates + weights),
        energy_uj=energy_uj(macs, accumulates),
        twin_macs=synapses + macs,
        twin_bytes_moved=WORD * (3 * synapses + 2 * updates + weights),
        twin_energy_uj=energy_uj(synapses + macs, 0),
    )


def drawn_for(system: CrossModal, i: int, seen: Perceived, response: Response) -> Int32[np.ndarray, " spikes"]:
    """Return the input line of each Poisson spike of the presentation that led to a layer's response."""
    values, layer = system.lines(seen)[i], system.pathways[i].layer
    if values is None:
        return np.empty(0, np.int32)
    rate = layer.max_rate * (1 + response.repeats / 2)
    return poisson_trains(values, rate, layer.dt, layer.steps, system.seed_of(values)).units
