"""Sigma-delta code: the level itself as a regular spike rate, without noise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int8

from emospike.encoding.parameters import Values, from_unit, keep, plain_range, to_unit
from emospike.encoding.poisson import per_step
from emospike.encoding.thresholds import percentile_range
from emospike.series import Series
from emospike.spikes import Spikes
from emospike.validation import positive


@dataclass(frozen=True)
class SigmaDelta:
    """Integrate the value and spike each time that a whole unit has come together.

        u = (x − low) / (high − low), clipped to 0..1
        A ← A + max_rate / rate · u_t;   at A ≥ 1: s_t = 1 and A ← A − 1;   A = 0 at the start

    The contrast codes tell of changes; this one tells how loud or how far open a channel is. Positive spikes
    only; their number up to any step differs from the integral of the rate by less than one. The same as an
    integrate-and-fire neuron without leak, with reset by subtraction.

    Attributes
    ----------
    low, high : range that maps to 0..1, in the unit of the series, one for all channels or one a channel
    max_rate : Hz at u = 1, at most the rate of the series

    Source: the first-order sigma-delta modulator (Inose, Yasuda & Murakami 1962).

    Examples
    --------
    >>> series = Series(np.full((8, 1), 0.5, np.float32), 100.0, ("a",))
    >>> SigmaDelta(max_rate=50.0).encode(series).step.tolist()   # every fourth step: 25 Hz
    [3, 7]
    """

    low: Values = 0.0
    high: Values = 1.0
    max_rate: float = 50.0

    def __post_init__(self) -> None:
        low, high = plain_range(self.low, self.high)
        keep(self, low=low, high=high, max_rate=float(self.max_rate))
        positive("max_rate", self.max_rate)

    @classmethod
    def fit(
        cls,
        series: Iterable[Series],
        percentiles: tuple[float, float] = (1.0, 99.0),
        max_rate: float = 50.0,
    ) -> SigmaDelta:
        """Return the encoder with low and high at these percentiles of the training clips."""
        return cls(*percentile_range(series, *percentiles), max_rate)

    def encode(self, series: Series) -> Spikes:
        """Return positive spikes, at most one a step and channel."""
        charge = per_step(self.max_rate, series.rate) * to_unit(series, self.low, self.high)
        return Spikes.from_dense(sigma_delta(charge), series.rate, series.channels)

    def decode(self, spikes: Spikes, start: Float32[np.ndarray, " channels"] | None = None, window: int = 11) -> Series:
        """Return the level that the spike rate in a window of `window` steps around each step stands for.

        A wider window smooths more and resolves finer levels, in units of rate / (max_rate · window). The
        code is absolute, so `start` plays no part.
        """
        from scipy.ndimage import uniform_filter1d

        rate = uniform_filter1d(spikes.dense().astype(np.float64), window, axis=0, mode="nearest")
        return from_unit(rate / per_step(self.max_rate, spikes.rate), spikes, self.low, self.high)


def sigma_delta(charge: Float64[np.ndarray, "steps channels"]) -> Int8[np.ndarray, "steps channels"]:
    """Return 1 where the running sum of `charge` (0..1 a step) reaches a further whole number, else 0."""
    reached: np.ndarray = np.diff(np.floor(np.cumsum(charge, axis=0)), axis=0, prepend=0.0)
    return (reached > 0).astype(np.int8)
