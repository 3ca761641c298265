"""From a feature to spikes and back: eXCube2's Figure 5."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from emospike.explain.figures.sound import heat_map, spectrogram
from emospike.explain.geometry import channel_ticks, levels, raster_rows
from emospike.explain.style import AGAINST, FOR, GRID, MUTED, SMALL, colour_bar, new_figure, tidy
from emospike.explain.wording import short_channel
from emospike.series import Series
from emospike.spikes import Spikes
from emospike.systems.contract import Explanation

SIGNS = LinearSegmentedColormap.from_list("signs", [AGAINST, "white", FOR])


def encoding_figure(explanation: Explanation, name: str) -> Figure:
    """Return one feature, its spikes, and what the spikes can rebuild of it, above each other in time."""
    series = explanation.series[name]
    decoded = explanation.decoded.get(name)
    spiking = len(explanation.spikes.channels) > 0
    rows = 1 + spiking + (decoded is not None)
    figure = new_figure(8, 0.6 + 2.2 * rows)
    axes = list(figure.subplots(rows, 1, sharex=True, squeeze=False)[:, 0])
    limits = {"vmin": float(series.values.min()), "vmax": float(series.values.max())} if series.values.size else {}
    image = spectrogram(axes[0], series, **limits)
    tidy(axes[0], f"Feature: {name}")
    colour_bar(figure, image, axes[0], "feature value")
    if spiking:
        _raster(axes[1], explanation.spikes, series)
    if decoded is not None:
        image = spectrogram(axes[-1], decoded[0], **limits)
        tidy(axes[-1], f"Rebuilt from the spikes: NMSE {decoded[1]:.3g}")
        colour_bar(figure, image, axes[-1], "feature value")
    axes[-1].set_xlabel("time, s", fontsize=SMALL, color=MUTED)
    return figure


def _raster(axes: Axes, spikes: Spikes, series: Series) -> None:
    """Draw positive and negative spikes, a row a channel, the levels above each other."""
    rows = raster_rows(spikes, series.channels)
    dense = spikes.dense()[:, rows]
    heat_map(axes, dense, spikes.rate, cmap=SIGNS, vmin=-1, vmax=1)
    up, down = spikes.counts()[:, rows].sum(axis=1).astype(int)
    tidy(axes, f"Spikes: {up:,} up (blue), {down:,} down (orange)")
    channels = tuple(spikes.channels[i] for i in rows)
    if len(stacked := levels(channels)) > 1:
        heights = np.array([height for _, height in stacked])
        ends = np.cumsum(heights)
        axes.set_yticks(ends - heights / 2 - 0.5, [f"level {level}" for level, _ in stacked])
        for end in ends[:-1]:
            axes.axhline(end - 0.5, color=GRID, linewidth=0.8)
    else:
        ticks = channel_ticks(len(channels))
        axes.set_yticks(ticks, [short_channel(channels[i]) for i in ticks])
