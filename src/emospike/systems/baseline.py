"""Baseline: what one would try first, without spikes: statistics of the sound features and a classifier."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32

from emospike.clip import Clip
from emospike.features import Feature
from emospike.features.constant_q import ConstantQ
from emospike.features.mel import Mel
from emospike.features.mfcc import MFCC
from emospike.features.spectrum import HOP
from emospike.readout.classifiers import SklearnClassifier
from emospike.readout.contract import Classifier
from emospike.readout.interactions import frequency_groups
from emospike.readout.linear import LinearReadout
from emospike.readout.readout import Readout
from emospike.readout.scaling import SoftScaler
from emospike.series import Series
from emospike.systems.clips import Stopwatch, each, training_labels
from emospike.systems.contract import Decision, Effect, Explanation, Operations, Progress, as_clip
from emospike.systems.cost import dense_operations, readout_weights
from emospike.systems.explained import log_odds, stretches
from emospike.systems.vector_system import VectorSystem
from emospike.validation import one_of, positive

Values = Float32[np.ndarray, "steps channels"]
Heard = Bool[np.ndarray, " steps"]

PRESETS: dict[str, Callable[[int], Classifier]] = {
    "svm": lambda seed: SklearnClassifier("rbf_svm", seed=seed),
    "logistic_regression": lambda seed: SklearnClassifier("logistic_regression", seed=seed),
    "ridge": lambda seed: LinearReadout(alpha=100.0),
}
"""The classifier of each preset; `ridge` is the one that eXCube2 reads its reservoir out with."""

WINDOW = 400
"""Samples (25 ms) over which loudness is measured."""

STATISTICS = 3
"""Numbers that describe each channel: its mean, its deviation, and its mean change from step to step."""


@dataclass
class Baseline(VectorSystem):
    """Sound features -> mean, deviation and mean absolute change of each channel -> z-scores -> classifier.

    Attributes
    ----------
    classifier : of the presets, a support vector machine with RBF kernel, logistic regression, or ridge regression
    features : what is heard
    loud : steps count that are at most so many dB below the loudest one; the others are taken for pauses
    normalise : ``"none"``, or ``"speaker"``: each speaker's mean vector is removed, without labels
    coverage : share of held-out training clips that the stored threshold lets through

    Source
    ------
    The non-spiking comparison of Kasabov et al. 2026 (eXCube2), Table A1; features and statistics are ours.
    """

    classifier: Classifier
    features: tuple[Feature, ...] = (Mel(bands=64), ConstantQ(), MFCC(coefficients=20))
    loud: float = 30.0
    normalise: str = "none"
    coverage: float = 0.78

    def __post_init__(self) -> None:
        positive("loud", self.loud)

    @classmethod
    def presets(cls) -> tuple[str, ...]:
        """Names of the presets."""
        return tuple(PRESETS)

    @classmethod
    def preset(cls, name: str, seed: int = 0) -> Baseline:
        """Return the unfitted system of a preset."""
        return cls(PRESETS[one_of("preset", name, PRESETS)](seed))

    # -- training ----------------------------------------------------------------------------------------------

    def fit(
        self,
        clips: Sequence[Clip],
        labels: Sequence[str],
        speakers: Sequence[str] | None = None,
        progress: Progress | None = None,
        finer: Sequence[str] | None = None,
    ) -> Baseline:
        """Train on labelled clips; `finer` labels are not used, as in the paper's Table A1."""
        y, who = training_labels(clips, labels, speakers, self.normalise)
        self.readout_ = self._readout().fit(self.state_vectors(clips, progress), y, who)
        self.classes_, self.threshold_ = self.readout_.classes, self.readout_.threshold_
        return self

    def _readout(self) -> Readout:
        """Return an unfitted readout that shares nothing with the parameters; its scaler keeps every dimension."""
        scaler = SoftScaler(root=False, rare=0.0, soft=0.01)  # 0.01 nats: channels that hardly change stay small
        return Readout(scaler, deepcopy(self.classifier), self.normalise, self.coverage)

    def series(self, clip: Clip) -> list[Series]:
        """Return the clip's features."""
        return [feature.extract(clip) for feature in self.features]

    def vector(self, clip: Clip, series: Sequence[Series]) -> Float32[np.ndarray, " dims"]:
        """Return the statistics of all channels."""
        return functionals(joined_values(series), loud_steps(clip.sound, self.loud))

    def state_vectors(
        self, clips: Sequence[Clip], progress: Progress | None = None
    ) -> Float32[np.ndarray, "clips dims"]:
        """Return the statistics of every clip."""
        return np.stack(list(each(lambda _, clip: self.vector(clip, self.series(clip)), clips, "features", progress)))

    # -- deciding ----------------------------------------------------------------------------------------------

    def decide(self, clip: Clip | Path | str, threshold: float | None = None) -> Decision:
        """Return the decision on one clip, with the time that each stage took."""
        clip, watch = as_clip(clip), Stopwatch()
        with watch("decode"):
            clip.sound  # noqa: B018 - decoded here, used by the features
        with watch("features"):
            series = self.series(clip)
        with watch("state vector"):
            vector = self.vector(clip, series)
        return self._answer(clip, vector, threshold, watch)

    # -- explaining --------------------------------------------------------------------------------------------

    def explain(self, clip: Clip | Path | str, threshold: float | None = None) -> Explanation:
        """Return what the figures of one decision draw: the features, and what bands and moments carried it."""
        clip, limit = as_clip(clip), self.threshold_ if threshold is None else threshold
        decided, series = self.decide(clip, limit), self.series(clip)
        target, heard = self.classes_.index(decided.label), loud_steps(clip.sound, self.loud)
        return Explanation(
            name=clip.name,
            decision=decided,
            threshold=limit,
            series=dict(zip((type(feature).__name__ for feature in self.features), series, strict=True)),
            bands=list(self._band_effects(series, heard, target)),
            moments=list(self._moment_effects(series, heard, target)),
        )

    def _average(self) -> Float32[np.ndarray, " dims"]:
        """Return the vector that tells nothing: the mean over the training clips, of this speaker if it is known."""
        average: Float32[np.ndarray, " dims"] = self.readout_.shift_ + self.readout_.scaler.mean_
        return average

    def _band_effects(self, series: Sequence[Series], heard: Heard, target: int) -> Iterator[Effect]:
        """Yield what putting the average in the place of each group of channels changes."""
        vector, average = functionals(joined_values(series), heard), self._average()
        whole = log_odds(self.readout_, vector, target)
        channels = tuple(name for one in series for name in one.channels)
        for name, members in frequency_groups(channels).items():
            rest = vector.copy().reshape(STATISTICS, -1)
            rest[:, members] = average.reshape(STATISTICS, -1)[:, members]
            yield Effect(name, whole - log_odds(self.readout_, rest.ravel(), target))

    def _moment_effects(self, series: Sequence[Series], heard: Heard, target: int) -> Iterator[Effect]:
        """Yield what leaving each stretch of time out of the statistics changes."""
        values, average = joined_values(series), self._average()
        whole = log_odds(self.readout_, functionals(values, heard), target)
        for name, start, stop in stretches(len(values), series[0].rate):
            rest = heard.copy()
            rest[start:stop] = False
            vector = functionals(values, rest) if rest.any() else average
            yield Effect(name, whole - log_odds(self.readout_, vector, target))

    def operations(self, clip: Clip) -> Operations:
        """Return what one decision on this clip costs, from the features on."""
        values = joined_values(self.series(clip))
        macs = STATISTICS * values.size + readout_weights(self.readout_.classifier)
        return dense_operations(macs, words=macs)

    # -- storing -----------------------------------------------------------------------------------------------

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return the fitted arrays, and the fitted facts that JSON can hold."""
        arrays, facts = self.readout_.state()
        return {f"readout.{name}": array for name, array in arrays.items()}, facts

    def restore(self, arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any]) -> Baseline:
        """Take back what `state` returned."""
        own = {name.removeprefix("readout."): array for name, array in arrays.items()}
        self.readout_ = self._readout().restore(own, facts, self.threshold_)
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


def loud_steps(sound: Float32[np.ndarray, " samples"], within: float) -> Heard:
    """Return the steps whose mean power over 25 ms is at most `within` dB below that of the loudest one.

    >>> loud_steps(np.repeat(np.array([1.0, 0.01], np.float32), 800), within=30.0).tolist()
    [True, True, True, True, True, True, True, False, False, False, False]
    """
    energy = np.concatenate([[0.0], np.cumsum(np.square(np.pad(sound, WINDOW // 2), dtype=float))])
    power = (energy[WINDOW:] - energy[:-WINDOW])[::HOP]
    return np.asarray(power >= power.max() * 10 ** (-within / 10))
