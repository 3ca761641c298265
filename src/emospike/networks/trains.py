"""Trains: which units fire at each step of one presentation; what a competitive layer reads and what it writes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int32, Int64

from emospike.validation import InputError, within

Values = Float[np.ndarray, "..."]


class Trains(NamedTuple):
    """Spikes by step: those of step t are ``units[offsets[t]:offsets[t + 1]]``.

    Attributes
    ----------
    offsets : int64 array, shape (steps + 1,)
    units : int32 array, shape (spikes,): the input line or the neuron that fired

    Examples
    --------
    >>> trains = Trains.from_events(np.array([2, 0, 2]), np.array([5, 1, 4]), steps=3)
    >>> trains.offsets.tolist(), trains.units.tolist()
    ([0, 1, 1, 3], [1, 4, 5])
    >>> trains.delayed(1).step.tolist()
    [1, 3, 3]
    """

    offsets: Int64[np.ndarray, " offsets"]
    units: Int32[np.ndarray, " spikes"]

    @classmethod
    def from_events(cls, step: Int64[np.ndarray, " spikes"], unit: Int64[np.ndarray, " spikes"], steps: int) -> Trains:
        """Return the trains of spikes given as (step, unit) in any order."""
        if len(step) and not 0 <= step.min() <= step.max() < steps:
            raise InputError(f"steps must lie in 0 to {steps - 1}, got {step.min()} to {step.max()}")
        order = np.lexsort((unit, step))
        return cls(np.searchsorted(step[order], np.arange(steps + 1)).astype(np.int64), unit[order].astype(np.int32))

    @property
    def steps(self) -> int:
        """Number of steps."""
        return len(self.offsets) - 1

    @property
    def step(self) -> Int32[np.ndarray, " spikes"]:
        """The step of each spike, ascending."""
        return np.repeat(np.arange(self.steps, dtype=np.int32), np.diff(self.offsets))

    def delayed(self, steps: int) -> Trains:
        """Return the same spikes that many steps later, on a grid that is longer by as many."""
        return Trains(np.concatenate([np.zeros(steps, np.int64), self.offsets]), self.units)

    def lasting(self, steps: int) -> Trains:
        """Return the trains with silent steps added until there are that many."""
        silence = np.full(max(steps - self.steps, 0), self.offsets[-1])
        return Trains(np.concatenate([self.offsets, silence]), self.units)


@dataclass(frozen=True)
class Response:
    """What a layer did with one presentation.

    Attributes
    ----------
    trains : spikes of the excitatory neurons; number p * features + f is feature f at position p
    positions, features : shape of the layer
    repeats : how often the presentation was repeated at a higher rate because too few neurons fired
    """

    trains: Trains
    positions: int
    features: int
    repeats: int = 0

    @cached_property
    def counts(self) -> Int64[np.ndarray, "positions features"]:
        """Spikes of each neuron."""
        counts = np.bincount(self.trains.units, minlength=self.positions * self.features)
        return counts.reshape(self.positions, self.features)

    def __len__(self) -> int:
        return len(self.trains.units)


def poisson_trains(values: Values, max_rate: float, dt: float, steps: int, seed: int) -> Trains:
    """Draw Poisson spikes for every line of a presentation, by the gaps between them.

        P(line i fires at step t) = p_i = max_rate · dt · v_i,   independently of all other steps and lines

    so that the gaps are geometric: floor(E / −ln(1 − p_i)) silent steps before each spike, E exponential. The cost is
    one random number a spike and line instead of one a step and line. The same values and seed give the same spikes.

    Parameters
    ----------
    values : of the lines, in any shape (read in C order), clipped to 0..1
    max_rate : rate at 1, Hz
    dt : duration of a step, ms
    seed : of the random numbers

    Raises
    ------
    InputError : more than one spike a step would be needed, or a value is not a number

    Examples
    --------
    >>> trains = poisson_trains(np.array([0.0, 1.0]), max_rate=63.75, dt=0.5, steps=200_000, seed=0)
    >>> np.bincount(trains.units) / 100   # Hz
    array([ 0.  , 64.01])
    """
    from emospike.networks._competitive_kernel import spread

    peak = max_rate * dt / 1000
    within("max_rate * dt", peak, 0.0, 1.0)
    if not np.isfinite(values).all():
        raise InputError("input values hold NaN or infinity: clean the recording or the feature first")
    hazard = -np.log1p(-np.clip(np.ravel(values).astype(np.float64), 0.0, 1.0) * min(peak, 1.0 - 1e-9))
    needed = hazard.sum() * steps + np.count_nonzero(hazard)
    enough, room = False, int(needed + 6 * np.sqrt(needed)) + 64
    while not enough:  # the longer draw begins with the shorter one
        offsets, units, enough = spread(hazard, steps, np.random.default_rng(seed).standard_exponential(room))
        room *= 2
    return Trains(offsets, units)
