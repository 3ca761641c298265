"""Running a reproduction: every trial on every split, saved row by row, so that it can be gone on with."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from zlib import crc32

import numpy as np
from jaxtyping import Bool

from emospike import __version__
from emospike.datasets import Dataset, Fold, random_folds, relabel, speaker_folds
from emospike.evaluation import metrics
from emospike.progress import Progress, prefix_stages
from emospike.systems import SYSTEMS
from emospike.systems.info import SystemInfo
from emospike.systems.paper import PROTOCOLS, Claim, Found, Labels, Reproduction, Split, Trial
from emospike.validation import one_of

Row = dict[str, Any]
Result = dict[str, Any]


def find_papers() -> dict[str, SystemInfo]:
    """Return the systems whose papers can be reproduced, by the names of the papers: those of the systems, hyphenated.

    >>> list(find_papers()["eavs-tf"].reproductions)
    ['baselines']
    """
    return {name.replace("_", "-"): info for name, info in SYSTEMS.items() if info.reproductions}


def find_reproduction(paper: str, what: str) -> Reproduction:
    """Return how a table or figure of a paper is reproduced.

    Raises
    ------
    InputError : unknown paper, or table
    """
    papers = find_papers()
    return papers[one_of("paper", paper, papers)].load_reproduction(what)


def reproduce(
    reproduction: Reproduction,
    dataset: Dataset,
    *,
    seed: int = 0,
    before: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
    save: Callable[[Result], None] | None = None,
) -> Result:
    """Return the rows of a reproduction, ready for JSON.

    Parameters
    ----------
    reproduction : what is measured
    dataset : recordings that have the senses it needs
    seed : of the random split and of everything that is drawn
    before : an earlier result; its rows that were found with the same settings on the same recordings are kept
    progress : called with ``"3 of 8, speaker-folds 2 of 4: STDP, audio"``, what is done and what there is
    save : called with the result so far after each trial; its ``complete`` is False until the last

    Raises `InputError` for data that cannot be split like this (see `emospike.datasets.folds`).
    """
    dataset = relabel(dataset, reproduction.labels)
    settings = {"seed": seed, "emospike": __version__, **describe_recordings(dataset)}
    rows = keep_rows(reproduction, before, settings)
    parts = split_by_protocol(dataset, reproduction, seed)
    result: Result = {}
    for number, trial in enumerate(reproduction.trials, start=1):
        if not all(claim.what in rows for claim in trial.claims):
            named = prefix_stages(progress, f"{number} of {len(reproduction.trials)}, ")
            rows |= measure_trial(trial, dataset, parts, seed, named)
        tested = np.sort(np.concatenate([fold.test for fold in parts.get("speaker-folds", [])] or [np.arange(0)]))
        gained = dict(compare_rows(rows, dataset.speakers[tested]))
        result = _make_result(reproduction, settings, rows, gained, number == len(reproduction.trials))
        if save:
            save(result)
    return result


def describe_recordings(dataset: Dataset) -> dict[str, Any]:
    """Return what the recordings are: how many, of whom, how labelled, and a fingerprint of all that."""
    names = "\n".join(f"{one.take} {one.label} {one.speaker}" for one in dataset.recordings)
    return {
        "clips": len(dataset),
        "speakers": sorted(set(dataset.speakers.tolist())),
        "classes": list(dataset.classes),
        "recordings": f"{crc32(names.encode()):08x}",
    }


def split_by_protocol(dataset: Dataset, reproduction: Reproduction, seed: int) -> dict[str, list[Fold]]:
    """Return the splits of each protocol: one at random, with a fifth to test on, and one a fold of speakers."""
    made = {
        "random": lambda: random_folds(dataset, dataset.labels, seed)[:1],
        "speaker-folds": lambda: speaker_folds(dataset),
    }
    thin = reproduction.every
    return {name: [replace(fold, test=fold.test[::thin]) for fold in made[name]()] for name in reproduction.protocols}


def keep_rows(
    reproduction: Reproduction, before: Mapping[str, Any] | None, settings: Mapping[str, Any]
) -> dict[str, Row]:
    """Return the rows of an earlier run that are still true: the same claim, settings and recordings."""
    if not before or before.get("settings") != dict(settings) or before.get("protocols") != [*reproduction.protocols]:
        return {}
    earlier = {row["what"]: row for row in before.get("rows", [])}
    return {
        claim.what: earlier[claim.what] | _row_of(claim)
        for trial in reproduction.trials
        for claim in trial.claims
        if claim.what in earlier and earlier[claim.what]["settings"] == digest(trial) and _is_whole(earlier[claim.what])
    }


def _is_whole(row: Row) -> bool:
    """Tell whether a row still says which recordings were decided rightly; it may have been shortened since."""
    return all("right" in cell for column in row["found"].values() for cell in column.values())


def digest(trial: Trial) -> str:
    """Return a fingerprint of the settings of a trial."""
    return f"{crc32(trial.settings.encode()):08x}"


def measure_trial(
    trial: Trial, dataset: Dataset, parts: Mapping[str, Sequence[Fold]], seed: int, progress: Progress | None = None
) -> dict[str, Row]:
    """Return the rows of one trial, by name."""
    rows: dict[str, Row] = {
        claim.what: _row_of(claim) | {"settings": digest(trial), "found": {}} for claim in trial.claims
    }
    start = time.perf_counter()
    for protocol, folds in parts.items():
        found = []
        for number, fold in enumerate(folds, start=1):
            named = prefix_stages(progress, f"{protocol} {number} of {len(folds)}: ")
            found.append(trial.answer(Split(dataset.subset(fold.train), dataset.subset(fold.test), seed, named)))
        tested = np.concatenate([fold.test for fold in folds])
        for what, row in rows.items():
            for column in found[0].decided[what]:
                decided = np.concatenate([one.decided[what][column] for one in found])
                row["found"].setdefault(column, {})[protocol] = score(dataset, tested, decided, protocol)
            if what in found[0].curves:
                row.setdefault("curves", {})[protocol] = [_list_curves(one, what) for one in found]
                row.setdefault("tested", {})[protocol] = [len(fold.test) for fold in folds]
    seconds = time.perf_counter() - start
    return {what: row | {"seconds": round(seconds, 1)} for what, row in rows.items()}


def score(dataset: Dataset, tested: Labels, decided: Labels, protocol: str) -> dict[str, Any]:
    """Return accuracy, its interval, and which recordings were decided rightly (1, else 0), in the data's order.

    The interval is over speakers; of a random split, which says nothing about other speakers, over recordings.
    """
    order = np.argsort(tested)
    truth, decided = dataset.labels[tested][order], decided[order]
    groups = dataset.speakers[tested][order] if protocol == "speaker-folds" else np.arange(len(tested))
    correct = truth == decided
    return {
        "accuracy": metrics.accuracy(truth, decided),
        "balanced_accuracy": metrics.balanced_accuracy(truth, decided),
        "majority": metrics.majority(truth),
        "ci95": list(metrics.interval(correct, groups)),
        "n": len(truth),
        "right": "".join("01"[int(one)] for one in correct),
    }


def compare_rows(rows: Mapping[str, Row], speakers: Labels) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what each row gains over the rows that it is compared with, on new speakers, column by column, paired."""
    for what, row in rows.items():
        found: dict[str, Any] = {}
        for other in row["against"]:
            for column, own in row["found"].items():
                theirs = rows.get(other, {"found": {}})["found"].get(column)
                if theirs and "speaker-folds" in own:
                    than, now = _read_right(theirs["speaker-folds"]), _read_right(own["speaker-folds"])
                    found.setdefault(other, {})[column] = metrics.gain(than, now, speakers)
        yield what, found


