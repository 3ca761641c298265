"""Convolutional windows: which input lines each position of a competitive layer looks at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int32

from emospike.validation import InputError, within

MOST = 2**24
"""Input lines, and inputs of all windows together."""


@dataclass(frozen=True)
class Windows:
    """Windows that slide over an input.

    Attributes
    ----------
    lines : int32 array, shape (positions, inputs): the input line at each place of each window
    shape : shape of the input; its lines are numbered in C order

    Examples
    --------
    >>> Windows.along_time(steps=388, channels=40, size=10, stride=10).lines.shape
    (38, 400)
    >>> Windows.over_image(100, 100, size=10, stride=10).lines.shape
    (100, 100)
    """

    lines: Int32[np.ndarray, "positions inputs"]
    shape: tuple[int, ...]

    @classmethod
    def along_time(cls, steps: int, channels: int, size: int = 10, stride: int = 10) -> Windows:
        """Return windows of `size` steps and all channels over an input of shape (steps, channels)."""
        return cls._sliding((steps, channels), (size, channels), stride)

    @classmethod
    def over_image(cls, height: int, width: int, size: int = 10, stride: int = 10) -> Windows:
        """Return square windows over an image of shape (height, width), row by row."""
        return cls._sliding((height, width), (size, size), stride)

    @classmethod
    def none(cls) -> Windows:
        """Return one position without input: for a layer that hears other layers only."""
        return cls(np.empty((1, 0), np.int32), (0,))

    @classmethod
    def _sliding(cls, shape: tuple[int, int], size: tuple[int, int], stride: int) -> Windows:
        """Return the windows of a size that fit into a shape, `stride` apart; what is left at the end is not seen."""
        within("stride", stride, 1, np.inf)
        if not 1 <= size[0] <= shape[0] or not 1 <= size[1] <= shape[1]:
            raise InputError(f"a window of 1 x 1 to {shape[0]} x {shape[1]} expected, got {size[0]} x {size[1]}")
        seen = ((shape[0] - size[0]) // stride + 1) * ((shape[1] - size[1]) // stride + 1) * size[0] * size[1]
        within("input lines, and those seen by all windows,", max(shape[0] * shape[1], seen), 1, MOST)
        grid = np.arange(shape[0] * shape[1], dtype=np.int32).reshape(shape)
        views = np.lib.stride_tricks.sliding_window_view(grid, size)[::stride, ::stride]
        # A copy: where windows do not overlap this is a read-only view, another type to the kernel.
        return cls(np.array(views.reshape(-1, size[0] * size[1])), shape)

    @property
    def count(self) -> int:
        """Number of input lines."""
        return int(np.prod(self.shape))

    def places(self) -> tuple[Int32[np.ndarray, " offsets"], Int32[np.ndarray, " seen"], Int32[np.ndarray, " seen"]]:
        """Return, for each line, where its entries begin, then the position and the place in its window of each."""
        order = np.argsort(self.lines, axis=None, kind="stable").astype(np.int32)
        seen = np.bincount(self.lines.ravel(), minlength=self.count)
        position, place = np.divmod(order, np.int32(max(self.lines.shape[1], 1)))
        return np.append(0, np.cumsum(seen)).astype(np.int32), position, place
