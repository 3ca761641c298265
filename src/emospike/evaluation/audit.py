"""Audit: whether what a system is tested on has leaked into what it learnt, under any protocol.

Nothing is believed of the code: each check trains, or asks, under changed circumstances and compares what comes of it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

import numpy as np

from emospike import __version__
from emospike.datasets import Dataset, Fold, Scheme, find_scheme, relabel
from emospike.evaluation.duplicates import find_duplicates
from emospike.evaluation.emobox import Splits
from emospike.evaluation.metrics import majority
from emospike.evaluation.protocols import STUDIES, check_settings, make_system
from emospike.evaluation.retraining import Outcome, Retraining, move_test_labels, shuffle_training_labels
from emospike.evaluation.splitting import explain_protocol, is_transductive, split_folds
from emospike.progress import Progress, prefix_stages
from emospike.readout.contract import Labels
from emospike.systems import SYSTEMS
from emospike.validation import InputError, positive

PASS, FAIL, EXCEPTION = "pass", "FAIL", "exception"
ALONE = 5
"""Test recordings that are decided alone."""

BEYOND_CHANCE = 0.99
"""Share of draws by chance that an agreement must exceed to be more than chance."""

ROUNDING = 1e-6
"""Change of a probability up to which a recording is decided alone as among others."""

_NAMED = 4  # names or files in a line

TOO_FEW = "; too few test recordings to tell"


@dataclass(frozen=True)
class Check:
    """What one check found: `outcome` is pass, FAIL or exception (a leak that the setting is known by)."""

    name: str
    outcome: str
    said: str
    figures: dict[str, Any] = field(default_factory=dict)


def audit(
    system_name: str,
    dataset: Dataset,
    labels: str | Scheme = "arousal",
    preset: str | None = None,
    *,
    protocol: str = "speaker-folds",
    normalise: str = "none",
    modality: str = "audio",
    folds: int = 1,
    splits: Splits | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Return what leaks from test into training, ready for JSON: ``checks`` of the first folds, and the ``verdict``.

    Parameters are those of `protocols.evaluate`; `folds` is how many folds are audited, each by three or four
    trainings. The verdict is LEAKY if any check of any fold failed.

    Raises
    ------
    InputError : as `evaluate`; a protocol whose split is that of another
    """
    check_audit(system_name, labels, preset, protocol=protocol, normalise=normalise, modality=modality, folds=folds)
    start, before = time.perf_counter(), len(dataset.notes)
    dataset = relabel(dataset, labels)
    preset = preset or SYSTEMS.load(system_name).presets()[0]
    planned = split_folds(dataset, protocol, system_name, folds if protocol == "published" else 1, splits)
    checks = []
    for number, (seed, fold) in enumerate(planned[:folds], start=1):
        make = partial(make_system, system_name, preset, seed, normalise, modality)
        told = prefix_stages(progress, f"fold {number}: ")
        fresh = Retraining(dataset, fold, make, is_transductive(protocol, system_name), told)
        checks += [{"fold": number} | asdict(check) for check in run_checks(fresh, normalise)]
    leaky = any(check["outcome"] == FAIL for check in checks)
    return {
        "system": system_name,
        "preset": preset,
        "modality": modality,
        "labels": find_scheme(labels).name,
        "protocol": protocol,
        "normalise": normalise,
        "meaning": "; ".join([explain_protocol(protocol, system_name, dataset, splits), *dataset.notes[before:]]),
        "folds": {"audited": min(folds, len(planned)), "all": len(planned)},
        "checks": checks,
        "verdict": "LEAKY" if leaky else "CLEAN",
        "clips": len(dataset),
        "seconds": time.perf_counter() - start,
        "emospike": __version__,
    }


def check_audit(system_name: str, labels: str | Scheme, preset: str | None, *, folds: int, **settings: Any) -> None:
    """Raise `InputError` for what cannot be audited, before recordings are read."""
    check_settings(system_name, labels, preset, **settings)
    positive("folds", folds)
    if settings["protocol"] in STUDIES:
        raise InputError(f"protocol {settings['protocol']} splits as speaker-folds does: audit that")


def run_checks(fresh: Retraining, normalise: str = "none") -> Iterator[Check]:
    """Yield the checks of one fold, each as soon as it is done."""
    dataset, fold = fresh.dataset, fresh.fold
    yield check_speakers(dataset, fold)
    yield check_clips(dataset, fold, fresh.progress)
    plain = fresh.run("as it is", alone=ALONE)
    yield check_looks(plain)
    moved = fresh.with_labels_of(move_test_labels(dataset.labels, fold))
    other = moved.run("test labels moved", hidden=True)
    yield check_learnt(plain, other, fresh.transductive)
    yield check_alone(plain, normalise, fresh.transductive)
    yield check_test_labels(plain, other)
    yield check_training_labels(fresh, plain)


def check_speakers(dataset: Dataset, fold: Fold) -> Check:
    """Check that nobody trains and tests."""
    everyone = np.concatenate([fold.train, fold.validation]).astype(int)
    train, test = ({*dataset.speakers[rows].tolist()} for rows in (everyone, fold.test))
    shared, name = sorted(train & test), "speakers"
    figures = {"train": len(train), "test": len(test), "shared": shared}
    if "" in train | test:
        return Check(name, FAIL, "speakers are unknown, so they may be on both sides", figures)
    if shared:
        said = f"{len(shared)} of {len(test)} test speakers also train: {_list_some(shared)}"
        return Check(name, FAIL, said, figures)
    return Check(name, PASS, f"none of {len(test)} test speakers is among {len(train)} that train", figures)


