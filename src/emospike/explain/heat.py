"""Heat maps of channels over time, for pictures and for the page: values, ticks, and panels above each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float32, Int64, Num

from emospike.explain.html import Plot
from emospike.explain.style import AGAINST, FOR, POWER
from emospike.features.prosody import ABSENT
from emospike.series import Channel, Series

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.image import AxesImage

MOST_COLUMNS = 600  # of a heat map; more would be finer than a page
MOST_NAMES = 12
MOST_UNITS = 20  # of a face, all named in a panel of their own height

SIGNS = [[0, "var(--against)"], [0.5, "var(--surface)"], [1, "var(--for)"]]
COUNTS = [[0, "var(--surface)"], [0.35, "var(--low)"], [0.7, "var(--middle)"], [1, "var(--busy)"]]
"""Colours of plots; those of pictures are `sign_colours` and `style.ACTIVITY`."""


def sign_colours() -> Colormap:
    """Return the colours of down, nothing, and up."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("signs", [AGAINST, "white", FOR])


# -- channels --------------------------------------------------------------------------------------------------


def of_face(channels: Sequence[Channel]) -> bool:
    """Return whether these are channels of a face.

    >>> of_face([Channel("AU26 jaw drop", "face")]), of_face([Channel("mel 100 Hz", "audio")]), of_face([])
    (True, False, False)
    """
    return bool(channels) and all(channel.modality == "face" for channel in channels)


def own_ranges(channels: Sequence[Channel]) -> bool:
    """Return whether the channels have different units.

    >>> own_ranges([Channel("energy", "audio", unit="nats"), Channel("pitch", "audio", unit="semitones")])
    True
    """
    return len({channel.unit for channel in channels}) > 1


def value_label(channels: Sequence[Channel]) -> str:
    """Return what a colour of a feature means."""
    if own_ranges(channels):
        return "each channel: 0 lowest, 1 highest"
    known = {"intensity": "intensity, 5 the strongest", "score": "score, 0 to 1"}
    return known.get(channels[0].unit, "feature value")


def short_channel(channel: Channel) -> str:
    """Return a channel's short name, with the field but without the level.

    >>> short_channel(Channel("timbre flux", "audio", "timbre", "flux", field=2))
    'flux #2'
    """
    return channel.short if channel.field is None else f"{channel.short} #{channel.field}"


def choose_ticks(channels: int, most: int = 5) -> Int64[np.ndarray, " ticks"]:
    """Return the channels that are named beside a heat map: all if their names fit, else `most`, evenly spaced."""
    if channels <= MOST_NAMES:
        return np.arange(channels)
    return np.unique(np.linspace(0, channels - 1, most).round().astype(np.int64))


def choose_names(channels: Sequence[Channel]) -> Int64[np.ndarray, " ticks"]:
    """Return the channels of a feature that are named beside its heat map: every action unit, else `choose_ticks`."""
    if of_face(channels) and len(channels) <= MOST_UNITS:
        return np.arange(len(channels))
    return choose_ticks(len(channels))


def panel_height(channels: Sequence[Channel]) -> float:
    """Return how tall the heat map of a feature is, 1 being usual."""
    return 1.5 if len(choose_names(channels)) > MOST_NAMES else 1.0


# -- values ----------------------------------------------------------------------------------------------------


