"""What an evaluation found, as JSON can hold it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float

from emospike import __version__
from emospike.datasets import Dataset
from emospike.evaluation import metrics
from emospike.evaluation.metrics import Correct
from emospike.readout.calibration import Probabilities
from emospike.readout.contract import Labels
from emospike.readout.risk import ASSUMPTION, METHOD

COVERAGE = 0.78
"""Share of clips that eXCube2 answered with sound and face; the accuracy there is what papers are compared by."""

Result = Mapping[str, Any]
"""What an evaluation found, as `summarise` begins it and its JSON file holds it."""


@dataclass(frozen=True)
class Predictions:
    """What one trained system decides on recordings that it did not train on.

    Attributes
    ----------
    recordings : what was tested, with the true labels
    classes, probabilities : what the system answered, one row a recording
    threshold : the confidence that it asks of an answer, set on its training speakers
    risks : the confidence from which answers are promised to be wrong that often at most; empty where none is
    strange : which recordings are unlike all that the system learnt from, and not answered; None for none
    alone : of a system of several modalities, the probabilities by each alone; NaN where a recording lacks it
    left_out : why further recordings, by their files, could not be decided on
    untrained : why recordings, by their files, could not train
    fold, seed, split : which of several runs this is
    seconds : time of ``fit`` and ``predict`` in all, and of each stage of one decision
    cost : mean operations of a decision (the fields of `Operations` that are numbers), its energies (see
        `testing.average_cost`), and ``model_bytes``
    """

    recordings: Dataset
    classes: tuple[str, ...]
    probabilities: Probabilities
    threshold: float
    risks: Mapping[float, float] = field(default_factory=dict)
    strange: Correct | None = None
    alone: Mapping[str, Probabilities] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    untrained: Mapping[str, str] = field(default_factory=dict)
    fold: int = 0
    seed: int = 0
    split: str = ""
    seconds: dict[str, float] = field(default_factory=dict)
    cost: dict[str, float] = field(default_factory=dict)

    @property
    def truth(self) -> Labels:
        """The true labels."""
        return self.recordings.labels

    @property
    def decided(self) -> Labels:
        """The most probable class of each recording, whether it is answered or not."""
        return self.choose_labels(self.probabilities)

    def choose_labels(self, probabilities: Probabilities) -> Labels:
        """Return the most probable class of each row."""
        decided: Labels = np.array(self.classes)[probabilities.argmax(axis=1)]
        return decided

    def answer_at(self, threshold: float) -> Correct:
        """Return which recordings are answered: confident enough, and not strange."""
        answered: Correct = self.probabilities.max(axis=1) >= threshold
        return answered if self.strange is None else answered & ~self.strange

    @property
    def takes(self) -> list[str]:
        """The identity of each recording; several files, or runs, may be of one take."""
        return [recording.take for recording in self.recordings.recordings]

    @property
    def correct(self) -> Correct:
        """Which recordings were decided rightly."""
        correct: Correct = self.truth == self.decided
        return correct


def summarise(runs: Sequence[Predictions], groups: Labels) -> dict[str, Any]:
    """Return all numbers of an evaluation; `groups` name the clips that stand or fall together (see `interval`).

    All tested recordings of all runs are pooled.
    """
    truth, decided, correct = (
        np.concatenate([getattr(run, name) for run in runs]) for name in ("truth", "decided", "correct")
    )
    confidence = np.concatenate([run.probabilities.max(axis=1) for run in runs])
    answered = np.concatenate([run.answer_at(run.threshold) for run in runs])
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
        "seconds": _sum_seconds(runs),
        "cost": {name: float(np.mean([run.cost[name] for run in runs])) for name in runs[0].cost},
        "clips": clips,
        "left_out": [{"file": file, "why": why} for file, why in list_left_out(runs).items()],
        "speakers": sorted({speaker for run in runs for speaker in run.recordings.speakers.tolist() if speaker}),
        "emospike": __version__,
        **compare_corpora(runs),
        **compare_people(runs),
        **summarise_risks(runs),
        **compare_modalities(runs, groups),
        "predictions": [row for run in runs for row in _list_predictions(run)],
    }


def list_left_out(runs: Sequence[Predictions]) -> dict[str, str]:
    """Return which files could not be used in any run, to test or to train, and why."""
    found = {file: why for run in runs for file, why in [*run.untrained.items(), *run.left_out.items()]}
    return dict(sorted(found.items()))


def compare_corpora(runs: Sequence[Predictions]) -> dict[str, Any]:
    """Return how each of several corpora fares, and their mean; nothing for one.

    Measures are those of all tested recordings, over the labels that a corpus has: what it lacks is no class that it
    gets wrong.
    """
    corpora = np.concatenate([run.recordings.corpora for run in runs])
    names = np.unique(corpora)
    if len(names) < 2:
        return {}
    found = {str(name): measure_part(runs, corpora == name) for name in names}
    mean = {name: float(np.mean([one[name] for one in found.values()])) for name in ("accuracy", "balanced_accuracy")}
    return {"corpora": found, "corpora_mean": mean}


def compare_people(runs: Sequence[Predictions]) -> dict[str, Any]:
    """Return how women and men, and the young and the old, fare whose recordings tell that; nothing for one kind."""
    tags = [one.tags for run in runs for one in run.recordings.recordings]
    kinds = {
        "gender": np.array([own.get("gender", "") for own in tags]),
        "age": np.array([name_age(own.get("age", "")) for own in tags]),
    }
    named = {kind: [name for name in np.unique(who) if name] for kind, who in kinds.items()}
    found = {
        kind: {str(name): measure_part(runs, kinds[kind] == name) for name in names}
        for kind, names in named.items()
        if len(names) > 1
    }
    return {"people": found} if found else {}


def name_age(years: str) -> str:
    """Return the part of life that an age in years is of, or nothing for what is no age.

    >>> name_age("24"), name_age("64"), name_age("")
    ('under 30', '60 and older', '')
    """
    if not years.isdigit():
        return ""
    age = int(years)
    return "under 30" if age < 30 else "30 to 59" if age < 60 else "60 and older"


def measure_part(runs: Sequence[Predictions], own: Correct) -> dict[str, Any]:
    """Return how some of the tested recordings fare (a mask over those of all runs)."""
    truth, decided = (np.concatenate([getattr(run, name) for run in runs])[own] for name in ("truth", "decided"))
    speakers = np.concatenate([run.recordings.speakers for run in runs])[own]
    said = np.concatenate([run.answer_at(run.threshold) for run in runs])[own]
    confidence = np.concatenate([run.probabilities.max(axis=1) for run in runs])[own]
    found = {
        "clips": int(own.sum()),
        "speakers": len({*speakers.tolist()} - {""}),
        "accuracy": metrics.accuracy(truth, decided),
        "balanced_accuracy": metrics.balanced_accuracy(truth, decided),
        "majority": metrics.majority(truth),
        "recall": metrics.recalls(truth, decided),
        "answered": float(said.mean()),
        "right_of_answered": metrics.accuracy(truth[said], decided[said]) if said.any() else None,
        "confidence": float(confidence.mean()),
        "calibration_error": metrics.calibration_error(confidence, truth == decided),
    }
    if any(run.strange is not None for run in runs):
        strange = [np.zeros(len(run.truth), bool) if run.strange is None else run.strange for run in runs]
        found["strange"] = float(np.concatenate(strange)[own].mean())
    return found | ({"risk": measure_risks(runs, own)} if all(run.risks for run in runs) else {})


def summarise_risks(runs: Sequence[Predictions]) -> dict[str, Any]:
    """Return what was promised of errors among answers, by which method, and what came of it; nothing without one."""
    if not all(run.risks for run in runs):
        return {}
    every = np.ones(sum(len(run.truth) for run in runs), bool)
    return {"risk": {"method": METHOD, "assumption": ASSUMPTION, "rows": measure_risks(runs, every)}}


def measure_risks(runs: Sequence[Predictions], own: Correct) -> list[dict[str, Any]]:
    """Return for each risk how much of some recordings (a mask over those of all runs) is answered, and how wrongly."""
    correct, rows = np.concatenate([run.correct for run in runs]), []
    for risk in runs[0].risks:
        said = own & np.concatenate([run.answer_at(run.risks[risk]) for run in runs])
        wrong = float(1 - correct[said].mean()) if said.any() else None
        rows.append({"promised": risk, "answered": float(said.sum() / own.sum()), "wrong_of_answered": wrong})
    return rows


def compare_modalities(runs: Sequence[Predictions], groups: Labels) -> dict[str, Any]:
    """Return what each modality alone decides, and what both gain over it; nothing for a system of one modality.

    ``senses`` has the accuracy of both and of each modality alone, on the clips that have both; ``gain`` has what both
    gain over each (see `metrics.gain`), and over the one that is better on these clips. That one is known only
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
    for modality in runs[0].alone:
        decided[modality] = np.concatenate([run.choose_labels(run.alone[modality]) for run in runs])[has_all]
    right = {name: truth == one for name, one in decided.items()}
    better = max(runs[0].alone, key=lambda modality: float(right[modality].mean()))
    over = {one: metrics.gain(right[one], right["both"], groups, takes) for one in runs[0].alone}
    found = {
        name: {
            "accuracy": metrics.accuracy(truth, one),
            "balanced_accuracy": metrics.balanced_accuracy(truth, one),
            "ci95": list(metrics.interval(right[name], groups, takes)),
            "ci95_method": metrics.interval_method(right[name], groups),
        }
        for name, one in decided.items()
    }
    return {"senses": found, "gain": over | {"better": {"sense": better} | over[better]}}


