"""Spikes: signed events, the only thing that networks read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int8, Int32

from emospike.series import Channel
from emospike.validation import InputError


@dataclass(frozen=True)
class Spikes:
    """Signed events on a regular time grid, sorted by step.

    Attributes
    ----------
    step : int32 array, shape (events,): the step of each event, ascending
    channel : int32 array, shape (events,): its channel
    sign : int8 array, shape (events,): +1 or -1
    steps : number of steps of the grid
    rate : steps per second, Hz
    channels : what each channel is of

    Raises
    ------
    InputError : arrays differ in length, are unsorted, or point outside the grid

    Examples
    --------
    >>> dense = np.array([[1, 0], [0, -1]], np.int8)
    >>> spikes = Spikes.from_dense(dense, rate=100.0, channels=(Channel("a", "audio"), Channel("b", "audio")))
    >>> spikes.counts().tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """

    step: Int32[np.ndarray, " events"]
    channel: Int32[np.ndarray, " events"]
    sign: Int8[np.ndarray, " events"]
    steps: int
    rate: float
    channels: tuple[Channel, ...]

    def __post_init__(self) -> None:
        if not len(self.step) == len(self.channel) == len(self.sign):
            raise InputError(
                f"step, channel and sign must be equally long, got {len(self.step)}, {len(self.channel)}, "
                f"{len(self.sign)}"
            )
        if len(self.step) == 0:
            return
        if np.any(np.diff(self.step) < 0):
            raise InputError("events must be sorted by step")
        if self.step[0] < 0 or self.step[-1] >= self.steps:
            raise InputError(f"steps must lie in 0 to {self.steps - 1}, got {self.step[0]} to {self.step[-1]}")
        if self.channel.min() < 0 or self.channel.max() >= len(self.channels):
            raise InputError(f"channels must lie in 0 to {len(self.channels) - 1}")

    def __len__(self) -> int:
        return len(self.step)

    @classmethod
    def from_dense(cls, dense: Int8[np.ndarray, "steps channels"], rate: float, channels: Sequence[Channel]) -> Spikes:
        """Make spikes from a matrix that holds +1, -1 or 0 for each step and channel."""
        flat = np.flatnonzero(dense).astype(np.int32)
        step, channel = np.divmod(flat, np.int32(max(dense.shape[1], 1)))
        return cls(step, channel, dense.ravel()[flat], len(dense), rate, tuple(channels))

    def dense(self) -> Int8[np.ndarray, "steps channels"]:
        """Return the matrix of +1, -1 and 0, shape (steps, channels)."""
        out = np.zeros((self.steps, len(self.channels)), np.int8)
        out[self.step, self.channel] = self.sign
        return out

    def counts(self) -> Float32[np.ndarray, "2 channels"]:
        """Return how many positive (row 0) and negative (row 1) spikes each channel has."""
        return np.stack(
            [
                np.bincount(self.channel[self.sign == s], minlength=len(self.channels)).astype(np.float32)
                for s in (1, -1)
            ]
        )


def silent(channels: Sequence[Channel], steps: int, rate: float) -> Spikes:
    """Return a grid without any event."""
    none = np.empty(0, np.int32)
    return Spikes(none, none, np.empty(0, np.int8), steps, rate, tuple(channels))


def joined(parts: Sequence[Spikes]) -> Spikes:
    """Return the spikes of several encodings of one recording on one grid, their channels one after the other.

    Raises
    ------
    InputError : the parts differ in steps or rate
    """
    grids = {(part.steps, part.rate) for part in parts}
    if len(grids) != 1:
        raise InputError(f"parts with equal steps and rate expected, got {sorted(grids)}")
    first = np.cumsum([0, *(len(part.channels) for part in parts[:-1])])
    step = np.concatenate([part.step for part in parts])
    order = np.argsort(step, kind="stable")
    channel = np.concatenate([part.channel + np.int32(at) for at, part in zip(first, parts, strict=True)])
    sign = np.concatenate([part.sign for part in parts])
    names = tuple(name for part in parts for name in part.channels)
    return Spikes(step[order], channel[order], sign[order], parts[0].steps, parts[0].rate, names)
