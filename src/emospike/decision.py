"""Decision: what is said about one clip, and when it is not said."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np
from jaxtyping import Float

from emospike.validation import InputError

STRANGE = "unlike anything it learnt from"
"""Why a recording is not decided that lies too far from all that was learnt from."""

Probabilities = Mapping[str, float]
"""Of each class."""

_SPEAKERS = {"audio": "voice", "face": "face", "eeg": "EEG"}


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
    share : how much each modality contributed, summing to 1
    seconds : time spent in each stage
    speech : False where sound decided that holds no speech, or is too short to tell
    familiar : False where the recording is unlike all that the system learnt from
    clear : False where a face decided that cannot be read: too small, dark, blurred, turned away, covered
    alone : the probabilities that each of several modalities gives by itself
    """

    label: str
    probabilities: Mapping[str, float]
    confidence: float
    answered: bool
    reason: str
    share: Mapping[str, float] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    speech: bool = True
    familiar: bool = True
    clear: bool = True
    alone: Mapping[str, Probabilities] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold of it, as ``recognise --json`` prints it."""
        row: dict[str, Any] = {
            "label": self.label,
            "answered": self.answered,
            "confidence": self.confidence,
            "probabilities": dict(self.probabilities),
            "reason": self.reason,
            "seconds": dict(self.seconds),
        }
        if set(self.share) - {"audio"}:
            row["share"] = dict(self.share)
        if self.alone:
            row["alone"] = {sense: dict(own) for sense, own in self.alone.items()}
        return row

    def _repr_html_(self) -> str:
        """Show itself in a notebook: the answer, why, and all probabilities."""
        answer = escape(self.label if self.answered else "don't know")
        rows = "".join(
            f"<tr><th>{escape(label)}</th><td>{p:.3f}</td><td><meter value='{p:.4f}'></meter></td></tr>"
            for label, p in self.probabilities.items()
        )
        return f"<p><strong>{answer}</strong><br>{escape(self.reason)}</p><table>{rows}</table>"

    @property
    def usable(self) -> bool:
        """Whether there was something to decide on: speech that was heard, or a face that could be read."""
        return self.speech and self.clear


def verdict(confidence: float, threshold: float) -> tuple[bool, str]:
    """Return whether a confidence is enough for an answer, and why.

    >>> verdict(0.6, 0.7)
    (False, "don't know: confidence 0.60 is below the threshold 0.70")
    >>> verdict(0.996, 0.7)
    (True, 'confidence >0.99 reaches the threshold 0.70')
    >>> verdict(0.6, float("inf"))
    (False, "don't know: no threshold keeps the risk that is asked for")
    """
    if threshold == math.inf:
        return False, "don't know: no threshold keeps the risk that is asked for"
    shown = ">0.99" if 0.995 <= confidence < 1 else "<0.01" if 0 < confidence < 0.005 else f"{confidence:.2f}"
    if confidence >= threshold:
        return True, f"confidence {shown} reaches the threshold {threshold:.2f}"
    return False, f"don't know: confidence {shown} is below the threshold {threshold:.2f}"


def make_decision(
    classes: Sequence[str],
    probabilities: Float[np.ndarray, " classes"],
    threshold: float,
    *,
    share: Mapping[str, float],
    seconds: Mapping[str, float],
    remarks: Iterable[str] = (),
    unheard: str | None = None,
    unclear: str | None = None,
    novelty: float = 0.0,
    alone: Mapping[str, Float[np.ndarray, " classes"]] | None = None,
) -> Decision:
    """Return the decision that these probabilities mean, and say why it is answered or not.

    `share` names the modalities that decided, `remarks` say what else should be known, `unheard` why the sound that
    decided is no speech, and `unclear` why the face that decided cannot be read, if so. A clip whose `novelty` is above
    1 is unlike all that was learnt from (see `emospike.readout.novelty`). `alone` is the answer by each of several
    modalities; where they disagree, the reason says so.
    """
    if not np.isfinite(probabilities).all():
        raise InputError("the numbers of this model lead to no probabilities: train it again, or ask its author")
    best = int(probabilities.argmax())
    confidence = float(probabilities[best])
    answered, reason = verdict(confidence, threshold)
    if novelty > 1:
        answered, reason = False, f"don't know: {describe_novelty(novelty)}"
    if unheard or unclear:
        answered, reason = False, f"don't know: {unheard or unclear}"
    by_class = {name: float(p) for name, p in zip(classes, probabilities, strict=True)}
    own = {one: dict(zip(classes, answer.tolist(), strict=True)) for one, answer in (alone or {}).items()}
    said = "; ".join([reason, *describe_disagreement(own), *remarks])
    known = {"speech": not unheard, "familiar": novelty <= 1, "clear": not unclear}
    return Decision(classes[best], by_class, confidence, answered, said, share, seconds, **known, alone=own)


def describe_disagreement(alone: Mapping[str, Probabilities]) -> tuple[str, ...]:
    """Return what each of several modalities says by itself, where they do not say the same; else nothing.

    >>> describe_disagreement({"audio": {"happy": 0.2, "calm": 0.8}, "face": {"happy": 0.7, "calm": 0.3}})
    ('the face says happy, the voice calm',)
    """
    labels = {one: max(own, key=own.__getitem__) for one, own in alone.items()}
    if len(set(labels.values())) < 2:
        return ()
    first, *others = [(_SPEAKERS.get(one, one), label) for one, label in reversed(labels.items())]
    return (", ".join([f"the {first[0]} says {first[1]}", *(f"the {name} {label}" for name, label in others)]),)


def describe_novelty(novelty: float) -> str:
    """Say how strange a recording is.

    >>> describe_novelty(1.5)
    'unlike anything it learnt from (1.5 times the distance up to which it answers)'
    """
    return f"{STRANGE} ({novelty:.1f} times the distance up to which it answers)"


def make_no_decision(classes: Sequence[str], why: str, seconds: Mapping[str, float]) -> Decision:
    """Return the answer to a clip that shows nothing to decide on: every class is as probable as any other.

    >>> make_no_decision(("high", "low"), "no face in a.mp4", {}).reason
    "don't know: no face in a.mp4"
    """
    alike = 1 / len(classes)
    return Decision(classes[0], dict.fromkeys(classes, alike), alike, False, f"don't know: {why}", {}, seconds)
