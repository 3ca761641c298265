"""How prototypes find their places: k-means within a class, then gradient descent on the cross-entropy."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64, Int

Points = Float64[np.ndarray, "clips components"]
Prototypes = Float64[np.ndarray, "prototypes components"]
Numbers = Int[np.ndarray, " clips"]
Owners = Int[np.ndarray, " prototypes"]
Masses = Float64[np.ndarray, " prototypes"]


def clusters(
    z: Points, weights: Float64[np.ndarray, " clips"], count: int, rng: np.random.Generator
) -> tuple[Prototypes, Masses]:
    """Return the weighted centres of at most `count` clusters (k-means++), and the weight of the clips of each.

    SciPy's k-means runs in one thread, so that a seed gives the same bits every time. It knows no weights: they count
    in the centres, not in the borders. Clusters without weight are left out.
    """
    from scipy.cluster.vq import kmeans2

    count = min(count, len(np.unique(z, axis=0)))
    nearest = kmeans2(z, count, minit="++", seed=rng)[1] if count > 1 else np.zeros(len(z), np.int64)
    member = (nearest[:, None] == np.arange(count)) * weights[:, None]
    mass = member.sum(axis=0)
    member, mass = member[:, mass > 0], mass[mass > 0]
    return member.T @ z / mass[:, None], mass


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

        E(p, T) + sum_j pull_j |p_j - start_j|^2 / T

    from `start` and `temperature`. Only `free` prototypes move, and T only if `warm`. The pull is divided by T, as
    the distances in E are: else T would shrink without end on clips that can be told apart.
    """
    from scipy.optimize import minimize

    own = number[:, None] == owner

    def loss(x: Float64[np.ndarray, " unknowns"]) -> tuple[float, Float64[np.ndarray, " unknowns"]]:
        points, T = unpack(x)
        value, toward, warmer = cross_entropy(z, own, importance, points, T)
        away = pull[:, None] * (points - start) / T
        held = float((away * (points - start)).sum())
        return value + held, np.append((warmer - held) * warm, (toward + 2 * away)[free].ravel())

    def unpack(x: Float64[np.ndarray, " unknowns"]) -> tuple[Prototypes, float]:
        points = start.copy()
        points[free] = x[1:].reshape(-1, z.shape[1])
        return points, float(temperature * np.exp(x[0]))

    first = np.append(0.0, start[free].ravel())
    return unpack(minimize(loss, first, jac=True, method="L-BFGS-B", options={"maxiter": iterations}).x)
