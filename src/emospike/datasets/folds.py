"""Folds: which recordings train and which test, so that nobody is on both sides.

A speaker on both sides of a split raises the accuracy on RAVDESS by 7 to 13 points that have nothing to do
with emotion. Speaker-disjoint folds are therefore the rule here; the one leaky split says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from jaxtyping import Bool, Int64, Shaped

from emospike.datasets.table import PART, Dataset
from emospike.validation import InputError

RAVDESS_FOLDS = (
    (2, 5, 14, 15, 16),
    (3, 6, 7, 13, 18),
    (10, 11, 12, 19, 20),
    (8, 17, 21, 23, 24),
    (1, 4, 9, 22),
)
"""Test actors of the five folds that the RAVDESS literature shares (Luna-Jiménez et al. 2021, 2022)."""

HELD_OUT = 5
"""How many actors eXCube2 tests on."""


@dataclass(frozen=True)
class Fold:
    """One split, as row indices.

    Attributes
    ----------
    train : int64 array, the rows to train on; a row may repeat, where classes are balanced by duplication
    test : int64 array, the rows to test on, each once
    speakers : who speaks in the test rows, sorted
    validation : int64 array, further rows by which training is stopped; none where a system sees to that itself
    split : which of several ways of splitting it belongs to, where a protocol has several
    """

    train: Int64[np.ndarray, " train"]
    test: Int64[np.ndarray, " test"]
    speakers: tuple[str, ...]
    validation: Int64[np.ndarray, " validation"] = field(default_factory=partial(np.empty, 0, np.int64))
    split: str = ""


def speaker_folds(dataset: Dataset, folds: int = 5) -> list[Fold]:
    """Split so that each speaker is tested once, by a model that never heard them; every call gives the same.

    RAVDESS gets the literature's folds (`RAVDESS_FOLDS`), restricted to the actors that are there. Where
    fewer than two of those remain, and for all other data, `inner_folds` deals the speakers out.

    Raises
    ------
    InputError : speakers unknown or only one, one label only, or a training part with one label only
    """
    labels, speakers = dataset.labels, dataset.speakers
    if dataset.name == "ravdess":
        masks = [np.isin(speakers, [f"{actor:02d}" for actor in actors]) for actors in RAVDESS_FOLDS]
        masks = [mask for mask in masks if mask.any()]
        if len(masks) > 1:
            return _make_folds(labels, speakers, (np.flatnonzero(mask) for mask in masks))
    return inner_folds(labels, speakers, folds)


def inner_folds(
    labels: Shaped[np.ndarray, " rows"], speakers: Shaped[np.ndarray, " rows"], folds: int = 5
) -> list[Fold]:
    """Split rows into at most `folds` parts of disjoint speakers, as for calibration inside a training part.

    Parts also get about the same share of each label (scikit-learn's StratifiedGroupKFold), unless a label is
    rarer than folds (GroupKFold). Few speakers make one part each. Deterministic; same errors as
    `speaker_folds`.

    >>> speakers = np.array(["a", "a", "b", "b", "c", "c"])
    >>> [fold.speakers for fold in inner_folds(np.array(["sad", "happy"] * 3), speakers)]
    [('a',), ('b',), ('c',)]
    """
    from sklearn.model_selection import GroupKFold, StratifiedGroupKFold

    _check_speakers(speakers)
    _check_count(folds)
    count = min(folds, len(np.unique(speakers)))
    rarest = np.unique(labels, return_counts=True)[1].min()
    splitter = (StratifiedGroupKFold if rarest >= count else GroupKFold)(count)
    return _make_folds(labels, speakers, (test for _, test in splitter.split(labels, labels, speakers)))


def calibration_folds(labels: Shaped[np.ndarray, " rows"], speakers: Shaped[np.ndarray, " rows"]) -> list[Fold]:
    """Split the rows of a training part so that those who calibrate are as strange to the others as strangers will be.

    Of several corpora, as the speakers' names tell (``"cremad:1001"``), each is left out in turn, and tests those of
    its labels that the others have; else `inner_folds` deals the speakers out.

    >>> speakers = np.array(["a:1", "a:1", "a:2", "b:1", "b:2", "b:2"])
    >>> [fold.speakers for fold in calibration_folds(np.array(["sad", "happy"] * 3), speakers)]
    [('a:1', 'a:2'), ('b:1', 'b:2')]
    """
    folds = strange_folds(labels, speakers)
    if not holds_out_corpora(labels, speakers):
        return folds
    return [replace(fold, test=fold.test[np.isin(labels[fold.test], labels[fold.train])]) for fold in folds]


def strange_folds(labels: Shaped[np.ndarray, " rows"], speakers: Shaped[np.ndarray, " rows"]) -> list[Fold]:
    """Split the rows of a training part as `calibration_folds` does, but test every row.

    >>> speakers = np.array(["a:1", "a:2", "b:1", "b:2"])
    >>> [fold.test.tolist() for fold in strange_folds(np.array(["low", "lowest", "high", "highest"]), speakers)]
    [[0, 1], [2, 3]]
    """
    if not holds_out_corpora(labels, speakers):
        return inner_folds(labels, speakers)
    corpus = _name_corpora(speakers)
    return _make_folds(labels, speakers, (np.flatnonzero(corpus == name) for name in np.unique(corpus)))


def holds_out_corpora(labels: Shaped[np.ndarray, " rows"], speakers: Shaped[np.ndarray, " rows"]) -> bool:
    """Tell whether `calibration_folds` leaves out corpora: there are several, and the rest always has two labels."""
    corpus = _name_corpora(speakers)
    names = np.unique(corpus)
    return len(names) > 1 and "" not in names and all(len({*labels[corpus != name]}) > 1 for name in names)


def _name_corpora(speakers: Shaped[np.ndarray, " rows"]) -> Shaped[np.ndarray, " rows"]:
    return np.array([name.partition(":")[0] if ":" in name else "" for name in speakers.tolist()])


def corpus_folds(dataset: Dataset) -> list[Fold]:
    """Split so that each corpus of a joined data set is tested once, by a model that only the others trained.

    Raises `InputError` for a single corpus, one label only, or a training part with one label only.
    """
    corpora = np.unique(dataset.corpora)
    if len(corpora) < 2:
        raise InputError(
            f"at least 2 corpora expected, so that others train while one is left out; got only {dataset.name!r}: "
            "give --data once for each"
        )
    return _make_folds(dataset.labels, dataset.speakers, (np.flatnonzero(dataset.corpora == one) for one in corpora))


def published_split(dataset: Dataset, seed: int) -> Fold:
    """Split as eXCube2 did: five actors held out, training classes balanced by duplication after the split.

    The paper does not say which actors, so `seed` chooses them. Sets of fewer than 20 speakers hold out a
    quarter of them, at least one. Training rows repeat until each label is as frequent as the most frequent
    one: of the whole RAVDESS by arousal, 760 high and 380 low rows become 760 and 760. Test rows stay single.

    Source: eXCube2 (Biomimetics 2026, 11(3), 208): 1,520 training recordings; a test set of 300, five actors
    of 60, is what its accuracies and coverages imply. Same errors as `speaker_folds`.
    """
    labels, speakers = dataset.labels, dataset.speakers
    _check_speakers(speakers)
    rng = np.random.default_rng(seed)
    present = np.unique(speakers)
    held_out = rng.choice(present, min(HELD_OUT, max(1, len(present) // 4)), replace=False)
    (fold,) = _make_folds(labels, speakers, [np.flatnonzero(np.isin(speakers, held_out))])
    return Fold(_balance(labels, fold.train, rng), fold.test, fold.speakers)


def standard_split(dataset: Dataset) -> Fold:
    """Split as the data set's authors did (CMU-MOSI: 62 films train, 31 test; EAV: 70 % of each speaker's train).

    Its validation part trains too: our systems hold out speakers of their own to calibrate by. EAV's is LEAKY (see
    `is_leaky`). Raises `InputError` if the data set has no split of its own.
    """
    parts = np.array([recording.tags.get(PART, "") for recording in dataset.recordings])
    if not ((parts == "test").any() and (parts == "train").any()):
        raise InputError(f"{dataset.name} has no standard split, cmu_mosi and eav have: use --protocol speaker-folds")
    train, test = (np.flatnonzero(np.isin(parts, names)) for names in (["train", "validation"], ["test"]))
    fold = Fold(train, test, tuple(np.unique(dataset.speakers[test]).tolist()))
    _check_labels(dataset.labels, fold)
    return fold


def drop_training(fold: Fold, rows: Int64[np.ndarray, " rows"]) -> Fold:
    """Return a fold whose training part lacks some rows.

    >>> drop_training(Fold(np.arange(3), np.arange(3, 4), ()), np.array([1])).train.tolist()
    [0, 2]
    """
    return replace(fold, train=fold.train[~np.isin(fold.train, rows)]) if len(rows) else fold


def keep_whole_tests(
    planned: Sequence[tuple[int, Fold]], dataset: Dataset, lacking: Bool[np.ndarray, " rows"]
) -> list[tuple[int, Fold]]:
    """Return folds of which recordings `lacking` a sense train and do not test; those without a test drop.

    Raises
    ------
    InputError : nothing is left to test
    """
    if not lacking.any():
        return list(planned)
    found = [(seed, _drop_test(fold, lacking, dataset)) for seed, fold in planned]
    if not (kept := [(seed, fold) for seed, fold in found if len(fold.test)]):
        raise InputError("no recording has both sound and a face: nothing can be tested")
    return kept


def _drop_test(fold: Fold, rows: Bool[np.ndarray, " rows"], dataset: Dataset) -> Fold:
    """Return a fold whose test part lacks some rows, and those who speak in no other."""
    test = fold.test[~rows[fold.test]]
    return replace(fold, test=test, speakers=tuple(sorted({*dataset.speakers[test].tolist()})))


def is_leaky(dataset: Dataset, fold: Fold) -> bool:
    """Tell whether speakers who test also train."""
    return bool({*dataset.speakers[fold.train].tolist()} & {*fold.speakers} - {""})


def random_folds(dataset: Dataset, labels: Shaped[np.ndarray, " rows"], seed: int, folds: int = 5) -> list[Fold]:
    """Split at random with the same share of each label everywhere. LEAKY: the test speakers also train.

    Only for showing what the leak is worth, and for comparing with papers that split like this.
    Raises `InputError` if there is one label only, or one that occurs once.
    """
    from sklearn.model_selection import StratifiedKFold

    _check_count(folds)
    names, counts = np.unique(labels, return_counts=True)
    if counts.min() < 2:
        raise InputError(f"label '{names[counts.argmin()]}' has one recording, random folds need at least 2 of each")
    splitter = StratifiedKFold(min(folds, int(counts.min())), shuffle=True, random_state=seed)
    return _make_folds(labels, dataset.speakers, (test for _, test in splitter.split(labels, labels)))


def random_split(dataset: Dataset, seed: int, test: float = 0.2, validation: float = 0.0) -> Fold:
    """Split once at random, with the same share of each label everywhere. LEAKY: the test speakers also train.

    Only for comparing with papers that split like this. `test` and `validation` are shares of all rows. Raises
    `InputError` if there is one label only, or one with too few rows for every part.
    """
    rng, labels = np.random.default_rng(seed), dataset.labels
    parts: list[list[Int64[np.ndarray, " rows"]]] = [[], [], []]
    for label in np.unique(labels):
        rows = rng.permutation(np.flatnonzero(labels == label))
        ends = np.round(np.cumsum([test, validation]) * len(rows)).astype(int)
        cut = np.split(rows, ends)
        if not (len(cut[0]) and len(cut[2]) and (len(cut[1]) or not validation)):
            raise InputError(f"label '{label}' has {len(rows)} recordings, too few to split: add more of it")
        for part, own in zip(parts, cut, strict=True):
            part.append(own)
    tested, stopped_by, trained = (np.sort(np.concatenate(part)) for part in parts)
    fold = Fold(trained, tested, tuple(np.unique(dataset.speakers[tested]).tolist()), stopped_by)
    _check_labels(labels, fold)
    return fold


def _make_folds(
    labels: Shaped[np.ndarray, " rows"],
    speakers: Shaped[np.ndarray, " rows"],
    tests: Iterable[Int64[np.ndarray, " test"]],
) -> list[Fold]:
    """Return the folds of some test rows, each trained on all other rows."""
    rows = np.arange(len(labels))
    folds = [Fold(np.setdiff1d(rows, test), test, tuple(np.unique(speakers[test]).tolist())) for test in tests]
    for fold in folds:
        _check_labels(labels, fold)
    return folds


def _check_speakers(speakers: Shaped[np.ndarray, " rows"]) -> None:
    if "" in speakers:
        raise InputError("speakers are unknown, so a split could leak: add a speaker column to the manifest")
    if len(np.unique(speakers)) < 2:
        found = f"only '{speakers[0]}'" if len(speakers) else "none"
        raise InputError(
            "at least 2 speakers expected, so that others train while one is held out, and 3 speakers needed for an "
            f"evaluation, which holds out another; got {found}"
        )


def _check_count(folds: int) -> None:
    if folds < 2:
        raise InputError(f"at least 2 folds expected, got {folds}")


def _check_labels(labels: Shaped[np.ndarray, " rows"], fold: Fold) -> None:
    if len(np.unique(labels)) < 2:
        raise InputError(f"at least 2 labels expected, to tell apart; all recordings are '{labels[0]}'")
    if len(trained := np.unique(labels[fold.train])) < 2:
        who = ", ".join(fold.speakers)
        raise InputError(
            f"with speaker {who} held out, all others are '{trained[0]}': add speakers with several labels"
        )


def _balance(
    labels: Shaped[np.ndarray, " rows"], train: Int64[np.ndarray, " train"], rng: np.random.Generator
) -> Int64[np.ndarray, " balanced"]:
    """Repeat the rows of each label until it is as frequent as the most frequent one."""
    by_label = [train[labels[train] == label] for label in np.unique(labels[train])]
    most = max(map(len, by_label))
    return np.sort(np.concatenate([np.resize(rng.permutation(rows), most) for rows in by_label]))
