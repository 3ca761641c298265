"""Evolving deSNN classifier: every training clip becomes an output neuron, and the nearest neurons vote."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64, Int, Shaped

from emospike.readout.contract import (
    Labels,
    Scores,
    Vectors,
    Weights,
    at_least_two,
    check_owners,
    check_vectors,
    class_numbers,
)
from emospike.validation import positive, within

FITTED = ("classes", "neurons", "owner", "voice", "count")
LEAST = 1e-3
"""Probability of a class without any neuron among the nearest: small, but with a finite logarithm."""

Neurons = Float32[np.ndarray, "neurons dims"]
Vector = Float32[np.ndarray, " dims"]
Numbers = Int[np.ndarray, " clips"]


@dataclass
class EvolvingDeSNN:
    """Weighted nearest neighbours among output neurons that hold the state vectors of training clips.

        p(c | x) = sum_{j <= K, c_j = c} w_j / sum_{j <= K} w_j,    w_j = exp(-(d_j / d_{K+1})^2 / (2 sigma^2))

    with the Euclidean distances d_1 <= d_2 <= ... from x to the weight vectors of the neurons. The layer evolves:
    it learns clip by clip, and `partial_fit` adds neurons and classes without changing what was learned.

    A neuron takes one float32 a dimension (1,140 clips of 12,432 dimensions: 57 MB), also in a model file.

    Attributes
    ----------
    neighbours : K
    sigma : width of the Gaussian, in units of the distance to neuron K + 1
    merge : a clip nearer than this to a neuron of its class is averaged into it; 0 keeps every clip as a neuron

    Source
    ------
    Kasabov et al. 2013, Neural Networks 41:188-201 (deSNN: weight vectors are compared, similar ones merge).
    K = 3 and sigma = 1 are NeuCube's defaults. The normalisation by neighbour K + 1 and the Gaussian of the squared
    distance are those of Hechenbichler and Schliep 2004 (NeuCube's Matlab code leaves out the square).
    """

    neighbours: int = 3
    sigma: float = 1.0
    merge: float = 0.0
    classes_: Shaped[np.ndarray, " classes"] = field(init=False, repr=False, compare=False)
    neurons_: Neurons = field(init=False, repr=False, compare=False)
    owner_: Int[np.ndarray, " neurons"] = field(init=False, repr=False, compare=False)
    voice_: Float32[np.ndarray, " neurons"] = field(init=False, repr=False, compare=False)
    count_: Int[np.ndarray, " neurons"] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        positive("neighbours", self.neighbours)
        positive("sigma", self.sigma)
        within("merge", self.merge, 0, np.inf)

    def fit(self, X: Vectors, y: Labels, weights: Weights | None = None) -> EvolvingDeSNN:
        """Start anew from training clips; `weights` multiply the votes of their neurons."""
        self.classes_, number = class_numbers(X, y)
        at_least_two(self.classes_)
        self.neurons_, self.owner_ = X[:0].copy(), number[:0]
        self.voice_, self.count_ = np.empty(0, np.float32), np.empty(0, np.int64)
        self._grow(X, number, np.ones(len(X), np.float32) if weights is None else weights)
        return self

    def partial_fit(self, X: Vectors, y: Labels) -> EvolvingDeSNN:
        """Add the neurons of further clips, of known or new classes."""
        shown, number = class_numbers(check_vectors(X, self.neurons_.shape[1]), y)
        classes = np.union1d(self.classes_, shown)
        self.owner_ = np.searchsorted(classes, self.classes_)[self.owner_]
        self.classes_ = classes
        self._grow(X, np.searchsorted(classes, shown)[number], np.ones(len(X), np.float32))
        return self

    def scores(self, X: Vectors) -> Scores:
        """Return the log-probability of each class, which is never below log `LEAST`."""
        lengths = (self.neurons_**2).sum(axis=1)
        share = np.zeros((len(X), len(self.classes_)))
        # One clip at a time: memory stays small, and a clip scores the same in any company.
        for votes, x in zip(share, check_vectors(X, self.neurons_.shape[1]), strict=True):
            near, distance = nearest(x, self.neurons_, lengths, self.neighbours + 1)
            kernel = gaussian(distance, self.sigma) * self.voice_[near[:-1]]
            np.add.at(votes, self.owner_[near[:-1]], kernel / (kernel.sum() or 1.0))
        log_p: Scores = np.log(np.maximum(share, LEAST)).astype(np.float32)
        return log_p

    def state(self) -> dict[str, Any]:
        """Return the neurons, their classes, and what they stand for."""
        return {name: getattr(self, f"{name}_") for name in FITTED}

    @classmethod
    def restore(cls, parameters: dict[str, Any], state: dict[str, Any]) -> EvolvingDeSNN:
        """Return the classifier that `state` was taken from."""
        classifier = cls(**parameters)
        for name in FITTED:
            setattr(classifier, f"{name}_", state[name])
        check_owners(classifier.owner_, classifier.classes_)
        return classifier

    def _grow(self, X: Vectors, number: Numbers, weights: Weights) -> None:
        """Add one neuron a clip; with `merge`, average clips into the neurons that are near enough."""
        old = len(self.neurons_)
        self.neurons_ = np.concatenate([self.neurons_, X])
        self.owner_ = np.append(self.owner_, number)
        self.voice_ = np.append(self.voice_, weights)
        self.count_ = np.append(self.count_, np.ones(len(X), np.int64))
        if self.merge > 0:
            self._merge_from(old)

    def _merge_from(self, old: int) -> None:
        """Merge the neurons from number `old` on into others of their class, or keep them."""
        kept = np.zeros(len(self.owner_), bool)
        for c in range(len(self.classes_)):
            own = np.flatnonzero(self.owner_ == c)
            neurons, voice, count = self.neurons_[own], self.voice_[own], self.count_[own]
            used = merge_near(neurons, voice, count, int((own < old).sum()), self.merge)
            self.neurons_[own], self.voice_[own], self.count_[own] = neurons, voice, count
            kept[own[:used]] = True
        for name in FITTED[1:]:
            setattr(self, f"{name}_", getattr(self, f"{name}_")[kept])


def nearest(
    x: Vector, neurons: Neurons, lengths: Float32[np.ndarray, " neurons"], count: int
) -> tuple[Int[np.ndarray, " near"], Float64[np.ndarray, " near"]]:
    """Return the `count` neurons nearest to `x` (all, if there are fewer), nearest first, and their distances.

    `lengths` holds |w|^2 of each neuron. They pick the nearest by |w|^2 - 2 w x, which needs no copy of the neurons;
    the distances of these few are then computed exactly, since that difference loses digits.
    """
    count = min(count, len(neurons))
    near = np.argpartition(lengths - 2 * (neurons @ x), count - 1)[:count]
    distance = np.sqrt(((neurons[near].astype(np.float64) - x) ** 2).sum(axis=1))
    order = np.lexsort((near, distance))
    return near[order], distance[order]


def gaussian(distance: Float64[np.ndarray, " near"], sigma: float) -> Float64[np.ndarray, " voters"]:
    """Return the kernel of all distances but the last, which is their unit.

    >>> gaussian(np.array([0.0, 1.0, 2.0]), sigma=1.0).round(4).tolist()
    [1.0, 0.8825]
    """
    unit = distance[-1] or 1.0
    kernel: Float64[np.ndarray, " voters"] = np.exp(-((distance[:-1] / unit) ** 2) / (2 * sigma**2))
    return kernel


def merge_near(
    neurons: Neurons,
    voice: Float32[np.ndarray, " neurons"],
    count: Int[np.ndarray, " neurons"],
    old: int,
    threshold: float,
) -> int:
    """Merge in place, one after the other, the neurons from number `old` on; return how many are left, at the front.

    A neuron that is nearer than `threshold` to one before it becomes part of that one's running mean.
    """
    lengths, used = (neurons**2).sum(axis=1), old
    for new in range(old, len(neurons)):
        into = used
        if used > 0:
            (near,), (distance,) = nearest(neurons[new], neurons[:used], lengths[:used], 1)
            into = int(near) if distance < threshold else used
        before = int(count[into]) if into < used else 0
        for mean in (neurons, voice):
            mean[into] = (before * mean[into] + mean[new]) / (before + 1)
        count[into], lengths[into] = before + 1, (neurons[into] ** 2).sum()
        used = max(used, into + 1)
    return used
