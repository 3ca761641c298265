"""Which recordings of a data set can be used, and which are the same: one bad file never stops a training."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from emospike.clip import Clip, Sound, is_table
from emospike.clip.batch import map_clips, try_clips
from emospike.datasets import Dataset
from emospike.datasets.table import COPY, Recording
from emospike.evaluation.leaks import hash_content
from emospike.features.openface import read_table
from emospike.progress import Progress
from emospike.systems.mismatch import describe_mismatch
from emospike.systems.perception import MODALITIES
from emospike.validation import InputError

_NAMED = 4  # pairs in a note
_BEGINNING = 1.0  # s


def drop_unreadable(dataset: Dataset, progress: Progress | None = None, modality: str = "audio") -> Dataset:
    """Return the data set without recordings that cannot be read; a further note says how many these are.

    The sound is decoded where it counts. Of a film only the first picture is: whether it shows a face is found when it
    is used (see `System.perceive_training` and `testing.predict`). A face-tracking table is read. Recordings
    that are the same, by their decoded sound (or by their bytes, where it does not count), are tagged `COPY` and named.

    Raises
    ------
    InputError : none can be read
    """
    own = MODALITIES[modality]
    found = list(map_clips(lambda _, clip: _read(clip, own), dataset.clips(), "reading", progress))
    bad = [problem for problem, _ in found if problem]
    if len(bad) == len(dataset):
        raise InputError(f"none of {len(bad)} recordings can be read; the first: {bad[0]}")
    kept = dataset.subset(np.array([problem is None for problem, _ in found]))
    if bad:
        kept = replace(kept, notes=(*dataset.notes, describe_bad(len(dataset), bad)))
    return _mark_copies(kept, [sound for problem, sound in found if problem is None])


def describe_bad(count: int, bad: Sequence[str]) -> str:
    """Say how many of so many recordings cannot be used, and why the first.

    >>> describe_bad(9, ["a.wav is empty"])
    '1 of 9 recordings cannot be used and are left out; the first: a.wav is empty'
    """
    return f"{len(bad)} of {count} recordings cannot be used and are left out; the first: {bad[0]}"


def check_readable(dataset: Dataset, progress: Progress | None = None, modality: str = "audio") -> None:
    """Raise `InputError` for the first recording that cannot be read (see `drop_unreadable`)."""
    own = MODALITIES[modality]

    def check(_: int, clip: Clip) -> None:
        if problem := _read(clip, own)[0]:
            raise InputError(problem)

    for _ in map_clips(check, dataset.clips(), "reading", progress):
        pass


def mark_copies(dataset: Dataset, progress: Progress | None = None, modality: str = "audio") -> Dataset:
    """Return the data set with those recordings tagged `COPY` that have the same sound, as `drop_unreadable` does.

    Only those are decoded whole that begin as another does. What cannot be read is no copy.
    """
    hears, clips = "audio" in MODALITIES[modality], dataset.clips()
    found, _ = try_clips(_hash_beginning if hears else _hash_face, clips, "comparing", progress)
    if hears:
        counts = Counter(found.values())
        alike = [row for row, one in found.items() if counts[one] > 1]
        whole, _ = try_clips(lambda clip: hash_sound(clip.sound), [clips[row] for row in alike], "alike", progress)
        found = {alike[at]: one for at, one in whole.items()}
    return _mark_copies(dataset, [found.get(row, str(row)) for row in range(len(dataset))])


def note_mismatches(dataset: Dataset, progress: Progress | None = None) -> Dataset:
    """Return the data set with a note on recordings whose faces seem to be of other takes (see `describe_mismatch`)."""
    found = map_clips(lambda _, clip: describe_mismatch(clip), dataset.clips(), "faces", progress)
    odd = [(clip.path.name, why) for clip, why in zip(dataset.clips(), found, strict=True) if why]
    if not odd:
        return dataset
    note = f"{len(odd)} of {len(dataset)} recordings may have the face of another take; the first: {': '.join(odd[0])}"
    return replace(dataset, notes=(*dataset.notes, note))


def _hash_beginning(clip: Clip) -> str:
    """Return a hash of how a recording begins; taking its length costs half of decoding it."""
    return hash_sound(next(Clip(clip.path).windows(_BEGINNING)).sound)


def _hash_face(clip: Clip) -> str:
    return hash_content(clip.face or clip.path)


def _read(clip: Clip, modalities: tuple[str, ...]) -> tuple[str | None, str]:
    """Return why a clip cannot be read, or None if it can; and what is the same of copies of it."""
    try:
        sound = hash_sound(clip.sound) if "audio" in modalities else ""
        if "face" in modalities and clip.face is not None and is_table(clip.face):
            read_table(clip.face)
        elif "face" in modalities:
            next(clip.frames(), None)
        return None, sound or hash_content(clip.face or clip.path)
    except InputError as error:
        return str(error), ""


def hash_sound(sound: Sound) -> str:
    """Return a hash of decoded sound in 16 bits: the same for what another container or name holds."""
    samples = np.round(np.clip(sound, -1, 1) * 32767).astype("<i2")
    return hashlib.blake2b(samples.tobytes(), digest_size=8).hexdigest()


def _mark_copies(dataset: Dataset, sounds: Sequence[str]) -> Dataset:
    """Return the data set with those recordings tagged that have the same sound, which a note names."""
    same: dict[str, list[Recording]] = {}
    for one, sound in zip(dataset.recordings, sounds, strict=True):
        same.setdefault(sound, []).append(one)
    copies = {sound: group for sound, group in same.items() if len(group) > 1}
    if not copies:
        return dataset
    rows = tuple(
        replace(one, tags={**one.tags, COPY: sound}) if sound in copies else one
        for one, sound in zip(dataset.recordings, sounds, strict=True)
    )
    named = [" = ".join(one.path.name for one in group) for group in copies.values()]
    more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    count = sum(map(len, copies.values()))
    sounds = "1 sound" if len(copies) == 1 else f"{len(copies)} sounds"
    note = f"{count} recordings are {sounds} under several names: {', '.join(named[:_NAMED])}{more}"
    return replace(dataset, recordings=rows, notes=(*dataset.notes, note))
