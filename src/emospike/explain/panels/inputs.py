"""Where sound and face enter the brain: eXCube2's Figures 6 and 7."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Float32

from emospike.brain.template import BrainTemplate
from emospike.explain.panel import Panel
from emospike.explain.style import (
    INK,
    MODALITY,
    MUTED,
    NORMAL,
    PART,
    POWER,
    SMALL,
    add_legend,
    colour_bar,
    new_figure,
    plain_ticks,
    tidy,
)
from emospike.features.movements import PARTS
from emospike.series import Channel, frequencies_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

Side = tuple[str, int, int, tuple[str, str]]
Points = Float[np.ndarray, "... 2"]

SIDES: tuple[Side, ...] = (
    ("Sagittal, from the right", 1, 2, ("back", "front")),
    ("Axial, from above", 0, 1, ("L", "R")),
    ("Coronal, from behind", 0, 2, ("L", "R")),
)
"""Title, axis to the right, axis upwards, what stands at the two ends of the first one."""

BRAIN = "#d7dde3"
TINY = 6.5  # font size of names beside sites, points
MOST_NAMED = 24  # channels of a face; more would overlap
OCTAVES = (63, 125, 250, 500, 1000, 2000, 4000, 8000)
NAMES = {
    "audio": "sound enters along Heschl's gyrus (A1)",
    "face": "the face enters in the superior temporal sulcus (STS)",
}
ENTERS = {
    "audio": "sound enters along Heschl's gyrus by frequency, channels without one spread along it in their order",
    "face": "the face enters in the superior temporal sulcus, the brow above, the jaw below",
}


def find_sources(channels: Sequence[Channel]) -> dict[str, dict[Channel, int]]:
    """Return the channels of series that those of spikes were made from, by modality, and the first made from each.

    >>> from dataclasses import replace
    >>> mel, jaw = Channel("mel 90 Hz", "audio"), Channel("AU26 jaw drop", "face")
    >>> found = find_sources([replace(mel, threshold=0.5), replace(mel, threshold=1.0), jaw])
    >>> found == {"audio": {mel: 0}, "face": {jaw: 2}}
    True
    """
    found: dict[str, dict[Channel, int]] = {}
    for i, channel in enumerate(channels):
        found.setdefault(channel.modality, {}).setdefault(channel.source, i)
    return dict(sorted(found.items()))


def describe_entry(channels: tuple[Channel, ...]) -> str:
    """Return where the channels enter the brain."""
    return "; ".join(ENTERS[modality] for modality in find_sources(channels))


@dataclass(frozen=True, eq=False)
class InputsPanel(Panel):
    """The sites of the input channels.

    Attributes
    ----------
    template : places of the neurons
    channels, sites : the input channels and where they enter, MNI mm
    """

    template: BrainTemplate
    channels: tuple[Channel, ...]
    sites: Float32[np.ndarray, "channels sites 3"]

    name = "inputs"
    title = "Where sound and face enter"
    alt = "The sites of the input channels in the brain from three sides, and the maps of sound and face on the right."

    @property
    def caption(self) -> str:
        """How to read the maps."""
        return (
            f"Where the channels enter the brain: {describe_entry(self.channels)}. A coloured dot is a site, a grey "
            "one a neuron; neurons around a site are the likeliest to be reached from there. Both hemispheres have the "
            "same map."
        )

    def figure(self) -> Figure:
        """Return three views of the brain with all sites, above the map of sound and the map of the face."""
        maps = find_sources(self.channels)
        figure = new_figure(10, 7.3)
        top, below = list(np.asarray(figure.subfigures(2, 1, height_ratios=[3.4, 3.9])))
        self._draw_views(top, maps)
        neurons = self.template.positions[self.template.positions[:, 0] > 0]
        for axes, (modality, own) in zip(below.subplots(1, len(maps), squeeze=False)[0], maps.items(), strict=True):
            sites = self.sites[list(own.values())]
            right = sites[:, sites[0, :, 0] > 0]
            if modality == "audio":
                draw_sound_map(axes, tuple(own), right[..., :2], neurons[:, :2])
            else:
                draw_face_map(axes, tuple(own), right[:, 0, 1:], neurons[:, 1:])
        return figure

    def _draw_views(self, figure: SubFigure, maps: Mapping[str, Mapping[Channel, int]]) -> None:
        """Draw the brain from three sides with the sites of each modality."""
        from matplotlib.lines import Line2D

        spread = spread_of(self.template)
        panels = figure.subplots(1, 3, width_ratios=[spread[right] for _, right, _, _ in SIDES])
        for axes, side in zip(panels, SIDES, strict=True):
            seen = [side[1], side[2]]
            _dots(axes, self.template.positions[:, seen], s=6, color=BRAIN)
            for modality, own in maps.items():
                _dots(axes, self.sites[list(own.values())][..., seen], s=5, color=MODALITY[modality])
            frame_side(axes, side, self.template.positions[:, seen], spread)
        handles = [Line2D([], [], marker="o", linestyle="", color=MODALITY[one], label=NAMES[one]) for one in maps]
        add_legend(figure, handles, "outside lower center")


def spread_of(template: BrainTemplate) -> Float[np.ndarray, " 3"]:
    """Return how much room the neurons take along each axis, mm, with a margin."""
    return np.asarray(np.ptp(template.positions, axis=0) + 20, float)


def frame_side(axes: Axes, side: Side, points: Points, spread: Float[np.ndarray, " 3"]) -> None:
    """Title a view of the brain, name its ends, and keep all views on one scale."""
    title, right, _, ends = side
    tidy(axes, title)
    axes.spines[:].set_visible(False)
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    axes.set(xticks=[], yticks=[], aspect="equal")
    axes.set_xlim(middle[0] - spread[right] / 2, middle[0] + spread[right] / 2)
    axes.set_ylim(middle[1] - spread.max() / 2, middle[1] + spread.max() / 2)
    for x, end in zip((0.02, 0.98), ends, strict=True):
        axes.text(x, 0.0, end, transform=axes.transAxes, ha="center", fontsize=NORMAL, color=MUTED)


def draw_sound_map(
    axes: Axes, channels: Sequence[Channel], points: Float32[np.ndarray, "channels sites 2"], neurons: Points
) -> None:
    """Draw the right hemisphere's map of sound from above, coloured by frequency."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LogNorm

    hertz = frequencies_of(channels)
    pitched = ~np.isnan(hertz)
    _draw_brain(axes, neurons, points, 12.0)
    if pitched.any():
        known = hertz[pitched]
        norm = LogNorm(float(known.min()), float(known.max() + 1))
        x, y = points[pitched].reshape(-1, 2).T
        axes.scatter(x, y, c=np.repeat(known, points.shape[1]), norm=norm, cmap=POWER, s=16)
        bar = colour_bar(axes.figure, ScalarMappable(norm, POWER), axes, "frequency, Hz", shrink=0.8)
        plain_ticks(bar.ax.yaxis, [tick for tick in OCTAVES if known.min() <= tick <= known.max()])
    else:
        _dots(axes, points, s=16, color=MODALITY["audio"])
    high = points[int(np.nanargmax(hertz)) if pitched.any() else -1]
    for end, name in zip(high, ("A1", "R"), strict=False):
        axes.annotate(name, end, (-6, -2), textcoords="offset points", ha="right", va="top", fontsize=SMALL, color=INK)
    tidy(axes, "Sound: right side, from above").spines[:].set_visible(False)


