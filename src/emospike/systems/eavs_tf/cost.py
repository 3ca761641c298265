"""What a decision of EAVS-TF costs: one pass of all networks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from emospike.energy.counting import MOVED, WORD, count_dense_layer, sum_layers
from emospike.energy.operations import LayerCost, Operations
from emospike.networks.spiking_transformer import LayerCount
from emospike.systems.eavs_tf.ensemble import Ensemble
from emospike.systems.eavs_tf.streams import batch_of
from emospike.systems.perception import Perceived


def count_operations(ensemble: Ensemble, spoken: Perceived, *, spiking: bool) -> Operations:
    """Return the cost of one pass of all networks, beside the same synapses without spikes.

    A spike costs one accumulate a synapse that it reaches, a key and a value that meet one in each branch of
    attention, and what attention adds to a potential one a number. The leak costs one multiply-accumulate a neuron
    and step, as do the synapses that see real numbers: the first of each stream, and the heads.
    """
    batch = batch_of([ensemble.scales.arrays(spoken.series, ensemble.shift)], ensemble.streams, ensemble.length)
    found = [network.count(batch) for network in ensemble.networks]
    spikes, neurons = sum(one.spikes for one in found), sum(one.neurons for one in found)
    layers = [cost_of([one.layers[i] for one in found]) for i in range(len(found[0].layers))]
    if spiking:
        held = sum(one.potentials for one in found)
        layers.append(count_dense_layer("leak", neurons, MOVED * neurons, held, updates=neurons))
    return sum_layers(layers, spikes, spikes / neurons)


SPOKEN = {
    "patches": "stream", "weights": "convolution", "blocks": "", "crossings": "crossing", "ways": "", "perceptrons": "",
    "query": "queries", "key": "keys", "value": "values", "out": "output", "up": "perceptron, in",
    "down": "perceptron, out", "perceptron": "", "weight": "", "audio": "sound", "q": "queries", "k": "keys",
    "v": "values", "own": "reads", "other": "hears", "first": "perceptron, first", "second": "perceptron, second",
    "random_features": "random features",
}  # fmt: skip
"""What the parts of a layer's name mean; numbers after them count from 1."""


def describe_layer(name: str) -> str:
    """Return the name of a layer in words.

    >>> describe_layer("patches.0.weights.1"), describe_layer("random_features.audio")
    ('stream 1, convolution 2', 'random features, sound')
    >>> describe_layer("blocks.face.0.attention.query.weight"), describe_layer("crossings.0.ways.audio<face.out.weight")
    ('face, block 1, attention, queries', 'crossing 1, sound from face, output')
    """
    words: list[str] = []
    for part in name.split("."):
        if part.isdecimal():
            kind = words.pop() if words and words[-1] in ("stream", "convolution", "crossing", "neurons") else ""
            words += [f"{kind} {int(part) + 1}"] if kind else [f"block {int(part) + 1}"]
        else:
            words.append(" from ".join(SPOKEN.get(one, one) for one in part.split("<")))
    return ", ".join(word for word in words if word)


def cost_of(layers: Sequence[LayerCount]) -> LayerCost:
    """Return the cost of one layer of all networks together."""
    names = ("macs", "accumulates", "dense", "held")
    macs, accumulates, dense, held = (sum(getattr(one, name) for one in layers) for name in names)
    rate = float(np.mean([one.rate for one in layers]))
    moved = WORD * MOVED
    name, crossed = describe_layer(layers[0].name), macs + accumulates
    return LayerCost(name, rate, macs, accumulates, moved * crossed, dense, moved * dense, WORD * held)
