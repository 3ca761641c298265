"""Which recordings of a data set can be read: one bad file never stops a training."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from emospike.clip import Clip
from emospike.datasets import Dataset
from emospike.systems.clips import each
from emospike.systems.contract import Progress
from emospike.validation import InputError


def readable(dataset: Dataset, progress: Progress | None = None) -> Dataset:
    """Return the data set without recordings that cannot be read; a further note says how many these are.

    Raises
    ------
    InputError : none can be read
    """
    problems = list(each(_problem, dataset.clips(), "reading", progress))
    bad = [problem for problem in problems if problem]
    if not bad:
        return dataset
    if len(bad) == len(dataset):
        raise InputError(f"none of {len(bad)} recordings can be read; the first: {bad[0]}")
    kept = dataset.subset(np.array([problem is None for problem in problems]))
    note = f"{len(bad)} of {len(dataset)} recordings cannot be used and are left out; the first: {bad[0]}"
    return replace(kept, notes=(*dataset.notes, note))


def _problem(_: int, clip: Clip) -> str | None:
    try:
        clip.sound  # noqa: B018 - decoded to see whether it can be
    except InputError as error:
        return str(error)
    return None
