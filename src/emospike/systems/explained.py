"""Why eXCube2 decided as it did: every effect is measured by leaving something out and deciding again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float32

from emospike.clip import Clip
from emospike.encoding.contract import Decoder
from emospike.encoding.error import reconstruction_error
from emospike.encoding.levels import Levels
from emospike.features import Feature
from emospike.features.prosody import ABSENT
from emospike.networks.activity import Activity
from emospike.readout.interactions import frequency_groups, interactions
from emospike.readout.readout import Readout
from emospike.series import Series
from emospike.spikes import Spikes
from emospike.systems.contract import Effect, Explanation

if TYPE_CHECKING:
    from emospike.systems.excube2 import EXCube2

MOMENTS = 12
"""Stretches of equal length that a clip is cut into."""


def explain(system: EXCube2, clip: Clip, threshold: float) -> Explanation:
    """Return what the figures of one decision draw."""
    series = system.series(clip)
    spikes = system.encode(series)
    activity = system.network_.run(spikes)
    clip.forget()  # so that the time to decode is told too
    decided = system.decide(clip, threshold)
    target = system.classes_.index(decided.label)
    shown = pictured(feature_names(system.features, series), series)
    return Explanation(
        name=clip.name,
        decision=decided,
        threshold=threshold,
        series=shown,
        decoded=dict(rebuilt(system, shown, series)),
        spikes=spikes,
        activity=activity,
        positions=system.template_.positions,
        region=system.template_.region,
        regions=system.template_.regions,
        sites=system.sites_,
        nodes=tuple(system.nodes_),
        interactions=interactions(activity, system.nodes_),
        class_interactions=system.class_interactions_,
        bands=list(band_effects(system, spikes, activity, target)),
        moments=list(moment_effects(system, spikes, activity, target)),
        areas=list(area_effects(system, activity, target)),
    )


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


def rebuilt(
    system: EXCube2, shown: Mapping[str, Series], series: Sequence[Series]
) -> Iterator[tuple[str, tuple[Series, float]]]:
    """Yield each drawn feature as rebuilt from its spikes, with its normalised error (the paper's Figure 5).

    Of several levels or encoders the one that rebuilds best is taken; without a decoder the feature is left out.
    """
    for name, one in shown.items():
        encoders = [encoder for encoder, own in zip(system.encoders_, series, strict=True) if own is one]
        levels = [level for own in encoders for level in (own.encoders if isinstance(own, Levels) else (own,))]
        attempts = [level.decode(level.encode(one), one.values[0]) for level in levels if isinstance(level, Decoder)]
        errors = [reconstruction_error(one, attempt).overall for attempt in attempts]
        if attempts:
            best = int(np.argmin(errors))
            yield name, (attempts[best], float(errors[best]))


def log_odds(readout: Readout, vector: Float32[np.ndarray, " dims"], target: int) -> float:
    """Return ln p / (1 - p) of a class."""
    p = float(np.clip(readout.probabilities(vector[None])[0, target], 1e-9, 1 - 1e-9))
    return float(np.log(p / (1 - p)))


def stretches(steps: int, rate: float) -> Iterator[tuple[str, int, int]]:
    """Yield the name of each moment, its first step, and the first step after it.

    >>> next(stretches(120, rate=100.0))
    ('0.00-0.10 s', 0, 10)
    """
    for start, stop in pairwise(np.linspace(0, steps, MOMENTS + 1).astype(int).tolist()):
        yield f"{start / rate:.2f}-{stop / rate:.2f} s", start, stop


def band_effects(system: EXCube2, spikes: Spikes, activity: Activity, target: int) -> Iterator[Effect]:
    """Yield what silencing the input spikes of each group of bands changes."""
    whole = log_odds(system.readout_, system.vector(activity), target)
    for name, members in frequency_groups(spikes.channels).items():
        rest = system.network_.run(kept(spikes, ~np.isin(spikes.channel, members)))
        yield Effect(name, whole - log_odds(system.readout_, system.vector(rest), target))


def moment_effects(system: EXCube2, spikes: Spikes, activity: Activity, target: int) -> Iterator[Effect]:
    """Yield what silencing the input spikes of each stretch of time changes."""
    whole = log_odds(system.readout_, system.vector(activity), target)
    for name, start, stop in stretches(spikes.steps, spikes.rate):
        rest = system.network_.run(kept(spikes, (spikes.step < start) | (spikes.step >= stop)))
        yield Effect(name, whole - log_odds(system.readout_, system.vector(rest), target))


def area_effects(system: EXCube2, activity: Activity, target: int) -> Iterator[Effect]:
    """Yield what hiding the spikes of each brain region from the readout changes."""
    whole = log_odds(system.readout_, system.vector(activity), target)
    here = system.template_.region[activity.neuron]
    for region, name in enumerate(system.template_.regions):
        seen = here != region
        rest = replace(activity, step=activity.step[seen], neuron=activity.neuron[seen])
        yield Effect(name, whole - log_odds(system.readout_, system.vector(rest), target))


def kept(spikes: Spikes, mask: Bool[np.ndarray, " events"]) -> Spikes:
    """Return the events that `mask` keeps, on the same grid."""
    return replace(spikes, step=spikes.step[mask], channel=spikes.channel[mask], sign=spikes.sign[mask])
