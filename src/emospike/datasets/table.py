"""A data set as a table: one row a recording, with its label and its speaker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Int, Shaped

from emospike.clip import Clip


@dataclass(frozen=True)
class Recording:
    """One recorded take.

    Attributes
    ----------
    path : the file that holds it
    label : its emotion, or the label that the user gave it
    speaker : who speaks; None where nobody said
    take : identity of the take; files of the same take (wav, video, a second encoding) share it
    tags : further facts, such as ``{"intensity": "strong", "statement": "kids"}``
    """

    path: Path
    label: str
    speaker: str | None
    take: str
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Dataset:
    """Recordings under one name.

    Attributes
    ----------
    name : the kind of data set, such as ``"ravdess"``
    recordings : the rows
    notes : what the loader left out, one line each, for the user to read

    Examples
    --------
    >>> names = ("sad", "happy")
    >>> dataset = Dataset("mine", tuple(Recording(Path(f"{name}.wav"), name, "anna", name) for name in names))
    >>> dataset.classes, len(dataset.subset(dataset.labels == "sad"))
    (('happy', 'sad'), 1)
    """

    name: str
    recordings: tuple[Recording, ...]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.recordings)

    def clips(self) -> list[Clip]:
        """Return the recordings as clips, none of them read yet."""
        return [Clip(recording.path) for recording in self.recordings]

    @property
    def paths(self) -> Shaped[np.ndarray, " recordings"]:
        """The files, as an array of `Path`."""
        return np.array([recording.path for recording in self.recordings], dtype=object)

    @property
    def labels(self) -> Shaped[np.ndarray, " recordings"]:
        """The label of each recording."""
        return np.array([recording.label for recording in self.recordings], dtype=str)

    @property
    def speakers(self) -> Shaped[np.ndarray, " recordings"]:
        """The speaker of each recording; an empty string where nobody said."""
        return np.array([recording.speaker or "" for recording in self.recordings], dtype=str)

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels that occur, sorted."""
        return tuple(sorted({recording.label for recording in self.recordings}))

    def subset(self, rows: Bool[np.ndarray, " recordings"] | Int[np.ndarray, " rows"]) -> Dataset:
        """Return the rows of a mask, or of indices (which may repeat)."""
        return replace(self, recordings=tuple(self.recordings[i] for i in np.arange(len(self))[rows]))


@dataclass(frozen=True)
class Source:
    """A kind of data set: what it is, how to get it, how to recognise it on disk and how to load it.

    `load(path, video)` prefers, with `video`, the film of a take that lies there as film and as sound.
    """

    name: str
    what: str
    licence: str
    get: str
    recognises: Callable[[Path], bool]
    load: Callable[[Path, bool], Dataset]
