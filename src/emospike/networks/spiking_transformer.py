"""A spiking transformer over several senses: spiking patches, spike-driven attention, and attention across senses.

Time is time: a step of the network is a step of the recording (80 ms on a 10 ms grid), through which membranes carry
what came before. What attend to each other are, within a step, the tokens of a sense (bands of a spectrum, parts of
a face, groups of electrodes), and, over the whole clip, each token's past and future.

The parameters are here; the network itself needs the extra `deep` and is imported when it is built.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float32

from emospike.networks.training import Training, deep
from emospike.validation import one_of, positive, within

if TYPE_CHECKING:
    from emospike.networks.torch.transformer import Network

KINDS = ("picture", "tracks")

STRIDE = 8
"""Steps of the grid to one of the network."""


@dataclass(frozen=True)
class Stream:
    """One array over time that a sense gives.

    Attributes
    ----------
    sense : which sense it belongs to
    channels : its width
    kind : ``"picture"`` where neighbouring channels are alike (a spectrum), or ``"tracks"``
    tokens : how many tokens a step it becomes
    """

    sense: str
    channels: int
    kind: str = "tracks"
    tokens: int = 2

    def __post_init__(self) -> None:
        one_of("kind of stream", self.kind, KINDS)
        positive("channels", self.channels)
        positive("tokens", self.tokens)


@dataclass(frozen=True)
class Batch:
    """Clips side by side.

    Attributes
    ----------
    arrays : one a stream, of mean 0 and deviation 1; None for all streams of a sense that no clip has
    valid : 1 where a clip has not ended, else 0
    there : of a sense, 1 for the clips that have it and 0 for the others; without an entry all have it
    target : share of each class in what a clip should be taken for
    """

    arrays: tuple[Float32[np.ndarray, "clips grid _"] | None, ...]
    valid: Float32[np.ndarray, "clips grid"]
    there: Mapping[str, Float32[np.ndarray, " clips"]] = field(default_factory=dict)
    target: Float32[np.ndarray, "clips classes"] | None = None


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
    """

    name: str
    rate: float
    macs: int
    accumulates: int
    dense: int


@dataclass(frozen=True)
class Counted:
    """What one pass cost.

    Attributes
    ----------
    spikes, neurons : spikes of all neurons, and neurons times steps
    layers : the synapses, and what attention and the potentials between blocks add up
    """

    spikes: int
    neurons: int
    layers: tuple[LayerCount, ...]


@dataclass(frozen=True)
class SpikingTransformer:
    """What the network is like; `build` makes one.

    Attributes
    ----------
    dim : numbers in a token
    depth : blocks of self-attention a sense
    crossing : blocks of attention across senses, after them
    widening : hidden neurons of a token's perceptron, in units of `dim`
    receptors : neurons a sense that listen at 20 ms with random weights and are read beside the tokens
    delta : change of a channel, in deviations, at which it sends receptors a spike; 0 sends them the real numbers
    levels : 1 for binary spikes; above, integers in training and so many shorter steps at inference
    spiking : False for the twin: the same synapses, with rectified units in place of spiking neurons
    alpha : weight of what crosses between the senses
    moments : stretches of equal length into which a clip's rates are parted for the head
    dropout : share of rates that the head loses in training

    Sources
    -------
    Yao et al. 2023 (Spike-Driven Transformer: potentials pass from block to block, attention by additions); S-CMRL,
    arXiv 2502.12488 (attention across senses with a spatial and a temporal branch, alpha 1.5); Fang et al. 2021
    (learnable membrane constants); Yao et al. 2024, arXiv 2411.16061 (`levels`).
    """

    dim: int = 64
    depth: int = 2
    crossing: int = 1
    widening: int = 2
    receptors: int = 0
    delta: float = 0.5
    levels: int = 1
    spiking: bool = True
    alpha: float = 1.5
    moments: int = 1
    dropout: float = 0.3

    def __post_init__(self) -> None:
        positive("dim", self.dim)
        positive("levels", self.levels)
        positive("moments", self.moments)
        within("dropout", self.dropout, 0, 1)
        within("delta", self.delta, 0, 10)

    def build(self, streams: Sequence[Stream], classes: int, seed: int = 0) -> Network:
        """Return an untrained network for these streams; PyTorch's own random state stays as it is.

        Raises `InputError` without the extra `deep`.
        """
        deep()
        from emospike.networks.torch.transformer import built

        return built(self, streams, classes, seed)

    def train(
        self,
        streams: Sequence[Stream],
        classes: int,
        batches: Callable[[int], Iterable[Batch]],
        held_out: Sequence[Batch],
        *,
        training: Training,
        steps: int,
        seed: int = 0,
        progress: Callable[[int, int], None] | None = None,
    ) -> Network:
        """Return a network trained on `steps` batches an epoch, as it was best on the held-out ones.

        Raises `InputError` without the extra `deep`.
        """
        deep()
        from emospike.networks.torch.transformer_training import trained

        network = self.build(streams, classes, seed)
        return trained(network, batches, held_out, training=training, steps=steps, seed=seed, progress=progress)
