"""Pairing: which face-tracking table belongs to which recording of a folder."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Hashable, Iterator, Sequence
from pathlib import Path

from emospike.clip import find_recordings, is_table
from emospike.datasets import ravdess


def with_tables(paths: Sequence[Path]) -> list[tuple[Path, Path | None]]:
    """Return the recordings among files and folders, each with the face-tracking table of its take, if there is one.

    Files that are named are returned as they are. In a folder, at any depth, a table belongs to the recording of its
    own name beside it (``a.csv`` to ``a.wav``), or of the same take, where both are named as in RAVDESS; one that
    belongs to none is a recording itself. Other CSV files, such as manifests, are passed over.

    Raises
    ------
    InputError : as `emospike.clip.find_recordings`
    """
    found: list[tuple[Path, Path | None]] = []
    for path in paths:
        tables = {_take(file): file for file in _tables(path)} if path.is_dir() else {}
        files = find_recordings([path]) if len(paths) == 1 and not tables else _found(path, bool(tables))
        own = [(file, tables.pop(_take(file), None)) for file in files]
        found += sorted([*own, *((table, None) for table in tables.values())], key=lambda one: one[0])
    return found


def _found(path: Path, tables: bool) -> Iterator[Path]:
    """Yield the recordings of one path among others; an empty folder is yielded itself, unless it has tables."""
    files = dict.fromkeys(find_recordings([path, path]))
    return (file for file in files if not (tables and file == path))


def _tables(folder: Path) -> list[Path]:
    """Return the face-tracking tables below a folder, the largest of those of one take last."""
    files = [file for file in folder.rglob("*") if is_table(file) and not _is_hidden(file, folder)]
    return sorted(
        (file for file in files if file.is_file() and _tracks_faces(file)), key=lambda one: one.stat().st_size
    )


def _is_hidden(file: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(folder).parts)


def _take(file: Path) -> Hashable:
    stem = Path(file.stem).stem if file.suffix.lower() == ".gz" else file.stem
    return stem[3:] if ravdess.parse(stem) else (file.parent, stem)


def _tracks_faces(file: Path) -> bool:
    """Tell by its header whether a CSV is a face-tracking table."""
    opened = gzip.open if file.suffix.lower() == ".gz" else open
    try:
        with opened(file, "rt", encoding="utf-8-sig", errors="replace") as rows:
            header = rows.readline(10_000)
    except (OSError, EOFError, zlib.error):
        return False
    return "timestamp" in header and "AU01_r" in header
