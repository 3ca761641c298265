"""EAVS-TF: a spiking transformer that hears and sees emotion, and takes any of its senses.

"EAVS-TF: A bio-inspired spiking neural network for energy-efficient multimodal emotion recognition". Only this title
is known to us; what is built here is a reading of it, after published relatives (see `docs/systems/eavs_tf.md`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from emospike.augmentation.channel import ChannelVariation
from emospike.augmentation.masks import Augmentation
from emospike.clip import Clip
from emospike.clip.batch import map_clips
from emospike.datasets.folds import inner_folds
from emospike.energy.operations import Operations
from emospike.explain.panel import Panel
from emospike.features import Feature
from emospike.networks.spiking_transformer import SpikingTransformer, Stream
from emospike.networks.training import Training, require_torch
from emospike.progress import Stopwatch, tell_share
from emospike.readout.calibration import Calibration, group_labels
from emospike.readout.speaker_mean import SpeakerMean
from emospike.systems.base import System
from emospike.systems.eavs_tf.cost import count_operations
from emospike.systems.eavs_tf.ensemble import Ensemble, TransformerReadout
from emospike.systems.eavs_tf.panels import make_panels
from emospike.systems.eavs_tf.streams import (
    Scales,
    add_auxiliary,
    clip_means,
    cut_to_speech,
    mask_series,
)
from emospike.systems.eavs_tf.training import Recipe, TrainingClips, score_held_out
from emospike.systems.explaining import Attributions
from emospike.systems.perception import MODALITIES, Perceived
from emospike.systems.training import Labels, TrainingSet
from emospike.validation import InputError, one_of, positive, within

AUXILIARY_TOKENS = 4
"""Tokens a step of an auxiliary modality."""


@dataclass
class EAVSTransformer(System):
    """Features -> token streams -> spiking transformer, several times over -> calibrated probabilities.

    Each of a few networks is trained without a part of the training speakers. These tell it when to stop, and what it
    says of them calibrates the probabilities and sets the threshold. The networks' scores are averaged.

    Attributes
    ----------
    features : what is heard, then what is seen
    kinds, tokens : what each feature becomes: a ``"picture"`` (a spectrum) or ``"tracks"``, in so many tokens a step
    auxiliary : a feature of another kind, such as `EEG`, that joins where all senses decide and a clip has it
    network : the spiking transformer
    training : how it is trained
    augmentation : how training clips are varied
    channel_variation : copies of the training clips over other channels, which train beside them, or None
    level : active level that every sound is brought to before any feature, dBFS; None takes sound as recorded
    modality : ``"audio"``, ``"face"``, ``"both"`` or ``"eeg"``
    penalty : of the heads that are solved in closed form once a network is trained; None keeps its own
    copies : other voices of each training clip, from which they are solved
    members : networks, at most; as many as there are training speakers at least
    excerpt : seconds of a clip that train at a time
    finer_labels : learn finer labels where they are known (emotions for arousal), and sum their probabilities
    normalise : ``"none"``, or ``"speaker"``: each speaker's mean features are removed, without labels
    coverage : share of held-out training clips that the stored threshold lets through
    seed : of every random draw
    """

    features: tuple[Feature, ...]
    kinds: tuple[str, ...]
    tokens: tuple[int, ...]
    network: SpikingTransformer
    training: Training
    augmentation: Augmentation
    auxiliary: Feature | None = None
    channel_variation: ChannelVariation | None = None
    level: float | None = None
    modality: str = "audio"
    penalty: float | None = 500.0
    copies: int = 3
    members: int = 3
    excerpt: float = 2.56
    finer_labels: bool = True
    normalise: str = "none"
    coverage: float = 0.78
    seed: int = 0

    def __post_init__(self) -> None:
        if not len(self.features) == len(self.kinds) == len(self.tokens):
            raise InputError(f"a kind and tokens a feature expected, got {self.kinds}, {self.tokens}")
        one_of("normalise", self.normalise, ("none", "speaker"))
        positive("members", self.members)
        within("coverage", self.coverage, 0, 1)
        within("excerpt in seconds", self.excerpt, 0.16, 60)

    @property
    def read(self) -> tuple[Feature, ...]:
        """What the networks read: the features, and the auxiliary one."""
        return self.features if self.auxiliary is None else (*self.features, self.auxiliary)

    @property
    def abilities(self) -> frozenset[str]:
        """What it can do; an auxiliary modality may be EEG."""
        return super().abilities | ({"eeg"} & {feature.modality for feature in self.read})

    def _join(self, modalities: Sequence[str]) -> tuple[str, ...]:
        """Return the modalities with the auxiliary one, which joins where all decide."""
        whole = self.auxiliary is not None and set(modalities) == set(MODALITIES[self.modality])
        return (*modalities, self.auxiliary.modality) if self.auxiliary and whole else tuple(modalities)

    # -- training ----------------------------------------------------------------------------------------------

    def _fit(self, training: TrainingSet) -> None:
        """Train the networks, each without some speakers, and calibrate on these."""
        require_torch()
        found = list(map_clips(self._perceive_speech, training.clips, "features", training.progress))
        used = np.array([i for i, own in enumerate(found) if own])
        spoken, copies = [own[0] for own in found if own], [copy for own in found for copy in own[1:]]
        labels, learnt, who = (part[used] for part in (training.labels, training.learnt, training.speakers))
        label_of = group_labels(learnt, labels)
        self.ensemble_ = self._new_ensemble(spoken)
        shifts = self.ensemble_.shifts_of(spoken, who)
        target = (learnt[:, None] == np.array(list(label_of))).astype(np.float32)
        joined = {decider: self._join(MODALITIES[decider]) for decider in self.deciders}
        weights = None if training.weights is None else training.weights[used]
        folds = inner_folds(labels, who, self.members)
        clips = TrainingClips(self.read, spoken, shifts, target, folds, joined, weights)
        clips = clips.add_copies(copies, self.channel_copies)
        recipe = Recipe(self.network, self.training, self.augmentation, self.penalty, self.copies, self.seed)
        recipe.train(self.ensemble_, clips, tell_share(training.progress, len(training.clips)))
        for decider in self.deciders:
            calibration = self.ensemble_.calibrations[decider] = Calibration(self.coverage)
            scores = score_held_out(self.ensemble_, clips, decider)[: len(spoken)]
            held_out = calibration.fit(scores, learnt, label_of, None, weights)
            self.held_out_[decider] = np.full((len(training.clips), held_out.shape[1]), np.nan)
            self.held_out_[decider][used] = held_out
        self.ensemble_.keep(spoken, shifts, target.argmax(axis=1), self.seed)
        self._set_readouts()

    def _perceive_speech(self, index: int, clip: Clip) -> list[Perceived]:
        """Return the features of a training clip and of its copies while they speak, or none where no face is found."""
        seen = self.perceive_training(index, clip)
        return [] if seen is None else [self._cut(one) for one in (seen, *self.perceive_copies(seen))]

    def _cut(self, seen: Perceived) -> Perceived:
        """Return all that the networks read of a clip, cut to its speech."""
        return cut_to_speech(add_auxiliary(seen, self.auxiliary))

    def _new_ensemble(self, spoken: Sequence[Perceived]) -> Ensemble:
        """Return what follows from the training clips before any network learns."""
        examples = [next((one.series[i] for one in spoken if one.series[i]), None) for i in range(len(self.read))]
        lacking = [feature.modality for feature, one in zip(self.read, examples, strict=True) if one is None]
        if lacking:
            needed = [*MODALITIES[self.modality], *([self.auxiliary.modality] if self.auxiliary else [])]
            why = next((f": {one.missing[lacking[0]]}" for one in spoken if lacking[0] in one.missing), "")
            raise InputError(f"modality {self.modality} needs clips with {' and '.join(needed)}{why}")
        kinds, tokens = (*self.kinds, "tracks"), (*self.tokens, AUXILIARY_TOKENS)
        streams = [
            Stream(feature.modality, len(one.channels), kind, count)
            for feature, one, kind, count in zip(self.read, examples, kinds, tokens, strict=False)
            if one is not None
        ]
        speakers = tuple(SpeakerMean(self.normalise).fit(clip_means(spoken, i)) for i in range(len(streams)))
        return Ensemble(streams, self.length, Scales.of(spoken), speakers)

    @property
    def length(self) -> int:
        """Steps of the grid that train at a time."""
        return round(100 * self.excerpt)

    def _set_readouts(self) -> None:
        self.readouts_ = {own: TransformerReadout(self.ensemble_, own) for own in self.deciders}

    # -- from a clip to an answer ------------------------------------------------------------------------------

    def represent(self, seen: Perceived, modalities: Sequence[str], timer: Stopwatch | None = None) -> Perceived:
        """Return what the networks read of these modalities, and of the auxiliary one if it joins, cut to speech."""
        spoken = self._cut(seen)
        return replace(spoken, series=mask_series(spoken.series, self.ensemble_.streams, self._join(modalities)))

    def _missing(self, seen: Perceived) -> Mapping[str, str]:
        """Return why modalities that could have decided are not there; an auxiliary one that should join is told."""
        joins = len(self._join(seen.modalities)) > len(seen.modalities)
        return add_auxiliary(seen, self.auxiliary).missing if joins else seen.missing

    def _adapt(self, found: Sequence[Mapping[str, Perceived]], labels: Labels | None) -> None:
        """Learn a new speaker's mean features, or let the heads of all networks learn clips beside those in memory."""
        clips = [next(iter(own.items())) for own in found]
        if labels is None:
            self.ensemble_.adapt_to_speaker([spoken for _, spoken in clips])
        else:
            self.ensemble_.learn(clips, labels)

    # -- looking inside ----------------------------------------------------------------------------------------

    def _panels(self, seen: Perceived, target: int) -> tuple[Attributions, list[Panel]]:
        """Return what parts of a clip do to a class, and the pictures that only this system has."""
        return make_panels(self, seen, target)

    def _operations(self, seen: Perceived) -> Operations:
        """Return what one decision on this clip costs."""
        spoken = self.represent(seen, seen.modalities)
        return count_operations(self.ensemble_, spoken, spiking=self.network.spiking)

    # -- storing -----------------------------------------------------------------------------------------------

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return the fitted arrays, and the fitted facts that JSON can hold."""
        return self.ensemble_.state()

    def restore(self, arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any]) -> EAVSTransformer:
        """Take back what `state` returned."""
        self.ensemble_ = Ensemble.restore(
            arrays, facts, self.network, length=self.length, normalise=self.normalise, coverage=self.coverage
        )
        if [one.modality for one in self.ensemble_.streams] != [one.modality for one in self.read]:
            raise InputError(f"one stream for each of {len(self.read)} features expected")
        self._set_readouts()
        return self
