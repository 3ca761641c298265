"""From a feature to spikes and back: eXCube2's Figure 5; of a feature that is not encoded, the feature alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int64

from emospike.explain.heat import (
    SIGNS,
    channel_axis,
    choose_ticks,
    draw_map,
    draw_series,
    of_face,
    own_ranges,
    panel_height,
    plot_map,
    plot_series,
    short_channel,
    sign_colours,
    stack_panels,
    value_label,
)
from emospike.explain.html import Plot
from emospike.explain.panel import Panel
from emospike.explain.style import GRID, MUTED, SMALL, colour_bar, new_figure, tidy
from emospike.series import Channel, Series
from emospike.spikes import Spikes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEVEL = "level"
RATE = "rate code"
"""A stack without a mark and without a falling spike: it tells how strong a channel is, not that it changed."""

CHANGES = (
    "Each spike marks a change of one channel by one threshold, up (blue) or down (orange). The network reads nothing "
    "else."
)
FIELDS = (
    "Spikes of a field mark no change: a field fires while the value of its channel is near the field's own place in "
    "the channel's range, low ones below high ones, so that which field fires tells the value."
)
RATES = "In a rate code no spike marks a change: the stronger the channel, the more often it fires."
REBUILT = (
    "The reconstruction is rebuilt from the spikes alone, of several levels from those of the best one. Its normalised "
    "error (NMSE) is the mean squared difference to the feature over the feature's variance in this clip: 0 is "
    "perfect, 1 is as bad as each channel's mean."
)
OWN_RANGES = "Channels of different units are each coloured from their own lowest value in this clip to their highest."


@dataclass(frozen=True)
class Stacks:
    """Spikes of one feature that are drawn together, in stacks of rows.

    Attributes
    ----------
    title : what they are, and how many
    rows : spike channels, from below
    ticks, names : where to write names beside the rows, and the names
    borders : where one stack of rows ends and the next begins
    """

    title: str
    rows: Int64[np.ndarray, " rows"]
    ticks: Float[np.ndarray, " ticks"]
    names: list[str]
    borders: Float[np.ndarray, " borders"]


@dataclass(frozen=True, eq=False)
class EncodingPanel(Panel):
    """One feature, the spikes that encode it, and what they rebuild.

    Attributes
    ----------
    feature, series : its name, and what it holds
    spikes : all input spikes of the network, those of other features too; None where the feature is not encoded
    rebuilt, error : the feature rebuilt from its spikes, and its normalised error; None without a decoder
    """

    feature: str
    series: Series
    spikes: Spikes | None = None
    rebuilt: Series | None = None
    error: float = np.nan

    @property
    def name(self) -> str:
        """Name of the picture's file."""
        return f"encoding-{re.sub(r'[^A-Za-z0-9_]+', '-', self.feature)}"

    @property
    def title(self) -> str:
        """Heading of the section."""
        return "From recording to spikes" if self.spikes else "Features of the recording"

    @property
    def stacks(self) -> list[Stacks]:
        """The feature's spikes: those of its levels, and those of its population fields."""
        return stack_spikes(self.spikes, self.series.channels) if self.spikes else []

    @property
    def caption(self) -> str:
        """How to read what is there, a line for each kind of spike."""
        lines = [OWN_RANGES] if own_ranges(self.series.channels) else []
        if self.spikes:
            own = [self.spikes.channels[i] for i in choose_rows(self.spikes, self.series.channels)]
            fields, marked = any(one.field is not None for one in own), any(one.level for one in own)
            bare = any(not one.level and one.field is None for one in own)
            lines = [CHANGES, *[FIELDS] * fields, *[RATES] * (bare and marked), *lines]
        return "\n".join([*lines, *[REBUILT] * (self.rebuilt is not None)])

    @property
    def alt(self) -> str:
        """What the picture shows."""
        shown = " and ".join(stack.title.lower() for stack in self.stacks)
        rebuilt = f", and the feature rebuilt from them, NMSE {self.error:.3g}" if self.rebuilt else ""
        return f"The feature {self.feature} over time, a row a channel{f'; {shown}' if shown else ''}{rebuilt}."

    def _panes(self) -> list[tuple[float, str]]:
        """Return height and title of each part."""
        tall = panel_height(self.series.channels)
        parts = [(tall, f"Feature “{self.feature}”"), *((1.0, stack.title) for stack in self.stacks)]
        return parts + [(tall, f"Rebuilt from the spikes: NMSE {self.error:.3g}")] * (self.rebuilt is not None)

    def figure(self) -> Figure:
        """Return the parts above each other, on one time axis."""
        heights, titles = zip(*self._panes(), strict=True)
        figure = new_figure(8, 0.6 + 2.2 * sum(heights))
        axes = figure.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
        maps = [(axes[0], self.series)] + [(axes[-1], self.rebuilt)] * (self.rebuilt is not None)
        for one, series in maps:
            image = draw_series(one, series, like=self.series)  # type: ignore[arg-type]
            colour_bar(figure, image, one, value_label(self.series.channels))
        for below, stack in zip(axes[1:], self.stacks, strict=False):
            self._draw_spikes(below, stack)
        for one, title in zip(axes, titles, strict=True):
            tidy(one, title)
        axes[-1].set_xlabel("time, s", fontsize=SMALL, color=MUTED)
        return figure

    def _draw_spikes(self, axes: Axes, stack: Stacks) -> None:
        """Draw positive and negative spikes, a row a channel, the stacks above each other."""
        assert self.spikes is not None
        draw_map(axes, self.spikes.dense()[:, stack.rows], self.spikes.rate, cmap=sign_colours(), vmin=-1, vmax=1)
        axes.set_yticks(stack.ticks, stack.names)
        for border in stack.borders:
            axes.axhline(border, color=GRID, linewidth=0.8)
        if of_face([self.spikes.channels[i] for i in stack.rows]):
            axes.invert_yaxis()

    def plot(self) -> Plot:
        """Return the same for the page."""
        heights, titles = zip(*self._panes(), strict=True)
        layout = stack_panels(heights, titles, 150.0)
        bar = {"thickness": 10, "len": heights[0] / sum(heights), "y": 1, "yanchor": "top"}
        if own_ranges(self.series.channels):
            bar |= {"tickvals": [0, 1], "ticktext": ["low", "high"]}
        data = [plot_series(self.series, 1, showscale=True, colorbar=bar)]
        for panel, stack in enumerate(self.stacks, start=2):
            data.append(self._plot_spikes(stack, panel, layout))
        if self.rebuilt:
            data.append(plot_series(self.rebuilt, len(heights), like=self.series))
        for panel in {1, len(heights)} if self.rebuilt else {1}:
            layout[f"yaxis{panel}"] |= channel_axis(self.series.channels)
        layout["xaxis"] |= {"range": [0, self.series.seconds]}
        return {"data": data, "layout": layout}

    def _plot_spikes(self, stack: Stacks, panel: int, layout: Plot) -> Plot:
        """Return the heat map of positive and negative spikes; add names and borders of its rows to the layout."""
        assert self.spikes is not None
        channels = [self.spikes.channels[i] for i in stack.rows]
        names = [channel.label for channel in channels]
        ticks = {"tickvals": [names[int(tick)] for tick in stack.ticks], "ticktext": stack.names}
        layout[f"yaxis{panel}"] |= channel_axis(channels) | ticks
        line = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "line": {"color": "var(--grid)", "width": 1}}
        borders = stack.borders.tolist()
        layout["shapes"] += [line | {"yref": f"y{panel}", "y0": border, "y1": border} for border in borders]
        how: Plot = {"colorscale": SIGNS, "showscale": False, "zmin": -1, "zmax": 1}
        return plot_map(self.spikes.dense()[:, stack.rows], self.spikes.rate, names, panel, **how)


