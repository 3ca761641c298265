"""Why a synchrony graph was classified as it was, and what that cost."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from emospike.clip import Clip
from emospike.networks.synchrony_graph import SynchronyGraph
from emospike.systems.contract import Explanation, Operations
from emospike.systems.cost import WORD, energy_uj
from emospike.systems.outline import outline
from emospike.systems.senses import Perceived, modality_of
from emospike.systems.silencing import band_effects, moment_effects

if TYPE_CHECKING:
    from emospike.systems.synch_graph import SynchGraph


def explanation_of(
    system: SynchGraph, clip: Clip, threshold: float | None, modality: str | None = None, label: str | None = None
) -> Explanation:
    """Return what the figures of one decision draw; see `outline` for the senses and the label.

    The spikes of a presentation have a clock of their own (350 ms for the whole clip) and are not told here.
    """
    shown, seen = outline(system, clip, threshold, modality, label)
    if seen is None:
        return shown
    target = system.classes_.index(shown.about)
    return replace(
        shown,
        bands=band_effects(system, seen, target),
        moments=moment_effects(system, seen, target),
        synchrony=synchrony_of(system, seen),
    )


def synchrony_of(system: SynchGraph, seen: Perceived) -> SynchronyGraph:
    """Return the clip's graph beside the mean graph of each class, of the senses that decide."""
    senses = np.repeat([pathway.sense for pathway in system.pathways], [group.neurons for group in system.groups_])
    place = [np.divmod(np.arange(group.neurons), group.layer.features) for group in system.groups_]
    position, feature = (np.concatenate(parts) for parts in zip(*place, strict=True))
    own = np.isin(senses, seen.senses)
    return SynchronyGraph(
        tuple(senses[own].tolist()),
        position[own],
        feature[own],
        system.graph(seen, seen.senses),
        {label: graph.part(own) for label, graph in system.class_graphs_.items()},
    )


def operations_of(system: SynchGraph, seen: Perceived) -> Operations:
    """Return the cost of all presentations, of the graph and of its classifier, beside the same without spikes.

    Costs of neurons and synapses are those of `cross_modal_explained.operations_of`; an edge takes a comparison for
    each pair of spikes, which counts as an accumulate. The twin drives the same synapses by real numbers at every
    step, and classifies the same graph.
    """
    lines = system.lines(seen, seen.senses)
    spikes = accumulates = updates = synapses = ticks = fired = 0
    own = [i for i, values in enumerate(lines) if values is not None]
    for look in range(system.looks):
        responses = system.presented(lines, look)
        answered = {i: one for i in own if (one := responses[i]) is not None}
        for i, one in answered.items():
            group = system.groups_[i]
            layer, drawn = group.layer, system.drawn(i, lines[i], look, one.repeats)
            scope = layer.features if layer.inhibition == "local" else group.neurons
            others = sum(len(other) for k, other in answered.items() if k != i)
            links = sum(link.sources for link in group.links) if len(own) > 1 else 0
            steps = layer.all_steps * (one.repeats + 1)
            seen_in = int(np.diff(group.windows.places()[0])[drawn.units].sum())
            spikes += len(drawn.units) + len(one)
            accumulates += seen_in * layer.features + others * group.neurons + len(one) * scope
            updates += 6 * group.neurons * steps
            synapses += steps * (group.windows.lines.size * layer.features + group.neurons * (links + scope))
            ticks += group.neurons * steps
        total = sum(map(len, answered.values()))
        fired, accumulates = fired + total, accumulates + total**2
    readout = system.readouts_[modality_of(seen.senses)]
    vector = readout.scaled(system.vector(seen, seen.senses)[None])[0]
    convolved = readout.classifier.macs(vector)  # type: ignore[attr-defined]
    macs = updates + convolved
    return Operations(
        spikes=spikes,
        spike_rate=fired / ticks,
        synaptic_operations=accumulates,
        macs=macs,
        bytes_moved=WORD * (3 * accumulates + 2 * updates + convolved),
        energy_uj=energy_uj(macs, accumulates),
        twin_macs=synapses + macs,
        twin_bytes_moved=WORD * (3 * synapses + 2 * updates + convolved),
        twin_energy_uj=energy_uj(synapses + macs, 0),
    )
