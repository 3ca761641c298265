"""The reservoir as one would first write it: a sparse matrix-vector product a step, with scipy and numpy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float32

from emospike.activity import Activity
from emospike.networks.reservoir import ReservoirNetwork
from emospike.spikes import Spikes


@dataclass(frozen=True)
class PlainReservoir:
    """The equations of `Reservoir`, without learning.

    Attributes
    ----------
    network : where constants and synapses come from
    weights : sparse matrix, shape (neurons, neurons + lines): a row holds the synapses onto a neuron, those of
        neurons before those of input lines, which is the order in which `ReservoirNetwork` adds them up
    """

    network: ReservoirNetwork
    weights: Any

    @classmethod
    def of(cls, network: ReservoirNetwork) -> PlainReservoir:
        """Take the constants and synapses of a network."""
        from scipy.sparse import csr_array, vstack

        parts = [
            csr_array((one.weights, one.targets, one.offsets), shape=(len(one.offsets) - 1, network.neurons))
            for one in (network.recurrent, network.inputs)
        ]
        return cls(network, vstack(parts).T.tocsr())

    def run(self, spikes: Spikes) -> Activity:
        """Return the activity from rest."""
        r, n = self.network.reservoir, self.network.neurons
        decay = np.exp(-1 / self.network.tau).astype(np.float32)
        inputs = line_values(self.network, spikes)
        v, last = np.zeros(n, np.float32), np.full(n, -(2**30))
        drive, fired_at = np.zeros(n + inputs.shape[1], np.float32), []
        for t, lines in enumerate(inputs):
            drive[n:] = lines
            v = np.maximum(v * decay + self.weights @ drive, np.float32(r.floor))
            v[t - last <= r.refractory] = r.reset
            fired = v >= r.threshold
            v[fired], last[fired] = r.reset, t
            drive[:n] = fired
            fired_at.append(np.flatnonzero(fired).astype(np.int32))
        step = np.repeat(np.arange(spikes.steps, dtype=np.int32), [len(one) for one in fired_at])
        return Activity(spikes, step, np.concatenate(fired_at), n)


def line_values(network: ReservoirNetwork, spikes: Spikes) -> Float32[np.ndarray, "steps lines"]:
    """Return what each input line carries at every step (see `Reservoir.polarity`)."""
    dense = spikes.dense().astype(np.float32)
    if network.reservoir.polarity == "signed":
        return dense
    positive, negative = dense.clip(0), (-dense).clip(0)
    if network.reservoir.polarity == "positive":
        return positive
    return np.stack([positive, negative], axis=2).reshape(len(dense), -1)


def agreement(a: Activity, b: Activity) -> float:
    """Return the share of spikes that two activities have in common: |a and b| / |a or b|.

    >>> from emospike.systems.base import no_activity
    >>> agreement(no_activity(), no_activity())
    1.0
    """
    one, other = (set(zip(x.step.tolist(), x.neuron.tolist(), strict=True)) for x in (a, b))
    return len(one & other) / max(len(one | other), 1) if one | other else 1.0
