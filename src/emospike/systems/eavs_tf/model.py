"""EAVS-TF: a spiking transformer that hears and sees emotion, and takes any of its senses.

"EAVS-TF: A bio-inspired spiking neural network for energy-efficient multimodal emotion recognition". Only this title
is known to us; what is built here is a reading of it, after published relatives (see `docs/systems/eavs_tf.md`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float32, Shaped

from emospike.augmentation.masks import Augmentation
from emospike.clip import Clip
from emospike.clip.batch import map_clips, try_clips
from emospike.datasets.folds import inner_folds
from emospike.energy.operations import Operations
from emospike.features import Feature
from emospike.networks.spiking_transformer import Batch, SpikingTransformer, Stream
from emospike.networks.training import Training, require_torch
from emospike.progress import Progress, Stopwatch, tell_share
from emospike.readout.readout import PRIOR_CLIPS, grouped
from emospike.readout.selective import Calibration, threshold_for
from emospike.systems.base import Decision, Explanation
from emospike.systems.clips import training_labels
from emospike.systems.eavs_tf import presets as eavs_tf_presets
from emospike.systems.eavs_tf.panels import explanation_of, operations_of
from emospike.systems.eavs_tf.rehearsal import Memory, remembered, taught
from emospike.systems.eavs_tf.streams import (
    Means,
    Scales,
    accompanied,
    batch_of,
    mean_of,
    of_senses,
    speech_of,
)
from emospike.systems.eavs_tf.training import Lessons, held_out_scores, trained_members
from emospike.systems.perception import MODALITIES, Perceived, modality_of
from emospike.systems.sensing_system import Answer, Answers, Considered, SensingSystem
from emospike.validation import InputError, one_of, positive, within

Labels = Shaped[np.ndarray, " clips"]

COMPANIONS = 4
"""Tokens a step of a companion."""


@dataclass
class EAVSTransformer(SensingSystem):
    """Features -> token streams -> spiking transformer, several times over -> calibrated probabilities.

    Each of a few networks is trained without a part of the training speakers. These tell it when to stop, and what it
    says of them calibrates the probabilities and sets the threshold. The networks' scores are averaged.

    Attributes
    ----------
    features : what is heard, then what is seen
    kinds, tokens : what each feature becomes: a ``"picture"`` (a spectrum) or ``"tracks"``, in so many tokens a step
    companion : a feature of another kind, such as `EEG`, that joins where all senses decide and a clip has it
    network : the spiking transformer
    training : how it is trained
    augmentation : how training clips are varied
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
    companion: Feature | None = None
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

    @classmethod
    def modalities(cls) -> tuple[str, ...]:
        """What the system can perceive: as others, or EEG alone."""
        return (*super().modalities(), "eeg")

    @classmethod
    def presets(cls) -> tuple[str, ...]:
        """Names of the presets."""
        return tuple(eavs_tf_presets.PRESETS)

    @classmethod
    def preset(cls, name: str, seed: int = 0, modality: str = "audio") -> EAVSTransformer:
        """Return the unfitted system of a preset."""
        one_of("modality", modality, cls.modalities())
        parameters = eavs_tf_presets.PRESETS[one_of("preset", name, cls.presets())](modality)
        return cls(**parameters, modality=modality, seed=seed)

    @property
    def length(self) -> int:
        """Steps of the grid that train at a time."""
        return round(100 * self.excerpt)

    # -- training ----------------------------------------------------------------------------------------------

    def fit(
        self,
        clips: Sequence[Clip],
        labels: Sequence[str],
        speakers: Sequence[str] | None = None,
        progress: Progress | None = None,
        finer: Sequence[str] | None = None,
    ) -> EAVSTransformer:
        """Train the networks, each without some speakers, and calibrate on these."""
        require_torch()
        y, who = training_labels(clips, labels, speakers, self.normalise)
        learnt = np.asarray(finer, dtype=str) if finer is not None and self.finer_labels else y
        self.left_out_ = {}
        found = list(map_clips(self._perceived, clips, "features", progress))
        used = np.array([i for i, one in enumerate(found) if one is not None])
        seen = [one for one in found if one is not None]
        self._prepare(seen, learnt[used], y[used])
        shifts = self._shifts(seen, who[used] if self.normalise == "speaker" else None)
        target = (learnt[used, None] == np.array(self.learnt_)).astype(np.float32)
        lessons = Lessons(seen, shifts, target, inner_folds(y[used], who[used], self.members))
        self.networks_ = trained_members(self, lessons, tell_share(progress, len(clips)))
        self._calibrate(lessons, used, len(clips))
        self.memory_ = remembered(self, seen, shifts, learnt[used])
        return self

    def _perceived(self, index: int, clip: Clip) -> Perceived | None:
        """Return the features of a training clip while it speaks, or None where no face is found."""
        seen = self.trained_on(index, clip)
        return seen and self.spoken(seen)

    @property
    def read(self) -> tuple[Feature, ...]:
        """What the networks read: the features, and their companion."""
        return self.features if self.companion is None else (*self.features, self.companion)

    def spoken(self, seen: Perceived) -> Perceived:
        """Return all that the networks read of a clip, cut to its speech."""
        return speech_of(accompanied(seen, self.companion))

    def joined(self, senses: Sequence[str]) -> tuple[str, ...]:
        """Return the senses with their companion, which joins where all decide."""
        whole = self.companion is not None and set(senses) == set(MODALITIES[self.modality])
        return (*senses, self.companion.sense) if self.companion and whole else tuple(senses)

    def _prepare(self, seen: Sequence[Perceived], learnt: Labels, y: Labels) -> None:
        """Set what follows from the training clips before any network learns."""
        self.groups_ = grouped(learnt, y)
        self.learnt_ = tuple(self.groups_)
        self.classes_ = tuple(sorted(set(self.groups_.values())))
        examples = [next((one.series[i] for one in seen if one.series[i]), None) for i in range(len(self.read))]
        lacking = [feature.sense for feature, one in zip(self.read, examples, strict=True) if one is None]
        if lacking:
            needed = [*MODALITIES[self.modality], *([self.companion.sense] if self.companion else [])]
            why = next((f": {one.missing[lacking[0]]}" for one in seen if lacking[0] in one.missing), "")
            raise InputError(f"modality {self.modality} needs clips with {' and '.join(needed)}{why}")
        self.streams_ = [
            Stream(feature.sense, len(one.channels), kind, tokens)
            for feature, one, kind, tokens in zip(
                self.read, examples, (*self.kinds, "tracks"), (*self.tokens, COMPANIONS), strict=False
            )
            if one is not None
        ]
        self.scales_ = Scales.of(seen)
        self.population_ = mean_of(seen, self.scales_.means)
        self.shift_: Means = tuple(np.zeros_like(mean) for mean in self.population_)

    def _shifts(self, seen: Sequence[Perceived], who: Labels | None) -> list[Means]:
        """Return what is taken from the features of each clip: how far its speaker is from the training mean.

        With nobody named, what was learnt of the present speaker.
        """
        if who is None:
            return [self.shift_] * len(seen)
        of = {
            str(name): away(
                mean_of([seen[i] for i in np.flatnonzero(who == name).tolist()], self.population_), self.population_
            )
            for name in np.unique(who)
        }
        return [of[str(name)] for name in who]

    def _calibrate(self, lessons: Lessons, used: Shaped[np.ndarray, " used"], clips: int) -> None:
        """Fit probabilities and thresholds, by modality, to what each network says of the speakers that it lacked."""
        self.calibrations_: dict[str, Calibration] = {}
        self.thresholds_: dict[str, float] = {}
        self.held_out_: dict[str, Answers] = {}
        names = np.array(self.learnt_)
        learnt = names[lessons.target.argmax(axis=1)]
        for view in self.views:
            scores = held_out_scores(self, lessons, view)
            tested = np.isfinite(scores).all(axis=1)
            self.calibrations_[view] = Calibration().fit(scores[tested], learnt[tested], names)
            said = self._summed(scores, view)
            self.held_out_[view] = np.full((clips, len(self.classes_)), np.nan)
            self.held_out_[view][used] = said
            self.thresholds_[view] = threshold_for(said[tested], self.coverage)
        self.threshold_ = self.thresholds_[self.modality]

    # -- from a clip to an answer ------------------------------------------------------------------------------

    def batch(self, seen: Perceived, senses: Sequence[str], shift: Means | None = None) -> Batch:
        """Return what the networks read of these senses of a clip."""
        return self.batch_of_speech(self.spoken(seen), senses, shift)

    def batch_of_speech(self, spoken: Perceived, senses: Sequence[str], shift: Means | None = None) -> Batch:
        """Return the same of a clip that was cut to its speech."""
        arrays = self.scales_.arrays(spoken.series, shift or self.shift_)
        return batch_of([of_senses(arrays, self.streams_, self.joined(senses))], self.streams_, self.length)

    def scored(self, batch: Batch) -> Float32[np.ndarray, "clips learnt"]:
        """Return the mean of the networks' scores."""
        mean: Float32[np.ndarray, "clips learnt"] = np.mean([one.scores(batch) for one in self.networks_], axis=0)
        return mean

    def _summed(self, scores: Float32[np.ndarray, "clips learnt"], view: str) -> Answers:
        """Return the calibrated probability of each label, summed over its finer ones."""
        member = np.array([self.groups_[name] for name in self.learnt_])[:, None] == np.array(self.classes_)
        summed: Answers = self.calibrations_[view].probabilities(scores) @ member
        return summed

    def answer(
        self,
        seen: Perceived,
        senses: Sequence[str],
        watch: Stopwatch | None = None,
        shift: Means | None = None,
    ) -> Answer:
        """Return the calibrated probabilities that these senses alone give."""
        watch = watch or Stopwatch()
        with watch("network"):
            scores = self.scored(self.batch(seen, senses, shift))
        with watch("classifier"):
            answer: Answer = self._summed(scores, modality_of(senses))[0]
        return answer

    def decision_on(self, found: Considered, threshold: float | None, seconds: Mapping[str, float]) -> Decision:
        """Return the decision that the answers to a clip mean; it tells of a companion that should join and lacks."""
        if len(self.joined(found.seen.senses)) > len(found.seen.senses):
            found = replace(found, seen=accompanied(found.seen, self.companion))
        return super().decision_on(found, threshold, seconds)

    def limit(self, view: str, threshold: float | None = None) -> float:
        """Return the confidence that an answer by a modality needs: its own, unless one is given."""
        return self.thresholds_[view] if threshold is None else threshold

    def predict_proba(
        self, clips: Sequence[Clip], speakers: Sequence[str] | None = None, progress: Progress | None = None
    ) -> Answers:
        """Return calibrated probabilities, columns in the order of `classes_`."""
        seen = list(map_clips(lambda _, clip: self.perceive(clip), clips, "answers", progress))
        pairs = zip(seen, self._speaker_shifts(seen, speakers), strict=True)
        return np.stack([self.answer(one, one.senses, shift=shift) for one, shift in pairs])

    def answers(
        self, clips: Sequence[Clip], speakers: Sequence[str] | None = None, progress: Progress | None = None
    ) -> tuple[dict[str, Answers], dict[int, str]]:
        """Return the probabilities by every modality, and why some clips have none (see `SensingSystem.answers`)."""
        found, reasons = try_clips(self.perceive, clips, "answers", progress)
        who = None if speakers is None else [speakers[i] for i in found]
        out = {view: np.full((len(clips), len(self.classes_)), np.nan) for view in self.views}
        for (row, seen), shift in zip(found.items(), self._speaker_shifts([*found.values()], who), strict=True):
            for view in self.views_in(seen):
                out[view][row] = self.answer(seen, MODALITIES[view], shift=shift)
        return out, reasons

    def _speaker_shifts(self, seen: Sequence[Perceived], speakers: Sequence[str] | None) -> list[Means]:
        """Return the shift of each clip, by its speaker if these are known and normalised."""
        if speakers is None or self.normalise != "speaker":
            return self._shifts(seen, None)
        return self._shifts([self.spoken(one) for one in seen], np.asarray(speakers))

    # -- adapting ----------------------------------------------------------------------------------------------

    def adapt(self, clips: Sequence[Clip], labels: Sequence[str] | None = None) -> EAVSTransformer:
        """Learn a new speaker (without labels: the mean of its features), or new clips and classes.

        The mean of n clips is believed to n / (n + `PRIOR_CLIPS`). Labelled clips change the heads alone, which learn
        them together with training clips that were kept.
        """
        found = list(map_clips(lambda _, clip: self.spoken(self.perceive(clip)), clips, "features"))
        if labels is not None:
            return taught(self, found, np.asarray(labels, dtype=str))
        trust = np.float32(len(clips) / (len(clips) + PRIOR_CLIPS))
        self.shift_ = tuple(trust * part for part in away(mean_of(found, self.population_), self.population_))
        return self

    # -- looking inside ----------------------------------------------------------------------------------------

    def detailed(self, shown: Explanation, seen: Perceived) -> Explanation:
        """Return the explanation with what only this system can tell."""
        return explanation_of(self, shown, seen)

    def operations(self, clip: Clip, modality: str | None = None) -> Operations:
        """Return what one decision on this clip costs."""
        seen = self.perceive(clip, modality)
        return operations_of(self, self.batch(seen, seen.senses))

    # -- storing -----------------------------------------------------------------------------------------------

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return the fitted arrays, and the fitted facts that JSON can hold."""
        arrays: dict[str, np.ndarray] = {}
        for member, network in enumerate(self.networks_):
            arrays |= {f"network.{member}.{name}": one for name, one in network.weights().items()}
        kept = {"mean": self.scales_.means, "deviation": self.scales_.deviations}
        kept |= {"population": self.population_, "shift": self.shift_}
        arrays |= {f"{name}.{i}": one for name, parts in kept.items() for i, one in enumerate(parts)}
        arrays |= {f"bias.{view}": one.bias_ for view, one in self.calibrations_.items()}
        arrays |= self.memory_.state()
        facts: dict[str, Any] = {"networks": len(self.networks_), "thresholds": self.thresholds_}
        facts |= {"learnt": self.learnt_, "groups": [self.groups_[name] for name in self.learnt_]}
        facts |= {"temperatures": {view: one.temperature_ for view, one in self.calibrations_.items()}}
        facts |= {"streams": [[one.modality, one.channels, one.kind, one.tokens] for one in self.streams_]}
        return arrays, facts

    def restore(self, arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any]) -> EAVSTransformer:
        """Take back what `state` returned."""
        self.learnt_ = tuple(facts["learnt"])
        self.groups_ = dict(zip(self.learnt_, facts["groups"], strict=True))
        self.streams_ = [Stream(*one) for one in facts["streams"]]
        count = range(len(self.streams_))
        mean, deviation, self.population_, self.shift_ = (
            tuple(arrays[f"{name}.{i}"] for i in count) for name in ("mean", "deviation", "population", "shift")
        )
        self.scales_ = Scales(mean, deviation)
        self.thresholds_ = {view: float(one) for view, one in facts["thresholds"].items()}
        self.calibrations_ = {view: Calibration() for view in self.thresholds_}
        for view, calibration in self.calibrations_.items():
            calibration.temperature_, calibration.bias_ = facts["temperatures"][view], arrays[f"bias.{view}"]
        from emospike.networks.torch.transformer import TransformerNetwork

        self.networks_ = []
        for member in range(facts["networks"]):
            head = f"network.{member}."
            own = {name.removeprefix(head): one for name, one in arrays.items() if name.startswith(head)}
            self.networks_.append(TransformerNetwork.build(self.network, self.streams_, len(self.learnt_)).restore(own))
        self.memory_ = Memory.restored(arrays)
        return self


def away(mean: Means, centre: Means) -> Means:
    """Return how far a mean lies from a centre."""
    return tuple(one - other for one, other in zip(mean, centre, strict=True))
