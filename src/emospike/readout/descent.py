"""How prototypes find their places: k-means within a class, then gradient descent on the cross-entropy."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64, Int

HOLD = 0.05
"""Weight of the squared change of log T."""

Points = Float64[np.ndarray, "clips components"]
Prototypes = Float64[np.ndarray, "prototypes components"]
Numbers = Int[np.ndarray, " clips"]
Owners = Int[np.ndarray, " prototypes"]
Masses = Float64[np.ndarray, " prototypes"]


def clusters(
    z: Points, weights: Float64[np.ndarray, " clips"], count: int, rng: np.random.Generator
) -> tuple[Prototypes, Masses]:
    """Return the centres of at most `count` clusters (k-means++), and the weight of the clips of each.

    One thread only: several would add up the centres in any order, and a seed would not give the same bits.
    """
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    z, weights = z[weights > 0], weights[weights > 0]
    kmeans = KMeans(min(count, len(np.unique(z, axis=0))), n_init=1, random_state=int(rng.integers(2**31)))
    with threadpool_limits(1):
        nearest = kmeans.fit(z, sample_weight=weights).labels_
    member = (nearest[:, None] == np.unique(nearest)) * weights[:, None]
    return member.T @ z / member.sum(axis=0)[:, None], member.sum(axis=0)


def nearest_own(z: Points, number: Numbers, points: Prototypes, owner: Owners) -> Int[np.ndarray, " clips"]:
    """Return the index of the prototype that is nearest to each clip among those of its own class."""
    own = np.where(number[:, None] == owner, squared_distances(z, points), np.inf)
    nearest: Int[np.ndarray, " clips"] = own.argmin(axis=1)
    return nearest


def squared_distances(z: Points, points: Prototypes) -> Float64[np.ndarray, "clips prototypes"]:
    """Return |z_i - p_j|^2."""
    out: Float64[np.ndarray, "clips prototypes"] = (
        (z**2).sum(axis=1)[:, None] + (points**2).sum(axis=1) - 2 * z @ points.T
    )
    return out


def cross_entropy(
    z: Points,
    own: Bool[np.ndarray, "clips prototypes"],
    importance: Float64[np.ndarray, " clips"],
    points: Prototypes,
    temperature: float,
) -> tuple[float, Prototypes, float]:
    """Return the cross-entropy and its slopes along the prototypes and along log T.

        E = sum_i w_i (log sum_j e^l_ij - log sum_{j of y_i} e^l_ij),    l_ij = -|z_i - p_j|^2 / T

    `own` tells which prototypes are of a clip's class, `importance` (w) sums to 1.
    """
    from scipy.special import logsumexp

    logits = -squared_distances(z, points) / temperature
    own_logits = np.where(own, logits, -np.inf)
    log_all, log_own = logsumexp(logits, axis=1, keepdims=True), logsumexp(own_logits, axis=1, keepdims=True)
    slope = (np.exp(logits - log_all) - np.exp(own_logits - log_own)) * importance[:, None]
    toward = 2 / temperature * (slope.T @ z - slope.sum(axis=0)[:, None] * points)
    return float(importance @ (log_all - log_own)[:, 0]), toward, float(-(slope * logits).sum())


def descend(
    z: Points,
    number: Numbers,
    importance: Float64[np.ndarray, " clips"],
    *,
    start: Prototypes,
    owner: Owners,
    pull: Masses,
    free: Bool[np.ndarray, " prototypes"],
    temperature: float,
    warm: bool,
    iterations: int,
) -> tuple[Prototypes, float]:
    """Return prototypes and temperature after at most `iterations` steps of L-BFGS on

        E(p, T) + sum_j pull_j |p_j - start_j|^2 / T + HOLD (log T / T_0)^2

    from `start` and T_0 = `temperature`. Only `free` prototypes move, and T only if `warm`. The last term is there for
    training clips that can all be told apart: on them E falls without end as T does.
    """
    from scipy.optimize import minimize
    from threadpoolctl import threadpool_limits

    own = number[:, None] == owner

    def loss(x: Float64[np.ndarray, " unknowns"]) -> tuple[float, Float64[np.ndarray, " unknowns"]]:
        points, T = unpack(x)
        value, toward, warmer = cross_entropy(z, own, importance, points, T)
        away = pull[:, None] * (points - start) / T
        held = float((away * (points - start)).sum())
        warmth = (warmer - held + 2 * HOLD * x[0]) * warm
        return value + held + HOLD * x[0] ** 2, np.append(warmth, (toward + 2 * away)[free].ravel())

    def unpack(x: Float64[np.ndarray, " unknowns"]) -> tuple[Prototypes, float]:
        points = start.copy()
        points[free] = x[1:].reshape(-1, z.shape[1])
        return points, float(temperature * np.exp(x[0]))

    first = np.append(0.0, start[free].ravel())
    # The products are small: on a busy machine, threads wait for each other far longer than they compute.
    with threadpool_limits(1):
        return unpack(minimize(loss, first, jac=True, method="L-BFGS-B", options={"maxiter": iterations}).x)
