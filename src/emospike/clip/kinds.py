"""Kinds: what a file can be besides sound and film, and what to do with it where another kind is needed."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from emospike.clip.event_files import read_events
from emospike.clip.finding import is_eeg, is_events
from emospike.clip.tables import is_table
from emospike.clip.video import read_seconds, shows_film
from emospike.validation import InputError

_TABLE, _EVENTS, _EEG = "a face-tracking table", "a recording of an event camera", "an EEG recording"
_FOR_SOUND = {
    _TABLE: "name it beside the recording",
    _EVENTS: "take a model of spiking_emotions that learnt from such files",
    _EEG: "take a model of eavs_tf that learnt from EEG",
}
_FOR_PICTURES = {
    _TABLE: "give the film itself",
    _EVENTS: "give a film, or take a model that reads events, as spiking_emotions does",
    _EEG: "give a film",
}


def name_silent(path: Path) -> str | None:
    """Return what a file is that is known to hold neither sound nor film, or None.

    >>> name_silent(Path("face.csv")), name_silent(Path("speech.wav"))
    ('a face-tracking table', None)
    """
    return next(
        (kind for tells, kind in ((is_table, _TABLE), (is_events, _EVENTS), (is_eeg, _EEG)) if tells(path)), None
    )


def check_sounding(path: Path) -> None:
    """Raise `InputError` for a file that is known to hold no sound."""
    if kind := name_silent(path):
        raise InputError(f"{path} is {kind} and holds no sound: {_FOR_SOUND[kind]}")


def check_filmed(path: Path) -> None:
    """Raise `InputError` for a file that is known to hold no pictures."""
    if kind := name_silent(path):
        raise InputError(f"{path} is {kind} and holds no pictures: {_FOR_PICTURES[kind]}")


def shows_face(path: Path) -> bool:
    """Tell whether a file may show a face: a film, a face-tracking table, or what an event camera recorded."""
    return is_table(path) or is_events(path) or shows_film(path)


def measure_seconds(path: Path, tracks: Collection[int] = ()) -> float:
    """Return when a face ends in its file, s: a film of these `tracks`, a table, or events, from the first on."""
    return read_events(path).seconds if is_events(path) else read_seconds(path, tracks)
