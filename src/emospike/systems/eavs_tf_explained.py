"""Why EAVS-TF decided as it did, and what that cost: something is left out, and it decides again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from emospike.networks.spiking_transformer import Batch, LayerCount
from emospike.systems.contract import Explanation
from emospike.systems.cost import WORD, dense_layer, summed
from emospike.systems.hiding import bands_hidden, effects, moments_hidden
from emospike.systems.operations import LayerCost, Operations
from emospike.systems.senses import Perceived

if TYPE_CHECKING:
    from emospike.systems.eavs_tf import EAVSTransformer


def explanation_of(system: EAVSTransformer, shown: Explanation, seen: Perceived) -> Explanation:
    """Return an outline (see `outline`) with what only this system can tell.

    The networks have no place in the brain, and their spikes a grid of their own: they are not told here.
    """
    target = system.classes_.index(shown.about)
    speakers = [mean + shift for mean, shift in zip(system.scales_.means, system.shift_, strict=True)][
        : len(seen.series)
    ]
    bands, moments = bands_hidden(seen.series), moments_hidden(seen.series)
    return replace(
        shown,
        bands=effects(system, seen, target, bands, speakers),
        moments=effects(system, seen, target, moments, speakers),
    )


def operations_of(system: EAVSTransformer, batch: Batch) -> Operations:
    """Return the cost of one pass of all networks, beside the same synapses without spikes.

    A spike costs one accumulate a synapse that it reaches, a key and a value that meet one in each branch of
    attention, and what attention adds to a potential one a number. The leak costs one multiply-accumulate a neuron
    and step, as do the synapses that see real numbers: the first of each stream, and the heads. Bytes are counted as
    in `reservoir_operations`: four words for each operation at a synapse, and for each neuron and step.
    """
    found = [network.counted(batch) for network in system.networks_]
    spikes, neurons = sum(one.spikes for one in found), sum(one.neurons for one in found)
    layers = [cost_of([one.layers[i] for one in found]) for i in range(len(found[0].layers))]
    if system.network.spiking:
        layers.append(dense_layer("leak", neurons, 4 * neurons))
    return summed(layers, spikes, spikes / neurons)


def cost_of(layers: Sequence[LayerCount]) -> LayerCost:
    """Return the cost of one layer of all networks together."""
    macs, accumulates, dense = (sum(getattr(one, name) for one in layers) for name in ("macs", "accumulates", "dense"))
    rate = float(np.mean([one.rate for one in layers]))
    moved = 4 * WORD * (macs + accumulates)
    return LayerCost(layers[0].name, rate, macs, accumulates, moved, dense, 4 * WORD * dense)
