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

PRIOR_CLIPS = 8
"""Clips of a new speaker that count as much as the mean over training speakers."""

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
    held_out_ : what readouts fitted without a training clip's speaker say of it; NaN for clips that no fold tested
    """

    scaler: SoftScaler
    classifier: Classifier
    normalise: str = "none"
    coverage: float = 0.78
    calibration_: Calibration = field(init=False, repr=False)
    shift_: Float32[np.ndarray, " dims"] = field(init=False, repr=False)
    population_: Float32[np.ndarray, " dims"] = field(init=False, repr=False)
    groups_: dict[str, str] = field(init=False, repr=False)
    threshold_: float = field(init=False, default=0.0)
    held_out_: Probabilities = field(init=False, repr=False)

    def __post_init__(self) -> None:
        one_of("normalise", self.normalise, ("none", "speaker"))
        within("coverage", self.coverage, 0, 1)

    @property
    def classes(self) -> tuple[str, ...]:
        """Sorted labels."""
        return tuple(sorted(set(self.groups_.values())))

    def fit(
        self,
        vectors: Vectors,
        y: Labels,
        speakers: Labels,
        recorded: Bool[np.ndarray, " clips"] | None = None,
        finer: Labels | None = None,
    ) -> Readout:
        """Fit to training clips; whole speakers are held out in turn to calibrate and to set the threshold.

        `recorded` marks clips that were recorded, as opposed to virtual copies, which train but never test. `finer`
        labels (emotions, say, where `y` is arousal) are learnt in place of `y`; the probability of a label is then
        the sum over its finer ones. A sad cry and a calm word are both low, and no straight line tells them from
        the rest together.
        """
        learnt = y if finer is None else finer
        self.groups_ = grouped(learnt, y)
        recorded = np.ones(len(y), bool) if recorded is None else recorded
        rooted = self.scaler.rooted(vectors)
        self.population_ = rooted[recorded].mean(axis=0)
        self.shift_ = self.population_ if self.normalise == "speaker" else np.zeros_like(self.population_)
        if self.normalise == "speaker":
            rooted = centred(rooted, speakers, recorded)
        scaled = self.scaler.fit(rooted).transform(rooted)
        folds = [(fold.train, fold.test[recorded[fold.test]]) for fold in inner_folds(y, speakers)]
        held_out = fit_holding_out(self.classifier, scaled, learnt, folds)
        tested = np.isfinite(held_out).all(axis=1)
        self.calibration_ = Calibration().fit(held_out[tested], learnt[tested], self.classifier.classes_)
        self.held_out_ = self._summed(held_out)[recorded]
        self.threshold_ = threshold_for(self.held_out_[tested[recorded]], self.coverage)
        return self

    def scaled(self, vectors: Vectors, speakers: Labels | None = None) -> Float32[np.ndarray, "clips kept"]:
        """Return the vectors as the classifier sees them."""
        rooted = self.scaler.rooted(vectors)
        known = self.normalise == "speaker" and speakers is not None
        return self.scaler.transform(centred(rooted, speakers) if known else rooted - self.shift_)  # type: ignore[arg-type]

    def probabilities(self, vectors: Vectors, speakers: Labels | None = None) -> Probabilities:
        """Return calibrated probabilities, one column a class."""
        return self._summed(self.classifier.scores(self.scaled(vectors, speakers)))

    def _summed(self, scores: Float32[np.ndarray, "clips finer"]) -> Probabilities:
        """Return the calibrated probability of each label, summed over its finer ones."""
        label = np.array([self.groups_[str(name)] for name in self.classifier.classes_])
        member = label[:, None] == np.array(self.classes)
        summed: Probabilities = self.calibration_.probabilities(scores) @ member
        return summed

    def adapt(self, vectors: Vectors, labels: Labels | None = None) -> Readout:
        """Adapt to a new speaker in place: to the mean of its clips, or to labelled clips and new classes.

        The mean of n clips is believed to n / (n + `PRIOR_CLIPS`), the training speakers' mean for the rest, since a
        few clips tell of their emotions as much as of their speaker. A label that stands for finer ones is learnt as
        the likeliest of these.
        """
        if labels is None:
            trust = len(vectors) / (len(vectors) + PRIOR_CLIPS)
            change = np.float32(trust) * (self.scaler.rooted(vectors).mean(axis=0) - self.population_)
            self.shift_ = change + self.population_ if self.normalise == "speaker" else change
            return self
        if not isinstance(self.classifier, IncrementalClassifier):
            raise InputError(
                f"classifier {type(self.classifier).__name__} cannot learn more clips: train with linear, "
                "prototype or evolving_desnn"
            )
        before = [str(name) for name in self.classifier.classes_]
        scaled = self.scaled(vectors)
        learnt = self._finer(scaled, labels)
        self.groups_ |= {str(name): str(name) for name in learnt if str(name) not in self.groups_}
        self.classifier.partial_fit(scaled, learnt)
        self.calibration_.extend(before, [str(name) for name in self.classifier.classes_])
        return self

    def _finer(self, scaled: Float32[np.ndarray, "clips kept"], labels: Labels) -> Labels:
        """Return the likeliest of the finer labels that each label stands for, or the label itself if there are none.

        Not knowing which class of its group a clip belongs to, the readout would learn the group as a new class.
        """
        names = np.array([str(name) for name in self.classifier.classes_])
        label = np.array([self.groups_[name] for name in names])
        likely = self.calibration_.probabilities(self.classifier.scores(scaled))
        inside = label == np.asarray(labels, dtype=str)[:, None]
        best = names[np.where(inside, likely, -1).argmax(axis=1)]
        return np.where(inside.any(axis=1) & ~np.isin(labels, names), best, labels)

    def state(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the fitted arrays, and the facts that JSON can hold."""
        inner = self.classifier.state()
        learnt = [str(name) for name in inner.pop("classes")]
        groups = [self.groups_[name] for name in learnt]
        facts = {"learnt": learnt, "groups": groups, "temperature": self.calibration_.temperature_}
        facts["threshold"] = self.threshold_
        arrays = {f"classifier.{name}": array for name, array in inner.items()}
        arrays |= {f"scaler.{name}": getattr(self.scaler, f"{name}_") for name in ("kept", "mean", "scale")}
        arrays |= {"calibration.bias": self.calibration_.bias_, "shift": self.shift_, "population": self.population_}
        return arrays, facts

    def restore(self, arrays: Mapping[str, Any], facts: Mapping[str, Any]) -> Readout:
        """Take back what `state` returned."""
        own = {name[11:]: array for name, array in arrays.items() if name.startswith("classifier.")}
        own["classes"] = np.array(facts["learnt"])
        self.groups_ = dict(zip(facts["learnt"], facts["groups"], strict=True))
        self.classifier = type(self.classifier).restore(parameters(self.classifier), own)
        for name in ("kept", "mean", "scale"):
            setattr(self.scaler, f"{name}_", arrays[f"scaler.{name}"])
        self.calibration_ = Calibration()
        self.calibration_.temperature_, self.calibration_.bias_ = facts["temperature"], arrays["calibration.bias"]
        self.shift_, self.population_, self.threshold_ = arrays["shift"], arrays["population"], facts["threshold"]
        return self


def grouped(finer: Labels, labels: Labels) -> dict[str, str]:
    """Return the label of each finer label; raise `InputError` if one has two.

    >>> grouped(np.array(["sad", "calm", "angry"]), np.array(["low", "low", "high"]))
    {'angry': 'high', 'calm': 'low', 'sad': 'low'}
    """
    pairs = sorted({(str(one), str(label)) for one, label in zip(finer, labels, strict=True)})
    if len(dict(pairs)) < len(pairs):
        twice = next(one for one, _ in pairs if sum(one == other for other, _ in pairs) > 1)
        raise InputError(f"each finer label must lie within one label, {twice!r} lies in several: check the labels")
    return dict(pairs)


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
