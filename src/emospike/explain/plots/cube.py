"""The network in the brain, in three dimensions: a trace for each region, so that the legend selects."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int64

from emospike.explain.explanation import Explanation
from emospike.explain.geometry import channels_by_sense, drawn, spike_counts, whole_region
from emospike.explain.plots.packed import Plot, packed
from emospike.explain.style import HIGHLIGHT, SENSE
from emospike.explain.wording import short_channel
from emospike.systems.perception import WORDS

SCALE = [[0, "--quiet"], [0.35, "--low"], [0.7, "--middle"], [1, "--busy"]]
PLACE = "%{x:.0f}, %{y:.0f}, %{z:.0f} mm"


def cube_plot(explanation: Explanation) -> Plot:
    """Return the neurons coloured by their spikes, A1 and STS ringed by side, and the input sites."""
    counts = spike_counts(explanation)
    chosen = drawn(explanation)
    names = np.array(explanation.regions, object)[np.asarray(explanation.region)[chosen]]
    shown = [name if whole_region(name) in HIGHLIGHT else whole_region(name) for name in names]
    order = sorted(set(shown), key=lambda name: (whole_region(name) not in HIGHLIGHT, name))
    groups = {name: chosen[[one == name for one in shown]] for name in order}
    most = int(counts.max(initial=0))
    data = [_region(explanation, name, own, counts, most) for name, own in groups.items()]
    data += [_legend(explanation, name, own) for name, own in groups.items()]
    if explanation.sites.size:
        data += _sites(explanation)
    ends = _ends(explanation)
    layout = {"scene": {"aspectmode": "data"}, "coloraxis": _colours(most), "height": 520}
    return {"data": [*data, ends], "layout": layout}


def _region(
    explanation: Explanation,
    name: str,
    own: Int64[np.ndarray, " own"],
    counts: Int64[np.ndarray, " neurons"],
    most: int,
) -> Plot:
    """Return the neurons of one region: size and colour grow with the square root of their spikes."""
    root = np.sqrt(counts[own] / max(most, 1)).astype(np.float32)
    return _points(explanation.positions[own]) | {
        "legendgroup": name,
        "showlegend": False,
        "marker": {
            "size": packed(3 + 7 * root),
            "color": packed(root),
            "coloraxis": "coloraxis",
            "opacity": 0.9,
            "line": {"width": 0},
        },
        "customdata": packed(counts[own]),
        "hovertemplate": f"{_escaped(name)}: %{{customdata}} spikes<br>{PLACE}<extra></extra>",
    }


def _legend(explanation: Explanation, name: str, own: Int64[np.ndarray, " own"]) -> Plot:
    """Return what stands for a region in the legend: rings around its neurons if it is a highlighted one."""
    ring = HIGHLIGHT.get(whole_region(name))
    places = explanation.positions[own] if ring else np.full((1, 3), np.nan, np.float32)
    return _points(places) | {
        "legendgroup": name,
        "name": _escaped(name),
        "marker": {"symbol": "circle-open", "size": 8, "color": ring or "--muted", "line": {"width": 2}},
        "hoverinfo": "skip",
    }


def _sites(explanation: Explanation) -> list[Plot]:
    """Return the sites of the input channels, a trace for each sense."""
    traces = []
    for sense, own in channels_by_sense(explanation.spikes.channels).items():
        sites = explanation.sites[list(own.values())]
        names = np.repeat([short_channel(name) for name in own], sites.shape[1])
        points, first = np.unique(sites.reshape(-1, 3), axis=0, return_index=True)
        traces.append(
            _points(points)
            | {
                "name": f"sites of the {WORDS[sense]}",
                "marker": {"symbol": "x", "size": 2, "color": SENSE[sense]},
                "text": names[first].tolist(),
                "hovertemplate": f"%{{text}} enters here<br>{PLACE}<extra></extra>",
            }
        )
    return traces


def _ends(explanation: Explanation) -> Plot:
    """Return the names of the directions, just outside the neurons."""
    low, high = explanation.positions.min(axis=0) - 12, explanation.positions.max(axis=0) + 12
    x, y, z = (low + high) / 2
    places = np.array([[low[0], y, z], [high[0], y, z], [x, low[1], z], [x, high[1], z]])
    return _points(places) | {
        "mode": "text",
        "text": ["left", "right", "back", "front"],
        "showlegend": False,
        "hoverinfo": "skip",
    }


def _points(places: np.ndarray) -> Plot:
    x, y, z = (packed(np.ascontiguousarray(axis)) for axis in places.T)
    return {"type": "scatter3d", "mode": "markers", "x": x, "y": y, "z": z}


def _colours(most: int) -> Plot:
    """Return a scale of roots of spike counts, with ticks at round counts."""
    round_counts = [n for n in (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000) if n <= max(most, 1)]
    ticks = [round_counts[0], *round_counts[-4:]] if len(round_counts) > 5 else round_counts
    return {
        "colorscale": SCALE,
        "cmin": 0,
        "cmax": 1,
        "colorbar": {
            "title": {"text": "spikes"},
            "tickvals": [float(np.sqrt(n / max(most, 1))) for n in ticks],
            "ticktext": [str(n) for n in ticks],
            "thickness": 10,
            "len": 0.5,
        },
    }


def _escaped(text: str) -> str:
    """Return text that plotly.js shows as it is, not as a tag or a placeholder."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("%{", "% {")
