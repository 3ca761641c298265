"""Interactions between the strongest nodes of sound and face: eXCube2's Figure 13."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from emospike.explain.captions import crossing_caption
from emospike.explain.crossing import Crossing
from emospike.explain.figures.panels import Panels, discs, link_colour
from emospike.explain.geometry import View, ribbon
from emospike.explain.style import INK, SMALL
from emospike.explain.wording import cut, scale_line

WIDEST = 0.12  # arc, of the circle's radius
KINDS = {"audio": "within sound", "face": "within the face", "both": "from one to the other"}


def crossing_figure(crossing: Crossing) -> Figure:
    """Return a panel for this clip, one for the mean of each class, and one for the difference of two."""
    return Panels(_network, (4.8, 3.2), KINDS, crossing_caption()).figure(crossing)


def _network(axes: Axes, crossing: Crossing, view: View) -> None:
    """Draw one network: sound on the left, the face on the right."""
    places, arcs = crossing.places, crossing.arcs(view)
    strength = np.array([abs(count) / view.scale for *_, count in arcs])
    outlines = [ribbon(places[a], places[b], WIDEST * abs(count) / view.scale) for a, b, count in arcs]
    colours = [link_colour(view, count, crossing.kind(a, b)) for a, b, count in arcs]
    if arcs:
        alpha = 0.3 + 0.6 * strength
        axes.add_collection(PolyCollection(outlines, facecolors=colours, alpha=alpha, linewidths=0))
    for name, (x, y) in zip(crossing.nodes, places, strict=True):
        side = "left" if x > 0 else "right"
        axes.text(1.13 * x, 1.08 * y, cut(name, 24), ha=side, va="center", fontsize=SMALL, color=INK)
    discs(axes, crossing, view, cut(view.title, 44), scale_line(view))
