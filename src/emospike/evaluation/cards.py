"""Model cards: what a model is, was trained on, and reached."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from emospike import __version__
from emospike.datasets import DATASETS, Dataset
from emospike.evaluation.protocols import speakers_of
from emospike.systems import SYSTEMS
from emospike.systems.contract import System
from emospike.validation import InputError

MEASURED = (
    "protocol", "accuracy", "balanced_accuracy", "ci95", "majority", "recall", "at_coverage", "clips", "speakers",
    "note",
)  # fmt: skip
"""What a card takes over from an evaluation."""


def model_card(system: System, dataset: Dataset, labels: str, preset: str, modality: str = "audio") -> dict[str, Any]:
    """Return the card of a system that was just trained on a data set."""
    parameters = system.get_params()
    held_out = "speakers" if speakers_of(dataset) else "clips"
    return {
        "system": SYSTEMS.name_of(type(system)),
        "preset": preset,
        **({"seed": parameters["seed"]} if "seed" in parameters else {}),
        "modality": modality,
        "labels": labels,
        "classes": list(system.classes_),
        "normalise": parameters.get("normalise", "none"),
        "data": dataset.name,
        "licence": DATASETS[dataset.name].licence,
        "clips": len(dataset),
        "speakers": sorted({*dataset.speakers.tolist()} - {""}),
        "split": "trained on all clips; nothing held out",
        "calibration": f"probabilities and threshold fitted on training {held_out}, each decided by a system trained "
        "without them",
        "threshold": round(system.threshold_, 4),
        "measured": None,
        "date": today(),
        "emospike": __version__,
    }


def measured(card: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, Any]:
    """Return the card with what an evaluation of the same settings found.

    Raises
    ------
    InputError : no evaluation, an unfinished one, or one of another system, preset, labels or normalisation
    """
    if not {"system", *MEASURED} <= {*result}:
        raise InputError("no evaluation: give the file that emospike evaluate --json wrote")
    if not result.get("complete"):
        raise InputError("the evaluation was stopped before its last fold: run it again")
    for name in ("system", "preset", "modality", "labels", "normalise"):
        if result[name] != card[name]:
            raise InputError(f"the evaluation has {name} {result[name]!r}, the model {card[name]!r}: evaluate the same")
    return {**card, "measured": {name: result[name] for name in MEASURED}}


def adapted(card: Mapping[str, Any], system: System, dataset: Dataset, labelled: bool) -> dict[str, Any]:
    """Return the card of a model that went on learning; what was measured before no longer holds."""
    step = {"data": dataset.name, "clips": len(dataset), "labelled": labelled, "date": today(), "emospike": __version__}
    speakers = sorted({*card.get("speakers", ()), *dataset.speakers.tolist()} - {""})
    changed = {"classes": list(system.classes_), "speakers": speakers, "measured": None}
    return {**card, **changed, "adapted": [*card.get("adapted", ()), step]}


def today() -> str:
    """Return the date (UTC)."""
    return datetime.now(timezone.utc).date().isoformat()
