"""Poisson spikes: of a value that changes, step by step; and of a pattern that is held, by the gaps between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import no_type_check

import numpy as np
from jaxtyping import Float, Float64, Int8

from emospike.compiling import compile_kernel
from emospike.encoding.ranged import RateCode
from emospike.series import Series
from emospike.spikes import Spikes
from emospike.validation import InputError, within


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
        return Spikes.from_dense(draw_bernoulli(probability, self.seed), series.rate, series.channels)


def draw_bernoulli(probability: Float64[np.ndarray, "steps channels"], seed: int) -> Int8[np.ndarray, "steps channels"]:
    """Return 1 with the given probability, else 0, for each step and channel."""
    chance = np.random.default_rng(seed).random(probability.shape)
    return (chance < probability).astype(np.int8)


def draw_poisson(values: Float[np.ndarray, ...], max_rate: float, dt: float, steps: int, seed: int) -> Spikes:
    """Draw Poisson spikes for every line of a pattern that is held for a while, by the gaps between them.

        P(line i fires at step t) = p_i = max_rate · dt · v_i,   independently of all other steps and lines

    so that the gaps are geometric: floor(E / −ln(1 − p_i)) silent steps before each spike, E exponential. The cost is
    one random number a spike and line, where `PoissonRate` needs one a step and line. The same values and seed give
    the same spikes.

    Parameters
    ----------
    values : of the lines, in any shape (read in C order), clipped to 0..1
    max_rate : rate at 1, Hz
    dt : duration of a step, ms
    seed : of the random numbers

    Raises
    ------
    InputError : more than one spike a step would be needed, or a value is not a number

    Source
    ------
    Diehl & Cook 2015 (doi 10.3389/fncom.2015.00099): pixels held for 350 ms, at rates up to 63.75 Hz.

    Examples
    --------
    >>> spikes = draw_poisson(np.array([0.0, 1.0]), max_rate=63.75, dt=0.5, steps=200_000, seed=0)
    >>> spikes.rate, np.bincount(spikes.channel) / 100   # Hz
    (2000.0, array([ 0.  , 64.01]))
    """
    peak = max_rate * dt / 1000
    within("max_rate * dt", peak, 0.0, 1.0)
    if not np.isfinite(values).all():
        raise InputError("input values hold NaN or infinity: clean the recording or the feature first")
    hazard = -np.log1p(-np.clip(np.ravel(values).astype(np.float64), 0.0, 1.0) * min(peak, 1.0 - 1e-9))
    needed = hazard.sum() * steps + np.count_nonzero(hazard)
    enough, room = False, int(needed + 6 * np.sqrt(needed)) + 64
    while not enough:  # the longer draw begins with the shorter one
        step, line, enough = _spread(hazard, steps, np.random.default_rng(seed).standard_exponential(room))
        room *= 2
    return Spikes(step, line, np.ones(len(step), np.int8), steps, 1000 / dt, units=len(hazard))


@compile_kernel(nogil=True)
@no_type_check
def _spread(hazard, steps, exponentials):
    """Return step and line of Poisson spikes with hazard -ln(1 - p), and whether the random numbers sufficed.

    They come line by line, from gap to gap, and are sorted by step as they are counted.
    """
    lines, when = np.empty(exponentials.size, np.int32), np.empty(exponentials.size, np.int32)
    offsets, count, used = np.zeros(steps + 1, np.int64), 0, 0
    for line in range(hazard.size):
        if hazard[line] <= 0:
            continue
        mean, t = 1 / hazard[line], -1
        while used < exponentials.size:
            t += 1 + int(min(exponentials[used] * mean, steps))
            used += 1
            if t >= steps:
                break
            lines[count], when[count] = line, t
            offsets[t + 1] += 1
            count += 1
    for t in range(steps):
        offsets[t + 1] += offsets[t]
    at, channel = offsets[:-1].copy(), np.empty(count, np.int32)
    for e in range(count):
        channel[at[when[e]]] = lines[e]
        at[when[e]] += 1
    for t in range(steps):  # no memory is asked for: what was in any order is now in that of the steps
        when[offsets[t] : offsets[t + 1]] = t
    return when[:count], channel, used < exponentials.size
