"""Protocols: a fresh system for every split, trained on its training part and tested on the rest."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from functools import partial
from typing import Any

import numpy as np

from emospike.datasets import (
    Dataset,
    Fold,
    Scheme,
    find_scheme,
    relabel,
)
from emospike.datasets.folds import keep_whole_tests
from emospike.evaluation.cascade import Cascade
from emospike.evaluation.emobox import PROTOCOL as EMOBOX
from emospike.evaluation.emobox import Splits, summarise_emobox
from emospike.evaluation.leaks import describe_copies, describe_leaks, find_leaks
from emospike.evaluation.new_corpus import NewCorpora
from emospike.evaluation.new_speaker import NewSpeakers
from emospike.evaluation.results import Predictions, list_left_out, summarise, summarise_fold
from emospike.evaluation.resuming import KeptFolds, hash_evaluation
from emospike.evaluation.robustness import Robustness
from emospike.evaluation.splitting import PROTOCOLS, describe_lacking, explain_protocol, is_transductive, split_folds
from emospike.evaluation.spreading import choose_cluster, spread_folds
from emospike.evaluation.study import Study
from emospike.evaluation.testing import fit_system, relabel_for, test_system, transduce
from emospike.progress import Progress, prefix_stages
from emospike.readout.contract import Labels
from emospike.readout.risk import ASSUMPTION, METHOD
from emospike.systems import SYSTEMS
from emospike.systems.base import System
from emospike.systems.quantising import set_bits
from emospike.validation import InputError, one_of, positive

PUBLISHED_SEEDS = 5
"""Seeds of protocol ``published`` where none are asked for; the eXCube2 paper has 30."""

SCORES = "scores"
"""Setting of `normalise` in which no training changes: test speakers' scores are centred as their recordings come."""

STUDIES: dict[str, type[Study]] = {
    "new-speaker": NewSpeakers,
    "new-corpus": NewCorpora,
    "cascade": Cascade,
    "robustness": Robustness,
}
"""The study of each protocol that has one."""


def make_system(
    name: str,
    preset: str | None = None,
    seed: int = 0,
    normalise: str = "none",
    modality: str = "audio",
    *,
    features: str | None = None,
    bits: int | None = None,
) -> System:
    """Return an unfitted system by name; its default preset if none is named (see `SystemInfo.make` and `set_bits`).

    Raises
    ------
    InputError : unknown system, preset, modality, features or normalisation, a system that cannot normalise speakers,
        or whose weights cannot be integers
    """
    system: System = SYSTEMS.find(name).make(preset, seed, modality, features)
    if bits is not None:
        set_bits(system, bits)
    one_of("normalisation", normalise, ("none", "speaker"))
    if "normalise" in system.get_params(deep=False):
        return system.set_params(normalise=normalise)
    if normalise != "none":
        raise InputError(f"{name} cannot normalise speakers: use --normalise none")
    return system


def check_settings(
    system_name: str,
    labels: str | Scheme = "arousal",
    preset: str | None = None,
    *,
    protocol: str = "speaker-folds",
    normalise: str = "none",
    seeds: int | None = None,
    modality: str = "audio",
    features: str | None = None,
    bits: int | None = None,
) -> None:
    """Raise `InputError` for a name that is unknown, or a number that cannot be, before recordings are read."""
    one_of("protocol", protocol, PROTOCOLS)
    scheme = find_scheme(labels)
    if protocol == EMOBOX and scheme.name != "emotion":
        raise InputError(f"EmoBox's folds and results are of emotions, not of {scheme.name}: use --labels emotion")
    if seeds is not None:
        positive("seeds", seeds)
    adapts = protocol in ("new-speaker", "new-corpus", "cascade")
    if normalise == SCORES and (adapts or is_transductive(protocol, system_name)):
        raise InputError(f"protocol {protocol} does not centre scores: use another protocol, or --normalise none")
    training = normalise_training(normalise)
    system = make_system(system_name, preset, 0, training, modality, features=features, bits=bits)
    STUDIES.get(protocol, Study)().check(system)


