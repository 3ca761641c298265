"""Heat maps that several figures share: a feature over time."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int64, Num
from matplotlib.axes import Axes
from matplotlib.image import AxesImage

from emospike.explain.geometry import binned
from emospike.explain.wording import short_channel
from emospike.series import Series


def spectrogram(axes: Axes, series: Series, **colours: float) -> AxesImage:
    """Draw a feature: time in seconds to the right, channels upwards."""
    image = heat_map(axes, series.values, series.rate, cmap="viridis", **colours)
    ticks = channel_ticks(len(series.channels))
    axes.set_yticks(ticks, [short_channel(series.channels[i]) for i in ticks])
    return image


def heat_map(axes: Axes, values: Num[np.ndarray, "steps channels"], rate: float, **how: object) -> AxesImage:
    """Draw values over time, each in the middle of its step."""
    shown, fine = binned(values, rate)
    extent = (-0.5 / rate, len(shown) / fine - 0.5 / rate, -0.5, values.shape[1] - 0.5)
    return axes.imshow(
        shown.T, origin="lower", aspect="auto", extent=extent, interpolation="nearest", **how
    )  # type: ignore[arg-type]


def channel_ticks(channels: int, most: int = 5) -> Int64[np.ndarray, " ticks"]:
    """Return the channels whose names fit beside a heat map."""
    return np.unique(np.linspace(0, max(channels - 1, 0), most).round().astype(np.int64))[: max(channels, 0)]
