"""Activity: what a network did with its input; the only thing that readouts look at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Float32, Int, Int32, Int64

from emospike.spikes import Spikes


@dataclass(frozen=True)
class Activity:
    """Spikes of a network's neurons, or of those of one of its layers, beside the input spikes that caused them.

    Attributes
    ----------
    inputs : the spikes that drove the network, on the time grid of its neurons
    step : int32 array, shape (spikes,): the step of each spike, ascending
    neuron : int32 array, shape (spikes,): the neuron that fired
    neurons : number of neurons
    shape : how they are laid out, in C order, such as (positions, features); by default in one row
    repeats : how often the input was presented again, at a higher rate, because too few neurons fired
    """

    inputs: Spikes
    step: Int32[np.ndarray, " spikes"]
    neuron: Int32[np.ndarray, " spikes"]
    neurons: int
    shape: tuple[int, ...] = ()
    repeats: int = 0

    @classmethod
    def from_counts(
        cls, inputs: Spikes, counts: Int[np.ndarray, "steps neurons"], shape: tuple[int, ...] = ()
    ) -> Activity:
        """Make an activity from a matrix of how many spikes each step and neuron has."""
        spikes = Spikes.from_counts(counts, inputs.rate)
        return cls(inputs, spikes.step, spikes.channel, spikes.units, shape)

    def __len__(self) -> int:
        return len(self.step)

    @property
    def steps(self) -> int:
        """Number of steps of the time grid."""
        return self.inputs.steps

    @property
    def mean_rate(self) -> float:
        """Spikes per neuron and step."""
        return len(self) / (self.neurons * max(self.steps, 1))

    @cached_property
    def spikes(self) -> Spikes:
        """The neurons' spikes: what a network that hears this one reads."""
        ones = np.ones(len(self), np.int8)
        return Spikes(self.step, self.neuron, ones, self.steps, self.inputs.rate, units=self.neurons)

    @cached_property
    def counts(self) -> Int64[np.ndarray, ...]:
        """Spikes of each neuron, in their shape."""
        return np.bincount(self.neuron, minlength=self.neurons).reshape(self.shape or (self.neurons,))

    def drop_inputs(self) -> Activity:
        """Return the activity beside a silent input of the same grid: many can then be kept."""
        inputs = self.inputs
        return replace(self, inputs=Spikes.silent(inputs.steps, inputs.rate, inputs.channels, inputs.units))


@dataclass(frozen=True)
class LocatedSpikes:
    """How often neurons fired, and where in the brain they lie.

    Attributes
    ----------
    positions : of each neuron, MNI coordinates, mm
    counts : spikes of each neuron
    """

    positions: Float32[np.ndarray, "neurons 3"]
    counts: Int64[np.ndarray, " neurons"]
