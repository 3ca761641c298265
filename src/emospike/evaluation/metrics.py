"""How good decisions are: accuracy and its uncertainty, recall of each class, confusion; and how good numbers are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from emospike.readout.calibration import Probabilities, threshold_for
from emospike.readout.contract import Labels
from emospike.validation import InputError

Correct = Bool[np.ndarray, " clips"]
"""Which clips were decided rightly."""

Numbers = Float[np.ndarray, " clips"]
"""Numbers on a scale, as they were told or predicted."""


def accuracy(truth: Labels, decided: Labels) -> float:
    """Return the share of clips that were decided rightly."""
    return float((truth == decided).mean())


def recalls(truth: Labels, decided: Labels) -> dict[str, float]:
    """Return, for each class that occurs, the share of its clips that were recognised.

    >>> recalls(np.array(["low", "low", "high"]), np.array(["low", "high", "high"]))
    {'high': 1.0, 'low': 0.5}
    """
    from sklearn.metrics import recall_score

    classes = np.unique(truth)
    found = recall_score(truth, decided, labels=classes, average=None, zero_division=0)
    return {str(name): float(recall) for name, recall in zip(classes, found, strict=True)}


def balanced_accuracy(truth: Labels, decided: Labels) -> float:
    """Return the mean recall of the classes that occur (unweighted average recall, UAR)."""
    return float(np.mean(list(recalls(truth, decided).values())))


def macro_f1(truth: Labels, decided: Labels) -> float:
    """Return the mean over classes of the harmonic mean of recall and precision.

    >>> round(macro_f1(np.array(["low", "low", "high"]), np.array(["low", "high", "high"])), 3)
    0.667
    """
    from sklearn.metrics import f1_score

    return float(f1_score(truth, decided, average="macro", zero_division=0))


def majority(truth: Labels) -> float:
    """Return the accuracy of always naming the most frequent class."""
    return float(np.unique(truth, return_counts=True)[1].max() / len(truth))


def confusion(truth: Labels, decided: Labels, classes: Sequence[str]) -> list[list[int]]:
    """Return how many clips of each class (row) were taken for each class (column)."""
    from sklearn.metrics import confusion_matrix

    counts: list[list[int]] = confusion_matrix(truth, decided, labels=list(classes)).tolist()
    return counts


def interval(correct: Correct, groups: Labels, recordings: int | None = None) -> tuple[float, float]:
    """Return the 95 % interval of the accuracy over groups of clips that stand or fall together.

    Clips of one speaker are alike, so the speakers are what was sampled, not the clips. Student's interval is

        A ± t s,   t = t(0.975, G - 1),   s² = G / (G - 1) * sum_g (c_g - A n_g)² / N²

    with c_g correct of the n_g clips of group g of G, N clips in all and A their accuracy. With groups of equal
    size this is Student's interval of the mean over groups. Cut to 0 and 1.

    Where groups do not differ (all right, say) s is 0, which does not mean that A is exact; and where each clip is
    its own group, as for a single speaker, A is a plain share. Both get Wilson's interval with t in the place of
    the normal quantile, over N clips, or over `recordings` where one was tested several times:

        (A + t²/2N ± sqrt(t²/N A (1 - A) + t⁴/4N²)) / (1 + t²/N)

    A single group says nothing about others: its interval is all of 0 to 1.

    >>> interval(np.array([True, True, False, True]), np.array(["a", "a", "b", "b"]))
    (0.0, 1.0)
    >>> np.round(interval(np.full(24, True), np.repeat(["a", "b", "c", "d"], 6)), 3).tolist()
    [0.703, 1.0]

    Source: the linearised variance of a ratio over clusters (Cochran 1977, Sampling Techniques, chapter 6); Wilson
    1927, with the quantile of so few groups as Korn and Graubard 1998 (Survey Methodology 24:193) adjust for them.
    """
    from scipy.stats import t

    method, N, A = interval_method(correct, groups), len(correct), float(correct.mean())
    if method == "none":
        return 0.0, 1.0
    quantile = float(t.ppf(0.975, len(np.unique(groups)) - 1))
    if method == "Student":
        reach = quantile * standard_error(correct, groups)
        return max(0.0, A - reach), min(1.0, A + reach)
    share = quantile**2 / (recordings or N)
    reach = float(np.sqrt(share * A * (1 - A) + share**2 / 4))
    return max(0.0, (A + share / 2 - reach) / (1 + share)), min(1.0, (A + share / 2 + reach) / (1 + share))


def interval_method(correct: Correct, groups: Labels) -> str:
    """Return whose interval `interval` gives: ``"Student"``, ``"Wilson"``, or ``"none"`` for a single group."""
    count = len(np.unique(groups))
    if count < 2:
        return "none"
    return "Wilson" if count == len(correct) or standard_error(correct, groups) < 1e-9 else "Student"


def standard_error(correct: Correct | Int[np.ndarray, " clips"] | Float[np.ndarray, " clips"], groups: Labels) -> float:
    """Return the standard error s of the accuracy, or of another mean, over two groups or more (see `interval`)."""
    names, group = np.unique(groups, return_inverse=True)
    surplus = np.bincount(group, correct - correct.mean())
    return float(np.sqrt(len(names) / (len(names) - 1) * (surplus**2).sum()) / len(correct))


def gain(
    before: Correct,
    after: Correct,
    groups: Labels,
    recordings: int | None = None,
) -> dict[str, Any]:
    """Return what deciding the same clips otherwise gains, in points (0.01 of accuracy), with its 95 % interval.

    Paired: each clip counts 1 where only the second decision is right, -1 where only the first is, else 0. The
    interval of the mean D is Student's over groups, as in `interval` with these numbers in the place of c. Where groups
    do not differ, or each clip is its own, it is that of Agresti and Min with t for the normal quantile,

        D' ± t sqrt(b + c + 1 - (b - c)² / (N + 2)) / (N + 2),    D' = (b - c) / (N + 2)

    with b clips gained and c lost of N, or of `recordings` where one was tested several times. A single group says
    nothing about others: its interval is all of -100 to 100.

    >>> right = np.array([True, False, True, True])
    >>> gain(right, ~right, np.array(["a", "a", "b", "b"]))["points"]
    -50.0

    Source: Agresti and Min 2005, Statistics in Medicine 24:729 (half a clip added to each cell).
    """
    from scipy.stats import t

    change = after.astype(int) - before
    names, N = len(np.unique(groups)), recordings or len(change)
    found: dict[str, Any] = {"points": 100 * float(change.mean()), "ci95": [-100.0, 100.0], "ci95_method": "none"}
    if names < 2:
        return found
    quantile, error = float(t.ppf(0.975, names - 1)), standard_error(change, groups)
    centre, method = float(change.mean()), "Student"
    if names == len(change) or error < 1e-9:
        won, lost = N * (change > 0).mean(), N * (change < 0).mean()
        centre, method = float((won - lost) / (N + 2)), "Agresti-Min"
        error = float(np.sqrt(won + lost + 1 - (won - lost) ** 2 / (N + 2)) / (N + 2))
    reach = quantile * error
    ci95 = [100 * max(-1.0, centre - reach), 100 * min(1.0, centre + reach)]
    return found | {"ci95": ci95, "ci95_method": method}


def calibration_error(confidence: Float[np.ndarray, " clips"], correct: Correct, bins: int = 10) -> float:
    """Return the expected calibration error of the top confidences:

        ECE = sum_b n_b / N |accuracy_b - mean confidence_b|,   over equal bins (0, 0.1], ..., (0.9, 1]

    All clips count, answered or not.

    >>> round(calibration_error(np.array([0.95, 0.95, 0.65, 0.65]), np.array([True, True, True, False])), 3)
    0.1

    Source: Naeini, Cooper and Hauskrecht 2015, AAAI; Guo et al. 2017, ICML.
    """
    group = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    surplus = np.bincount(group, confidence - correct, minlength=bins)
    return float(np.abs(surplus).sum() / len(confidence))


def coverage_curve(probabilities: Probabilities, correct: Correct) -> list[dict[str, float]]:
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


def accuracy_at(probabilities: Probabilities, correct: Correct, coverage: float) -> tuple[float, float]:
    """Return threshold and accuracy of the most confident share `coverage` of the clips."""
    if len(correct) == 0:
        raise InputError("no clip to measure coverage on")
    threshold = threshold_for(probabilities, coverage)
    return threshold, float(correct[probabilities.max(axis=1) >= threshold].mean())


# -- numbers instead of classes ------------------------------------------------------------------------------------


def concordance(truth: Numbers, predicted: Numbers) -> float:
    """Return the concordance correlation coefficient, 1 where all predictions are exact, 0 where they tell nothing:

        CCC = 2 s_xy / (s_x² + s_y² + (mean x - mean y)²)

    with variances and covariance over the N clips (divided by N). Unlike Pearson's correlation it falls where
    predictions lie too high, or vary too little. Where both are the same constant, it is 1.

    >>> round(concordance(np.array([1.0, 2.0, 3.0]), np.array([2.0, 3.0, 4.0])), 4)  # 2 (2/3) / (2/3 + 2/3 + 1)
    0.5714

    Source: Lin 1989, Biometrics 45:255.
    """
    apart = np.mean((truth - truth.mean()) * (predicted - predicted.mean()))
    spread = truth.var() + predicted.var() + (truth.mean() - predicted.mean()) ** 2
    return 1.0 if spread == 0 else float(2 * apart / spread)


def pearson(truth: Numbers, predicted: Numbers) -> float | None:
    """Return Pearson's correlation; None where one of both is constant."""
    if np.ptp(truth) == 0 or np.ptp(predicted) == 0:
        return None
    return float(np.corrcoef(truth, predicted)[0, 1])