def draw_face_map(
    axes: Axes, channels: Sequence[Channel], points: Float32[np.ndarray, "channels 2"], neurons: Points
) -> None:
    """Draw the right hemisphere's map of the face from the right, coloured by part and named."""
    _draw_brain(axes, neurons, points, 6.0)
    for part, colour in zip(PARTS, PART, strict=True):
        own = [i for i, channel in enumerate(channels) if channel.group == part]
        _dots(axes, points[own], s=22, color=colour, label=part, zorder=3)
        for i in own if len(channels) <= MOST_NAMED else ():
            unit = channels[i].name.split()[0]  # "AU12", which has room
            axes.annotate(unit, points[i], (4, 0), textcoords="offset points", va="center", fontsize=TINY, color=INK)
    tidy(axes, "Face: right side, from the right").spines[:].set_visible(False)
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=SMALL, labelcolor=INK)


def _draw_brain(axes: Axes, neurons: Points, points: Points, room: float) -> None:
    """Draw the neurons around some points, faintly."""
    low, high = points.reshape(-1, 2).min(axis=0) - room, points.reshape(-1, 2).max(axis=0) + room
    _dots(axes, neurons[np.all((neurons >= low) & (neurons <= high), axis=1)], s=18, color=BRAIN)
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), xticks=[], yticks=[], aspect="equal")


def _dots(axes: Axes, points: Points, **how: Any) -> None:
    """Draw dots, those at one place once."""
    x, y = np.unique(points.reshape(-1, 2), axis=0).T
    axes.scatter(x, y, linewidths=0, **how)