def summarise_fold(run: Predictions) -> dict[str, Any]:
    """Return what one fold found."""
    corpora = sorted({one.corpus for one in run.recordings.recordings} - {""})
    return {
        **({"corpora": corpora} if corpora else {}),
        **({"split": run.split} if run.split else {}),
        "speakers": sorted(set(run.recordings.speakers.tolist()) - {""}),
        "n": len(run.recordings),
        "accuracy": metrics.accuracy(run.truth, run.decided),
        "balanced_accuracy": metrics.balanced_accuracy(run.truth, run.decided),
        "seed": run.seed,
    }


def _sum_seconds(runs: Sequence[Predictions]) -> dict[str, float]:
    """Return the time of fit and predict summed over the runs, of each stage of a decision as their mean."""
    stages = {stage: [run.seconds[stage] for run in runs if stage in run.seconds] for stage in runs[0].seconds}
    return {
        stage: float(np.sum(times) if stage in ("fit", "predict") else np.mean(times))
        for stage, times in stages.items()
    }


def _list_predictions(run: Predictions) -> list[dict[str, Any]]:
    """Return a row for each recording: what it is, what was decided, by all modalities and by each alone."""
    rows: list[dict[str, Any]] = [
        {
            "file": recording.path.name,
            "speaker": recording.speaker,
            "label": recording.label,
            "decided": str(decided),
            "probabilities": _name_classes(run, row),
            "fold": run.fold,
            "seed": run.seed,
        }
        for recording, decided, row in zip(run.recordings.recordings, run.decided, run.probabilities, strict=True)
    ]
    for modality, alone in run.alone.items():
        for row, own in zip(rows, alone, strict=True):
            row.setdefault("alone", {})[modality] = None if np.isnan(own).any() else _name_classes(run, own)
    return rows


def _name_classes(run: Predictions, probabilities: Float[np.ndarray, " classes"]) -> dict[str, float]:
    return {name: round(float(p), 6) for name, p in zip(run.classes, probabilities, strict=True)}
