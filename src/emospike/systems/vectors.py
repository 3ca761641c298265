"""Systems that read one vector a clip: the vectors of training clips, and the readouts that are fitted to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float32

from emospike.augmentation.voice import VirtualSpeakers, Voice
from emospike.clip import Clip
from emospike.clip.batch import map_clips
from emospike.features import Feature
from emospike.readout.readout import Probabilities, VectorReadout
from emospike.readout.training_rows import Rows
from emospike.systems.base import System
from emospike.systems.perception import MODALITIES, Perceived
from emospike.systems.training import TrainingSet
from emospike.validation import InputError

Vector = Float32[np.ndarray, " dims"]


@dataclass(frozen=True)
class FittedReadouts:
    """Readouts of vectors, fitted.

    Attributes
    ----------
    readouts : one a modality that can decide
    held_out : what was said of each training clip without its speaker (see `Readout.held_out_`); NaN where it lacks a
        modality
    statistics : what else was wanted of each training clip, by its index
    """

    readouts: dict[str, VectorReadout]
    held_out: dict[str, Probabilities]
    statistics: dict[int, Any]


def fit_vector_readouts(
    system: System,
    training: TrainingSet,
    make_readout: Callable[[], VectorReadout],
    *,
    augmentation: VirtualSpeakers | None = None,
    stage: str = "state vectors",
    collect: Callable[[Perceived, Mapping[str, Vector]], Any] | None = None,
) -> FittedReadouts:
    """Make the vectors of all training clips and of their augmented copies, and fit a readout for each modality.

    A system of two modalities has three readouts: one of vectors from both together, and one for each alone, by which a
    clip that lacks the other is decided. `collect` is asked on the way for something of every clip: it gets what was
    perceived and the vectors by modality.
    """
    rng = np.random.default_rng(system.seed)
    voices = [augmentation.voices(rng) if augmentation else [Voice()] for _ in training.clips]
    rows = {modality: Rows(len(voices), len(voices[0])) for modality in system.deciders}
    statistics: dict[int, Any] = {}

    def one(index: int, clip: Clip) -> tuple[dict[str, list[Vector]], Any]:
        seen = None if index in system.left_out_ else system.perceive_training(index, clip)
        if seen is None:
            return {}, None
        copies = [_spoken_by(voice, seen, system.features) for voice in voices[index]]
        able = [modality for modality in system.deciders if set(MODALITIES[modality]) <= set(seen.modalities)]
        vectors = {own: [system.represent(copy, MODALITIES[own]) for copy in copies] for own in able}
        recorded = {own: one[0] for own, one in vectors.items()}
        return vectors, collect(seen, recorded) if collect else None

    for i, (found, statistic) in enumerate(map_clips(one, training.clips, stage, training.progress)):
        if found:
            statistics[i] = statistic
        for modality, vectors in found.items():
            rows[modality].add(i, vectors)
    readouts, held_out = _fit_each(rows, training, make_readout)
    return FittedReadouts(readouts, held_out, statistics)


def _spoken_by(voice: Voice, seen: Perceived, features: Sequence[Feature]) -> Perceived:
    """Return the features as another voice would have given them."""
    pairs = zip(features, seen.series, strict=True)
    return replace(seen, series=tuple(one and feature.spoken_by(voice, one) for feature, one in pairs))


def _fit_each(
    rows: dict[str, Rows], training: TrainingSet, make_readout: Callable[[], VectorReadout]
) -> tuple[dict[str, VectorReadout], dict[str, Probabilities]]:
    """Fit a readout to the rows of each modality, which are dropped afterwards, as they are large."""
    readouts, held_out = {}, {}
    for modality in list(rows):
        own = rows.pop(modality)
        if len(own.source) and not own.vectors.any():
            raise InputError(f"no neuron that {modality} is read from ever fired: raise its drive or its rates")
        y, who, learnt = (part[own.source] for part in (training.labels, training.speakers, training.learnt))
        readout = make_readout().fit(own.vectors, y, who, own.recorded, learnt)
        held_out[modality] = np.full((len(training.clips), len(readout.classes)), np.nan)
        held_out[modality][own.source[own.recorded]] = readout.held_out_
        readouts[modality] = readout
    return readouts, held_out
