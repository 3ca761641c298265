"""Trials: one fold, trained and answered again and again under other circumstances, to see what depends on what."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from jaxtyping import Float, Int64, Shaped

from emospike.clip import Clip
from emospike.datasets import Dataset, Fold, finer_labels
from emospike.datasets.labels import FINER
from emospike.evaluation.results import Tested
from emospike.evaluation.testing import answered, transduce
from emospike.progress import Progress
from emospike.systems.base import System

Labels = Shaped[np.ndarray, " clips"]
Rows = Int64[np.ndarray, " rows"]

_ADDRESS = re.compile(r'(?<="__id__": )\d+|\d+(?=\.npy)')
_LOOKS = frozenset({"path", "face", "sound", "frames", "windows", "seconds"})


class WatchedClip(Clip):
    """A clip that notes in a log that it was looked at, or asked for its name."""

    def __getattribute__(self, name: str) -> Any:
        """Note the file, and answer as any clip."""
        mine = object.__getattribute__(self, "__dict__")
        if name in _LOOKS and "log" in mine:
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
    """What came of a trial.

    Attributes
    ----------
    run : what was answered on the test rows
    state : hash of all that was learnt; of a transductive system, which keeps nothing, of its answers on other rows and
        its learning curves
    looked_at : how many test recordings were looked at before training had ended
    alone : largest change of a probability when a test recording is decided without the others; None if not asked for
    """

    run: Tested
    state: str
    looked_at: int
    alone: float | None = None

    @property
    def decided(self) -> Labels:
        """The class of each test recording that could be decided on."""
        return self.run.decided

    def agreement(self, truth: Labels | None = None) -> float:
        """Return the share of test recordings decided as `truth` has them (by default as the run was told)."""
        return float((self.decided == (self.run.truth if truth is None else truth)).mean())


@dataclass(frozen=True)
class Trial:
    """A fold of a data set, and how a fresh system is made.

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

    def __call__(self, alone: int = 0, hidden: bool = False) -> Outcome:
        """Train and answer once.

        With `alone`, that many test recordings are decided again without the company of the others. A transductive
        system asks for the label of what it decides on: one is decided again, with another label. With `hidden`,
        training happens in a folder in which there are no test recordings; a transductive system needs them there.
        """
        return self._transduced(alone) if self.transductive else self._trained(alone, hidden)

    def _trained(self, alone: int, hidden: bool) -> Outcome:
        test = WatchedDataset(**vars(self.dataset.subset(self.fold.test)))
        system = self.make()
        with _only(self.dataset.subset(self.fold.train), hidden) as train:
            system.fit(train.clips(), train.labels.tolist(), train.known_speakers, self.progress, finer_labels(train))
        state, looked_at = state_hash(system), len(test.log)
        run = answered(system, test, self.progress)
        change = None
        if alone:
            rows = np.linspace(0, len(run.recordings) - 1, min(alone, len(run.recordings))).astype(int)
            answers = [
                answered(system, run.recordings.subset(rows[i : i + 1])).probabilities[0] for i in range(len(rows))
            ]
            change = _change(np.stack(answers), run.probabilities[rows])
        return Outcome(run, state, looked_at, change)

    def _transduced(self, alone: int) -> Outcome:
        log: set[Path] = set()
        watched = WatchedDataset(**vars(self.dataset), log=log)
        run, whole = transduce(self.make(), watched, self.fold, self.progress)
        looked_at = len(log.intersection(run.recordings.paths.tolist()))
        found = {name: value for name, value in vars(whole).items() if isinstance(value, np.ndarray)}
        found["probabilities"] = np.delete(whole.probabilities, self.fold.test, axis=0)
        change = self._alone_otherwise(run) if alone else None
        return Outcome(run, _hash([found[name] for name in sorted(found)]), looked_at, change)

    def _alone_otherwise(self, run: Tested) -> float:
        """Return how much the first test recording's answer changes, alone among those that train, by another label."""
        kept = np.sort(np.concatenate([self.fold.train, self.fold.validation, self.fold.test[:1]]))
        first = replace(self, fold=replace(self.fold, train=self.fold.test[:1], validation=self.fold.validation[:0]))
        less = first.with_turned_labels().dataset.subset(kept)
        answer, _ = transduce(self.make(), less, _within(self.fold, kept), self.progress)
        return _change(answer.probabilities, run.probabilities[:1])

    def with_labels_of(self, source: Rows) -> Trial:
        """Return the trial with other labels: row i gets the labels of row ``source[i]``."""
        given = [self.dataset.recordings[i] for i in source]
        recordings = tuple(
            replace(own, label=other.label, tags={**own.tags, FINER: other.tags.get(FINER, other.label)})
            for own, other in zip(self.dataset.recordings, given, strict=True)
        )
        return replace(self, dataset=replace(self.dataset, recordings=recordings))

    def with_turned_labels(self) -> Trial:
        """Return the trial with each label of the rows that train turned into the next one, the last into the first."""
        classes = self.dataset.classes
        following = dict(zip(classes, (*classes[1:], classes[0]), strict=True))
        rows = {*self.fold.train.tolist(), *self.fold.validation.tolist()}
        recordings = tuple(
            replace(one, label=following[one.label]) if i in rows else one
            for i, one in enumerate(self.dataset.recordings)
        )
        return replace(self, dataset=replace(self.dataset, recordings=recordings))

    def stage(self, name: str) -> Trial:
        """Return the trial with progress told under a further name."""
        progress = self.progress
        if progress is None:
            return self
        return replace(self, progress=lambda stage, done, total: progress(f"{name}: {stage}", done, total))