def check_clips(dataset: Dataset, fold: Fold, progress: Progress | None = None) -> Check:
    """Check that no recording trains and tests, under whatever name or encoding."""
    rows = np.unique(np.concatenate([fold.train, fold.validation])).astype(int)
    train, test = dataset.subset(rows), dataset.subset(fold.test)
    found = find_duplicates(train, test, progress)
    figures: dict[str, Any] = {"train": len(train), "test": len(test)}
    figures |= {"duplicates": [{"test": str(one.test), "train": str(one.train), "how": one.how} for one in found]}
    if found:
        named = _list_some([f"{one.test.name} = {one.train.name} ({one.how})" for one in found])
        return Check("duplicates", FAIL, f"{len(found)} of {len(test)} test recordings also train: {named}", figures)
    return Check("duplicates", PASS, f"no sound or file of {len(test)} is among {len(train)} that train", figures)


def check_looks(plain: Outcome) -> Check:
    """Check that no test recording was looked at before training had ended."""
    count, n = plain.looked_at, len(plain.run.decided)
    said = f"{count} of {n} test recordings were looked at before training had ended"
    return Check("test recordings", FAIL if count else PASS, said, {"looked_at": count, "test": n})


def check_learnt(plain: Outcome, other: Outcome, transductive: bool) -> Check:
    """Check that the same is learnt, bit for bit, whatever the test recordings and their labels are."""
    same = plain.state == other.state
    how = "with other test labels" if transductive else "without the test recordings and with other test labels"
    what = "learning, and answers on training recordings, are" if transductive else "what is learnt is"
    said = f"{what} {'the same, bit for bit,' if same else 'different'} {how}"
    return Check("statistics", PASS if same else FAIL, said, {"state": plain.state, "other": other.state})


def check_alone(plain: Outcome, normalise: str, transductive: bool) -> Check:
    """Check that a test recording is decided alone as it is among the others."""
    change = plain.alone or 0.0
    figures = {"change": change}
    if change <= ROUNDING:
        return Check("alone", PASS, "test recordings are decided alone as they are among the others", figures)
    if normalise == "speaker":
        said = "a test recording alone lacks its speaker's mean, which is taken over all of theirs, without labels"
        return Check("alone", EXCEPTION, said, figures)
    said = (
        "a test recording's answer is changed by other test recordings"
        if not transductive
        else ("a test recording is not decided without a label, and its answer changes with the label that is given")
    )
    said += f": a probability by {change:.2g}"
    return Check("alone", FAIL, said, figures)


def check_test_labels(plain: Outcome, other: Outcome) -> Check:
    """Check that decisions do not follow test labels that were moved among the test recordings."""
    truth, moved = plain.run.truth, other.run.truth
    _, most = bound_chance(other.run.decided, moved)
    figures = {
        "accuracy": plain.agreement(),
        "moved": {"follows_moved": other.agreement(), "follows_true": other.agreement(truth)},
        "kept": float((truth == moved).mean()),
        "chance_at_most": most,
        "majority": majority(truth),
    }
    said = f"with test labels moved, decisions agree {other.agreement():.3f} with the moved"
    said += f" and {other.agreement(truth):.3f} with the true ones (before: {plain.agreement():.3f})"
    said += TOO_FEW if most >= 1 else ""
    return Check("test labels", FAIL if other.agreement() > most else PASS, said, figures)


def check_training_labels(fresh: Retraining, plain: Outcome) -> Check:
    """Check that nothing is recognised by a system whose training labels were dealt out at random.

    What is learnt from noise is a direction by chance, and half of all directions beat chance, some by far. Where one
    does, it is tried again with the same labels turned (high for low, low for high): what noise has taught then fails
    as far as it succeeded before, and what leaks does not.
    """
    shuffled = fresh.with_labels_of(shuffle_training_labels(fresh.dataset, fresh.fold))
    tries = [_compare_with_chance(shuffled.run("training labels shuffled"))]
    if tries[0]["accuracy"] > tries[0]["chance_at_most"]:
        turned = shuffled.with_turned_labels().run("training labels shuffled and turned")
        tries.append(_compare_with_chance(turned))
    last, before = tries[-1], plain.agreement()
    said = f"with training labels shuffled{' and turned' if len(tries) > 1 else ''}, accuracy is"
    said += f" {last['accuracy']:.3f}; chance is {last['chance']:.3f} and may reach {last['chance_at_most']:.3f}"
    said += f" (before: {before:.3f})" + (TOO_FEW if last["chance_at_most"] >= 1 else "")
    figures = {"accuracy": before, "shuffled": tries, "majority": majority(plain.run.truth)}
    return Check("training labels", FAIL if last["accuracy"] > last["chance_at_most"] else PASS, said, figures)


def _compare_with_chance(outcome: Outcome) -> dict[str, float]:
    """Return the accuracy, and what chance would reach."""
    chance, most = bound_chance(outcome.run.decided, outcome.run.truth)
    return {"accuracy": outcome.agreement(), "chance": chance, "chance_at_most": most}


def bound_chance(decided: Labels, truth: Labels) -> tuple[float, float]:
    """Return the agreement expected if decisions had nothing to do with labels, and what chance may reach.

    Chance is the sum over classes of how often each is decided times how often it is true; the second is the binomial
    quantile `BEYOND_CHANCE`.

    >>> bound_chance(np.array(["a", "b"] * 50), np.array(["a", "b"] * 50))
    (0.5, 0.62)
    """
    from scipy.stats import binom

    chance = float(sum((decided == one).mean() * (truth == one).mean() for one in np.unique(truth)))
    return chance, float(binom.ppf(BEYOND_CHANCE, len(truth), min(chance, 1.0)) / len(truth))


def _list_some(names: list[str]) -> str:
    return ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
