"""From a feature to spikes and back: eXCube2's Figure 5."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from emospike.explain.explanation import Explanation
from emospike.explain.figures.sound import heat_map, spectrogram
from emospike.explain.geometry import height, of_face
from emospike.explain.raster import Raster, rasters
from emospike.explain.style import AGAINST, FOR, GRID, MUTED, SMALL, colour_bar, new_figure, tidy
from emospike.explain.wording import value_label
from emospike.spikes import Spikes

SIGNS = LinearSegmentedColormap.from_list("signs", [AGAINST, "white", FOR])


def encoding_figure(explanation: Explanation, name: str) -> Figure:
    """Return one feature, its spikes, and what the spikes can rebuild of it, above each other in time."""
    series, spikes = explanation.series[name], explanation.spikes
    decoded = explanation.decoded.get(name)
    spiking = rasters(spikes, series.channels) if spikes.channels else []
    tall = height(series.channels)
    heights = [tall, *[1.0] * len(spiking), *[tall] * (decoded is not None)]
    figure = new_figure(8, 0.6 + 2.2 * sum(heights))
    axes = list(figure.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0])
    image = spectrogram(axes[0], series)
    tidy(axes[0], f"Feature: {name}")
    colour_bar(figure, image, axes[0], value_label(series.channels))
    for below, raster in zip(axes[1:], spiking, strict=False):
        _raster(below, spikes, raster)
    if decoded is not None:
        image = spectrogram(axes[-1], decoded[0], like=series)
        tidy(axes[-1], f"Rebuilt from the spikes: NMSE {decoded[1]:.3g}")
        colour_bar(figure, image, axes[-1], value_label(series.channels))
    axes[-1].set_xlabel("time, s", fontsize=SMALL, color=MUTED)
    return figure


def _raster(axes: Axes, spikes: Spikes, raster: Raster) -> None:
    """Draw positive and negative spikes, a row a channel, the stacks above each other."""
    heat_map(axes, spikes.dense()[:, raster.rows], spikes.rate, cmap=SIGNS, vmin=-1, vmax=1)
    tidy(axes, f"{raster.title}; {raster.key}")
    axes.set_yticks(raster.ticks, raster.names)
    for border in raster.borders:
        axes.axhline(border, color=GRID, linewidth=0.8)
    if of_face([spikes.channels[i] for i in raster.rows]):
        axes.invert_yaxis()
