"""Activity: what a network did with its input; the only thing that readouts look at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int32

from emospike.spikes import Spikes


@dataclass(frozen=True)
class Activity:
    """Spikes of a network's neurons beside the input spikes that caused them.

    Attributes
    ----------
    inputs : the spikes that drove the network
    step : int32 array, shape (spikes,): the step of each spike, ascending
    neuron : int32 array, shape (spikes,): the neuron that fired
    neurons : number of neurons of the network
    """

    inputs: Spikes
    step: Int32[np.ndarray, " spikes"]
    neuron: Int32[np.ndarray, " spikes"]
    neurons: int

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
