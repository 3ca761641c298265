"""Scaling of state vectors before a readout."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float32, Int, Shaped

from emospike.readout.training_rows import COUNTS
from emospike.validation import within

Vectors = Float32[np.ndarray, "clips dims"]
Stored = Shaped[np.ndarray, "clips dims"]
"""Vectors in float32, or counts of one byte or two (see `emospike.readout.training_rows`)."""

ROOTS = np.sqrt(np.arange(1 << 16, dtype=np.float32))
BLOCK = 512
"""Rows that are scaled at once where all together would not fit in memory."""


@dataclass
class SoftScaler:
    """Square root, dropping of rare dimensions, and a soft z-score.

        z = (g(x) - mean g) / (deviation of g + soft),    g(x) = sign(x) sqrt(|x|)

    The square root makes the variance of a count independent of its size. A plain z-score (soft = 0) blows rarely
    active neurons up to the size of informative ones, which ruins distances and kernels.

    Attributes
    ----------
    root : take the square root first
    rare : dimensions that are non-zero in less than this share of the training clips are dropped
    soft : added to the deviation, in units of g(x); where both are 0 nothing is scaled
    shares : (first, behind the last, share) of dimensions that together get this share of the mean squared length of
        a scaled training vector, few as they may be; the length stays what the other dimensions alone give it
    """

    root: bool = True
    rare: float = 0.02
    soft: float = 0.15
    shares: tuple[tuple[int, int, float], ...] = ()
    kept_: Bool[np.ndarray, " dims"] = field(init=False, repr=False, compare=False)
    mean_: Float32[np.ndarray, " kept"] = field(init=False, repr=False, compare=False)
    scale_: Float32[np.ndarray, " kept"] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        within("shares of dimensions together", sum(share for _, _, share in self.shares), 0.0, 0.99)

    def take_root(self, X: Stored) -> Vectors:
        """Return the square-rooted vectors, or the vectors themselves, in float32."""
        if not self.root:
            return X.astype(np.float32, copy=False)
        if X.dtype in COUNTS:  # looked up
            roots: Vectors = ROOTS[X]
            return roots
        root: Vectors = np.abs(X)  # the one copy: the vectors of a training run are gigabytes
        np.sqrt(root, out=root)
        np.copysign(root, X, out=root)
        return root

    def fit(self, rooted: Vectors) -> SoftScaler:
        """Learn means and deviations of vectors that went through `rooted`, and lost their speaker's mean if wanted."""
        self.kept_ = (rooted != 0).mean(axis=0) >= self.rare
        kept = rooted[:, self.kept_]
        return self._set(kept.mean(axis=0), kept.std(axis=0))

    def fit_blocks(self, blocks: Iterator[Vectors]) -> SoftScaler:
        """Learn the same from one block of rows after the other."""
        rows, found, total, squares = 0, 0.0, 0.0, 0.0
        for rooted in blocks:
            rows, found = rows + len(rooted), found + (rooted != 0).sum(axis=0)
            total, squares = (
                total + rooted.sum(axis=0, dtype=float),
                squares + np.square(rooted).sum(axis=0, dtype=float),
            )
        self.kept_ = np.asarray(found / rows >= self.rare)
        mean = np.asarray(total / rows)[self.kept_]
        variance = np.asarray(squares / rows)[self.kept_] - mean**2
        return self._set(mean.astype(np.float32), np.sqrt(variance.clip(0)).astype(np.float32))

    def _set(self, mean: Float32[np.ndarray, " kept"], deviation: Float32[np.ndarray, " kept"]) -> SoftScaler:
        self.mean_, wide = mean, deviation + np.float32(self.soft)
        self.scale_ = 1 / np.where(wide > 0, wide, np.float32(1))
        if self.shares:
            self.scale_ *= self._share_out(np.square(deviation * self.scale_))
        return self

    def _share_out(self, squares: Float32[np.ndarray, " kept"]) -> Float32[np.ndarray, " kept"]:
        """Return what each dimension's scale is multiplied by, for the `shares`, from their mean squares."""
        place = np.flatnonzero(self.kept_)
        own = [(place >= first) & (place < last) for first, last, _ in self.shares]
        others = ~np.logical_or.reduce(own)
        factor, length, given = np.ones(len(place), np.float32), squares[others].sum(), 0.0
        for these, (_, _, share) in zip(own, self.shares, strict=True):
            if length > 0 and squares[these].sum() > 0:
                factor[these] = np.sqrt(share * length / squares[these].sum())
                given += share
        factor[others] = np.sqrt(1 - given)
        return factor

    def transform(self, rooted: Vectors) -> Float32[np.ndarray, "clips kept"]:
        """Return the scaled dimensions that were kept."""
        z = np.ascontiguousarray(rooted[:, self.kept_])  # the mask leaves columns first, and rows sum up differently
        z -= self.mean_
        z *= self.scale_
        return z


@dataclass(frozen=True)
class ScaledRows:
    """Training vectors as a classifier sees them, scaled when they are asked for: all at once would be gigabytes.

    Attributes
    ----------
    vectors : as they were stored
    scaler : fitted
    offsets, speaker : what is taken from the square root of each row: the row of `offsets` of its speaker; None for
        nothing
    """

    vectors: Stored
    scaler: SoftScaler
    offsets: Float32[np.ndarray, "speakers dims"] | None
    speaker: Int[np.ndarray, " clips"]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.vectors)

    @property
    def dims(self) -> int:
        """Numbers in a scaled row."""
        return int(self.scaler.kept_.sum())

    def __getitem__(self, rows: Int[np.ndarray, " some"] | slice) -> Float32[np.ndarray, "some kept"]:
        """Return some rows, scaled."""
        return self.scaler.transform(self.take_root(rows))

    def take_root(self, rows: Int[np.ndarray, " some"] | slice) -> Float32[np.ndarray, "some dims"]:
        """Return the square roots of some rows, less the offset of their speaker."""
        root = self.scaler.take_root(self.vectors[rows])
        if self.offsets is None:
            return root
        less: Float32[np.ndarray, "some dims"] = root - self.offsets[self.speaker[rows]]
        return less

    def blocks(self) -> Iterator[slice]:
        """Yield the rows in blocks of `BLOCK`."""
        for start in range(0, len(self), BLOCK):
            yield slice(start, min(start + BLOCK, len(self)))

    def fit_scaler(self) -> ScaledRows:
        """Fit the scaler to all rows."""
        self.scaler.fit_blocks(self.take_root(block) for block in self.blocks())
        return self
