"""Counting: operations and bytes of one decision, layer by layer, and their sum with the estimated energy."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Int

from emospike.activity import Activity
from emospike.brain.synapses import Synapses
from emospike.energy.estimate import estimate_energy
from emospike.energy.operations import FEATURES, NETWORK, READOUT, LayerCost, Operations
from emospike.features import Feature
from emospike.features.counting import Counted
from emospike.networks.competitive import CompetitiveNetwork
from emospike.networks.reservoir import ReservoirNetwork
from emospike.readout.contract import Classifier
from emospike.readout.readout import VectorReadout
from emospike.series import Series

WORD = 4
"""Bytes of a weight, an index or a potential."""

MOVED = 3
"""Words that an operation at a synapse moves, without caches: a weight, and a potential read and written.

Sparse synapses also move the index of the neuron that they reach.
"""

STATE = 3
"""Words of a neuron of a reservoir: its potential, its leak, and how long it is still refractory."""


def sum_layers(layers: Sequence[LayerCost], spikes: int, spike_rate: float) -> Operations:
    """Return the cost of all layers."""
    total = {
        name: sum(getattr(one, name) for one in layers)
        for name in ("macs", "accumulates", "bytes_moved", "twin_macs", "twin_bytes_moved")
    }
    return Operations(
        spikes=spikes,
        spike_rate=spike_rate,
        synaptic_operations=total["accumulates"],
        macs=total["macs"],
        bytes_moved=total["bytes_moved"],
        energy_uj=_sum_arithmetic(layers),
        twin_macs=total["twin_macs"],
        twin_bytes_moved=total["twin_bytes_moved"],
        twin_energy_uj=_sum_arithmetic(layers, twin=True),
        layers=tuple(layers),
    )


def _sum_arithmetic(layers: Sequence[LayerCost], *, twin: bool = False) -> float:
    """Return the energy of arithmetic of all layers, in microjoule, those of integers by the price of these."""
    found = 0.0
    for numbers in ("float32", "int32"):
        own = [one for one in layers if one.integer == (numbers == "int32")]
        macs, spikes = sum(one.twin_macs if twin else one.macs for one in own), sum(one.accumulates for one in own)
        found += estimate_energy(macs, 0 if twin else spikes, numbers)
    return round(found, 9)


def join_operations(runs: Mapping[str, Operations]) -> Operations:
    """Return the cost of several runs of one network, by name, one after the other; their layers stand side by side.

    Each may have a readout of its own, but the network is held once.
    """
    layers, first = list[LayerCost](), next(iter(runs))
    for name, run in runs.items():
        for layer in run.layers:
            held = layer.bytes_held if name == first or layer.stage != NETWORK else 0
            layers.append(replace(layer, name=f"{layer.name}, {name}", bytes_held=held))
    spikes, rate = sum(run.spikes for run in runs.values()), [run.spike_rate for run in runs.values()]
    return sum_layers(layers, spikes, float(np.mean(rate)))


def count_dense_layer(name: str, macs: int, words: int, held: int | None = None, **more: Any) -> LayerCost:
    """Return the cost of a layer that real numbers go through, which is its own equivalent.

    `words` are moved, `held` are needed all the time; `more` are other fields of `LayerCost`.
    """
    bytes_held = None if held is None else WORD * held
    return LayerCost(name, 1.0, macs, 0, WORD * words, macs, WORD * words, bytes_held, **more)


def count_readout_layer(weights: int, words: int | None = None) -> LayerCost:
    """Return the cost of a readout, each of whose weights is read and used once, when the network is done.

    `words` is what the weights take, if that is not one each.
    """
    words = weights if words is None else words
    return count_dense_layer("readout", weights, words, words, stage=READOUT)


def count_features(
    features: Sequence[Feature], series: Sequence[Series | None]
) -> tuple[tuple[LayerCost, ...], tuple[str, ...]]:
    """Return the cost of each feature that was found, a stage of its own, and the names of those that tell none.

    What several share is computed once (see `FeatureCount`).
    """
    there = [(feature, len(one)) for feature, one in zip(features, series, strict=True) if one is not None]
    uncounted = dict.fromkeys(type(feature).__name__ for feature, _ in there if not isinstance(feature, Counted))
    told = [
        (type(feature).__name__, feature.count_operations(n)) for feature, n in there if isinstance(feature, Counted)
    ]
    rows, numbers = list[LayerCost](), Counter[str]()
    for kind, one in {one.key: (kind, one) for kind, one in told}.values():
        numbers[kind] += 1
        name = FEATURES + kind + (f" {numbers[kind]}" if numbers[kind] > 1 else "")
        rows.append(count_dense_layer(name, one.macs, one.words_moved, one.words_held, stage=name))
    return tuple(rows), tuple(uncounted)


def count_layer_once(name: str, network: CompetitiveNetwork) -> LayerCost:
    """Return what the weights of a layer cost in a network without spikes that looks at a clip once.

    A presentation to spiking neurons goes through the same weights for hundreds of steps, since values enter as rates.
    """
    links = sum(link.sources for link in network.links)
    macs = network.windows.lines.size * network.layer.features + network.neurons * links
    return count_dense_layer(name, macs, MOVED * macs, count_weights(network) + network.neurons)


def count_weights(network: CompetitiveNetwork) -> int:
    """Return how many weights a layer has; those of inhibition are all the same."""
    return network.weights.size + sum(heard.size for heard in network.heard_weights)


NOT_READ = {"classes", "memory", "unit", "penalty", "expected", "bolder", "met", "units"}
"""Parts of a classifier's state that a decision does not go through."""


