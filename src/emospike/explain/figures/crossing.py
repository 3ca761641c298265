"""Interactions between the strongest nodes of sound and face: eXCube2's Figure 13."""

from __future__ import annotations

import textwrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from emospike.explain.captions import crossing_caption
from emospike.explain.crossing import Crossing
from emospike.explain.geometry import View, ribbon
from emospike.explain.style import AGAINST, FOR, INK, MUTED, SENSE, SMALL, new_figure, tidy
from emospike.explain.wording import cut, scale_line

WIDEST = 0.12  # arc, of the circle's radius
DISC = 140.0  # area of the largest disc, square points
COLUMNS = 2
MOST_VIEWS = 6
KINDS = {"audio": "within sound", "face": "within the face", "both": "from one to the other"}


def crossing_figure(crossing: Crossing) -> Figure:
    """Return a panel for this clip, one for the mean of each class, and one for the difference of two."""
    views = crossing.views
    if len(views) > MOST_VIEWS:
        views = [*views[: MOST_VIEWS - 1], views[-1]]
    rows = -(-len(views) // COLUMNS)
    figure = new_figure(4.8 * COLUMNS, 3.2 * rows + 1.1)
    grid = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
    for axes, view in zip(grid, views, strict=False):
        _network(axes, crossing, view)
    for axes in grid[len(views) :]:
        axes.axis("off")
    handles = [Patch(color=SENSE[kind], label=label) for kind, label in KINDS.items()]
    figure.legend(handles=handles, loc="outside upper center", ncols=3, frameon=False, fontsize=SMALL, labelcolor=INK)
    caption = textwrap.fill(crossing_caption(), 160)
    figure.supxlabel(caption, fontsize=SMALL, color=MUTED, x=0.01, ha="left")
    return figure


def _network(axes: Axes, crossing: Crossing, view: View) -> None:
    """Draw one network: sound on the left, the face on the right."""
    places, arcs = crossing.places, crossing.arcs(view)
    strength = np.array([abs(count) / view.scale for *_, count in arcs])
    outlines = [ribbon(places[a], places[b], WIDEST * abs(count) / view.scale) for a, b, count in arcs]
    colours = [_colour(view, count, crossing.kind(a, b)) for a, b, count in arcs]
    if arcs:
        alpha = 0.3 + 0.6 * strength
        axes.add_collection(PolyCollection(outlines, facecolors=colours, alpha=alpha, linewidths=0))
    own = np.diag(view.counts)
    colours = [_colour(view, count, sense) for count, sense in zip(own, crossing.senses, strict=True)]
    axes.scatter(places[:, 0], places[:, 1], s=6 + DISC * np.abs(own) / view.scale, c=colours, zorder=3)
    for name, (x, y) in zip(crossing.nodes, places, strict=True):
        side = "left" if x > 0 else "right"
        axes.text(1.13 * x, 1.08 * y, cut(name, 24), ha=side, va="center", fontsize=SMALL, color=INK)
    axes.set(xlim=(-2.2, 2.2), ylim=(-1.2, 1.2), xticks=[], yticks=[], aspect="equal")
    tidy(axes, cut(view.title, 44), scale_line(view))
    axes.spines[:].set_visible(False)


def _colour(view: View, count: float, kind: str) -> str:
    """Return the colour of a kind of arc, and blue for more or orange for less where two means differ."""
    if not view.difference:
        return SENSE[kind]
    return FOR if count >= 0 else AGAINST
