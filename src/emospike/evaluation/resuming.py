"""Resuming: finished folds of an evaluation, kept in a file until its result is written.

They are found again only by the same evaluation: the same system and parameters, recordings by their bytes, labels,
speakers, folds, seeds and code. Every number comes back bit for bit.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from hashlib import blake2b
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from emospike.clip import Clip
from emospike.clip.batch import map_clips
from emospike.datasets import Dataset, Fold
from emospike.evaluation.study import Study
from emospike.files import make_folder, write_atomically
from emospike.progress import Progress
from emospike.systems.checkpoints import keep_checkpoints, list_versions
from emospike.systems.vector_cache import VARIABLE, hash_code
from emospike.validation import InputError

Run = TypeVar("Run")
"""What one fold found: its ``recordings``, and what was decided or predicted of each."""

_ROOM = __name__.rpartition(".")[0]


@dataclass
class KeptFolds:
    """Where finished folds are kept.

    Attributes
    ----------
    place : a file, or a folder for a file a key
    say : told how many were there
    key : of the evaluation (see `hash_evaluation`), once it is known
    """

    place: Path
    say: Callable[[str], None] = print
    key: str = ""

    @classmethod
    def beside(cls, result: Path | None, say: Callable[[str], None] = print) -> KeptFolds | None:
        """Return the place beside a result, else in the folder that `EMOSPIKE_CACHE` names, else None."""
        if result is not None:
            return cls(result.with_name(f"{result.name}.folds"), say)
        named = os.environ.get(VARIABLE)
        if not named:
            return None
        return cls(make_folder(Path(named).expanduser()), say)

    @property
    def file(self) -> Path:
        """The file of this evaluation."""
        return self.place / f"{self.key}.folds" if self.place.is_dir() else self.place

    def read(self, key: str, dataset: Dataset, study: Study, kind: type[Run]) -> list[Run]:
        """Return the folds of this evaluation, and let the study know what it found in them; none of another's."""
        self.key = key
        try:
            found = json.loads(self.file.read_text(encoding="utf-8"))
            if found["key"] != self.key:
                return []
            runs = [restore_run(run, dataset, kind) for run in found["runs"]]
            vars(study).update(_restore(found["study"]))
        except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):  # damaged, or of others
            return []
        if runs:
            self.say(f"{len(runs)} finished folds are kept in {self.file}")
        return runs

    def write(self, runs: Sequence[Any], dataset: Dataset, study: Study) -> None:
        """Keep finished folds, and what a study found in them."""
        plain = {"runs": [describe_run(run, dataset) for run in runs], "study": _describe(vars(study))}
        write_atomically(self.file, json.dumps({"key": self.key} | plain))

    @contextmanager
    def keep_checkpoints(self) -> Iterator[None]:
        """Keep, beside the file, how far networks are trained in a fold that the block finishes."""
        with keep_checkpoints(self.file.with_suffix(".checkpoints")) as begun:
            if begun:
                self.say(f"checkpoints of {begun} networks are kept in {self.file.with_suffix('.checkpoints')}")
            yield

    def drop(self) -> None:
        """Drop the file, as the result is written."""
        self.file.unlink(missing_ok=True)


def hash_evaluation(
    about: Mapping[str, Any],
    systems: Sequence[object],
    dataset: Dataset,
    folds: Sequence[Fold],
    progress: Progress | None = None,
) -> str:
    """Return a hash of all that an evaluation depends on.

    `about` are its settings, `systems` those of each fold, untrained. The bytes of every recording are read once.
    """
    digest = blake2b(digest_size=8)
    digest.update(repr([dict(about), list(systems), hash_code(("",)), *list_versions()]).encode())
    prints = map_clips(_take_fingerprint, dataset.clips(), "fingerprints", progress)
    for one, fingerprint in zip(dataset.recordings, prints, strict=True):
        told = (fingerprint, one.label, one.speaker, one.take, one.corpus, sorted(one.tags.items()))
        digest.update(repr(told).encode())
    for fold in folds:
        rows = [part.tolist() for part in (fold.train, fold.test, fold.validation)]
        digest.update(repr((fold.split, rows)).encode())
    return digest.hexdigest()


def _take_fingerprint(_: int, clip: Clip) -> int | str:
    try:
        return clip.fingerprint
    except InputError as error:  # who reads it will say so
        return str(error)


def describe_run(run: Any, dataset: Dataset) -> Any:
    """Return what a fold found as JSON can hold it, its recordings by their rows in the data set."""
    rows = {id(one): row for row, one in enumerate(dataset.recordings)}
    kept = [rows[id(one)] for one in run.recordings.recordings]
    return {one.name: kept if one.name == "recordings" else _describe(getattr(run, one.name)) for one in fields(run)}


def restore_run(told: Mapping[str, Any], dataset: Dataset, kind: type[Run]) -> Run:
    """Return what `describe_run` was given, of the same data set and class."""
    rows = np.array(told["recordings"], np.int64)
    rest = {name: _restore(value) for name, value in told.items() if name != "recordings"}
    return kind(**{"recordings": dataset.subset(rows)} | rest)


def _describe(value: Any) -> Any:
    """Return a value as JSON can hold it, with all that `_restore` needs to make the same of it.

    >>> _restore(_describe({(1, "a"): [np.float32([0.1, 0.2]), (None, 3.5)]}))
    {(1, 'a'): [array([0.1, 0.2], dtype=float32), (None, 3.5)]}
    """
    if isinstance(value, np.ndarray | np.generic):
        return {"array": value.tolist(), "dtype": str(value.dtype), "shape": list(value.shape)}
    if isinstance(value, Mapping):
        return {"mapping": [[_describe(key), _describe(inner)] for key, inner in value.items()]}
    if isinstance(value, tuple):
        return {"tuple": [_describe(inner) for inner in value]}
    if isinstance(value, list):
        return [_describe(inner) for inner in value]
    if is_dataclass(value) and type(value).__module__.startswith(f"{_ROOM}."):
        own = {one.name: _describe(getattr(value, one.name)) for one in fields(value)}
        return {"object": own, "module": type(value).__module__, "class": type(value).__name__}
    if value is None or isinstance(value, str | int | float):
        return value
    raise InputError(f"a fold holds a {type(value).__name__}, which cannot be kept")


def _restore(told: Any) -> Any:
    """Return what `_describe` was given; of classes those of this room alone are made."""
    if isinstance(told, list):
        return [_restore(inner) for inner in told]
    if not isinstance(told, dict):
        return told
    if "array" in told:
        return np.array(told["array"], told["dtype"]).reshape(told["shape"])[()]
    if "mapping" in told:
        return {_restore(key): _restore(inner) for key, inner in told["mapping"]}
    if "tuple" in told:
        return tuple(_restore(inner) for inner in told["tuple"])
    if not told["module"].startswith(f"{_ROOM}."):
        raise ValueError("a class of another room")
    made = getattr(import_module(told["module"]), told["class"])
    if not (isinstance(made, type) and is_dataclass(made)):
        raise ValueError("no class of data")
    return made(**{name: _restore(inner) for name, inner in told["object"].items()})
