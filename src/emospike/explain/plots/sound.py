"""Plots over time: moments under the feature, and the feature with its spikes and reconstruction."""

from __future__ import annotations

from emospike.explain.explanation import Explanation
from emospike.explain.geometry import height, limits, own_ranges, shown_values
from emospike.explain.plots.packed import Plot, channel_axis, heat_map, panels
from emospike.explain.raster import Raster, rasters
from emospike.explain.style import POWER
from emospike.explain.wording import signed, spans
from emospike.series import Series
from emospike.spikes import Spikes

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
    values = shown_values(series, series)
    feature = heat_map(values, series.rate, series.channels, 1, colorscale=POWER.capitalize(), showscale=False)
    layout = panels([2, 1.2], [f"Feature “{name}”", "Change of log-odds by moment"])
    layout["yaxis1"] |= channel_axis(series.channels)
    layout["yaxis2"] |= {"zeroline": True}
    layout["xaxis"] |= {"range": [0, series.seconds]}
    return {"data": [feature, bars], "layout": layout | {"height": 430}}


def encoding_plot(explanation: Explanation, name: str) -> Plot:
    """Return one feature, its spikes, and what the spikes can rebuild of it."""
    series, spikes = explanation.series[name], explanation.spikes
    spiking = rasters(spikes, series.channels) if spikes.channels else []
    tall = height(series.channels)
    panes = [(tall, f"Feature “{name}”", _feature(series, series, 1))]
    panes += [(1.0, raster.title, _raster(spikes, raster, number)) for number, raster in enumerate(spiking, start=2)]
    if name in explanation.decoded:
        rebuilt, error = explanation.decoded[name]
        panes.append((tall, f"Rebuilt from the spikes: NMSE {error:.3g}", _feature(rebuilt, series, len(panes) + 1)))
    heights, titles, data = (list(column) for column in zip(*panes, strict=True))
    layout = panels(heights, titles) | {"shapes": []}
    for panel in range(1, len(panes) + 1):
        layout[f"yaxis{panel}"] |= channel_axis(series.channels)
    for panel, raster in enumerate(spiking, start=2):
        names = [spikes.channels[raster.rows[int(tick)]] for tick in raster.ticks]
        layout[f"yaxis{panel}"] |= {"tickvals": names, "ticktext": raster.names}
        layout["shapes"] += _borders(raster, panel)
    bar = {"thickness": 10, "len": tall / sum(heights), "y": 1, "yanchor": "top"}
    if own_ranges(series.channels):
        bar |= {"tickvals": [0, 1], "ticktext": ["low", "high"]}
    colours = {"c" + limit[1:]: value for limit, value in limits(series).items()}
    layout["coloraxis"] = {"colorscale": POWER.capitalize(), "colorbar": bar} | colours
    layout["xaxis"] |= {"range": [0, series.seconds]}
    return {"data": data, "layout": layout | {"height": round(200 * sum(heights)) + 60}}


def _feature(series: Series, like: Series, panel: int) -> Plot:
    """Return the heat map of a feature, in the colours of the feature `like`."""
    how = {"coloraxis": "coloraxis"}
    if own_ranges(series.channels):
        how["hovertemplate"] = "%{x:.2f} s, %{y}: %{z:.0%} of its range<extra></extra>"
    return heat_map(shown_values(series, like), series.rate, series.channels, panel, **how)


def _raster(spikes: Spikes, raster: Raster, panel: int) -> Plot:
    """Return the heat map of positive and negative spikes."""
    how = {"colorscale": SIGNS, "showscale": False, "zmin": -1, "zmax": 1}
    names = [spikes.channels[i] for i in raster.rows]
    return heat_map(spikes.dense()[:, raster.rows], spikes.rate, names, panel, **how)


def _borders(raster: Raster, panel: int) -> list[Plot]:
    """Return lines between the stacks of rows."""
    line = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "line": {"color": "--grid", "width": 1}}
    return [line | {"yref": f"y{panel}", "y0": border, "y1": border} for border in raster.borders.tolist()]
