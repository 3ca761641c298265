"""Testing a trained system on recordings that it did not train on, by everything that they have to show."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from emospike import store
from emospike.clip import Clip
from emospike.datasets import Dataset, Fold, finer_labels, relabel
from emospike.energy.estimate import list_variants
from emospike.evaluation.cards import find_card_scheme
from emospike.evaluation.results import Predictions
from emospike.progress import Progress
from emospike.readout.calibration import Probabilities
from emospike.readout.risk import PROMISED
from emospike.systems.base import System
from emospike.systems.evidence import Verdicts
from emospike.validation import InputError

TIMED = 6
"""Test clips of a fold that are decided one by one to time the stages, the first to warm up."""


def fit_system(system: System, train: Dataset, progress: Progress | None = None) -> System:
    """Train a system on all recordings, with speakers and finer labels where those are known, and their weights.

    Those that cannot be read are left out (see `System.left_out_`).
    """
    who, finer = train.known_speakers, finer_labels(train)
    clips, labels = train.clips(), train.labels.tolist()
    return system.fit(clips, labels, who, progress, finer, weights=train.weights, strict=False)


def fit_early(system: System, train: Dataset, progress: Progress | None = None) -> System:
    """Teach a trained system to decide early, on the recordings that trained it (see `System.fit_early`)."""
    who, finer = train.known_speakers, finer_labels(train)
    return system.fit_early(train.clips(), train.labels.tolist(), who, progress, finer, weights=train.weights)


def relabel_for(system: System, dataset: Dataset) -> Dataset:
    """Return recordings with labels as a model's card has them; raise `InputError` for one that it does not know."""
    dataset = relabel(dataset, find_card_scheme(getattr(system, "card", {})))
    if unknown := sorted({*dataset.classes} - {*system.labels_}):
        raise InputError(f"label '{unknown[0]}' is unknown to the model, it knows {', '.join(system.labels_)}")
    return dataset


def test_system(system: System, dataset: Dataset, progress: Progress | None = None, **run: Any) -> Predictions:
    """Return what a trained system decides on a data set (see `predict`), what that costs, and the time of each stage.

    The times of the stages (the paper's Table 7) and the costs are means over the first recordings.
    """
    found = predict(system, dataset, progress, **run)
    first = found.recordings.subset(np.arange(len(found.recordings))[:TIMED])
    times = [system.decide(clip).seconds for clip in first.clips()]
    times = times[1:] or times
    stages = {stage: float(np.mean([one[stage] for one in times if stage in one])) for stage in times[0]}
    return replace(found, seconds=found.seconds | stages, cost=average_cost(system, first))


def answer_clips(
    system: System, clips: Sequence[Clip], speakers: Sequence[str] | None, progress: Progress | None = None
) -> tuple[Probabilities, Verdicts]:
    """Return the probabilities of clips, NaN for those that cannot be decided on, and what each modality alone says.

    A clip that lacks a modality is decided by the other, as it always is.
    """
    found = system.predict_by_modality(clips, speakers, progress)
    alone = dict(found.probabilities)
    whole = alone.pop(system.modality)
    for other in alone.values():
        whole = np.where(np.isnan(whole), other, whole)
    return whole, found._replace(probabilities=alone)


def predict(system: System, dataset: Dataset, progress: Progress | None = None, **run: Any) -> Predictions:
    """Return what a trained system decides on a data set; `run` are further fields of `Predictions`.

    A recording that shows nothing to decide on (no face where faces decide), or of which a part cannot be read, is left
    out, with the reason.

    Raises
    ------
    InputError : no recording can be decided on
    """
    start, clips = time.perf_counter(), dataset.clips()
    whole, found = answer_clips(system.refuse_damaged(), clips, dataset.known_speakers, progress)
    left_out = found.reasons
    if len(left_out) == len(clips):
        raise InputError(f"none of {len(clips)} recordings can be decided on; the first: {left_out[0]}")
    kept = ~np.isin(np.arange(len(clips)), list(left_out))
    return Predictions(
        dataset.subset(kept),
        system.labels_,
        whole[kept],
        system.limit(system.modality),
        risks=find_risks(system),
        alone={modality: one[kept] for modality, one in found.probabilities.items()},
        strange=found.novelty[kept] > 1,
        left_out={str(dataset.paths[row]): why for row, why in left_out.items()},
        seconds=run.pop("seconds", {}) | {"predict": time.perf_counter() - start},
        **run,
    )


def find_risks(system: System) -> dict[float, float]:
    """Return the threshold of each risk that is reported; nothing for a model of an older emospike."""
    calibration = system.readout_.calibration_
    return {} if calibration.risks_ is None else {risk: calibration.threshold_at(risk) for risk in PROMISED}


def average_cost(system: System, dataset: Dataset) -> dict[str, float]:
    """Return the mean operations of a decision on these recordings and their energy, and the bytes of the stored model.

    Sums are those of `Operations`; ``total_uj`` and its equivalent's are energies with data movement and features.
    """
    counted = [system.operations(clip) for clip in dataset.clips()]
    found = [asdict(one) for one in counted]
    numbers = [name for name, value in found[0].items() if isinstance(value, int | float)]
    own, *others = (one.costs() for one in list_variants(counted) if one.bits == 32)
    energies = {name: own[name] for name in ("total_uj", "features_uj")}
    energies["twin_total_uj"] = (others or [own])[0]["total_uj"]
    for name in ("macs", "bytes_moved"):
        sums = [sum(getattr(row, name) for row in one.features) for one in counted]
        energies[f"features_{name}"] = float(np.mean(sums))
    with TemporaryDirectory() as folder:
        model_bytes = store.save(system, Path(folder) / "model.safetensors").stat().st_size
    return (
        {name: float(np.mean([one[name] for one in found])) for name in numbers}
        | energies
        | {"model_bytes": model_bytes}
    )


def transduce(
    system: System, dataset: Dataset, split: Fold, progress: Progress | None = None, **run: Any
) -> tuple[Predictions, Any]:
    """Return what a system decides on the test rows of a fold, all recordings being there in training; and its run.

    The system's `transduce` gets all clips with all labels, and masks of the rows that train and that validate; its run
    has ``probabilities`` of all clips, columns in the order of the sorted labels. There is no threshold, so all is
    answered.

    Raises
    ------
    InputError : a system that cannot do so
    """
    if "transduce" not in system.abilities:
        raise InputError(f"{type(system).__name__} cannot decide on recordings while it trains with them")
    train, validation = (np.isin(np.arange(len(dataset)), rows) for rows in (split.train, split.validation))
    whole = system.transduce(dataset.clips(), dataset.labels.tolist(), train, validation, progress)
    answers = whole.probabilities[split.test]
    return Predictions(dataset.subset(split.test), dataset.classes, answers, 0.0, **run), whole
