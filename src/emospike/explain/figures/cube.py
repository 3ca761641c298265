"""The network in the brain: every neuron coloured by its spikes, seen from three sides."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int64
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, PowerNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from emospike.explain.explanation import Explanation
from emospike.explain.geometry import drawn, spike_counts, whole_region
from emospike.explain.style import (
    ACTIVITY,
    HIGHLIGHT,
    INK,
    MUTED,
    NORMAL,
    SITE,
    SMALL,
    colour_bar,
    new_figure,
    tidy,
)

# Title, axis to the right, axis upwards, what stands at the two ends of the first one.
SIDES = (
    ("Sagittal, from the right", 1, 2, ("back", "front")),
    ("Axial, from above", 0, 1, ("L", "R")),
    ("Coronal, from behind", 0, 2, ("L", "R")),
)
SILENT_TO_BUSY = LinearSegmentedColormap.from_list("activity", ACTIVITY)


def cube_figure(explanation: Explanation) -> Figure:
    """Return three orthogonal views: all neurons, A1 and STS ringed, and the sites of the input channels."""
    figure = new_figure(10, 4.0)
    spread = np.ptp(explanation.positions, axis=0) + 20
    axes = figure.subplots(1, 3, width_ratios=[spread[right] for _, right, _, _ in SIDES])
    chosen = drawn(explanation)
    counts = spike_counts(explanation)[chosen]
    order = np.argsort(counts, kind="stable")  # the most active neurons are drawn last, on top
    chosen, counts = chosen[order], counts[order]
    norm = PowerNorm(0.5, 0, max(int(counts.max(initial=0)), 1))
    for one, (title, right, up, ends) in zip(axes, SIDES, strict=True):
        points = explanation.positions[chosen][:, [right, up]]
        one.scatter(*points.T, c=counts, s=3 + 20 * norm(counts), cmap=SILENT_TO_BUSY, norm=norm, linewidths=0)
        _rings(one, explanation, chosen, points)
        sites = np.unique(explanation.sites.reshape(-1, 3)[:, [right, up]], axis=0)
        one.scatter(*sites.T, marker="x", s=4, color=SITE, linewidths=0.4)
        _frame(one, title, ends)
        middle = (points.min(axis=0) + points.max(axis=0)) / 2  # all views on one scale
        one.set_xlim(middle[0] - spread[right] / 2, middle[0] + spread[right] / 2)
        one.set_ylim(middle[1] - spread.max() / 2, middle[1] + spread.max() / 2)
    mappable = one.collections[0]
    colour_bar(figure, mappable, axes, "spikes in this clip, the busiest in front", aspect=25, shrink=0.85)
    _legend(figure)
    return figure


def _rings(
    axes: Axes,
    explanation: Explanation,
    chosen: Int64[np.ndarray, " drawn"],
    points: Float[np.ndarray, "drawn 2"],
) -> None:
    """Ring the neurons of the highlighted regions."""
    names = np.array([whole_region(name) for name in explanation.regions], object)
    region = names[np.asarray(explanation.region)[chosen]]
    for name, colour in HIGHLIGHT.items():
        own = points[region == name]
        axes.scatter(own[:, 0], own[:, 1], s=26, facecolors="none", edgecolors=colour, linewidths=0.7)


def _frame(axes: Axes, title: str, ends: tuple[str, str]) -> None:
    tidy(axes, title)
    axes.set_aspect("equal")
    axes.spines[:].set_visible(False)
    axes.set(xticks=[], yticks=[])
    for x, end in zip((0.02, 0.98), ends, strict=True):
        axes.text(x, 0.0, end, transform=axes.transAxes, ha="center", fontsize=NORMAL, color=MUTED)


def _legend(figure: Figure) -> None:
    """Name the rings and the crosses below the views."""
    rings = [
        Line2D([], [], marker="o", linestyle="", markerfacecolor="none", markeredgecolor=colour, label=name)
        for name, colour in HIGHLIGHT.items()
    ]
    cross = Line2D([], [], marker="x", linestyle="", color=SITE, label="sites of the input channels")
    figure.legend(
        handles=[*rings, cross],
        loc="outside lower left",
        ncols=3,
        frameon=False,
        fontsize=SMALL,
        labelcolor=INK,
    )
