"""Pairing: which face-tracking table, recorded events or EEG belong to which recording of a folder."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path

from emospike.clip import find_recordings, is_hidden, is_table, walk
from emospike.datasets import ravdess
from emospike.files import is_file, is_folder


def pair_tables(paths: Sequence[Path]) -> list[tuple[Path, Path | None]]:
    """Return the recordings among files and folders, each with the face-tracking table of its take (see `pair_files`).

    Other CSV files, such as manifests, are passed over.
    """
    return pair_files(paths, is_face_table)


def pair_files(paths: Sequence[Path], belongs: Callable[[Path], bool]) -> list[tuple[Path, Path | None]]:
    """Return the recordings among files and folders, each with what belongs to it of one kind, if there is anything.

    Files that are named are returned as they are. In a folder, at any depth, a table belongs to the recording of its
    own name beside it (``a.csv`` to ``a.wav``), or of the same take, where both are named as in RAVDESS; one that
    belongs to none is a recording itself. So does any other file of which `belongs` is true.

    Raises
    ------
    InputError : as `emospike.clip.find_recordings`
    """
    found: list[tuple[Path, Path | None]] = []
    for path in paths:
        tables = {_identify(file): file for file in _find_files(path, belongs)} if is_folder(path) else {}
        if len(paths) == 1 and not tables:
            files = [*find_recordings([path])]
        else:  # given twice, an empty folder is no error but is yielded itself; with tables it is not empty
            files = [file for file in dict.fromkeys(find_recordings([path, path])) if not (tables and file == path)]
        own = [(file, tables.pop(_identify(file), None)) for file in files]
        found += sorted([*own, *((table, None) for table in tables.values())], key=lambda one: one[0])
    return found


def _find_files(folder: Path, belongs: Callable[[Path], bool]) -> list[Path]:
    """Return the files below a folder of which `belongs` is true, the largest of those of one take last."""
    files = [file for file in walk(folder) if not is_hidden(file, folder)]
    return sorted((file for file in files if is_file(file) and belongs(file)), key=lambda one: one.stat().st_size)


def _identify(file: Path) -> Hashable:
    stem = ravdess.strip_suffixes(file)
    return stem[3:] if ravdess.parse(stem) else (file.parent, stem)


def is_face_table(file: Path) -> bool:
    """Tell by its name and header whether a file is a face-tracking table."""
    if not is_table(file):
        return False
    opened = gzip.open if file.suffix.lower() == ".gz" else open
    try:
        with opened(file, "rt", encoding="utf-8-sig", errors="replace") as rows:
            header = rows.readline(10_000)
    except (OSError, EOFError, zlib.error):
        return False
    return "timestamp" in header and "AU01_r" in header