def moved_test_labels(labels: Labels, fold: Fold, seed: int = 0) -> Rows:
    """Return for each row whose labels it gets: test rows swap theirs, so that as few as possible keep what they had.

    >>> fold = Fold(np.arange(0), np.arange(4), ())
    >>> moved = moved_test_labels(np.array(["a", "a", "b", "b"]), fold)
    >>> np.array(["a", "a", "b", "b"])[moved].tolist()
    ['b', 'b', 'a', 'a']
    """
    rng, source = np.random.default_rng(seed), np.arange(len(labels))
    test = rng.permutation(fold.test)
    order = test[np.argsort(labels[test], kind="stable")]
    most = np.unique(labels[test], return_counts=True)[1].max()
    source[order] = np.roll(order, most)
    return source


def shuffled_training_labels(dataset: Dataset, fold: Fold, seed: int = 0) -> Rows:
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


def state_hash(system: System) -> str:
    """Return a hash of everything that a system has learnt."""
    arrays, facts = system.state()
    known = json.dumps(facts, sort_keys=True, default=str).encode()
    return _hash([arrays[name] for name in sorted(arrays)], known, *(name.encode() for name in sorted(arrays)))


def _hash(arrays: list[np.ndarray], *more: bytes) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for part in more:
        digest.update(part)
    for array in arrays:
        digest.update(content(array))
    return digest.hexdigest()


def content(array: np.ndarray) -> bytes:
    """Return the bytes of an array; of one that is a pipeline of skops, those that are the same in every run.

    Skops calls the parts of a pipeline by where they lay in memory (``schema.json`` and ``address.npy``; see
    `emospike.readout.skops_guard`); here they are called by their order.
    """
    content = np.ascontiguousarray(array).tobytes()
    if array.dtype != np.uint8 or not zipfile.is_zipfile(io.BytesIO(content)):
        return f"{array.dtype}{array.shape}".encode() + content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        schema = archive.read("schema.json").decode()
        order = {address: str(i) for i, address in enumerate(dict.fromkeys(_ADDRESS.findall(schema)))}
        files = [archive.read(f"{one}.npy") for one in order if f"{one}.npy" in archive.namelist()]
    return b"".join([_ADDRESS.sub(lambda found: order[found[0]], schema).encode(), *files])


def _change(answers: Float[np.ndarray, "clips classes"], others: Float[np.ndarray, "clips classes"]) -> float:
    """Return the largest difference of a probability; 1 where the classes are not even the same."""
    return float(np.abs(answers - others).max()) if answers.shape == others.shape else 1.0


def _within(fold: Fold, kept: Rows) -> Fold:
    """Return a fold of some rows alone, counted anew."""
    train, test, validation = (np.flatnonzero(np.isin(kept, rows)) for rows in (fold.train, fold.test, fold.validation))
    return Fold(train, test, fold.speakers, validation)


@contextmanager
def _only(dataset: Dataset, hidden: bool) -> Iterator[Dataset]:
    """Give the data set from a folder that holds nothing but its files, under their own names, if asked for."""
    if not hidden:
        yield dataset
        return
    files = {file.absolute() for one in dataset.recordings for file in (one.path, one.face or one.path)}
    root = Path(os.path.commonpath([file.parent for file in files]))
    with TemporaryDirectory(prefix="emospike-audit-") as folder:
        linked = {file: _linked(file, Path(folder) / file.relative_to(root)) for file in files}
        recordings = tuple(
            replace(one, path=linked[one.path.absolute()], face=one.face and linked[one.face.absolute()])
            for one in dataset.recordings
        )
        yield replace(dataset, recordings=recordings)


def _linked(file: Path, link: Path) -> Path:
    link.parent.mkdir(parents=True, exist_ok=True)
    try:
        link.symlink_to(file)
    except OSError:  # Windows, where links are a privilege
        copyfile(file, link)
    return link
