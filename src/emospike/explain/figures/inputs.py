"""Where sound and face enter the brain: eXCube2's Figures 6 and 7."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float, Float32
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D

from emospike.brain.topography import PARTS, part_of
from emospike.explain.explanation import Explanation
from emospike.explain.figures.cube import SIDES
from emospike.explain.geometry import channels_by_sense
from emospike.explain.style import INK, MUTED, PART, POWER, SENSE, SMALL, colour_bar, new_figure, plain_ticks, tidy
from emospike.series import frequencies_of

BRAIN = "#d7dde3"
TINY = 6.5  # font size of names beside sites, points
MOST_NAMED = 24  # channels of a face; more would overlap
OCTAVES = (63, 125, 250, 500, 1000, 2000, 4000, 8000)
NAMES = {
    "audio": "sound enters along Heschl's gyrus (A1)",
    "face": "the face enters in the superior temporal sulcus (STS)",
}
Points = Float[np.ndarray, "... 2"]
Sites = Float32[np.ndarray, "channels sites 3"]


def inputs_figure(explanation: Explanation) -> Figure:
    """Return three views of the brain with all sites, above the map of sound and the map of the face."""
    maps = channels_by_sense(explanation.spikes.channels)
    figure = new_figure(10, 7.3)
    top, below = list(np.asarray(figure.subfigures(2, 1, height_ratios=[3.4, 3.9])))
    _views(top, explanation, maps)
    panels = below.subplots(1, len(maps), squeeze=False)[0]
    for axes, (sense, own) in zip(panels, maps.items(), strict=True):
        right = _right(explanation.sites[list(own.values())])
        neurons = explanation.positions[explanation.positions[:, 0] > 0]
        if sense == "audio":
            _sound_map(axes, tuple(own), right[..., :2], neurons[:, :2])
        else:
            _face_map(axes, tuple(own), right[:, 0, 1:], neurons[:, 1:])
    return figure


def _views(figure: SubFigure, explanation: Explanation, maps: Mapping[str, Mapping[str, int]]) -> None:
    """Draw the brain from three sides with the sites of each sense."""
    spread = np.ptp(explanation.positions, axis=0) + 20
    panels = figure.subplots(1, 3, width_ratios=[spread[right] for _, right, _, _ in SIDES])
    for axes, (title, right, up, ends) in zip(panels, SIDES, strict=True):
        _dots(axes, explanation.positions[:, [right, up]], s=6, color=BRAIN)
        for sense, own in maps.items():
            _dots(axes, explanation.sites[list(own.values())][..., [right, up]], s=5, color=SENSE[sense])
        _bare(axes, title)
        for x, end in zip((0.02, 0.98), ends, strict=True):
            axes.text(x, 0.0, end, transform=axes.transAxes, ha="center", fontsize=SMALL, color=MUTED)
    handles = [Line2D([], [], marker="o", linestyle="", color=SENSE[sense], label=NAMES[sense]) for sense in maps]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, frameon=False, fontsize=SMALL, labelcolor=INK)


def _sound_map(
    axes: Axes, names: tuple[str, ...], points: Float32[np.ndarray, "channels sites 2"], neurons: Points
) -> None:
    """Draw the right hemisphere's map of sound from above, coloured by frequency."""
    hertz = frequencies_of(names)
    pitched = ~np.isnan(hertz)
    _brain(axes, neurons, points, 12.0)
    if pitched.any():
        known = hertz[pitched]
        norm = LogNorm(float(known.min()), float(known.max() + 1))
        x, y = points[pitched].reshape(-1, 2).T
        axes.scatter(x, y, c=np.repeat(known, points.shape[1]), norm=norm, cmap=POWER, s=16)
        bar = colour_bar(axes.figure, ScalarMappable(norm, POWER), axes, "frequency, Hz", shrink=0.8)
        plain_ticks(bar.ax.yaxis, [tick for tick in OCTAVES if known.min() <= tick <= known.max()])
    else:
        _dots(axes, points, s=16, color=SENSE["audio"])
    high = points[int(np.nanargmax(hertz)) if pitched.any() else -1]
    for end, name in zip(high, ("A1", "R"), strict=False):
        axes.annotate(name, end, (-6, -2), textcoords="offset points", ha="right", va="top", fontsize=SMALL, color=INK)
    _bare(axes, "Sound: right side, from above")


def _face_map(axes: Axes, names: tuple[str, ...], points: Float32[np.ndarray, "channels 2"], neurons: Points) -> None:
    """Draw the right hemisphere's map of the face from the right, coloured by part and named."""
    _brain(axes, neurons, points, 6.0)
    parts = [part_of(name) for name in names]
    for part, colour in zip(PARTS, PART, strict=True):
        own = [i for i, one in enumerate(parts) if one == part]
        _dots(axes, points[own], s=22, color=colour, label=part, zorder=3)
        for i in own if len(names) <= MOST_NAMED else ():
            unit = names[i].partition(" ")[0]
            axes.annotate(unit, points[i], (4, 0), textcoords="offset points", va="center", fontsize=TINY, color=INK)
    _bare(axes, "Face: right side, from the right")
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=SMALL, labelcolor=INK)


def _right(sites: Sites) -> Float32[np.ndarray, "channels right 3"]:
    """Return the sites in the right hemisphere."""
    return sites[:, sites[0, :, 0] > 0]


def _brain(axes: Axes, neurons: Points, points: Points, room: float) -> None:
    """Draw the neurons around some points, faintly."""
    low, high = points.reshape(-1, 2).min(axis=0) - room, points.reshape(-1, 2).max(axis=0) + room
    _dots(axes, neurons[np.all((neurons >= low) & (neurons <= high), axis=1)], s=18, color=BRAIN)
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))


def _dots(axes: Axes, points: Points, **how: Any) -> None:
    """Draw dots, those at one place once."""
    x, y = np.unique(points.reshape(-1, 2), axis=0).T
    axes.scatter(x, y, linewidths=0, **how)


def _bare(axes: Axes, title: str) -> None:
    tidy(axes, title)
    axes.set(xticks=[], yticks=[], aspect="equal")
    axes.spines[:].set_visible(False)
