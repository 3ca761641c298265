"""Cascade: one modality first, and the other only where the answer of the first is uncertain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Shaped

from emospike.clip import Clip
from emospike.clip.batch import map_clips
from emospike.datasets import Dataset
from emospike.evaluation import metrics
from emospike.evaluation.metrics import Correct
from emospike.evaluation.results import Predictions
from emospike.evaluation.study import Study
from emospike.explain.wording import WORDS
from emospike.progress import Progress
from emospike.readout.calibration import Probabilities
from emospike.readout.contract import Labels
from emospike.readout.fusion import entropy, log_linear
from emospike.systems.base import System
from emospike.systems.perception import BOTH
from emospike.validation import InputError

LIMITS = 21
"""Points of a curve, from asking the second modality always to never."""

TIMED = 6
"""Test clips of a fold that are decided one by one to time each modality, the first to warm up."""

DECIDERS = (*BOTH, "both")

Asked = Bool[np.ndarray, " clips"]
"""Which clips needed the second modality."""


def cascade(first: Probabilities, second: Probabilities, limit: float) -> tuple[Probabilities, Asked]:
    """Return the answers of a cascade, and which clips needed the second modality.

    It is asked where the entropy of the first answer, in nats, is above the limit; both answers are then fused (see
    `log_linear`).

    >>> first, second = np.array([[0.9, 0.1], [0.5, 0.5]]), np.array([[0.2, 0.8], [0.2, 0.8]])
    >>> answers, asked = cascade(first, second, limit=0.5)
    >>> answers.round(2).tolist(), asked.tolist()
    ([[0.9, 0.1], [0.32, 0.68]], [False, True])
    """
    asked: Asked = entropy(first) > limit
    return np.where(asked[:, None], log_linear([first, second]), first), asked


def find_limit(
    first: Probabilities, second: Probabilities, truth: Labels, enough: int, classes: Sequence[str]
) -> float:
    """Return the highest limit at which a cascade decides `enough` clips rightly, or as many as it can.

    Every entropy that occurs is tried, and -1, at which the second modality is always asked.
    """
    names, limits = np.array(classes), np.append(np.unique(entropy(first)), -1.0)
    right = [int((names[cascade(first, second, limit)[0].argmax(axis=1)] == truth).sum()) for limit in limits]
    enough = min(enough, max(right))
    return float(max(limit for limit, count in zip(limits, right, strict=True) if count >= enough))


@dataclass(frozen=True)
class CascadeFold:
    """One fold: what was decided on the clips that have both modalities, and what that costs.

    Attributes
    ----------
    truth, classes, speakers, takes : of these clips, as in `Predictions`
    answers : probabilities by sound, by the face, and by one brain that has both
    limits : of the entropy of the modality that comes first, set in training
    operations : of a pass with sound, with the face, and with both at once, by clip
    energy_uj, seconds : the same for the estimated energy, and for the time of a decision with all it needs
    """

    truth: Labels
    classes: tuple[str, ...]
    speakers: Labels
    takes: Labels
    answers: Mapping[str, Probabilities]
    limits: Mapping[str, float]
    operations: Mapping[str, Float[np.ndarray, " clips"]]
    energy_uj: Mapping[str, Float[np.ndarray, " clips"]]
    seconds: Mapping[str, float]

    def correct(self, answers: Probabilities) -> Correct:
        """Return which clips are decided rightly."""
        correct: Correct = np.array(self.classes)[answers.argmax(axis=1)] == self.truth
        return correct

    def decide(self, first: str, limit: float) -> tuple[Correct, Asked]:
        """Return which clips a cascade decides rightly, and which needed the second modality."""
        answers, asked = cascade(self.answers[first], self.answers[pick_other(first)], limit)
        return self.correct(answers), asked


@dataclass
class Cascade(Study):
    """What a cascade would have decided on the test clips of each fold, and at what cost.

    The modality that comes first is given to the system's reservoir alone, and where it is not sure, so is the second,
    in a pass of its own. Costs are shares of those of one pass that has both at once, whose decisions are also what
    accuracy is compared with.
    """

    folds: list[CascadeFold] = field(default_factory=list)

    def check(self, system: System) -> None:
        """Raise `InputError` unless the system decides by each of two modalities alone."""
        if "one_modality" not in system.abilities:
            raise InputError("protocol cascade needs sound and face: use --modality both")

    def add(self, system: System, train: Dataset, run: Predictions, progress: Progress | None = None) -> None:
        """Take in a fold; limits are set on its training speakers, each decided by readouts fitted without them."""
        kept = np.flatnonzero(~np.isnan([run.alone[modality] for modality in BOTH]).any(axis=(0, 2)))
        if len(kept):
            self.folds.append(measure_fold(system, train, run, kept, progress))

    def summarise(self) -> dict[str, Any]:
        """Return a curve over limits for each order of the modalities, and the numbers at the limits of training."""
        if not self.folds:
            return {}
        limits = np.linspace(0, np.log(len(self.folds[0].classes)), LIMITS).tolist()
        curves = [
            {"first": first, "limit": limit} | self._measure(first, [limit] * len(self.folds))[0]
            for first in BOTH
            for limit in limits
        ]
        return {"cascade": curves, "cascade_chosen": self._measure_chosen(), "cascade_both": self._measure_both()}

    def describe(self) -> list[str]:
        """Say what was saved and what it cost, in words."""
        said = []
        for first, found in (self._measure_chosen() if self.folds else {}).items():
            (low, high), saved = found["gain"]["ci95"], 1 - found["operations_share"]
            said.append(
                f"cascade, {WORDS[first]} first, limits set on training speakers: {found['looked']:.0%} of the clips "
                f"needed the {WORDS[pick_other(first)]}, {saved:.0%} of the operations saved, accuracy "
                f"{found['accuracy']:.3f}: {found['gain']['points']:+.1f} points ({low:.1f} to {high:.1f}) over both "
                "senses always"
            )
        return said

    def _join(self, name: str, key: str | None = None) -> np.ndarray:
        """Return an attribute of all folds, or one of its entries, clip by clip."""
        found = [getattr(fold, name) for fold in self.folds]
        return np.concatenate(found if key is None else [one[key] for one in found])

    def _measure(self, first: str, limits: Sequence[float]) -> tuple[dict[str, float], Correct]:
        """Return the numbers with one limit for each fold, and which clips are decided rightly."""
        decided = [fold.decide(first, limit) for fold, limit in zip(self.folds, limits, strict=True)]
        right, asked = (np.concatenate(one) for one in zip(*decided, strict=True))
        seconds, second = self._average_seconds(), pick_other(first)
        shares = {}
        for name, cost in (("operations_share", "operations"), ("energy_share", "energy_uj")):
            spent = self._join(cost, first).sum() + self._join(cost, second)[asked].sum()
            shares[name] = float(spent / self._join(cost, "both").sum())
        shares["seconds_share"] = (seconds[first] + float(asked.mean()) * seconds[second]) / seconds["both"]
        return {"looked": float(asked.mean()), "accuracy": float(right.mean())} | shares, right

    def _average_seconds(self) -> dict[str, float]:
        return {one: float(np.mean([fold.seconds[one] for fold in self.folds])) for one in DECIDERS}

    def _measure_chosen(self) -> dict[str, Any]:
        """Return the numbers at the limits set in training, and what they gain or lose, for each order."""
        speakers, takes = self._join("speakers"), len(set(self._join("takes")))
        both = np.concatenate([fold.correct(fold.answers["both"]) for fold in self.folds])
        found = {}
        for first in BOTH:
            limits = [fold.limits[first] for fold in self.folds]
            numbers, right = self._measure(first, limits)
            found[first] = {"limits": limits} | numbers | {
                "ci95": list(metrics.interval(right, speakers, takes)),
                "ci95_method": metrics.interval_method(right, speakers),
                "gain": metrics.gain(both, right, speakers, takes),
            }  # fmt: skip
        return found

    def _measure_both(self) -> dict[str, Any]:
        """Return how one brain that always has both modalities does, and fusing always; and what each pass costs."""
        right = [fold.correct(fold.answers["both"]) for fold in self.folds]
        fused = [fold.correct(log_linear([fold.answers[modality] for modality in BOTH])) for fold in self.folds]
        accuracy, always = (float(np.concatenate(one).mean()) for one in (right, fused))
        costs = {
            cost: {one: float(self._join(cost, one).mean()) for one in DECIDERS} for cost in ("operations", "energy_uj")
        }
        return {"accuracy": accuracy, "fused": always} | costs | {"seconds": self._average_seconds()}


def pick_other(modality: str) -> str:
    """Return the other of the two modalities."""
    return next(one for one in BOTH if one != modality)


def measure_fold(
    system: System, train: Dataset, run: Predictions, kept: Shaped[np.ndarray, " kept"], progress: Progress | None
) -> CascadeFold:
    """Return what a fold found on the clips `kept`, which have both modalities."""
    clips = run.recordings.subset(kept).clips()
    made = map_clips(lambda _, clip: [system.operations(clip, one) for one in DECIDERS], clips, "operations", progress)
    costs = dict(zip(DECIDERS, zip(*made, strict=True), strict=True))
    return CascadeFold(
        truth=run.truth[kept],
        classes=run.classes,
        speakers=run.recordings.speakers[kept],
        takes=np.array(run.takes)[kept],
        answers={"both": run.probabilities[kept]} | {modality: run.alone[modality][kept] for modality in BOTH},
        limits=set_limits(system, train),
        operations={
            one: np.array([cost.synaptic_operations + cost.macs for cost in own], float) for one, own in costs.items()
        },
        energy_uj={one: np.array([cost.energy_uj for cost in own]) for one, own in costs.items()},
        seconds={one: time_decisions(system, clips[:TIMED], one) for one in DECIDERS},
    )


def set_limits(system: System, train: Dataset) -> dict[str, float]:
    """Return the best limit for each order of the modalities, so that no accuracy is lost against both always.

    Judged on the training clips that have both modalities and were held out to calibrate.
    """
    kept = ~np.isnan([system.held_out_[one] for one in DECIDERS]).any(axis=(0, 2))
    answers, truth = {one: system.held_out_[one][kept] for one in DECIDERS}, train.labels[kept]
    enough = int((np.array(system.labels_)[answers["both"].argmax(axis=1)] == truth).sum())
    return {
        first: find_limit(answers[first], answers[pick_other(first)], truth, enough, system.labels_) for first in BOTH
    }


def time_decisions(system: System, clips: Sequence[Clip], modality: str) -> float:
    """Return how long a decision takes from the file on, finding the face included, after one to warm up."""
    times = []
    for clip in clips:
        seconds = system.decide(clip, modality=modality).seconds
        times.append(sum(one for stage, one in seconds.items() if stage != "shares"))
        clip.forget()
    return float(np.mean(times[1:] or times))
