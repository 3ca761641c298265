"""What a decision of Spiking Emotions costs: one vote of all networks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Float32

from emospike.energy.counting import MOVED, WORD, count_dense_layer, sum_layers
from emospike.energy.operations import LayerCost, Operations
from emospike.networks.plif_net import PlifNet, Stage
from emospike.readout.early import stops

Events = Float32[np.ndarray, "steps _ size size"]


def count_operations(system: Any, look: Events) -> Operations:
    """Return the cost of one vote of all networks, beside the same synapses driven by real numbers at every step.

    A spike costs one accumulate a synapse that it reaches; average pooling passes each of its four spikes on. The first
    picture, of real numbers, costs multiply-accumulates. The leak costs one a neuron and step. Where a lead is
    given, steps after the vote is settled cost nothing. Batch norms are folded into the synapses before them.
    """
    classes = len(system.labels_)
    if not system.network.spiking:
        return count_equivalent(system.network, classes, len(system.voters_.networks))
    steps = int(stops(system.votes(look[None]), system.lead)[0]) if system.lead is not None else len(look)
    layers, spikes = list[LayerCost](), 0.0
    stages = system.network.stages(classes)
    cells = sum(stage.outputs for stage in stages)
    for prefix, network in zip(prefixes(len(system.voters_.networks)), system.voters_.networks, strict=True):
        watched = network.measure(look[:steps])
        for stage, arriving, awake in zip(stages, watched.arriving, watched.awake, strict=True):
            real = stage is stages[0] and system.camera.float_first
            layers.append(_layer(prefix, stage, (arriving, awake), steps, real=real))
        updates = cells * steps
        layers.append(count_dense_layer(f"{prefix}leak", updates, 2 * updates, cells + len(stages), updates=updates))
        spikes += steps * sum(rate * stage.outputs for rate, stage in zip(watched.rates, stages, strict=True))
    events = float(look[1:steps].sum())
    return sum_layers(layers, round(events + spikes), spikes / (cells * steps * len(system.voters_.networks)))


def _layer(prefix: str, stage: Stage, arriving: tuple[float, float], steps: int, *, real: bool) -> LayerCost:
    """Return the cost of a layer of synapses, by the spikes that arrive at an input and the share that gets any.

    Where any arrive, a weight is read and a potential read and written, once for the spikes of one pooled input.
    `real` numbers are seen at the first step.
    """
    macs, dense, rest = stage.macs * real, stage.macs * steps, stage.macs * (steps - real)
    reached, moved = round(arriving[0] * rest), WORD * MOVED * (round(arriving[1] * rest) + macs)
    name, held = prefix + stage.name, WORD * stage.weights
    return LayerCost(name, arriving[0], macs, reached, moved, dense, WORD * MOVED * dense, held)


def prefixes(networks: int) -> list[str]:
    """Return what stands before the layers of each network: nothing where there is one."""
    return [f"network {number}, " for number in range(1, networks + 1)] if networks > 1 else [""]


def count_equivalent(network: PlifNet, classes: int, networks: int = 1) -> Operations:
    """Return the cost of the paper's non-spiking equivalent: all frames are the channels of one picture."""
    stages = replace(network, spiking=False).stages(classes)
    layers = [
        count_dense_layer(f"{prefix}{stage.name}", stage.macs, MOVED * stage.macs, stage.weights + stage.outputs)
        for prefix in prefixes(networks)
        for stage in stages
    ]
    return sum_layers(layers, spikes=0, spike_rate=0.0)
