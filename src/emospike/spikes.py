"""Spikes: events by step, the only thing that networks read and write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float32, Int, Int8, Int32, Int64

from emospike.frames import import_pandas
from emospike.series import Channel
from emospike.validation import InputError

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True)
class Spikes:
    """Events on a regular time grid, sorted by step.

    Attributes
    ----------
    step : int32 array, shape (events,): the step of each event, ascending
    channel : int32 array, shape (events,): its channel: of a feature, an input line, or a neuron
    sign : int8 array, shape (events,): +1 or -1; +1 of all where a sign means nothing
    steps : number of steps of the grid
    rate : steps per second, Hz
    channels : what each channel is of; empty where they only have numbers, as lines and neurons do
    units : number of channels; where `channels` are given it need not be

    Raises
    ------
    InputError : arrays differ in length, are unsorted, or point outside the grid

    Examples
    --------
    >>> dense = np.array([[1, 0], [0, -1]], np.int8)
    >>> spikes = Spikes.from_dense(dense, rate=100.0, channels=(Channel("a", "audio"), Channel("b", "audio")))
    >>> spikes.counts().tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    >>> lines = Spikes.from_events(np.array([2, 0, 2]), np.array([5, 1, 4]), steps=3, rate=2000.0, units=6)
    >>> lines.step.tolist(), lines.channel.tolist(), lines.offsets.tolist()
    ([0, 2, 2], [1, 4, 5], [0, 1, 1, 3])
    """

    step: Int32[np.ndarray, " events"]
    channel: Int32[np.ndarray, " events"]
    sign: Int8[np.ndarray, " events"]
    steps: int
    rate: float
    channels: tuple[Channel, ...] = ()
    units: int = 0

    def __post_init__(self) -> None:
        if self.channels:
            object.__setattr__(self, "units", len(self.channels))
        if not len(self.step) == len(self.channel) == len(self.sign):
            raise InputError(
                f"step, channel and sign must be equally long, got {len(self.step)}, {len(self.channel)}, "
                f"{len(self.sign)}"
            )
        if len(self.step) == 0:
            return
        if (self.step[1:] < self.step[:-1]).any():
            raise InputError("events must be sorted by step")
        if self.step[0] < 0 or self.step[-1] >= self.steps:
            raise InputError(f"steps must lie in 0 to {self.steps - 1}, got {self.step[0]} to {self.step[-1]}")
        if self.channel.min() < 0 or self.channel.max() >= self.units:
            raise InputError(f"channels must lie in 0 to {self.units - 1}")

    def __len__(self) -> int:
        return len(self.step)

    @classmethod
    def from_dense(
        cls, dense: Int8[np.ndarray, "steps channels"], rate: float, channels: Sequence[Channel] = ()
    ) -> Spikes:
        """Make spikes from a matrix that holds +1, -1 or 0 for each step and channel."""
        flat = np.flatnonzero(dense).astype(np.int32)
        step, channel = np.divmod(flat, np.int32(max(dense.shape[1], 1)))
        return cls(step, channel, dense.ravel()[flat], len(dense), rate, tuple(channels), dense.shape[1])

    @classmethod
    def from_counts(cls, counts: Int[np.ndarray, "steps channels"], rate: float) -> Spikes:
        """Make spikes without names from a matrix of how many each step and channel has, below 0 the negative ones.

        >>> Spikes.from_counts(np.array([[0, -2], [1, 0]]), rate=50.0).dense().tolist()
        [[0, -1], [1, 0]]
        """
        flat = np.flatnonzero(counts)
        number = counts.ravel()[flat]
        step, channel = np.divmod(np.repeat(flat, np.abs(number)), max(counts.shape[1], 1))
        sign = np.repeat(np.sign(number).astype(np.int8), np.abs(number))
        return cls(step.astype(np.int32), channel.astype(np.int32), sign, len(counts), rate, units=counts.shape[1])

    @classmethod
    def from_events(
        cls, step: Int[np.ndarray, " events"], channel: Int[np.ndarray, " events"], steps: int, rate: float, units: int
    ) -> Spikes:
        """Make spikes without sign or names from pairs of step and channel in any order."""
        order = np.lexsort((channel, step))
        ones = np.ones(len(step), np.int8)
        return cls(step[order].astype(np.int32), channel[order].astype(np.int32), ones, steps, rate, units=units)

    @classmethod
    def silent(cls, steps: int, rate: float, channels: Sequence[Channel] = (), units: int = 0) -> Spikes:
        """Make a grid without any event."""
        none = np.empty(0, np.int32)
        return cls(none, none, np.empty(0, np.int8), steps, rate, tuple(channels), units)

    def to_frame(self) -> DataFrame:
        """Return a pandas table with a row an event: its time, s, its channel, by name if it has one, and its sign."""
        names = np.array([channel.label for channel in self.channels], dtype=object)
        channel = names[self.channel] if self.channels else self.channel
        columns = {"time": self.step / self.rate, "channel": channel, "sign": self.sign}
        frame: DataFrame = import_pandas().DataFrame(columns)
        return frame

    @cached_property
    def offsets(self) -> Int64[np.ndarray, " steps_and_end"]:
        """Where the events of each step begin: those of step t are ``offsets[t]:offsets[t + 1]``."""
        return np.searchsorted(self.step, np.arange(self.steps + 1, dtype=np.int32))

    def dense(self) -> Int8[np.ndarray, "steps channels"]:
        """Return the matrix of +1, -1 and 0, shape (steps, channels)."""
        out = np.zeros((self.steps, self.units), np.int8)
        out[self.step, self.channel] = self.sign
        return out

    def counts(self) -> Float32[np.ndarray, "2 channels"]:
        """Return how many positive (row 0) and negative (row 1) spikes each channel has."""
        return np.stack(
            [np.bincount(self.channel[self.sign == s], minlength=self.units).astype(np.float32) for s in (1, -1)]
        )

    def keep(self, mask: Bool[np.ndarray, " events"]) -> Spikes:
        """Return the events that `mask` is true of, on the same grid."""
        return replace(self, step=self.step[mask], channel=self.channel[mask], sign=self.sign[mask])

    def delay(self, steps: int) -> Spikes:
        """Return the same events that many steps later, on a grid that is longer by as many."""
        return replace(self, step=self.step + np.int32(steps), steps=self.steps + steps)

    def pad(self, steps: int) -> Spikes:
        """Return the same events on a grid of at least that many steps."""
        return self if steps <= self.steps else replace(self, steps=steps)

    def rebin(self, steps: int, rate: float) -> Spikes:
        """Return the same events on a grid of other steps; what falls behind its end is left out.

        >>> fine = Spikes.from_events(np.array([0, 3, 9]), np.array([0, 0, 0]), steps=10, rate=100.0, units=1)
        >>> fine.rebin(3, 25.0).step.tolist()
        [0, 0, 2]
        """
        step = (self.step * (rate / self.rate)).astype(np.int32)
        inside = step < steps
        return replace(
            self, step=step[inside], channel=self.channel[inside], sign=self.sign[inside], steps=steps, rate=rate
        )


def join(parts: Sequence[Spikes]) -> Spikes:
    """Return the spikes of several encodings of one recording on one grid, their channels one after the other.

    Raises
    ------
    InputError : the parts differ in steps or rate
    """
    grids = {(part.steps, part.rate) for part in parts}
    if len(grids) != 1:
        raise InputError(f"parts with equal steps and rate expected, got {sorted(grids)}")
    first = np.cumsum([0, *(part.units for part in parts)])
    step = np.concatenate([part.step for part in parts])
    order = np.argsort(step, kind="stable")
    channel = np.concatenate([part.channel + np.int32(at) for at, part in zip(first, parts, strict=False)])
    sign = np.concatenate([part.sign for part in parts])
    channels, units = tuple(one for part in parts for one in part.channels), int(first[-1])
    known = channels if len(channels) == units else ()
    return Spikes(step[order], channel[order], sign[order], *grids.pop(), known, units)
