"""What every explanation tells, whatever the system: the decision, the features, each sense alone, the head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from emospike.brain.topography import part_of
from emospike.clip import Clip
from emospike.decision import make_no_decision
from emospike.explain.explanation import Effect, Explanation
from emospike.features import Feature
from emospike.features.face_landmarks import head_of
from emospike.features.face_track import NoFaceError
from emospike.features.prosody import ABSENT
from emospike.progress import Stopwatch
from emospike.series import Series
from emospike.systems.perception import Perceived
from emospike.validation import one_of

if TYPE_CHECKING:
    from emospike.systems.base import System


def outline(
    system: System, clip: Clip, threshold: float | None, modality: str | None = None, label: str | None = None
) -> tuple[Explanation, Perceived | None]:
    """Return an explanation without the effects of parts, and what was perceived; None where there is nothing.

    `modality` names the senses to decide by, `label` the class whose evidence is measured (default: the decided one).
    """
    if label is not None:
        one_of("class", label, system.classes_)
    watch = Stopwatch()
    try:
        found = system.consider(clip, modality, watch)
    except NoFaceError as error:
        limit = system.limit(modality or system.modality, threshold)
        return Explanation(
            clip.name, make_no_decision(system.classes_, str(error), watch.seconds), limit, {}, [], []
        ), None
    decided = system.decide_on(found, threshold, watch.seconds)
    seen, target = found.seen, label or decided.label
    features = [feature for feature, one in zip(system.features, seen.series, strict=True) if one is not None]
    explanation = Explanation(
        clip.name,
        decided,
        system.limit(seen.modality, threshold),
        series=pictured(feature_names(features, seen.present), seen.present),
        bands=[],
        moments=[],
        senses=[Effect(sense, change) for sense, change in found.changes(system.classes_.index(target)).items()],
        target=target,
        alone={sense: dict(zip(system.classes_, one.tolist(), strict=True)) for sense, one in found.alone.items()},
        missing=seen.missing,
        sound=clip.sound if "audio" in seen.modalities else np.zeros(0, np.float32),
        head=head_of(clip, features),
    )
    return explanation, seen


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
