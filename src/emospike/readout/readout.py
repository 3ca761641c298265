"""Readouts: from what a system makes of clips to calibrated probabilities; a system has one for each modality."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Bool, Float, Float32, Int, Shaped

from emospike.datasets.folds import calibration_folds, holds_out_corpora, inner_folds
from emospike.readout.adapting import choose_learner
from emospike.readout.calibration import Calibration, group_labels
from emospike.readout.contract import Classifier, IncrementalClassifier, check_vectors, parameters
from emospike.readout.linear import LinearReadout
from emospike.readout.novelty import MOST, Novelty
from emospike.readout.scaling import BLOCK, ScaledRows, SoftScaler, Stored
from emospike.readout.speaker_mean import SpeakerMean
from emospike.schema import check_fitted
from emospike.validation import InputError

Vectors = Float32[np.ndarray, "clips dims"]
Listed = Vectors | Sequence[Float32[np.ndarray, " dims"]]
"""Vectors of clips, in one array or one by one."""
Scores = Float32[np.ndarray, "clips learnt"]
Labels = Shaped[np.ndarray, " clips"]
Weights = Float32[np.ndarray, " clips"]
Probabilities = Float[np.ndarray, "clips classes"]
MOST_ROWS, MOST_NUMBERS = 10_000, 2**28
"""Training rows, and numbers in them, that are scaled and solved for all at once."""


class Readout(ABC):
    """From representations of clips to scores, and from these to calibrated probabilities.

    Attributes
    ----------
    calibration_ : from scores to probabilities of labels, and the threshold
    held_out_ : what was said of the training clips by scorers that had not met their speakers; NaN where no fold tested
        a clip. Gone from a readout that was stored
    """

    stage: ClassVar[str] = "classifier"
    """What the time of scoring is called."""

    calibration_: Calibration
    held_out_: Probabilities

    @property
    def classes(self) -> tuple[str, ...]:
        """Sorted labels."""
        return self.calibration_.classes

    @property
    def threshold_(self) -> float:
        """Confidence below which the answer is "don't know"."""
        return self.calibration_.threshold_

    @abstractmethod
    def scores(self, X: Any, speakers: Labels | None = None) -> Scores:
        """Return the scores of representations; `speakers` tell whose clip is whose, where speakers are normalised."""

    def measure_novelty(self, X: Any, speakers: Labels | None = None) -> Float32[np.ndarray, " clips"]:
        """Return how far representations lie from those of training; above 1 they are strange (see `Novelty`).

        A readout that does not measure it finds nothing strange.
        """
        return np.zeros(len(X), np.float32)

    @abstractmethod
    def adapt(self, X: Any, labels: Labels | None = None) -> Readout:
        """Adapt to a new speaker in place: without labels to its mean, or to labelled clips and new classes."""

    @abstractmethod
    def state(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the fitted arrays, and the facts that JSON can hold."""

    @abstractmethod
    def restore(self, arrays: Mapping[str, Any], facts: Mapping[str, Any]) -> Readout:
        """Take back what `state` returned."""

    def quantise(self, bits: int) -> None:  # noqa: B027 - what has no weights of its own has nothing to do
        """Make the weights of linear classifiers integers of so many bits; others stay as they are."""

    def probabilities(self, X: Any, speakers: Labels | None = None) -> Probabilities:
        """Return calibrated probabilities, one column a class."""
        return self.calibration_.probabilities(self.scores(X, speakers))


