"""Plots over time: moments under the feature, and the feature with its spikes and reconstruction."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int64

from emospike.explain.geometry import levels, raster_rows
from emospike.explain.plots.packed import Plot, channel_axis, heat_map, panels
from emospike.explain.style import POWER
from emospike.explain.wording import signed, spans
from emospike.spikes import Spikes
from emospike.systems.contract import Explanation

SIGNS = [[0, "--against"], [0.5, "--surface"], [1, "--for"]]


def moments_plot(explanation: Explanation) -> Plot:
    """Return the first feature and, under it, a bar as wide as each moment."""
    name, series = next(iter(explanation.series.items()))
    changes = [moment.change for moment in explanation.moments]
    times = spans(explanation.moments, series.seconds)
    bars = {
        "type": "bar",
        "x": [(start + stop) / 2 for start, stop in times],
        "width": [stop - start for start, stop in times],
        "y": changes,
        "marker": {
            "color": ["--for" if change >= 0 else "--against" for change in changes],
            "line": {"color": "--surface", "width": 1},
        },
        "hovertext": [f"{moment.name}: {signed(moment.change)}" for moment in explanation.moments],
        "hoverinfo": "text",
        "yaxis": "y2",
    }
    feature = heat_map(series.values, series.rate, series.channels, 1, colorscale=POWER.capitalize(), showscale=False)
    layout = panels([2, 1.2], [f"Feature “{name}”", "Change of log-odds by moment"])
    layout["yaxis1"] |= channel_axis(series.channels)
    layout["yaxis2"] |= {"zeroline": True}
    layout["xaxis"] |= {"range": [0, series.seconds]}
    return {"data": [feature, bars], "layout": layout | {"height": 430}}


def encoding_plot(explanation: Explanation, name: str) -> Plot:
    """Return one feature, its spikes, and what the spikes can rebuild of it."""
    series, shared = explanation.series[name], {"coloraxis": "coloraxis"}
    panes = [(f"Feature “{name}”", heat_map(series.values, series.rate, series.channels, 1, **shared))]
    channels: list[str] = []
    if explanation.spikes.channels:
        rows = raster_rows(explanation.spikes, series.channels)
        channels = [explanation.spikes.channels[i] for i in rows]
        panes.append(_raster(explanation.spikes, rows, channels))
    if name in explanation.decoded:
        rebuilt, error = explanation.decoded[name]
        values = heat_map(rebuilt.values, rebuilt.rate, rebuilt.channels, len(panes) + 1, **shared)
        panes.append((f"Rebuilt from the spikes: NMSE {error:.3g}", values))
    layout = panels([1.0] * len(panes), [title for title, _ in panes])
    for panel in range(1, len(panes) + 1):
        layout[f"yaxis{panel}"] |= channel_axis(series.channels)
    if channels:
        layout["yaxis2"] |= channel_axis(channels) | _level_ticks(tuple(channels))
        layout["shapes"] = _level_borders(tuple(channels))
    bar = {"thickness": 10, "len": 1 / len(panes), "y": 1, "yanchor": "top"}
    layout["coloraxis"] = {"colorscale": POWER.capitalize(), "colorbar": bar}
    layout["xaxis"] |= {"range": [0, series.seconds]}
    return {"data": [values for _, values in panes], "layout": layout | {"height": 200 * len(panes) + 60}}


def _raster(spikes: Spikes, rows: Int64[np.ndarray, " rows"], channels: Sequence[str]) -> tuple[str, Plot]:
    """Return the title and the heat map of positive and negative spikes, in the second panel."""
    up, down = spikes.counts()[:, rows].sum(axis=1).astype(int)
    how = {"colorscale": SIGNS, "showscale": False, "zmin": -1, "zmax": 1}
    return f"Spikes: {up:,} up, {down:,} down", heat_map(spikes.dense()[:, rows], spikes.rate, channels, 2, **how)


def _level_ticks(channels: tuple[str, ...]) -> Plot:
    """Return ticks that name the levels, in the middle of each, if there are several."""
    stacked = levels(channels)
    if len(stacked) < 2:
        return {}
    heights = np.array([height for _, height in stacked])
    middle = np.cumsum(heights) - heights // 2 - 1
    return {
        "tickvals": [channels[i] for i in middle],
        "ticktext": [f"level {level}" for level, _ in stacked],
    }


def _level_borders(channels: tuple[str, ...]) -> list[Plot]:
    """Return lines between the levels."""
    ends = np.cumsum([height for _, height in levels(channels)])[:-1]
    line = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "yref": "y2", "line": {"color": "--grid", "width": 1}}
    return [line | {"y0": float(end) - 0.5, "y1": float(end) - 0.5} for end in ends]
