"""EAV: 42 speakers in conversations that were led to five emotions, as sound, film and EEG (Lee et al. 2024).

Paper: doi 10.1038/s41597-024-03838-4; data: doi 10.5281/zenodo.10205702; code: github.com/nubcico/EAV. Each subject has
200 interactions of 20 s, listening and speaking in turn::

    subject1/Audio/002_Trial_02_Speaking_Neutral_aud.wav       100 files: speaking alone is heard
    subject1/Video/002_Trial_02_Speaking_Neutral.mp4           200 films
    subject1/EEG/subject1_eeg.mat, subject1_eeg_label.mat      200 x 10,000 steps (500 Hz) x 30 channels

The first number tells the interaction, in every modality; the trial's number may differ between sound and film.

Its authors cut each of the 20 spoken interactions of a class into four, and train on the first 56 of these 80 (70 %),
subject by subject: that is on 14 whole interactions. Test speakers therefore train as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from emospike.clip import find_recordings
from emospike.datasets.table import PART, Dataset, Recording, Source, Take
from emospike.datasets.takes import make_recordings, note_ignored
from emospike.files import is_file, is_folder
from emospike.validation import InputError

EMOTIONS = {"neutral": "neutral", "anger": "angry", "happiness": "happy", "sadness": "sad", "calmness": "calm"}
"""The words of its names, and ours."""

INTERACTION = "interaction"
"""Tag that tells which of a subject's 200 interactions a recording is, from 1; so also which part of its EEG."""

INTERACTION_SECONDS = 20.0

TRAINED = 0.7
"""Share of each subject's interactions of each class that train in the authors' split, the first ones: 14 of 20."""

_SUBJECT = re.compile(r"subject[ _-]?(\d+)", re.IGNORECASE)
_NAME = re.compile(r"(\d{3})_Trial_\d+_(Listening|Speaking)_([A-Za-z]+)(_aud)?", re.IGNORECASE)
_MODALITIES = ("Audio", "Video", "EEG")


def parse(path: Path) -> Take | None:
    """Return who does what in a file, or None if it is not named as EAV's are; ``task`` is listening or speaking.

    >>> parse(Path("subject1/Audio/004_Trial_02_Speaking_Anger_aud.wav")).take
    '004'
    """
    named = _NAME.fullmatch(path.stem)
    subjects = [match for part in path.parts[:-1] if (match := _SUBJECT.fullmatch(part))]
    if not (named and subjects and named[3].lower() in EMOTIONS):
        return None
    tags = {"task": named[2].lower(), INTERACTION: str(int(named[1]))}
    return Take(EMOTIONS[named[3].lower()], f"{int(subjects[-1][1]):02d}", named[1], tags)


def recognises(path: Path) -> bool:
    """Tell whether a folder is a subject's, or holds folders of subjects, with one for a modality."""
    return is_folder(path) and next(_find_subjects(path), None) is not None


def _find_subjects(path: Path) -> Iterator[Path]:
    """Yield the folders of subjects: the path itself, and those in it or one below."""
    for folder in (path, *sorted(path.glob("*")), *sorted(path.glob("*/*"))):
        if _SUBJECT.fullmatch(folder.name) and any(is_folder(folder / name) for name in _MODALITIES):
            yield folder


def _list_files(subject: Path) -> list[Path]:
    try:
        return list(find_recordings([subject]))
    except InputError:  # a subject with EEG alone
        return []


def load(folder: Path | str, video: bool = False) -> Dataset:
    """Load what is spoken, each recording with the file of its subject's EEG; with `video`, with its film too.

    Listening is left out: nothing is said, and a note counts it. The label is the emotion that the conversation was
    led to. One EEG file holds all interactions of a subject, one after the other; the tag `INTERACTION` counts them.
    The tag ``part`` is that of the authors' split (see `emospike.datasets.standard_split`).

    Raises
    ------
    InputError : no such folder, or no spoken interaction in it
    """
    folder = Path(folder)
    if not is_folder(folder):
        raise InputError(f"no folder {folder}: name the folder that holds 'subject1' and so on")
    files = [file for subject in _find_subjects(folder) for file in _list_files(subject)]
    named = {file: take for file in files if (take := parse(file))}
    spoken = {file: take for file, take in named.items() if take.tags["task"] == "speaking"}
    if not spoken:
        raise InputError(
            f"no spoken interaction in {folder}: expected subject1/Audio/002_Trial_02_Speaking_Neutral_aud.wav"
        )
    rows = [_add_eeg(row) for row in make_recordings(spoken, video)]
    notes = note_ignored({"other names": len(files) - len(named), "listening": len(named) - len(spoken)})
    if count := sum(row.eeg is not None for row in rows):  # most systems pass over it
        notes += (f"{count} of {len(rows)} recordings have EEG: eavs_tf reads it with --preset eeg or --modality eeg",)
    return Dataset("eav", tuple(_mark_parts(rows)), notes)


def _add_eeg(recording: Recording) -> Recording:
    subject = recording.path.parents[1]
    file = subject / "EEG" / f"{subject.name}_eeg.mat"
    begin = INTERACTION_SECONDS * (int(recording.tags[INTERACTION]) - 1)
    return replace(recording, eeg=file, eeg_start=begin) if is_file(file) else recording


def _mark_parts(rows: Sequence[Recording]) -> Iterator[Recording]:
    """Yield recordings, which come in the order of their interactions, with their parts of the authors' split."""
    takes: dict[tuple[str | None, str], list[str]] = {}
    for row in rows:
        takes.setdefault((row.speaker, row.label), []).append(row.take)
    for row in rows:
        own = takes[row.speaker, row.label]
        part = "train" if own.index(row.take) < round(TRAINED * len(own)) else "test"
        yield replace(row, tags={**row.tags, PART: part})


SOURCE = Source(
    name="eav",
    what="EAV: 42 speakers in conversations led to five emotions; 4,200 spoken parts of 20 s, as sound, film and EEG",
    licence="see its record",
    get="https://zenodo.org/records/10205702: unzip and name the folder that holds 'subject1' to 'subject42'. "
    "Use --labels emotion; --protocol standard is its authors' split, which is LEAKY",
    recognises=recognises,
    load=load,
    language="English",
    citation="Lee et al. 2024, Scientific Data 11, doi 10.1038/s41597-024-03838-4",
)
