"""Cascade: one sense first, and the other only where the answer of the first is uncertain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Shaped

from emospike.clip import Clip
from emospike.clip.batch import map_clips
from emospike.datasets import Dataset
from emospike.energy.operations import Operations
from emospike.evaluation import metrics
from emospike.evaluation.results import Tested
from emospike.evaluation.study import Study
from emospike.explain.wording import WORDS
from emospike.progress import Progress
from emospike.readout.fusion import entropy, log_linear
from emospike.systems.base import System
from emospike.systems.perception import BOTH
from emospike.validation import InputError

LIMITS = 21
"""Points of a curve, from asking the second sense always to never."""

TIMED = 6
"""Test clips of a fold that are decided one by one to time each sense, the first to warm up."""

VIEWS = (*BOTH, "both")

Labels = Shaped[np.ndarray, " clips"]
Right = Bool[np.ndarray, " clips"]
Probabilities = Float[np.ndarray, "clips classes"]


def cascade(first: Probabilities, second: Probabilities, limit: float) -> tuple[Probabilities, Right]:
    """Return the answers of a cascade, and which clips needed the second sense.

    It is asked where the entropy of the first answer, in nats, is above the limit; both answers are then fused (see
    `log_linear`).

    >>> first, second = np.array([[0.9, 0.1], [0.5, 0.5]]), np.array([[0.2, 0.8], [0.2, 0.8]])
    >>> answers, asked = cascade(first, second, limit=0.5)
    >>> answers.round(2).tolist(), asked.tolist()
    ([[0.9, 0.1], [0.32, 0.68]], [False, True])
    """
    asked: Right = entropy(first) > limit
    return np.where(asked[:, None], log_linear([first, second]), first), asked


def best_limit(
    first: Probabilities, second: Probabilities, truth: Labels, enough: int, classes: Sequence[str]
) -> float:
    """Return the highest limit at which a cascade decides `enough` clips rightly, or as many as it can.

    Every entropy that occurs is tried, and -1, at which the second sense is always asked.
    """
    names, limits = np.array(classes), np.append(np.unique(entropy(first)), -1.0)
    right = [int((names[cascade(first, second, limit)[0].argmax(axis=1)] == truth).sum()) for limit in limits]
    enough = min(enough, max(right))
    return float(max(limit for limit, count in zip(limits, right, strict=True) if count >= enough))


@dataclass(frozen=True)
class Part:
    """One fold: what was decided on the clips that have both senses, and what that costs.

    Attributes
    ----------
    truth, classes, speakers, takes : of these clips, as in `Tested`
    answers : probabilities by sound, by the face, and by one brain that has both
    limits : of the entropy of the sense that comes first, set in training
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

    def right(self, answers: Probabilities) -> Right:
        """Return which clips are decided rightly."""
        right: Right = np.array(self.classes)[answers.argmax(axis=1)] == self.truth
        return right

    def decided(self, first: str, limit: float) -> tuple[Right, Right]:
        """Return which clips a cascade decides rightly, and which needed the second sense."""
        answers, asked = cascade(self.answers[first], self.answers[other(first)], limit)
        return self.right(answers), asked


