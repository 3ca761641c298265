"""Adapting to labelled clips, as far as these clips themselves say that it helps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy

import numpy as np
from jaxtyping import Float, Float32, Shaped

from emospike.readout.contract import IncrementalClassifier

Vectors = Float32[np.ndarray, "clips dims"]
Labels = Shaped[np.ndarray, " clips"]

FOLDS = 5
"""Parts of the clips that are held out in turn, at most."""


def choose_learner(
    learners: Sequence[IncrementalClassifier],
    X: Vectors,
    learnt: Labels,
    labels: Labels,
    measure: Callable[[IncrementalClassifier, Vectors, Labels], Float[np.ndarray, " clips"]],
) -> IncrementalClassifier | None:
    """Return which classifier should learn the clips, or None if none of them should.

    Every label's clips are dealt into folds. What each classifier says of a fold is measured before and after it has
    learnt the others: ln p of the clips' labels. The one that gains most is chosen, none if nobody gains; the first if
    a label has only one clip, as nothing can be held out then.

    Parameters
    ----------
    learnt, labels : the class that is learnt of each clip, and the label that it stands for
    measure : ln p of each clip's label, by a classifier
    """
    folds = _deal_folds(labels)
    if not folds.any():
        return learners[0]
    gains = np.zeros(len(learners))
    for fold in np.unique(folds):
        out, rest = folds == fold, folds != fold
        for i, learner in enumerate(learners):
            after = deepcopy(learner).partial_fit(X[rest], learnt[rest])
            gains[i] += np.sum(measure(after, X[out], labels[out]) - measure(learner, X[out], labels[out]))
    best = int(gains.argmax())
    return learners[best] if gains[best] > 0 else None


def _deal_folds(labels: Labels) -> Shaped[np.ndarray, " clips"]:
    """Return the fold of each clip; all are in the same if a label has only one."""
    names, counts = np.unique(labels, return_counts=True)
    folds = np.zeros(len(labels), int)
    for name in names:
        own = np.flatnonzero(labels == name)
        folds[own] = np.arange(len(own)) % min(FOLDS, counts.min())
    return folds
