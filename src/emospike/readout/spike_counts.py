"""Spike counts: what is read from competitive layers after a presentation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from jaxtyping import Float32, Int64

from emospike.validation import one_of

Counts = Int64[np.ndarray, "_ features"]
Dims = Float32[np.ndarray, " dims"]


def read_neurons(counts: Counts) -> Dims:
    """Return the count of every neuron: all that the paper reads.

    >>> read_neurons(np.array([[1, 0], [3, 2]])).tolist()
    [1.0, 0.0, 3.0, 2.0]
    """
    return counts.ravel().astype(np.float32)


def read_stretches(counts: Counts) -> Dims:
    """Return what each feature counted in all, and in each quarter of the positions up to the last that fired.

    A word said later or more slowly fills other positions with the same features; these sums hardly change.

    >>> read_stretches(np.array([[1], [2], [0], [5], [0]])).tolist()
    [8.0, 1.0, 2.0, 0.0, 5.0]
    """
    used = cut_to_last(counts)
    parts = [used, *(used[own] for own in np.array_split(np.arange(len(used)), 4))]
    return np.concatenate([part.sum(axis=0) for part in parts]).astype(np.float32)


def read_moments(counts: Counts) -> Dims:
    """Return mean and deviation of each feature's counts over the positions up to the last that fired.

    >>> read_moments(np.array([[1, 0], [3, 0], [0, 0]])).tolist()
    [2.0, 0.0, 1.0, 0.0]
    """
    used = cut_to_last(counts)
    return np.concatenate([used.mean(axis=0), used.std(axis=0)]).astype(np.float32)


READS: Mapping[str, Callable[[Counts], Dims]] = {
    "neurons": read_neurons,
    "stretches": read_stretches,
    "moments": read_moments,
}
"""What can be read, by name."""


def cut_to_last(counts: Counts) -> Counts:
    """Return the positions up to the last that fired; at least one."""
    fired = np.flatnonzero(counts.any(axis=1))
    return counts[: fired[-1] + 1 if len(fired) else 1]


def read(counts: Sequence[Int64[np.ndarray, "_ _"]], names: Sequence[str]) -> Dims:
    """Return what is read from several layers, one after the other; of a layer with one position, its neurons alone."""
    kinds = [READS[one_of("read", name, READS)] for name in names]
    return np.concatenate([kind(one) for one in counts for kind in (kinds if len(one) > 1 else [read_neurons])])
