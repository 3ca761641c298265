"""Joining data sets: whose recordings are whose, and as many of each as one wants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np

from emospike.datasets import manifest
from emospike.datasets.table import Dataset, Recording


def join(datasets: Sequence[Dataset], paths: Sequence[Path]) -> Dataset:
    """Return data sets as one; a single one as it is.

    Speakers, and takes, are prefixed by the corpus that they come from, as ``cremad:1001``: that is the kind of data
    set, or for a manifest the name of its file or folder. Two paths with the same kind of data set are one corpus, as
    their speakers are the same people. Labels weigh alike within each corpus, and corpora among each other.
    """
    if len(datasets) == 1:
        return datasets[0]
    names: list[str] = []
    for dataset, path in zip(datasets, paths, strict=True):
        names.append(_name_manifest(path, names) if dataset.name == manifest.SOURCE.name else dataset.name)
    rows: dict[tuple[str, str], Recording] = {}
    for dataset, name in zip(datasets, names, strict=True):
        for one in dataset.recordings:
            speaker = f"{name}:{one.speaker}" if one.speaker else None
            rows.setdefault((name, one.take), replace(one, speaker=speaker, take=f"{name}:{one.take}", corpus=name))
    notes = tuple(f"{name}: {line}" for dataset, name in zip(datasets, names, strict=True) for line in dataset.notes)
    return Dataset("+".join(dict.fromkeys(names)), tuple(rows.values()), notes, balanced=len({*names}) > 1)


def _name_manifest(path: Path, taken: Sequence[str]) -> str:
    """Return a name for the recordings of a manifest that no other data set has."""
    path = path.resolve()
    name = path.parent.name if path.name == manifest.MANIFEST else path.name.removesuffix(".csv")
    if name not in taken:
        return name
    return next(numbered for number in count(2) if (numbered := f"{name}-{number}") not in taken)


def sample_corpora(dataset: Dataset, most: int, seed: int = 0) -> Dataset:
    """Return at most so many recordings of each corpus, with the same share of each label and speaker as in all."""
    rng, kept = np.random.default_rng(seed), []
    cells = np.array([f"{one.label}|{one.speaker}" for one in dataset.recordings])
    for corpus in np.unique(dataset.corpora):
        rows = rng.permutation(np.flatnonzero(dataset.corpora == corpus))
        place = np.empty(len(rows))  # 0 to 1 within the own cell, evenly: what comes first is then a fair share of each
        for cell in np.unique(cells[rows]):
            own = np.flatnonzero(cells[rows] == cell)
            place[own] = (np.arange(len(own)) + rng.random()) / len(own)
        kept.append(rows[np.argsort(place, kind="stable")[:most]])
    rows = np.sort(np.concatenate(kept))
    if len(rows) == len(dataset):
        return dataset
    note = f"{len(rows)} of {len(dataset)} recordings are taken, at most {most} of a corpus"
    return replace(dataset.subset(rows), notes=(*dataset.notes, note))
