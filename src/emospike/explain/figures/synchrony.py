"""Which neurons of sound and face fire together: Synch-Graph's graph, of this clip, of its class, and what differs."""

from __future__ import annotations

import textwrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from emospike.explain.captions import synchrony_caption
from emospike.explain.crossing import Crossing
from emospike.explain.geometry import View
from emospike.explain.style import AGAINST, FOR, INK, MUTED, SENSE, SMALL, new_figure, tidy
from emospike.explain.synchrony import scale_of
from emospike.explain.wording import cut

WIDEST = 6.0  # line, points
DISC = 140.0  # area of the largest disc, square points
COLUMNS = 2
MOST_VIEWS = 6
KINDS = {"audio": "within sound", "face": "within the face", "both": "between the senses"}


def synchrony_figure(crossing: Crossing) -> Figure:
    """Return a panel for this clip, one for the mean of each class, and one for the difference of two."""
    views = crossing.views
    if len(views) > MOST_VIEWS:
        views = [*views[: MOST_VIEWS - 1], views[-1]]
    rows = -(-len(views) // COLUMNS)
    figure = new_figure(5.2 * COLUMNS, 3.6 * rows + 1.1)
    grid = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
    for axes, view in zip(grid, views, strict=False):
        _graph(axes, crossing, view)
    for axes in grid[len(views) :]:
        axes.axis("off")
    handles = [Patch(color=SENSE[kind], label=label) for kind, label in KINDS.items()]
    figure.legend(handles=handles, loc="outside upper center", ncols=3, frameon=False, fontsize=SMALL, labelcolor=INK)
    caption = textwrap.fill(synchrony_caption(), 170)
    figure.supxlabel(caption, fontsize=SMALL, color=MUTED, x=0.01, ha="left")
    return figure


def _graph(axes: Axes, crossing: Crossing, view: View) -> None:
    """Draw one graph: sound on the left, the face on the right."""
    places, edges = crossing.places, crossing.arcs(view)
    strength = np.array([abs(value) / view.scale for *_, value in edges])
    if edges:
        colours = [_colour(view, value, crossing.kind(a, b)) for a, b, value in edges]
        lines = [(places[a], places[b]) for a, b, _ in edges]
        axes.add_collection(LineCollection(lines, colors=colours, alpha=0.3 + 0.6 * strength, lw=WIDEST * strength))
    own = np.diag(view.counts)
    colours = [_colour(view, value, sense) for value, sense in zip(own, crossing.senses, strict=True)]
    axes.scatter(places[:, 0], places[:, 1], s=6 + DISC * np.abs(own) / view.scale, c=colours, zorder=3)
    for name, (x, y) in zip(crossing.nodes, places, strict=True):
        axes.text(1.13 * x, 1.08 * y, name, ha="left" if x > 0 else "right", va="center", fontsize=SMALL, color=INK)
    axes.set(xlim=(-2.2, 2.2), ylim=(-1.2, 1.2), xticks=[], yticks=[], aspect="equal")
    tidy(axes, cut(view.title, 44), scale_of(view))
    axes.spines[:].set_visible(False)


def _colour(view: View, value: float, kind: str) -> str:
    """Return the colour of a kind of edge, and blue for more or orange for less where two means differ."""
    if not view.difference:
        return SENSE[kind]
    return FOR if value >= 0 else AGAINST
