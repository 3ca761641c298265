"""Trials of eXCube2: a cube learns once a split, and what it does is read, and decided on, in many ways."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np
from jaxtyping import Bool, Float, Float32, Shaped

from emospike.activity import Activity
from emospike.clip import Clip
from emospike.clip.batch import map_clips
from emospike.datasets import Dataset, finer_labels
from emospike.datasets.table import Recording
from emospike.progress import Progress
from emospike.readout.calibration import threshold_for
from emospike.readout.contract import Classifier
from emospike.readout.interactions import Members, interactions
from emospike.readout.state_vectors import StateVector, Vector
from emospike.systems.excube2.model import EXCube2
from emospike.systems.paper import UNANSWERED, Found, Labels, Numbers, Split
from emospike.systems.perception import Perceived

MODELS = {"sound": "audio", "face": "face", "both": "both"}
"""The paper's three models, and the modality of each."""

NEEDS = {"sound": "audio", "face": "both", "both": "both"}
"""What recordings the models are compared on: the face on those that have sound too."""

TIMED = 24
"""Recordings that are decided one by one to time the stages."""

Of = TypeVar("Of")
Vectors = Float32[np.ndarray, "_ _"]
Readings = Mapping[str, tuple[StateVector, ...]]
"""Ways to read an activity: state vectors that are joined."""

Read = dict[str, Vectors]
"""The vectors of recordings, by the way they were read."""


def make_system(preset: str, model: str) -> EXCube2:
    """Return the unfitted system of a model, without virtual speakers."""
    return replace(EXCube2.preset(preset, modality=MODELS[model]), augmentation=None)


@dataclass
class CubeReader:
    """What cubes said of recordings that learn nothing, and say the same in every split."""

    kept: dict[str, dict[Recording, dict[str, Vector]]] = field(default_factory=dict, repr=False)

    def read(self, system: EXCube2, readings: Readings, split: Split) -> tuple[Read, Read]:
        """Return the vectors of training and test recordings, of a cube that learnt from the former."""
        system = train_cube(system, split)

        def one(activity: Activity, seen: Perceived) -> dict[str, Vector]:
            return {name: system.read(activity, seen, vectors) for name, vectors in readings.items()}

        learns = system.reservoir.stdp is not None or system.encoder_rule is not None
        known = {} if learns else self.kept.setdefault(f"{system} {readings}", {})
        wanted = (*split.train.recordings, *split.test.recordings)  # of balanced classes some occur twice
        new = [recording for recording in dict.fromkeys(wanted) if recording not in known]
        known.update(zip(new, run_cube(system, new, one, split.progress), strict=True))
        train, test = (
            {name: np.stack([known[recording][name] for recording in part.recordings]) for name in readings}
            for part in (split.train, split.test)
        )
        return train, test


def train_cube(system: EXCube2, split: Split) -> EXCube2:
    """Return a system whose cube has learnt from the training part of a split; it has no readout."""
    return replace(system, seed=split.seed).learn_cube(split.train.clips(), split.progress)


def run_cube(
    system: EXCube2,
    recordings: Sequence[Recording],
    read: Callable[[Activity, Perceived], Of],
    progress: Progress | None = None,
) -> list[Of]:
    """Return what is read of the cube's activity in each recording."""

    def one(_: int, clip: Clip) -> Of:
        seen = system.perceive(clip)
        return read(system.activity(seen, seen.modalities), seen)

    return list(map_clips(one, Dataset("", tuple(recordings)).clips(), "activity", progress))


# -- deciding -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Decided:
    """The class of each test recording, and how sure that is: its probability."""

    labels: Labels
    confidence: Numbers

    def above(self, threshold: float) -> Labels:
        """Return the classes of those that are sure enough; the others are not answered."""
        return np.where(self.confidence >= threshold, self.labels, UNANSWERED)

    def surest(self, coverage: float) -> Labels:
        """Return the classes of the surest share of the recordings; which that is, is seen from all of them."""
        return self.above(threshold_for(self.confidence[:, None], coverage))


