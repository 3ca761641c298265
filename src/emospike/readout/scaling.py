"""Scaling of state vectors before a readout."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float32

Vectors = Float32[np.ndarray, "clips dims"]


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
    """

    root: bool = True
    rare: float = 0.02
    soft: float = 0.15
    kept_: Bool[np.ndarray, " dims"] = field(init=False, repr=False, compare=False)
    mean_: Float32[np.ndarray, " kept"] = field(init=False, repr=False, compare=False)
    scale_: Float32[np.ndarray, " kept"] = field(init=False, repr=False, compare=False)

    def take_root(self, X: Vectors) -> Vectors:
        """Return the square-rooted vectors, or the vectors themselves."""
        if not self.root:
            return X
        root: Vectors = np.abs(X)  # the one copy: the vectors of a training run are gigabytes
        np.sqrt(root, out=root)
        np.copysign(root, X, out=root)
        return root

    def fit(self, rooted: Vectors) -> SoftScaler:
        """Learn means and deviations of vectors that went through `rooted`, and lost their speaker's mean if wanted."""
        self.kept_ = (rooted != 0).mean(axis=0) >= self.rare
        kept = rooted[:, self.kept_]
        self.mean_ = kept.mean(axis=0)
        deviation = kept.std(axis=0) + np.float32(self.soft)
        self.scale_ = 1 / np.where(deviation > 0, deviation, np.float32(1))
        return self

    def transform(self, rooted: Vectors) -> Float32[np.ndarray, "clips kept"]:
        """Return the scaled dimensions that were kept."""
        z = np.ascontiguousarray(rooted[:, self.kept_])  # the mask leaves columns first, and rows sum up differently
        z -= self.mean_
        z *= self.scale_
        return z
