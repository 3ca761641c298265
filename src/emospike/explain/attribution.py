"""Hiding parts of what is perceived, one after the other, to measure what each of them does to a decision."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float32

from emospike.readout.interactions import channel_groups
from emospike.series import Series
from emospike.systems.base import Effect
from emospike.systems.perception import Perceived
from emospike.systems.sensing_system import log_odds

if TYPE_CHECKING:
    from emospike.systems.sensing_system import SensingSystem

Hidden = tuple[Bool[np.ndarray, "_ _"] | None, ...]
"""Of each feature, what is hidden (steps, channels); None where nothing is."""

Levels = Sequence[Float32[np.ndarray, " _"]]
"""Of each feature, the value of each channel that tells the system nothing."""


MOMENTS = 12
"""Stretches of equal length that a clip is cut into."""


def stretches(steps: int, rate: float) -> Iterator[tuple[str, int, int]]:
    """Yield the name of each moment, its first step, and the first step after it.

    >>> next(stretches(120, rate=100.0))
    ('0.00-0.10 s', 0, 10)
    """
    for start, stop in pairwise(np.linspace(0, steps, MOMENTS + 1).astype(int).tolist()):
        yield f"{start / rate:.2f}-{stop / rate:.2f} s", start, stop


def bands_hidden(series: Sequence[Series | None]) -> Iterator[tuple[str, Hidden]]:
    """Yield the name of each band of sound, contour and part of the face, and where it is, in all features.

    >>> from emospike.series import Channel
    >>> channels = Channel("mel 90 Hz", "audio", "50–200 Hz"), Channel("mel 440 Hz", "audio", "400–650 Hz")
    >>> heard = Series(np.zeros((2, 2), np.float32), 100.0, channels)
    >>> [(name, hidden[0].sum(axis=0).tolist()) for name, hidden in bands_hidden([heard, None])]
    [('50–200 Hz', [2, 0]), ('400–650 Hz', [0, 2])]
    """
    groups = [{} if one is None else channel_groups(one.channels) for one in series]
    for name in dict.fromkeys(name for own in groups for name in own):
        hidden = []
        for one, own in zip(series, groups, strict=True):
            mask = None if one is None or name not in own else np.zeros(one.values.shape, bool)
            if mask is not None:
                mask[:, own[name]] = True
            hidden.append(mask)
        yield name, tuple(hidden)


def moments_hidden(series: Sequence[Series | None]) -> Iterator[tuple[str, Hidden]]:
    """Yield the name of each stretch of time (see `stretches`), and where it is, in all features."""
    grid = next(one for one in series if one is not None)
    for name, start, stop in stretches(len(grid), grid.rate):
        masks = [None if one is None else np.zeros(one.values.shape, bool) for one in series]
        for mask in masks:
            if mask is not None:
                mask[start:stop] = True
        yield name, tuple(masks)


def effects(
    system: SensingSystem, seen: Perceived, target: int, parts: Iterable[tuple[str, Hidden]], levels: Levels
) -> list[Effect]:
    """Return what hiding each part takes from the log-odds of a class."""
    whole = log_odds(system.answer(seen, seen.senses), target)
    rests = ((name, log_odds(system.answer(held(seen, hidden, levels), seen.senses), target)) for name, hidden in parts)
    return [Effect(name, whole - rest) for name, rest in rests]


def held(seen: Perceived, hidden: Hidden, levels: Levels) -> Perceived:
    """Return the features with what is hidden held at levels that tell nothing."""
    series = [
        one if one is None or mask is None else one.with_values(np.where(mask, level, one.values).astype(np.float32))
        for one, mask, level in zip(seen.series, hidden, levels, strict=True)
    ]
    return replace(seen, series=tuple(series))