def check_speakers(dataset: Dataset, folds: Sequence[Fold]) -> None:
    """Raise `InputError` where those who train are too few to hold one of them out for calibration."""
    if dataset.known_speakers is not None and any(len(np.unique(dataset.speakers[fold.train])) < 2 for fold in folds):
        names = sorted(set(dataset.known_speakers))
        raise InputError(
            f"at least 3 speakers expected, one to test and two to train, of whom one is held out in turn; got "
            f"{len(names)}: {', '.join(names[:3])}"
        )


def normalise_training(normalise: str) -> str:
    """Return what systems are told of a normalisation when they are made; raise `InputError` for an unknown one.

    >>> normalise_training("scores"), normalise_training("speaker")
    ('none', 'speaker')
    """
    one_of("normalisation", normalise, ("none", "speaker", SCORES))
    return "none" if normalise == SCORES else normalise


def centre_scores(system: System, normalise: str, dataset: Dataset) -> System:
    """Return a trained system as it is tested; one that centres scores needs to know who speaks."""
    if normalise != SCORES:
        return system
    if dataset.known_speakers is None:
        raise InputError("normalise 'scores' needs to know who speaks: add a speaker column to the manifest")
    return system.for_one_speaker()


def run_fold(
    system: System,
    dataset: Dataset,
    fold: Fold,
    study: Study,
    progress: Progress | None = None,
    *,
    number: int,
    seed: int,
    normalise: str,
    transductive: bool = False,
) -> Predictions:
    """Train a system on a fold, test it, and let the study look at both; a transductive one does both at once."""
    if transductive:
        return transduce(system, dataset, fold, progress, fold=number, seed=seed)[0]
    train, test = dataset.subset(fold.train), dataset.subset(fold.test)
    start = time.perf_counter()
    fit_system(system, train, progress)
    told: dict[str, Any] = {"fold": number, "seed": seed, "split": fold.split}
    told |= {"seconds": {"fit": time.perf_counter() - start}}
    told |= {"untrained": {str(train.paths[row]): why for row, why in sorted(system.left_out_.items())}}
    system = centre_scores(system, normalise, test)
    run = test_system(system, test, progress, **told)
    study.add(system, train, run, progress)
    return run


def run_folds(
    make: Callable[[int], System],
    planned: Sequence[tuple[int, Fold]],
    dataset: Dataset,
    study: Study,
    progress: Progress | None = None,
    *,
    done: list[Predictions],
    kept: KeptFolds | None = None,
    **way: Any,
) -> Iterator[None]:
    """Add what `run_fold` returns to what is `done` of the `planned` seeds and folds; yield after each.

    Over a cluster if that fits (see `choose_cluster`). A finished fold is `kept` before what it kept of the training of
    its networks is dropped.
    """

    def keep(run: Predictions) -> None:
        done.append(run)
        if kept:
            kept.write(done, dataset, study)

    left = [(number, *one) for number, one in enumerate(planned, start=1)][len(done) :]
    if cluster := choose_cluster(study, len(left)):
        for run in spread_folds(cluster, partial(run_fold, **way), make, left, dataset, progress=progress):
            keep(run)
            yield
        return
    for number, seed, fold in left:
        system = make(seed)
        study.check(system)
        named = prefix_stages(progress, f"fold {number} of {len(planned)}: ")
        with kept.keep_checkpoints() if kept else nullcontext():
            keep(run_fold(system, dataset, fold, study, named, number=number, seed=seed, **way))
        yield


