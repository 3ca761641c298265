"""What a decision of cross_modal costs: one presentation, and the readout."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from emospike.activity import Activity
from emospike.energy.counting import count_competitive_layer, count_membranes, sum_layers
from emospike.energy.operations import LayerCost, Operations
from emospike.explain.wording import WORDS
from emospike.systems.perception import Perceived


def count_operations(system: Any, seen: Perceived) -> Operations:
    """Return the cost of one presentation and its readout, beside the same synapses without spikes.

    An input spike reaches the features of every window that sees it, and a spike of another layer all neurons that
    hear it. A neuron's spike excites its inhibitory one, whose spike reaches the others of its scope.
    """
    responses = system.respond(system.inputs_.lines(seen))
    layers, spikes, neurons, ticks = list[LayerCost](), 0, 0, 0
    for i, (pathway, network) in enumerate(zip(system.pathways, system.networks_, strict=True)):
        if pathway.modality not in seen.modalities:
            continue
        own = record_inputs(system, i, seen, responses[i])
        steps = network.layer.all_steps * (own.repeats + 1)
        name = f"layer {i + 1} ({WORDS[pathway.modality]})"
        layers.append(count_competitive_layer(name, network, own, system.listen(i, responses)))
        layers.append(count_membranes(name, network, steps))
        spikes += len(own.inputs) + len(own)
        neurons, ticks = neurons + network.neurons, max(ticks, steps)
    layers.append(system.count_readout(seen.modality))
    return sum_layers(layers, spikes, sum(map(len, responses)) / (neurons * ticks))


def record_inputs(system: Any, i: int, seen: Perceived, activity: Activity) -> Activity:
    """Return what a layer did beside the Poisson spikes of the presentation that led to it."""
    values = system.inputs_.lines(seen)[i]
    if values is None:
        return activity
    inputs = system.networks_[i].draw(values, system.seed_of(values), activity.repeats)
    return replace(activity, inputs=inputs.pad(activity.steps))
