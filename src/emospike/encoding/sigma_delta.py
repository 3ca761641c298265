"""Sigma-delta code: the level itself as a regular spike rate, without noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import no_type_check

import numpy as np
from jaxtyping import Float32, Float64, Int8

from emospike.compiling import compile_kernel
from emospike.encoding.ranged import RateCode
from emospike.series import Series
from emospike.spikes import Spikes


@dataclass(frozen=True)
class SigmaDelta(RateCode):
    """Integrate the value and spike each time that a whole unit has come together.

        u = (x − low) / (high − low), clipped to 0..1
        A ← A + max_rate / rate · u_t;   at A ≥ 1: s_t = 1 and A ← A − 1;   A = 0 at the start

    The contrast codes tell of changes; this one tells how loud or how far open a channel is. Positive spikes
    only; their number up to any step differs from the integral of the rate by less than one. The same as an
    integrate-and-fire neuron without leak, with reset by subtraction.

    Attributes
    ----------
    low, high, max_rate : see `RateCode`

    Source: the first-order sigma-delta modulator (Inose, Yasuda & Murakami 1962).

    Examples
    --------
    >>> from emospike.series import Channel
    >>> series = Series(np.full((8, 1), 0.5, np.float32), 100.0, (Channel("a", "audio"),))
    >>> SigmaDelta(max_rate=50.0).encode(series).step.tolist()   # every fourth step: 25 Hz
    [3, 7]
    """

    def encode(self, series: Series) -> Spikes:
        """Return positive spikes, at most one a step and channel."""
        charge = self.per_step(series.rate) * self.to_unit(series)
        return Spikes.from_dense(sigma_delta(charge), series.rate, series.channels)

    def decode(self, spikes: Spikes, start: Float32[np.ndarray, " channels"] | None = None, window: int = 11) -> Series:
        """Return the level that the spike rate in a window of `window` steps around each step stands for.

        A wider window smooths more and resolves finer levels, in units of rate / (max_rate · window). The
        code is absolute, so `start` plays no part.
        """
        from scipy.ndimage import uniform_filter1d

        rate = uniform_filter1d(spikes.dense().astype(np.float64), window, axis=0, mode="nearest")
        return self.from_unit(rate / self.per_step(spikes.rate), spikes)


def sigma_delta(charge: Float64[np.ndarray, "steps channels"]) -> Int8[np.ndarray, "steps channels"]:
    """Return 1 where the running sum of `charge` (0..1 a step) reaches a further whole number, else 0."""
    spikes = np.empty(charge.shape, np.int8)
    _sigma_delta(np.ascontiguousarray(charge), spikes)
    return spikes


@compile_kernel(nogil=True)
@no_type_check
def _sigma_delta(charge, spikes):
    """Fill `spikes`."""
    steps, channels = charge.shape
    total = np.zeros(channels)
    for t in range(steps):
        for c in range(channels):
            before = total[c]
            total[c] += charge[t, c]
            spikes[t, c] = np.floor(total[c]) > np.floor(before)
