"""Training vectors, filled in as clips come: they are gigabytes for large cubes, so they are stored once, and small."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Bool, Int, Shaped

COUNTS = (np.uint8, np.uint16)
"""Types in which counts are kept."""


@dataclass
class Rows:
    """Vectors of one modality: some clips may lack it, the others give one for each copy.

    Counts are kept in one byte each while none is above 255, and in two while none is above 65,535.

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
        kind, start = self._find_kind(block), len(self._source) * self.copies
        if self._array is None or self._array.dtype != kind:
            wider = np.empty((self.clips * self.copies, block.shape[1]), kind)
            if self._array is not None:
                wider[:start] = self._array[:start]
            self._array = wider
        self._array[start : start + self.copies] = block
        self._source.append(clip)

    def widens(self, block: Shaped[np.ndarray, "copies dims"]) -> bool:
        """Tell whether all numbers that are there would take more bytes each, so that those of a block fit."""
        return self._array is not None and self._array.dtype != self._find_kind(block)

    @property
    def stored(self) -> int:
        """Bytes of the vectors that are there."""
        return self.vectors.nbytes

    def plan(self, block: Shaped[np.ndarray, "copies dims"] | None) -> tuple[int, int, int]:
        """Return how many vectors there are at most, how long, and the bytes of a number once a block is added."""
        like = block if self._array is None else self._array
        if like is None:
            raise ValueError("no vector yet")
        kind = like.dtype if block is None else self._find_kind(block)
        return self.clips * self.copies, like.shape[1], kind.itemsize

    def _find_kind(self, block: Shaped[np.ndarray, "copies dims"]) -> np.dtype[Any]:
        found = find_kind(block)
        return found if self._array is None else np.promote_types(self._array.dtype, found)

    @property
    def vectors(self) -> Shaped[np.ndarray, "rows dims"]:
        """All vectors, one a row: counts, or else in float32."""
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


def find_kind(block: Any) -> np.dtype[Any]:
    """Return the smallest type that holds all numbers of a block: whole ones of one byte or two, or float32.

    >>> [find_kind(np.array([0.0, most])).name for most in (255.0, 256.0, 65_536.0, 0.5, -1.0)]
    ['uint8', 'uint16', 'float32', 'float32', 'float32']
    """
    counts = bool((block >= 0).all() and (block == np.floor(block)).all())
    kinds = (kind for kind in COUNTS if counts and (block <= np.iinfo(kind).max).all())
    return np.dtype(next(kinds, np.float32))
