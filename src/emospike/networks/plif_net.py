"""PLIF network: convolutions of leaky neurons that see events, and groups of neurons that vote.

The parameters and the count of synapses are here; the network itself is in `torch.plif`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from emospike.validation import InputError, one_of, positive, within

Seen = Float32[np.ndarray, "clips steps _ size size"]
"""What a network sees of clips: two channels of events a step, or one of grey for the non-spiking equivalent."""

MOST = 2**26
"""Steps x pixels x filters."""


@dataclass(frozen=True)
class Stage:
    """Synapses of one layer.

    Attributes
    ----------
    name : of the layer
    inputs, outputs : numbers that it sees, and neurons that it feeds, at one step
    weights : numbers that it learns
    macs : synapses that are crossed at one step, one multiply-accumulate each
    """

    name: str
    inputs: int
    outputs: int
    weights: int
    macs: int


@dataclass(frozen=True)
class PlifNet:
    """What the network is like (see `torch.plif.PlifNetwork`, which needs the extra `deep`).

    Blocks of convolution 3 x 3, batch norm, neurons, pooling 2 x 2; a hidden layer; and `voters` neurons a class,
    whose mean rate over all steps is the class's score. All neurons of a layer share a membrane constant tau:

        u_t = v_t-1 + (x_t - v_t-1) / tau;    s_t = 1 where u_t >= threshold;    v_t = (1 - s_t) u_t

    In the non-spiking equivalent the steps are the channels of one picture, max(x, 0) stands in for the neurons, and
    the last layer gives the scores.

    Attributes
    ----------
    size, steps : of the pictures, pixels, and of time
    filters, blocks, padding : of the convolutions
    hidden : neurons of the hidden layer
    voters : neurons a class
    pooling : ``"average"`` or ``"max"``
    threshold : potential at which a neuron fires
    tau : membrane constant at first, steps; `learn_tau` makes it a weight of each layer (PLIF, else LIF)
    dropout : share of inputs that the last two layers lose in training, the same at all steps
    spiking : False for the non-spiking equivalent

    Sources
    -------
    Fang et al. 2021 (Parametric LIF; equations 5 to 9); Wang et al. 2022 (Spiking Emotions), section 2.3. Filters,
    padding and the hidden layer are read off the paper's counts of operations (Table II), which they reproduce.

    Examples
    --------
    >>> first, *others = PlifNet.published().stages(2)
    >>> first.macs, sum(one.macs for one in others)
    (9144576, 47961088)
    >>> PlifNet.published(spiking=False).stages(2)[0].macs
    310915584
    """

    size: int = 32
    steps: int = 16
    filters: int = 16
    blocks: int = 3
    hidden: int = 128
    voters: int = 10
    padding: int = 1
    pooling: str = "average"
    threshold: float = 0.4
    tau: float = 2.0
    learn_tau: bool = True
    dropout: float = 0.0
    spiking: bool = True

    def __post_init__(self) -> None:
        one_of("pooling", self.pooling, ("average", "max"))
        for name in ("steps", "filters", "blocks", "hidden", "voters", "threshold"):
            positive(name, getattr(self, name))
        within("tau", self.tau, 1.0001, 1e6)
        within("dropout", self.dropout, 0, 0.99)
        within("padding", self.padding, 0, 1)
        within("blocks", self.blocks, 1, 20)
        within("steps x size x size x filters", self.steps * self.size**2 * max(self.filters, 2), 1, MOST)
        if min(self.sides) < 1:
            raise InputError(f"{self.blocks} blocks leave nothing of {self.size} pixels: give fewer or larger pictures")

    @classmethod
    def published(cls, *, spiking: bool = True, threshold: float = 0.4) -> PlifNet:
        """Return the paper's network."""
        return cls(128, 68, 32, 3, 1024, padding=0, threshold=threshold, spiking=spiking)

    @property
    def channels(self) -> int:
        """Channels of the input at one step."""
        return 2 if self.spiking else self.steps

    @property
    def sides(self) -> tuple[int, ...]:
        """Width of the picture after each block's pooling."""
        sides = [self.size]
        for _ in range(self.blocks):
            sides.append((sides[-1] - 2 + 2 * self.padding) // 2)
        return tuple(sides[1:])

    def outputs(self, classes: int) -> int:
        """Return how many neurons the last layer has."""
        return classes * self.voters if self.spiking else classes

    def stages(self, classes: int) -> tuple[Stage, ...]:
        """Return the synapses of every layer, in order."""
        found, channels, side = list[Stage](), self.channels, self.size
        for number, after in enumerate(self.sides, start=1):
            across, each = side - 2 + 2 * self.padding, 9 * channels
            cells, weights = self.filters * across**2, self.filters * each
            found.append(Stage(f"convolution {number}", channels * side**2, cells, weights, cells * each))
            channels, side = self.filters, after
        wide = channels * side**2
        found.append(Stage("hidden", wide, self.hidden, wide * self.hidden, wide * self.hidden))
        last, name = self.outputs(classes), "votes" if self.spiking else "scores"
        found.append(Stage(name, self.hidden, last, self.hidden * last, self.hidden * last))
        return tuple(found)
