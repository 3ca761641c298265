"""Heat maps that several figures share: a feature over time."""

from __future__ import annotations

import numpy as np
from jaxtyping import Num
from matplotlib.axes import Axes
from matplotlib.image import AxesImage

from emospike.explain.geometry import binned, limits, named, of_face, shown_values
from emospike.explain.style import POWER
from emospike.explain.wording import short_channel
from emospike.series import Series


def spectrogram(axes: Axes, series: Series, like: Series | None = None) -> AxesImage:
    """Draw a feature: time in seconds to the right, channels upwards, coloured as `like` (itself by default)."""
    like = like or series
    image = heat_map(axes, shown_values(series, like), series.rate, cmap=POWER, **limits(like))
    ticks = named(series.channels)
    axes.set_yticks(ticks, [short_channel(series.channels[i]) for i in ticks])
    if of_face(series.channels):  # the brow above, the jaw below
        axes.invert_yaxis()
    return image


def heat_map(axes: Axes, values: Num[np.ndarray, "steps channels"], rate: float, **how: object) -> AxesImage:
    """Draw values over time, each in the middle of its step."""
    shown, fine = binned(values, rate)
    extent = (-0.5 / rate, len(shown) / fine - 0.5 / rate, -0.5, values.shape[1] - 0.5)
    return axes.imshow(shown.T, origin="lower", aspect="auto", extent=extent, interpolation="nearest", **how)  # type: ignore[arg-type]
