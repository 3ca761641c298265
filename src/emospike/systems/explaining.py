"""Explaining: what every explanation tells, whatever the system, and how parts of what is perceived are left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float, Float32

from emospike.clip import Clip
from emospike.decision import Decision
from emospike.explain.attribution import Attribution, attribute, cut_moments, log_odds
from emospike.explain.explanation import Explanation
from emospike.explain.panel import Panel
from emospike.explain.panels.contributions import ContributionsPanel
from emospike.explain.panels.decision import LONGEST, DecisionPanel
from emospike.explain.panels.encoding import EncodingPanel
from emospike.explain.panels.film import is_filmed, show_film
from emospike.explain.panels.occlusion import OcclusionPanel
from emospike.explain.panels.timeline import Moment, TimelinePanel
from emospike.features import Feature
from emospike.features.prosody import ABSENT
from emospike.series import Channel, Series
from emospike.systems.perception import Perceived
from emospike.systems.windows import WindowDecision, join_thresholds, list_voters
from emospike.validation import InputError

Attributions = dict[str, Sequence[Attribution]]
"""By kind of part (see `Explanation`)."""

FACE_MOMENTS = "face moments"
"""Kind of the moments of the face alone, where a film is one of several senses."""

Occluded = tuple[Series | None, ...]
"""The series of all features without one part."""

Levels = Sequence[Float32[np.ndarray, " _"]]
"""Of each feature, the value of each channel that tells the system nothing."""


def explain_nothing(name: str, decision: Decision, threshold: float, task: str, target: str) -> Explanation:
    """Return the explanation of a clip that shows nothing to decide on."""
    return Explanation(name, decision, threshold, task, target, {}, [DecisionPanel(name, decision, threshold, task)])


def explain_decision(
    decision: Decision,
    threshold: float,
    seen: Perceived,
    features: Mapping[str, Series],
    *,
    task: str,
    target: str,
    alone: Mapping[str, Mapping[str, float]],
    attributions: Attributions,
    panels: Sequence[Panel],
) -> Explanation:
    """Return the explanation of a decision: what every system tells, then the panels of its own.

    Parameters
    ----------
    seen : what was decided on
    features : those that are drawn, by name (see `choose_features`)
    task, target : what is decided, and the class whose evidence was measured
    alone : the probabilities that each of several modalities gives
    attributions : what leaving out each part changes, that of modalities where there are several
    panels : what only this system can tell
    """
    told: list[Panel] = [DecisionPanel(seen.clip.name, decision, threshold, task, seen.missing, hear(seen.clip))]
    if alone:
        told.append(ContributionsPanel(decision.share, attributions["modalities"], alone, target))
    if set(attributions) - {"modalities"} and features:
        name, series = next(iter(features.items()))
        told.append(OcclusionPanel(target, attributions, name, series))
    moments = attributions.get(FACE_MOMENTS) or (attributions.get("moments") if seen.modalities == ("face",) else None)
    if moments and (film := show_film(seen.clip, moments, target, len(seen.present[0]))):
        told.append(film)
    if not any(isinstance(panel, EncodingPanel) for panel in panels):
        told += [EncodingPanel(name, series) for name, series in features.items()]
    return Explanation(seen.clip.name, decision, threshold, task, target, attributions, [*told, *panels])


def explain_windows(
    clip: Clip, decision: Decision, windows: Sequence[WindowDecision], chosen: WindowDecision, part: Explanation
) -> Explanation:
    """Return the explanation of a long recording: its decision, its timeline, and what one window tells."""
    voters = [one for one, _ in list_voters(windows)]
    moments = [make_moment(one, part.target, votes=one in voters) for one in windows]
    threshold = join_thresholds(windows)
    told = [
        DecisionPanel(clip.name, decision, threshold, part.task, {}, hear(clip) if clip.seconds <= LONGEST else None),
        TimelinePanel(part.target, moments, moments[windows.index(chosen)]),
    ]
    rest = [panel for panel in part.panels if not isinstance(panel, DecisionPanel)]
    return replace(part, name=clip.name, decision=decision, threshold=threshold, panels=[*told, *rest])


def make_moment(window: WindowDecision, target: str, *, votes: bool) -> Moment:
    """Return what a timeline shows of a window, and whether it decides on the whole."""
    decided = window.decision
    if decided is None:
        return Moment(window.start, window.stop, None, "passed over")
    fate = "passed over" if not votes else "answered" if decided.answered else "don't know"
    return Moment(window.start, window.stop, decided.probabilities[target], fate)


def hear(clip: Clip) -> Float32[np.ndarray, " samples"] | None:
    """Return the sound of a recording, or None where it has none that can be played."""
    try:
        return clip.sound if clip.hears else None
    except InputError:
        return None


# -- features --------------------------------------------------------------------------------------------------


def choose_features(features: Sequence[Feature], seen: Perceived) -> dict[str, Series]:
    """Return the series to draw under the name of each feature: the first without `ABSENT` values, or the first.

    Features with the same channels, such as `Prosody` with and without its bridges, share a name and a picture.
    """
    pairs = [(feature, one) for feature, one in zip(features, seen.series, strict=True) if one is not None]
    found: dict[str, Series] = {}
    for name, (_, series) in zip(name_features(*zip(*pairs, strict=True)), pairs, strict=True):
        if name not in found or ((found[name].values == ABSENT).any() and not (series.values == ABSENT).any()):
            found[name] = series
    return found


def name_features(features: Sequence[Feature], series: Sequence[Series]) -> list[str]:
    """Return the class of each feature, with a number from 2 where another of that class has other channels."""
    found: dict[str, list[tuple[Channel, ...]]] = {}
    names = []
    for feature, one in zip(features, series, strict=True):
        kind = type(feature).__name__
        known = found.setdefault(kind, [])
        if one.channels not in known:
            known.append(one.channels)
        number = known.index(one.channels) + 1
        names.append(kind if number == 1 else f"{kind} {number}")
    return names


# -- leaving out -----------------------------------------------------------------------------------------------


def attribute_series(
    answer: Callable[[Perceived], Float[np.ndarray, " classes"]], seen: Perceived, levels: Levels, target: int
) -> Attributions:
    """Return what holding each group of channels, and each moment, at levels that tell nothing takes from a class."""

    def evidence(series: Occluded) -> float:
        return log_odds(answer(replace(seen, series=series)), target)

    kinds = {one: occlude_groups(seen.series, levels, one) for one in seen.modalities}
    kinds["moments"] = occlude_moments(seen.series, levels)
    if films_beside(seen):
        kinds[FACE_MOMENTS] = occlude_moments(seen.series, levels, "face")
    return {**attribute(evidence, seen.series, kinds)}


def films_beside(seen: Perceived) -> bool:
    """Tell whether a film of the face is one of several senses: the moments of the face are then left out too."""
    return "face" in seen.modalities and len(seen.modalities) > 1 and is_filmed(seen.clip)


def occlude_groups(series: Sequence[Series | None], levels: Levels, modality: str) -> Iterator[tuple[str, Occluded]]:
    """Yield the name of each group of channels of a modality, and the features with it held at levels.

    >>> channels = Channel("mel 90 Hz", "audio", "50–200 Hz"), Channel("mel 440 Hz", "audio", "400–650 Hz")
    >>> heard = Series(np.ones((1, 2), np.float32), 100.0, channels)
    >>> [(name, rest[0].values.tolist()) for name, rest in occlude_groups([heard], [np.zeros(2, np.float32)], "audio")]
    [('50–200 Hz', [[0.0, 1.0]]), ('400–650 Hz', [[1.0, 0.0]])]
    """
    groups = [{} if one is None else group_channels(one.channels).get(modality, {}) for one in series]
    for name in dict.fromkeys(name for own in groups for name in own):
        masks = [None if one is None else np.zeros(one.values.shape, bool) for one in series]
        for mask, own in zip(masks, groups, strict=True):
            if mask is not None:
                mask[:, own.get(name, [])] = True
        yield name, hold(series, masks, levels)


def occlude_moments(
    series: Sequence[Series | None], levels: Levels, only: str | None = None
) -> Iterator[tuple[str, Occluded]]:
    """Yield the name of each moment (see `cut_moments`), and the features with it held at levels, or `only` a sense."""
    grid = next(one for one in series if one is not None)
    for name, steps in cut_moments(len(grid), grid.rate):
        masks = [None if one is None else np.zeros(one.values.shape, bool) for one in series]
        for one, mask in zip(series, masks, strict=True):
            if one is not None and mask is not None:
                mask[steps] = only in (None, one.channels[0].modality)
        yield name, hold(series, masks, levels)


def hold(series: Sequence[Series | None], masks: Sequence[Bool[np.ndarray, "_ _"] | None], levels: Levels) -> Occluded:
    """Return the features with what is masked held at levels that tell nothing."""
    return tuple(
        one if one is None or mask is None else one.with_values(np.where(mask, level, one.values).astype(np.float32))
        for one, mask, level in zip(series, masks, levels, strict=True)
    )


def group_channels(channels: Sequence[Channel]) -> dict[str, dict[str, list[int]]]:
    """Return the channels of each group (a band of sound, a part of the face) by the modality that they are of.

    >>> group_channels([Channel("mel 90 Hz", "audio", "50–200 Hz"), Channel("AU26 jaw drop", "face", "jaw")])
    {'audio': {'50–200 Hz': [0]}, 'face': {'jaw': [1]}}
    """
    found: dict[str, dict[str, list[int]]] = {}
    for i, channel in enumerate(channels):
        found.setdefault(channel.modality, {}).setdefault(channel.group, []).append(i)
    return found
