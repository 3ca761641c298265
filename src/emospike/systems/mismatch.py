"""Whether the face that was given beside a sound seems to be of another take."""

from __future__ import annotations

from pathlib import Path

from emospike.clip import Clip
from emospike.datasets import DATASETS
from emospike.datasets.ravdess import strip_suffixes
from emospike.validation import InputError

_APART = 0.5  # s by which lengths may differ ...
_APART_SHARE = 0.1  # ... and the share of the longer one


def describe_mismatch(clip: Clip) -> str | None:
    """Return why the face of a clip may not be of the take that is heard, or None.

    Names that a data set gives tell of different takes, or the face lasts clearly shorter or longer than the sound. A
    face in the same file is of the same take; of a part of a recording the names alone are looked at.
    """
    face = clip.face
    if face is None or face == clip.path or not clip.hears:
        return None
    if is_named_apart(clip.path, face):
        return f"the face ({face.name}) is named as another take than the sound: is it of this one?"
    if clip.start > 0 or clip.stop is not None:
        return None
    try:
        seen, heard = clip.face_until, clip.seconds
    except InputError:  # who reads it says so
        return None
    if abs(seen - heard) <= _APART + _APART_SHARE * max(seen, heard):
        return None
    return f"the face ({face.name}) lasts {seen:.1f} s, the sound {heard:.1f} s: is it of the same take?"


def is_named_apart(sound: Path, face: Path) -> bool:
    """Tell whether a data set names two files as different takes.

    >>> is_named_apart(Path("03-01-06-01-02-01-12.wav"), Path("01-01-06-01-02-01-12.csv"))
    False
    >>> is_named_apart(Path("03-01-06-01-02-01-12.wav"), Path("01-01-06-01-02-01-13.csv"))
    True
    """
    other = sound.with_name(strip_suffixes(face) + sound.suffix)  # speakers may be folders
    for source in DATASETS.values():
        if source.parse and (one := source.parse(sound)) and (two := source.parse(other)):
            return one.take != two.take
    return False
