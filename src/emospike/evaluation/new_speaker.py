"""New speakers: what a few of their clips are worth to a trained system, and what learning them costs the others."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Bool, Int, Shaped

from emospike.clip.batch import try_clips
from emospike.datasets import Dataset
from emospike.evaluation import metrics
from emospike.evaluation.metrics import Correct
from emospike.evaluation.results import Predictions
from emospike.evaluation.study import Study
from emospike.progress import Progress
from emospike.readout.contract import Labels
from emospike.readout.readout import Readout
from emospike.systems.base import System
from emospike.validation import InputError

COUNTS = (1, 2, 4, 8)
"""Clips of each class that a speaker gives."""

DRAWS = 5
"""How often these clips are drawn, at random."""

SAMPLE = 100
"""Clips of the training speakers, and of the other new ones, on which forgetting is measured; at most."""

MODES = {
    "labels": "adapted to the clips with their labels",
    "mean": "adapted to the mean of the same clips, without labels",
    "both": "adapted to their mean, then to their labels",
}
"""What is done with the clips."""


Tested = Bool[np.ndarray, " _"]
Named = Shaped[np.ndarray, " _"]


@dataclass(frozen=True)
class Examples:
    """What a readout reads of some clips (see `System.represent`), with what is known of them."""

    represented: Sequence[Any]
    truth: Labels
    speakers: Labels
    takes: Labels

    def subset(self, rows: Int[np.ndarray, " rows"]) -> Examples:
        """Return some of the clips."""
        return Examples([self.represented[i] for i in rows], self.truth[rows], self.speakers[rows], self.takes[rows])

    def correct(self, readout: Readout) -> Correct:
        """Return which clips a readout decides rightly, as if they came one by one."""
        if not self.represented:
            return np.empty(0, bool)
        decided = np.array(readout.classes)[readout.probabilities(self.represented).argmax(axis=1)]
        correct: Correct = decided == self.truth
        return correct


@dataclass(frozen=True)
class TestSets:
    """What an adapted readout is tested on: the speaker's own clips, those of old speakers, and of other new ones."""

    own: Examples
    old: Examples
    others: Examples


@dataclass
class _Tally:
    """What was measured with one number of clips used in one way."""

    before: list[Tested] = field(default_factory=list)
    after: list[Tested] = field(default_factory=list)
    old: list[Tested] = field(default_factory=list)
    others: list[Tested] = field(default_factory=list)
    groups: list[Named] = field(default_factory=list)
    takes: list[Named] = field(default_factory=list)

    def add(self, before: Correct, adapted: Readout, tests: TestSets) -> None:
        """Take in a test of an adapted readout."""
        self.before.append(before)
        self.after.append(tests.own.correct(adapted))
        self.old.append(tests.old.correct(adapted))
        self.others.append(tests.others.correct(adapted))
        self.groups.append(tests.own.speakers)
        self.takes.append(tests.own.takes)

    def summarise(self) -> dict[str, Any]:
        """Return accuracies, and the gain over the unadapted system on the same clips."""
        before, after, groups, takes = map(np.concatenate, (self.before, self.after, self.groups, self.takes))
        recordings = len(set(takes))
        gained = metrics.gain(before, after, groups, recordings)
        return {
            "accuracy": float(after.mean()),
            "ci95": list(metrics.interval(after, groups, recordings)),
            "gain": gained["points"],
            "gain_ci95": gained["ci95"],
            "gain_ci95_method": gained["ci95_method"],
            "old_speakers": float(np.concatenate(self.old).mean()),
            "other_speakers": float(np.concatenate(self.others).mean()) if any(map(len, self.others)) else None,
        }


