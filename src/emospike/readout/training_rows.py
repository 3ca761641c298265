"""Training vectors, filled in as clips come: they are gigabytes for large cubes, so they are stored once, and small."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Bool, Int, Shaped


@dataclass
class Rows:
    """Vectors of one modality: some clips may lack it, the others give one for each copy.

    Counts up to 255 are kept in one byte each.

    Attributes
    ----------
    clips, copies : clips at most, and vectors of each, the first of which was recorded
    channels : how many of these, the last, came over another channel
    """

    clips: int
    copies: int
    channels: int = 0
    _array: Shaped[np.ndarray, "rows dims"] | None = field(default=None, repr=False)
    _source: list[int] = field(default_factory=list, repr=False)

    def add(self, clip: int, block: Shaped[np.ndarray, "copies dims"]) -> None:
        """Put the vectors of a clip behind those that are there."""
        if self._array is None:
            self._array = np.empty((self.clips * self.copies, block.shape[1]), np.uint8)
        if self._array.dtype == np.uint8 and not holds_counts(block):
            self._array = self._array.astype(np.float32)
        start = len(self._source) * self.copies
        self._array[start : start + self.copies] = block
        self._source.append(clip)

    @property
    def vectors(self) -> Shaped[np.ndarray, "rows dims"]:
        """All vectors, one a row; in bytes, or else in float32."""
        return np.empty((0, 0), np.float32) if self._array is None else self._array[: len(self._source) * self.copies]

    @property
    def source(self) -> Int[np.ndarray, " rows"]:
        """The clip of each row."""
        return np.repeat(np.array(self._source, np.int64), self.copies)

    @property
    def recorded(self) -> Bool[np.ndarray, " rows"]:
        """Which rows are of the recorded voice."""
        return np.tile(np.arange(self.copies) == 0, len(self._source))

    @property
    def heard(self) -> Bool[np.ndarray, " rows"]:
        """Which rows are as a microphone might bring them: those that were recorded, or came over another channel."""
        copy = np.arange(self.copies)
        return np.tile((copy == 0) | (copy >= self.copies - self.channels), len(self._source))


def holds_counts(block: Any) -> bool:
    """Tell whether all numbers are counts that a byte can hold.

    >>> holds_counts(np.array([0.0, 255.0])), holds_counts(np.array([0.5])), holds_counts(np.array([-1.0]))
    (True, False, False)
    """
    return bool((block >= 0).all() and (block <= 255).all() and (block == np.floor(block)).all())
