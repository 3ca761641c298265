"""Face-tracking tables, as far as a clip has to know them: CSV with a row a frame, and when each frame was taken.

`emospike.features.openface` reads what they tell of the face.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import IO

import numpy as np
from jaxtyping import Float64

from emospike.clip.decoding import check_file
from emospike.validation import InputError

TABLE_SUFFIXES = (".csv", ".csv.gz")
TABLE_HINT = "give a table of OpenFace 2 or of RAVDESS's face tracking (columns timestamp, AU01_r ... AU45_r)"

_LONGEST_LINE = 2**17  # characters
_MOST_LINES = 500_000  # 4.6 h at 30 pictures a second
_LONGEST_STEP = 1.0  # s from row to row, in the median
_LONGEST_GAP = 60.0  # s without a row; where a face is lost, rows say so

Times = Float64[np.ndarray, " rows"]


def is_table(path: Path) -> bool:
    """Tell by its name whether a file is a face-tracking table.

    >>> is_table(Path("01-01-03-01-01-01-02.csv.gz"))
    True
    """
    return path.name.lower().endswith(TABLE_SUFFIXES)


def read_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the header of a table and its rows that are not blank, each with the number of its line.

    Fields are parted by commas, semicolons or tabs; where not by commas, decimal commas become points.

    Raises
    ------
    InputError : a file that cannot be read as text; a line, or lines, beyond all bounds
    """
    check_file(path)
    opened = gzip.open if path.suffix.lower() == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
            delimiter = max(",;\t", key=file.readline(_LONGEST_LINE).count)
            file.seek(0)
            reader = csv.reader(_read_lines(file, path), delimiter=delimiter)
            for line in reader:
                fields = [field.strip() for field in line]
                if reader.line_num == 1 or any(fields):
                    yield reader.line_num, fields if delimiter == "," else [one.replace(",", ".") for one in fields]
    except (OSError, EOFError, UnicodeError, csv.Error, zlib.error) as error:
        raise InputError(f"cannot read {path} as CSV in UTF-8 ({error}): {TABLE_HINT}") from None


def _read_lines(file: IO[str], path: Path) -> Iterator[str]:
    for _ in range(_MOST_LINES):
        line = file.readline(_LONGEST_LINE)
        if len(line) == _LONGEST_LINE:
            raise InputError(f"{path} has a line of {_LONGEST_LINE} characters or more: {TABLE_HINT}")
        if not line:
            return
        yield line
    raise InputError(f"{path} has more than {_MOST_LINES} lines: cut it into parts")


def read_last_time(path: Path) -> float:
    """Return the last time that a face-tracking table tells, s; raise `InputError` as `read_rows` and `check_times`."""
    check_file(path)
    facts = path.stat()
    return _read_last_time(path, facts.st_size, facts.st_mtime_ns)


@lru_cache(maxsize=8)  # windows of one recording share its table
def _read_last_time(path: Path, _size: int, _changed: int) -> float:
    rows = read_rows(path)
    _, header = next(rows, (0, []))
    if "timestamp" not in header:
        found = ", ".join(header[:4]) + (", ..." if len(header) > 4 else "")
        expected = "columns timestamp and AU01_r ... AU45_r expected, as OpenFace 2 writes them"
        raise InputError(f"{path} is no face-tracking table: {expected}, got {found}")
    at, times = header.index("timestamp"), []
    for number, row in rows:
        try:
            times.append(float(row[at]))
        except (ValueError, IndexError):
            raise InputError(f"row {number} of {path} tells no time in column timestamp: {TABLE_HINT}") from None
    if not times:
        raise InputError(f"{path} has a header and no rows: {TABLE_HINT}")
    check_times(path, np.array(times))
    return max(times)


def check_times(path: Path, times: Times) -> None:
    """Raise `InputError` unless the times of a table's rows are finite, in seconds, and without a long gap."""
    if not np.isfinite(times).all():
        raise InputError(f"{path} has a row without a timestamp: {TABLE_HINT}")
    times = np.unique(times)
    steps = np.diff(times)
    if len(steps) and np.median(steps) > _LONGEST_STEP:
        raise InputError(
            f"{path} has rows {np.median(steps):g} s apart by its column timestamp: seconds expected, neither "
            f"milliseconds nor numbers of frames"
        )
    if steps.max(initial=0) > _LONGEST_GAP:
        gap = int(steps.argmax())
        raise InputError(
            f"{path} has no row between {times[gap]:g} s and {times[gap + 1]:g} s by its column timestamp: give a "
            f"table of its own for each recording"
        )