def choose_rows(spikes: Spikes, channels: Sequence[Channel]) -> Int64[np.ndarray, " rows"]:
    """Return the spike channels that were made from those of a series, at any level; else all."""
    known = set(channels)
    own = [i for i, channel in enumerate(spikes.channels) if channel.source in known]
    return np.array(own or range(len(spikes.channels)), np.int64)


def stack_spikes(spikes: Spikes, channels: Sequence[Channel]) -> list[Stacks]:
    """Return the spikes of a series in one raster or two: those of its levels, and those of its population fields."""
    rows = choose_rows(spikes, channels)
    fields = np.array([spikes.channels[i].field is not None for i in rows], bool)
    return [_stack(spikes, own) for own in (rows[~fields], rows[fields]) if len(own)]


def _stack(spikes: Spikes, rows: Int64[np.ndarray, " rows"]) -> Stacks:
    channels = [spikes.channels[i] for i in rows]
    up, down = spikes.counts()[:, rows].sum(axis=1).astype(int)
    title = f"Spikes: {up:,} up, {down:,} down" if channels[0].field is None else f"Fields: {up:,} spikes"
    if len(stacked := name_stacks(channels)) == 1:
        ticks = choose_ticks(len(channels))
        return Stacks(title, rows, ticks.astype(float), [short_channel(channels[i]) for i in ticks], np.empty(0))
    heights = np.array([height for _, height in stacked])
    ends = np.cumsum(heights) - 0.5
    falls = [own.any() for own in np.split(spikes.counts()[1, rows], np.cumsum(heights)[:-1])]
    kinds = [RATE if name == LEVEL and not fall else name for (name, _), fall in zip(stacked, falls, strict=True)]
    chosen = choose_ticks(len(stacked))
    return Stacks(title, rows, (ends - heights / 2)[chosen], [kinds[i] for i in chosen], ends[:-1])


def name_stacks(channels: Sequence[Channel]) -> list[tuple[str, int]]:
    """Return the name and the number of rows of each stack: what one encoder made, or the fields of one channel.

    An encoder that has a threshold for each channel is named by the lowest and the highest.

    >>> def made(threshold=None, field=None):
    ...     return [Channel(name, "audio", threshold=threshold, field=field) for name in ("flux", "energy")]
    >>> name_stacks([*made(0.5), *made(1.0)])
    [('level 0.5', 2), ('level 1', 2)]
    >>> name_stacks(sorted([*made(field=0), *made(field=1)], key=lambda one: one.name))
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
    return [(_name_level(list(made.values())), len(made)) for made in found]


def _name_level(channels: Sequence[Channel]) -> str:
    """Return the name of a level of channels that differ in the threshold at most."""
    low, high = (end(channels, key=lambda one: one.threshold or 0.0) for end in (min, max))
    if low.threshold == high.threshold:
        return f"{LEVEL} {low.level}".strip()
    return f"{LEVEL} {low.level}–{high.threshold:.3g}"
