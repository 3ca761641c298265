"""Between regions: the spikes that they hand on, and what learning changed."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, Normalize, PowerNorm, SymLogNorm
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from emospike.explain.captions import learning_caption, traffic_caption
from emospike.explain.style import (
    ACTIVITY,
    AGAINST,
    FOR,
    GRID,
    INK,
    MUTED,
    SMALL,
    colour_bar,
    new_figure,
    plain_ticks,
    tidy,
)
from emospike.explain.wording import change_label, strongest_changes
from emospike.readout.traffic import Learning, Traffic

COUNTS = LinearSegmentedColormap.from_list("counts", ["white", *ACTIVITY[1:]])
CHANGES = LinearSegmentedColormap.from_list("changes", [AGAINST, "white", FOR])
TINY = 6.0  # font size of numbers in cells, points
Between = Float[np.ndarray, "regions regions"]


def traffic_figure(traffic: Traffic, regions: Sequence[str]) -> Figure:
    """Return the matrix of spikes that regions hand on."""
    figure = new_figure(8.6, 9.2)
    axes = figure.subplots()
    norm = PowerNorm(0.5, 0, max(float(traffic.passed.max(initial=0.0)), 1.0))
    image = _matrix(axes, np.where(traffic.synapses > 0, traffic.passed, np.nan), regions, COUNTS, norm)
    for (row, column), value in np.ndenumerate(traffic.passed):
        if value:
            text = f"{value:.0f}" if value >= 10 else f"{value:.1f}"
            colour = "white" if norm(value) > 0.5 else INK
            axes.text(column, row, text, ha="center", va="center", fontsize=TINY, color=colour)
    tidy(axes, "Spikes handed on between regions, per second", "to", "from")
    colour_bar(figure, image, axes, "spikes a second", shrink=0.6, aspect=30)
    caption = textwrap.fill(traffic_caption(traffic), 142)
    figure.supxlabel(caption, fontsize=SMALL, color=MUTED, x=0.01, ha="left")
    return figure


def learning_figure(learning: Learning, regions: Sequence[str]) -> Figure:
    """Return the matrix of changes, and the strongest between different regions."""
    figure = new_figure(12.5, 7.0)
    left, right = figure.subplots(1, 2, width_ratios=[1.7, 1])
    most = max(float(np.abs(learning.change).max(initial=0.0)), 1e-6)
    norm = SymLogNorm(most / 30, vmin=-most, vmax=most)
    image = _matrix(left, np.where(learning.synapses > 0, learning.change, np.nan), regions, CHANGES, norm)
    tidy(left, "What learning changed: sum of weights", "to", "from")
    bar = colour_bar(figure, image, left, "change of weight, in thresholds", shrink=0.8, aspect=30)
    rounds = [sign * 10.0**power for power in range(-6, 7) for sign in (-1, 1) if most / 30 <= 10.0**power <= most]
    plain_ticks(bar.ax.yaxis, sorted([0.0, *rounds]))
    pairs = strongest_changes(learning, regions)
    bars = right.barh(
        range(len(pairs)), [c for _, c, _ in pairs], color=[FOR if c >= 0 else AGAINST for _, c, _ in pairs]
    )
    right.bar_label(bars, [change_label(c, share) for _, c, share in pairs], padding=3, fontsize=SMALL, color=INK)
    right.set_yticks(range(len(pairs)), [name for name, *_ in pairs])
    low, high = (end([0.0, *(c for _, c, _ in pairs)]) for end in (min, max))
    room = 0.5 * max(high - low, 1e-6)
    right.set_xlim(low - room * (low < 0), high + room)
    right.set_ylim(len(pairs) - 0.4, -0.6)
    right.axvline(0, color=INK, linewidth=0.8)
    tidy(right, "Strongest between different regions", "change of weight, in thresholds")
    caption = textwrap.fill(learning_caption(learning), 205)
    figure.supxlabel(caption, fontsize=SMALL, color=MUTED, x=0.01, ha="left")
    return figure


def _matrix(
    axes: Axes, values: Between, regions: Sequence[str], colours: LinearSegmentedColormap, norm: Normalize
) -> AxesImage:
    """Draw a matrix of regions; cells without a synapse stay grey."""
    axes.set_facecolor("#f0f2f4")
    image = axes.imshow(values, cmap=colours, norm=norm)
    places = range(len(regions))
    axes.set_xticks(places, regions, rotation=60, ha="right", rotation_mode="anchor")
    axes.set_yticks(places, regions)
    axes.set_xticks(np.arange(len(regions) - 1) + 0.5, minor=True)
    axes.set_yticks(np.arange(len(regions) - 1) + 0.5, minor=True)
    axes.grid(which="minor", color=GRID, linewidth=0.4)
    axes.tick_params(which="minor", length=0)
    return image