def evaluate(
    system_name: str,
    dataset: Dataset,
    labels: str | Scheme = "arousal",
    preset: str | None = None,
    *,
    protocol: str = "speaker-folds",
    normalise: str = "none",
    seeds: int | None = None,
    modality: str = "audio",
    features: str | None = None,
    bits: int | None = None,
    splits: Splits | None = None,
    progress: Progress | None = None,
    save: Callable[[dict[str, Any]], object] | None = None,
    kept: KeptFolds | None = None,
) -> dict[str, Any]:
    """Return how well a system does on recordings that it did not train on, ready for JSON.

    Parameters
    ----------
    system_name, preset : what is trained, afresh for every fold
    dataset : the recordings; those that cannot be read are left out where they train or test, and named in the result
        (a system that is there in training with those that test, must not get any: see `drop_unreadable`)
    labels : a scheme of `emospike.datasets.LABELS`, or one of a user's own
    protocol : one of `PROTOCOLS`
    normalise : ``"speaker"`` removes the mean of each speaker, test speakers included, without their labels;
        ``"scores"`` centres the scores of each test speaker (see `ScoreCentring`) as the recordings come, in random
        order, without labels
    seeds : how often everything is repeated; None is 5 for ``published``, else once
    modality : what is seen or heard
    features : what the face is seen by, where the system has a choice (its `SystemInfo.sights`)
    bits : of weights that are integers, 8 or 4; None: they are floats
    splits : the folds of protocol ``emobox`` for corpora whose folds do not go by speakers (see `read_splits`)
    progress : called with ``"fold 1 of 4: reservoir"``, the clips done and the clips in all
    save : called with the result so far after each fold; its ``complete`` is False until the last
    kept : where finished folds are kept until the last is, and found again by the same evaluation

    Raises `InputError` for something unknown, or data that cannot be split like this (see `emospike.datasets.folds`).
    """
    asked: dict[str, Any] = {"modality": modality, "features": features, "bits": bits}
    check_settings(system_name, labels, preset, protocol=protocol, normalise=normalise, seeds=seeds, **asked)
    seeds = seeds if seeds is not None else PUBLISHED_SEEDS if protocol == "published" else 1
    scheme = find_scheme(labels)
    given, dataset = dataset, relabel(dataset, scheme)
    about: dict[str, Any] = {"system": system_name, "modality": modality, "labels": scheme.name, "protocol": protocol}
    about |= {"normalise": normalise, "preset": preset or SYSTEMS.load(system_name).presets()[0], "seeds": seeds}
    about |= {"balance": "corpora" if dataset.balanced else "none"}
    about |= {name: value for name, value in (("features", features), ("bits", bits)) if value is not None}

    def make(seed: int) -> System:
        return make_system(system_name, preset, seed, normalise_training(normalise), **asked)

    lacking = dataset.find_lacking(modality) if make(0).fuses_late else np.zeros(len(dataset), bool)
    planned = keep_whole_tests(split_folds(dataset, protocol, system_name, seeds, splits), dataset, lacking)
    folds, study = [fold for _, fold in planned], STUDIES.get(protocol, Study)()
    check_speakers(dataset, folds)
    study.prepare(dataset)
    explained = explain_protocol(protocol, system_name, dataset, splits), describe_lacking(int(lacking.sum()))
    meaning = "; ".join(filter(None, [describe_copies(dataset), *explained, *dataset.notes[len(given.notes) :]]))

    def summarise_folds() -> dict[str, Any]:
        rows = {"complete": len(runs) == len(planned), "folds": [summarise_fold(run) for run in runs]}
        first = [run for run in runs if run.split == planned[0][1].split]
        result = about | rows | _summarise_runs(first, protocol, meaning, normalise, study.describe())
        result |= study.summarise()
        if protocol == EMOBOX:
            result["emobox"] = summarise_emobox(dataset, folds, runs, splits or {})
        if save:
            save(result)
        return result

    way: dict[str, Any] = {"normalise": normalise, "transductive": is_transductive(protocol, system_name)}
    runs = list[Predictions]()
    if kept:
        key = hash_evaluation(about, [make(seed) for seed in range(seeds)], dataset, folds, progress)
        runs = kept.read(key, dataset, study, Predictions)
    result = summarise_folds() if runs else dict[str, Any]()
    for _ in run_folds(make, planned, dataset, study, progress, done=runs, kept=kept, **way):
        result = summarise_folds()
    if kept:
        kept.drop()
    return result


