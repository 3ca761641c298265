"""Data sets: a folder on disk becomes a table of recordings with label and speaker.

A new kind of data set is one file here with a `SOURCE`, and one entry in `DATASETS`.
"""

from __future__ import annotations

from pathlib import Path

from emospike.clip import find_recordings
from emospike.datasets import cmu_mosi, eav, enterface, manifest, ravdess
from emospike.datasets.fetch import fetch_ravdess_speech
from emospike.datasets.folds import (
    Fold,
    inner_folds,
    published_split,
    random_folds,
    random_split,
    speaker_folds,
    standard_split,
)
from emospike.datasets.labels import EMOTIONS, LABELS, arousal, finer_labels, relabel
from emospike.datasets.pairing import pair_tables
from emospike.datasets.table import Dataset, Recording, Source
from emospike.validation import InputError

__all__ = [
    "DATASETS",
    "EMOTIONS",
    "LABELS",
    "Dataset",
    "Fold",
    "Recording",
    "Source",
    "arousal",
    "describe",
    "fetch_ravdess_speech",
    "finer_labels",
    "inner_folds",
    "load",
    "load_unlabelled",
    "pair_tables",
    "published_split",
    "random_folds",
    "random_split",
    "relabel",
    "speaker_folds",
    "standard_split",
]

DATASETS: dict[str, Source] = {
    source.name: source for source in (manifest.SOURCE, cmu_mosi.SOURCE, eav.SOURCE, enterface.SOURCE, ravdess.SOURCE)
}
"""The kinds of data sets by name, in the order in which a path is matched against them."""


def load(path: Path | str, video: bool = False) -> Dataset:
    """Load the data set at a path, recognised by what lies there.

    A CSV file or a folder with a ``manifest.csv`` is a manifest; CMU-MOSI, EAV and eNTERFACE'05 are known by their
    folders; any other folder is searched for RAVDESS recordings. With `video`, a take comes with the film or
    face-tracking table that shows its speaker, where there is one.

    Raises `InputError` if there is nothing at the path, or nothing that can be used.
    """
    path = Path(path)
    for source in DATASETS.values():
        if source.recognises(path):
            return source.load(path, video)
    found = "a file that is no CSV" if path.exists() else "nothing"
    raise InputError(f"{found} at {path}: expected a folder of RAVDESS recordings, or a CSV with path,label,speaker")


def load_unlabelled(path: Path | str, video: bool = False) -> Dataset:
    """Load recordings of one speaker, whatever their labels: those of a manifest, or all that lie below a path.

    With `video`, recordings come with their face-tracking tables where these lie beside them (see `pair_tables`).

    Raises
    ------
    InputError : as `load`; or several speakers are named, in the manifest or by RAVDESS file names
    """
    path = Path(path)
    if manifest.recognises(path):
        dataset = manifest.load(path, video, labelled=False)
    else:
        files = pair_tables([path]) if video else [(file, None) for file in find_recordings([path])]
        named = ((file, face, ravdess.parse(file.name.split(".")[0]) or {}) for file, face in files)
        rows = (Recording(file, "", facts.get("actor"), str(file), face=face) for file, face, facts in named)
        dataset = Dataset("recordings", tuple(rows))
    speakers = sorted({*dataset.speakers.tolist()} - {""})
    if len(speakers) > 1:
        names = ", ".join(speakers[:4]) + (", ..." if len(speakers) > 4 else "")
        raise InputError(f"recordings of one speaker expected, {path} has {len(speakers)} ({names}): give those of one")
    return dataset


def describe() -> list[dict[str, str]]:
    """Return one row a kind of data set: name, what it is, licence, and how to get it."""
    return [
        {"name": source.name, "what": source.what, "licence": source.licence, "how to get it": source.get}
        for source in DATASETS.values()
    ]
