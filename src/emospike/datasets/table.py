"""A data set as a table: one row a recording, with its label and its speaker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float32, Int, Shaped

from emospike.clip import Clip
from emospike.frames import import_pandas
from emospike.validation import InputError, one_of

if TYPE_CHECKING:
    from pandas import DataFrame

_SOUND, _FACE = {"hears": "sound"}, {"sees": "a face"}
_NEEDS = {"audio": _SOUND, "face": _FACE, "both": _SOUND | _FACE, "eeg": {"eeg": "EEG"}}
_HOW = {
    "hears": "give recordings with a sound track",
    "sees": "give films, or put face-tracking tables of the same takes beside the sound",
    "eeg": "name EEG recordings in the column eeg of a manifest, or give EAV",
}

PART = "part"
"""Tag of a recording that tells its part of the data set's own split: train, validation or test."""

COPY = "same sound as"
"""Tag of a recording whose sound is that of another: what all recordings of that sound have in common."""


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
    face : the film or face-tracking table of the take; None where there is none, or it was not asked for
    eeg : the file that holds the speaker's EEG during the take; None likewise
    eeg_start : where in that file the take begins, s
    corpus : the data set that it comes from, where several are joined
    """

    path: Path
    label: str
    speaker: str | None
    take: str
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)
    face: Path | None = None
    eeg: Path | None = None
    eeg_start: float = 0.0
    corpus: str = ""


@dataclass(frozen=True)
class Dataset:
    """Recordings under one name.

    Attributes
    ----------
    name : the kind of data set, such as ``"ravdess"``; of several that are joined, as ``"cremad+nemo"``
    recordings : the rows
    notes : what the loader left out, one line each, for the user to read
    balanced : every corpus, and every label within it, weighs alike in training (see `weights`)

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
    balanced: bool = False

    def __len__(self) -> int:
        return len(self.recordings)

    def clips(self) -> list[Clip]:
        """Return the recordings as clips, none of them read yet."""
        return [Clip(one.path, face=one.face, eeg=one.eeg, eeg_start=one.eeg_start) for one in self.recordings]

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
    def known_speakers(self) -> list[str] | None:
        """Who speaks in each recording, or None if that is not known of every one."""
        speakers: list[str] = self.speakers.tolist()
        return speakers if all(speakers) else None

    @property
    def corpora(self) -> Shaped[np.ndarray, " recordings"]:
        """The data set that each recording comes from."""
        return np.array([recording.corpus or self.name for recording in self.recordings], dtype=str)

    @property
    def weights(self) -> Float32[np.ndarray, " recordings"] | None:
        """How much each recording counts in training, 1 on average; None if all count alike.

        Of N recordings of C corpora, one of those n of a label, of which its corpus has K, weighs N / (C K n).

        >>> rows = [("a", "sad"), ("a", "happy"), ("a", "happy"), ("b", "sad"), ("b", "sad")]
        >>> takes = (Recording(Path(str(i)), own[1], None, str(i), corpus=own[0]) for i, own in enumerate(rows))
        >>> Dataset("a+b", tuple(takes), balanced=True).weights.tolist()
        [1.25, 0.625, 0.625, 1.25, 1.25]
        """
        if not self.balanced:
            return None
        corpora, labels = self.corpora, self.labels
        out = np.empty(len(self), np.float32)
        for corpus in np.unique(corpora):
            own = np.unique(labels[corpora == corpus])
            for label in own:
                rows = (corpora == corpus) & (labels == label)
                out[rows] = len(self) / (len(np.unique(corpora)) * len(own) * rows.sum())
        return out

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels that occur, sorted."""
        return tuple(sorted({recording.label for recording in self.recordings}))

    def subset(self, rows: Bool[np.ndarray, " recordings"] | Int[np.ndarray, " rows"]) -> Dataset:
        """Return the rows of a mask, or of indices (which may repeat)."""
        return replace(self, recordings=tuple(self.recordings[i] for i in np.arange(len(self))[rows]))

    def to_frame(self) -> DataFrame:
        """Return the rows as a pandas table, tags as further columns; `from_frame` takes it back.

        Raises
        ------
        InputError : pandas is not there
        """
        pandas = import_pandas()
        rows = [
            {"path": str(one.path), "label": one.label, "speaker": one.speaker, "corpus": one.corpus or self.name}
            | {name: str(path) for name, path in (("face", one.face), ("eeg", one.eeg)) if path}
            | ({"eeg_start": one.eeg_start} if one.eeg else {})
            | dict(one.tags)
            for one in self.recordings
        ]
        frame: DataFrame = pandas.DataFrame(rows)
        return frame

    def select_modality(self, modality: str) -> Dataset:
        """Return the rows that have what a modality needs: sound, a face, both of them, or EEG.

        How many were left out is added to the notes. Of films only the header is read.

        Raises `InputError` for an unknown modality, or if no row is left.
        """
        one_of("modality", modality, _NEEDS)
        left, notes = self, self.notes
        for need, what in _NEEDS[modality].items():
            kept = np.array([_has(clip, need) for clip in left.clips()], bool)
            if not kept.any():
                raise InputError(f"none of {len(self)} recordings has {what}: {_HOW[need]}")
            if missing := len(kept) - int(kept.sum()):
                notes += (f"{missing} recording{'s' if missing > 1 else ''} without {what} left out",)
            left = left.subset(kept)
        return replace(left, notes=notes)

    def find_lacking(self, modality: str) -> Bool[np.ndarray, " rows"]:
        """Return which rows lack something that a modality needs (see `select_modality`)."""
        needs = _NEEDS[one_of("modality", modality, _NEEDS)]
        return np.array([not all(_has(clip, need) for need in needs) for clip in self.clips()], bool)


def _has(clip: Clip, need: str) -> bool:
    """Tell whether a clip has it; a file that cannot be opened passes, for its reader to say what is wrong."""
    try:
        return bool(getattr(clip, need))
    except InputError:
        return True


@dataclass(frozen=True)
class Take:
    """What a file's name and folders say: who speaks, what of, and which take it is; `unused` why it is left out."""

    label: str
    speaker: str
    take: str
    tags: Mapping[str, str]
    unused: str = ""


Parse = Callable[[Path], Take | None]
"""Tells what a file's name and folders say, or None if they are not of a data set."""


@dataclass(frozen=True)
class Source:
    """A kind of data set: what it is, how to get it, how to recognise it on disk and how to load it.

    Attributes
    ----------
    name : as it is called everywhere
    what, language, licence, citation, get : for people to read; how to get it
    load : ``load(path, video)`` gives, with `video`, each take the film or face-tracking table that shows its speaker,
        where there is one
    recognises : tells whether a path holds such data, by what else lies there than names of recordings
    parse : tells what the name and folders of a recording say
    expected : a name as an example
    commercial : whether the licence allows commercial use of models; None where only the user can tell
    """

    name: str
    what: str
    licence: str
    get: str
    load: Callable[[Path, bool], Dataset]
    recognises: Callable[[Path], bool] = lambda _: False
    language: str = ""
    citation: str = ""
    parse: Parse | None = None
    expected: str = ""
    commercial: bool | None = False
