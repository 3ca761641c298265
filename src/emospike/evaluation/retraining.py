"""Retraining: one fold, trained and answered again under other circumstances, to see what depends on what."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from jaxtyping import Int64

from emospike.clip import Clip
from emospike.datasets import Dataset, Fold
from emospike.datasets.labels import FINER
from emospike.evaluation.results import Predictions
from emospike.evaluation.testing import fit_system, predict, transduce
from emospike.progress import Progress, prefix_stages
from emospike.readout.calibration import Probabilities
from emospike.readout.contract import Labels
from emospike.systems.base import System

_SHOWN = frozenset({"path", "face", "sound", "frames", "windows", "seconds"})


class WatchedClip(Clip):
    """A clip that notes in a log that it was looked at, or asked for its name."""

    def __getattribute__(self, name: str) -> Any:
        """Note the file, and answer as any clip."""
        mine = object.__getattribute__(self, "__dict__")
        if name in _SHOWN and "log" in mine:
            mine["log"].add(mine["path"])
        return object.__getattribute__(self, name)


@dataclass(frozen=True)
class WatchedDataset(Dataset):
    """A data set whose clips note in `log` that they were looked at."""

    log: set[Path] = field(default_factory=set)

    def clips(self) -> list[Clip]:
        """Return the recordings as clips, none of them read yet."""
        clips: list[Clip] = [
            WatchedClip(one.path, face=one.face, eeg=one.eeg, eeg_start=one.eeg_start) for one in self.recordings
        ]
        for clip in clips:
            vars(clip)["log"] = self.log
        return clips


@dataclass(frozen=True)
class Outcome:
    """What came of a retraining.

    Attributes
    ----------
    run : what was answered on the test rows
    state : hash of all that was learnt; of a transductive system, which keeps nothing, of its answers on other rows and
        its learning curves
    looked_at : how many test recordings were looked at before training had ended
    alone : largest change of a probability when a test recording is decided without the others; None if not asked for
    """

    run: Predictions
    state: str
    looked_at: int
    alone: float | None = None

    def agreement(self, truth: Labels | None = None) -> float:
        """Return the share of test recordings decided as `truth` has them (by default as the run was told)."""
        return float((self.run.decided == (self.run.truth if truth is None else truth)).mean())


@dataclass(frozen=True)
class Retraining:
    """A fold of a data set, and how a fresh system is made for it.

    Attributes
    ----------
    dataset, fold : all recordings with their labels, and which of them train and test
    make : returns an unfitted system
    transductive : the system decides on test recordings while it trains (see `testing.transduce`)
    progress : told how far each stage is
    """

    dataset: Dataset
    fold: Fold
    make: Callable[[], System]
    transductive: bool = False
    progress: Progress | None = None

    def run(self, name: str, alone: int = 0, hidden: bool = False) -> Outcome:
        """Train a fresh system and let it answer; progress is told under a name.

        With `alone`, that many test recordings are decided again without the company of the others. A transductive
        system asks for the label of what it decides on: one is decided again, with another label. With `hidden`,
        training happens in a folder in which there are no test recordings; a transductive system needs them there.
        """
        named = replace(self, progress=prefix_stages(self.progress, f"{name}: "))
        return named._transduce(alone) if self.transductive else named._train(alone, hidden)

    def _train(self, alone: int, hidden: bool) -> Outcome:
        test = WatchedDataset(**vars(self.dataset.subset(self.fold.test)))
        system = self.make()
        with _isolate(self.dataset.subset(self.fold.train), hidden) as train:
            fit_system(system, train, self.progress)
        state, looked_at = hash_state(system), len(test.log)
        run = predict(system, test, self.progress)
        change = None
        if alone:
            rows = np.linspace(0, len(run.recordings) - 1, min(alone, len(run.recordings))).astype(int)
            answers = [predict(system, run.recordings.subset(np.array([i]))).probabilities[0] for i in rows]
            change = _largest_change(np.stack(answers), run.probabilities[rows])
        return Outcome(run, state, looked_at, change)

    def _transduce(self, alone: int) -> Outcome:
        log: set[Path] = set()
        watched = WatchedDataset(**vars(self.dataset), log=log)
        run, whole = transduce(self.make(), watched, self.fold, self.progress)
        looked_at = len(log.intersection(run.recordings.paths.tolist()))
        found = {name: value for name, value in vars(whole).items() if isinstance(value, np.ndarray)}
        found["probabilities"] = np.delete(whole.probabilities, self.fold.test, axis=0)
        change = self._relabel_alone(run) if alone else None
        return Outcome(run, _hash([found[name] for name in sorted(found)]), looked_at, change)

    def _relabel_alone(self, run: Predictions) -> float:
        """Return how much the first test recording's answer changes, alone among those that train, by another label."""
        kept = np.sort(np.concatenate([self.fold.train, self.fold.validation, self.fold.test[:1]]))
        first = replace(self, fold=replace(self.fold, train=self.fold.test[:1], validation=self.fold.validation[:0]))
        less = first.with_turned_labels().dataset.subset(kept)
        parts = (self.fold.train, self.fold.test, self.fold.validation)
        train, test, validation = (np.flatnonzero(np.isin(kept, rows)) for rows in parts)
        answer, _ = transduce(self.make(), less, Fold(train, test, self.fold.speakers, validation), self.progress)
        return _largest_change(answer.probabilities, run.probabilities[:1])

    def with_labels_of(self, source: Int64[np.ndarray, " rows"]) -> Retraining:
        """Return the same with other labels: row i gets the labels of row ``source[i]``."""
        given = [self.dataset.recordings[i] for i in source]
        recordings = tuple(
            replace(own, label=other.label, tags={**own.tags, FINER: other.tags.get(FINER, other.label)})
            for own, other in zip(self.dataset.recordings, given, strict=True)
        )
        return replace(self, dataset=replace(self.dataset, recordings=recordings))

    def with_turned_labels(self) -> Retraining:
        """Return the same with each label of the rows that train turned into the next one, the last into the first."""
        classes = self.dataset.classes
        following = dict(zip(classes, (*classes[1:], classes[0]), strict=True))
        rows = {*self.fold.train.tolist(), *self.fold.validation.tolist()}
        recordings = tuple(
            replace(one, label=following[one.label]) if i in rows else one
            for i, one in enumerate(self.dataset.recordings)
        )
        return replace(self, dataset=replace(self.dataset, recordings=recordings))


