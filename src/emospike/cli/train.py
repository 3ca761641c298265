"""``emospike train`` and ``emospike adapt``: models from labelled recordings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from emospike.cli.arguments import (
    Data,
    Labels,
    Modality,
    Normalise,
    Output,
    Preset,
    check_modality,
    check_writable,
    load_data,
    load_unlabelled,
)
from emospike.cli.terminal import progress_bar
from emospike.validation import InputError

if TYPE_CHECKING:
    from emospike.systems.contract import System


def train(
    system: Annotated[str, typer.Argument(help="Which system to train (emospike systems lists them).")],
    data: Data,
    output: Output,
    *,
    modality: Modality = "audio",
    labels: Labels = "arousal",
    preset: Preset = None,
    seed: Annotated[int, typer.Option(help="Of every random draw: the same seed gives the same model.")] = 0,
    normalise: Normalise = "none",
    evaluation: Annotated[
        Path | None, typer.Option("--evaluate", help="What evaluate --json wrote, to put into the model's card.")
    ] = None,
) -> None:
    """Train a model on all recordings of a data set."""
    from emospike.datasets import finer_labels, relabel
    from emospike.evaluation.cards import measured, model_card
    from emospike.evaluation.protocols import new_system, speakers_of
    from emospike.validation import within

    check_modality(modality, system)
    check_writable(output)
    within("seed", seed, 0, 2**32 - 1)
    found = read_json(evaluation) if evaluation else None
    untrained = new_system(system, preset, seed, normalise)
    with progress_bar() as progress:
        dataset = relabel(load_data(data, progress), labels)
        model = untrained.fit(
            dataset.clips(), dataset.labels.tolist(), speakers_of(dataset), progress, finer_labels(dataset)
        )
    model.card = model_card(model, dataset, labels, preset or type(model).presets()[0], modality)
    if found:
        model.card = measured(model.card, found)
    write_model(model, output)


def adapt(
    model: Annotated[str, typer.Argument(help="A model file, or a shipped model's name.")],
    data: Data,
    output: Output,
    unlabelled: Annotated[
        bool, typer.Option(help="All recordings are of one new speaker, and no labels are used: any folder will do.")
    ] = False,
) -> None:
    """Teach a model new recordings, speakers or classes, without losing the old; or one speaker, without labels."""
    from emospike import store
    from emospike.datasets import relabel
    from emospike.evaluation.cards import adapted

    check_writable(output)
    system = store.load(model)
    with progress_bar() as progress:
        dataset = load_unlabelled(data, progress) if unlabelled else load_data(data, progress)
        if not unlabelled:
            dataset = relabel(dataset, system.card.get("labels", "emotion"))
        system.adapt(dataset.clips(), None if unlabelled else dataset.labels.tolist())
    system.card = adapted(system.card, system, dataset, labelled=not unlabelled)
    write_model(system, output)


def write_model(system: System, path: Path) -> None:
    """Write a model and say so."""
    from emospike import store

    store.save(system, path)
    classes = ", ".join(system.classes_)
    print(f"{path}: {path.stat().st_size / 1e6:.2f} MB, classes {classes}, threshold {system.threshold_:.2f}")


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {path} as JSON: give the file that emospike evaluate --json wrote") from error
    if not isinstance(found, dict):
        raise InputError(f"{path} holds no JSON object: give the file that emospike evaluate --json wrote")
    return found
