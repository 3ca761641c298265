"""Selective prediction: calibrated probabilities, and "don't know" below a threshold."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float, Float32, Shaped

from emospike.validation import InputError, within

Scores = Float32[np.ndarray, "clips classes"]
Probabilities = Float[np.ndarray, "clips classes"]
Labels = Shaped[np.ndarray, " clips"]


SHARPEST = 12.0
"""Logits change by at most so much for one standard deviation of the scores."""


@dataclass
class Calibration:
    """Turns scores into probabilities by one temperature and one bias a class.

        p_k = softmax_k(s_k / T + b_k)

    T and b minimise the cross-entropy of scores of training speakers that the readout had not seen (Guo et al.
    2017: temperature scaling, with biases so that each class is predicted as often as it occurs). A weak quadratic
    penalty on b keeps rare classes finite, and 1 / T is at most `SHARPEST`, in units of the spread of s, so that
    scores that part the classes without an error do not pass for certainty.

    Attributes
    ----------
    penalty : weight of the squared biases, per clip
    """

    penalty: float = 1e-3
    temperature_: float = field(default=1.0, init=False, compare=False)
    bias_: Float[np.ndarray, " classes"] = field(init=False, repr=False, compare=False)

    def fit(self, scores: Scores, y: Labels, classes: Shaped[np.ndarray, " classes"]) -> Calibration:
        """Fit to held-out scores of clips with labels `y`."""
        from scipy.optimize import minimize

        target = (y[:, None] == classes).astype(float)
        centred = scores.astype(float) - scores.mean(axis=1, keepdims=True)
        unit = centred.std() or 1.0

        def loss(x: Any) -> tuple[float, Any]:
            logits = np.exp(x[0]) * centred / unit + x[1:]
            log_p = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
            error = (np.exp(log_p) - target) / len(y)
            slope = (error * np.exp(x[0]) * centred / unit).sum()
            value = -(target * log_p).sum() / len(y) + self.penalty * (x[1:] ** 2).sum()
            return value, np.concatenate([[slope], error.sum(axis=0) + 2 * self.penalty * x[1:]])

        bounds = [(None, np.log(SHARPEST)), *[(None, None)] * len(classes)]
        best = minimize(loss, np.zeros(1 + len(classes)), jac=True, method="L-BFGS-B", bounds=bounds).x
        self.temperature_, self.bias_ = float(unit / np.exp(best[0])), best[1:]
        return self

    def probabilities(self, scores: Scores) -> Probabilities:
        """Return the calibrated probability of each class."""
        logits = (scores - scores.mean(axis=1, keepdims=True)) / self.temperature_ + self.bias_
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        out: Probabilities = odds / odds.sum(axis=1, keepdims=True)
        return out

    def extend(self, before: list[str], after: list[str]) -> None:
        """Make room for classes that were learnt later; they take the mean bias of the old ones."""
        bias = np.full(len(after), self.bias_.mean())
        bias[[after.index(name) for name in before]] = self.bias_
        self.bias_ = bias


def threshold_for(probabilities: Probabilities, coverage: float) -> float:
    """Return the confidence that a share `coverage` of the clips reaches.

    >>> threshold_for(np.array([[0.9, 0.1], [0.6, 0.4], [0.3, 0.7], [0.45, 0.55]]), coverage=0.5)
    0.7
    """
    within("coverage", coverage, 0, 1)
    confidence = np.sort(probabilities.max(axis=1))[::-1]
    return float(confidence[max(round(coverage * len(confidence)) - 1, 0)])


def coverage_curve(probabilities: Probabilities, correct: Shaped[np.ndarray, " clips"]) -> list[dict[str, float]]:
    """Return coverage and accuracy of the answered clips for thresholds from 0 to 1 in steps of 0.05.

    A threshold that leaves no clip is not listed.
    """
    confidence, rows = probabilities.max(axis=1), []
    for threshold in np.arange(21) / 20:
        answered = confidence >= threshold
        if answered.any():
            rows.append(
                {
                    "threshold": round(float(threshold), 2),
                    "coverage": float(answered.mean()),
                    "accuracy": float(correct[answered].mean()),
                }
            )
    return rows


def accuracy_at(
    probabilities: Probabilities, correct: Shaped[np.ndarray, " clips"], coverage: float
) -> tuple[float, float]:
    """Return threshold and accuracy of the most confident share `coverage` of the clips."""
    if len(correct) == 0:
        raise InputError("no clip to measure coverage on")
    threshold = threshold_for(probabilities, coverage)
    return threshold, float(correct[probabilities.max(axis=1) >= threshold].mean())
