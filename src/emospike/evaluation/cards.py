"""Model cards: what a model is, was trained on, and reached."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from emospike import __version__
from emospike.datasets import DATASETS, Dataset
from emospike.evaluation.leaks import CLIP_HASHES
from emospike.systems import SYSTEMS
from emospike.systems.base import System
from emospike.validation import InputError

SETTINGS = ("system", "preset", "modality", "labels", "normalise")
"""What a model and its evaluation must agree in."""

MEASURED = (
    "protocol", "accuracy", "balanced_accuracy", "ci95", "majority", "recall", "at_coverage", "clips", "speakers",
    "note",
)  # fmt: skip
"""What a card takes over from an evaluation."""


def list_settings(system: System, preset: str, labels: str, modality: str = "audio") -> dict[str, str]:
    """Return the settings of a system, trained or not, as a card and an evaluation name them."""
    normalise = system.get_params().get("normalise", "none")
    return dict(zip(SETTINGS, (SYSTEMS.name_of(type(system)), preset, modality, labels, normalise), strict=True))


def make_card(system: System, dataset: Dataset, settings: Mapping[str, str], hashes: str) -> dict[str, Any]:
    """Return the card of a system that was just trained on a data set.

    `settings` are those of `list_settings`, `hashes` those of `emospike.evaluation.leaks.hash_clips`.
    """
    parameters = system.get_params()
    held_out = "speakers" if dataset.known_speakers else "clips"
    return {
        **settings,
        **({"seed": parameters["seed"]} if "seed" in parameters else {}),
        "classes": list(system.classes_),
        "data": dataset.name,
        "licence": DATASETS[dataset.name].licence,
        "clips": len(dataset),
        "speakers": sorted({*dataset.speakers.tolist()} - {""}),
        CLIP_HASHES: hashes,
        "split": "trained on all clips; nothing held out",
        "calibration": f"probabilities and threshold fitted on training {held_out}, each decided by a system trained "
        "without them",
        "threshold": round(system.threshold_, 4),
        "measured": None,
        "date": today(),
        "emospike": __version__,
    }


def check_evaluation(result: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
    """Raise `InputError` unless an evaluation is whole, and of these settings (or of the card that holds them)."""
    if not {*SETTINGS, *MEASURED} <= {*result}:
        raise InputError("no evaluation: give the file that emospike evaluate --json wrote")
    if not result.get("complete"):
        raise InputError("the evaluation was stopped before its last fold: run it again")
    for name in SETTINGS:
        if result[name] != settings[name]:
            raise InputError(
                f"the evaluation has {name} {result[name]!r}, the model {settings[name]!r}: evaluate the same"
            )


def add_evaluation(card: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, Any]:
    """Return the card with what an evaluation of the same settings found; errors as `check_evaluation`."""
    check_evaluation(result, card)
    return {**card, "measured": {name: result[name] for name in MEASURED}}


def add_adaptation(
    card: Mapping[str, Any], system: System, dataset: Dataset, hashes: str, *, labelled: bool
) -> dict[str, Any]:
    """Return the card of a model that went on learning; what an evaluation found before no longer holds."""
    named = {*dataset.speakers.tolist()} - {""}
    step = {"data": dataset.name, "clips": len(dataset), "speakers": sorted(named), CLIP_HASHES: hashes}
    step |= {"labelled": labelled, "date": today(), "emospike": __version__}
    speakers = sorted({*card.get("speakers", ()), *named})
    changed = {"classes": list(system.classes_), "speakers": speakers, "measured": None}
    return {**card, **changed, "adapted": [*card.get("adapted", ()), step]}


def today() -> str:
    """Return the date (UTC)."""
    return datetime.now(timezone.utc).date().isoformat()
