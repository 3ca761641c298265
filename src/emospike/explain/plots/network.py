"""The feature interaction network, one plot for each view, and the traces that networks are drawn with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from emospike.explain.explanation import Explanation
from emospike.explain.geometry import View, circle, network_views, ribbon, strongest_arcs
from emospike.explain.plots.packed import Plot
from emospike.explain.wording import scale_line

WIDEST = 0.1  # arc, of the circle's radius
DISC = 13.0  # diameter of the largest disc, pixels

Places = Float[np.ndarray, "nodes 2"]


def network_plots(explanation: Explanation) -> list[Plot]:
    """Return a plot for each view, its title in ``"name"``."""
    return [network_plot(explanation.nodes, view) for view in network_views(explanation)]


def network_plot(nodes: tuple[str, ...], view: View) -> Plot:
    """Return arcs, a disc for each node, and names outside the circle."""
    places = circle(nodes)
    arcs = [
        ribbon_trace(
            ribbon(places[a], places[b], WIDEST * abs(count) / view.scale),
            _colour(view, count),
            0.25 + 0.6 * abs(count) / view.scale,
            f"{nodes[a]} → {nodes[b]}: {count:.2f} /s",
        )
        for a, b, count in strongest_arcs(view.counts)
    ]
    own = np.diag(view.counts)
    discs = disc_trace(nodes, places, own, view.scale, [_colour(view, count) for count in own])
    axis = {"visible": False, "fixedrange": True}
    layout = {"xaxis": axis | {"range": [-2.6, 2.6]}, "yaxis": axis | {"range": [-1.1, 1.1]}, "height": 460}
    data = [*arcs, discs, name_trace(nodes, places)]
    return {"name": view.title, "scale": scale_line(view), "data": data, "layout": layout}


def ribbon_trace(outline: Float[np.ndarray, "outline 2"], colour: str, opacity: float, text: str) -> Plot:
    """Return an arc."""
    how = {"mode": "none", "fill": "toself", "hoveron": "fills", "hoverinfo": "text"}
    return how | {"fillcolor": colour, "opacity": opacity, "text": text} | _line(outline)


def disc_trace(
    nodes: Sequence[str], places: Places, own: Float[np.ndarray, " nodes"], scale: float, colours: Sequence[str]
) -> Plot:
    """Return a disc for each node, its area what the node does to itself."""
    size = (4 + DISC * np.sqrt(np.abs(own) / scale)).round(1).tolist()
    return _line(places) | {
        "mode": "markers",
        "marker": {"size": size, "color": list(colours), "opacity": 1},
        "text": [f"{name} → itself: {count:.2f} /s" for name, count in zip(nodes, own, strict=True)],
        "hoverinfo": "text",
    }


def name_trace(nodes: Sequence[str], places: Places) -> Plot:
    """Return the names outside the circle."""
    return _line(1.1 * places) | {
        "mode": "text",
        "text": [f"\u00a0{name}\u00a0" for name in nodes],
        "textposition": ["middle right" if x > 0 else "middle left" for x in places[:, 0]],
        "hoverinfo": "skip",
        "cliponaxis": False,
    }


def _line(points: Float[np.ndarray, "points 2"]) -> Plot:
    x, y = points.T.round(3).tolist()
    return {"type": "scatter", "x": x, "y": y, "showlegend": False}


def _colour(view: View, count: float) -> str:
    """Return one colour for counts, and that of more or less than the mean for differences."""
    if not view.difference:
        return "--arc"
    return "--for" if count >= 0 else "--against"