def root_mean_squared_error(truth: Numbers, predicted: Numbers) -> float:
    """Return the root mean squared error, in the unit of the numbers."""
    return float(np.sqrt(np.mean(np.square(truth - predicted))))


def correlation_interval(
    measure: Callable[[Numbers, Numbers], float], truth: Numbers, predicted: Numbers, groups: Labels
) -> tuple[float, float] | None:
    """Return the 95 % interval of a measure within -1 to 1 over groups of clips, the speakers; None for fewer than 3.

    The jackknife leaves out one group after the other, on Fisher's scale, where the measure is nearly normal:

        z = artanh(measure),   z ± t s,   t = t(0.975, G - 1),   s² = (G - 1) / G * sum_g (z_g - mean z_g)²

    with z_g that of all clips but those of group g of G. What comes of it is taken back by tanh.

    >>> rng = np.random.default_rng(0)
    >>> x, who = rng.normal(size=400), np.repeat(np.arange(20).astype(str), 20)
    >>> np.round(correlation_interval(concordance, x, 0.5 * x + rng.normal(0, 0.3, 400), who), 3).tolist()
    [0.738, 0.797]

    Source: Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapter 11; Lin 1989 for the scale.
    """
    from scipy.stats import t

    names = np.unique(groups)
    if len(names) < 3:
        return None
    limit = 1 - 1e-12  # an exact agreement lies at infinity
    parts = [groups != name for name in names]
    left_out = np.arctanh(np.clip([measure(truth[part], predicted[part]) for part in parts], -limit, limit))
    error = np.sqrt((len(names) - 1) * left_out.var())
    reach = float(t.ppf(0.975, len(names) - 1)) * error
    middle = np.arctanh(np.clip(measure(truth, predicted), -limit, limit))
    return float(np.tanh(middle - reach)), float(np.tanh(middle + reach))