def count_readout_weights(classifier: Classifier) -> int:
    """Return how many numbers one decision of a fitted classifier goes through: a multiply-accumulate for each.

    Of scikit-learn's classifiers these are the support vectors, the training clips, or the coefficients; of a forest
    the comparisons down to the leaves.
    """
    pipeline = getattr(classifier, "pipeline_", None)
    if pipeline is None:
        return sum(np.size(array) for name, array in classifier.state().items() if name not in NOT_READ)
    model = pipeline["model"]
    arrays = [getattr(model, name, ()) for name in ("support_vectors_", "dual_coef_", "coef_", "_fit_X")]
    arrays += getattr(model, "coefs_", [])
    forest = getattr(model, "estimators_", ())
    return sum(int(np.size(array)) for array in arrays) + sum(int(tree.get_depth()) for tree in forest)


def count_readout(readout: VectorReadout) -> LayerCost:
    """Return the cost of one decision of a fitted readout, and of telling how strange what it reads is.

    Weights of a quantised classifier take its bits, others a word each; all sums are of real numbers.
    """
    weights, bits = count_readout_weights(readout.classifier), getattr(readout.classifier, "bits", None) or 8 * WORD
    words = math.ceil(weights * bits / (8 * WORD))
    return count_readout_layer(weights + readout.novelty_.macs, words + readout.novelty_.macs)


def count_statistics(values: int, channels: int, each: int, readout: LayerCost) -> Operations:
    """Return the cost of a system without spikes that describes channels by `each` statistics, and reads them out.

    Every statistic takes a multiply-accumulate a value, and a word of it; the system is its own equivalent.

    >>> count_statistics(values=100_000, channels=100, each=3, readout=count_readout_layer(700_000)).twin_energy_uj
    4.6
    """
    statistics = count_dense_layer("statistics", each * values, each * values, each * channels)
    return sum_layers([statistics, readout], spikes=0, spike_rate=0.0)


def count_reservoir(network: ReservoirNetwork, activity: Activity, readout: LayerCost) -> Operations:
    """Return the cost of one pass of a reservoir and of its readout, beside the same synapses without spikes.

    A spike costs one accumulate a synapse that it reaches; the leak costs one multiply-accumulate a neuron and
    step, and so does each weight of the readout, once. In the equivalent every synapse multiplies at every step.
    """
    inputs, neurons, steps = activity.inputs, network.neurons, activity.steps
    line = inputs.channel * 2 + (inputs.sign < 0) if network.reservoir.polarity == "split" else inputs.channel
    lines, bits = len(network.inputs.offsets) - 1, network.reservoir.bits
    updates = neurons * steps
    layers = (
        count_sparse_layer("inputs", network.inputs, line, lines * steps, steps, bits=bits),
        count_sparse_layer("recurrent", network.recurrent, activity.neuron, updates, steps, bits=bits),
        count_dense_layer("leak", updates, 4 * updates, STATE * neurons, updates=updates, integer=bits is not None),
        readout,
    )
    return sum_layers(layers, len(inputs) + len(activity), activity.mean_rate)


def count_sparse_layer(
    name: str,
    synapses: Synapses,
    source: Int[np.ndarray, " spikes"],
    moments: int,
    steps: int,
    *,
    bits: int | None = None,
) -> LayerCost:
    """Return the cost of sparse synapses; each that a spike reaches moves index, weight, and potential both ways.

    Held is what a model file keeps, with indices of as few bytes as they need, and weights of `bits` if they are
    integers, of 32 otherwise.
    """
    weight = WORD if bits is None else bits / 8
    reached = int(np.diff(synapses.offsets)[source].sum())
    dense = len(synapses) * steps
    rate = len(source) / max(moments, 1)
    moved = WORD * MOVED + weight
    held = sum(array.nbytes for array in synapses.to_arrays().values()) - (WORD - weight) * len(synapses)
    counts = (reached, round(moved * reached), dense, round(moved * dense), math.ceil(held))
    return LayerCost(name, rate, 0, *counts, integer=bits is not None)


def count_competitive_layer(
    name: str,
    network: CompetitiveNetwork,
    own: Activity,
    others: Sequence[Activity],
) -> LayerCost:
    """Return the cost of a layer's synapses: from its input lines, from layers that it hears, and of its inhibition."""
    layer = network.layer
    scope = layer.features if layer.inhibition == "local" else network.neurons
    steps, heard = layer.all_steps * (own.repeats + 1), sum(len(one) for one in others)
    seen_in = int(np.diff(network.windows.places()[0])[own.inputs.channel].sum())
    reached = seen_in * layer.features + heard * network.neurons + len(own) * scope
    links = sum(link.sources for link in network.links)
    dense = (network.windows.lines.size * layer.features + network.neurons * (links + scope)) * steps
    sources = (int(np.prod(network.windows.shape)) + links + network.neurons) * steps
    rate = (len(own.inputs) + heard + len(own)) / sources
    moved = WORD * MOVED
    return LayerCost(name, rate, 0, reached, moved * reached, dense, moved * dense, WORD * count_weights(network))


def count_membranes(name: str, network: CompetitiveNetwork, steps: int) -> LayerCost:
    """Return the cost of the membranes of a layer: its neurons, and the inhibitory one that each of them has.

    Potential and two conductances cost a multiply-accumulate a step each; a threshold is held for every neuron besides.
    """
    updates = 2 * network.neurons * steps
    held = (2 * 3 + 1) * network.neurons
    return count_dense_layer(f"{name}, membranes", 3 * updates, 2 * 3 * updates, held, updates=updates)
