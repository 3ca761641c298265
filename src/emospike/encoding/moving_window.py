"""Moving-window encoding (MW): the signal against its own recent mean."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int8
from scipy.signal import lfilter

from emospike.encoding.parameters import Values, check_threshold, keep, neucube_threshold, per_channel
from emospike.series import Series
from emospike.spikes import Spikes
from emospike.validation import InputError


@dataclass(frozen=True)
class MovingWindow:
    """Spike where a sample differs from the mean of the `window` samples before it by at least the threshold.

        m_t = 1/w · Σ_(k=1..w) x_(t−k),   with x_t = x_0 for t < 0
        s_t = +1 if x_t ≥ m_t + θ,   −1 if x_t ≤ m_t − θ,   else 0

    Decoding inverts the rule: x̂_t = θ · s_t + mean of the `window` reconstructed samples before it, from
    x̂_t = start for t < 0. (Petro et al. add up θ · s_t as for the other codes. A rise that lasts is then
    counted again at every step: on log-mel spectrograms the error is 2-7 times larger.) Like every code
    that forgets what lies below θ, it drifts.

    Attributes
    ----------
    threshold : θ > 0 in the unit of the series, one for all channels or one a channel
    window : w, steps

    Source: NeuCube, Kasabov 2014, doi 10.1016/j.neunet.2014.01.006; Petro, Kasabov & Kiss 2020,
    doi 10.1109/TNNLS.2019.2906158.

    Examples
    --------
    >>> from emospike.series import Channel
    >>> series = Series(np.float32([[0], [1], [1], [1]]), 100.0, (Channel("a", "audio"),))
    >>> MovingWindow(0.5, window=2).encode(series).dense().ravel().tolist()
    [0, 1, 1, 0]
    """

    threshold: Values = 0.5
    window: int = 5

    def __post_init__(self) -> None:
        keep(self, threshold=check_threshold(self.threshold))
        if self.window < 1:
            raise InputError(f"window must be 1 step or more, got {self.window}")

    @classmethod
    def fit(cls, series: Iterable[Series], a: float = 0.5, window: int = 5) -> MovingWindow:
        """Return the encoder with NeuCube's threshold, mean|d| + a · std|d| of the training clips."""
        return cls(neucube_threshold(series, a), window)

    def encode(self, series: Series) -> Spikes:
        """Return at most one spike a step and channel, none at step 0."""
        threshold = per_channel("threshold", self.threshold, len(series.channels))
        signs = moving_window(series.values, threshold, self.window)
        return Spikes.from_dense(signs, series.rate, series.channels)

    def decode(self, spikes: Spikes, start: Float32[np.ndarray, " channels"] | None = None) -> Series:
        """Return the running mean plus the jump of each spike, from `start` (zeros by default)."""
        channels = len(spikes.channels)
        jumps = per_channel("threshold", self.threshold, channels) * spikes.dense()
        feedback = np.r_[1.0, np.full(self.window, -1 / self.window)]
        values = per_channel("start", 0.0 if start is None else start, channels)
        values = values + filter_steps([1.0], feedback, jumps)
        return Series(values.astype(np.float32), spikes.rate, spikes.channels)


def moving_window(
    values: Float32[np.ndarray, "steps channels"], threshold: Float64[np.ndarray, " channels"], window: int
) -> Int8[np.ndarray, "steps channels"]:
    """Return +1, −1 or 0 for each step and channel."""
    # Measured from x_0, the samples before the first one are the zeros that the filter starts with.
    risen = values.astype(np.float64) - values[:1]
    change: np.ndarray = risen - filter_steps(np.r_[0.0, np.full(window, 1 / window)], [1.0], risen)
    return (change >= threshold).astype(np.int8) - (change <= -threshold).astype(np.int8)


def filter_steps(
    forward: Sequence[float] | np.ndarray, feedback: Sequence[float] | np.ndarray, values: np.ndarray
) -> Float64[np.ndarray, "steps channels"]:
    """Return `scipy.signal.lfilter` over the steps; unlike it, of a series without steps too."""
    return lfilter(forward, feedback, values, axis=0) if len(values) else values.astype(np.float64)
