"""How good decisions are: accuracy and its uncertainty, recall of each class, confusion."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Shaped

Labels = Shaped[np.ndarray, " clips"]


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


def majority(truth: Labels) -> float:
    """Return the accuracy of always naming the most frequent class."""
    return float(np.unique(truth, return_counts=True)[1].max() / len(truth))


def confusion(truth: Labels, decided: Labels, classes: Sequence[str]) -> list[list[int]]:
    """Return how many clips of each class (row) were taken for each class (column)."""
    from sklearn.metrics import confusion_matrix

    counts: list[list[int]] = confusion_matrix(truth, decided, labels=list(classes)).tolist()
    return counts


def interval(correct: Bool[np.ndarray, " clips"], groups: Labels) -> tuple[float, float]:
    """Return the 95 % interval of the accuracy over groups of clips that stand or fall together.

    Clips of one speaker are alike, so the speakers are what was sampled, not the clips:

        A ± t(0.975, G - 1) * s,   s² = G / (G - 1) * sum_g (c_g - A n_g)² / N²

    with c_g correct of the n_g clips of group g of G, N clips in all and A their accuracy. With groups of equal
    size this is Student's interval of the mean over groups. Cut to 0 and 1. A single group says nothing about
    others: its interval is all of 0 to 1.

    >>> interval(np.array([True, True, False, True]), np.array(["a", "a", "b", "b"]))
    (0.0, 1.0)

    Source: the linearised variance of a ratio over clusters (Cochran 1977, Sampling Techniques, chapter 6).
    """
    from scipy.stats import t

    names, group = np.unique(groups, return_inverse=True)
    count, mean = len(names), float(correct.mean())
    if count < 2:
        return 0.0, 1.0
    surplus = np.bincount(group, correct - mean)
    spread = np.sqrt(count / (count - 1) * (surplus**2).sum()) / len(correct)
    reach = float(t.ppf(0.975, count - 1) * spread)
    return max(0.0, mean - reach), min(1.0, mean + reach)
