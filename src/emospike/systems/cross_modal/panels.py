"""Why competitive layers decided as they did, and what that cost: something is left out, and they decide again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from emospike.activity import Activity
from emospike.energy.counting import competitive_layer, dense_layer, summed
from emospike.energy.operations import LayerCost, Operations
from emospike.explain.attribution import bands_hidden, effects, moments_hidden
from emospike.systems.base import Explanation
from emospike.systems.perception import WORDS, Perceived, modality_of

if TYPE_CHECKING:
    from emospike.systems.cross_modal.model import CrossModal


def explanation_of(system: CrossModal, shown: Explanation, seen: Perceived) -> Explanation:
    """Return an outline (see `outline`) with what only this system can tell.

    The spikes of a presentation have a clock of their own (350 ms for the whole clip) and are not told here.
    """
    target, silent = system.classes_.index(shown.about), [span[0] for span in system.ranges_]
    return replace(
        shown,
        bands=effects(system, seen, target, bands_hidden(seen.series), silent),
        moments=effects(system, seen, target, moments_hidden(seen.series), silent),
    )


def operations_of(system: CrossModal, seen: Perceived) -> Operations:
    """Return the cost of one presentation and its readout, beside the same synapses without spikes.

    An input spike reaches the features of every window that sees it, and a spike of another layer all neurons that
    hear it. A neuron's spike excites its inhibitory one, whose spike reaches the others of its scope. Membrane and two
    conductances of both populations cost three multiply-accumulates a neuron and step.
    """
    responses = system.responses(seen, seen.senses)
    layers, spikes, neurons, ticks = list[LayerCost](), 0, 0, 0
    for i, (pathway, network) in enumerate(zip(system.pathways, system.networks_, strict=True)):
        if pathway.sense not in seen.senses:
            continue
        own = record_inputs(system, i, seen, responses[i])
        steps = network.layer.all_steps * (own.repeats + 1)
        name = f"layer {i + 1} ({WORDS[pathway.sense]})"
        layers.append(competitive_layer(name, network, own, system.heard(i, responses)))
        updates = 6 * network.neurons * steps
        layers.append(dense_layer(f"{name}, membranes", updates, 2 * updates))
        spikes += len(own.inputs) + len(own)
        neurons, ticks = neurons + network.neurons, max(ticks, steps)
    layers.append(system.readout_cost(modality_of(seen.senses)))
    return summed(layers, spikes, sum(map(len, responses)) / (neurons * ticks))


def record_inputs(system: CrossModal, i: int, seen: Perceived, activity: Activity) -> Activity:
    """Return what a layer did beside the Poisson spikes of the presentation that led to it."""
    values = system.lines(seen)[i]
    if values is None:
        return activity
    inputs = system.networks_[i].draw(values, system.seed_of(values), activity.repeats)
    return replace(activity, inputs=inputs.pad(activity.steps))
