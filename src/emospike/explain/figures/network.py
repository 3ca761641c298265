"""The feature interaction network: eXCube2's Figure 12, for this clip and against each class."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from emospike.explain.captions import network_caption
from emospike.explain.explanation import Explanation
from emospike.explain.geometry import View, circle, network_views, ribbon, strongest_arcs
from emospike.explain.style import AGAINST, ARC, FOR, INK, MUTED, SMALL, new_figure, tidy
from emospike.explain.wording import cut, scale_line

CLASSES = 4  # classes drawn in the picture, the most probable; the page has them all
WIDEST = 0.1  # arc, of the circle's radius
DISC = 90.0  # area of the largest disc, square points


def network_figure(explanation: Explanation) -> Figure:
    """Return this clip's network, and a row of mean and difference for each of the most probable classes."""
    clip, *rest = network_views(explanation)[: 1 + 2 * CLASSES]
    rows, columns = max(len(rest) // 2, 1), 3 if rest else 1
    figure = new_figure(4.3 * columns + 0.4, 3.25 * rows + 0.6)
    grid = figure.add_gridspec(rows, columns)
    _network(figure.add_subplot(grid[0, 0]), explanation.nodes, clip)
    for place, view in enumerate(rest):
        _network(figure.add_subplot(grid[place // 2, 1 + place % 2]), explanation.nodes, view)
    caption = textwrap.fill(network_caption(explanation, CLASSES), 68 * columns)
    figure.supxlabel(caption, fontsize=SMALL, color=MUTED, x=0.01, ha="left")
    return figure


def networks_figure(nodes: tuple[str, ...], views: Sequence[View], caption: str) -> Figure:
    """Return some views side by side."""
    figure = new_figure(4.3 * len(views) + 0.4, 3.9)
    for axes, view in zip(figure.subplots(1, len(views), squeeze=False)[0], views, strict=True):
        _network(axes, nodes, view)
    text = textwrap.fill(caption, 68 * len(views))
    figure.supxlabel(text, fontsize=SMALL, color=MUTED, x=0.01, ha="left")
    return figure


def _network(axes: Axes, nodes: tuple[str, ...], view: View) -> None:
    """Draw one network: strongest arcs, a disc for each node, names outside the circle."""
    places = circle(nodes)
    arcs = strongest_arcs(view.counts)
    outlines = [ribbon(places[a], places[b], WIDEST * abs(count) / view.scale) for a, b, count in arcs]
    strength = np.array([abs(count) / view.scale for *_, count in arcs])
    colours = [_colour(view, count) for *_, count in arcs]
    if arcs:  # no collection of matplotlib's may be empty and have an alpha
        alpha = 0.25 + 0.6 * strength
        axes.add_collection(PolyCollection(outlines, facecolors=colours, alpha=alpha, linewidths=0))
    own = np.diag(view.counts)
    colours = [_colour(view, count) for count in own]
    axes.scatter(places[:, 0], places[:, 1], s=4 + DISC * np.abs(own) / view.scale, c=colours, zorder=3)
    for name, (x, y) in zip(nodes, places, strict=True):
        side = "left" if x > 0.01 else "right" if x < -0.01 else "center"
        label = textwrap.fill(cut(name, 44), 22)
        axes.text(1.1 * x, 1.1 * y, label, ha=side, va="center", fontsize=SMALL, color=INK)
    axes.set(xlim=(-2.0, 2.0), ylim=(-1.25, 1.25), xticks=[], yticks=[], aspect="equal")
    axes.spines[:].set_visible(False)
    tidy(axes, cut(view.title, 44), scale_line(view))
    axes.spines[:].set_visible(False)


def _colour(view: View, count: float) -> str:
    """Return one colour for counts, and blue for more or orange for less than the mean."""
    if not view.difference:
        return ARC
    return FOR if count >= 0 else AGAINST
