"""What data sets share whose files say by their names what they hold: finding files, one recording a take, notes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from emospike.clip import VIDEO_SUFFIXES, find_recordings
from emospike.datasets.table import Dataset, Parse, Recording, Source, Take
from emospike.files import is_folder
from emospike.validation import InputError

LOSSLESS = {".wav", ".wave", ".flac", ".aif", ".aiff", ".au", ".caf", ".w64"}
"""Suffixes of sound that lost nothing; of several encodings of a take these are taken."""


def read_name(pattern: re.Pattern[str], name: str, **codes: Mapping[str, str]) -> dict[str, str] | None:
    """Return the named groups of a pattern that fits a whole name, those with `codes` put into words.

    Case does not matter. None if the name does not fit, or a code is not one of those of the release.

    >>> read_name(re.compile(r"(?P<who>[ab])(?P<emotion>.)", re.IGNORECASE), "aW", emotion={"w": "angry"})
    {'who': 'a', 'emotion': 'angry'}
    """
    found = pattern.fullmatch(name)
    if not found:
        return None
    said = {group: text or "" for group, text in found.groupdict().items()}
    for group, words in codes.items():
        word = words.get(said[group].lower())
        if word is None:
            return None
        said[group] = word
    return said


def make_take(path: Path, said: Mapping[str, str], **facts: str) -> Take:
    """Return the take of a file whose name says an ``emotion``, a ``speaker`` and more, which become tags."""
    tags = {name: text for name, text in said.items() if name not in ("emotion", "speaker") and text}
    return Take(said["emotion"], said["speaker"], path.stem.lower(), tags | facts)


def make_source(name: str, *, parse: Parse, expected: str, language: str, note: str = "", **facts: Any) -> Source:
    """Return the kind of data set whose recordings `parse` knows by their names, in any folder.

    `facts` are those of `Source`, `expected` is a name as an example, `note` is told of every such data set.
    """
    notes = (note,) if note else ()
    load = partial(load_takes, name, reads=parse, expected=expected, language=language, notes=notes)
    return Source(name, load=load, language=language, parse=parse, expected=expected, **facts)


def load_takes(
    name: str,
    folder: Path | str,
    video: bool = False,
    *,
    reads: Parse,
    expected: str,
    language: str = "",
    notes: tuple[str, ...] = (),
) -> Dataset:
    """Load the recordings below a folder whose take `reads` can tell; a take in several files is one recording.

    Of several files a sound is preferred to a film for the sound, lossless to lossy; with `video` the film shows the
    face. Files that `reads` does not know are left out, and a note counts them. A `language` becomes a tag.

    Raises
    ------
    InputError : there is no such folder, or nothing in it that is known
    """
    folder = Path(folder)
    if not is_folder(folder):
        raise InputError(f"no folder {folder}: name the folder that holds {expected}")
    files = list(find_recordings([folder]))
    known = {file: take for file in files if (take := reads(file))}
    used = {file: take for file, take in known.items() if not take.unused}
    if not used:
        raise InputError(f"none of {len(files)} recordings in {folder} is named as expected: {expected}")
    if language:
        used = {file: replace(take, tags={**take.tags, "language": language}) for file, take in used.items()}
    unused = [take.unused for take in known.values() if take.unused]
    ignored = {"other names": len(files) - len(known)} | {why: unused.count(why) for why in sorted(set(unused))}
    return Dataset(name, tuple(make_recordings(used, video)), notes + note_ignored(ignored))


def make_recordings(known: Mapping[Path, Take], video: bool) -> Iterable[Recording]:
    """Return one recording a take, sorted by speaker and take."""
    files: dict[tuple[str, str], list[Path]] = {}
    for file, take in sorted(known.items()):
        files.setdefault((take.speaker, take.take), []).append(file)
    for own in (files[key] for key in sorted(files)):
        films = [file for file in own if file.suffix.lower() in VIDEO_SUFFIXES]
        sounds = sorted((file for file in own if file not in films), key=lambda file: not is_lossless(file))
        chosen = (sounds or films)[0]
        take = known[chosen]
        face = films[0] if video and films else None
        yield Recording(chosen, take.label, take.speaker, f"{take.speaker}-{take.take}", take.tags, face)


def is_lossless(file: Path) -> bool:
    """Tell by its suffix whether an encoding lost nothing."""
    return file.suffix.lower() in LOSSLESS


def note_ignored(counts: Mapping[str, int]) -> tuple[str, ...]:
    """Return a note for each kind of file that was left out."""
    return tuple(f"{count} file{'s' if count > 1 else ''} with {why} ignored" for why, count in counts.items() if count)
