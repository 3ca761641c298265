"""Data sets: a folder on disk becomes a table of recordings with label and speaker.

A new kind of data set is one file here with a `SOURCE`, and one entry in `DATASETS`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from emospike.clip import find_recordings
from emospike.datasets import (
    ased,
    baved,
    cafe,
    cmu_mosi,
    cremad,
    eav,
    emodb,
    emovo,
    enterface,
    jl_corpus,
    manifest,
    mesd,
    nemo,
    ravdess,
    savee,
    shemo,
    subesco,
    tess,
    turevdb,
    urdu,
)
from emospike.datasets.fetch import ARCHIVES, fetch_archive
from emospike.datasets.folds import (
    Fold,
    corpus_folds,
    inner_folds,
    published_split,
    random_folds,
    random_split,
    speaker_folds,
    standard_split,
)
from emospike.datasets.joining import join, sample_corpora
from emospike.datasets.labels import EMOTIONS, LABELS, Scheme, find_scheme, finer_labels, read_map, relabel
from emospike.datasets.manifest import from_frame
from emospike.datasets.pairing import is_face_table, pair_files, pair_tables
from emospike.datasets.table import Dataset, Recording, Source, Take
from emospike.datasets.targets import read_targets
from emospike.files import is_file, is_folder
from emospike.validation import InputError, as_list, as_path

__all__ = [
    "ARCHIVES",
    "DATASETS",
    "EMOTIONS",
    "LABELS",
    "Dataset",
    "Fold",
    "Recording",
    "Scheme",
    "Source",
    "corpus_folds",
    "describe",
    "fetch_archive",
    "find_scheme",
    "finer_labels",
    "from_frame",
    "inner_folds",
    "is_face_table",
    "join",
    "load",
    "load_joined",
    "load_unlabelled",
    "pair_files",
    "pair_tables",
    "published_split",
    "random_folds",
    "random_split",
    "read_map",
    "read_targets",
    "relabel",
    "sample_corpora",
    "speaker_folds",
    "standard_split",
]

DATASETS: dict[str, Source] = {
    module.SOURCE.name: module.SOURCE
    for module in (
        manifest, cmu_mosi, eav, enterface, ravdess, ased, baved, cafe, cremad, emodb, emovo, jl_corpus, mesd, nemo,
        savee, shemo, subesco, tess, turevdb, urdu,
    )
}  # fmt: skip
"""The kinds of data sets by name. Paths are matched by what lies there first, then by the names of recordings."""


def load(path: Path | str, video: bool = False, labelled: bool = True) -> Dataset:
    """Load the data set at a path, recognised by what lies there.

    A CSV file or a folder with a ``manifest.csv`` is a manifest; CMU-MOSI and EAV are known by their folders; all
    others by the names of their recordings, at any depth. With `video`, a take comes with the film or face-tracking
    table that shows its speaker, where there is one. Unless `labelled`, a manifest need not name classes: it may have
    columns of numbers (see `read_targets`).

    Raises `InputError` if there is nothing at the path, nothing that can be used, or recordings of several data sets.
    """
    path = as_path("a data set", path)
    if not labelled and manifest.recognises(path):
        return manifest.load(path, video, labelled=False)
    for source in DATASETS.values():
        if source.recognises(path):
            return source.load(path, video)
    if not is_folder(path):
        found = "a file that is no CSV" if is_file(path) else "nothing"
        raise InputError(
            f"{found} at {path}: expected a folder of a data set (emospike datasets), or a CSV with path,label,speaker"
        )
    return DATASETS[_recognise(path, video)].load(path, video)


def load_joined(paths: Sequence[Path | str], video: bool = False, labelled: bool = True) -> Dataset:
    """Load the data sets at several paths as one (see `join`); errors as `load`."""
    own = [as_path("a data set", path) for path in as_list("paths of data sets", paths)]
    if not own:
        raise InputError("the path of a data set, or several, expected, got none")
    return join([load(path, video, labelled) for path in own], own)


def _recognise(folder: Path, video: bool) -> str:
    """Return the kind of data set that the names of recordings in a folder are of.

    Raises `InputError` for none, or several.
    """
    try:
        files = list(find_recordings([folder]))
    except InputError:
        if not video:
            raise
        return ravdess.SOURCE.name  # of which face-tracking tables alone will do
    parsed = ((name, source.parse) for name, source in DATASETS.items() if source.parse)
    counts = {name: count for name, parse in parsed if (count := sum(bool(parse(file)) for file in files))}
    if len(counts) > 1:
        found = ", ".join(f"{count} of {name}" for name, count in counts.items())
        raise InputError(f"{folder} holds recordings of several data sets ({found}): name the folder of one")
    if not counts:
        known = ", ".join(f"{name} ({source.expected})" for name, source in DATASETS.items() if source.expected)
        raise InputError(
            f"none of {len(files)} recordings in {folder} (first {files[0].name}) is named as a data set that is "
            f"known: {known}; for recordings of your own add a manifest.csv with the columns path,label,speaker"
        )
    return next(iter(counts))


def read_take(file: Path) -> Take | None:
    """Return what the name of a recording says, if it is one of a data set that is known."""
    for source in DATASETS.values():
        if source.parse and (take := source.parse(file)):
            return take
    return None


def load_unlabelled(path: Path | str, video: bool = False) -> Dataset:
    """Load recordings of one speaker, whatever their labels: those of a manifest, or all that lie below a path.

    With `video`, recordings come with their face-tracking tables where these lie beside them (see `pair_tables`).

    Raises
    ------
    InputError : as `load`; or several speakers are named, in the manifest or by the names of recordings
    """
    path = Path(path)
    if manifest.recognises(path):
        dataset = manifest.load(path, video, labelled=False)
    else:
        files = pair_tables([path]) if video else [(file, None) for file in find_recordings([path])]
        named = ((file, face, read_take(file)) for file, face in files)
        rows = (Recording(file, "", take.speaker if take else None, str(file), face=face) for file, face, take in named)
        dataset = Dataset("recordings", tuple(rows))
    speakers = sorted({*dataset.speakers.tolist()} - {""})
    if len(speakers) > 1:
        names = ", ".join(speakers[:4]) + (", ..." if len(speakers) > 4 else "")
        raise InputError(f"recordings of one speaker expected, {path} has {len(speakers)} ({names}): give those of one")
    return dataset


def describe() -> list[dict[str, str]]:
    """Return one row a kind of data set: name, what it is, language, licence, how to get it, and what to cite."""
    return [
        {
            "name": source.name,
            "what": source.what,
            "language": source.language,
            "licence": source.licence,
            "how to get it": source.get,
            "citation": source.citation,
        }
        for source in DATASETS.values()
    ]
