"""Learned prototypes: a class is a few points in state space, moved to where they tell it from the others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64, Shaped

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
from emospike.readout.descent import Masses, Numbers, Owners, Points, Prototypes, clusters, descend, nearest_own
from emospike.readout.principal import principal_components, whitening_within
from emospike.validation import positive, within

FITTED = ("classes", "basis", "offset", "points", "owner", "mass", "temperature")


@dataclass
class LearnedPrototype:
    """Softmax over distances to learned prototypes, several a class.

        p(c | z) = sum over prototypes j of class c of softmax_j( -|z - p_j|^2 / T )

    z are principal components of the state vector, scaled so that clips scatter alike in all directions about their
    class mean (see `principal_components`, `whitening_within`). The prototypes start at the centres of k-means within
    each class and T at twice the mean squared distance to them, a component; both then descend on the cross-entropy,
    held near where they started (see `descend`).

    `partial_fit` gives every new class prototypes of its own and moves only those of the classes that it is shown;
    the others, the components and T stay. What a prototype already stands for holds it back.

    Attributes
    ----------
    prototypes : number of prototypes a class
    components : number of principal components, at most half as many as training clips
    pull : strength of the pull towards the cluster centres
    soft : added to the deviation of each dimension, in units of x, so that rarely active neurons stay small
    balanced : give every class the same total weight
    iterations : at most so many steps of the descent
    seed : of k-means, and of the choice of clips when components are not learned from all

    Source
    ------
    Kasabov et al. 2026 (eXCube2), section 2.9 and Table 4, name the classifier, its softmax output and its
    dependence on the seed. The formula is that of prototypical networks (Snell et al. 2017, eq. 2) with several
    prototypes a class, as in soft learning vector quantisation (Seo and Obermayer 2003).
    """

    prototypes: int = 3
    components: int = 300
    pull: float = 1.0
    soft: float = 0.15
    balanced: bool = True
    iterations: int = 100
    seed: int = 0
    classes_: Shaped[np.ndarray, " classes"] = field(init=False, repr=False, compare=False)
    basis_: Float32[np.ndarray, "dims components"] = field(init=False, repr=False, compare=False)
    offset_: Float32[np.ndarray, " components"] = field(init=False, repr=False, compare=False)
    points_: Prototypes = field(init=False, repr=False, compare=False)
    owner_: Owners = field(init=False, repr=False, compare=False)
    mass_: Masses = field(init=False, repr=False, compare=False)
    temperature_: Float64[np.ndarray, ""] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name in ("prototypes", "components", "iterations"):
            positive(name, getattr(self, name))
        within("pull", self.pull, 0, np.inf)
        within("soft", self.soft, 0, np.inf)

    def fit(self, X: Vectors, y: Labels, weights: Weights | None = None) -> LearnedPrototype:
        """Fit to training clips; `weights` counts a clip more or less than once."""
        self.classes_, number = class_numbers(X, y)
        at_least_two(self.classes_)
        basis, offset = principal_components(X, self.components, self.soft, self.seed)
        z = (X @ basis - offset).astype(np.float64)
        counted = np.ones(len(X)) if weights is None else weights.astype(np.float64) / weights.mean()
        metric = whitening_within(z, number, counted).astype(np.float32)
        self.basis_, self.offset_, z = basis @ metric, offset @ metric, z @ metric
        self.points_, self.owner_, self.mass_ = np.empty((0, z.shape[1])), np.empty(0, np.int64), np.empty(0)
        self._add_centres(z, number, counted)
        centre = self.points_[nearest_own(z, number, self.points_, self.owner_)]
        self.temperature_ = np.array(max(2 * ((z - centre) ** 2).mean(), 1e-6))
        self._descend(z, number, counted, warm=True)
        return self

    def partial_fit(self, X: Vectors, y: Labels) -> LearnedPrototype:
        """Learn from further clips of known or new classes; prototypes of classes not in `y` stay as they are."""
        shown, number = class_numbers(X, y)
        z, old = self._reduced(X), self.classes_
        self.classes_ = np.union1d(old, shown)
        number = np.searchsorted(self.classes_, shown)[number]
        self.owner_ = np.searchsorted(self.classes_, old)[self.owner_]
        known = np.isin(number, self.owner_)
        nearest = nearest_own(z[known], number[known], self.points_, self.owner_)
        self.mass_ = self.mass_ + np.bincount(nearest, minlength=len(self.mass_))
        counted = np.ones(len(z))
        self._add_centres(z[~known], number[~known], counted[~known])
        self._descend(z, number, counted, warm=False)
        return self

    def scores(self, X: Vectors) -> Scores:
        """Return the log-probability of each class."""
        from scipy.special import logsumexp

        # Distances one by one: a matrix product may round a clip differently in another company.
        distances = np.stack([((self.points_ - z) ** 2).sum(axis=1) for z in self._reduced(X)])
        logits = -distances / self.temperature_
        own = [logsumexp(logits[:, self.owner_ == c], axis=1) for c in range(len(self.classes_))]
        log_p: Scores = (np.stack(own, axis=1) - logsumexp(logits, axis=1, keepdims=True)).astype(np.float32)
        return log_p

    def state(self) -> dict[str, Any]:
        """Return the fitted arrays."""
        return {name: getattr(self, f"{name}_") for name in FITTED}

    @classmethod
    def restore(cls, parameters: dict[str, Any], state: dict[str, Any]) -> LearnedPrototype:
        """Return the classifier that `state` was taken from."""
        classifier = cls(**parameters)
        for name in FITTED:
            setattr(classifier, f"{name}_", state[name])
        check_owners(classifier.owner_, classifier.classes_)
        return classifier

    def _reduced(self, X: Vectors) -> Points:
        """Return z = x B - b, of each clip by itself."""
        basis = self.basis_
        return np.stack([x @ basis - self.offset_ for x in check_vectors(X, len(basis))]).astype(np.float64)

    def _add_centres(self, z: Points, number: Numbers, counted: Float64[np.ndarray, " clips"]) -> None:
        """Add prototypes at the cluster centres of each class in `number`."""
        rng = np.random.default_rng(self.seed)
        for c in np.unique(number):
            centres, mass = clusters(z[number == c], counted[number == c], self.prototypes, rng)
            self.points_ = np.concatenate([self.points_, centres])
            self.owner_ = np.append(self.owner_, np.full(len(centres), c))
            self.mass_ = np.append(self.mass_, mass)

    def _descend(self, z: Points, number: Numbers, counted: Float64[np.ndarray, " clips"], *, warm: bool) -> None:
        """Move the prototypes of the classes in `number`, and T if `warm`."""
        importance = counted
        if self.balanced:
            importance = counted / np.maximum(np.bincount(number, counted), np.finfo(float).tiny)[number]
        free = np.isin(self.owner_, number)
        pull = self.pull * self.mass_ / len(z)
        self.points_, temperature = descend(
            z,
            number,
            importance / importance.sum(),
            start=self.points_,
            owner=self.owner_,
            pull=pull,
            free=free,
            temperature=float(self.temperature_),
            warm=warm,
            iterations=self.iterations,
        )
        self.temperature_ = np.array(temperature)
