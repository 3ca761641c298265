"""Why a synchrony graph was classified as it was, and what that cost."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from emospike.energy.counting import MOVED, WORD, competitive_layer, dense_layer, summed
from emospike.energy.operations import LayerCost, Operations
from emospike.explain.attribution import bands_hidden, effects, moments_hidden
from emospike.networks.synchrony_graph import SynchronyGraph
from emospike.readout.readout import Readout
from emospike.systems.base import Explanation
from emospike.systems.perception import WORDS, Perceived, modality_of
from emospike.systems.vector_system import Vector

if TYPE_CHECKING:
    from emospike.systems.synch_graph.model import SynchGraph


def explanation_of(system: SynchGraph, shown: Explanation, seen: Perceived) -> Explanation:
    """Return an outline (see `outline`) with what only this system can tell.

    The spikes of a presentation have a clock of their own (350 ms for the whole clip) and are not told here.
    """
    target, silent = system.classes_.index(shown.about), [span[0] for span in system.ranges_]
    return replace(
        shown,
        bands=effects(system, seen, target, bands_hidden(seen.series), silent),
        moments=effects(system, seen, target, moments_hidden(seen.series), silent),
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
        {label: graph.select(own) for label, graph in system.class_graphs_.items()},
    )


def operations_of(system: SynchGraph, seen: Perceived) -> Operations:
    """Return the cost of all presentations, of the graph and of its classifier, beside the same without spikes.

    Costs of neurons and synapses are those of `cross_modal_explained.operations_of`; an edge takes a comparison for
    each pair of spikes, which counts as an accumulate. The twin drives the same synapses by real numbers at every
    step, and classifies the same graph.
    """
    lines = system.lines(seen, seen.senses)
    looks = [
        {i: one for i, one in enumerate(system.presented(lines, look)) if one is not None}
        for look in range(system.looks)
    ]
    layers, sent, moments = list[LayerCost](), 0, 0
    for look, answered in enumerate(looks):
        for i, one in answered.items():
            group, name = system.groups_[i], f"group {i + 1} ({WORDS[system.pathways[i].sense]}), look {look + 1}"
            drawn = system.draw(i, lines[i], look, one.repeats).pad(one.steps)
            others = [answered[k] for k in answered if k != i]
            layers.append(competitive_layer(name, group, replace(one, inputs=drawn), others))
            updates = 6 * group.neurons * group.layer.all_steps * (one.repeats + 1)
            layers.append(dense_layer(f"{name}, membranes", updates, 2 * updates))
            sent, moments = sent + len(drawn), moments + updates // 6
    fired = [sum(map(len, answered.values())) for answered in looks]
    pairs = sum(number**2 for number in fired)
    layers.append(LayerCost("edges", 1.0, 0, pairs, MOVED * WORD * pairs, 0, 0))
    layers.append(convolution_cost(system.readouts_[modality_of(seen.senses)], system.vector(seen, seen.senses)))
    return summed(layers, sent + sum(fired), sum(fired) / moments)


def convolution_cost(readout: Readout, vector: Vector) -> LayerCost:
    """Return what the convolution of a flattened graph costs, by real numbers."""
    convolved = readout.classifier.macs(readout.scaled(vector[None])[0])  # type: ignore[attr-defined]
    return dense_layer("graph convolution", convolved, convolved)
