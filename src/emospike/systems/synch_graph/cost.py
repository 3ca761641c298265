"""What a decision of Synch-Graph costs: all presentations, the graph and its classifier."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from emospike.energy.counting import (
    MOVED,
    WORD,
    count_competitive_layer,
    count_dense_layer,
    count_membranes,
    count_readout_weights,
    sum_layers,
)
from emospike.energy.operations import READOUT, LayerCost, Operations
from emospike.explain.wording import WORDS
from emospike.networks.synchrony_graph import Graph
from emospike.readout.readout import VectorReadout
from emospike.systems.perception import Perceived
from emospike.systems.vectors import Vector


def count_operations(system: Any, seen: Perceived) -> Operations:
    """Return the cost of all presentations, of the graph and of its classifier, beside the same without spikes.

    Costs of neurons and synapses are those of `cross_modal.cost.count_operations`; an edge takes a comparison for each
    pair of spikes, which counts as an accumulate. The non-spiking equivalent drives the same synapses by real numbers
    at every step, and classifies the same graph. All presentations are made to the same groups, which are held once.
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
            steps = group.layer.all_steps * (one.repeats + 1)
            membranes = count_membranes(name, group, steps)
            own = count_competitive_layer(name, group, replace(one, inputs=drawn), others)
            layers += [one if look == 0 else replace(one, bytes_held=0) for one in (own, membranes)]
            sent, moments = sent + len(drawn), moments + group.neurons * steps
    fired = [sum(map(len, answered.values())) for answered in looks]
    pairs = sum(number**2 for number in fired)
    graph = system.represent(seen, seen.modalities)
    layers.append(LayerCost("edges", 1.0, 0, pairs, MOVED * WORD * pairs, 0, 0, bytes_held=0, stage=READOUT))
    layers.append(convolution_cost(system.readouts_[seen.modality], graph))
    return sum_layers(layers, sent + sum(fired), sum(fired) / moments)


def convolution_cost(readout: VectorReadout, vector: Vector) -> LayerCost:
    """Return what the convolution of a flattened graph costs, by real numbers; weights and edges are held."""
    graph = readout.scale(vector[None])[0]
    convolved = readout.classifier.macs(graph)  # type: ignore[attr-defined]
    edges = int(np.count_nonzero(Graph.unflatten(graph).nodes)) ** 2
    held = count_readout_weights(readout.classifier) + edges
    return count_dense_layer("graph convolution", convolved, convolved, held, stage=READOUT)
