"""The feature interaction network, one plot for each view."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from emospike.explain.geometry import View, circle, network_views, ribbon, strongest_arcs
from emospike.explain.plots.packed import Plot
from emospike.explain.wording import scale_line
from emospike.systems.contract import Explanation

WIDEST = 0.1  # arc, of the circle's radius
DISC = 13.0  # diameter of the largest disc, pixels


def network_plots(explanation: Explanation) -> list[Plot]:
    """Return a plot for each view, its title in ``"name"``."""
    places = circle(explanation.nodes)
    return [_network(explanation.nodes, places, view) for view in network_views(explanation)]


def _network(nodes: tuple[str, ...], places: Float[np.ndarray, "nodes 2"], view: View) -> Plot:
    """Return arcs, a disc for each node, and names outside the circle."""
    arcs = [
        {
            "mode": "none",
            "fill": "toself",
            "fillcolor": _colour(view, count),
            "opacity": 0.25 + 0.6 * abs(count) / view.scale,
            "hoveron": "fills",
            "hoverinfo": "text",
            "text": f"{nodes[a]} → {nodes[b]}: {count:.2f} /s",
        }
        | _line(ribbon(places[a], places[b], WIDEST * abs(count) / view.scale))
        for a, b, count in strongest_arcs(view.counts)
    ]
    own = np.diag(view.counts)
    discs = _line(places) | {
        "mode": "markers",
        "marker": {
            "size": (4 + DISC * np.sqrt(np.abs(own) / view.scale)).round(1).tolist(),
            "color": [_colour(view, count) for count in own],
            "opacity": 1,
        },
        "text": [f"{name} → itself: {count:.2f} /s" for name, count in zip(nodes, own, strict=True)],
        "hoverinfo": "text",
    }
    right = places[:, 0] > 0
    names = _line(1.1 * places) | {
        "mode": "text",
        "text": [f"\u00a0{name}\u00a0" for name in nodes],
        "textposition": ["middle right" if one else "middle left" for one in right],
        "hoverinfo": "skip",
        "cliponaxis": False,
    }
    axis = {"visible": False, "fixedrange": True}
    layout = {
        "xaxis": axis | {"range": [-2.6, 2.6]},
        "yaxis": axis | {"range": [-1.1, 1.1]},
        "height": 460,
    }
    return {"name": view.title, "scale": scale_line(view), "data": [*arcs, discs, names], "layout": layout}


def _line(points: Float[np.ndarray, "points 2"]) -> Plot:
    x, y = points.T.round(3).tolist()
    return {"type": "scatter", "x": x, "y": y, "showlegend": False}


def _colour(view: View, count: float) -> str:
    """Return one colour for counts, and that of more or less than the mean for differences."""
    if not view.difference:
        return "--arc"
    return "--for" if count >= 0 else "--against"
