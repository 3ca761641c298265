"""What data sets of films share: finding files by what their names say, one recording a take."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from emospike.clip import VIDEO_SUFFIXES, find_recordings
from emospike.datasets.table import Dataset, Recording
from emospike.validation import InputError


@dataclass(frozen=True)
class Take:
    """What a file's name and folders say: who speaks, what of, and which take it is."""

    label: str
    speaker: str
    take: str
    tags: Mapping[str, str]


def load_takes(
    name: str, folder: Path | str, video: bool, reads: Callable[[Path], Take | None], expected: str
) -> Dataset:
    """Load the recordings below a folder whose take `reads` can tell; a take in several files is one recording.

    A sound file is preferred to a film for the sound; with `video` the film shows the face. Files that `reads` does
    not know are left out, and a note counts them.

    Raises
    ------
    InputError : there is no such folder, or nothing in it that is known
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"no folder {folder}: name the folder that holds {expected}")
    files = list(find_recordings([folder]))
    known = {file: take for file in files if (take := reads(file))}
    if not known:
        raise InputError(f"none of {len(files)} recordings in {folder} is named as expected: {expected}")
    return Dataset(name, tuple(make_recordings(known, video)), note_ignored({"other names": len(files) - len(known)}))


def make_recordings(known: Mapping[Path, Take], video: bool) -> Iterable[Recording]:
    """Return one recording a take, sorted by speaker and take."""
    files: dict[tuple[str, str], list[Path]] = {}
    for file, take in sorted(known.items()):
        files.setdefault((take.speaker, take.take), []).append(file)
    for own in (files[key] for key in sorted(files)):
        films = [file for file in own if file.suffix.lower() in VIDEO_SUFFIXES]
        sounds = [file for file in own if file not in films]
        chosen = (sounds or films)[0]
        take = known[chosen]
        face = films[0] if video and films else None
        yield Recording(chosen, take.label, take.speaker, f"{take.speaker}-{take.take}", take.tags, face)


def note_ignored(counts: Mapping[str, int]) -> tuple[str, ...]:
    """Return a note for each kind of file that was left out."""
    return tuple(f"{count} file{'s' if count > 1 else ''} with {why} ignored" for why, count in counts.items() if count)