def move_test_labels(labels: Labels, fold: Fold, seed: int = 0) -> Int64[np.ndarray, " rows"]:
    """Return for each row whose labels it gets: test rows swap theirs, so that as few as possible keep what they had.

    >>> fold = Fold(np.arange(0), np.arange(4), ())
    >>> moved = move_test_labels(np.array(["a", "a", "b", "b"]), fold)
    >>> np.array(["a", "a", "b", "b"])[moved].tolist()
    ['b', 'b', 'a', 'a']
    """
    rng, source = np.random.default_rng(seed), np.arange(len(labels))
    test = rng.permutation(fold.test)
    order = test[np.argsort(labels[test], kind="stable")]
    most = np.unique(labels[test], return_counts=True)[1].max()
    source[order] = np.roll(order, most)
    return source


def shuffle_training_labels(dataset: Dataset, fold: Fold, seed: int = 0) -> Int64[np.ndarray, " rows"]:
    """Return for each row whose labels it gets: training rows swap theirs at random, and evenly.

    Each class, as fine as the labels go, deals its labels out to all classes in proportion, so that the true labels
    say nothing about those dealt out.
    """
    rng, source = np.random.default_rng(seed), np.arange(len(dataset))
    finest = np.array([recording.tags.get(FINER, recording.label) for recording in dataset.recordings])
    train = rng.permutation(np.unique(np.concatenate([fold.train, fold.validation])))
    blocks = train[np.argsort(finest[train], kind="stable")]
    _, start, count = np.unique(finest[blocks], return_index=True, return_counts=True)
    within = (np.arange(len(blocks)) - np.repeat(start, count) + rng.random()) / np.repeat(count, count)
    source[blocks] = blocks[np.lexsort((rng.random(len(blocks)), within))]
    return source


def hash_state(system: System) -> str:
    """Return a hash of everything that a system has learnt."""
    arrays, facts = system.state()
    known = json.dumps(facts, sort_keys=True, default=str).encode()
    return _hash([arrays[name] for name in sorted(arrays)], known, *(name.encode() for name in sorted(arrays)))


def _hash(arrays: list[np.ndarray], *more: bytes) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for part in more:
        digest.update(part)
    for array in arrays:
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _largest_change(answers: Probabilities, others: Probabilities) -> float:
    """Return the largest difference of a probability; 1 where the classes are not even the same."""
    return float(np.abs(answers - others).max()) if answers.shape == others.shape else 1.0


@contextmanager
def _isolate(dataset: Dataset, hidden: bool) -> Iterator[Dataset]:
    """Give the data set from a folder that holds nothing but its files, under their own names, if asked for."""
    if not hidden:
        yield dataset
        return
    files = {file.absolute() for one in dataset.recordings for file in (one.path, one.face or one.path)}
    root = Path(os.path.commonpath([file.parent for file in files]))
    with TemporaryDirectory(prefix="emospike-audit-") as folder:
        linked = {file: _link(file, Path(folder) / file.relative_to(root)) for file in files}
        recordings = tuple(
            replace(one, path=linked[one.path.absolute()], face=one.face and linked[one.face.absolute()])
            for one in dataset.recordings
        )
        yield replace(dataset, recordings=recordings)


def _link(file: Path, link: Path) -> Path:
    """Return a link to a file, or where links are a privilege (Windows) a copy of it."""
    link.parent.mkdir(parents=True, exist_ok=True)
    try:
        link.symlink_to(file)
    except OSError:
        copyfile(file, link)
    return link
