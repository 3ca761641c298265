"""What plots share: arrays in plotly.js's binary form, panels, axes of channels."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float32, Num

from emospike.explain.geometry import binned, named, of_face
from emospike.explain.wording import short_channel
from emospike.series import Channel

Plot = dict[str, Any]
TYPES = {"float32": "f4", "int32": "i4", "int16": "i2", "int8": "i1", "uint8": "u1"}
LEVELS = 254
MOST_COLUMNS = 800  # of a heat map; more would be finer than the page


def packed(array: Num[np.ndarray, "*shape"]) -> Plot:
    """Return an array as plotly.js's typed array: base64 of its bytes, a fifth of the size of decimals.

    >>> packed(np.array([1, -1], np.int8))
    {'dtype': 'i1', 'bdata': 'Af8='}
    """
    small = array.astype({"f": np.float32, "i": np.int32}[array.dtype.kind]) if array.itemsize > 4 else array
    out = {"dtype": TYPES[small.dtype.name], "bdata": base64.b64encode(small.tobytes()).decode()}
    return out if small.ndim == 1 else out | {"shape": ", ".join(map(str, small.shape))}


def quantised(values: Float32[np.ndarray, "rows columns"]) -> Plot:
    """Return values in 254 equal steps from the lowest to the highest, a byte each; 255 stands for none.

    >>> quantised(np.float32([[0, 254, np.nan]]))
    {'levels': 'AP7/', 'shape': [1, 3], 'low': 0.0, 'step': 1.0}
    """
    known = np.isfinite(values)
    low, high = (float(end(values[known])) for end in (np.min, np.max)) if known.any() else (0.0, 0.0)
    step = (high - low) / LEVELS or 1.0
    codes = np.where(known, np.rint((values - low) / step), LEVELS + 1).astype(np.uint8)
    text = base64.b64encode(codes.tobytes()).decode()
    return {"levels": text, "shape": list(values.shape), "low": low, "step": step}


def heat_map(
    values: Num[np.ndarray, "steps channels"], rate: float, channels: Sequence[Channel], panel: int, **how: Any
) -> Plot:
    """Return a heat map of values over time in the panel of that number (1 at the top)."""
    shown, fine = binned(values, rate, MOST_COLUMNS)
    rows = np.ascontiguousarray(shown.T)
    return {
        "type": "heatmap",
        "z": packed(rows) if rows.dtype == np.int8 else quantised(rows),
        "x0": 0,
        "dx": 1 / fine,
        "y": [channel.label for channel in channels],
        "yaxis": f"y{panel}",
        "hovertemplate": "%{x:.2f} s, %{y}: %{z:.3g}<extra></extra>",
    } | how


def channel_axis(channels: Sequence[Channel]) -> Plot:
    """Return an axis of channels that names all, or a few of many."""
    ticks = named(channels)
    return {
        "type": "category",
        "automargin": "left",
        "autorange": "reversed" if of_face(channels) else True,
        "tickvals": [channels[i].label for i in ticks],
        "ticktext": [short_channel(channels[i]) for i in ticks],
    }


def panels(heights: Sequence[float], titles: Sequence[str]) -> Plot:
    """Return a layout of panels above each other that share the time axis, each with its title above it."""
    gap = 0.09
    unit = (1 - gap * (len(heights) - 1)) / sum(heights)
    layout: Plot = {"annotations": []}
    top = 1.0
    for number, (height, title) in enumerate(zip(heights, titles, strict=True), start=1):
        bottom = max(top - height * unit, 0.0)
        layout[f"yaxis{number}"] = {"domain": [bottom, top]}
        layout["annotations"].append(
            {"text": title, "x": 0, "y": top, "xref": "paper", "yref": "paper"}
            | {"xanchor": "left", "yanchor": "bottom", "showarrow": False}
        )
        top = bottom - gap
    layout["xaxis"] = {"title": {"text": "time, s"}, "anchor": f"y{len(heights)}"}
    return layout
