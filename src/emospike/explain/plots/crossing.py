"""Interactions between the strongest nodes of sound and face, one plot for each view."""

from __future__ import annotations

import numpy as np

from emospike.explain.crossing import Crossing
from emospike.explain.geometry import View, ribbon
from emospike.explain.plots.network import disc_trace, name_trace, ribbon_trace
from emospike.explain.plots.packed import Plot
from emospike.explain.style import SENSE
from emospike.explain.wording import scale_line

WIDEST = 0.12  # arc, of the circle's radius


def crossing_plots(crossing: Crossing) -> list[Plot]:
    """Return a plot for each view, its title in ``"name"``."""
    return [_network(crossing, view) for view in crossing.views]


def _network(crossing: Crossing, view: View) -> Plot:
    places, nodes = crossing.places, crossing.nodes

    def colour(count: float, kind: str) -> str:
        return SENSE[kind] if not view.difference else "--for" if count >= 0 else "--against"

    arcs = [
        ribbon_trace(
            ribbon(places[a], places[b], WIDEST * abs(count) / view.scale),
            colour(count, crossing.kind(a, b)),
            0.3 + 0.6 * abs(count) / view.scale,
            f"{nodes[a]} → {nodes[b]}: {count:.2f} /s",
        )
        for a, b, count in crossing.arcs(view)
    ]
    own = np.diag(view.counts)
    colours = [colour(count, sense) for count, sense in zip(own, crossing.senses, strict=True)]
    axis = {"visible": False, "fixedrange": True}
    layout = {"xaxis": axis | {"range": [-2.6, 2.6]}, "yaxis": axis | {"range": [-1.15, 1.15]}, "height": 400}
    data = [*arcs, disc_trace(nodes, places, own, view.scale, colours), name_trace(nodes, places)]
    return {"name": view.title, "scale": scale_line(view), "data": data, "layout": layout}
