"""Baseline: what one would try first, without spikes: statistics of the sound features and a classifier."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32

from emospike.augmentation.channel import ChannelVariation
from emospike.energy.counting import count_readout, count_statistics
from emospike.energy.operations import Operations
from emospike.explain.attribution import attribute, cut_moments, log_odds
from emospike.explain.panel import Panel
from emospike.features import Feature
from emospike.features.action_units import ActionUnits
from emospike.features.constant_q import ConstantQ
from emospike.features.mel import Mel
from emospike.features.mfcc import MFCC
from emospike.features.spectrum import find_loud_steps
from emospike.progress import Stopwatch
from emospike.readout.classifiers import SklearnClassifier
from emospike.readout.contract import Classifier
from emospike.readout.linear import LinearReadout
from emospike.readout.scaling import SoftScaler
from emospike.readout.training_rows import Rows
from emospike.series import Series
from emospike.systems.explaining import FACE_MOMENTS, Attributions, films_beside, group_channels
from emospike.systems.perception import MODALITIES, Perceived
from emospike.systems.training import TrainingSet
from emospike.systems.vectors import Vector, VectorSystem
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
class Baseline(VectorSystem):
    """Features -> mean, deviation and mean absolute change of each channel -> z-scores -> classifier.

    Attributes
    ----------
    classifier : of the presets, a support vector machine with RBF kernel, logistic regression, or ridge regression
    features : what is heard, then what is seen
    modality : ``"audio"``, ``"face"`` or ``"both"``
    loud : steps of sound count that are at most so many dB below the loudest one; the others are taken for pauses
    channel_variation : copies of the training clips over other channels, which train the readout too, or None
    level : active level that every sound is brought to before any feature, dBFS; None takes sound as recorded
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
    channel_variation: ChannelVariation | None = None
    level: float | None = None
    normalise: str = "none"
    coverage: float = 0.78
    # 0.01 nats: channels that hardly change stay small
    scaler: SoftScaler = field(default_factory=lambda: SoftScaler(root=False, rare=0.0, soft=0.01))

    def __post_init__(self) -> None:
        positive("loud", self.loud)

    # -- training ----------------------------------------------------------------------------------------------

    def _fit(self, training: TrainingSet) -> None:
        """Fit the readouts."""
        rows, _ = self.learn_vectors(training)
        self._fit_each(rows, training)

    def learn_vectors(self, training: TrainingSet) -> tuple[dict[str, Rows], dict[int, Any]]:
        """Return the vectors of the training clips; nothing is learnt for them (see `make_rows`)."""
        return self.make_rows(training, stage="features")

    # -- from a clip to its vector -----------------------------------------------------------------------------

    def represent(self, seen: Perceived, modalities: Sequence[str], timer: Stopwatch | None = None) -> Vector:
        """Return the statistics of all channels of these modalities."""
        with (timer or Stopwatch())("state vector"):
            return describe(join_values(self._series(seen, modalities)), self._select_steps(seen, modalities))

    def _name_dims(self, seen: Perceived, modality: str) -> list[str]:
        """Return the statistics of channels by name."""
        labels = [channel.label for one in self._series(seen, MODALITIES[modality]) for channel in one.channels]
        return [f"{label} {what}" for what in ("mean", "std", "change") for label in labels]

    def _series(self, seen: Perceived, modalities: Sequence[str]) -> list[Series]:
        """Return the series of these modalities."""
        pairs = zip(self.features, seen.series, strict=True)
        return [one for feature, one in pairs if one is not None and feature.modality in modalities]

    def _select_steps(self, seen: Perceived, modalities: Sequence[str]) -> Heard:
        """Return the steps that count: those of speech, or all where nothing is heard."""
        if "audio" in modalities:
            return find_loud_steps(seen.clip.sound, self.loud)
        return np.ones(len(seen.present[0]), bool)

    # -- looking inside ----------------------------------------------------------------------------------------

    def _panels(self, seen: Perceived, target: int) -> tuple[Attributions, list[Panel]]:
        """Return what leaving out groups of channels and moments does to a class."""
        readout, values = self.readouts_[seen.modality], join_values(seen.present)
        counted = self._select_steps(seen, seen.modalities)
        # What tells nothing: the mean over the training clips, of this speaker if it is known.
        average: Vector = readout.speaker_mean_.shift_ + readout.scaler.mean_
        vector = describe(values, counted)

        def evidence(one: Vector) -> float:
            return log_odds(readout.probabilities(one[None])[0], target)

        groups = group_channels([channel for one in seen.present for channel in one.channels])
        kinds = {one: occlude_channels(vector, average, groups.get(one, {})) for one in seen.modalities}
        kinds["moments"] = occlude_steps(values, counted, seen.present[0].rate, average)
        if films_beside(seen):
            face = [column for own in groups["face"].values() for column in own]
            without = occlude_steps(values, counted, seen.present[0].rate, average)
            kinds[FACE_MOMENTS] = ((name, replace_columns(vector, rest, face)) for name, rest in without)
        return {**attribute(evidence, vector, kinds)}, []

    def _operations(self, seen: Perceived) -> Operations:
        """Return what one decision on this clip costs."""
        values, channels = (
            sum(one.values.size for one in seen.present),
            sum(len(one.channels) for one in seen.present),
        )
        return count_statistics(values, channels, STATISTICS, count_readout(self.readouts_[seen.modality]))

    # -- storing -----------------------------------------------------------------------------------------------

    def restore(self, arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any]) -> Baseline:
        """Take back what `state` returned."""
        self._restore_readouts(arrays, facts)
        return self


def occlude_channels(
    vector: Vector, average: Vector, groups: Mapping[str, Sequence[int]]
) -> Iterator[tuple[str, Vector]]:
    """Yield the name of each group of channels, and the vector with the average in its place."""
    for name, members in groups.items():
        yield name, replace_columns(vector, average, members)


def replace_columns(vector: Vector, other: Vector, members: Sequence[int]) -> Vector:
    """Return a vector with the statistics of some channels taken from another."""
    rest = vector.copy().reshape(STATISTICS, -1)
    rest[:, members] = other.reshape(STATISTICS, -1)[:, members]
    return rest.ravel()


def occlude_steps(values: Values, counted: Heard, rate: float, average: Vector) -> Iterator[tuple[str, Vector]]:
    """Yield the name of each moment, and the vector without it; the average where nothing is left."""
    for name, steps in cut_moments(len(values), rate):
        rest = counted.copy()
        rest[steps] = False
        yield name, describe(values, rest) if rest.any() else average


def join_values(series: Sequence[Series]) -> Values:
    """Return the channels of all features side by side."""
    return np.concatenate([one.values for one in series], axis=1)


def describe(values: Values, heard: Heard) -> Float32[np.ndarray, " dims"]:
    """Return mean, deviation and mean absolute change of every channel over the steps that were heard.

    >>> describe(np.array([[0], [2], [9]], np.float32), np.array([True, True, False])).tolist()
    [1.0, 1.0, 1.0]
    """
    change = np.abs(np.diff(values, axis=0, prepend=values[:1]))
    return np.concatenate([values[heard].mean(axis=0), values[heard].std(axis=0), change[heard].mean(axis=0)])
