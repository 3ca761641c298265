"""Baseline: what one would try first, without spikes: statistics of the sound features and a classifier."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Bool, Float32

from emospike.clip import Clip
from emospike.energy.counting import dense_operations, readout_weights
from emospike.energy.operations import Operations
from emospike.explain.attribution import stretches
from emospike.features import Feature
from emospike.features.spectrum import loud_steps
from emospike.progress import Stopwatch
from emospike.readout.contract import Classifier
from emospike.readout.interactions import channel_groups
from emospike.readout.scaling import SoftScaler
from emospike.series import Series
from emospike.systems.base import Effect, Explanation
from emospike.systems.baseline.presets import FEATURES
from emospike.systems.perception import MODALITIES, Perceived, modality_of
from emospike.systems.sensing_system import log_odds
from emospike.systems.vector_system import Vector, VectorSystem
from emospike.validation import positive

Values = Float32[np.ndarray, "steps channels"]
Heard = Bool[np.ndarray, " steps"]

STATISTICS = 3
"""Numbers that describe each channel: its mean, its deviation, and its mean change from step to step."""


@dataclass
class Baseline(VectorSystem):
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

    training_stage = "features"

    # -- from a clip to its vector -----------------------------------------------------------------------------

    def vector(self, seen: Perceived, senses: Sequence[str], watch: Stopwatch | None = None) -> Vector:
        """Return the statistics of all channels of these senses."""
        with (watch or Stopwatch())("state vector"):
            return functionals(joined_values(self._series(seen, senses)), self._counted(seen, senses))

    def _series(self, seen: Perceived, senses: Sequence[str]) -> list[Series]:
        """Return the series of these senses."""
        pairs = zip(self.features, seen.series, strict=True)
        return [one for feature, one in pairs if one is not None and feature.sense in senses]

    def _counted(self, seen: Perceived, senses: Sequence[str]) -> Heard:
        """Return the steps that count: those of speech, or all where nothing is heard."""
        if "audio" in senses:
            return loud_steps(seen.clip.sound, self.loud)
        return np.ones(len(seen.there[0]), bool)

    # -- explaining --------------------------------------------------------------------------------------------

    def detailed(self, shown: Explanation, seen: Perceived) -> Explanation:
        """Return the explanation with what bands and moments carried it."""
        view, target = modality_of(seen.senses), self.classes_.index(shown.about)
        return replace(
            shown,
            bands=list(self._band_effects(seen, view, target)),
            moments=list(self._moment_effects(seen, view, target)),
        )

    def _average(self, view: str) -> Vector:
        """Return the vector that tells nothing: the mean over the training clips, of this speaker if it is known."""
        readout = self.readouts_[view]
        average: Vector = readout.shift_ + readout.scaler.mean_
        return average

    def _evidence(self, view: str, vector: Vector, target: int) -> float:
        """Return the log-odds of a class."""
        return log_odds(self.read_out(view, vector), target)

    def _band_effects(self, seen: Perceived, view: str, target: int) -> Iterator[Effect]:
        """Yield what putting the average in the place of each group of channels changes."""
        vector, average = self.vector(seen, MODALITIES[view]), self._average(view)
        whole = self._evidence(view, vector, target)
        for name, members in channel_groups(tuple(name for one in seen.there for name in one.channels)).items():
            rest = vector.copy().reshape(STATISTICS, -1)
            rest[:, members] = average.reshape(STATISTICS, -1)[:, members]
            yield Effect(name, whole - self._evidence(view, rest.ravel(), target))

    def _moment_effects(self, seen: Perceived, view: str, target: int) -> Iterator[Effect]:
        """Yield what leaving each stretch of time out of the statistics changes."""
        values, counted = joined_values(seen.there), self._counted(seen, seen.senses)
        whole = self._evidence(view, functionals(values, counted), target)
        for name, start, stop in stretches(len(values), seen.there[0].rate):
            rest = counted.copy()
            rest[start:stop] = False
            vector = functionals(values, rest) if rest.any() else self._average(view)
            yield Effect(name, whole - self._evidence(view, vector, target))

    def operations(self, clip: Clip, modality: str | None = None) -> Operations:
        """Return what one decision on this clip costs, from the features on."""
        seen = self.perceive(clip, modality)
        values = sum(one.values.size for one in seen.there)
        macs = STATISTICS * values + readout_weights(self.readouts_[modality_of(seen.senses)].classifier)
        return dense_operations(macs, words=macs)


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
