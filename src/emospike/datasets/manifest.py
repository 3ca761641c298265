"""A CSV as data set: recordings of your own, one row each, with the columns path, label and speaker."""

from __future__ import annotations

import csv
import difflib
import gc
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from emospike.datasets.labels import AROUSALS, EMOTIONS, FURTHER
from emospike.datasets.table import Dataset, Recording, Source
from emospike.files import is_file, is_folder
from emospike.validation import InputError, check_classes, show

if TYPE_CHECKING:
    from pandas import DataFrame

MANIFEST = "manifest.csv"
TYPO_RATIO = 0.8
"""How alike two labels must be (difflib's ratio, 0 to 1) for one to be taken for a typo of the other."""

NO_LABELS = ("nan", "null", "n/a", "#n/a")
"""What programs write where there is no label."""

Rows: TypeAlias = dict[int, dict[str, str]]
"""The fields of each row by column, under the row's line number (the header is line 1)."""

_COLUMNS = ("path", "label", "speaker", "face", "eeg", "eeg_start")
_HOW = "write one line per recording under the header path,label,speaker (speaker is optional)"


def recognises(path: Path) -> bool:
    """Tell whether a path is a CSV file, or a folder with a ``manifest.csv`` in it."""
    return path.suffix.lower() == ".csv" or is_file(path / MANIFEST)


def load(path: Path | str, video: bool = False, labelled: bool = True) -> Dataset:
    """Load a CSV file, or the ``manifest.csv`` of a folder.

    The header names the columns in any order and case: ``path`` (relative to the CSV's folder, or absolute),
    ``label``, ``speaker`` if known; ``face`` if a film or a face-tracking table shows the speaker of a row; ``eeg`` if
    there is an EEG recording of them, in which the row's own begins at ``eeg_start`` seconds (0 if blank). ``face`` and
    ``eeg`` may be blank in some rows. Further columns become tags. Fields are parted by comma, semicolon or
    tab; text is UTF-8, with or without a byte-order mark, and composed (Unicode NFC). Labels are put into lower case
    and their blanks are evened out, so that ``Happy`` and ``happy`` are one class. Any label may be used; yet one that
    occurs in a single row and looks like a known emotion, or like a label of several rows, is refused as a typo (see
    `TYPO_RATIO`).
    The column ``face`` is read with `video` only. Without `labelled`, labels are not needed: they become tags as
    further columns do, and numbers in tags can be learnt in their place (see `emospike.datasets.targets`).

    Raises
    ------
    InputError : no such file, not a CSV in UTF-8, a missing column or one given twice, no rows, a row with a wrong
        number of fields or a label that is blank or NaN, labels that are numbers on a scale, a speaker in some rows
        only, or one written in two ways, a path given twice or not found, an ``eeg_start`` that is no time, a likely
        typo
    """
    path = Path(path)
    path = path / MANIFEST if is_folder(path) else path
    with _pause_collector():
        return _make_dataset(path, _read_rows(path, ("path", "label") if labelled else ("path",)), video, labelled)


def from_frame(table: DataFrame, video: bool = False, labelled: bool = True) -> Dataset:
    """Return the data set of a pandas table, with the columns and checks of `load`.

    Paths are relative to the current folder; what is missing (NaN, None) counts as blank. See `Dataset.to_frame`.
    """
    if not hasattr(table, "columns"):
        raise InputError(f"a pandas table expected, got {show(table)}")
    header = [_even_out(str(column)).lower() for column in table.columns]
    path = Path("table")
    _check_header(path, header, ("path", "label") if labelled else ("path",))
    if not len(table):
        raise InputError(f"the table has a header and no rows: {_HOW}")
    blank = table.isna().to_numpy()
    fields = [
        ["" if none else str(value).strip() for value, none in zip(*row, strict=True)]
        for row in zip(table.itertuples(index=False), blank, strict=True)
    ]
    with _pause_collector():
        return _make_dataset(path, _name_fields(header, dict(enumerate(fields, 2))), video, labelled)


