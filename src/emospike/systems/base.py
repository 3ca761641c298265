"""The contract that every system keeps, and what it answers with."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from emospike.clip import Clip
from emospike.decision import Decision
from emospike.energy.operations import Operations
from emospike.explain.explanation import Explanation
from emospike.explain.wording import WORDS
from emospike.features.face_track import collect_notes
from emospike.features.speech import SpeechCheck
from emospike.progress import Progress
from emospike.validation import NotTrainedError, one_of

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


def unheard_speech(clip: Clip) -> str | None:
    """Return why a sound cannot be decided on as speech, or None."""
    if clip.seconds < SHORTEST_SPEECH:
        return f"{clip.seconds:.2f} s of sound, {SHORTEST_SPEECH} s are needed"
    missing = SpeechCheck().missing(clip)
    return missing and f"no speech was heard: {missing}"


def remark_on(clip: Clip, share: Mapping[str, float], missing: Mapping[str, str]) -> Iterator[str]:
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
        yield from collect_notes(clip)


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
