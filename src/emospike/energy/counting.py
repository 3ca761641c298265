"""Counting: operations and bytes of one decision, layer by layer, and their sum with the estimated energy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Int

from emospike.activity import Activity
from emospike.brain.synapses import Synapses
from emospike.energy.estimate import estimate_energy
from emospike.energy.operations import LayerCost, Operations
from emospike.networks.competitive import CompetitiveNetwork
from emospike.networks.reservoir import ReservoirNetwork
from emospike.readout.contract import Classifier
from emospike.readout.readout import VectorReadout

WORD = 4
"""Bytes of a weight, an index or a potential."""

MOVED = 3
"""Words that an operation at a synapse moves, without caches: a weight, and a potential read and written.

Sparse synapses also move the index of the neuron that they reach.
"""


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
        energy_uj=estimate_energy(total["macs"], total["accumulates"]),
        twin_macs=total["twin_macs"],
        twin_bytes_moved=total["twin_bytes_moved"],
        twin_energy_uj=estimate_energy(total["twin_macs"], 0),
        layers=tuple(layers),
    )


def join_operations(runs: Mapping[str, Operations]) -> Operations:
    """Return the cost of several runs, by name, one after the other; their layers stand side by side."""
    layers = [replace(layer, name=f"{layer.name}, {name}") for name, run in runs.items() for layer in run.layers]
    spikes, rate = sum(run.spikes for run in runs.values()), [run.spike_rate for run in runs.values()]
    return sum_layers(layers, spikes, float(np.mean(rate)))


def count_dense_layer(name: str, macs: int, words: int) -> LayerCost:
    """Return the cost of a layer that real numbers go through, which is its own equivalent."""
    return LayerCost(name, 1.0, macs, 0, WORD * words, macs, WORD * words)


def count_layer_once(name: str, network: CompetitiveNetwork) -> LayerCost:
    """Return what the weights of a layer cost in a network without spikes that looks at a clip once.

    A presentation to spiking neurons goes through the same weights for hundreds of steps, since values enter as rates.
    """
    links = sum(link.sources for link in network.links)
    macs = network.windows.lines.size * network.layer.features + network.neurons * links
    return count_dense_layer(name, macs, MOVED * macs)


NOT_READ = {"classes", "memory", "unit", "penalty", "expected", "bolder", "met"}
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


def count_readout(readout: VectorReadout) -> int:
    """Return the multiply-accumulates of one decision of a fitted readout, and of how strange what it reads is."""
    return count_readout_weights(readout.classifier) + readout.novelty_.macs


def count_dense(macs: int, words: int) -> Operations:
    """Return the cost of a system without spikes, which is its own equivalent.

    >>> count_dense(macs=1_000_000, words=500).twin_energy_uj
    4.6
    """
    return sum_layers([count_dense_layer("readout", macs, words)], spikes=0, spike_rate=0.0)


def count_reservoir(network: ReservoirNetwork, activity: Activity, readout_weights: int) -> Operations:
    """Return the cost of one pass of a reservoir and its readout, beside the same synapses without spikes.

    A spike costs one accumulate a synapse that it reaches; the leak costs one multiply-accumulate a neuron and
    step, and so does each weight of the readout, once. In the equivalent every synapse multiplies at every step.
    """
    inputs, neurons, steps = activity.inputs, network.neurons, activity.steps
    line = inputs.channel * 2 + (inputs.sign < 0) if network.reservoir.polarity == "split" else inputs.channel
    lines = len(network.inputs.offsets) - 1
    layers = (
        count_sparse_layer("inputs", network.inputs, line, lines * steps, steps),
        count_sparse_layer("recurrent", network.recurrent, activity.neuron, neurons * steps, steps),
        count_dense_layer("leak", neurons * steps, 4 * neurons * steps),
        count_dense_layer("readout", readout_weights, readout_weights),
    )
    return sum_layers(layers, len(inputs) + len(activity), activity.mean_rate)


def count_sparse_layer(
    name: str, synapses: Synapses, source: Int[np.ndarray, " spikes"], moments: int, steps: int
) -> LayerCost:
    """Return the cost of sparse synapses; each that a spike reaches moves index, weight, and potential both ways."""
    reached = int(np.diff(synapses.offsets)[source].sum())
    dense = len(synapses) * steps
    rate = len(source) / max(moments, 1)
    moved = WORD * (MOVED + 1)
    return LayerCost(name, rate, 0, reached, moved * reached, dense, moved * dense)


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
    return LayerCost(name, rate, 0, reached, WORD * MOVED * reached, dense, WORD * MOVED * dense)
