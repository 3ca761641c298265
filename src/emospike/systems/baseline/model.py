"""Baseline: what one would try first, without spikes: statistics of the sound features and a classifier."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32

from emospike.energy.counting import dense_operations, readout_weights
from emospike.energy.operations import Operations
from emospike.explain.attribution import log_odds, stretches
from emospike.explain.explanation import Effect, Explanation
from emospike.features import Feature
from emospike.features.action_units import ActionUnits
from emospike.features.constant_q import ConstantQ
from emospike.features.mel import Mel
from emospike.features.mfcc import MFCC
from emospike.features.spectrum import loud_steps
from emospike.progress import Stopwatch
from emospike.readout.classifiers import SklearnClassifier
from emospike.readout.contract import Classifier, IncrementalClassifier
from emospike.readout.interactions import channel_groups
from emospike.readout.linear import LinearReadout
from emospike.readout.readout import VectorReadout
from emospike.readout.scaling import SoftScaler
from emospike.series import Series
from emospike.systems.base import System, restore_readouts
from emospike.systems.perception import MODALITIES, Perceived
from emospike.systems.training import TrainingSet
from emospike.systems.vectors import Vector, fit_vector_readouts
from emospike.validation import positive

Values = Float32[np.ndarray, "steps channels"]
Heard = Bool[np.ndarray, " steps"]

PRESETS: dict[str, Callable[[int], Classifier]] = {
    "svm": lambda seed: SklearnClassifier("rbf_svm", seed=seed),
    "logistic_regression": lambda seed: SklearnClassifier("logistic_regression", seed=seed),
    "ridge": lambda seed: LinearReadout(alpha=100.0),
}
"""The classifier of each preset; `ridge` is the one that eXCube2 reads its reservoir out with."""

STATISTICS = 3
"""Numbers that describe each channel: its mean, its deviation, and its mean change from step to step."""


FEATURES: dict[str, tuple[Feature, ...]] = {
    "audio": (Mel(bands=64), ConstantQ(), MFCC(coefficients=20)),
    "face": (ActionUnits(),),
}
"""What is taken from each sense."""


@dataclass
class Baseline(System):
    """Features -> mean, deviation and mean absolute change of each channel -> z-scores -> classifier.

    Attributes
    ----------
    classifier : of the presets, a support vector machine with RBF kernel, logistic regression, or ridge regression
    features : what is heard, then what is seen
    modality : ``"audio"``, ``"face"`` or ``"both"``
    loud : steps of sound count that are at most so many dB below the loudest one; the others are taken for pauses
    normalise : ``"none"``, or ``"speaker"``: each speaker's mean vector is removed, without labels
    coverage : share of held-out training clips that the stored threshold lets through
    scaler : its defaults keep every dimension

    Source
    ------
    The non-spiking comparison of Kasabov et al. 2026 (eXCube2), Table A1; features and statistics are ours.
    """

    classifier: Classifier
    features: tuple[Feature, ...] = FEATURES["audio"]
    modality: str = "audio"
    loud: float = 30.0
    normalise: str = "none"
    coverage: float = 0.78
    # 0.01 nats: channels that hardly change stay small
    scaler: SoftScaler = field(default_factory=lambda: SoftScaler(root=False, rare=0.0, soft=0.01))

    def __post_init__(self) -> None:
        positive("loud", self.loud)

    # -- training ----------------------------------------------------------------------------------------------

    def _fit(self, training: TrainingSet) -> None:
        """Fit the readouts."""
        fitted = fit_vector_readouts(self, training, self._new_readout, stage="features")
        self.readouts_, self.held_out_ = fitted.readouts, fitted.held_out

    def _new_readout(self) -> VectorReadout:
        """Return an unfitted readout that shares nothing with the parameters."""
        return VectorReadout(deepcopy(self.scaler), deepcopy(self.classifier), self.normalise, self.coverage)

    @property
    def abilities(self) -> frozenset[str]:
        """What it can do: only some classifiers learn on."""
        return super().abilities - (set() if isinstance(self.classifier, IncrementalClassifier) else {"learn"})

    # -- from a clip to its vector -----------------------------------------------------------------------------

    def represent(self, seen: Perceived, modalities: Sequence[str], timer: Stopwatch | None = None) -> Vector:
        """Return the statistics of all channels of these modalities."""
        with (timer or Stopwatch())("state vector"):
            return functionals(joined_values(self._series(seen, modalities)), self._counted(seen, modalities))

    def _series(self, seen: Perceived, modalities: Sequence[str]) -> list[Series]:
        """Return the series of these modalities."""
        pairs = zip(self.features, seen.series, strict=True)
        return [one for feature, one in pairs if one is not None and feature.sense in modalities]

    def _counted(self, seen: Perceived, modalities: Sequence[str]) -> Heard:
        """Return the steps that count: those of speech, or all where nothing is heard."""
        if "audio" in modalities:
            return loud_steps(seen.clip.sound, self.loud)
        return np.ones(len(seen.present[0]), bool)

    # -- explaining --------------------------------------------------------------------------------------------

    def _panels(self, shown: Explanation, seen: Perceived) -> Explanation:
        """Return the explanation with what bands and moments carried it."""
        view, target = seen.modality, self.classes_.index(shown.about)
        return replace(
            shown,
            bands=list(self._band_effects(seen, view, target)),
            moments=list(self._moment_effects(seen, view, target)),
        )

    def _average(self, view: str) -> Vector:
        """Return the vector that tells nothing: the mean over the training clips, of this speaker if it is known."""
        readout = self.readouts_[view]
        average: Vector = readout.speaker_mean_.shift_ + readout.scaler.mean_
        return average

    def _evidence(self, view: str, vector: Vector, target: int) -> float:
        """Return the log-odds of a class."""
        return log_odds(self.readouts_[view].probabilities(vector[None])[0], target)

    def _band_effects(self, seen: Perceived, view: str, target: int) -> Iterator[Effect]:
        """Yield what putting the average in the place of each group of channels changes."""
        vector, average = self.represent(seen, MODALITIES[view]), self._average(view)
        whole = self._evidence(view, vector, target)
        for name, members in channel_groups(tuple(name for one in seen.present for name in one.channels)).items():
            rest = vector.copy().reshape(STATISTICS, -1)
            rest[:, members] = average.reshape(STATISTICS, -1)[:, members]
            yield Effect(name, whole - self._evidence(view, rest.ravel(), target))

    def _moment_effects(self, seen: Perceived, view: str, target: int) -> Iterator[Effect]:
        """Yield what leaving each stretch of time out of the statistics changes."""
        values, counted = joined_values(seen.present), self._counted(seen, seen.modalities)
        whole = self._evidence(view, functionals(values, counted), target)
        for name, start, stop in stretches(len(values), seen.present[0].rate):
            rest = counted.copy()
            rest[start:stop] = False
            vector = functionals(values, rest) if rest.any() else self._average(view)
            yield Effect(name, whole - self._evidence(view, vector, target))

    def _operations(self, seen: Perceived) -> Operations:
        """Return what one decision on this clip costs, from the features on."""
        values = sum(one.values.size for one in seen.present)
        macs = STATISTICS * values + readout_weights(self.readouts_[seen.modality].classifier)
        return dense_operations(macs, words=macs)

    # -- storing -----------------------------------------------------------------------------------------------

    def restore(self, arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any]) -> Baseline:
        """Take back what `state` returned."""
        self.readouts_ = restore_readouts({own: self._new_readout() for own in self.deciders}, arrays, facts)
        return self


def joined_values(series: Sequence[Series]) -> Values:
    """Return the channels of all features side by side."""
    return np.concatenate([one.values for one in series], axis=1)


def functionals(values: Values, heard: Heard) -> Float32[np.ndarray, " dims"]:
    """Return mean, deviation and mean absolute change of every channel over the steps that were heard.

    >>> functionals(np.array([[0], [2], [9]], np.float32), np.array([True, True, False])).tolist()
    [1.0, 1.0, 1.0]
    """
    change = np.abs(np.diff(values, axis=0, prepend=values[:1]))
    return np.concatenate([values[heard].mean(axis=0), values[heard].std(axis=0), change[heard].mean(axis=0)])