@contextmanager
def _pause_collector() -> Iterator[None]:
    """Look for no circular garbage: all that is made of a table stays, and a third of the time goes into the search."""
    searched = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searched:
            gc.enable()


def _make_dataset(path: Path, rows: Rows, video: bool, labelled: bool) -> Dataset:
    """Check rows, and return them as a data set."""
    if labelled:
        _check_labels(path, rows)
    _check_speakers(path, rows)
    _check_files(path, rows)
    _check_others(path, rows, ("face", "eeg") if video else ("eeg",))
    return Dataset("manifest", tuple(_make_recording(path, row, video, labelled) for row in rows.values()))


def _make_recording(path: Path, row: dict[str, str], video: bool, labelled: bool) -> Recording:
    face = _locate(path, row, "face") if video and row.get("face") else None
    label, tags = row["label"], {column: value for column, value in row.items() if column not in _COLUMNS}
    if not labelled:
        label, tags = "", tags | ({"label": label} if label else {})
    eeg, start = (_locate(path, row, "eeg"), float(row.get("eeg_start") or 0)) if row.get("eeg") else (None, 0.0)
    return Recording(_locate(path, row), label, row.get("speaker") or None, row["path"], tags, face, eeg, start)


def _locate(path: Path, row: dict[str, str], column: str = "path") -> Path:
    return path.parent / _mend(row[column])


def _mend(name: str) -> str:
    """Return the name of a file as it is written here; a manifest written on Windows works elsewhere too."""
    return name.replace("\\", "/")


def _read_rows(path: Path, needed: Sequence[str]) -> Rows:
    """Return the fields of each row by column name, under the row's line number (the header is line 1)."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            # csv.Sniffer guesses from all characters and fails on short files; a header has nothing but names and it
            delimiter = max(",;\t", key=file.readline().count)
            file.seek(0)
            reader = csv.reader(file, delimiter=delimiter)
            header = [_even_out(column).lower() for column in next(reader, [])]
            numbered = [(reader.line_num, [field.strip() for field in line]) for line in reader]
    except (OSError, UnicodeError, csv.Error) as error:
        raise InputError(f"cannot read {path} as CSV in UTF-8 ({error}): {_HOW}") from None
    _check_header(path, header, needed)
    lines = {number: line for number, line in numbered if any(line)}
    if not lines:
        raise InputError(f"{path} has a header and no rows: {_HOW}")
    for number, line in lines.items():
        if len(line) != len(header):
            raise InputError(
                f"row {number} of {path} has {len(line)} fields and the header {len(header)}: "
                f"put fields that contain {delimiter!r} in double quotes"
            )
    return _name_fields(header, lines)


def _check_header(path: Path, header: Sequence[str], needed: Sequence[str]) -> None:
    if missing := {*needed} - {*header}:
        found = ", ".join(header) or "nothing"
        raise InputError(f"{path} lacks the column {' and '.join(sorted(missing))}, it has {found}: {_HOW}")
    if twice := sorted(name for name, count in Counter(header).items() if name and count > 1):
        raise InputError(f"{path} has the column {twice[0]} twice: leave one")


def _name_fields(header: Sequence[str], lines: Mapping[int, Sequence[str]]) -> Rows:
    """Return the fields of each row by column, labels and speakers written in one way."""
    rows = {number: dict(zip(header, line, strict=True)) for number, line in lines.items()}
    for row in rows.values():
        row["label"] = _even_out(row.get("label", "")).lower()
        if "speaker" in row:
            row["speaker"] = _even_out(row["speaker"])
    return rows


@lru_cache(maxsize=10_000)  # most rows repeat a label and a speaker
def _even_out(text: str) -> str:
    """Return text in one of the ways that it can be written: composed, with single blanks."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def _check_labels(path: Path, rows: Rows) -> None:
    counts = Counter(row["label"] for row in rows.values())
    check_classes(f"the labels of {path}", counts)
    trusted = {*EMOTIONS, *FURTHER, *AROUSALS, *(label for label, count in counts.items() if count > 1)}
    for number, row in rows.items():
        label = row["label"]
        if not label or label in NO_LABELS:
            raise InputError(
                f"row {number} of {path} has {f'the label {label!r}' if label else 'no label'}: fill it in or delete "
                "the row"
            )
        if label not in trusted and (near := difflib.get_close_matches(label, trusted, n=1, cutoff=TYPO_RATIO)):
            raise InputError(f"label {label!r} in row {number} of {path}: did you mean {near[0]!r}?")


