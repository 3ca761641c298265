"""Which neurons of sound and face fire together, one plot for each view."""

from __future__ import annotations

import numpy as np

from emospike.explain.crossing import Crossing
from emospike.explain.geometry import View
from emospike.explain.plots.network import name_trace
from emospike.explain.plots.packed import Plot
from emospike.explain.style import SENSE
from emospike.explain.synchrony import scale_of

WIDEST = 8.0  # line, pixels
DISC = 16.0  # diameter of the largest disc, pixels


def synchrony_plots(crossing: Crossing) -> list[Plot]:
    """Return a plot for each view, its title in ``"name"``."""
    return [_graph(crossing, view) for view in crossing.views]


def _graph(crossing: Crossing, view: View) -> Plot:
    places, nodes = crossing.places, crossing.nodes

    def colour(value: float, kind: str) -> str:
        return SENSE[kind] if not view.difference else "--for" if value >= 0 else "--against"

    edges = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": places[[a, b], 0].round(3).tolist(),
            "y": places[[a, b], 1].round(3).tolist(),
            "line": {"color": colour(value, crossing.kind(a, b)), "width": round(WIDEST * abs(value) / view.scale, 2)},
            "opacity": round(0.3 + 0.6 * abs(value) / view.scale, 3),
            "hoverinfo": "text",
            "text": f"{nodes[a]} with {nodes[b]}: {value:.2f}",
            "showlegend": False,
        }
        for a, b, value in crossing.arcs(view)
    ]
    own = np.diag(view.counts)
    discs = {
        "type": "scatter",
        "mode": "markers",
        "x": places[:, 0].round(3).tolist(),
        "y": places[:, 1].round(3).tolist(),
        "marker": {
            "size": (4 + DISC * np.sqrt(np.abs(own) / view.scale)).round(1).tolist(),
            "color": [colour(value, sense) for value, sense in zip(own, crossing.senses, strict=True)],
            "opacity": 1,
        },
        "text": [f"{name}: {value:.1f} spikes" for name, value in zip(nodes, own, strict=True)],
        "hoverinfo": "text",
        "showlegend": False,
    }
    axis = {"visible": False, "fixedrange": True}
    layout = {"xaxis": axis | {"range": [-2.6, 2.6]}, "yaxis": axis | {"range": [-1.15, 1.15]}, "height": 460}
    data = [*edges, discs, name_trace(nodes, places)]
    return {"name": view.title, "scale": scale_of(view), "data": data, "layout": layout}
