"""What an evaluation found, as JSON can hold it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Shaped

from emospike import __version__
from emospike.datasets import Dataset
from emospike.evaluation import metrics

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
    alone : of a system of several senses, the probabilities by each sense alone; NaN where a recording lacks it
    left_out : why further recordings could not be decided on, one line each
    fold, seed : which of several runs this is
    seconds : time of ``fit`` and ``predict`` in all, and of each stage of one decision
    cost : mean operations of a decision (the fields of `Operations` that are numbers), and ``model_bytes``
    """

    recordings: Dataset
    classes: tuple[str, ...]
    probabilities: Probabilities
    threshold: float
    alone: Mapping[str, Probabilities] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    fold: int = 0
    seed: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    cost: dict[str, float] = field(default_factory=dict)

    @property
    def truth(self) -> Labels:
        """The true labels."""
        return self.recordings.labels

    @property
    def decided(self) -> Labels:
        """The most probable class of each recording, whether it is answered or not."""
        return self.taken_for(self.probabilities)

    def taken_for(self, probabilities: Probabilities) -> Labels:
        """Return the most probable class of each row."""
        decided: Labels = np.array(self.classes)[probabilities.argmax(axis=1)]
        return decided

    @property
    def takes(self) -> list[str]:
        """The identity of each recording; several files, or runs, may be of one take."""
        return [recording.take for recording in self.recordings.recordings]

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
    threshold, selected = metrics.accuracy_at(confidence[:, None], correct, COVERAGE)
    clips = len({take for run in runs for take in run.takes})
    return {
        "accuracy": metrics.accuracy(truth, decided),
        "balanced_accuracy": metrics.balanced_accuracy(truth, decided),
        "majority": metrics.majority(truth),
        "ci95": list(metrics.interval(correct, groups, clips)),
        "ci95_method": metrics.interval_method(correct, groups),
        "coverage": metrics.coverage_curve(confidence[:, None], correct),
        "at_coverage": {"coverage": COVERAGE, "threshold": threshold, "accuracy": selected},
        "at_own_threshold": {
            "coverage": float(answered.mean()),
            "accuracy": float(correct[answered].mean()) if answered.any() else None,
        },
        "recall": metrics.recalls(truth, decided),
        "confusion": {"labels": labels, "matrix": metrics.confusion(truth, decided, labels)},
        "seconds": _seconds(runs),
        "cost": {name: float(np.mean([run.cost[name] for run in runs])) for name in runs[0].cost},
        "clips": clips,
        "speakers": sorted({speaker for run in runs for speaker in run.recordings.speakers.tolist() if speaker}),
        "emospike": __version__,
        **senses_alone(runs, groups),
        "predictions": [row for run in runs for row in _rows(run)],
    }


def senses_alone(runs: Sequence[Tested], groups: Labels) -> dict[str, Any]:
    """Return what each sense alone decides, and what both gain over it; nothing for a system of one sense.

    ``senses`` has the accuracy of both and of each sense alone, on the clips that have both; ``gain`` has what both
    gain over each sense (see `metrics.gain`), and over the one that is better on these clips. That one is known only
    afterwards, so the last gain is, if anything, told too small.
    """
    if not runs[0].alone:
        return {}
    has_all = np.concatenate([~np.isnan(list(run.alone.values())).any(axis=(0, 2)) for run in runs])
    if not has_all.any():
        return {}
    truth = np.concatenate([run.truth for run in runs])[has_all]
    takes, groups = len(set(np.concatenate([run.takes for run in runs])[has_all])), groups[has_all]
    decided = {"both": np.concatenate([run.decided for run in runs])[has_all]}
    for sense in runs[0].alone:
        decided[sense] = np.concatenate([run.taken_for(run.alone[sense]) for run in runs])[has_all]
    right = {name: truth == one for name, one in decided.items()}
    better = max(runs[0].alone, key=lambda sense: float(right[sense].mean()))
    over = {sense: metrics.gain(right[sense], right["both"], groups, takes) for sense in runs[0].alone}
    senses = {
        name: {
            "accuracy": metrics.accuracy(truth, one),
            "balanced_accuracy": metrics.balanced_accuracy(truth, one),
            "ci95": list(metrics.interval(right[name], groups, takes)),
            "ci95_method": metrics.interval_method(right[name], groups),
        }
        for name, one in decided.items()
    }
    return {"senses": senses, "gain": over | {"better": {"sense": better} | over[better]}}


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
    rows: list[dict[str, Any]] = [
        {
            "file": recording.path.name,
            "speaker": recording.speaker,
            "label": recording.label,
            "decided": str(decided),
            "probabilities": _by_class(run, row),
            "fold": run.fold,
            "seed": run.seed,
        }
        for recording, decided, row in zip(run.recordings.recordings, run.decided, run.probabilities, strict=True)
    ]
    for sense, alone in run.alone.items():
        for row, own in zip(rows, alone, strict=True):
            row.setdefault("alone", {})[sense] = None if np.isnan(own).any() else _by_class(run, own)
    return rows


def _by_class(run: Tested, probabilities: Float[np.ndarray, " classes"]) -> dict[str, float]:
    return {name: round(float(p), 6) for name, p in zip(run.classes, probabilities, strict=True)}