def bin_columns(
    values: Num[np.ndarray, "steps channels"], rate: float, most: int = MOST_COLUMNS
) -> tuple[Num[np.ndarray, "columns channels"], float]:
    """Return means over equal stretches, of spikes their number, so few that there are `most`; and columns per second.

    >>> bin_columns(np.float32([[0], [2], [4], [6]]), rate=100.0, most=2)[0].ravel().tolist()
    [1.0, 5.0]
    >>> bin_columns(np.int8([[1], [1], [0], [-1]]), rate=100.0, most=2)[0].ravel().tolist()
    [2, -1]
    """
    width = -(-len(values) // most)
    if width < 2:
        return values, rate
    starts = np.arange(0, len(values), width)
    sums = np.add.reduceat(values, starts, axis=0, dtype=np.float32)
    if values.dtype == np.int8:
        return sums.clip(-127, 127).astype(np.int8), rate / width
    lengths = np.diff(np.append(starts, len(values)))[:, None]
    return (sums / lengths).astype(np.float32), rate / width


def scale_values(series: Series, like: Series) -> Float32[np.ndarray, "steps channels"]:
    """Return what to draw of a series: NaN where a value is `ABSENT`.

    Channels of different units go from 0 to 1, where the same channel of `like` has its lowest and highest value.
    """
    values = np.where(series.values == ABSENT, np.float32(np.nan), series.values)
    if not own_ranges(series.channels):
        return values
    present = like.values != ABSENT
    low = like.values.min(axis=0, where=present, initial=np.inf)
    high = like.values.max(axis=0, where=present, initial=-np.inf)
    ranged: Float32[np.ndarray, "steps channels"] = (values - low) / np.where(high > low, high - low, 1)
    return ranged


def value_limits(series: Series) -> tuple[float, float]:
    """Return the lowest and the highest value to draw; of a face the lowest is 0, a face at rest."""
    values = scale_values(series, series)
    known = values[np.isfinite(values)]
    if not known.size:
        return 0.0, 1.0
    return 0.0 if of_face(series.channels) else float(known.min()), float(known.max())


# -- pictures --------------------------------------------------------------------------------------------------


def draw_series(axes: Axes, series: Series, like: Series | None = None) -> AxesImage:
    """Draw a feature: time in seconds to the right, channels upwards, coloured as `like` (itself by default)."""
    like = like or series
    low, high = value_limits(like)
    image = draw_map(axes, scale_values(series, like), series.rate, cmap=POWER, vmin=low, vmax=high)
    ticks = choose_names(series.channels)
    axes.set_yticks(ticks, [short_channel(series.channels[i]) for i in ticks])
    if of_face(series.channels):  # the brow above, the jaw below
        axes.invert_yaxis()
    return image


def draw_map(axes: Axes, values: Num[np.ndarray, "steps channels"], rate: float, **how: Any) -> AxesImage:
    """Draw values over time, each in the middle of its step."""
    shown, fine = bin_columns(values, rate)
    extent = (-0.5 / rate, len(shown) / fine - 0.5 / rate, -0.5, values.shape[1] - 0.5)
    return axes.imshow(shown.T, origin="lower", aspect="auto", extent=extent, interpolation="nearest", **how)


# -- plots -----------------------------------------------------------------------------------------------------


def plot_series(series: Series, panel: int, like: Series | None = None, **how: Any) -> Plot:
    """Return the heat map of a feature, in the panel of that number (1 at the top)."""
    low, high = value_limits(like or series)
    text = "%{z:.0%} of its range" if own_ranges(series.channels) else "%{z:.3g}"
    how = {"colorscale": POWER, "zmin": low, "zmax": high, "showscale": False} | how
    return plot_map(
        scale_values(series, like or series), series.rate, [one.label for one in series.channels], panel, text, **how
    )


def plot_map(
    values: Num[np.ndarray, "steps channels"],
    rate: float,
    names: Sequence[str],
    panel: int,
    text: str = "%{z:.3g}",
    **how: Any,
) -> Plot:
    """Return the heat map of values over time; `text` says of a value what it is."""
    shown, fine = bin_columns(values, rate)
    return {
        "type": "heatmap",
        "z": np.ascontiguousarray(shown.T),
        "x0": 0,
        "dx": 1 / fine,
        "y": list(names),
        "yaxis": f"y{panel}",
        "hovertemplate": f"%{{x:.2f}} s, %{{y}}: {text}<extra></extra>",
    } | how


def channel_axis(channels: Sequence[Channel]) -> Plot:
    """Return an axis of channels that names all, or a few of many."""
    ticks = choose_names(channels)
    return {
        "type": "category",
        "automargin": "left",
        "autorange": "reversed" if of_face(channels) else True,
        "tickvals": [channels[i].label for i in ticks],
        "ticktext": [short_channel(channels[i]) for i in ticks],
    }


def stack_panels(heights: Sequence[float], titles: Sequence[str], unit: float = 200.0) -> Plot:
    """Return a layout of panels above each other that share the time axis, each with its title above it.

    A height of 1 is `unit` pixels, beside the room between the panels.
    """
    gap = 34.0
    whole = unit * sum(heights) + gap * (len(heights) - 1)
    layout: Plot = {"annotations": [], "shapes": [], "height": round(whole) + 70}
    top = 1.0
    for number, (height, title) in enumerate(zip(heights, titles, strict=True), start=1):
        bottom = max(top - height * unit / whole, 0.0)
        layout[f"yaxis{number}"] = {"domain": [bottom, top]}
        layout["annotations"].append(
            {"text": title, "x": 0, "y": top, "xref": "paper", "yref": "paper"}
            | {"xanchor": "left", "yanchor": "bottom", "showarrow": False}
        )
        top = bottom - gap / whole
    layout["xaxis"] = {"title": {"text": "time, s"}, "anchor": f"y{len(heights)}"}
    return layout
