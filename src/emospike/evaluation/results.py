"""What an evaluation found, as JSON can hold it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Shaped

from emospike import __version__
from emospike.datasets import Dataset
from emospike.evaluation import metrics
from emospike.readout.selective import accuracy_at, coverage_curve

COVERAGE = 0.78
"""Share of clips that eXCube2 answered with sound and face; the accuracy there is what papers are compared by."""

Labels = Shaped[np.ndarray, " clips"]
Probabilities = Float[np.ndarray, "clips classes"]


@dataclass(frozen=True)
class Tested:
    """Decisions of one trained system on recordings that it did not train on.

    Attributes
    ----------
    recordings : what was tested, with the true labels
    classes, probabilities : what the system answered, one row a recording
    threshold : the confidence that it asks of an answer, set on its training speakers
    fold, seed : which of several runs this is
    seconds : time of ``fit`` and ``predict`` in all, and of each stage of one decision
    """

    recordings: Dataset
    classes: tuple[str, ...]
    probabilities: Probabilities
    threshold: float
    fold: int = 0
    seed: int = 0
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def truth(self) -> Labels:
        """The true labels."""
        return self.recordings.labels

    @property
    def decided(self) -> Labels:
        """The most probable class of each recording, whether it is answered or not."""
        decided: Labels = np.array(self.classes)[self.probabilities.argmax(axis=1)]
        return decided

    @property
    def correct(self) -> Bool[np.ndarray, " clips"]:
        """Which recordings were decided rightly."""
        correct: Bool[np.ndarray, " clips"] = self.truth == self.decided
        return correct

    @property
    def confidence(self) -> Float[np.ndarray, " clips"]:
        """The probability of each decision."""
        confidence: Float[np.ndarray, " clips"] = self.probabilities.max(axis=1)
        return confidence


def summary(runs: Sequence[Tested], groups: Labels) -> dict[str, Any]:
    """Return all numbers of an evaluation; `groups` name the clips that stand or fall together (see `interval`).

    All tested recordings of all runs are pooled.
    """
    truth, decided, correct, confidence = (
        np.concatenate([getattr(run, name) for run in runs]) for name in ("truth", "decided", "correct", "confidence")
    )
    answered = np.concatenate([run.confidence >= run.threshold for run in runs])
    labels = sorted({*truth.tolist(), *(name for run in runs for name in run.classes)})
    threshold, selected = accuracy_at(confidence[:, None], correct, COVERAGE)
    return {
        "accuracy": metrics.accuracy(truth, decided),
        "balanced_accuracy": metrics.balanced_accuracy(truth, decided),
        "majority": metrics.majority(truth),
        "ci95": list(metrics.interval(correct, groups)),
        "coverage": coverage_curve(confidence[:, None], correct),
        "at_coverage": {"coverage": COVERAGE, "threshold": threshold, "accuracy": selected},
        "at_own_threshold": {
            "coverage": float(answered.mean()),
            "accuracy": float(correct[answered].mean()) if answered.any() else None,
        },
        "recall": metrics.recalls(truth, decided),
        "confusion": {"labels": labels, "matrix": metrics.confusion(truth, decided, labels)},
        "seconds": _seconds(runs),
        "clips": len({recording.take for run in runs for recording in run.recordings.recordings}),
        "speakers": sorted({speaker for run in runs for speaker in run.recordings.speakers.tolist() if speaker}),
        "emospike": __version__,
        "predictions": [row for run in runs for row in _rows(run)],
    }


def fold_row(run: Tested) -> dict[str, Any]:
    """Return what one fold found."""
    return {
        "speakers": sorted(set(run.recordings.speakers.tolist()) - {""}),
        "n": len(run.recordings),
        "accuracy": metrics.accuracy(run.truth, run.decided),
        "balanced_accuracy": metrics.balanced_accuracy(run.truth, run.decided),
        "seed": run.seed,
    }


def _seconds(runs: Sequence[Tested]) -> dict[str, float]:
    """Return the time of fit and predict summed over the runs, of each stage of a decision as their mean."""
    stages = {stage: [run.seconds[stage] for run in runs if stage in run.seconds] for stage in runs[0].seconds}
    return {
        stage: float(np.sum(times) if stage in ("fit", "predict") else np.mean(times))
        for stage, times in stages.items()
    }


def _rows(run: Tested) -> list[dict[str, Any]]:
    return [
        {
            "file": recording.path.name,
            "speaker": recording.speaker,
            "label": recording.label,
            "decided": str(decided),
            "probabilities": {name: round(float(p), 6) for name, p in zip(run.classes, row, strict=True)},
            "fold": run.fold,
            "seed": run.seed,
        }
        for recording, decided, row in zip(run.recordings.recordings, run.decided, run.probabilities, strict=True)
    ]