def decide(system: EXCube2, classifier: Classifier, train: Vectors, labels: Labels, test: Vectors) -> Decided:
    """Return what a classifier decides behind the scaler of a system, by the softmax of its scores."""
    from scipy.special import softmax

    scaler, fresh = deepcopy(system.scaler), deepcopy(classifier)
    rooted = scaler.take_root(train)
    fresh.fit(scaler.fit(rooted).transform(rooted), labels)
    scores = softmax(fresh.scores(scaler.transform(scaler.take_root(test))), axis=1)
    return Decided(np.array(fresh.classes_)[scores.argmax(axis=1)], scores.max(axis=1).astype(float))


def decide_calibrated(system: EXCube2, train: Vectors, split: Split, test: Vectors) -> Decided:
    """Return what the readout of a system decides, calibrated on training speakers that it held out in turn."""
    part = split.train
    who = np.array(part.known_speakers or range(len(part)), dtype=str)
    finer = finer_labels(part) if system.finer_labels else None
    readout = system._new_readout().fit(train, part.labels, who, finer=None if finer is None else np.array(finer))
    found = readout.probabilities(test)
    return Decided(np.array(readout.classes)[found.argmax(axis=1)], found.max(axis=1))


# -- time ------------------------------------------------------------------------------------------------------

STAGES = {
    "features": ("decode", "features", "speech check"),
    "spikes": ("encoding",),
    "reservoir": ("reservoir",),
    "state vector": ("state vector",),
    "classifier": ("classifier",),
    "end to end": (),
}
"""Rows of Table 7, and the stages of a decision that each is made of; none stands for all."""

TRAINING, SIZE, SYNAPSES = "training, s a recording", "model, MB", "synapses of the cube"


def time_stages(system: EXCube2, split: Split) -> dict[str, Numbers]:
    """Return by row of Table 7 the median seconds of a decision's stages, and time and size of the trained system."""
    train, clips = split.train, split.test.clips()
    start = time.perf_counter()
    fresh = replace(system, seed=split.seed)
    fresh.fit(train.clips(), train.labels.tolist(), train.known_speakers, split.progress, finer_labels(train))
    training = (time.perf_counter() - start) / len(train)
    fresh.decide(clips[0])  # what is compiled, is compiled now
    spent = [fresh.decide(clip).seconds for clip in clips[:TIMED]]
    size = sum(array.nbytes for array in fresh.state()[0].values()) / 1e6
    whole = {TRAINING: training, SIZE: size, SYNAPSES: float(len(fresh.network_.recurrent.targets))}
    for row, stages in STAGES.items():
        whole[f"{row}, s"] = float(np.median([sum(one.get(name, 0.0) for name in stages or one) for one in spent]))
    return {row: np.full(len(clips), value) for row, value in whole.items()}


# -- interactions ----------------------------------------------------------------------------------------------

Links = Mapping[str, Bool[np.ndarray, "nodes nodes"]]
Classes = Shaped[np.ndarray, " clips"]


def follow_spikes(
    system: EXCube2, nodes: Callable[[EXCube2], Members], links: Callable[[Sequence[str]], Links], split: Split
) -> Found:
    """Return how often spikes at one node are followed by one at another in the test recordings of each class, in 1/s.

    Rows are groups of links, and columns the classes. The first row holds the whole matrices too, averaged by class.
    """
    system = train_cube(system, split)
    members, labels = nodes(system), split.test.labels
    names = list(members)

    def one(activity: Activity, _: Perceived) -> Float[np.ndarray, "nodes nodes"]:
        return interactions(activity, members)

    found = np.stack(run_cube(system, split.test.recordings, one, split.progress))
    classes = split.train.classes
    measured = {}
    for row, chosen in links(names).items():
        strength = found[:, chosen].mean(axis=1) if chosen.any() else np.full(len(found), np.nan)
        measured[row] = {label: np.where(labels == label, strength, np.nan) for label in classes}
    curves = {
        f"{label}: {name}": found[labels == label].mean(axis=0)[at].tolist()
        for label in classes
        for at, name in enumerate(names)
    }
    return Found(measured=measured, curves={next(iter(measured)): curves})
