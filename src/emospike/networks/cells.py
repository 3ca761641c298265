"""Cells: constants of conductance neurons, and of the links between their layers (see `CompetitiveLayer`)."""

from __future__ import annotations

from dataclasses import dataclass

from emospike.validation import positive


@dataclass(frozen=True)
class Cell:
    """Constants of a conductance neuron: time constant and refractory time in ms, potentials in mV.

    The defaults are the excitatory neuron of Diehl & Cook; its excitatory reversal potential is 0 mV.
    """

    tau: float = 100.0
    rest: float = -65.0
    reset: float = -65.0
    threshold: float = -52.0
    refractory: float = 5.0
    e_exc: float = 0.0
    e_inh: float = -100.0

    def __post_init__(self) -> None:
        positive("tau", self.tau)

    @classmethod
    def inhibitory(cls) -> Cell:
        """The inhibitory neuron of Diehl & Cook."""
        return cls(tau=10.0, rest=-60.0, reset=-45.0, threshold=-40.0, refractory=2.0, e_inh=-85.0)


@dataclass(frozen=True)
class Link:
    """Plastic excitatory synapses from every neuron of another layer to every neuron of this one.

    They begin as the input weights do, are normalised and learn as they do, and each spike arrives after `delay` with
    `gain` times its weight. A layer fires 10 to 100 times less than an input line does, so that a gain of 1 has no
    effect to speak of: see `CompetitiveNetwork.calibrate`.

    Attributes
    ----------
    sources : neurons of the other layer
    gain : factor of the weights
    delay : ms; at least one step where two layers run together
    """

    sources: int
    gain: float = 1.0
    delay: float = 0.5