def _read_right(found: Mapping[str, Any]) -> Bool[np.ndarray, " clips"]:
    return np.array([one == "1" for one in found["right"]])


def _row_of(claim: Claim) -> Row:
    return {
        "what": claim.what,
        "paper": dict(claim.paper),
        "at": dict(claim.at),
        "against": list(claim.against),
    }


def _list_curves(found: Found, what: str) -> dict[str, list[float]]:
    return {name: [float(one) for one in line] for name, line in found.curves[what].items()}


def _make_result(
    reproduction: Reproduction,
    settings: Mapping[str, Any],
    rows: Mapping[str, Row],
    gained: Mapping[str, Any],
    last: bool,
) -> Result:
    """Return everything that was found so far."""
    claimed = [claim.what for trial in reproduction.trials for claim in trial.claims]
    meaning = [f"{name}: {PROTOCOLS[name]}" for name in reproduction.protocols]
    seen = [f"{settings['clips']} recordings of {len(settings['speakers'])} speakers, seed {settings['seed']}"]
    return {
        "title": reproduction.title,
        "source": reproduction.source,
        "complete": last,
        "settings": dict(settings),
        "protocols": list(reproduction.protocols),
        "columns": list(reproduction.columns),
        "figure": reproduction.figure,
        "note": "; ".join([*seen, *meaning, "95 % interval over speakers", *reproduction.notes]),
        "rows": [rows[what] | {"gain": gained[what]} for what in claimed if what in rows],
    }
