"""Which recordings of a data set can be used: one bad file never stops a training."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from emospike.clip import Clip, is_table
from emospike.clip.batch import map_clips
from emospike.datasets import Dataset
from emospike.features.openface import read_table
from emospike.progress import Progress
from emospike.systems.perception import MODALITIES
from emospike.validation import InputError


def drop_unreadable(dataset: Dataset, progress: Progress | None = None, modality: str = "audio") -> Dataset:
    """Return the data set without recordings that cannot be read; a further note says how many these are.

    The sound is decoded where it counts. Of a film only the first picture is: whether it shows a face is found when it
    is used (see `System.perceive_training` and `testing.predict`). A face-tracking table is read.

    Raises
    ------
    InputError : none can be read
    """
    own = MODALITIES[modality]
    problems = list(map_clips(lambda _, clip: _find_problem(clip, own), dataset.clips(), "reading", progress))
    bad = [problem for problem in problems if problem]
    if not bad:
        return dataset
    if len(bad) == len(dataset):
        raise InputError(f"none of {len(bad)} recordings can be read; the first: {bad[0]}")
    kept = dataset.subset(np.array([problem is None for problem in problems]))
    note = f"{len(bad)} of {len(dataset)} recordings cannot be used and are left out; the first: {bad[0]}"
    return replace(kept, notes=(*dataset.notes, note))


def _find_problem(clip: Clip, modalities: tuple[str, ...]) -> str | None:
    """Return why a clip cannot be read, or None if it can."""
    try:
        if "audio" in modalities:
            clip.sound  # noqa: B018 - decoded to see whether it can be
        if "face" in modalities and clip.face is not None and is_table(clip.face):
            read_table(clip.face)
        elif "face" in modalities:
            next(clip.frames(), None)
    except InputError as error:
        return str(error)
    return None
