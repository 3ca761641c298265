"""The contract that every system keeps, and what it answers with."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Float32, Int

from emospike.activity import Activity
from emospike.clip import Clip
from emospike.energy.operations import Operations
from emospike.features.face_landmarks import Head
from emospike.features.face_track import face_notes
from emospike.features.speech import SpeechCheck
from emospike.networks.synchrony_graph import SynchronyGraph
from emospike.progress import Progress
from emospike.readout.early import Ballot
from emospike.readout.traffic import Learning, Traffic
from emospike.series import Series
from emospike.spikes import Spikes
from emospike.systems.perception import WORDS
from emospike.validation import NotTrainedError, one_of


@dataclass(frozen=True)
class Decision:
    """What a system says about one clip.

    Attributes
    ----------
    label : the most probable class, also when it is not answered
    probabilities : calibrated probability of each class
    confidence : probability of `label`
    answered : False means "don't know"
    reason : why it was answered or not, in words
    share : how much each sense contributed, summing to 1
    seconds : time spent in each stage
    speech : False where sound decided that holds no speech, or is too short to tell
    """

    label: str
    probabilities: Mapping[str, float]
    confidence: float
    answered: bool
    reason: str
    share: Mapping[str, float] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    speech: bool = True


SHORTEST_SPEECH = 0.5
"""Seconds of sound below which no decision is given: a syllable or two say nothing reliable."""

CLIPPING = 0.01
"""Share of samples at full scale from which a decision says that the recording is clipped."""


def as_clip(recording: Clip | Path | str) -> Clip:
    """Return a recording that may be given by its path as a clip.

    >>> as_clip("a.wav").name
    'a.wav'
    """
    return recording if isinstance(recording, Clip) else Clip(recording)


def verdict(confidence: float, threshold: float) -> tuple[bool, str]:
    """Return whether a confidence is enough for an answer, and why.

    >>> verdict(0.6, 0.7)
    (False, "don't know: confidence 0.60 is below the threshold 0.70")
    >>> verdict(0.996, 0.7)
    (True, 'confidence >0.99 reaches the threshold 0.70')
    """
    shown = ">0.99" if 0.995 <= confidence < 1 else "<0.01" if 0 < confidence < 0.005 else f"{confidence:.2f}"
    if confidence >= threshold:
        return True, f"confidence {shown} reaches the threshold {threshold:.2f}"
    return False, f"don't know: confidence {shown} is below the threshold {threshold:.2f}"


def decision(
    clip: Clip,
    classes: Sequence[str],
    probabilities: Float[np.ndarray, " classes"],
    *,
    threshold: float,
    share: Mapping[str, float],
    seconds: Mapping[str, float],
    missing: Mapping[str, str] | None = None,
    unheard: str | None = None,
) -> Decision:
    """Return the decision that these probabilities mean, and say why it is answered or not.

    `missing` says of each sense that the clip lacks why; `share` names those that decided; `unheard` is what
    `unheard_speech` says of a clip whose sound decided.
    """
    best = int(probabilities.argmax())
    confidence = float(probabilities[best])
    answered, reason = verdict(confidence, threshold)
    if unheard:
        answered, reason = False, f"don't know: {unheard}"
    reason = "; ".join([reason, *_remarks(clip, share, missing or {})])
    by_class = {name: float(p) for name, p in zip(classes, probabilities, strict=True)}
    return Decision(classes[best], by_class, confidence, answered, reason, share, seconds, speech=not unheard)


def unheard_speech(clip: Clip) -> str | None:
    """Return why a sound cannot be decided on as speech, or None."""
    if clip.seconds < SHORTEST_SPEECH:
        return f"{clip.seconds:.2f} s of sound, {SHORTEST_SPEECH} s are needed"
    missing = SpeechCheck().missing(clip)
    return missing and f"no speech was heard: {missing}"


def _remarks(clip: Clip, share: Mapping[str, float], missing: Mapping[str, str]) -> Iterator[str]:
    """Yield what else should be known about a decision."""
    if len(share) > 1:
        yield ", ".join(f"{WORDS[sense]} {part:.0%}" for sense, part in share.items())
    for why in missing.values():
        yield f"{' and '.join(WORDS[sense] for sense in share)} alone: {why}"
    if "audio" in share and clip.clipped > CLIPPING:
        yield f"{clip.clipped:.0%} of the samples are clipped"
    if "audio" in share and clip.warning:
        yield clip.warning
    if "face" in share:
        yield from face_notes(clip)


def undecided(classes: Sequence[str], why: str, seconds: Mapping[str, float]) -> Decision:
    """Return the answer to a clip that shows nothing to decide on: every class is as probable as any other.

    >>> undecided(("high", "low"), "no face in a.mp4", {}).reason
    "don't know: no face in a.mp4"
    """
    alike = 1 / len(classes)
    return Decision(classes[0], dict.fromkeys(classes, alike), alike, False, f"don't know: {why}", {}, seconds)


@dataclass(frozen=True)
class Effect:
    """What leaving one thing out does to a decision.

    Attributes
    ----------
    name : the band, region or moment that was left out
    change : log-odds of the decided class with it minus without it; positive speaks for the decision
    """

    name: str
    change: float


def no_spikes() -> Spikes:
    """Return the spikes of a system that has none."""
    return Spikes.silent(steps=0, rate=100.0)


def no_activity() -> Activity:
    """Return the activity of a system that has no neurons."""
    return Activity(no_spikes(), np.empty(0, np.int32), np.empty(0, np.int32), neurons=0)


@dataclass(frozen=True)
class Explanation:
    """Everything that the figures of one decision draw; computed once, by the system itself.

    What a system does not have stays empty, as it is by default: no neurons without a network, no areas without a
    brain. Figures draw what is there.

    Attributes
    ----------
    name : the clip's name
    decision, threshold : what was decided, and the confidence that an answer needs
    series : the features, by name
    bands, moments, areas : effects of leaving out bands of sound and parts of the face, stretches of time, and brain
        regions
    senses : effects of leaving out the sound, and the face, by name of the sense
    target : the class whose log-odds the effects are of; empty for the decided one
    alone : the probabilities that each sense alone gives, where there are several
    missing : why a sense that the system has is not there, in words
    sound : mono sound at 16 kHz, full scale ±1
    head : the face as points
    decoded : each feature rebuilt from its spikes (where the encoder can be decoded), and its normalised error
    spikes : the input spikes of all features
    activity : the network's spikes
    positions : MNI coordinates of the neurons, mm
    region : index of each neuron's region in `regions`
    regions : region names
    sites : MNI coordinates of the input channels' sites, shape (channels, sites, 3), mm
    nodes : names of the interaction network's nodes (groups of channels, left and right)
    interactions : [from, to] how often a spike at one node is followed by one at the other a step later
    class_interactions : the same, averaged over the training clips of each class
    traffic : what passed between regions over the synapses
    learning : what learning changed between regions; None without learning
    synchrony : which neurons of the two senses fired together; None where that is not looked at
    ballot : what voting neurons saw, and how they voted; None where none vote
    """

    name: str
    decision: Decision
    threshold: float
    series: Mapping[str, Series]
    bands: Sequence[Effect]
    moments: Sequence[Effect]
    areas: Sequence[Effect] = ()
    senses: Sequence[Effect] = ()
    target: str = ""
    alone: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    sound: Float32[np.ndarray, " samples"] = field(default_factory=partial(np.zeros, 0, np.float32))
    head: Head | None = None
    decoded: Mapping[str, tuple[Series, float]] = field(default_factory=dict)
    spikes: Spikes = field(default_factory=no_spikes)
    activity: Activity = field(default_factory=no_activity)
    positions: Float32[np.ndarray, "neurons 3"] = field(default_factory=partial(np.zeros, (0, 3), np.float32))
    region: Int[np.ndarray, " neurons"] = field(default_factory=partial(np.zeros, 0, np.int32))
    regions: tuple[str, ...] = ()
    sites: Float32[np.ndarray, "channels sites 3"] = field(default_factory=partial(np.zeros, (0, 0, 3), np.float32))
    nodes: tuple[str, ...] = ()
    interactions: Float[np.ndarray, "nodes nodes"] = field(default_factory=partial(np.zeros, (0, 0)))
    class_interactions: Mapping[str, Float[np.ndarray, "nodes nodes"]] = field(default_factory=dict)
    traffic: Traffic | None = None
    learning: Learning | None = None
    synchrony: SynchronyGraph | None = None
    ballot: Ballot | None = None

    @property
    def about(self) -> str:
        """The class whose log-odds the effects are of."""
        return self.target or self.decision.label


class System(ABC):
    """One published system, from clips to explained decisions; scikit-learn's conventions over lists of clips.

    A subclass is a dataclass of parameters (plain values and registered steps) whose fitted attributes end in an
    underscore. It registers itself by one line in `emospike.systems.SYSTEMS`.

    Attributes
    ----------
    classes_ : sorted labels
    threshold_ : confidence below which the answer is "don't know"
    card : what the model is, was trained on, and reached (see `emospike.store`)
    """

    classes_: tuple[str, ...]
    threshold_: float
    card: dict[str, Any]

    @classmethod
    @abstractmethod
    def preset(cls, name: str, seed: int = 0, modality: str = "audio") -> System:
        """Return the unfitted system of a named preset, for one of its `modalities`."""

    @classmethod
    @abstractmethod
    def presets(cls) -> tuple[str, ...]:
        """Names of the presets, the default one first."""

    @classmethod
    def modalities(cls) -> tuple[str, ...]:
        """What the system can perceive: ``"audio"``, ``"face"``, ``"both"``."""
        return ("audio",)

    @abstractmethod
    def fit(
        self,
        clips: Sequence[Clip],
        labels: Sequence[str],
        speakers: Sequence[str] | None = None,
        progress: Progress | None = None,
        finer: Sequence[str] | None = None,
    ) -> System:
        """Train on labelled clips; `speakers` keep calibration honest by holding out whole speakers.

        `finer` labels, each within one label, may be learnt in place of `labels`; what is decided stays the same.
        """

    @abstractmethod
    def predict_proba(
        self, clips: Sequence[Clip], speakers: Sequence[str] | None = None, progress: Progress | None = None
    ) -> Float[np.ndarray, "clips classes"]:
        """Return calibrated probabilities, columns in the order of `classes_`.

        `speakers` are used by a system that normalises speakers, and only to tell whose clip is whose.
        """

    @abstractmethod
    def decide(self, clip: Clip | Path | str, threshold: float | None = None, modality: str | None = None) -> Decision:
        """Return the decision on one clip, or on the recording at a path; `threshold` replaces the model's own.

        A system of both senses decides by one alone if `modality` says so, or if the clip lacks the other.
        """

    @abstractmethod
    def adapt(self, clips: Sequence[Clip], labels: Sequence[str] | None = None) -> System:
        """Learn a new speaker (without labels: its mean), or new clips and classes, keeping the old ones."""

    def check_learns(self) -> None:  # noqa: B027 - most can
        """Raise `InputError` if it cannot learn further labelled clips."""

    @abstractmethod
    def explain(
        self,
        clip: Clip | Path | str,
        threshold: float | None = None,
        modality: str | None = None,
        label: str | None = None,
    ) -> Explanation:
        """Return what the figures of one decision draw.

        `modality` names the senses to decide by (default: what the system has), `label` the class whose evidence is
        measured (default: the decided one).
        """

    @abstractmethod
    def operations(self, clip: Clip, modality: str | None = None) -> Operations:
        """Return what one decision on this clip costs, by one sense alone if asked for."""

    @abstractmethod
    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return the fitted arrays, and the fitted facts that JSON can hold."""

    @abstractmethod
    def restore(self, arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any]) -> System:
        """Take back what `state` returned; afterwards it decides bit for bit as before."""

    def __getattr__(self, name: str) -> Any:
        """Say of a fitted attribute (`classes_`) that is not there that the system is not trained."""
        if name.endswith("_") and not name.startswith("_"):
            raise NotTrainedError(f"this {type(self).__name__} is not trained: fit it, or load a model")
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    def predict(self, clips: Sequence[Clip], speakers: Sequence[str] | None = None) -> list[str]:
        """Return the most probable label of each clip."""
        best = self.predict_proba(clips, speakers).argmax(axis=1)
        return [self.classes_[i] for i in best]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the constructor's parameters (scikit-learn's convention)."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.init}  # type: ignore[arg-type]

    def set_params(self, **parameters: Any) -> System:
        """Change constructor parameters in place (scikit-learn's convention)."""
        known = self.get_params()
        for name, value in parameters.items():
            setattr(self, one_of("parameter", name, known), value)
        return self
