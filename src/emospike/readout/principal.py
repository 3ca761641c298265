"""Whitened principal components of state vectors: few numbers a clip, all of the same size."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32

from emospike.validation import InputError

MOST_CLIPS = 2500
"""Components are learned from at most so many clips: the products of all pairs grow with their square."""


def principal_components(
    X: Float32[np.ndarray, "clips dims"], components: int, soft: float, seed: int
) -> tuple[Float32[np.ndarray, "dims components"], Float32[np.ndarray, " components"]]:
    """Return basis B and offset b, so that the whitened components of a vector are z = x B - b.

    With the soft z-scores Z = (X - mean) / (deviation + soft) and the eigenvectors V, eigenvalues L of Z Z^T (clips
    by clips: far smaller than dims by dims), B = Z^T V sqrt(n) / L, which gives every component mean 0 and deviation 1.

    At most half as many components as clips are kept: the last ones are noise, which whitening would blow up.
    Components that float32 cannot tell from zero are left out: there is always one, because the mean is taken off,
    and its computed eigenvalue may even be negative.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(3, [5, 1, 1, 0], (400, 4)).astype(np.float32)
    >>> B, b = principal_components(X, components=4, soft=0.0, seed=0)
    >>> (X @ B - b).std(axis=0).round(3).tolist()
    [1.0, 1.0, 1.0]
    """
    from scipy.linalg import eigh

    rows = X
    if len(X) > MOST_CLIPS:
        rows = X[np.sort(np.random.default_rng(seed).choice(len(X), MOST_CLIPS, replace=False))]
    mean, deviation = rows.mean(axis=0), rows.std(axis=0) + np.float32(soft)
    scale = np.divide(1, deviation, out=np.zeros_like(deviation), where=deviation > 0)
    Z = (rows - mean) * scale
    n = len(Z)
    wanted = min(components, max(n // 2, 1))
    values, vectors = eigh((Z @ Z.T).astype(np.float64), subset_by_index=(n - wanted, n - 1))
    real = values > values[-1] * (max(Z.shape) * np.finfo(np.float32).eps) ** 2
    if not real.any():
        raise InputError("the state vectors of all clips are equal: check that the network is not silent")
    values, vectors = values[real][::-1], vectors[:, real][:, ::-1]
    basis = (Z.T @ (vectors * (np.sqrt(n) / values)).astype(np.float32)) * scale[:, None]
    return basis, mean @ basis