@dataclass
class Cascade(Study):
    """What a cascade would have decided on the test clips of each fold, and at what cost.

    The sense that comes first is given to the system's reservoir alone, and where it is not sure, so is the second, in
    a pass of its own. Costs are shares of those of one pass that has both senses at once, whose decisions are also what
    accuracy is compared with.
    """

    parts: list[Part] = field(default_factory=list)

    def check(self, system: System) -> None:
        """Raise `InputError` unless the system decides by each of two modalities alone."""
        if "one_modality" not in system.abilities:
            raise InputError("protocol cascade needs sound and face: use --modality both")

    def add(self, system: System, train: Dataset, run: Tested, progress: Progress | None = None) -> None:
        """Take in a fold; limits are set on its training speakers, each decided by readouts fitted without them."""
        kept = np.flatnonzero(~np.isnan([run.alone[sense] for sense in BOTH]).any(axis=(0, 2)))
        if len(kept):
            self.parts.append(part_of(system, train, run, kept, progress))

    def result(self) -> dict[str, Any]:
        """Return a curve over limits for each order of the senses, and the numbers at the limits set in training."""
        if not self.parts:
            return {}
        limits = np.linspace(0, np.log(len(self.parts[0].classes)), LIMITS).tolist()
        curves = [
            {"first": first, "limit": limit} | self._at(first, [limit] * len(self.parts))
            for first in BOTH
            for limit in limits
        ]
        return {"cascade": curves, "cascade_chosen": self._chosen(), "cascade_both": self._both()}

    def notes(self) -> list[str]:
        """Say what was saved and what it cost, in words."""
        said = []
        for first, found in (self._chosen() if self.parts else {}).items():
            (low, high), saved = found["gain"]["ci95"], 1 - found["operations_share"]
            said.append(
                f"cascade, {WORDS[first]} first, limits set on training speakers: {found['looked']:.0%} of the clips "
                f"needed the {WORDS[other(first)]}, {saved:.0%} of the operations saved, accuracy "
                f"{found['accuracy']:.3f}: {found['gain']['points']:+.1f} points ({low:.1f} to {high:.1f}) over both "
                "senses always"
            )
        return said

    def _at(self, first: str, limits: Sequence[float]) -> dict[str, float]:
        """Return the numbers with one limit for each fold."""
        decided = [part.decided(first, limit) for part, limit in zip(self.parts, limits, strict=True)]
        right, asked = (np.concatenate(one) for one in zip(*decided, strict=True))
        seconds = self._seconds()
        return {
            "looked": float(asked.mean()),
            "accuracy": float(right.mean()),
            "operations_share": self._share("operations", first, asked),
            "energy_share": self._share("energy_uj", first, asked),
            "seconds_share": (seconds[first] + float(asked.mean()) * seconds[other(first)]) / seconds["both"],
        }

    def _share(self, cost: str, first: str, asked: Right) -> float:
        """Return what was spent, over what passes with both senses at once would have."""
        by_view = {view: np.concatenate([getattr(part, cost)[view] for part in self.parts]) for view in VIEWS}
        spent = by_view[first].sum() + by_view[other(first)][asked].sum()
        return float(spent / by_view["both"].sum())

    def _seconds(self) -> dict[str, float]:
        return {view: float(np.mean([part.seconds[view] for part in self.parts])) for view in VIEWS}

    def _chosen(self) -> dict[str, Any]:
        """Return the numbers at the limits set in training, and what they gain or lose, for each order."""
        speakers, takes = (
            np.concatenate([getattr(part, name) for part in self.parts]) for name in ("speakers", "takes")
        )
        both = np.concatenate([part.right(part.answers["both"]) for part in self.parts])
        found = {}
        for first in BOTH:
            limits = [part.limits[first] for part in self.parts]
            right = np.concatenate(
                [part.decided(first, limit)[0] for part, limit in zip(self.parts, limits, strict=True)]
            )
            found[first] = {"limits": limits} | self._at(first, limits) | {
                "ci95": list(metrics.interval(right, speakers, len(set(takes)))),
                "ci95_method": metrics.interval_method(right, speakers),
                "gain": metrics.gain(both, right, speakers, len(set(takes))),
            }  # fmt: skip
        return found

    def _both(self) -> dict[str, Any]:
        """Return how one brain that always has both senses does, and fusing always; and what each pass costs."""
        right = [part.right(part.answers["both"]) for part in self.parts]
        fused = [part.right(log_linear([part.answers[sense] for sense in BOTH])) for part in self.parts]
        costs = {
            name: {
                view: float(np.concatenate([getattr(part, name)[view] for part in self.parts]).mean()) for view in VIEWS
            }
            for name in ("operations", "energy_uj")
        }
        accuracy, always = (float(np.concatenate(one).mean()) for one in (right, fused))
        return {"accuracy": accuracy, "fused": always} | costs | {"seconds": self._seconds()}


def other(sense: str) -> str:
    """Return the other of the two senses."""
    return next(one for one in BOTH if one != sense)


def part_of(
    system: System, train: Dataset, run: Tested, kept: Shaped[np.ndarray, " kept"], progress: Progress | None
) -> Part:
    """Return what a fold found on the clips `kept`, which have both senses."""
    clips = run.recordings.subset(kept).clips()
    costs = costs_of(system, clips, progress)
    return Part(
        truth=run.truth[kept],
        classes=run.classes,
        speakers=run.recordings.speakers[kept],
        takes=np.array(run.takes)[kept],
        answers={"both": run.probabilities[kept]} | {sense: run.alone[sense][kept] for sense in BOTH},
        limits=training_limits(system, train),
        operations={view: np.array([counted(one) for one in own], float) for view, own in costs.items()},
        energy_uj={view: np.array([one.energy_uj for one in own]) for view, own in costs.items()},
        seconds={view: decision_seconds(system, clips[:TIMED], view) for view in VIEWS},
    )


def training_limits(system: System, train: Dataset) -> dict[str, float]:
    """Return the best limit for each order of the senses, so that no accuracy is lost against both senses always.

    Judged on the training clips that have both senses and were held out to calibrate.
    """
    kept = ~np.isnan([system.held_out_[view] for view in VIEWS]).any(axis=(0, 2))
    answers, truth = {view: system.held_out_[view][kept] for view in VIEWS}, train.labels[kept]
    enough = int((np.array(system.classes_)[answers["both"].argmax(axis=1)] == truth).sum())
    return {first: best_limit(answers[first], answers[other(first)], truth, enough, system.classes_) for first in BOTH}


def costs_of(system: System, clips: Sequence[Clip], progress: Progress | None) -> dict[str, list[Operations]]:
    """Return what a decision on each clip costs with the sound alone, with the face alone, and with both."""

    def one(_: int, clip: Clip) -> list[Operations]:
        return [system.operations(clip, view) for view in VIEWS]

    rows = zip(*map_clips(one, clips, "operations", progress), strict=True)
    return {view: list(row) for view, row in zip(VIEWS, rows, strict=True)}


def counted(cost: Operations) -> int:
    """Return how much is computed: accumulates, one a synapse that a spike reaches, and multiply-accumulates."""
    return cost.synaptic_operations + cost.macs


def decision_seconds(system: System, clips: Sequence[Clip], view: str) -> float:
    """Return how long a decision takes from the file on, finding the face included, after one to warm up."""
    times = []
    for clip in clips:
        seconds = system.decide(clip, modality=view).seconds
        times.append(sum(one for stage, one in seconds.items() if stage != "shares"))
        clip.forget()
    return float(np.mean(times[1:] or times))
