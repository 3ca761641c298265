"""Readout: from state vectors to calibrated probabilities and the confidence that an answer needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Float32, Shaped

from emospike.datasets.folds import inner_folds
from emospike.readout.contract import Classifier, IncrementalClassifier, parameters
from emospike.readout.scaling import SoftScaler, centred
from emospike.readout.selective import Calibration, threshold_for
from emospike.validation import InputError, one_of, within

Vectors = Float32[np.ndarray, "clips dims"]
Labels = Shaped[np.ndarray, " clips"]
Probabilities = Float[np.ndarray, "clips classes"]


@dataclass
class Readout:
    """Scaling, an optional removal of speaker means, a classifier, calibration and a threshold, in this order.

    Attributes
    ----------
    scaler : what is done to each dimension
    classifier : from scaled vectors to scores
    normalise : ``"none"``; or ``"speaker"``: from every vector the mean vector of its speaker is taken, without
        looking at labels. A clip whose speaker is unknown then loses the mean over training speakers.
    coverage : share of held-out training clips that the stored threshold lets through
    """

    scaler: SoftScaler
    classifier: Classifier
    normalise: str = "none"
    coverage: float = 0.78
    calibration_: Calibration = field(init=False, repr=False)
    shift_: Float32[np.ndarray, " dims"] = field(init=False, repr=False)
    population_: Float32[np.ndarray, " dims"] = field(init=False, repr=False)
    threshold_: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        one_of("normalise", self.normalise, ("none", "speaker"))
        within("coverage", self.coverage, 0, 1)

    @property
    def classes(self) -> tuple[str, ...]:
        """Sorted labels."""
        return tuple(str(name) for name in self.classifier.classes_)

    def fit(
        self, vectors: Vectors, y: Labels, speakers: Labels, recorded: Bool[np.ndarray, " clips"] | None = None
    ) -> Readout:
        """Fit to training clips; whole speakers are held out in turn to calibrate and to set the threshold.

        `recorded` marks clips that were recorded, as opposed to virtual copies, which train but never test.
        """
        recorded = np.ones(len(y), bool) if recorded is None else recorded
        rooted = self.scaler.rooted(vectors)
        self.population_ = rooted[recorded].mean(axis=0)
        self.shift_ = self.population_ if self.normalise == "speaker" else np.zeros_like(self.population_)
        if self.normalise == "speaker":
            rooted = centred(rooted, speakers, recorded)
        scaled = self.scaler.fit(rooted).transform(rooted)
        folds = [(fold.train, fold.test[recorded[fold.test]]) for fold in inner_folds(y, speakers)]
        held_out = fit_holding_out(self.classifier, scaled, y, folds)
        tested = np.isfinite(held_out).all(axis=1)
        self.calibration_ = Calibration().fit(held_out[tested], y[tested], self.classifier.classes_)
        self.threshold_ = threshold_for(self.calibration_.probabilities(held_out[tested]), self.coverage)
        return self

    def scaled(self, vectors: Vectors, speakers: Labels | None = None) -> Float32[np.ndarray, "clips kept"]:
        """Return the vectors as the classifier sees them."""
        rooted = self.scaler.rooted(vectors)
        known = self.normalise == "speaker" and speakers is not None
        return self.scaler.transform(centred(rooted, speakers) if known else rooted - self.shift_)  # type: ignore[arg-type]

    def probabilities(self, vectors: Vectors, speakers: Labels | None = None) -> Probabilities:
        """Return calibrated probabilities, one column a class."""
        return self.calibration_.probabilities(self.classifier.scores(self.scaled(vectors, speakers)))

    def adapt(self, vectors: Vectors, labels: Labels | None = None) -> Readout:
        """Adapt to a new speaker in place: to the mean of its clips, or to labelled clips and new classes."""
        if labels is None:
            kept = 0.0 if self.normalise == "speaker" else self.population_
            self.shift_ = self.scaler.rooted(vectors).mean(axis=0) - kept
            return self
        if not isinstance(self.classifier, IncrementalClassifier):
            raise InputError(
                f"classifier {type(self.classifier).__name__} cannot learn more clips: train with linear, "
                "prototype or evolving_desnn"
            )
        before = list(self.classes)
        self.classifier.partial_fit(self.scaled(vectors), labels)
        self.calibration_.extend(before, list(self.classes))
        return self

    def state(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the fitted arrays, and the facts that JSON can hold."""
        inner = self.classifier.state()
        facts = {"classes": [str(name) for name in inner.pop("classes")], "temperature": self.calibration_.temperature_}
        arrays = {f"classifier.{name}": array for name, array in inner.items()}
        arrays |= {f"scaler.{name}": getattr(self.scaler, f"{name}_") for name in ("kept", "mean", "scale")}
        arrays |= {"calibration.bias": self.calibration_.bias_, "shift": self.shift_, "population": self.population_}
        return arrays, facts

    def restore(self, arrays: Mapping[str, Any], facts: Mapping[str, Any], threshold: float) -> Readout:
        """Take back what `state` returned."""
        own = {name[11:]: array for name, array in arrays.items() if name.startswith("classifier.")}
        own["classes"] = np.array(facts["classes"])
        self.classifier = type(self.classifier).restore(parameters(self.classifier), own)
        for name in ("kept", "mean", "scale"):
            setattr(self.scaler, f"{name}_", arrays[f"scaler.{name}"])
        self.calibration_ = Calibration()
        self.calibration_.temperature_, self.calibration_.bias_ = facts["temperature"], arrays["calibration.bias"]
        self.shift_, self.population_, self.threshold_ = arrays["shift"], arrays["population"], threshold
        return self


def fit_holding_out(
    classifier: Classifier, X: Vectors, y: Labels, folds: Sequence[tuple[Any, Any]]
) -> Float32[np.ndarray, "clips classes"]:
    """Fit `classifier` to all clips in place; return the scores of each fold's test clips by a copy fitted without.

    Clips that no fold tests have NaN. A class that a fold's training part lacks scores like the worst of the others.
    """
    own = getattr(classifier, "fit_holding_out", None)
    if own is not None:
        return np.asarray(own(X, y, folds))
    classes = np.unique(y)
    out = np.full((len(y), len(classes)), np.nan, np.float32)
    for train, test in folds:
        copy = deepcopy(classifier).fit(X[train], y[train])
        scores = copy.scores(X[test])
        out[test] = scores.min(axis=1, keepdims=True)
        out[np.ix_(test, np.searchsorted(classes, copy.classes_))] = scores
    classifier.fit(X, y)
    return out
