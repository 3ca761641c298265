"""Synapses: who connects to whom and how strongly, as a sparse matrix by presynaptic neuron."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int, Int32, Int64

from emospike.validation import InputError


@dataclass(frozen=True)
class Synapses:
    """Outgoing synapses in compressed sparse rows: those of source i lie at ``offsets[i]:offsets[i + 1]``.

    A source is a presynaptic neuron, or an input line. A negative weight inhibits.

    Attributes
    ----------
    offsets : int64 array, shape (sources + 1,), from 0 to the number of synapses
    targets : int32 array, shape (synapses,): postsynaptic neurons, ascending within a source
    weights : float32 array, shape (synapses,)

    Raises
    ------
    InputError : the arrays do not fit together; offsets do not begin at 0, or fall; a target below 0

    Examples
    --------
    >>> pairs = np.array([1, 0, 1]), np.array([2, 1, 0])
    >>> synapses = Synapses.from_pairs(*pairs, np.array([0.1, 0.2, -0.3], np.float32), sources=3)
    >>> synapses.offsets.tolist(), synapses.targets.tolist()
    ([0, 1, 3, 3], [1, 0, 2])
    """

    offsets: Int64[np.ndarray, " sources_and_end"]
    targets: Int32[np.ndarray, " synapses"]
    weights: Float32[np.ndarray, " weights"]

    def __post_init__(self) -> None:
        # Compiled code follows them without looking.
        if {self.offsets.ndim, self.targets.ndim, self.weights.ndim} != {1} or not len(self.offsets):
            raise InputError("offsets, targets and weights in one dimension expected, and at least one offset")
        if self.offsets[0] != 0 or np.any(self.offsets[1:] < self.offsets[:-1]):
            raise InputError("offsets that begin at 0 and never fall expected")
        if len(self.targets) and self.targets.min() < 0:
            raise InputError("targets of 0 or more expected")
        if not self.offsets[-1] == len(self.targets) == len(self.weights):
            raise InputError(
                f"as many targets as weights expected, {self.offsets[-1]} of each, got {len(self.targets)} and "
                f"{len(self.weights)}"
            )

    def __len__(self) -> int:
        return len(self.targets)

    @classmethod
    def from_pairs(
        cls,
        source: Int[np.ndarray, " synapses"],
        target: Int[np.ndarray, " synapses"],
        weights: Float32[np.ndarray, " synapses"],
        sources: int,
    ) -> Synapses:
        """Make synapses from pairs in any order; a pair may come once only."""
        order = np.lexsort((target, source))
        return cls(
            np.concatenate([[0], np.cumsum(np.bincount(source, minlength=sources))]).astype(np.int64),
            target[order].astype(np.int32),
            weights[order],
        )

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return them as a model file keeps them: counts by source, and targets in as few bytes as hold them."""
        small = len(self) == 0 or int(self.targets.max()) < 2**16
        return {
            "counts": np.diff(self.offsets).astype(np.uint32),
            "targets": self.targets.astype(np.uint16 if small else np.uint32),
            "weights": self.weights,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Synapses:
        """Return what `to_arrays` was of; raise `InputError` for arrays that do not fit together."""
        offsets = np.concatenate([[0], np.cumsum(arrays["counts"].astype(np.int64))])
        return cls(offsets, arrays["targets"].astype(np.int32), arrays["weights"])

    def sources(self) -> Int32[np.ndarray, " synapses"]:
        """Return the source of every synapse."""
        return np.repeat(np.arange(len(self.offsets) - 1, dtype=np.int32), np.diff(self.offsets))

    def transpose(self, neurons: int | None = None) -> Incoming:
        """Return the same synapses by postsynaptic neuron.

        `neurons` is the number of neurons that can be targets; without it, as many as there are sources.
        """
        from scipy.sparse import csr_array

        shape = (len(self.offsets) - 1, neurons if neurons is not None else len(self.offsets) - 1)
        columns = csr_array((np.arange(len(self)), self.targets, self.offsets), shape=shape).tocsc()
        return Incoming(
            columns.indptr.astype(np.int64), columns.indices.astype(np.int32), columns.data.astype(np.int64)
        )


def stack_synapses(parts: Sequence[Synapses]) -> Synapses:
    """Return the synapses of several groups of sources, the sources of one group after those of the other."""
    before = np.cumsum([0, *(len(part) for part in parts[:-1])])
    offsets = [part.offsets[:-1] + first for part, first in zip(parts, before, strict=True)]
    return Synapses(
        np.concatenate([*offsets, [sum(map(len, parts))]]).astype(np.int64),
        np.concatenate([part.targets for part in parts]),
        np.concatenate([part.weights for part in parts]),
    )


@dataclass(frozen=True)
class Incoming:
    """Index of the incoming synapses: those of neuron i lie at ``offsets[i]:offsets[i + 1]``.

    Attributes
    ----------
    offsets : int64 array, shape (neurons + 1,)
    sources : int32 array, shape (synapses,): presynaptic neurons, ascending within a neuron
    positions : int64 array, shape (synapses,): where that synapse lies in `Synapses.targets` and `.weights`, so that
        learning can change one array of weights from both sides
    """

    offsets: Int64[np.ndarray, " neurons_and_end"]
    sources: Int32[np.ndarray, " synapses"]
    positions: Int64[np.ndarray, " synapses"]
