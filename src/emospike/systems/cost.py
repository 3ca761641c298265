"""What a decision costs: operations and bytes counted on one clip, energy estimated from them."""

from __future__ import annotations

import numpy as np

from emospike.networks.activity import Activity
from emospike.networks.reservoir import Network
from emospike.readout.contract import Classifier
from emospike.systems.contract import Operations

PICOJOULE_MAC = 4.6
PICOJOULE_AC = 0.9
"""Estimates for 45 nm CMOS and 32 bit floats: a multiply-accumulate and an accumulate (Horowitz 2014)."""

WORD = 4
"""Bytes of a weight, an index or a potential."""


def energy_uj(macs: int, accumulates: int) -> float:
    """Return the estimated energy of arithmetic in microjoule; moving data is not in it.

    >>> energy_uj(macs=1_000_000, accumulates=1_000_000)
    5.5
    """
    return round((PICOJOULE_MAC * macs + PICOJOULE_AC * accumulates) * 1e-6, 9)


NOT_READ = {"classes", "memory", "unit", "penalty", "expected", "bolder", "met"}
"""Parts of a classifier's state that a decision does not go through."""


def readout_weights(classifier: Classifier) -> int:
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


def dense_operations(macs: int, words: int) -> Operations:
    """Return the cost of a system without spikes, which is its own twin.

    >>> dense_operations(macs=1_000_000, words=500).twin_energy_uj
    4.6
    """
    cost = (macs, WORD * words, energy_uj(macs, 0))
    return Operations(0, 0.0, 0, *cost, *cost)


def reservoir_operations(network: Network, activity: Activity, readout_weights: int) -> Operations:
    """Return the cost of one pass of a reservoir and its readout, beside the same synapses without spikes.

    A spike costs one accumulate a synapse that it reaches; the leak costs one multiply-accumulate a neuron and
    step, and so does each weight of the readout, once. In the twin every synapse multiplies at every step.
    """
    inputs, neurons, steps = activity.inputs, network.neurons, activity.steps
    line = inputs.channel * 2 + (inputs.sign < 0) if network.reservoir.polarity == "split" else inputs.channel
    delivered = np.diff(network.inputs.offsets)[line].sum() + np.diff(network.recurrent.offsets)[activity.neuron].sum()
    synapses = len(network.inputs) + len(network.recurrent)
    accumulates, macs = int(delivered), neurons * steps + readout_weights
    twin = synapses * steps + macs
    return Operations(
        spikes=len(inputs) + len(activity),
        spike_rate=activity.mean_rate,
        synaptic_operations=accumulates,
        macs=macs,
        bytes_moved=WORD * (4 * accumulates + 4 * neurons * steps + readout_weights),
        energy_uj=energy_uj(macs, accumulates),
        twin_macs=twin,
        twin_bytes_moved=WORD * (4 * synapses * steps + 4 * neurons * steps + readout_weights),
        twin_energy_uj=energy_uj(twin, 0),
    )
