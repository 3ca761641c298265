"""Poisson rate code: the value as the probability of a spike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int8

from emospike.encoding.parameters import Values, keep, plain_range, to_unit
from emospike.encoding.thresholds import percentile_range
from emospike.series import Series
from emospike.spikes import Spikes
from emospike.validation import InputError, positive


@dataclass(frozen=True)
class PoissonRate:
    """Draw positive spikes at a rate that follows the value.

        u = (x − low) / (high − low), clipped to 0..1
        s_t = 1 with probability p_t = max_rate / rate · u_t, independently for each step and channel

    `rate` is that of the series (Hz), so p_t is the Bernoulli form of a Poisson process on its grid. The
    random numbers depend on `seed` and the number of channels alone, never on the clip: step t of channel c
    always meets the same one, in every clip. The same clip thus gives the same spikes, a longer clip begins
    with the spikes of the shorter one, and two clips differ only where their values do. Use one seed a
    presentation to average the noise out. No decoder: `SigmaDelta` is the rate code without noise.

    Attributes
    ----------
    low, high : range that maps to 0..1, in the unit of the series, one for all channels or one a channel
    max_rate : Hz at u = 1, at most the rate of the series; 63.75 Hz in Diehl & Cook 2015
        (doi 10.3389/fncom.2015.00099)
    seed : of the random numbers

    Examples
    --------
    >>> series = Series(np.ones((1000, 1), np.float32), 100.0, ("a",))
    >>> len(PoissonRate(max_rate=50.0).encode(series)) / series.seconds   # Hz
    47.3
    """

    low: Values = 0.0
    high: Values = 1.0
    max_rate: float = 63.75
    seed: int = 0

    def __post_init__(self) -> None:
        low, high = plain_range(self.low, self.high)
        keep(self, low=low, high=high, max_rate=float(self.max_rate))
        positive("max_rate", self.max_rate)

    @classmethod
    def fit(
        cls,
        series: Iterable[Series],
        percentiles: tuple[float, float] = (1.0, 99.0),
        max_rate: float = 63.75,
        seed: int = 0,
    ) -> PoissonRate:
        """Return the encoder with low and high at these percentiles of the training clips."""
        return cls(*percentile_range(series, *percentiles), max_rate, seed)

    def encode(self, series: Series) -> Spikes:
        """Return positive spikes, at most one a step and channel."""
        probability = per_step(self.max_rate, series.rate) * to_unit(series, self.low, self.high)
        return Spikes.from_dense(poisson(probability, self.seed), series.rate, series.channels)


def poisson(probability: Float64[np.ndarray, "steps channels"], seed: int) -> Int8[np.ndarray, "steps channels"]:
    """Return 1 with the given probability, else 0, for each step and channel."""
    chance = np.random.default_rng(seed).random(probability.shape)
    return (chance < probability).astype(np.int8)


def per_step(max_rate: float, rate: float) -> float:
    """Return the spikes a step at full rate; raise `InputError` if a step would need more than one."""
    if max_rate > rate:
        raise InputError(
            f"max_rate of at most the series' {rate:g} steps per second expected, got {max_rate:g} Hz: "
            "lower it or use a finer time grid"
        )
    return max_rate / rate
