"""Tables 1 and 3 and Figures 3 and 4 of the Synch-Graph paper, and what is left of them without labels in the graph.

Mansouri-Benssassi and Ye 2020, "Synch-Graph: Multisensory Emotion Recognition Through Neural Synchrony via Graph
Convolutional Networks", AAAI.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from emospike.clip.batch import map_clips
from emospike.datasets import Dataset
from emospike.readout.contract import Vectors
from emospike.systems.cross_modal.paper import FACE_NOTES, OURS, read_face, read_sound
from emospike.systems.cross_modal.trials import Material, make_enhancement_trial, make_joining_trial
from emospike.systems.paper import Claim, Found, Labels, Reproduction, Split, Trial
from emospike.systems.perception import BOTH
from emospike.systems.synch_graph.model import SynchGraph

SOURCE = "Mansouri-Benssassi and Ye 2020 (AAAI)"
TOLD, BLIND = "labels in the graph", "no label in it"
"""The two ways to decide: the paper's, which is told the test labels, and the only one that says anything."""

NOTES = (
    f"{TOLD}: LEAKY on any split. The paper joins recordings that share a label, test recordings too, so the "
    "answer is in the graph; 60 % train and 20 % validate",
    f"{BLIND}: each recording is a graph of its own",
)
WRONG = "another"
"""A label that no recording has."""