@dataclass
class NewSpeakers(Study):
    """Adapts copies of the readout to each held-out speaker in turn, and tests them on the speaker's other clips.

    Clips are drawn at random for each speaker, the same number of each class, and those of a smaller number are among
    those of a larger one. What is left after the largest number is tested, so that all numbers are tested alike. A
    number counts if more than half of the speakers have more clips of every class; speakers who have not enough for
    the largest are left out. Forgetting is measured on clips of training speakers, which trained, and on those of the
    other held-out speakers, which did not. Recordings that lack a modality are left out.
    """

    seed: int = 0
    modes: tuple[str, ...] = tuple(MODES)
    rows: dict[tuple[int, str], _Tally] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    counts: tuple[int, ...] = COUNTS

    def check(self, system: System) -> None:
        """Adapt without labels alone if the system cannot go on learning."""
        if "learn" not in system.abilities:
            self.modes = ("mean",)

    def prepare(self, dataset: Dataset) -> None:
        """Choose the numbers of clips that the speakers of a data set allow."""
        smallest = [count_rarest(dataset.labels[dataset.speakers == one]) for one in np.unique(dataset.speakers)]
        self.counts = tuple(k for k in COUNTS if np.mean([least > k for least in smallest]) > 0.5)
        if not self.counts:
            raise InputError("most speakers have one recording of a class or none: none is left to test an adaptation")

    def add(self, system: System, train: Dataset, run: Predictions, progress: Progress | None = None) -> None:
        """Adapt a copy of the readout to each speaker of a fold."""
        used = np.setdiff1d(np.arange(len(train)), list(system.left_out_))
        sample = np.random.default_rng(self.seed).permutation(used)[:SAMPLE]
        old = represent(system, train.subset(np.sort(sample)), progress)
        new = represent(system, run.recordings, progress)
        if old is None or new is None:
            return
        speakers = np.unique(new.speakers)
        for done, speaker in enumerate(speakers, start=1):
            if count_rarest(new.truth[new.speakers == speaker]) > self.counts[-1]:
                self._add_speaker(system.readout_, new, speaker, old)
            else:
                self.left_out.append(str(speaker))
            if progress:
                progress("adapting", done, len(speakers))

    def _add_speaker(self, readout: Readout, new: Examples, speaker: str, old: Examples) -> None:
        """Adapt copies of a readout to draws of a speaker's clips, and test each."""
        own, others = np.flatnonzero(new.speakers == speaker), np.flatnonzero(new.speakers != speaker)
        rng = np.random.default_rng([self.seed, *speaker.encode()])
        strangers = new.subset(np.sort(rng.permutation(others)[:SAMPLE]))
        for _ in range(DRAWS):
            by_class = [rng.permutation(own[new.truth[own] == label]) for label in np.unique(new.truth[own])]
            rest = np.sort(np.concatenate([rows[self.counts[-1] :] for rows in by_class]))
            tests = TestSets(new.subset(rest), old, strangers)
            before = tests.own.correct(readout)
            self.rows.setdefault((0, "none"), _Tally()).add(before, readout, tests)
            for count in self.counts:
                given = new.subset(np.concatenate([rows[:count] for rows in by_class]))
                for mode in self.modes:
                    adapted = adapt_readout(readout, given, mode)
                    self.rows.setdefault((count, mode), _Tally()).add(before, adapted, tests)

    def summarise(self) -> dict[str, Any]:
        """Return a row for each number of clips and each mode; number 0 is the unadapted system."""
        return {"new_speaker": [{"k": k, "mode": mode} | row.summarise() for (k, mode), row in self.rows.items()]}

    def describe(self) -> list[str]:
        """Say what was gained with 4 clips of each class, or as many as there are."""
        count = 4 if 4 in self.counts else self.counts[-1]
        found = {mode: row.summarise() for (k, mode), row in self.rows.items() if k == count}
        gained = [
            f"{MODES[mode]} {row['gain']:+.1f} points ({row['gain_ci95'][0]:.1f} to {row['gain_ci95'][1]:.1f})"
            for mode, row in found.items()
        ]
        said = [f"new speakers who give {count} recordings of each class: {', '.join(gained)}"] if gained else []
        if self.left_out:
            said.append(f"{len(self.left_out)} speakers have too few recordings to adapt to and are left out")
        return said


def count_rarest(labels: Labels) -> int:
    """Return how often the rarest label occurs.

    >>> count_rarest(np.array(["sad", "happy", "sad"]))
    1
    """
    return int(np.unique(labels, return_counts=True)[1].min())


def adapt_readout(readout: Readout, given: Examples, mode: str) -> Readout:
    """Return a copy of a readout that was adapted to clips of one speaker in one of `MODES`."""
    copy = deepcopy(readout)
    if mode in ("mean", "both"):
        copy.adapt(given.represented)
    if mode in ("labels", "both"):
        copy.adapt(given.represented, given.truth)
    return copy


def represent(system: System, dataset: Dataset, progress: Progress | None = None) -> Examples | None:
    """Return what the readout reads of the recordings that lack no modality, or None if there is none."""
    found, _ = try_clips(system.represent_clip, dataset.clips(), "answers", progress)
    rows = [i for i, own in found.items() if system.modality in own]
    if not rows:
        return None
    takes = np.array([recording.take for recording in dataset.recordings])
    represented = [found[i][system.modality] for i in rows]
    return Examples(represented, dataset.labels[rows], dataset.speakers[rows], takes[rows])
