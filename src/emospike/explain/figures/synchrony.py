"""Which neurons of sound and face fire together: Synch-Graph's graph, of this clip, of its class, and what differs."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from emospike.explain.captions import synchrony_caption
from emospike.explain.crossing import Crossing
from emospike.explain.figures.panels import Panels, discs, link_colour
from emospike.explain.geometry import View
from emospike.explain.style import INK, SMALL
from emospike.explain.synchrony import scale_of
from emospike.explain.wording import cut

WIDEST = 6.0  # line, points
KINDS = {"audio": "within sound", "face": "within the face", "both": "between the senses"}


def synchrony_figure(crossing: Crossing) -> Figure:
    """Return a panel for this clip, one for the mean of each class, and one for the difference of two."""
    return Panels(_graph, (5.2, 3.6), KINDS, synchrony_caption()).figure(crossing)


def _graph(axes: Axes, crossing: Crossing, view: View) -> None:
    """Draw one graph: sound on the left, the face on the right."""
    places, edges = crossing.places, crossing.arcs(view)
    strength = np.array([abs(value) / view.scale for *_, value in edges])
    if edges:
        colours = [link_colour(view, value, crossing.kind(a, b)) for a, b, value in edges]
        lines = [(places[a], places[b]) for a, b, _ in edges]
        axes.add_collection(LineCollection(lines, colors=colours, alpha=0.3 + 0.6 * strength, lw=WIDEST * strength))
    for name, (x, y) in zip(crossing.nodes, places, strict=True):
        axes.text(1.13 * x, 1.08 * y, name, ha="left" if x > 0 else "right", va="center", fontsize=SMALL, color=INK)
    discs(axes, crossing, view, cut(view.title, 44), scale_of(view))
