"""What a decision of Synch-Graph costs: all presentations, the graph and its classifier."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from emospike.energy.counting import MOVED, WORD, count_competitive_layer, count_dense_layer, sum_layers
from emospike.energy.operations import LayerCost, Operations
from emospike.explain.wording import WORDS
from emospike.readout.readout import VectorReadout
from emospike.systems.perception import Perceived
from emospike.systems.vectors import Vector


def operations_of(system: Any, seen: Perceived) -> Operations:
    """Return the cost of all presentations, of the graph and of its classifier, beside the same without spikes.

    Costs of neurons and synapses are those of `cross_modal.cost.operations_of`; an edge takes a comparison for
    each pair of spikes, which counts as an accumulate. The twin drives the same synapses by real numbers at every
    step, and classifies the same graph.
    """
    lines = system.inputs_.lines(seen)
    looks = [
        {i: one for i, one in enumerate(system.present(lines, look)) if one is not None}
        for look in range(system.presentations)
    ]
    layers, sent, moments = list[LayerCost](), 0, 0
    for look, answered in enumerate(looks):
        for i, one in answered.items():
            group, name = system.groups_[i], f"group {i + 1} ({WORDS[system.pathways[i].modality]}), look {look + 1}"
            drawn = system.draw(i, lines[i], look, one.repeats).pad(one.steps)
            others = [answered[k] for k in answered if k != i]
            layers.append(count_competitive_layer(name, group, replace(one, inputs=drawn), others))
            updates = 6 * group.neurons * group.layer.all_steps * (one.repeats + 1)
            layers.append(count_dense_layer(f"{name}, membranes", updates, 2 * updates))
            sent, moments = sent + len(drawn), moments + updates // 6
    fired = [sum(map(len, answered.values())) for answered in looks]
    pairs = sum(number**2 for number in fired)
    layers.append(LayerCost("edges", 1.0, 0, pairs, MOVED * WORD * pairs, 0, 0))
    layers.append(convolution_cost(system.readouts_[seen.modality], system.represent(seen, seen.modalities)))
    return sum_layers(layers, sent + sum(fired), sum(fired) / moments)


def convolution_cost(readout: VectorReadout, vector: Vector) -> LayerCost:
    """Return what the convolution of a flattened graph costs, by real numbers."""
    convolved = readout.classifier.macs(readout.scale(vector[None])[0])  # type: ignore[attr-defined]
    return count_dense_layer("graph convolution", convolved, convolved)
