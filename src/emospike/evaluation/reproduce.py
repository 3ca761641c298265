"""Running a reproduction: every trial on every split, saved row by row, so that it can be gone on with."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from zlib import crc32

import numpy as np
from jaxtyping import Bool

from emospike import __version__
from emospike.datasets import Dataset, Fold, published_split, random_folds, relabel, speaker_folds
from emospike.evaluation import metrics
from emospike.evaluation.reading import drop_unreadable
from emospike.progress import Progress, prefix_stages
from emospike.systems import SYSTEMS
from emospike.systems.info import SystemInfo
from emospike.systems.paper import PROTOCOLS, UNANSWERED, Claim, Found, Labels, Numbers, Reproduction, Split, Trial
from emospike.validation import InputError, one_of

Row = dict[str, Any]
Result = dict[str, Any]

HAS = {"face": "a face", "both": "sound and a face"}
"""What recordings have that only some rows are of."""


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


@dataclass(frozen=True)
class TrialData:
    """The recordings that have what a trial needs, and how each protocol splits them."""

    dataset: Dataset
    folds: Mapping[str, Sequence[Fold]]

    @classmethod
    def of(cls, dataset: Dataset, reproduction: Reproduction, seed: int) -> TrialData:
        """Return how a reproduction splits recordings: once at random, in its draws, and by speakers."""
        made: dict[str, Callable[[], list[Fold]]] = {
            "random": lambda: random_folds(dataset, dataset.labels, seed)[:1],
            "published": lambda: [published_split(dataset, seed + draw) for draw in range(reproduction.draws)],
            "speaker-folds": lambda: speaker_folds(dataset),
        }
        folds = {name: made[name]() for name in reproduction.protocols}
        thin = reproduction.every
        return cls(dataset, {name: [replace(one, test=one.test[::thin]) for one in own] for name, own in folds.items()})

    @cached_property
    def new_speakers(self) -> Labels:
        """Who speaks in each recording that is tested by systems that never heard its speaker, in the data's order."""
        tested = np.sort(np.concatenate([fold.test for fold in self.folds["speaker-folds"]]))
        speakers: Labels = self.dataset.speakers[tested]
        return speakers


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
    dataset : recordings that have the senses it needs; trials that need more take those that have it, or are left out
    seed : of the splits and of everything that is drawn
    before : an earlier result; its rows that were found with the same settings on the same recordings are kept
    progress : called with ``"3 of 8, speaker-folds 2 of 4: STDP, audio"``, what is done and what there is
    save : called with the result so far after each trial; its ``complete`` is False until the last

    Raises `InputError` for data that cannot be split like this (see `emospike.datasets.folds`).
    """
    dataset = relabel(dataset, reproduction.labels)
    settings = {"seed": seed, "emospike": __version__, **describe_recordings(dataset)}
    rows = keep_rows(reproduction, before, settings)
    data_of = {reproduction.modality: TrialData.of(dataset, reproduction, seed)}
    notes: dict[str, str] = {}
    result: Result = {}
    for number, trial in enumerate(reproduction.trials, start=1):
        named = prefix_stages(progress, f"{number} of {len(reproduction.trials)}, ")
        needed = reproduction.needs(trial)
        if needed not in {*data_of, *notes}:
            try:
                part = drop_unreadable(dataset.select_modality(needed), named, needed)
                data_of[needed] = TrialData.of(part, reproduction, seed)
            except InputError as error:
                notes[needed] = f"rows that need {HAS[needed]} are left out: {error}"
        if needed in data_of and not all(claim.what in rows for claim in trial.claims):
            rows |= measure_trial(trial, data_of[needed], seed, named)
        for other in reproduction.trials:  # what a row is compared with may be found later
            for claim in other.claims:
                if claim.what in rows:
                    rows[claim.what]["gain"] = compare_with(rows, claim, data_of[reproduction.needs(other)])
        result = _make_result(reproduction, settings, rows, [*describe_parts(data_of), *notes.values()])
        result["complete"] = number == len(reproduction.trials)
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


def keep_rows(
    reproduction: Reproduction, before: Mapping[str, Any] | None, settings: Mapping[str, Any]
) -> dict[str, Row]:
    """Return the rows of an earlier run that are still true: the same claim, settings and recordings."""
    if not before or before.get("settings") != dict(settings) or before.get("protocols") != [*reproduction.protocols]:
        return {}
    earlier = {row["what"]: row for row in before.get("rows", [])}
    return {
        claim.what: earlier[claim.what] | _describe_claim(claim)
        for trial in reproduction.trials
        for claim in trial.claims
        if claim.what in earlier and earlier[claim.what]["settings"] == digest(trial) and _is_whole(earlier[claim.what])
    }


def _is_whole(row: Row) -> bool:
    """Tell whether a row still says which recordings were decided rightly; it may have been shortened since."""
    return all("right" in cell or "value" in cell for column in row["found"].values() for cell in column.values())


def digest(trial: Trial) -> str:
    """Return a fingerprint of the settings of a trial."""
    return f"{crc32(trial.settings.encode()):08x}"


def measure_trial(trial: Trial, data: TrialData, seed: int, progress: Progress | None = None) -> dict[str, Row]:
    """Return the rows of one trial, by name."""
    rows: dict[str, Row] = {
        claim.what: _describe_claim(claim) | {"settings": digest(trial), "found": {}} for claim in trial.claims
    }
    start, dataset = time.perf_counter(), data.dataset
    for protocol, folds in data.folds.items():
        found = []
        for number, fold in enumerate(folds, start=1):
            named = prefix_stages(progress, f"{protocol} {number} of {len(folds)}: ")
            found.append(trial.answer(Split(dataset.subset(fold.train), dataset.subset(fold.test), seed, named)))
        tested = np.concatenate([fold.test for fold in folds])
        for what, row in rows.items():
            for column in found[0].decided.get(what, {}):
                decided = np.concatenate([one.decided[what][column] for one in found])
                row["found"].setdefault(column, {})[protocol] = score(dataset, tested, decided, protocol)
            for column in found[0].measured.get(what, {}):
                numbers = np.concatenate([one.measured[what][column] for one in found])
                row["found"].setdefault(column, {})[protocol] = average(dataset, tested, numbers)
            if what in found[0].curves:
                row.setdefault("curves", {})[protocol] = [_list_curves(one, what) for one in found]
                row.setdefault("tested", {})[protocol] = [len(fold.test) for fold in folds]
    seconds = time.perf_counter() - start
    return {what: row | {"seconds": round(seconds, 1)} for what, row in rows.items()}


def score(dataset: Dataset, tested: Labels, decided: Labels, protocol: str) -> dict[str, Any]:
    """Return the accuracy of what was answered, its interval, and which recordings were decided rightly.

    These are 1, others 0, and - where the answer is "don't know", in the data's order; ``coverage`` is the share that
    was answered. The interval is over speakers; of a random split, which says nothing about other speakers, over
    recordings.
    """
    order = np.argsort(tested, kind="stable")
    truth, decided, groups = dataset.labels[tested][order], decided[order], dataset.speakers[tested][order]
    if protocol == "random":
        groups = np.arange(len(tested))
    answered, correct = decided != UNANSWERED, truth == decided
    found: dict[str, Any] = {"accuracy": None, "balanced_accuracy": None, "ci95": None}
    if answered.any():
        found = {
            "accuracy": metrics.accuracy(truth[answered], decided[answered]),
            "balanced_accuracy": metrics.balanced_accuracy(truth[answered], decided[answered]),
            "ci95": list(metrics.interval(correct[answered], groups[answered])),
        }
    return found | {
        "majority": metrics.majority(truth),
        "coverage": float(answered.mean()),
        "n": len(truth),
        "right": "".join("01"[int(one)] if said else "-" for one, said in zip(correct, answered, strict=True)),
    }


def average(dataset: Dataset, tested: Labels, numbers: Numbers) -> dict[str, Any]:
    """Return the mean of numbers that recordings have, and its 95 % interval over speakers; NaN is passed over.

    Where all recordings have the same number, as it is of the trained system, there is no interval.
    """
    from scipy.stats import t

    known = ~np.isnan(numbers)
    numbers, groups = numbers[known], dataset.speakers[tested][known]
    if not len(numbers):
        return {"value": None, "ci95": None, "n": 0}
    value, speakers = float(numbers.mean()), len(np.unique(groups))
    if speakers < 2 or np.ptp(numbers) == 0:
        return {"value": value, "ci95": None, "n": len(numbers)}
    reach = float(t.ppf(0.975, speakers - 1)) * metrics.standard_error(numbers, groups)
    return {"value": value, "ci95": [value - reach, value + reach], "n": len(numbers)}


def compare_with(rows: Mapping[str, Row], claim: Claim, data: TrialData) -> dict[str, Any]:
    """Return what a row gains over those that it is compared with, on new speakers, column by column, paired."""
    found: dict[str, Any] = {}
    for other in claim.against:
        for column, own in rows[claim.what]["found"].items():
            theirs = rows.get(other, {"found": {}})["found"].get(column)
            if theirs and "speaker-folds" in own:
                than, now = _read_right(theirs["speaker-folds"]), _read_right(own["speaker-folds"])
                found.setdefault(other, {})[column] = metrics.gain(than, now, data.new_speakers)
    return found


def _read_right(found: Mapping[str, Any]) -> Bool[np.ndarray, " clips"]:
    return np.array([one == "1" for one in found["right"]])


def _describe_claim(claim: Claim) -> Row:
    return {
        "what": claim.what,
        "paper": dict(claim.paper),
        "at": dict(claim.at),
        "against": list(claim.against),
    }


def _list_curves(found: Found, what: str) -> dict[str, list[float]]:
    return {name: [float(one) for one in line] for name, line in found.curves[what].items()}


def describe_parts(data_of: Mapping[str, TrialData]) -> Iterator[str]:
    """Yield how many recordings of how many speakers there are; of those that some rows need, which these are."""
    for number, (modality, data) in enumerate(data_of.items()):
        count = f"{len(data.dataset)} recordings of {len(np.unique(data.dataset.speakers))} speakers"
        yield f"{count} with {HAS[modality]}, where rows need that" if number else count


def _make_result(
    reproduction: Reproduction, settings: Mapping[str, Any], rows: Mapping[str, Row], recordings: Sequence[str]
) -> Result:
    """Return everything that was found so far."""
    claimed = [claim.what for trial in reproduction.trials for claim in trial.claims]
    meaning = [f"{name}: {PROTOCOLS[name]}" for name in reproduction.protocols]
    said = [*recordings, f"seed {settings['seed']}", *meaning, "95 % interval over speakers", *reproduction.notes]
    return {
        "title": reproduction.title,
        "source": reproduction.source,
        "complete": False,
        "settings": dict(settings),
        "recordings": list(recordings),
        "protocols": list(reproduction.protocols),
        "columns": list(reproduction.columns),
        "figure": reproduction.figure,
        "note": "; ".join(said),
        "rows": [rows[what] for what in claimed if what in rows],
    }
