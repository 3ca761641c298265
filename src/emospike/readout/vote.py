"""Vote: the readout of Diehl & Cook, in which every neuron stands for the class that it fired most for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float32, Int64, Shaped

from emospike.readout.contract import Labels, Scores, Vectors, Weights, at_least_two, check_vectors, class_numbers


@dataclass
class Vote:
    """Label neurons by training clips, then let them vote.

        owner_n = argmax_c mean over clips of c of x_n,        score_c = mean over neurons owned by c of x_n

    A neuron that tells no class from another, as one that never fired, has no vote. A class that owns no neuron scores
    as the least of the others does. X may have been shifted and scaled, by the same factor for all neurons, as
    `SoftScaler(root=False, rare=0, soft=1000)` does in effect: neurons that fire for everything then do not vote for
    everything.

    Source
    ------
    Diehl & Cook 2015, section 2.5; Mansouri-Benssassi & Ye 2019: "a class label for the most spiked neurons".
    """

    classes_: Shaped[np.ndarray, " classes"] = field(init=False, repr=False, compare=False)
    sums_: Float32[np.ndarray, "classes dims"] = field(init=False, repr=False, compare=False)
    counted_: Float32[np.ndarray, " classes"] = field(init=False, repr=False, compare=False)

    def fit(self, X: Vectors, y: Labels, weights: Weights | None = None) -> Vote:
        """Label the neurons by clips with these labels; `weights` counts a clip more or less than once."""
        self.classes_, number = class_numbers(X, y)
        at_least_two(self.classes_)
        self.sums_ = np.zeros((len(self.classes_), X.shape[1]), np.float32)
        self.counted_ = np.zeros(len(self.classes_), np.float32)
        return self._count(X, number, np.ones(len(X), np.float32) if weights is None else weights)

    def partial_fit(self, X: Vectors, y: Labels) -> Vote:
        """Go on counting, with further clips of known or of new classes."""
        given, number = class_numbers(check_vectors(X, self.sums_.shape[1]), y)
        classes = np.union1d(self.classes_, given)
        sums, counted = np.zeros((len(classes), X.shape[1]), np.float32), np.zeros(len(classes), np.float32)
        old = np.searchsorted(classes, self.classes_)
        sums[old], counted[old] = self.sums_, self.counted_
        self.classes_, self.sums_, self.counted_ = classes, sums, counted
        return self._count(X, np.searchsorted(classes, given)[number], np.ones(len(X), np.float32))

    def _count(self, X: Vectors, number: Int64[np.ndarray, " clips"], weights: Weights) -> Vote:
        """Add clips to the sums of their classes."""
        np.add.at(self.sums_, number, X * weights[:, None])
        np.add.at(self.counted_, number, weights)
        return self

    @property
    def owner_(self) -> Int64[np.ndarray, " dims"]:
        """The class of each neuron, as a number; -1 for one that fired for no class more than for another."""
        means = self.sums_ / np.maximum(self.counted_, np.float32(1e-9))[:, None]
        owner: Int64[np.ndarray, " dims"] = np.where(np.ptp(means, axis=0) > 0, means.argmax(axis=0), -1)
        return owner

    def scores(self, X: Vectors) -> Scores:
        """Return one score a class: the mean of its neurons."""
        X, owner = check_vectors(X, self.sums_.shape[1]), self.owner_
        own = [np.flatnonzero(owner == c) for c in range(len(self.classes_))]
        rows = [[float(x[mine].mean()) if len(mine) else np.inf for mine in own] for x in X]
        scores = np.array(rows, np.float32)
        least = scores.min(axis=1, keepdims=True)
        return np.where(np.isinf(scores), least, scores)

    def state(self) -> dict[str, Any]:
        """Return the fitted arrays."""
        return {"classes": self.classes_, "sums": self.sums_, "counted": self.counted_}

    @classmethod
    def restore(cls, parameters: dict[str, Any], state: dict[str, Any]) -> Vote:
        """Return the readout that `state` was taken from."""
        vote = cls(**parameters)
        vote.classes_, vote.sums_, vote.counted_ = state["classes"], state["sums"], state["counted"]
        return vote
