"""Fusion of answers that several senses gave alone: the less certain an answer, the less it counts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

Probabilities = Float[np.ndarray, "clips classes"]


def entropy(probabilities: Probabilities) -> Float[np.ndarray, " clips"]:
    """Return how uncertain each answer is: Shannon's entropy in nats, 0 to the logarithm of the number of classes.

        H = -sum_k p_k ln p_k

    >>> entropy(np.array([[1.0, 0.0], [0.5, 0.5]])).round(3).tolist()
    [0.0, 0.693]
    """
    log_p = np.log(probabilities, out=np.zeros_like(probabilities), where=probabilities > 0)
    out: Float[np.ndarray, " clips"] = np.abs((probabilities * log_p).sum(axis=1))  # abs: no -0
    return out


def log_linear(answers: Sequence[Probabilities]) -> Probabilities:
    """Return the joint answer of several, weighted by their certainty; there is nothing to fit.

        p_k ~ prod_s p_sk^w_s,    w_s = exp(-H_s) / sum_r exp(-H_r)

    H_s is the entropy of the answer of sense s. The weights sum to one, so senses that agree get no more certain than
    the most certain of them.

    >>> sure, unsure = np.array([[0.9, 0.1]]), np.array([[0.4, 0.6]])
    >>> log_linear([sure, unsure]).round(3).tolist(), log_linear([sure, sure]).round(3).tolist()
    ([[0.754, 0.246]], [[0.9, 0.1]])

    Source: UDC-SNN (Ran et al. 2026, Sensors 26(9), 2859), whose abstract gives it in words: log-linear aggregation,
    parameter-free, with weights from entropies by an exponential decay; that the weights sum to one is ours.
    """
    weights = np.exp([-entropy(answer) for answer in answers])
    weights /= weights.sum(axis=0)
    log_p = sum(weight[:, None] * np.log(np.maximum(p, 1e-12)) for weight, p in zip(weights, answers, strict=True))
    odds = np.exp(log_p - np.max(log_p, axis=1, keepdims=True))
    fused: Probabilities = odds / odds.sum(axis=1, keepdims=True)
    return fused
