"""Ridge regression with more training rows than fit a dual solution: in the primal, on a random projection.

Memory is that of the projected rows, and time grows with their number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from operator import add
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32

from emospike.readout.scaling import ScaledRows

WIDEST = 8192
"""Dimensions that are solved for; vectors with more are projected."""

BLOCK = 4096
"""Rows whose products are added at once."""

Targets = Float32[np.ndarray, "rows classes"]
Weights = Float32[np.ndarray, "dims classes"]
Gram = Float32[np.ndarray, "dims dims"]


@dataclass(frozen=True)
class Projection:
    """Count sketch (Charikar et al. 2002): every dimension is added, with a random sign, to one of fewer.

    Products of vectors are kept on average, with an error of 1 / sqrt(size) of their lengths.

    Attributes
    ----------
    dims, size : dimensions before and after; where there are not more than `size`, all stay as they are
    seed : of places and signs
    """

    dims: int
    size: int = WIDEST
    seed: int = 0

    @property
    def _matrix(self) -> Any:
        return make_matrix(self.dims, self.size, self.seed)

    def apply(self, rows: ScaledRows) -> Float32[np.ndarray, "rows size"]:
        """Return all rows, projected."""
        out = np.empty((len(rows), min(self.dims, self.size)), np.float32)
        for block in rows.blocks():
            out[block] = self.project(rows[block])
        return out

    def project(self, block: Float32[np.ndarray, "some dims"]) -> Float32[np.ndarray, "some size"]:
        """Return a block of rows, projected."""
        out: Float32[np.ndarray, "some size"] = (self._matrix.T @ block.T).T
        return out

    def unfold(self, weights: Float32[np.ndarray, "size classes"]) -> Weights:
        """Return the weights of vectors that are not projected, whose products with these are the same."""
        out: Weights = self._matrix @ weights
        return out


@lru_cache(maxsize=8)
def make_matrix(dims: int, size: int, seed: int) -> Any:
    """Return the sparse matrix of a projection, with as many rows as dimensions before."""
    from scipy.sparse import csr_array, eye_array

    if dims <= size:
        return eye_array(dims, dtype=np.float32, format="csr")
    rng = np.random.default_rng(seed)
    place, sign = rng.integers(0, size, dims), rng.choice(np.array([-1, 1], np.float32), dims)
    return csr_array((sign, (np.arange(dims), place)), shape=(dims, size))


@dataclass(frozen=True)
class Moments:
    """Sums over training rows x with targets y, each counted by its weight: all that ridge regression needs.

    Of the products x x^T only the lower triangle is kept.
    """

    gram: Gram
    cross: Weights
    rows: Float32[np.ndarray, " dims"]
    targets: Float32[np.ndarray, " classes"]
    count: float

    @classmethod
    def of(cls, X: Float32[np.ndarray, "rows dims"], Y: Targets, weights: Float32[np.ndarray, " rows"]) -> Moments:
        """Return the sums over these rows."""
        from scipy.linalg.blas import ssyrk

        gram = np.zeros((X.shape[1], X.shape[1]), np.float32, order="F")
        cross = np.zeros((X.shape[1], Y.shape[1]), np.float32)
        for start in range(0, len(X), BLOCK):
            block = slice(start, start + BLOCK)
            counted = X[block] * np.sqrt(weights[block])[:, None]
            gram = ssyrk(1.0, counted.T, beta=1.0, c=gram, overwrite_c=True, lower=True)
            cross += X[block].T @ (Y[block] * weights[block, None])
        return cls(gram, cross, weights @ X, weights @ Y, float(weights.sum()))

    def __add__(self, other: Moments) -> Moments:
        """Return the sums over the rows of both."""
        return self._combine(other, np.add)

    def __sub__(self, other: Moments) -> Moments:
        """Return the sums over these rows without others that are among them."""
        return self._combine(other, np.subtract)

    def _combine(self, other: Moments, how: Any) -> Moments:
        names = ("gram", "cross", "rows", "targets", "count")
        return Moments(*(how(getattr(self, name), getattr(other, name)) for name in names))

    def solve(self, penalty: float) -> tuple[Weights, Float32[np.ndarray, " classes"]]:
        """Return W and b of X W + b: W = (X^T X + penalty I)^-1 X^T (Y - b), b = mean Y."""
        bias = self.targets / np.float32(self.count)
        return _solve(self.gram.copy(order="F"), self.cross - np.outer(self.rows, bias), penalty), bias

    def solve_centred(self, penalty: float) -> tuple[Weights, Float32[np.ndarray, " classes"]]:
        """Return the same of rows about their own mean."""
        mean, target = self.rows / np.float32(self.count), self.targets / np.float32(self.count)
        gram = np.asfortranarray(self.gram - np.outer(self.rows, mean))
        weights = _solve(gram, self.cross - np.outer(self.rows, target), penalty)
        return weights, target - mean @ weights


def _solve(gram: Gram, cross: Weights, penalty: float) -> Weights:
    from scipy.linalg import cho_factor, cho_solve

    gram[np.diag_indices_from(gram)] += np.float32(penalty)
    out: Weights = cho_solve(cho_factor(gram, lower=True, overwrite_a=True), cross.astype(np.float32))
    return out


@dataclass(frozen=True)
class PrimalFit:
    """What a readout learns from many rows.

    Attributes
    ----------
    weights, bias : of all rows
    recorded_weights, recorded_bias : of the recorded rows alone
    held_out : the scores of each row by a fit without its fold; NaN where no fold tests it
    """

    weights: Weights
    bias: Float32[np.ndarray, " classes"]
    recorded_weights: Weights
    recorded_bias: Float32[np.ndarray, " classes"]
    held_out: Targets


def fit_primal(
    rows: ScaledRows,
    Y: Targets,
    folds: Sequence[tuple[Any, Any]],
    *,
    penalty: float,
    weights: Float32[np.ndarray, " rows"],
    recorded: Bool[np.ndarray, " rows"],
) -> PrimalFit:
    """Fit to all rows, and without each fold.

    Rows that a fold does not train are left out of it; those of different folds must not overlap. The products of rows,
    which cost most, are computed once: a fold's are taken from the sum over all.
    """
    projection = Projection(rows.dims)
    X = projection.apply(rows)
    every = np.arange(len(rows))
    out = np.full(Y.shape, np.nan, np.float32)
    parts = [np.setdiff1d(every, train) for train, _ in folds]
    rest = np.setdiff1d(every, np.concatenate(parts) if parts else [])
    sums = [Moments.of(X[own], Y[own], weights[own]) for own in (*parts, rest)]
    total = reduce(add, sums)
    for (_, test), without in zip(folds, sums, strict=False):
        fitted, bias = (total - without).solve(penalty)
        out[test] = X[test] @ fitted + bias
    fitted, bias = total.solve(penalty)
    if recorded.all():
        own_weights, own_bias = fitted, bias
    else:
        own_weights, own_bias = Moments.of(X[recorded], Y[recorded], weights[recorded]).solve_centred(penalty)
    return PrimalFit(projection.unfold(fitted), bias, projection.unfold(own_weights), own_bias, out)
