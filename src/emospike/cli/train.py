"""``emospike train`` and ``emospike adapt``: models from labelled recordings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from emospike.cli.arguments import (
    BalanceOption,
    BitsOption,
    ClusterOption,
    DataOption,
    DeciderOption,
    FeaturesOption,
    LabelsOption,
    MapOption,
    ModalityOption,
    NormaliseOption,
    OutputOption,
    PresetOption,
    StrictOption,
    TargetOption,
    check_modality,
    check_writable,
    choose_labels,
    choose_modality,
    load_data,
    load_unlabelled,
    restrict_modality,
    say_left_out,
)
from emospike.cli.numbers import refuse_class_options, train_targets
from emospike.cli.terminal import note, open_cluster, progress_bar, say
from emospike.validation import InputError

if TYPE_CHECKING:
    from emospike.datasets import Dataset, Scheme
    from emospike.systems.base import System


def train(
    system: Annotated[str, typer.Argument(help="Which system to train (emospike systems lists them).")],
    data: DataOption,
    output: OutputOption,
    *,
    modality: ModalityOption = None,
    labels: LabelsOption = "arousal",
    label_map: MapOption = None,
    target: TargetOption = None,
    balance: BalanceOption = None,
    preset: PresetOption = None,
    features: FeaturesOption = None,
    seed: Annotated[
        int, typer.Option(help="Of every random draw: the same seed gives the same model, on this machine.")
    ] = 0,
    normalise: NormaliseOption = "none",
    evaluation: Annotated[
        Path | None, typer.Option("--evaluate", help="What evaluate --json wrote, to put into the model's card.")
    ] = None,
    strict: StrictOption = False,
    bits: BitsOption = None,
    early: Annotated[
        bool, typer.Option("--early", help="Also learn to decide before an utterance is over, for emospike live.")
    ] = False,
    cluster: ClusterOption = None,
) -> None:
    """Train a model on all recordings of a data set.

    Those that cannot be read are left out, and named at the end. With --target the model predicts numbers.
    """
    from emospike.evaluation.cards import add_evaluation, check_evaluation, list_settings, make_card
    from emospike.evaluation.leaks import hash_clips
    from emospike.evaluation.protocols import make_system
    from emospike.evaluation.testing import fit_early, fit_system
    from emospike.systems.checkpoints import keep_checkpoints
    from emospike.systems.vector_cache import keep_vectors
    from emospike.validation import within

    check_writable(output)
    within("seed", seed, 0, 2**32 - 1)
    scheme = choose_labels(labels, label_map)
    modality = choose_modality(system, modality)
    if target:
        of_classes: dict[str, Any] = {"--labels": labels != "arousal", "--map": label_map, "--balance": balance}
        of_classes |= {"--normalise": normalise != "none", "--early": early, "--evaluate": evaluation, "--bits": bits}
        refuse_class_options(of_classes)
        with open_cluster(cluster):
            asked: dict[str, Any] = {"preset": preset, "seed": seed, "modality": modality, "features": features}
            train_targets(system, data, target, output, strict=strict, **asked)
        return
    untrained = make_system(system, preset, seed, normalise, modality, features=features, bits=bits)
    if early and "early" not in untrained.abilities:
        raise InputError(f"{system} does not learn to decide early by {modality}: leave out --early")
    named = preset or untrained.presets()[0]
    settings = list_settings(untrained, named, scheme.name, modality, features=features, bits=bits)
    found = read_json(evaluation) if evaluation else None
    if found is not None:
        check_evaluation(found, settings)
    with open_cluster(cluster), progress_bar() as progress:
        whole = not untrained.fuses_late
        loaded = load_data(data, progress, modality, balance=balance, strict=strict, whole=whole)
        dataset = choose_recordings(loaded, scheme)
        beside = [output.with_name(f"{output.name}.{kind}") for kind in ("vectors", "checkpoints")]
        with keep_vectors(beside[0]) as kept, keep_checkpoints(beside[1]) as begun:
            if kept:
                note(f"vectors of {kept} recordings are there from a run that was stopped")
            if begun:
                note(f"checkpoints of {begun} networks are there from a run that was stopped")
            model = fit_system(untrained, dataset, progress)
            if early:
                fit_early(model, dataset, progress)
            used = drop_left_out(model, dataset)
            model.card = make_card(model, used, settings, hash_clips(used), scheme)
            if found is not None:
                model.card = add_evaluation(model.card, found)
            write_model(model, output)  # what is kept is dropped when the model is on the disk


def adapt(
    model: Annotated[str, typer.Argument(help="A model file, or a shipped model's name.")],
    data: DataOption,
    output: OutputOption,
    unlabelled: Annotated[
        bool,
        typer.Option(
            "--unlabelled", help="All recordings are of one new speaker, and no labels are used: any folder will do."
        ),
    ] = False,
    modality: DeciderOption = None,
) -> None:
    """Teach a model new recordings, speakers or classes, without losing the old; or one speaker, without labels."""
    from emospike import store
    from emospike.datasets import relabel
    from emospike.evaluation.cards import add_adaptation, find_card_scheme
    from emospike.evaluation.leaks import hash_clips

    check_writable(output)
    check_modality(modality)
    system = store.load(model)
    learner = restrict_modality(system, modality)
    if not unlabelled:
        system.check_learns()
    with progress_bar() as progress:
        own = learner.card.get("modality", "audio")
        if unlabelled:
            dataset = load_unlabelled(data, progress, own)
        else:
            dataset = relabel(load_data(data, progress, own), find_card_scheme(system.card))
            new = sorted({*dataset.labels.tolist()} - {*system.labels_})
            if new and learner is not system:
                raise InputError(f"label {new[0]!r} is new, and new classes need all senses: leave --modality out")
        hashes = hash_clips(dataset)
        learner.adapt(dataset.clips(), None if unlabelled else dataset.labels.tolist())
    system.card = add_adaptation(system.card, system, dataset, hashes, labelled=not unlabelled)
    write_model(system, output)


def choose_recordings(loaded: Dataset, scheme: Scheme) -> Dataset:
    """Return the recordings that may train, with the labels of a scheme; note what is left out, and why."""
    from emospike.datasets import relabel
    from emospike.datasets.labels import find_contradicted

    dataset = relabel(loaded, scheme)
    for line in dataset.notes[len(loaded.notes) :]:
        note(line)
    dataset = dataset.subset(~find_contradicted(dataset))
    check_speakers(dataset)
    return dataset


def drop_left_out(model: System, dataset: Dataset) -> Dataset:
    """Return the recordings that a model was trained on, and say which others could not be used."""
    import numpy as np

    left_out = model.left_out_
    say_left_out(len(dataset), [left_out[row] for row in sorted(left_out)])
    return dataset.subset(np.setdiff1d(np.arange(len(dataset)), list(left_out)))


def check_speakers(dataset: Dataset) -> None:
    """Raise `InputError` for a single speaker; note where speakers are unknown: calibration holds some out."""
    speakers = {*dataset.speakers.tolist()}
    if speakers == {""}:
        note("speakers are not known: calibration holds out clips, so confidence may be too high for new speakers")
    elif len(speakers) == 1:
        raise InputError(
            f"all recordings are of speaker {speakers.pop()!r}, and calibration holds out speakers: add another "
            "speaker, or list them in a CSV without speakers to hold out clips"
        )


def write_model(system: System, path: Path) -> None:
    """Write a model and say so."""
    from emospike import store

    store.save(system, path)
    classes = ", ".join(system.labels_)
    say(f"{path}: {path.stat().st_size / 1e6:.2f} MB, classes {classes}, threshold {system.threshold_:.2f}")


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {path} as JSON: give the file that emospike evaluate --json wrote") from error
    if not isinstance(found, dict):
        raise InputError(f"{path} holds no JSON object: give the file that emospike evaluate --json wrote")
    return found
