"""Robustness: what the same recordings are taken for over other microphones, rooms, lines and codecs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Bool

from emospike.augmentation.channel import add_voices, degrade, parse_degradation
from emospike.augmentation.filters import Samples
from emospike.clip import Clip
from emospike.clip.batch import map_clips
from emospike.datasets import Dataset
from emospike.evaluation import metrics
from emospike.evaluation.results import Predictions
from emospike.evaluation.study import Study
from emospike.evaluation.testing import answer_clips
from emospike.progress import Progress, prefix_stages
from emospike.readout.calibration import Probabilities
from emospike.readout.contract import Labels
from emospike.systems.base import System
from emospike.systems.perception import MODALITIES, explain_no_speech
from emospike.validation import InputError

RECORDED = "recorded"
"""The recordings as they are, with which all else is compared."""

COMMON = (
    "gain:-40", "gain:-20", "gain:+20", "clip:20", "dc", "telephone", "8khz", "mp3:32", "opus:16", "amr",
    "noise:20", "noise:10", "babble:20", "babble:10", "babble:5", "reverb:0.5",
)  # fmt: skip
"""What happens to recordings of speech outside of laboratories."""

VOICES = 24
"""Recordings that babble is made of, at most."""


def parse_degradations(text: str) -> tuple[str, ...]:
    """Return degradations that stand in a list with commas; ``all`` are those of `COMMON`.

    >>> parse_degradations("telephone,babble:10")
    ('telephone', 'babble:10')

    Raises `InputError` for one that `parse_degradation` does not know.
    """
    names = (
        COMMON if text.strip() == "all" else tuple(one.strip() for one in text.split(",") if one.strip() != RECORDED)
    )
    for one in names:
        parse_degradation(one)
    return names


@dataclass(frozen=True)
class DegradedAnswers:
    """What the model of a fold says of its test recordings after one degradation.

    Attributes
    ----------
    truth, classes : as in `Predictions`
    probabilities : NaN for a recording that is refused (it has become silent, say)
    answered : which are answered: confident enough, and where sound alone decides, speech to the speech check
    """

    truth: Labels
    classes: tuple[str, ...]
    probabilities: Probabilities
    answered: Bool[np.ndarray, " clips"]

    @property
    def correct(self) -> metrics.Correct:
        """Which recordings are decided rightly; none that is refused."""
        decided = np.array(self.classes)[np.nan_to_num(self.probabilities, nan=-1.0).argmax(axis=1)]
        correct: metrics.Correct = (decided == self.truth) & ~np.isnan(self.probabilities[:, 0])
        return correct


@dataclass
class Robustness(Study):
    """What the model of each fold says of its test recordings as they are, and after every degradation.

    Babble is made of training recordings. The model, its calibration and its threshold stay what they were.
    """

    degradations: tuple[str, ...] = COMMON
    found: dict[str, list[DegradedAnswers]] = field(default_factory=dict)

    def check(self, system: System) -> None:
        """Raise `InputError` for a system that does not hear."""
        if "audio" not in MODALITIES[system.modality]:
            raise InputError(f"robustness is about sound, and this decides by {system.modality}: use another modality")

    def add(self, system: System, train: Dataset, run: Predictions, progress: Progress | None = None) -> None:
        """Degrade the test recordings, and let the model decide again."""
        voices = gather_voices(train, run.seed)
        clips, who = run.recordings.clips(), run.recordings.known_speakers
        for name in (RECORDED, *self.degradations):
            changed = clips
            if name != RECORDED:
                degradation = add_voices(parse_degradation(name), voices)
                changed = [degrade(clip, degradation, run.seed) for clip in clips]
            told = prefix_stages(progress, f"{name}: ")
            probabilities, found = answer_clips(system, changed, who, told)
            answered = (probabilities.max(axis=1) >= run.threshold) & (found.novelty <= 1)
            answered &= hear_speech(system, changed, told)
            own = DegradedAnswers(run.truth, run.classes, probabilities, answered)
            self.found.setdefault(name, []).append(own)

    def summarise(self) -> dict[str, Any]:
        """Return a row for the recordings as they are, and one for each degradation."""
        return {"robustness": [summarise_answers(name, own, self.found[RECORDED]) for name, own in self.found.items()]}

    def describe(self) -> list[str]:
        """Say what is worst."""
        rows = [row for row in self.summarise()["robustness"] if row["calibration_error"] is not None]
        worst = max(rows, key=lambda row: row["calibration_error"])
        least = min(rows, key=lambda row: row["accuracy"])
        return [
            f"the calibration error is largest with {worst['degradation']} ({worst['calibration_error']:.3f}), the "
            f"accuracy least with {least['degradation']} ({least['accuracy']:.3f})"
        ]


def summarise_answers(
    name: str, runs: Sequence[DegradedAnswers], recorded: Sequence[DegradedAnswers]
) -> dict[str, Any]:
    """Return how well recordings are decided after a degradation, all folds pooled.

    Accuracy, confidence and calibration error are over the recordings that are not refused, whether answered or not;
    ``answered`` is a share of all. ``largest_change`` is that of any probability against the recording as it is.
    """
    truth = np.concatenate([run.truth for run in runs])
    kept = np.concatenate([~np.isnan(run.probabilities[:, 0]) for run in runs])
    correct, answered = (np.concatenate([getattr(run, part) for run in runs]) for part in ("correct", "answered"))
    row: dict[str, Any] = {"degradation": name, "clips": len(truth), "refused": int((~kept).sum())}
    row |= {"answered": float(answered.mean())}
    row["right_of_answered"] = float(correct[answered].mean()) if answered.any() else None
    if not kept.any():
        measures = ("accuracy", "balanced_accuracy", "confidence", "calibration_error", "largest_change")
        return row | dict.fromkeys(measures)
    confidence = np.concatenate([run.probabilities.max(axis=1) for run in runs])[kept]
    changes = [np.abs(run.probabilities - own.probabilities) for run, own in zip(runs, recorded, strict=True)]
    recall = [correct[kept & (truth == label)].mean() for label in np.unique(truth[kept])]
    return row | {
        "accuracy": float(correct[kept].mean()),
        "balanced_accuracy": float(np.mean(recall)),
        "confidence": float(confidence.mean()),
        "calibration_error": metrics.calibration_error(confidence, correct[kept]),
        "largest_change": float(max(np.nanmax(one) for one in changes if np.isfinite(one).any())),
    }


def gather_voices(dataset: Dataset, seed: int) -> list[Samples]:
    """Return the sound of some recordings, drawn at random, for babble."""
    drawn = np.random.default_rng(seed).permutation(len(dataset))[:VOICES]
    return list(_read(dataset.subset(np.sort(drawn)).clips()))


def _read(clips: Sequence[Clip]) -> Iterator[Samples]:
    """Yield the sound of those clips that have one."""
    for clip in clips:
        try:
            yield clip.sound
        except InputError:
            continue


def hear_speech(system: System, clips: Sequence[Clip], progress: Progress | None) -> Bool[np.ndarray, " clips"]:
    """Return in which clips the speech check hears speech; all, where a face decides too."""
    if MODALITIES[system.modality] != ("audio",):
        return np.ones(len(clips), bool)

    def one(_: int, clip: Clip) -> bool:
        try:
            return explain_no_speech(clip) is None
        except InputError:
            return False

    return np.array(list(map_clips(one, clips, "speech check", progress)), bool)
