"""Noise, as in the follow-up of the cross-modal paper: trained on clean recordings, tested on worse ones.

Mansouri-Benssassi and Ye 2021, "Generalisation and robustness investigation for facial and speech emotion recognition
using bio-inspired spiking neural networks", Soft Computing 25:1717 (doi 10.1007/s00500-020-05501-7).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from typing import Any
from zlib import crc32

import numpy as np
from jaxtyping import Float32

from emospike.augmentation.noise import (
    TALKERS,
    add_gaussian_noise,
    add_salt_and_pepper,
    draw_babble,
    draw_white_noise,
    mix_noise,
)
from emospike.clip import SAMPLE_RATE, Clip
from emospike.clip.batch import map_clips
from emospike.datasets import Dataset
from emospike.readout.classifiers import SklearnClassifier
from emospike.systems.baseline.model import Baseline
from emospike.systems.cross_modal.model import CrossModal
from emospike.systems.cross_modal.paper import FACE_NOTES, OURS, read_face
from emospike.systems.cross_modal.presets import default
from emospike.systems.cross_modal.trials import (
    Material,
    Seen,
    count_spikes,
    decide_by_counts,
    make_system,
)
from emospike.systems.paper import Claim, Found, Labels, Reproduction, Split, Trial
from emospike.systems.pathways import Lines

LEVELS = (20, 10, 5, 0, -5)
"""Signal-to-noise ratios, dB."""

STRENGTHS = (0.1, 0.2, 0.3, 0.5)
"""Deviations of Gaussian noise, and shares of the pixels that salt and pepper set."""

COLUMNS = ("SNN", "SVM", "CNN", "statistics")
CLEAN = "clean"

TESTED = 3
"""Of the test recordings, one in so many is tested at every level of noise."""

Condition = tuple[str, float]
"""A kind of noise, and how much of it."""

Decided = dict[str, dict[str, Labels]]
Images = Float32[np.ndarray, "clips height width"]


# -- those that are compared ----------------------------------------------------------------------------------


def stack_images(lines: Seen) -> Images:
    """Return what is on the input lines of all layers as one picture a recording: the same input for all."""
    return np.stack([np.concatenate([own for own in one if own is not None], axis=1) for one in lines])


def fit_peers(train: Dataset, learnt: Seen, seed: int) -> Mapping[str, Callable[[Images], Labels]]:
    """Return classifiers without spikes, trained on the same input lines: what each decides on pictures of them."""
    pictures = stack_images(learnt)
    svm = SklearnClassifier("rbf_svm").fit(pictures.reshape(len(pictures), -1), train.labels)
    classes = np.array(svm.classes_)
    found = {"SVM": lambda new: classes[svm.scores(new.reshape(len(new), -1)).argmax(axis=1)]}
    if find_spec("torch"):
        from emospike.networks.torch.small_cnn import SmallCNN

        found["CNN"] = SmallCNN(seed=seed).fit(pictures, train.labels).predict
    return found


def compare_noise(system: CrossModal, learnt: Seen, worse: Mapping[str, Seen], split: Split) -> Decided:
    """Return what the spiking layers and their peers decide on what became of the test recordings, by its name."""
    senses = tuple(dict.fromkeys(pathway.modality for pathway in system.pathways))
    tests = {name: count_spikes(system, lines, senses, split) for name, lines in worse.items()}
    spiking = decide_by_counts(system, split.train, count_spikes(system, learnt, senses, split), tests)
    out: Decided = {name: {"SNN": found["linear"]} for name, found in spiking.items()}
    for column, decide in fit_peers(split.train, learnt, split.seed).items():
        for name, lines in worse.items():
            out[name][column] = decide(stack_images(lines))
    return out


# -- sound ----------------------------------------------------------------------------------------------------


def worsen_clip(index: int, clip: Clip, kind: str, snr: float, talkers: Dataset) -> Clip:
    """Return a recording with noise; the noise is drawn from the name of the recording, and is the same every time."""
    if kind == CLEAN:
        return clip
    rng = np.random.default_rng([index, crc32(clip.name.encode())])
    sound = clip.sound
    if kind == "white":
        noise = draw_white_noise(len(sound), rng)
    else:
        drawn = rng.choice(len(talkers), min(TALKERS, len(talkers)), replace=False)
        noise = draw_babble(len(sound), [one.sound for one in talkers.subset(drawn).clips()], rng)
    return Clip.from_array(mix_noise(sound, noise, snr), SAMPLE_RATE, clip.name)


def hear_noise(conditions: Mapping[str, Condition], system: CrossModal, material: Material, split: Split) -> Found:
    """Train on clean sound, and decide on sound with noise; babble is made of training speakers."""
    system, learnt, _ = material.train(system, split)
    plain = Baseline.preset("svm", split.seed)
    plain.fit(split.train.clips(), split.train.labels.tolist(), split.train.speakers.tolist(), split.progress)
    worse: dict[str, Seen] = {}
    statistics: dict[str, Labels] = {}
    for name, (kind, snr) in conditions.items():
        one = partial(worsen_clip, kind=kind, snr=snr, talkers=split.train)
        clips = list(map_clips(one, split.test.clips(), name, split.progress))
        worse[name] = [system.inputs_.lines(system.perceive(clip)) for clip in clips]
        statistics[name] = np.array(plain.classes_)[plain.predict_proba(clips).argmax(axis=1)]
    found = compare_noise(system, learnt, worse, split)
    return Found({name: {**columns, "statistics": statistics[name]} for name, columns in found.items()})


# -- the face -------------------------------------------------------------------------------------------------

WORSE = {"Gaussian": add_gaussian_noise, "salt and pepper": add_salt_and_pepper}


def see_noise(conditions: Mapping[str, Condition], system: CrossModal, material: Material, split: Split) -> Found:
    """Train on clean contours, and decide on contours with noise."""
    system, learnt, tested = material.train(system, split)
    worse: dict[str, Seen] = {}
    for name, (kind, strength) in conditions.items():
        rng = np.random.default_rng(split.seed)
        worse[name] = [[_worsen(own, kind, strength, rng) for own in one] for one in tested]
    return Found(compare_noise(system, learnt, worse, split))


def _worsen(own: Lines | None, kind: str, strength: float, rng: np.random.Generator) -> Lines | None:
    return own if own is None or kind == CLEAN else WORSE[kind](own, strength, rng)


# -- the two reproductions ------------------------------------------------------------------------------------


def list_conditions(kinds: Sequence[str], levels: Sequence[float], unit: str) -> dict[str, Condition]:
    """Return every kind of noise at every level, by name; and none of it."""
    worse = {f"{kind} noise, {level:g}{unit}": (kind, float(level)) for kind in kinds for level in levels}
    return {CLEAN: (CLEAN, 0.0), **worse}


def _describe(
    title: str, conditions: Mapping[str, Condition], trial: Callable[..., Found], system: CrossModal, **more: Any
) -> Reproduction:
    """Return the reproduction of one trial, whose rows are the kinds and levels of noise."""
    paper: Mapping[str, Mapping[str, float]] = more.pop("paper")
    claims = tuple(
        Claim(name, paper.get(name, {}), {"noise": kind, "level": level}) for name, (kind, level) in conditions.items()
    )
    made = Trial(claims, f"{trial.__name__} {system}", partial(trial, conditions, system, Material()))
    source = "Mansouri-Benssassi and Ye 2021 (Soft Computing 25:1717)"
    return Reproduction(title, source, (made,), COLUMNS, protocols=("speaker-folds",), figure="noise", **more)


def noise() -> Reproduction:
    """Noise on sound: white, and a babble of voices."""
    conditions = list_conditions(("white", "babble"), LEVELS, " dB")
    return _describe(
        "Sound with noise, trained on clean sound",
        conditions,
        hear_noise,
        make_system(default("audio")["pathways"], "audio"),
        paper={},
        every=TESTED,
        notes=(
            f"babble is {TALKERS} recordings of training speakers at once; of the test recordings one in {TESTED} is "
            "tested",
            "SNN: the layers of preset default and a linear readout, without virtual speakers; SVM and CNN have the "
            "same input lines; statistics: system baseline",
            "the follow-up tells, for white noise of a level that is not known to us, SNN 0.743, CNN 0.220, SVM 0.148",
        ),
    )


def image_noise() -> Reproduction:
    """Noise on pictures of the face: Gaussian, and salt and pepper."""
    conditions = list_conditions(tuple(WORSE), STRENGTHS, "")
    return _describe(
        "Contours of the face with noise, trained on clean contours",
        conditions,
        see_noise,
        make_system(read_face("contours", OURS), "face"),
        paper={"Gaussian noise, 0.5": {"SNN": 0.562, "SVM": 0.141, "CNN": 0.2264}},
        modality="face",
        notes=(
            *FACE_NOTES,
            "noise is on the contours, 0 to 1: Gaussian by its deviation, salt and pepper by its share of the pixels; "
            "the follow-up tells its accuracies at an intensity of 0.5, of another data set",
        ),
    )
