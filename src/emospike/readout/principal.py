"""From state vectors to few numbers a clip, in which distances compare classes: whitened principal components."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Float64, Int

from emospike.validation import InputError

MOST_CLIPS = 2500
"""Components are learned from at most so many clips: the products of all pairs grow with their square."""

SHRINK = 0.1
"""Share of a round scatter in the scatter within classes, which some hundred clips give only roughly."""

NOISE = 30 * float(np.finfo(np.float32).eps)
"""Share of the largest eigenvalue below which float32 products say nothing: they are off by less than one eps."""


def principal_components(
    X: Float32[np.ndarray, "clips dims"], components: int, soft: float, seed: int
) -> tuple[Float32[np.ndarray, "dims components"], Float32[np.ndarray, " components"]]:
    """Return basis B and offset b, so that the whitened components of a vector are z = x B - b.

    With the soft z-scores Z = (X - mean) / (deviation + soft) and the eigenvectors V, eigenvalues L of Z Z^T (clips
    by clips: far smaller than dims by dims), B = Z^T V sqrt(n) / L, which gives every component mean 0 and deviation 1.

    At most half as many components as clips are kept: the last ones are noise, which whitening would blow up.
    Components that rounding cannot be told from (`NOISE`) are left out. There is always one, because the mean is
    taken off; its computed eigenvalue may even be negative.

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
    real = values > values[-1] * NOISE
    if not real.any():
        raise InputError("the state vectors of all clips are equal: check that the network is not silent")
    values, vectors = values[real][::-1], vectors[:, real][:, ::-1]
    basis = (Z.T @ (vectors * (np.sqrt(n) / values)).astype(np.float32)) * scale[:, None]
    return basis, mean @ basis


def whitening_within(
    z: Float64[np.ndarray, "clips components"],
    number: Int[np.ndarray, " clips"],
    weights: Float64[np.ndarray, " clips"],
) -> Float64[np.ndarray, "components components"]:
    """Return the symmetric matrix M for which the clips of z M scatter about their class means alike in all directions.

        M = ((1 - s) S + s mean(eigenvalues of S) I)^(-1/2),    S = weighted covariance within classes, s = `SHRINK`

    Distances in z M weigh a direction by how well it tells classes apart; those in z itself would not, because
    whitening all clips together shrinks the very directions in which the classes differ.
    """
    member = (number[:, None] == np.unique(number)) * weights[:, None]
    means = member.T @ z / np.maximum(member.sum(axis=0), np.finfo(float).tiny)[:, None]
    off = z - means[np.unique(number, return_inverse=True)[1]]
    values, vectors = np.linalg.eigh((off * weights[:, None]).T @ off / weights.sum())
    if values.mean() <= 0:
        return np.eye(len(values))  # one clip a class: nothing is known of the scatter
    shrunk = (1 - SHRINK) * values + SHRINK * values.mean()
    out: Float64[np.ndarray, "components components"] = vectors / np.sqrt(shrunk) @ vectors.T
    return out
