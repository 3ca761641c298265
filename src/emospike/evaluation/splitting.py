"""Splitting: the folds of each protocol, and what the numbers then mean."""

from __future__ import annotations

import numpy as np

from emospike.datasets import Dataset, Fold, corpus_folds, random_folds, speaker_folds, standard_split
from emospike.datasets.folds import drop_training, is_leaky
from emospike.datasets.labels import find_contradicted
from emospike.datasets.table import COPY
from emospike.evaluation.emobox import PROTOCOL as EMOBOX
from emospike.evaluation.emobox import Splits, emobox_folds, explain_emobox
from emospike.systems import SYSTEMS

PROTOCOLS = {
    "speaker-folds": "each speaker is tested once a seed, by a system that never heard them",
    "corpus-folds": "each corpus is tested once a seed, by a system that only the other corpora trained",
    "published": "as in the paper of the system (its `SystemInfo.split`)",
    "standard": "the data set's own split, where it has one",
    "random": "LEAKY: test speakers also train, which on RAVDESS adds 7 to 13 points; not comparable with the others",
    "emobox": "EmoBox's own folds within each corpus, LEAKY on most, with its measures and published results",
    "new-speaker": "each speaker is tested once a seed, by a system that never heard them; then on what adapting to a "
    "few of their recordings changes",
    "new-corpus": "each corpus is tested once a seed, by a system that only the other corpora trained; then on what "
    "adapting to a few recordings of half of its speakers changes for the other half",
    "cascade": "each speaker is tested once a seed, by a system that never heard them; then with one sense first, and "
    "the other only where its answer is uncertain",
    "robustness": "each speaker is tested once a seed, by a system that never heard them; then as over other "
    "microphones, rooms, lines and codecs",
}
"""How recordings are split into training and test, and what the numbers then mean."""


def split_folds(
    dataset: Dataset, protocol: str, system_name: str, seeds: int, splits: Splits | None = None
) -> list[tuple[int, Fold]]:
    """Return every seed and fold of a protocol.

    Recordings whose sound has several labels do not train; nor, where folds are to be honest, do those whose sound
    tests under another name.
    """
    contradicted = np.flatnonzero(find_contradicted(dataset))
    sounds = np.array([one.tags.get(COPY, "") for one in dataset.recordings])
    found = []
    for seed, fold in _split(dataset, protocol, system_name, seeds, splits):
        tested = {*sounds[fold.test].tolist()} - {""} if is_honest(protocol, fold) else set()
        found.append((seed, drop_training(fold, np.union1d(contradicted, np.flatnonzero(np.isin(sounds, [*tested]))))))
    return found


def describe_lacking(count: int) -> str:
    """Return what should be known of recordings that lack a sense."""
    return f"{count} recordings that lack a sense train the other, and do not test" if count else ""


def is_honest(protocol: str, fold: Fold) -> bool:
    """Tell whether nobody who tests is to train: not so in splits that are others' or known to leak."""
    return protocol not in ("published", "standard", "random") and fold.split != EMOBOX


def _split(
    dataset: Dataset, protocol: str, system_name: str, seeds: int, splits: Splits | None
) -> list[tuple[int, Fold]]:
    if protocol in ("corpus-folds", "new-corpus"):
        return [(seed, fold) for seed in range(seeds) for fold in corpus_folds(dataset)]
    if protocol == EMOBOX:
        return [(seed, fold) for seed in range(seeds) for fold in emobox_folds(dataset, splits or {})]
    if protocol == "published":
        way = SYSTEMS.find(system_name).published_split
        return [(seed, way.split(dataset, seed)) for seed in range(seeds)]
    if protocol == "standard":
        return [(seed, standard_split(dataset)) for seed in range(seeds)]
    if protocol == "random":
        return [(seed, fold) for seed in range(seeds) for fold in random_folds(dataset, dataset.labels, seed)]
    return [(seed, fold) for seed in range(seeds) for fold in speaker_folds(dataset)]


def explain_protocol(
    protocol: str, system_name: str, dataset: Dataset | None = None, splits: Splits | None = None
) -> str:
    """Say what the numbers of a protocol mean for a system, and of the data's own split whether it leaks."""
    if protocol == EMOBOX and dataset:
        return explain_emobox(dataset, emobox_folds(dataset, splits or {}))
    if protocol == "standard" and dataset and is_leaky(dataset, standard_split(dataset)):
        return "LEAKY: the data set's own split, in which test speakers also train"
    return SYSTEMS.find(system_name).published_split.says if protocol == "published" else PROTOCOLS[protocol]


def is_transductive(protocol: str, system_name: str) -> bool:
    """Tell whether test recordings are there in training."""
    return protocol == "published" and SYSTEMS.find(system_name).published_split.transductive