def test_model(
    system: System,
    dataset: Dataset,
    progress: Progress | None = None,
    degradations: Sequence[str] = (),
    *,
    normalise: str = "none",
    adapt: bool = False,
) -> dict[str, Any]:
    """Return how well a trained model does on recordings that it has never seen: as `evaluate`, without folds.

    What it did see, as far as its card tells, stands under ``leaks``. Labels follow the scheme in the card. A model
    that normalises speakers takes the mean of each test speaker, where speakers are known. With `degradations` (see
    `parse_degradations`) the recordings are decided after each of these too; babble is then made of the others. With
    `normalise` ``"scores"`` the scores of each speaker are centred as in `evaluate`. A system `at_risk` answers at it.
    With `adapt` copies of it are adapted to half of the speakers of each corpus and tested on the others.

    Raises
    ------
    InputError : labels that the model does not know, or degradations for one that does not hear
    """
    if adapt and degradations:
        raise InputError("adapting to recordings that are also degraded is not measured: ask for one of both")
    study = NewCorpora() if adapt else Robustness(tuple(degradations)) if degradations else Study()
    study.check(system)
    study.prepare(dataset)
    card = getattr(system, "card", {})
    before = len(dataset.notes)
    dataset = relabel_for(system, dataset)
    one_of("normalisation", normalise, ("none", SCORES))
    system = centre_scores(system, normalise, dataset)
    normalise = SCORES if normalise == SCORES else system.get_params(deep=False).get("normalise", "none")
    about = {"system": SYSTEMS.name_of(type(system)), "modality": card.get("modality", "audio")}
    about |= {"labels": card.get("labels", "emotion"), "protocol": "test", "normalise": normalise}
    found = find_leaks(card, dataset)
    about |= {"preset": card.get("preset"), "complete": True, "leaks": found, "folds": []}
    meaning = "; ".join([describe_leaks(found, card, dataset), *dataset.notes[before:]])
    run = test_system(system, dataset, progress)
    study.add(system, dataset, run, progress)
    if system.risk_ is not None:
        meaning += f"; answered at risk {system.risk_:g}, {METHOD}; it assumes that {ASSUMPTION}"
    return about | _summarise_runs([run], "test", meaning, normalise, study.describe()) | study.summarise()


def _summarise_runs(
    runs: Sequence[Predictions], protocol: str, meaning: str, normalise: str, more: Sequence[str] = ()
) -> dict[str, Any]:
    """Return all numbers, and a note of what they mean."""
    groups, over = _group_clips(runs, protocol)
    numbers = summarise(runs, groups)
    said = [meaning]
    if normalise == "speaker":
        said.append("speaker means are taken over all clips of a test speaker, without labels")
    if normalise == SCORES:
        said.append(
            "scores are centred by unlabelled recordings of the same test speaker, as they come, in random order"
        )
    whose = "Wilson's " if numbers["ci95_method"] == "Wilson" else ""
    two = over == "speakers" and len(np.unique(groups)) == 2
    said.append("too few speakers for an interval" if two else f"{whose}95 % interval over {over}")
    if left_out := list_left_out(runs):
        first = next(iter(left_out.values()))
        said.append(f"{len(left_out)} recordings cannot be used and are left out; the first: {first}")
    return {"note": "; ".join([*said, *more])} | numbers


def _group_clips(runs: Sequence[Predictions], protocol: str) -> tuple[Labels, str]:
    """Return the group of each clip for the interval, and what the groups are.

    Seeds of the published protocol; else speakers, whose clips are alike; clips, where that cannot be.
    """
    speakers = np.concatenate([run.recordings.speakers for run in runs])
    if protocol == "published" and len(runs) > 1:
        return np.concatenate([np.full(len(run.truth), str(run.seed)) for run in runs]), "seeds"
    if "" not in speakers and len(np.unique(speakers)) > 1:
        return speakers, "speakers"
    takes = [take for run in runs for take in run.takes]
    return np.array(takes, dtype=str), "recordings: it says nothing about other speakers"