def tell_labels(what: Mapping[str, str], system: SynchGraph, split: Split) -> Found:
    """Do the paper's experiment, with the labels as they are and with those of the test recordings permuted."""
    train, test = split.train, split.test
    rng = np.random.default_rng(split.seed)
    labels = np.concatenate([train.labels, test.labels])
    tested = np.arange(len(labels)) >= len(train)
    validation = np.zeros(len(labels), bool)
    validation[rng.permutation(len(train))[: len(train) // 4]] = True
    permuted = labels.copy()
    permuted[tested] = rng.permutation(labels[tested])
    decided: dict[str, dict[str, Labels]] = {}
    curves = {}
    for kind, given in (("true", labels), ("permuted", permuted)):
        if kind not in what:
            continue
        fresh, clips = replace(system, seed=split.seed), train.clips() + test.clips()
        run = fresh.transduce(clips, given.tolist(), ~tested & ~validation, validation, split.progress)
        answer = np.array(run.classes)[run.probabilities[tested].argmax(axis=1)]
        decided[what[kind]] = {TOLD: answer}
        if kind == "permuted":
            follows = np.where(answer == given[tested], test.labels, WRONG)
            decided[what["follows"]] = {TOLD: follows}
        else:
            lines = {"training": run.train_curve, "validation": run.validation_curve}
            curves[what[kind]] = {name: line.tolist() for name, line in lines.items()}
    return Found(decided, curves)


def hide_labels(what: str, system: SynchGraph, split: Split) -> Found:
    """Train on graphs of single recordings, and decide."""
    fresh, train = replace(system, seed=split.seed), split.train
    fresh.fit(train.clips(), train.labels.tolist(), train.known_speakers, split.progress)
    decided = fresh.predict(split.test.clips())
    losses = fresh.readout_.classifier.curves_  # type: ignore[attr-defined]
    curves = {name: line.tolist() for name, line in zip(("training", "validation"), losses, strict=True)}
    return Found({what: {BLIND: np.asarray(decided, dtype=str)}}, {what: curves})


def hide_labels_once(what: str, system: SynchGraph, split: Split) -> Found:
    """Do the same with a single network for both senses, not calibrated: what the paper trains takes minutes each."""
    fresh, train = replace(system, seed=split.seed), split.train
    fresh.learn_groups(train.clips(), split.progress)

    def graphs(dataset: Dataset) -> Vectors:
        found = map_clips(lambda _, clip: fresh.represent(fresh.perceive(clip), BOTH), dataset.clips(), "graphs")
        return np.stack(list(found))

    classifier = fresh._new_readout().classifier.fit(graphs(train), train.labels)
    decided = classifier.classes_[classifier.scores(graphs(split.test)).argmax(axis=1)]
    return Found({what: {BLIND: np.asarray(decided, dtype=str)}})


def make_telling_trial(claims: Mapping[str, Claim], system: SynchGraph) -> Trial:
    """Return the trial of the paper's experiment; its claims by kind: true, permuted, follows."""
    names = {kind: claim.what for kind, claim in claims.items()}
    return Trial(tuple(claims.values()), f"told {[*claims]} {system}", partial(tell_labels, names, system))


def make_blind_trial(claim: Claim, system: SynchGraph) -> Trial:
    """Return the trial of graphs that hold no label."""
    return Trial((claim,), f"blind {system}", partial(hide_labels, claim.what, system))


def make_plain_blind_trial(claim: Claim, system: SynchGraph) -> Trial:
    """Return the trial of one network that is not calibrated."""
    return Trial((claim,), f"blind once {system}", partial(hide_labels_once, claim.what, system))


def _make(name: str) -> SynchGraph:
    return SynchGraph.preset(name, modality="both")


def table1() -> Reproduction:
    """Table 1: the accuracy of Synch-Graph; whose labels it follows, and what is left without them."""
    claims = {
        "true": Claim("as the paper", {TOLD: 0.983}),
        "permuted": Claim("test labels permuted first, against the true ones"),
        "follows": Claim("test labels permuted first, against the permuted ones"),
    }
    trials = (
        make_telling_trial(claims, _make("published")),
        make_blind_trial(Claim("preset no_edges"), _make("no_edges")),
        make_blind_trial(Claim("preset default", against=("preset no_edges",)), _make("default")),
        make_plain_blind_trial(Claim("as the paper, less the edges between recordings"), _make("published")),
    )
    return Reproduction(
        "Synch-Graph, with and without the labels in its graph",
        f"{SOURCE}, Table 1",
        trials,
        (TOLD, BLIND),
        modality="both",
        notes=(*NOTES, *FACE_NOTES),
    )


def table3() -> Reproduction:
    """Table 3: video, sound, enhancement and synchrony."""
    material = Material()
    pathways = read_sound("MFCC", OURS, features=20, size=40) + read_face("contours", OURS)
    apart = {"face": Claim("video: contours", {"vote": 0.575}), "sound": Claim("sound: MFCC", {"vote": 0.426})}
    trials = (
        make_joining_trial(pathways, apart, material),
        make_enhancement_trial(pathways, {"enhancement": Claim("enhancement", {"vote": 0.833})}, material),
        make_telling_trial({"true": Claim("synchrony", {TOLD: 0.983})}, _make("published")),
        make_blind_trial(Claim("synchrony, preset default"), _make("default")),
    )
    return Reproduction(
        "Sound, face, enhancement and synchrony",
        f"{SOURCE}, Table 3",
        trials,
        ("vote", "linear", TOLD, BLIND),
        modality="both",
        notes=(*NOTES, *FACE_NOTES, "sound in windows of 40 and 20 features; our constants"),
    )


def _describe_learning(depth: int, number: int) -> Reproduction:
    """Return the losses of a network of so many convolutions, epoch by epoch."""
    systems = {name: _make(name) for name in ("published", "default")}
    deep = {name: replace(one, classifier=replace(one.classifier, depth=depth)) for name, one in systems.items()}
    trials = (
        make_telling_trial({"true": Claim("as the paper")}, deep["published"]),
        make_blind_trial(Claim("preset default"), deep["default"]),
    )
    return Reproduction(
        f"Learning curves, {depth} convolutions",
        f"{SOURCE}, Figure {number}",
        trials,
        (TOLD, BLIND),
        modality="both",
        figure="learning",
        notes=NOTES,
    )


def figure3() -> Reproduction:
    """Figure 3: the losses of two convolutions."""
    return _describe_learning(2, 3)


def figure4() -> Reproduction:
    """Figure 4: the losses of three convolutions."""
    return _describe_learning(3, 4)
