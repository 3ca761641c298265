"""Quantising: what a trained system loses when its weights become integers, on recordings."""

from __future__ import annotations

from typing import Any

import numpy as np

from emospike.datasets import Dataset
from emospike.evaluation import metrics
from emospike.evaluation.leaks import describe_leaks, find_leaks
from emospike.evaluation.testing import TIMED, average_cost, predict, relabel_for
from emospike.progress import Progress
from emospike.systems.base import System


def compare_quantised(
    system: System, quantised: System, dataset: Dataset, progress: Progress | None = None
) -> dict[str, Any]:
    """Return how a system and its quantised copy decide on labelled recordings, ready for JSON.

    ``agreement`` is the share of recordings that get the same label of both, ``largest_change`` that of a probability,
    over all; the energy of a decision is a mean over the first recordings (see `average_cost`). What cannot be decided
    on is left out, of both alike: it goes by what is heard and seen.

    Raises
    ------
    InputError : labels that the model does not know, or no recording that can be decided on
    """
    dataset = relabel_for(system, dataset)
    runs = predict(system, dataset, progress), predict(quantised, dataset, progress)
    before, after = runs
    rows: dict[str, Any] = {}
    first = before.recordings.subset(np.arange(len(before.recordings))[:TIMED])
    for name, one, run in (("before", system, before), ("after", quantised, after)):
        answered = run.answer_at(run.threshold)
        rows[name] = {"accuracy": metrics.accuracy(run.truth, run.decided), "answered": float(answered.mean())}
        rows[name]["right_of_answered"] = float(run.correct[answered].mean()) if answered.any() else None
        cost = average_cost(one, first)
        rows[name] |= {what: cost[what] for what in ("total_uj", "features_uj", "model_bytes")}
    return {
        "data": dataset.name,
        "clips": len(before.recordings),
        "speakers": len({*before.recordings.speakers.tolist()} - {""}),
        "agreement": float((before.decided == after.decided).mean()),
        "largest_change": float(np.abs(before.probabilities - after.probabilities).max()),
        **rows,
        "note": describe_leaks(find_leaks(system.card, dataset), system.card, dataset),
    }
