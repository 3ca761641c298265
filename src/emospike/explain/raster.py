"""Rasters of spikes: which rows a feature has, how they are stacked, and what the stacks are called."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int64

from emospike.explain.geometry import channel_ticks
from emospike.explain.wording import short_channel
from emospike.spikes import Spikes

LEVEL = "level"
RATE = "rate code"
"""A stack without a mark and without a falling spike: it tells how strong a channel is, not that it changed."""

NUMBER = re.compile(r"(^| )\d\S*$")


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


def rasters(spikes: Spikes, channels: tuple[str, ...]) -> list[Raster]:
    """Return the spikes of a series in one panel or two: those of its levels, and those of its population fields."""
    rows = raster_rows(spikes, channels)
    fields = np.array([" #" in spikes.channels[i] for i in rows], bool)
    return [_raster(spikes, own) for own in (rows[~fields], rows[fields]) if len(own)]


def raster_rows(spikes: Spikes, channels: tuple[str, ...]) -> Int64[np.ndarray, " rows"]:
    """Return the spike channels that belong to a series: those named like its channels, at any level; else all."""
    names = set(channels)
    own = [i for i, name in enumerate(spikes.channels) if _base(name) in names]
    return np.array(own or range(len(spikes.channels)), np.int64)


def _raster(spikes: Spikes, rows: Int64[np.ndarray, " rows"]) -> Raster:
    names = tuple(spikes.channels[i] for i in rows)
    up, down = spikes.counts()[:, rows].sum(axis=1).astype(int)
    title, key = f"Spikes: {up:,} up, {down:,} down", "blue is up, orange down"
    if " #" in names[0]:
        title, key = f"Fields: {up:,} spikes", "low values below high ones"
    if len(stacked := stacks(names)) == 1:
        ticks = channel_ticks(len(names))
        return Raster(title, key, rows, ticks.astype(float), [short_channel(names[i]) for i in ticks], np.empty(0))
    heights = np.array([height for _, height in stacked])
    ends = np.cumsum(heights) - 0.5
    falls = [own.any() for own in np.split(spikes.counts()[1, rows], np.cumsum(heights)[:-1])]
    kinds = [RATE if name == LEVEL and not fall else name for (name, _), fall in zip(stacked, falls, strict=True)]
    chosen = channel_ticks(len(stacked))
    return Raster(title, key, rows, (ends - heights / 2)[chosen], [kinds[i] for i in chosen], ends[:-1])


def stacks(channels: tuple[str, ...]) -> list[tuple[str, int]]:
    """Return the name and the number of rows of each stack: what one encoder made, or the fields of one channel.

    An encoder that has a threshold for each channel is named by the lowest and the highest.

    >>> stacks(("a @0.5", "b @0.5", "a @1", "b @1"))
    [('level 0.5', 2), ('level 1', 2)]
    >>> stacks(("a @0.2", "b @0.4", "a @0.3", "b @0.6"))
    [('level 0.2–0.4', 2), ('level 0.3–0.6', 2)]
    >>> stacks(("timbre flux #0", "timbre flux #1", "loudness energy #0", "loudness energy #1"))
    [('flux', 2), ('energy', 2)]
    """
    if channels and " #" in channels[0]:
        return [(short_channel(base), rows) for base, rows in Counter(map(_base, channels)).items()]
    found: list[dict[str, str]] = []  # of each stack, the mark behind each channel
    for name in channels:
        mark = name.partition(" @")[2]
        if not found or _base(name) in found[-1] or _kind(mark) != _kind(next(iter(found[-1].values()))):
            found.append({})
        found[-1][_base(name)] = mark
    return [(_level(list(marks.values())), len(marks)) for marks in found]


def _base(name: str) -> str:
    """Return the name of the series' channel that a spike channel belongs to."""
    return re.split(" [@#]", name)[0]


def _kind(mark: str) -> str:
    """Return the kind of encoder in a mark, which may be followed by its threshold."""
    return NUMBER.sub("", mark)


def _level(marks: list[str]) -> str:
    """Return the name of a level; marks differ in the threshold at most."""
    if len(set(marks)) == 1:
        return f"{LEVEL} {marks[0]}".strip()
    numbers = sorted((mark.rpartition(" ")[2] for mark in marks), key=float)
    return " ".join(filter(None, (LEVEL, _kind(marks[0]), f"{numbers[0]}–{numbers[-1]}")))
