"""Why EAVS-TF decided as it did, and what that cost: something is left out, and it decides again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from emospike.energy.counting import MOVED, WORD, dense_layer, summed
from emospike.energy.operations import LayerCost, Operations
from emospike.explain.attribution import bands_hidden, effects, moments_hidden
from emospike.networks.spiking_transformer import Batch, LayerCount
from emospike.systems.base import Explanation
from emospike.systems.perception import Perceived

if TYPE_CHECKING:
    from emospike.systems.eavs_tf.model import EAVSTransformer


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
    and step, as do the synapses that see real numbers: the first of each stream, and the heads.
    """
    found = [network.count(batch) for network in system.networks_]
    spikes, neurons = sum(one.spikes for one in found), sum(one.neurons for one in found)
    layers = [cost_of([one.layers[i] for one in found]) for i in range(len(found[0].layers))]
    if system.network.spiking:
        layers.append(dense_layer("leak", neurons, MOVED * neurons))
    return summed(layers, spikes, spikes / neurons)


SPOKEN = {
    "patches": "stream", "weights": "convolution", "blocks": "", "crossings": "crossing", "ways": "", "perceptrons": "",
    "query": "queries", "key": "keys", "value": "values", "out": "output", "up": "perceptron, in",
    "down": "perceptron, out", "perceptron": "", "weight": "", "audio": "sound",
    "random_features": "random features",
}  # fmt: skip
"""What the parts of a layer's name mean; numbers after them count from 1."""


def said(name: str) -> str:
    """Return the name of a layer in words.

    >>> said("patches.0.weights.1"), said("random_features.audio")
    ('stream 1, convolution 2', 'random features, sound')
    >>> said("blocks.face.0.attention.query.weight"), said("crossings.0.ways.audio<face.out.weight")
    ('face, block 1, attention, queries', 'crossing 1, sound from face, output')
    """
    words: list[str] = []
    for part in name.split("."):
        if part.isdecimal():
            kind = words.pop() if words and words[-1] in ("stream", "convolution", "crossing") else ""
            words += [f"{kind} {int(part) + 1}"] if kind else [f"block {int(part) + 1}"]
        else:
            words.append(" from ".join(SPOKEN.get(one, one) for one in part.split("<")))
    return ", ".join(word for word in words if word)


def cost_of(layers: Sequence[LayerCount]) -> LayerCost:
    """Return the cost of one layer of all networks together."""
    macs, accumulates, dense = (sum(getattr(one, name) for one in layers) for name in ("macs", "accumulates", "dense"))
    rate = float(np.mean([one.rate for one in layers]))
    moved = WORD * MOVED
    return LayerCost(said(layers[0].name), rate, macs, accumulates, moved * (macs + accumulates), dense, moved * dense)
