"""Linear heads in closed form: ridge regression from what a head reads to its targets, at once or later on.

Not scikit-learn's `Ridge`: its sums are in the precision of X, and its weights differ by up to 1e-8 from those shipped.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32

Rows = Float32[np.ndarray, "clips width"]
Targets = Float32[np.ndarray, "clips classes"]
LinearHead = tuple[Float32[np.ndarray, "_ width"], Float32[np.ndarray, " _"]]
"""Weights (classes, width) and bias (classes)."""


def fit_ridge(X: Rows, Y: Targets, penalty: float, weight: Float32[np.ndarray, " clips"] | None = None) -> LinearHead:
    """Return weights and bias that solve min |X W + b - Y|^2 + penalty |W|^2.

    `weight` counts a clip more or less than once; b is not penalised.

    >>> weights, bias = fit_ridge(np.array([[0.0], [2.0]], np.float32), np.array([[1.0], [5.0]], np.float32), 1e-6)
    >>> weights.round(3).tolist(), bias.round(3).tolist()
    ([[2.0]], [1.0])
    """
    own = np.ones(len(X)) if weight is None else weight.astype(float)
    middle, mean = np.average(X, axis=0, weights=own), np.average(Y, axis=0, weights=own)
    centred = (X - middle).astype(float)
    gram = centred.T @ (centred * own[:, None])
    gram.flat[:: len(gram) + 1] += penalty
    W = np.linalg.solve(gram, centred.T @ ((Y - mean) * own[:, None]))
    return W.T.astype(np.float32), (mean - middle @ W).astype(np.float32)


def refit_ridge(
    old: LinearHead, X: Rows, Y: Targets, penalty: float, weight: Float32[np.ndarray, " clips"]
) -> LinearHead:
    """Return a head that says Y of X and stays as near to the old one as it can; classes that are new begin at 0."""
    weights, bias = (
        np.concatenate([one, np.zeros((Y.shape[1] - len(one), *one.shape[1:]), np.float32)]) for one in old
    )
    more = fit_ridge(X, (Y - X @ weights.T - bias).astype(np.float32), penalty, weight)
    return weights + more[0], bias + more[1]
