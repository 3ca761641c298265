"""What every explanation tells, whatever the system: the decision, the features, each sense alone, the head."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from emospike.brain.topography import part_of
from emospike.clip import Clip
from emospike.features import Feature
from emospike.features.face_track import NoFaceError
from emospike.features.prosody import ABSENT
from emospike.series import Series
from emospike.systems.contract import Effect, Explanation
from emospike.systems.head import head_of
from emospike.systems.senses import Perceived, modality_of
from emospike.systems.vector_system import Vector, VectorSystem, log_odds
from emospike.validation import one_of


def outline(
    system: VectorSystem, clip: Clip, threshold: float | None, modality: str | None = None, label: str | None = None
) -> tuple[Explanation, Perceived | None]:
    """Return an explanation without the effects of parts, and what was perceived; None where there is nothing.

    `modality` names the senses to decide by, `label` the class whose evidence is measured (default: the decided one).
    """
    if label is not None:
        one_of("class", label, system.classes_)
    try:
        seen, _ = system.attend(clip, modality)
    except NoFaceError:
        limit = system.limit(system.modality, threshold)
        return Explanation(clip.name, system.decide(clip, threshold, modality), limit, {}, [], []), None
    features = [feature for feature, one in zip(system.features, seen.series, strict=True) if one is not None]
    sound = clip.sound if "audio" in seen.senses else np.zeros(0, np.float32)
    head = head_of(clip, features)
    vector, alone = system.vector(seen, seen.senses), dict(alone_probabilities(system, seen))
    clip.forget()  # so that the time to decode is told too, and what is compiled by now is not
    decided = system.decide(clip, threshold, modality)
    explanation = Explanation(
        clip.name,
        decided,
        system.limit(modality_of(seen.senses), threshold),
        series=pictured(feature_names(features, seen.there), seen.there),
        bands=[],
        moments=[],
        senses=list(sense_effects(system, vector, alone, label or decided.label)),
        target=label or decided.label,
        alone=alone,
        missing=seen.missing,
        sound=sound,
        head=head,
    )
    return explanation, seen


def alone_probabilities(system: VectorSystem, seen: Perceived) -> Iterator[tuple[str, dict[str, float]]]:
    """Yield what each sense alone decides, if there are several."""
    for sense in seen.senses if len(seen.senses) > 1 else ():
        found = system.readouts_[sense].probabilities(system.vector(seen, (sense,))[None])[0]
        yield sense, dict(zip(system.classes_, found.tolist(), strict=True))


def sense_effects(
    system: VectorSystem, vector: Vector, alone: Mapping[str, Mapping[str, float]], label: str
) -> Iterator[Effect]:
    """Yield what leaving each of two senses out changes, by name of the sense; `vector` is of both."""
    if not alone:
        return
    target = system.classes_.index(label)
    whole = log_odds(system.readouts_[modality_of(list(alone))].probabilities(vector[None])[0], target)
    for left_out, other in zip(alone, reversed(list(alone)), strict=True):
        yield Effect(left_out, whole - log_odds(np.array(list(alone[other].values())), target))


def sense_of(channel: str) -> str:
    """Return the sense that a channel is of.

    >>> sense_of("AU12 lip corner puller @0.5"), sense_of("mel 440 Hz")
    ('face', 'audio')
    """
    return "audio" if part_of(channel) is None else "face"


def feature_names(features: Sequence[Feature], series: Sequence[Series]) -> list[str]:
    """Return the class of each feature, with a number from 2 where another of that class has other channels.

    Features with the same channels, such as `Prosody` with and without its bridges, share a name and a picture.
    """
    found: dict[str, list[tuple[str, ...]]] = {}
    names = []
    for feature, one in zip(features, series, strict=True):
        kind = type(feature).__name__
        known = found.setdefault(kind, [])
        if one.channels not in known:
            known.append(one.channels)
        number = known.index(one.channels) + 1
        names.append(kind if number == 1 else f"{kind} {number}")
    return names


def pictured(names: Sequence[str], series: Sequence[Series]) -> dict[str, Series]:
    """Return the series to draw under each name: the first without `ABSENT` values, or the first."""
    return {
        name: min(
            (one for other, one in zip(names, series, strict=True) if other == name),
            key=lambda one: bool((one.values == ABSENT).any()),
        )
        for name in dict.fromkeys(names)
    }
