"""Poisson rate code: the value as the probability of a spike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int8

from emospike.encoding.ranged import RateCode
from emospike.series import Series
from emospike.spikes import Spikes


@dataclass(frozen=True)
class PoissonRate(RateCode):
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
    low, high, max_rate : see `RateCode`; 63.75 Hz is the rate of Diehl & Cook 2015 (doi 10.3389/fncom.2015.00099)
    seed : of the random numbers

    Examples
    --------
    >>> from emospike.series import Channel
    >>> series = Series(np.ones((1000, 1), np.float32), 100.0, (Channel("a", "audio"),))
    >>> len(PoissonRate(max_rate=50.0).encode(series)) / series.seconds   # Hz
    47.3
    """

    max_rate: float = 63.75
    seed: int = 0

    def encode(self, series: Series) -> Spikes:
        """Return positive spikes, at most one a step and channel."""
        probability = self.per_step(series.rate) * self.to_unit(series)
        return Spikes.from_dense(poisson(probability, self.seed), series.rate, series.channels)


def poisson(probability: Float64[np.ndarray, "steps channels"], seed: int) -> Int8[np.ndarray, "steps channels"]:
    """Return 1 with the given probability, else 0, for each step and channel."""
    chance = np.random.default_rng(seed).random(probability.shape)
    return (chance < probability).astype(np.int8)
