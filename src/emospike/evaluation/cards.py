"""Model cards: what a model is, was trained on, and reached."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from emospike import __version__
from emospike.datasets import DATASETS, Dataset, Scheme, find_scheme
from emospike.evaluation.leaks import CLIP_HASHES
from emospike.systems import SYSTEMS
from emospike.systems.base import System
from emospike.validation import InputError

SETTINGS = ("system", "preset", "modality", "labels", "normalise")
"""What a model and its evaluation must agree in."""

CHOSEN = ("features", "bits")
"""What the face is seen by, and the bits of weights that are integers: where they were chosen, so must they."""

MEASURED = (
    "protocol", "accuracy", "balanced_accuracy", "ci95", "majority", "recall", "at_coverage", "clips", "speakers",
    "note",
)  # fmt: skip
"""What a card takes over from an evaluation."""


def list_settings(
    system: System, preset: str, labels: str, modality: str = "audio", **chosen: str | int | None
) -> dict[str, Any]:
    """Return the settings of a system, trained or not, as a card and an evaluation name them; `chosen` of `CHOSEN`."""
    normalise = system.get_params(deep=False).get("normalise", "none")
    named = zip(SETTINGS, (SYSTEMS.name_of(type(system)), preset, modality, labels, normalise), strict=True)
    return dict(named) | {name: value for name, value in chosen.items() if value is not None}


def make_card(
    system: System, dataset: Dataset, settings: Mapping[str, Any], hashes: str, scheme: Scheme | None = None
) -> dict[str, Any]:
    """Return the card of a system that was just trained on a data set.

    `settings` are those of `list_settings`, `hashes` those of `emospike.evaluation.leaks.hash_clips`; a `scheme` that
    is a user's own is kept.
    """
    parameters = system.get_params(deep=False)
    held_out = "speakers" if dataset.known_speakers else "clips"
    return {
        **settings,
        **({"seed": parameters["seed"]} if "seed" in parameters else {}),
        "classes": list(system.labels_),
        **({"label_map": dict(scheme.to)} if scheme and scheme.file and scheme.to else {}),
        **describe_training(dataset, hashes, balanced=dataset.balanced),
        "split": "trained on all clips; nothing held out",
        "calibration": f"probabilities and threshold fitted on training {held_out}, each decided by a system trained "
        "without them",
        "threshold": round(system.threshold_, 4),
        "measured": None,
        "date": today(),
        "emospike": __version__,
    }


def describe_training(dataset: Dataset, hashes: str, *, balanced: bool = False) -> dict[str, Any]:
    """Return what a card says of the recordings that trained."""
    return {
        "data": dataset.name,
        "licence": describe_licence(dataset),
        **({"cite": cited} if (cited := cite(dataset)) else {}),
        **({"balance": "corpora"} if balanced else {}),
        "clips": len(dataset),
        "speakers": sorted({*dataset.speakers.tolist()} - {""}),
        CLIP_HASHES: hashes,
    }


def describe_licence(dataset: Dataset) -> str:
    """Return the licence of the recordings; of several corpora, each with its own."""
    corpora = sorted({*dataset.corpora.tolist()})
    own = {name: DATASETS[name if name in DATASETS else "manifest"].licence for name in corpora}
    return own[corpora[0]] if len(corpora) == 1 else "; ".join(f"{name}: {licence}" for name, licence in own.items())


def cite(dataset: Dataset) -> str:
    """Return whom to name as authors of the recordings; nothing for those of a user's own."""
    corpora = sorted({*dataset.corpora.tolist()} & {*DATASETS})
    return "; ".join(DATASETS[name].citation for name in corpora if DATASETS[name].citation)


def find_card_scheme(card: Mapping[str, Any]) -> Scheme:
    """Return the label scheme that a model was trained with: `emotion` where its card does not tell."""
    name = card.get("labels", "emotion")
    return Scheme(name, card["label_map"], known=None) if "label_map" in card else find_scheme(name)


def check_evaluation(result: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
    """Raise `InputError` unless an evaluation is whole, and of these settings (or of the card that holds them)."""
    if not {*SETTINGS, *MEASURED} <= {*result}:
        raise InputError("no evaluation: give the file that emospike evaluate --json wrote")
    if not result.get("complete"):
        raise InputError("the evaluation was stopped before its last fold: run it again")
    for name in (*SETTINGS, *CHOSEN):
        found, own = (one.get(name, "as in the preset") for one in (result, settings))
        if found != own:
            raise InputError(f"the evaluation has {name} {found!r}, the model {own!r}: evaluate the same")


def add_evaluation(card: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, Any]:
    """Return the card with what an evaluation of the same settings found; errors as `check_evaluation`."""
    check_evaluation(result, card)
    measured = {name: result[name] for name in MEASURED}
    if "corpora" in result:
        measured["balanced_by_corpus"] = {name: one["balanced_accuracy"] for name, one in result["corpora"].items()}
        measured["promises_by_corpus"] = {name: take_promises(one) for name, one in result["corpora"].items()}
    if "people" in result:
        measured["promises_by_people"] = {
            kind: {name: take_promises(one) for name, one in parts.items()} for kind, parts in result["people"].items()
        }
    return {**card, "measured": measured}


def take_promises(part: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a card keeps of a part of the recordings: how far it can be relied on there."""
    kept = ("answered", "right_of_answered", "calibration_error")
    return {name: None if part[name] is None else round(part[name], 4) for name in kept}


def add_adaptation(
    card: Mapping[str, Any], system: System, dataset: Dataset, hashes: str, *, labelled: bool
) -> dict[str, Any]:
    """Return the card of a model that went on learning; what an evaluation found before no longer holds."""
    named = {*dataset.speakers.tolist()} - {""}
    step = {"data": dataset.name, "clips": len(dataset), "speakers": sorted(named), CLIP_HASHES: hashes}
    step |= {"labelled": labelled, "date": today(), "emospike": __version__}
    speakers = sorted({*card.get("speakers", ()), *named})
    changed = {"classes": list(system.labels_), "speakers": speakers, "measured": None}
    return {**card, **changed, "adapted": [*card.get("adapted", ()), step]}


def add_quantisation(card: Mapping[str, Any], bits: int, found: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the card of a model whose weights were made integers, with what that changed on recordings, if known.

    What was measured before was of other weights, which the card says.
    """
    own, before = dict(card), card.get("bits")
    if (measured := card.get("measured")) and "quantised" not in card:
        weights = "floats" if before is None else f"{before} bits"
        own["measured"] = dict(measured) | {"note": f"{measured.get('note', '')}; measured in {weights}".lstrip("; ")}
    step = {"bits": bits, **(found or {}), "date": today(), "emospike": __version__}
    return own | {"bits": bits, "quantised": [*card.get("quantised", ()), step]}


def today() -> str:
    """Return the date (UTC)."""
    return datetime.now(timezone.utc).date().isoformat()
