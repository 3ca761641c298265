"""Numbers instead of classes: how well they are predicted on speakers that were not heard in training."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from jaxtyping import Float64

from emospike import __version__
from emospike.datasets import Dataset, Fold
from emospike.datasets.targets import Numbers, check_varied, label_parts, read_targets
from emospike.evaluation import metrics
from emospike.evaluation.cards import describe_training, today
from emospike.evaluation.leaks import describe_copies, describe_leaks, find_leaks
from emospike.evaluation.protocols import check_speakers, make_system
from emospike.evaluation.resuming import KeptFolds, hash_evaluation
from emospike.evaluation.splitting import PROTOCOLS, split_folds
from emospike.evaluation.study import Study
from emospike.progress import Progress, prefix_stages
from emospike.regression import Regressor
from emospike.validation import InputError, one_of, positive

ALLOWED = ("speaker-folds", "corpus-folds")
"""Protocols whose folds are there for numbers too."""


@dataclass(frozen=True)
class NumberPredictions:
    """What one trained model predicts of recordings that it did not train on.

    Attributes
    ----------
    recordings : what was tested
    truth, predicted : the numbers as they were told, and as they were predicted
    mean : what always naming the mean of the training recordings predicts
    left_out : why further recordings, by their files, could not be used, to train or to test
    fold, seed : which of several runs this is
    """

    recordings: Dataset
    truth: Numbers
    predicted: Numbers
    mean: Float64[np.ndarray, " targets"]
    left_out: Mapping[str, str] = field(default_factory=dict)
    fold: int = 0
    seed: int = 0


def make_regressor(
    system_name: str,
    preset: str | None = None,
    seed: int = 0,
    modality: str = "audio",
    features: str | None = None,
) -> Regressor:
    """Return an unfitted model that predicts numbers from a system's vectors.

    Raises
    ------
    InputError : as `make_system`, or a system whose vectors need labels
    """
    made = Regressor(make_system(system_name, preset, seed, modality=modality, features=features))
    made.prepare_system()
    return made


def check_number_settings(
    system_name: str,
    preset: str | None,
    *,
    protocol: str,
    seeds: int | None,
    modality: str,
    features: str | None,
) -> None:
    """Raise `InputError` for settings that cannot be, before recordings are read."""
    if protocol not in ALLOWED and protocol in PROTOCOLS:
        raise InputError(f"protocol {protocol} is of classes: numbers are evaluated by {' or '.join(ALLOWED)}")
    one_of("protocol", protocol, ALLOWED)
    if seeds is not None:
        positive("seeds", seeds)
    make_regressor(system_name, preset, 0, modality, features)


def fit_regressor(
    model: Regressor, train: Dataset, targets: Sequence[str], progress: Progress | None = None
) -> Regressor:
    """Train on all recordings that can be read, by the speakers, where they are known."""
    numbers = read_targets(train, targets)
    return model.fit(train.clips(), numbers, train.known_speakers, progress, targets=targets, strict=False)


def evaluate_numbers(
    system_name: str,
    dataset: Dataset,
    targets: Sequence[str],
    preset: str | None = None,
    *,
    protocol: str = "speaker-folds",
    seeds: int | None = None,
    modality: str = "audio",
    features: str | None = None,
    progress: Progress | None = None,
    save: Callable[[dict[str, Any]], object] | None = None,
    kept: KeptFolds | None = None,
) -> dict[str, Any]:
    """Return how well numbers are predicted of recordings that did not train, ready for JSON.

    Parameters
    ----------
    system_name, preset, modality, features : whose vectors are read; it learns afresh, and so does the ridge, in every
        fold (see `Regressor`)
    dataset, targets : the recordings, and the names of their numbers (see `read_targets`)
    protocol : one of `ALLOWED`; parts of the first target's scale stand for labels where speakers are dealt out
    seeds : how often everything is repeated, by default once
    save : called with the result, before what is kept is dropped
    kept : where finished folds are kept until the last is, and found again by the same evaluation

    Raises
    ------
    InputError : something unknown, a recording without a number, or data that cannot be split like this
    """
    asked: dict[str, Any] = {"modality": modality, "features": features}
    check_number_settings(system_name, preset, protocol=protocol, seeds=seeds, **asked)
    numbers = read_targets(dataset, targets)
    check_varied(numbers, targets)
    dealt = label_parts(dataset, numbers)
    planned = split_folds(dealt, protocol, system_name, seeds or 1)
    check_speakers(dealt, [fold for _, fold in planned])
    preset = preset or make_regressor(system_name, None, 0, modality, features).system.presets()[0]
    about = {"system": system_name, "preset": preset, "modality": modality, "protocol": protocol, "seeds": seeds or 1}
    about |= {"features": features} if features else {}
    runs, study = list[NumberPredictions](), Study()
    if kept:
        models = [make_regressor(system_name, preset, seed, modality, features) for seed, _ in planned]
        folds = [fold for _, fold in planned]
        key = hash_evaluation(about | {"targets": list(targets)}, models, dataset, folds, progress)
        runs = kept.read(key, dataset, study, NumberPredictions)
    for number, (seed, fold) in list(enumerate(planned, start=1))[len(runs) :]:
        model = make_regressor(system_name, preset, seed, modality, features)
        named = prefix_stages(progress, f"fold {number} of {len(planned)}: ")
        runs.append(_run_fold(model, dataset, targets, fold, named, number=number, seed=seed))
        if kept:
            kept.write(runs, dataset, study)
    note = "; ".join(filter(None, [describe_copies(dataset), PROTOCOLS[protocol]]))
    result = about | summarise_numbers(runs, targets, note)
    if save:
        save(result)
    if kept:
        kept.drop()
    return result


def _run_fold(
    model: Regressor,
    dataset: Dataset,
    targets: Sequence[str],
    fold: Fold,
    progress: Progress | None,
    *,
    number: int,
    seed: int,
) -> NumberPredictions:
    """Train a model on a fold, and test it."""
    train, test = dataset.subset(fold.train), dataset.subset(fold.test)
    fit_regressor(model, train, targets, progress)
    untrained = {str(train.paths[row]): why for row, why in model.system_.left_out_.items()}
    found = predict_numbers(model, test, progress)
    return replace(found, left_out={**untrained, **found.left_out}, fold=number, seed=seed)


def predict_numbers(model: Regressor, dataset: Dataset, progress: Progress | None = None) -> NumberPredictions:
    """Return what a trained model predicts of recordings; those that cannot be used are left out, with the reason.

    Raises
    ------
    InputError : none can be used
    """
    found, wrong = model.try_predict(dataset.clips(), progress)
    if len(wrong) == len(dataset):
        raise InputError(f"none of {len(dataset)} recordings can be used; the first: {wrong[0]}")
    kept = np.setdiff1d(np.arange(len(dataset)), list(wrong))
    tested = dataset.subset(kept)
    left_out = {str(dataset.paths[row]): why for row, why in wrong.items()}
    truth, mean = read_targets(tested, model.targets_), np.array(list(model.means_.values()))
    return NumberPredictions(tested, truth, found[kept], mean, left_out)


def measure_regressor(model: Regressor, dataset: Dataset, progress: Progress | None = None) -> dict[str, Any]:
    """Return how well a trained model predicts the numbers of recordings that it has never heard or seen.

    Their columns are called as in training; what it did hear, as far as its card tells, stands under ``leaks``.
    """
    run, card = predict_numbers(model, dataset, progress), vars(model).get("card", {})
    found = find_leaks(card, dataset)
    about = {name: card.get(name) for name in ("system", "preset", "modality")} | {"protocol": "test", "leaks": found}
    return about | summarise_numbers([run], model.targets_, describe_leaks(found, card, dataset))


def summarise_numbers(runs: Sequence[NumberPredictions], targets: Sequence[str], note: str) -> dict[str, Any]:
    """Return all numbers of an evaluation; all tested recordings of all runs are pooled."""
    speakers = np.concatenate([run.recordings.speakers for run in runs])
    known = "" not in speakers
    left_out = dict(sorted({file: why for run in runs for file, why in run.left_out.items()}.items()))
    said = [note, "95 % intervals of the CCC over speakers" if known else "speakers are not known: no intervals"]
    if left_out:
        said.append(f"{len(left_out)} recordings cannot be used and are left out")
    return {
        "note": "; ".join(said),
        "complete": True,
        "targets": {name: _measure(runs, column, speakers if known else None) for column, name in enumerate(targets)},
        "clips": len({recording.take for run in runs for recording in run.recordings.recordings}),
        "speakers": sorted({*speakers.tolist()} - {""}),
        "left_out": [{"file": file, "why": why} for file, why in left_out.items()],
        "folds": [_summarise_fold(run, targets) for run in runs],
        "emospike": __version__,
        "predictions": [row for run in runs for row in _list_predictions(run, targets)],
    }


def _measure(runs: Sequence[NumberPredictions], column: int, speakers: Any) -> dict[str, Any]:
    """Return how well one number is predicted, and how well the mean of those that trained would do."""
    truth, predicted = (
        np.concatenate([getattr(run, name)[:, column] for run in runs]) for name in ("truth", "predicted")
    )
    mean = np.concatenate([np.full(len(run.truth), run.mean[column]) for run in runs])
    ends = None
    if speakers is not None:
        ends = metrics.correlation_interval(metrics.concordance, truth, predicted, speakers)
    return {
        "ccc": metrics.concordance(truth, predicted),
        "ci95": list(ends) if ends else None,
        "pearson": metrics.pearson(truth, predicted),
        "rmse": metrics.root_mean_squared_error(truth, predicted),
        "mean": {"ccc": metrics.concordance(truth, mean), "rmse": metrics.root_mean_squared_error(truth, mean)},
        "told": {"mean": float(truth.mean()), "deviation": float(truth.std())},
    }


def _summarise_fold(run: NumberPredictions, targets: Sequence[str]) -> dict[str, Any]:
    """Return what one fold found."""
    ccc = {name: metrics.concordance(run.truth[:, k], run.predicted[:, k]) for k, name in enumerate(targets)}
    speakers = sorted({*run.recordings.speakers.tolist()} - {""})
    return {"speakers": speakers, "n": len(run.recordings), "ccc": ccc, "seed": run.seed}


def _list_predictions(run: NumberPredictions, targets: Sequence[str]) -> list[dict[str, Any]]:
    """Return a row for each recording: what it is, what was told of it, and what was predicted."""
    return [
        {
            "file": one.path.name,
            "speaker": one.speaker,
            "told": dict(zip(targets, told.tolist(), strict=True)),
            "predicted": dict(zip(targets, np.round(found, 6).tolist(), strict=True)),
            "fold": run.fold,
            "seed": run.seed,
        }
        for one, told, found in zip(run.recordings.recordings, run.truth, run.predicted, strict=True)
    ]


def make_number_card(model: Regressor, dataset: Dataset, hashes: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the card of a model that was just trained on a data set (see `make_card`)."""
    return {
        **settings,
        "targets": list(model.targets_),
        **describe_training(dataset, hashes),
        "split": "trained on all clips; nothing held out",
        "errors": {name: round(error, 6) for name, error in model.errors_.items()},
        "penalties": {one: readout.penalties_.tolist() for one, readout in model.readouts_.items()},
        "measured": None,
        "date": today(),
        "emospike": __version__,
    }
