"""EmoBox's own folds and measures (Ma et al., Interspeech 2024), with what its frozen pretrained models reach.

Paper: doi 10.21437/Interspeech.2024-788; folds: github.com/emo-box/EmoBox (MIT). Of most corpora its folds are drawn at
random, so that the speakers who test also train; of RAVDESS and EMOVO they go by speakers. Measures are means over the
folds: UA is balanced accuracy, WA accuracy, F1 the macro mean.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from emospike.datasets import Dataset, Fold, inner_folds
from emospike.datasets.folds import is_leaky
from emospike.evaluation import metrics
from emospike.evaluation.results import Predictions
from emospike.validation import InputError

PROTOCOL = "emobox"
DISJOINT = "speaker-disjoint"

FEWEST_SPEAKERS = 3
"""Speakers of a corpus that is also split by them: one tests, and of the others one calibrates what the rest trains."""

SPEAKERS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "ravdess": (
        ("01", "11", "20", "21"),
        ("04", "10", "12", "14"),
        ("08", "09", "19", "23"),
        ("03", "05", "07", "24"),
        ("02", "15", "16", "18"),
        ("06", "13", "17", "22"),
    ),
    "emovo": (("f2",), ("m3",), ("m2",), ("f3",), ("f1",), ("m1",)),
}
"""Who tests in each fold of the corpora whose folds go by speakers."""

MODELS = ("wav2vec2 base", "HuBERT base", "WavLM large", "Whisper large v3")
PUBLISHED: Mapping[str, dict[str, float]] = {
    corpus: dict(zip(MODELS, values, strict=True))
    for corpus, values in {
        "ravdess": (54.3, 65.4, 72.0, 75.3),
        "emovo": (31.1, 46.1, 48.8, 57.8),
        "cremad": (62.0, 71.1, 74.5, 76.8),
        "emodb": (82.1, 87.7, 92.6, 91.3),
        "turevdb": (67.2, 72.8, 79.5, 81.3),
        "urdu": (87.5, 88.4, 86.6, 82.5),
        "ased": (88.6, 94.2, 96.4, 96.8),
        "tess": (97.9, 99.6, 99.8, 100.0),
    }.items()
}
"""Published UA of frozen pretrained models, in percent."""

Splits = Mapping[str, Sequence[frozenset[str]]]
"""Names (without suffix, in lower case) of the files that test in each fold of a corpus."""


def read_splits(path: Path | str) -> dict[str, list[frozenset[str]]]:
    """Return the folds of a CSV with the columns ``corpus``, ``fold`` and ``test_file`` (a name without suffix).

    Raises `InputError` for no such file, no CSV in UTF-8, or missing columns.
    """
    path, how = Path(path), "expected the columns corpus,fold,test_file"
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeError, csv.Error) as error:
        raise InputError(f"cannot read {path} as CSV in UTF-8 ({error}): {how}") from None
    if not rows or not {"corpus", "fold", "test_file"} <= {*rows[0]}:
        raise InputError(f"{path} lists no folds: {how}")
    found: dict[str, dict[str, set[str]]] = {}
    for row in rows:
        own = found.setdefault(str(row["corpus"]).strip(), {})
        own.setdefault(str(row["fold"]).strip(), set()).add(str(row["test_file"]).strip().lower())
    return {corpus: [frozenset(folds[fold]) for fold in sorted(folds)] for corpus, folds in found.items()}


def emobox_folds(dataset: Dataset, splits: Splits) -> list[Fold]:
    """Return EmoBox's folds of each corpus, and speaker-disjoint ones of those that it leaks, if speakers suffice.

    A fold trains on the rest of its own corpus. Folds of which nothing is at hand are left out.

    Raises
    ------
    InputError : a corpus whose folds are not known, or of whose test recordings none is at hand
    """
    corpora, labels, speakers = dataset.corpora, dataset.labels, dataset.speakers
    folds: list[Fold] = []
    for corpus in np.unique(corpora):
        own = np.flatnonzero(corpora == corpus)
        tested = [rows for rows in _find_tests(dataset, str(corpus), own, splits) if len(rows)]
        if not tested:
            raise InputError(f"none of the recordings of {corpus} that test in EmoBox is at hand: name all of it")
        found = [_make_fold(dataset, np.setdiff1d(own, rows), rows, PROTOCOL) for rows in tested]
        folds += found
        if any(is_leaky(dataset, fold) for fold in found) and len(np.unique(speakers[own])) >= FEWEST_SPEAKERS:
            inner = inner_folds(labels[own], speakers[own])
            folds += [_make_fold(dataset, own[fold.train], own[fold.test], DISJOINT) for fold in inner]
    return folds


def _make_fold(dataset: Dataset, train: Any, test: Any, split: str) -> Fold:
    return Fold(train, test, tuple(np.unique(dataset.speakers[test]).tolist()), split=split)


def _find_tests(dataset: Dataset, corpus: str, own: Any, splits: Splits) -> list[Any]:
    """Return the rows of a corpus that test in each fold."""
    if corpus in splits:
        names = np.array([dataset.recordings[i].path.stem.lower() for i in own])
        return [own[np.isin(names, list(fold))] for fold in splits[corpus]]
    if corpus in SPEAKERS:
        who = np.array([name.rpartition(":")[2] for name in dataset.speakers[own]])
        return [own[np.isin(who, fold)] for fold in SPEAKERS[corpus]]
    known = ", ".join(sorted({*SPEAKERS, *splits}))
    raise InputError(f"EmoBox's folds of {corpus} are not known, those of {known} are: name a file of them by --splits")


def summarise_emobox(
    dataset: Dataset, folds: Sequence[Fold], runs: Sequence[Predictions], splits: Splits
) -> list[dict[str, Any]]:
    """Return a row for each corpus and way of splitting it, ready for JSON: UA, WA and F1 as means over its folds.

    ``leaky`` tells whether test speakers also train; ``at_hand`` counts, of ``in_all``, what tests that is here:
    recordings, or speakers where folds go by these.
    """
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for fold, run in zip(folds, runs, strict=False):
        corpus = str(run.recordings.corpora[0])
        row = rows.setdefault((corpus, fold.split), {"corpus": corpus, "split": fold.split, "leaky": False, "runs": []})
        row["leaky"] |= is_leaky(dataset, fold)
        row["runs"].append(run)
    return [_measure(row, row.pop("runs"), splits) for row in rows.values()]


def _measure(row: dict[str, Any], runs: Sequence[Predictions], splits: Splits) -> dict[str, Any]:
    found = row | {"folds": len(runs), "clips": sum(len(run.truth) for run in runs)}
    for name, measure in {"ua": metrics.balanced_accuracy, "wa": metrics.accuracy, "f1": metrics.macro_f1}.items():
        found[name] = float(np.mean([measure(run.truth, run.decided) for run in runs]))
    found["published_ua"] = {name: value / 100 for name, value in PUBLISHED.get(row["corpus"], {}).items()}
    return found | (_count_at_hand(row["corpus"], runs, splits) if row["split"] == PROTOCOL else {})


def _count_at_hand(corpus: str, runs: Sequence[Predictions], splits: Splits) -> dict[str, Any]:
    if corpus in splits:
        here = {take for run in runs for take in run.takes}
        return {"at_hand": len(here), "in_all": sum(map(len, splits[corpus])), "of": "recordings"}
    who = {speaker for run in runs for speaker in run.recordings.speakers.tolist()}
    return {"at_hand": len(who), "in_all": sum(map(len, SPEAKERS[corpus])), "of": "speakers"}


def explain_emobox(dataset: Dataset, folds: Sequence[Fold]) -> str:
    """Say what EmoBox's folds mean: where they leak, and what stands beside them."""
    leaky = sorted({str(dataset.corpora[fold.test[0]]) for fold in folds if is_leaky(dataset, fold)})
    if not leaky:
        return "EmoBox's folds, within each corpus; nobody who tests trains"
    split = {str(dataset.corpora[fold.test[0]]) for fold in folds if fold.split == DISJOINT}
    beside = "beside them speaker-disjoint ones"
    if few := [corpus for corpus in leaky if corpus not in split]:
        beside += f", but not of {', '.join(few)}: fewer than {FEWEST_SPEAKERS} speakers"
    return f"LEAKY on {', '.join(leaky)}: EmoBox's folds, in which test speakers also train; {beside}"
