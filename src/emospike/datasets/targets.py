"""Numbers instead of classes: what recordings are told as on a scale, such as valence, in columns of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Float64

from emospike.datasets.table import Dataset
from emospike.validation import InputError, as_list, show

Numbers = Float64[np.ndarray, "recordings targets"]

PARTS = ("lowest", "low", "high", "highest")

LARGEST = 1e30
"""Of a number: squares of larger ones are no number in single precision any more."""


def read_targets(dataset: Dataset, names: Sequence[str]) -> Numbers:
    """Return the numbers that tags of recordings hold, a column for each name, in whichever case it is written.

    Raises
    ------
    InputError : a tag that no recording has, or what is no finite number, with the recording
    """
    known = sorted({tag for one in dataset.recordings for tag, value in one.tags.items() if _read(value) is not None})
    names = [name if name in known else name.lower() for name in names]
    if twice := [name for name in names if names.count(name) > 1]:
        raise InputError(f"target {twice[0]!r} is named twice: name each once")
    for name in names:
        if name not in known:
            there = f"those of numbers are {', '.join(known)}" if known else "there is none of numbers"
            raise InputError(f"no column {name!r} of numbers: {there}")
    rows = [[_read(one.tags.get(name)) for name in names] for one in dataset.recordings]
    for one, row in zip(dataset.recordings, rows, strict=True):
        if None in row:
            name = names[row.index(None)]
            came = show(one.tags[name]) if one.tags.get(name) else "nothing"
            raise InputError(f"{one.path.name} has no number in {name}, but {came}: fill it in or delete the row")
    return np.array(rows, float)


def _read(text: str | None) -> float | None:
    """Return the number that a field holds, or None if it holds none; a comma may part decimals."""
    try:
        value = float((text or "").replace(",", "."))
    except ValueError:
        return None
    return value if abs(value) <= LARGEST else None  # nor is NaN


def as_targets(values: Any) -> Numbers:
    """Return one number or several a recording, as they may be given: a list, an array, a column or several of a table.

    >>> as_targets([0.5, -1]).tolist(), as_targets([[1, 2], [3, 5]]).shape
    ([[0.5], [-1.0]], (2, 2))

    Raises
    ------
    InputError : no numbers, NaN or numbers beyond 1e30 among them, or of another shape
    """
    given = values if hasattr(values, "columns") else as_list("numbers", values)
    try:
        found = np.asarray(given, float)
    except (TypeError, ValueError):
        raise InputError("numbers expected, one or several a recording: train a system on names of classes") from None
    found = found[:, None] if found.ndim == 1 else found
    if found.ndim != 2 or 0 in found.shape or not (np.abs(found) <= LARGEST).all():
        raise InputError(f"a finite number a recording expected, or several, got some of shape {found.shape}")
    return found


def check_varied(numbers: Numbers, names: Sequence[Any]) -> None:
    """Raise `InputError` if a number is the same of all recordings."""
    for column in np.flatnonzero((numbers == numbers[0]).all(axis=0)).tolist():
        raise InputError(f"{names[column]} of all recordings is {numbers[0, column]:g}: there is nothing to learn")


def part_targets(numbers: Numbers) -> list[str]:
    """Return for each recording which quarter of all its first number lies in, by its rank; alike ones in the same.

    These stand in for labels where recordings are dealt out, so that every fold has some of each part.

    >>> part_targets(np.array([[0.0], [1.0], [2.0], [900.0]]))
    ['lowest', 'low', 'high', 'highest']
    """
    from scipy.stats import rankdata

    share = (rankdata(numbers[:, 0]) - 0.5) / len(numbers)
    return [PARTS[part] for part in np.digitize(share, (0.25, 0.5, 0.75))]


def label_parts(dataset: Dataset, numbers: Numbers) -> Dataset:
    """Return the recordings labelled by `part_targets`, so that all that deals recordings out can be used."""
    rows = zip(dataset.recordings, part_targets(numbers), strict=True)
    return replace(dataset, recordings=tuple(replace(one, label=part) for one, part in rows))
