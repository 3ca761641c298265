"""Plots that move: brain and face in each frame, and a clock of sound and firing with a mark that moves along."""

from __future__ import annotations

import numpy as np

from emospike.explain.explanation import Explanation
from emospike.explain.face_lines import order
from emospike.explain.geometry import of_face
from emospike.explain.plots.cube import SCALE
from emospike.explain.plots.packed import Plot, channel_axis, heat_map, packed, panels
from emospike.explain.reel import Reel, envelope
from emospike.explain.style import HIGHLIGHT, POWER, SENSE


def reel_plots(explanation: Explanation, reel: Reel) -> dict[str, Plot]:
    """Return the plots by name; what a frame shows is in their ``"frames"``."""
    plots = {"brain": _brain(explanation, reel), "clock": _clock(explanation, reel)}
    return plots | ({"head": _head(reel)} if reel.face.size else {})


def _brain(explanation: Explanation, reel: Reel) -> Plot:
    """Return the neurons, small and pale while they are silent."""
    x, y, z = (packed(np.ascontiguousarray(axis)) for axis in explanation.positions[reel.neurons].T)
    trace = {
        "type": "scatter3d",
        "mode": "markers",
        "x": x,
        "y": y,
        "z": z,
        "hoverinfo": "skip",
        "showlegend": False,
        "marker": {
            "size": 3,
            "color": packed(np.zeros(len(reel.neurons), np.float32)),
            "colorscale": SCALE,
            "cmin": 0,
            "cmax": 1,
            "opacity": 0.9,
            "line": {"width": 0},
        },
    }
    frames = packed(reel.counts) | {"most": int(reel.counts.max(initial=1)), "seconds": reel.seconds}
    return {"data": [trace], "layout": {"scene": {"aspectmode": "data"}, "height": 420}, "frames": frames}


def _head(reel: Reel) -> Plot:
    """Return the lines of the face, and in ``"frames"`` the points: thousandths of the picture's side, -1 for none."""
    trace = {
        "type": "scatter",
        "mode": "lines",
        "x": [],
        "y": [],
        "line": {"color": SENSE["face"], "width": 1.5},
        "hoverinfo": "skip",
    }
    axis = {"visible": False, "fixedrange": True}
    layout = {
        "xaxis": axis | {"range": [0, 1000]},
        "yaxis": axis | {"range": [1000, 0], "scaleanchor": "x"},
        "height": 420,
        "margin": {"l": 8, "r": 8, "t": 28, "b": 8},
    }
    points = np.where(reel.seen[:, None, None], reel.face.round(), -1).astype(np.int16)
    frames = packed(points) | {"order": order(reel.face.shape[1]).tolist()}
    return {"data": [trace], "layout": layout, "frames": frames}


def _clock(explanation: Explanation, reel: Reel) -> Plot:
    """Return the sound, the features of the face and the rates over time, with a mark for the frame."""
    shown: list[tuple[float, str, list[Plot]]] = []
    if explanation.sound.size:
        shown.append((0.6, "Sound", _wave(explanation)))
    faces = [(name, series) for name, series in explanation.series.items() if of_face(series.channels)]
    for name, series in faces[:1]:
        how = {"colorscale": POWER.capitalize(), "showscale": False, "zmin": 0}
        heat = heat_map(series.values, series.rate, series.channels, len(shown) + 1, **how)
        shown.append((2.4, f"Feature “{name}”", [heat]))
    panel = len(shown) + 1
    shown.append((1.0, "Firing, Hz", _rates(reel, panel)))
    layout = panels([height for height, *_ in shown], [title for _, title, _ in shown])
    for number, (_, title, _) in enumerate(shown, start=1):
        layout[f"yaxis{number}"] |= {"visible": title != "Sound", "automargin": "left"}
    for number in range(panel - len(faces[:1]), panel):
        layout[f"yaxis{number}"] |= channel_axis(faces[0][1].channels)
    layout[f"yaxis{panel}"] |= {"rangemode": "tozero"}
    layout["xaxis"] |= {"range": [0, len(reel) * reel.seconds]}
    mark = {"type": "rect", "xref": "x", "yref": "paper", "y0": 0, "y1": 1, "x0": 0, "x1": reel.seconds}
    layout["shapes"] = [mark | {"fillcolor": "--site", "opacity": 0.35, "line": {"width": 0}}]
    layout |= {"height": round(130 * sum(height for height, *_ in shown)) + 70, "showlegend": True}
    layout["legend"] = {
        "orientation": "h",
        "xref": "container",
        "x": 0.03,
        "yref": "container",
        "y": 0,
        "yanchor": "bottom",
    }
    layout["margin"] = {"l": 62, "r": 8, "t": 28, "b": 72}
    return {"data": [trace for *_, traces in shown for trace in traces], "layout": layout}


def _wave(explanation: Explanation) -> list[Plot]:
    """Return the sound as the room between its lowest and highest samples."""
    time, low, high = envelope(explanation.sound)
    x = np.concatenate([time, time[::-1]])
    y = np.concatenate([high, low[::-1]])
    trace = {"type": "scatter", "mode": "none", "fill": "toself", "fillcolor": SENSE["audio"], "hoverinfo": "skip"}
    return [trace | {"x": packed(x), "y": packed(y), "yaxis": "y1", "showlegend": False}]


def _rates(reel: Reel, panel: int) -> list[Plot]:
    middle = packed(reel.starts + reel.seconds / 2)
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "x": middle,
            "y": packed(rate),
            "yaxis": f"y{panel}",
            "name": name,
            "line": {"color": HIGHLIGHT.get(name, "--muted"), "width": 2},
            "hovertemplate": f"{name}: %{{y:.1f}} /s<extra></extra>",
        }
        for name, rate in reel.rates.items()
    ]
