"""A spiking transformer over several modalities: spiking patches, spike-driven attention, and attention across them.

Time is time: a step of the network is a step of the recording (80 ms on a 10 ms grid), through which membranes carry
what came before. What attend to each other are, within a step, the tokens of a modality (bands of a spectrum, parts of
a face, groups of electrodes), and, over the whole clip, each token's past and future.

What the network is like and what it takes is here; the network itself is in `torch.transformer`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float32

from emospike.validation import one_of, positive, within

KINDS = ("picture", "tracks")

STRIDE = 8
"""Steps of the grid to one of the network."""


@dataclass(frozen=True)
class Stream:
    """One array over time that a modality gives.

    Attributes
    ----------
    modality : which one it belongs to
    channels : its width
    kind : ``"picture"`` where neighbouring channels are alike (a spectrum), or ``"tracks"``
    tokens : how many tokens a step it becomes
    """

    modality: str
    channels: int
    kind: str = "tracks"
    tokens: int = 2

    def __post_init__(self) -> None:
        one_of("kind of stream", self.kind, KINDS)
        within("channels", self.channels, 1, 10_000)
        positive("tokens", self.tokens)


@dataclass(frozen=True)
class Batch:
    """Clips side by side.

    Attributes
    ----------
    arrays : one a stream, of mean 0 and deviation 1; None for all streams of a modality that no clip has
    valid : 1 where a clip has not ended, else 0
    there : of a modality, 1 for the clips that have it and 0 for the others; without an entry all have it
    target : share of each class in what a clip should be taken for
    weight : how much each clip counts in the loss; None if all count alike
    """

    arrays: tuple[Float32[np.ndarray, "clips grid _"] | None, ...]
    valid: Float32[np.ndarray, "clips grid"]
    there: Mapping[str, Float32[np.ndarray, " clips"]] = field(default_factory=dict)
    target: Float32[np.ndarray, "clips classes"] | None = None
    weight: Float32[np.ndarray, " clips"] | None = None


@dataclass(frozen=True)
class LayerCount:
    """What the synapses of one layer did in a pass.

    Attributes
    ----------
    name : of the layer
    rate : spikes that arrive at an input a step; 1 where real numbers do
    macs : multiply-accumulates of what is no spike: at the first synapses of each stream, and in the heads
    accumulates : additions that spikes caused
    dense : multiply-accumulates if every input were a real number at every step
    held : numbers that it needs all the time: weights, and what attention remembers of a clip
    """

    name: str
    rate: float
    macs: int
    accumulates: int
    dense: int
    held: int


@dataclass(frozen=True)
class PassCount:
    """What one pass cost.

    Attributes
    ----------
    spikes, neurons : spikes of all neurons, and neurons times steps
    potentials : neurons
    layers : the synapses, and what attention and the potentials between blocks add up
    """

    spikes: int
    neurons: int
    potentials: int
    layers: tuple[LayerCount, ...]


@dataclass(frozen=True)
class SpikingTransformer:
    """What the network is like (see `torch.transformer.TransformerNetwork`, which needs the extra `deep`).

    Attributes
    ----------
    dim : numbers in a token
    depth : blocks of self-attention a modality
    crossing : blocks of attention across modalities, after them
    widening : hidden neurons of a token's perceptron, in units of `dim`
    random_features : neurons a modality that listen at 20 ms with random weights and are read beside the tokens
    delta : change of a channel, in deviations, at which it sends these a spike; 0 sends them the real numbers
    levels : 1 for binary spikes; above, integers in training and so many shorter steps at inference
    spiking : False for the non-spiking equivalent: the same synapses, with rectified units in place of neurons
    alpha : weight of what crosses between the modalities
    moments : stretches of equal length into which a clip's rates are parted for the head
    dropout : share of rates that the head loses in training

    Sources
    -------
    Yao et al. 2023 (Spike-Driven Transformer: potentials pass from block to block, attention by additions); S-CMRL,
    arXiv 2502.12488 (attention across modalities with a spatial and a temporal branch, alpha 1.5); Fang et al. 2021
    (learnable membrane constants); Yao et al. 2024, arXiv 2411.16061 (`levels`).
    """

    dim: int = 64
    depth: int = 2
    crossing: int = 1
    widening: int = 2
    random_features: int = 0
    delta: float = 0.5
    levels: int = 1
    spiking: bool = True
    alpha: float = 1.5
    moments: int = 1
    dropout: float = 0.3

    def __post_init__(self) -> None:
        positive("dim", self.dim)
        within("depth", self.depth, 0, 100)
        within("crossing", self.crossing, 0, 100)
        within("levels", self.levels, 1, 100)
        within("moments", self.moments, 1, 100)
        within("dropout", self.dropout, 0, 1)
        within("delta", self.delta, 0, 10)
