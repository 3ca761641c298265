"""Panels of one network: of this clip, of the mean of each class, and of the difference of two."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from emospike.explain.crossing import Crossing
from emospike.explain.geometry import View
from emospike.explain.style import AGAINST, FOR, INK, MUTED, SENSE, SMALL, new_figure, tidy

COLUMNS = 2
MOST_VIEWS = 6
LINE = 16  # characters of the caption in an inch
DISC = 140.0  # area of the largest disc, square points

Draw = Callable[[Axes, Crossing, View], None]


@dataclass(frozen=True)
class Panels:
    """A figure with a panel for each view of a network.

    Attributes
    ----------
    draw : draws the links and names of one view
    size : width and height of a panel, inches
    kinds : what links within each sense and between them are called
    caption : what the figure shows
    """

    draw: Draw
    size: tuple[float, float]
    kinds: Mapping[str, str]
    caption: str

    def figure(self, crossing: Crossing) -> Figure:
        """Return the figure; of more than six views the last and the first five."""
        views, (width, height) = crossing.views, self.size
        if len(views) > MOST_VIEWS:
            views = [*views[: MOST_VIEWS - 1], views[-1]]
        rows = -(-len(views) // COLUMNS)
        figure = new_figure(width * COLUMNS, height * rows + 1.1)
        grid = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
        for axes, view in zip(grid, views, strict=False):
            self.draw(axes, crossing, view)
        for axes in grid[len(views) :]:
            axes.axis("off")
        handles = [Patch(color=SENSE[kind], label=label) for kind, label in self.kinds.items()]
        figure.legend(
            handles=handles, loc="outside upper center", ncols=3, frameon=False, fontsize=SMALL, labelcolor=INK
        )
        caption = textwrap.fill(self.caption, round(LINE * width * COLUMNS))
        figure.supxlabel(caption, fontsize=SMALL, color=MUTED, x=0.01, ha="left")
        return figure


def discs(axes: Axes, crossing: Crossing, view: View, title: str, note: str) -> None:
    """Draw the nodes, larger where more happens within, and frame the panel: sound on the left, the face right."""
    own, places = np.diag(view.counts), crossing.places
    colours = [link_colour(view, value, sense) for value, sense in zip(own, crossing.senses, strict=True)]
    axes.scatter(places[:, 0], places[:, 1], s=6 + DISC * np.abs(own) / view.scale, c=colours, zorder=3)
    axes.set(xlim=(-2.2, 2.2), ylim=(-1.2, 1.2), xticks=[], yticks=[], aspect="equal")
    tidy(axes, title, note)
    axes.spines[:].set_visible(False)


def link_colour(view: View, value: float, kind: str) -> str:
    """Return the colour of a kind of link, and blue for more or orange for less where two means differ."""
    if not view.difference:
        return SENSE[kind]
    return FOR if value >= 0 else AGAINST