def _check_speakers(path: Path, rows: Rows) -> None:
    without = [number for number, row in rows.items() if not row.get("speaker")]
    if without and len(without) < len(rows):
        raise InputError(
            f"{len(without)} of {len(rows)} rows of {path} have no speaker, first row {without[0]}: "
            "fill them in, or leave the column out"
        )

    spelt: dict[str, str] = {}
    first: dict[str, int] = {}
    for number, row in rows.items():
        first.setdefault(row.get("speaker") or "", number)
    for speaker, number in first.items():
        # The same person: s02, S02 and s2.
        alike = re.sub(r"\d+", lambda found: found[0].lstrip("0"), "".join(speaker.casefold().split()))
        if (other := spelt.setdefault(alike, speaker)) != speaker:
            raise InputError(
                f"speaker {speaker!r} in row {number} of {path} looks like {other!r}: write the same person alike, "
                "and others not as alike as that"
            )


def _check_files(path: Path, rows: Rows) -> None:
    find, join = _look_up(), partial(os.path.join, str(path.parent))  # of a Path each, half of the time would go
    names = {number: _mend(row["path"]) for number, row in rows.items()}
    files = {number: find(join(name)) if name else None for number, name in names.items()}
    missing = [number for number, file in files.items() if file is None]
    if missing:
        raise InputError(
            f"{len(missing)} of {len(rows)} files of {path} are missing, first {rows[missing[0]]['path']!r} "
            f"in row {missing[0]}: paths are relative to {path.parent.resolve()}"
        )
    first: dict[str | None, int] = {}
    for number, file in files.items():
        if (other := first.setdefault(file, number)) != number:
            raise InputError(
                f"row {number} of {path} repeats {rows[number]['path']!r} of row {other}: list each file once"
            )


def _look_up() -> Callable[[str], str | None]:
    """Return what tells where a file really lies, or None if it is none; each folder is listed once."""

    @cache
    def list_folder(folder: str) -> tuple[str, set[str]]:
        with suppress(OSError, ValueError), os.scandir(folder or ".") as entries:  # or a name that none can have
            return os.path.realpath(folder), {one.name for one in entries if one.is_file(follow_symlinks=False)}
        return folder, set()

    def find(file: str) -> str | None:
        folder, name = os.path.split(file)
        real, names = list_folder(folder)
        if name in names:
            return f"{real}{os.sep}{name}"
        return os.path.realpath(file) if is_file(Path(file)) else None  # a link, or a name in other case

    return find


def _check_others(path: Path, rows: Rows, columns: Sequence[str]) -> None:
    """Check the files of other modalities, and where they begin."""
    header = next(iter(rows.values()))
    for column in filter(header.__contains__, columns):
        for number, row in rows.items():
            if row[column] and not is_file(_locate(path, row, column)):
                raise InputError(
                    f"the {column} {row[column]!r} in row {number} of {path} is missing: paths are relative to "
                    f"{path.parent.resolve()}"
                )
    for number, row in rows.items() if "eeg_start" in header else ():
        text = row["eeg_start"] or "0"
        if not re.fullmatch(r"\d+(\.\d*)?", text):
            raise InputError(f"eeg_start {text!r} in row {number} of {path}: seconds expected, 0 or more, such as 12.5")


SOURCE = Source(
    name="manifest",
    what="recordings of your own, listed in a CSV with the columns path and label, "
    "and, where known, speaker, face, eeg and eeg_start",
    licence="yours",
    commercial=None,
    get=f"write {MANIFEST} beside your recordings, or any CSV, and name it",
    recognises=recognises,
    load=load,
    language="any",
)
