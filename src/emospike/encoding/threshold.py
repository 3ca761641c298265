"""Threshold-based representation (TBR), the address-event code of silicon retinas and cochleas."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int8

from emospike.encoding.parameters import Values, check_threshold, keep, neucube_threshold, per_channel
from emospike.series import Series
from emospike.spikes import Spikes


@dataclass(frozen=True)
class ThresholdBased:
    """Spike where a channel jumps by at least the threshold within one step.

        s_t = +1 if x_t − x_(t−1) ≥ θ,   −1 if x_t − x_(t−1) ≤ −θ,   else 0;   s_0 = 0

    Decoding adds up the jumps: x̂_t = start + θ · Σ_(u≤t) s_u. What a jump has beyond θ, and every change
    below θ, is lost for good, so the reconstruction drifts; `StepForward` does not.

    Attributes
    ----------
    threshold : θ > 0 in the unit of the series, one for all channels or one a channel

    Source: Delbruck & Lichtsteiner 2007 (AER); NeuCube, Kasabov 2014, doi 10.1016/j.neunet.2014.01.006;
    Petro, Kasabov & Kiss 2020, doi 10.1109/TNNLS.2019.2906158.

    Examples
    --------
    >>> from emospike.series import Channel
    >>> series = Series(np.float32([[0], [1], [1.2], [0]]), 100.0, (Channel("a", "audio"),))
    >>> ThresholdBased(0.5).encode(series).dense().ravel().tolist()
    [0, 1, 0, -1]
    """

    threshold: Values = 0.5

    def __post_init__(self) -> None:
        keep(self, threshold=check_threshold(self.threshold))

    @classmethod
    def fit(cls, series: Iterable[Series], a: float = 0.5) -> ThresholdBased:
        """Return the encoder with NeuCube's threshold, mean|d| + a · std|d| of the training clips."""
        return cls(neucube_threshold(series, a))

    def encode(self, series: Series) -> Spikes:
        """Return at most one spike a step and channel."""
        threshold = per_channel("threshold", self.threshold, len(series.channels))
        return Spikes.from_dense(threshold_based(series.values, threshold), series.rate, series.channels)

    def decode(self, spikes: Spikes, start: Float32[np.ndarray, " channels"] | None = None) -> Series:
        """Return `start` (zeros by default) plus the sum of all jumps so far."""
        return accumulate(spikes, self.threshold, start)


def threshold_based(
    values: Float32[np.ndarray, "steps channels"], threshold: Float64[np.ndarray, " channels"]
) -> Int8[np.ndarray, "steps channels"]:
    """Return +1, −1 or 0 for each step and channel."""
    change = np.diff(values.astype(np.float64), axis=0, prepend=values[:1])
    return (change >= threshold).astype(np.int8) - (change <= -threshold).astype(np.int8)


def accumulate(spikes: Spikes, threshold: Values, start: Float32[np.ndarray, " channels"] | None) -> Series:
    """Return start + θ · running sum of the signs: the decoder of threshold-based and step-forward codes."""
    channels = len(spikes.channels)
    origin = per_channel("start", 0.0 if start is None else start, channels)
    level = np.cumsum(spikes.dense(), axis=0, dtype=np.float64)
    values = origin + per_channel("threshold", threshold, channels) * level
    return Series(values.astype(np.float32), spikes.rate, spikes.channels)
