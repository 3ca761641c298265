"""Rasters of spikes: which rows a feature has, how they are stacked, and what the stacks are called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int64

from emospike.explain.geometry import channel_ticks
from emospike.explain.wording import short_channel
from emospike.series import Channel
from emospike.spikes import Spikes

LEVEL = "level"
RATE = "rate code"
"""A stack without a mark and without a falling spike: it tells how strong a channel is, not that it changed."""


@dataclass(frozen=True)
class Raster:
    """Spikes of one feature that share a panel.

    Attributes
    ----------
    title : what they are, and how many
    key : how to read them, for a picture without a caption
    rows : spike channels, from below
    ticks, names : where to write names beside the rows, and the names
    borders : where one stack of rows ends and the next begins
    """

    title: str
    key: str
    rows: Int64[np.ndarray, " rows"]
    ticks: Float[np.ndarray, " ticks"]
    names: list[str]
    borders: Float[np.ndarray, " borders"]


def rasters(spikes: Spikes, channels: Sequence[Channel]) -> list[Raster]:
    """Return the spikes of a series in one panel or two: those of its levels, and those of its population fields."""
    rows = raster_rows(spikes, channels)
    fields = np.array([spikes.channels[i].field is not None for i in rows], bool)
    return [_raster(spikes, own) for own in (rows[~fields], rows[fields]) if len(own)]


def raster_rows(spikes: Spikes, channels: Sequence[Channel]) -> Int64[np.ndarray, " rows"]:
    """Return the spike channels that were made from those of a series, at any level; else all."""
    known = set(channels)
    own = [i for i, channel in enumerate(spikes.channels) if channel.source in known]
    return np.array(own or range(len(spikes.channels)), np.int64)


def _raster(spikes: Spikes, rows: Int64[np.ndarray, " rows"]) -> Raster:
    channels = tuple(spikes.channels[i] for i in rows)
    up, down = spikes.counts()[:, rows].sum(axis=1).astype(int)
    title, key = f"Spikes: {up:,} up, {down:,} down", "blue is up, orange down"
    if channels[0].field is not None:
        title, key = f"Fields: {up:,} spikes", "low values below high ones"
    if len(stacked := stacks(channels)) == 1:
        ticks = channel_ticks(len(channels))
        return Raster(title, key, rows, ticks.astype(float), [short_channel(channels[i]) for i in ticks], np.empty(0))
    heights = np.array([height for _, height in stacked])
    ends = np.cumsum(heights) - 0.5
    falls = [own.any() for own in np.split(spikes.counts()[1, rows], np.cumsum(heights)[:-1])]
    kinds = [RATE if name == LEVEL and not fall else name for (name, _), fall in zip(stacked, falls, strict=True)]
    chosen = channel_ticks(len(stacked))
    return Raster(title, key, rows, (ends - heights / 2)[chosen], [kinds[i] for i in chosen], ends[:-1])


def stacks(channels: Sequence[Channel]) -> list[tuple[str, int]]:
    """Return the name and the number of rows of each stack: what one encoder made, or the fields of one channel.

    An encoder that has a threshold for each channel is named by the lowest and the highest.

    >>> def made(threshold=None, field=None):
    ...     return [Channel(name, "audio", threshold=threshold, field=field) for name in ("flux", "energy")]
    >>> stacks([*made(0.5), *made(1.0)])
    [('level 0.5', 2), ('level 1', 2)]
    >>> stacks(sorted([*made(field=0), *made(field=1)], key=lambda one: one.name))
    [('energy', 2), ('flux', 2)]
    """
    if channels and channels[0].field is not None:
        counted = Counter(channel.source for channel in channels)
        return [(short_channel(channel), rows) for channel, rows in counted.items()]
    found: list[dict[Channel, Channel]] = []  # of each stack, what the encoder made of each channel
    for channel in channels:
        if not found or channel.source in found[-1] or channel.encoder != next(iter(found[-1].values())).encoder:
            found.append({})
        found[-1][channel.source] = channel
    return [(_level(list(made.values())), len(made)) for made in found]


def _level(channels: Sequence[Channel]) -> str:
    """Return the name of a level of channels that differ in the threshold at most."""
    low, high = (end(channels, key=lambda one: one.threshold or 0.0) for end in (min, max))
    if low.threshold == high.threshold:
        return f"{LEVEL} {low.level}".strip()
    return f"{LEVEL} {low.level}–{high.threshold:.3g}"