@dataclass
class VectorReadout(Readout):
    """Scaling, an optional removal of speaker means, a classifier, and calibration, in this order.

    Attributes
    ----------
    scaler : what is done to each dimension
    classifier : from scaled vectors to scores
    normalise : ``"none"``; or ``"speaker"``: from every vector the mean vector of its speaker is taken, without
        looking at labels. A clip whose speaker is unknown then loses the mean over training speakers.
    coverage : share of held-out training clips that the threshold lets through
    """

    scaler: SoftScaler
    classifier: Classifier
    normalise: str = "none"
    coverage: float = 0.78
    calibration_: Calibration = field(init=False, repr=False, compare=False)
    speaker_mean_: SpeakerMean = field(init=False, repr=False, compare=False)
    novelty_: Novelty = field(init=False, repr=False, compare=False)
    held_out_: Probabilities = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.calibration_ = Calibration(self.coverage)
        self.speaker_mean_, self.novelty_ = SpeakerMean(self.normalise, to_zero=True), Novelty()

    def fit(
        self,
        vectors: Stored,
        y: Labels,
        speakers: Labels,
        recorded: Bool[np.ndarray, " clips"] | None = None,
        finer: Labels | None = None,
        *,
        weights: Weights | None = None,
        heard: Bool[np.ndarray, " clips"] | None = None,
    ) -> VectorReadout:
        """Fit to training clips; speakers or corpora are held out in turn to calibrate and to set the threshold.

        `recorded` marks clips that were recorded, as opposed to augmented copies, which train; `heard` those that
        calibrate: these, and copies over other channels, as strangers' clips come over any (default: these). `finer`
        labels (emotions, say, where `y` is arousal) are learnt in place of `y` (see `Calibration`). `weights` count a
        clip more or less than once, in the classifier and in the calibration, which then learns no offset of a label:
        how often it occurs is not to count. A linear readout of many clips is fitted in blocks.
        """
        learnt = y if finer is None else finer
        label_of = group_labels(learnt, y)
        recorded = np.ones(len(y), bool) if recorded is None else recorded
        heard = recorded if heard is None else heard
        folds = [(fold.train, fold.test[heard[fold.test]]) for fold in calibration_folds(y, speakers)]
        known = np.flatnonzero(heard)
        if len(known) > MOST:
            known = np.sort(np.random.default_rng(0).choice(known, MOST, replace=False))
        speaker_out = [(one.train, one.test) for one in inner_folds(y[known], speakers[known])]
        classifier, large = self.classifier, len(vectors) > MOST_ROWS or vectors.size > MOST_NUMBERS
        if isinstance(classifier, LinearReadout) and large:
            rows = self._scale_rows(vectors, speakers, recorded)
            held_out = classifier.fit_rows(rows, learnt, folds, recorded, weights)
            parts = (rows[known[start : start + BLOCK]] for start in range(0, len(known), BLOCK))
            self.novelty_.fit(parts, rows.dims, speaker_out)
        else:
            scaled = self._scale(vectors, speakers, recorded)
            held_out = fit_holding_out(classifier, scaled, learnt, folds, weights)
            self.novelty_.fit(iter([scaled[known]]), scaled.shape[1], speaker_out)
        for_strangers = weights is not None or holds_out_corpora(y, speakers)
        found = self.calibration_.fit(held_out, learnt, label_of, heard, weights, for_strangers=for_strangers)
        self.held_out_ = found[recorded]
        return self

    def _scale(
        self, vectors: Stored, speakers: Labels, recorded: Bool[np.ndarray, " clips"]
    ) -> Float32[np.ndarray, "clips kept"]:
        """Fit the scaler, and return all clips scaled."""
        rooted = self.scaler.take_root(vectors)
        self.speaker_mean_.fit(rooted[recorded])
        if self.normalise == "speaker":
            rooted = self.speaker_mean_.remove(rooted, speakers, recorded)
        return self.scaler.fit(rooted).transform(rooted)

    def _scale_rows(self, vectors: Stored, speakers: Labels, recorded: Bool[np.ndarray, " clips"]) -> ScaledRows:
        """Fit the scaler to rows that are scaled when they are needed."""
        _, speaker = np.unique(speakers, return_inverse=True)
        means = mean_by_speaker(self.scaler, vectors, speaker, recorded)
        self.speaker_mean_.fit(means.mean(axis=0, keepdims=True))
        offsets = means if self.normalise == "speaker" else None
        return ScaledRows(vectors, self.scaler, offsets, speaker).fit_scaler()

    def scale(self, vectors: Vectors, speakers: Labels | None = None) -> Float32[np.ndarray, "clips kept"]:
        """Return the vectors as the classifier sees them."""
        return self.scaler.transform(self.speaker_mean_.remove(self.scaler.take_root(vectors), speakers))

    def scores(self, X: Listed, speakers: Labels | None = None) -> Scores:
        """Return the classifier's scores."""
        return self.classifier.scores(self.scale(check_vectors(np.asarray(X), len(self.scaler.kept_)), speakers))

    def measure_novelty(self, X: Listed, speakers: Labels | None = None) -> Float32[np.ndarray, " clips"]:
        """Return how far vectors lie from those of training."""
        return self.novelty_.measure(self.scale(np.asarray(X), speakers))

    def adapt(self, X: Listed, labels: Labels | None = None) -> VectorReadout:
        """Adapt to the mean of a new speaker, or to labelled clips and new classes, in place.

        A label that stands for finer ones is learnt as the likeliest of these. Clips of known classes are learnt if
        they gain from each other (see `choose_learner`): as they are of a speaker who becomes known, or of a stranger
        (`LinearReadout.keep_caution`).
        """
        X = np.asarray(X)
        if labels is None:
            self.speaker_mean_.adapt(self.scaler.take_root(X))
            return self
        if not isinstance(self.classifier, IncrementalClassifier):
            raise InputError(
                f"classifier {type(self.classifier).__name__} cannot learn more clips: train with linear, "
                "prototype or evolving_desnn"
            )
        scaled = self.scale(X)
        learnt = self.calibration_.name_finer(self.classifier.scores(scaled), labels)
        learner: Any = self.classifier
        if np.isin(learnt, learner.classes_).all():
            cautious = [learner.keep_caution()] if isinstance(learner, LinearReadout) and len(learner.bolder_) else []
            learner = choose_learner([learner, *cautious], scaled, learnt, np.asarray(labels), self._measure_log_p)
        if learner is not None:
            self.classifier = learner.partial_fit(scaled, learnt)
            self.calibration_.extend(self.classifier.classes_)
        return self

    def _measure_log_p(self, classifier: Classifier, X: Vectors, labels: Labels) -> Float[np.ndarray, " clips"]:
        """Return ln p of each clip's label, as a classifier scores it."""
        p = self.calibration_.probabilities(classifier.scores(X))
        own: Float[np.ndarray, " clips"] = np.log(p[np.arange(len(X)), np.searchsorted(self.classes, labels)] + 1e-4)
        return own

    def state(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the fitted arrays, and the facts that JSON can hold."""
        inner = self.classifier.state()
        inner.pop("classes")
        calibrated, facts = self.calibration_.state()
        arrays = {f"classifier.{name}": array for name, array in inner.items()}
        arrays |= {f"scaler.{name}": getattr(self.scaler, f"{name}_") for name in ("kept", "mean", "scale")}
        arrays |= {f"calibration.{name}": array for name, array in calibrated.items()}
        arrays |= {f"novelty.{name}": array for name, array in self.novelty_.state().items()}
        return arrays | {"shift": self.speaker_mean_.shift_, "population": self.speaker_mean_.population_}, facts

    def restore(self, arrays: Mapping[str, Any], facts: Mapping[str, Any]) -> VectorReadout:
        """Take back what `state` returned."""
        own, calibrated, novelty = (take_part(arrays, name) for name in ("classifier", "calibration", "novelty"))
        own["classes"] = np.array(facts["learnt"])
        self.classifier = type(self.classifier).restore(parameters(self.classifier), own)
        for name in ("kept", "mean", "scale"):
            setattr(self.scaler, f"{name}_", arrays[f"scaler.{name}"])
        self.calibration_.restore(calibrated, facts)
        self.novelty_.restore(novelty)
        self.speaker_mean_.shift_, self.speaker_mean_.population_ = arrays["shift"], arrays["population"]
        self._check()
        return self

    def quantise(self, bits: int) -> None:
        """Make the weights of a linear classifier integers of so many bits; others stay as they are."""
        if isinstance(self.classifier, LinearReadout):
            self.classifier.quantise(bits)

    def _check(self) -> None:
        """Raise `InputError` unless all parts fit each other."""
        for part in (self.scaler, self.speaker_mean_, self.novelty_, self.classifier):
            check_fitted(part)
        dims, kept = len(self.scaler.kept_), int(self.scaler.kept_.sum())
        if dims != len(self.speaker_mean_.shift_) or kept != len(self.scaler.mean_):
            raise InputError(f"speaker means of {dims} dimensions and scales of {kept} expected")
        blank = np.zeros((1, dims), np.float32)
        self.measure_novelty(blank)
        self.calibration_.check(self.scores(blank))


@dataclass
class ScoreReadout(Readout):
    """Calibration of a network's own scores, and an optional removal of speaker means; there is no classifier.

    Attributes
    ----------
    normalise : ``"none"``; or ``"speaker"``: the mean scores of each speaker are removed, without looking at labels
    coverage : share of held-out training clips that the threshold lets through
    """

    normalise: str = "none"
    coverage: float = 0.78
    calibration_: Calibration = field(init=False, repr=False, compare=False)
    speaker_mean_: SpeakerMean = field(init=False, repr=False, compare=False)
    held_out_: Probabilities = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.calibration_, self.speaker_mean_ = Calibration(self.coverage), SpeakerMean(self.normalise)

    def fit(self, scores: Scores, y: Labels, speakers: Labels, weights: Weights | None = None) -> ScoreReadout:
        """Fit to scores of clips whose speakers the network did not train on; columns are the sorted labels."""
        self.speaker_mean_.fit(scores)
        label_of = {str(name): str(name) for name in np.unique(y)}
        self.held_out_ = self.calibration_.fit(self.speaker_mean_.remove(scores, speakers), y, label_of, None, weights)
        return self

    def scores(self, X: Listed, speakers: Labels | None = None) -> Scores:
        """Return the scores without what is the speaker's own."""
        return self.speaker_mean_.remove(np.asarray(X), speakers)

    def log_odds(self, scores: Scores, target: int) -> float:
        """Return ln p / (1 - p) of a class for one clip, also where p rounds to 0 or 1."""
        return self.calibration_.log_odds(self.scores(scores), target)

    def adapt(self, X: Listed, labels: Labels | None = None) -> ScoreReadout:
        """Adapt to the mean of a new speaker; what labels teach, the network has to learn."""
        if labels is not None:
            raise InputError("scores alone cannot learn more clips: adapt the system")
        self.speaker_mean_.adapt(np.asarray(X))
        return self

    def extend(self, learnt: Sequence[str]) -> None:
        """Make room for classes that the network has learnt, in this new order of its scores."""
        before = list(self.calibration_.learnt)
        self.calibration_.extend(np.array(learnt))
        place = [list(learnt).index(name) for name in before]
        for name in ("population_", "shift_"):
            old = getattr(self.speaker_mean_, name)
            wide = np.full(len(learnt), old.mean(), np.float32)
            wide[place] = old
            setattr(self.speaker_mean_, name, wide)

    def state(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the fitted arrays, and the facts that JSON can hold."""
        arrays, facts = self.calibration_.state()
        return arrays | {"population": self.speaker_mean_.population_, "shift": self.speaker_mean_.shift_}, facts

    def restore(self, arrays: Mapping[str, Any], facts: Mapping[str, Any]) -> ScoreReadout:
        """Take back what `state` returned."""
        self.calibration_.restore(arrays, facts)
        self.speaker_mean_.population_, self.speaker_mean_.shift_ = arrays["population"], arrays["shift"]
        check_fitted(self.speaker_mean_)
        self.calibration_.check(self.scores(np.zeros((1, len(self.calibration_.learnt)), np.float32)))
        return self


def take_part(arrays: Mapping[str, Any], part: str) -> dict[str, Any]:
    """Return the arrays whose names begin with a part's, and a dot, without these.

    >>> take_part({"a.mean": 1, "b.mean": 2}, "a")
    {'mean': 1}
    """
    return {name.removeprefix(f"{part}."): one for name, one in arrays.items() if name.startswith(f"{part}.")}


def fit_holding_out(
    classifier: Classifier, X: Vectors, y: Labels, folds: Sequence[tuple[Any, Any]], weights: Weights | None = None
) -> Float32[np.ndarray, "clips classes"]:
    """Fit `classifier` to all clips in place; return the scores of each fold's test clips by a copy fitted without.

    Clips that no fold tests have NaN. A class that a fold's training part lacks scores like the worst of the others.
    `weights` count a clip more or less than once.
    """
    own = getattr(classifier, "fit_holding_out", None)
    if own is not None:
        return np.asarray(own(X, y, folds) if weights is None else own(X, y, folds, weights))
    classes = np.unique(y)
    out = np.full((len(y), len(classes)), np.nan, np.float32)
    for train, test in folds:
        copy = deepcopy(classifier).fit(X[train], y[train], None if weights is None else weights[train])
        scores = copy.scores(X[test])
        out[test] = scores.min(axis=1, keepdims=True)
        out[np.ix_(test, np.searchsorted(classes, copy.classes_))] = scores
    classifier.fit(X, y, weights)
    return out


def mean_by_speaker(
    scaler: SoftScaler, vectors: Stored, speaker: Int[np.ndarray, " clips"], recorded: Bool[np.ndarray, " clips"]
) -> Float32[np.ndarray, "speakers dims"]:
    """Return the mean square-rooted vector of the recorded clips of each speaker."""
    total = np.zeros((speaker.max() + 1, vectors.shape[1]))
    rows = np.flatnonzero(recorded)
    for start in range(0, len(rows), BLOCK):
        block = rows[start : start + BLOCK]
        np.add.at(total, speaker[block], scaler.take_root(vectors[block]))
    counts = np.bincount(speaker[rows], minlength=len(total))
    return (total / np.maximum(counts, 1)[:, None]).astype(np.float32)
