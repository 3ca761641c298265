"""The spiking transformer itself: its layers put together, its training, what it fires, and what a pass costs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from jaxtyping import Float32
from torch import Tensor, nn

from emospike.activity import Activity
from emospike.encoding.send_on_delta import send_on_delta
from emospike.networks.heads import LinearHead
from emospike.networks.spiking_transformer import STRIDE, Batch, LayerCount, PassCount, SpikingTransformer, Stream
from emospike.networks.torch.checkpoints import Checkpoint
from emospike.networks.torch.layers import (
    Attention,
    Block,
    CrossAttention,
    PicturePatches,
    RandomFeatures,
    TrackPatches,
    neurons,
)
from emospike.networks.torch.neurons import PLIF, Rectified
from emospike.networks.torch.training import contrast_loss, fit, load_weights
from emospike.networks.training import Training
from emospike.spikes import Spikes
from emospike.validation import InputError

GRID = 100.0
"""Steps of the grid a second."""


@dataclass
class Answer:
    """What the network says of a batch.

    Attributes
    ----------
    logits : shape (clips, classes), the sum over the modalities that are there
    read : what each modality's head reads: the rates of all its tokens, scaled
    embedded : mean rates of each modality's tokens, shape (clips, dim)
    """

    logits: Tensor
    read: Mapping[str, Tensor]
    embedded: Mapping[str, Tensor]


class TransformerNetwork(nn.Module):
    """The network of a `SpikingTransformer`: patches, blocks a modality, attention across, and heads that add up."""

    def __init__(self, what: SpikingTransformer, streams: Sequence[Stream], classes: int) -> None:
        super().__init__()
        self.what, self.streams = what, tuple(streams)
        self.modalities = tuple(dict.fromkeys(stream.modality for stream in streams))
        own = {m: [one for one in streams if one.modality == m] for m in self.modalities}
        patches = {"picture": PicturePatches, "tracks": TrackPatches}
        self.patches = nn.ModuleList(patches[stream.kind](what, stream) for stream in streams)
        tokens = {m: sum(one.tokens for one in parts) for m, parts in own.items()}
        self.width = {m: what.moments * count * what.dim + what.random_features for m, count in tokens.items()}
        channels = {m: sum(one.channels for one in parts) for m, parts in own.items()}
        listening = self.modalities if what.random_features else ()
        self.random_features = nn.ModuleDict({m: RandomFeatures(what, channels[m]) for m in listening})
        self.blocks = nn.ModuleDict({m: nn.ModuleList(Block(what) for _ in range(what.depth)) for m in self.modalities})
        crossings = what.crossing if len(self.modalities) > 1 else 0
        self.crossings = nn.ModuleList(CrossAttention(what, self.modalities) for _ in range(crossings))
        self.last = nn.ModuleDict({m: neurons(what) for m in self.modalities})
        self.scaled = nn.ModuleDict({m: nn.BatchNorm1d(self.width[m]) for m in self.modalities})
        self.head = nn.ModuleDict({m: nn.Linear(self.width[m], classes) for m in self.modalities})
        self.drop = nn.Dropout(what.dropout)

    @classmethod
    def build(
        cls, what: SpikingTransformer, streams: Sequence[Stream], classes: int, seed: int = 0
    ) -> TransformerNetwork:
        """Return an untrained network for these streams; PyTorch's own random state stays as it is."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return cls(what, streams, classes)

    def forward(
        self, arrays: Sequence[Tensor | None], valid: Tensor, there: Mapping[str, Tensor] | None = None
    ) -> Answer:
        """Return what it says of arrays (clips, grid, channels), one a stream, None for those of one that lacks.

        `valid` (clips, grid) is 1 where a clip has not ended; `there` says of a modality which clips have it.
        """
        given = {s.modality for s, array in zip(self.streams, arrays, strict=True) if array is not None}
        mask = valid[:, ::STRIDE].T[:, :, None, None]
        there = there or {}
        has = {m: there.get(m, torch.ones(len(valid), device=valid.device)) for m in self.modalities if m in given}
        x = {m: self._tokens(m, arrays) for m in has}
        for m, blocks in self.blocks.items():
            for block in cast(nn.ModuleList, blocks) if m in x else ():
                x[m] = block(x[m], mask)
        for crossing in self.crossings:
            x = crossing(x, mask, has)
        when = split_moments(mask[:, :, 0, 0], self.what.moments)
        rates = {m: torch.einsum("tbnd,tbm->bmnd", self.last[m](one), when) for m, one in x.items()}
        read = {m: self._read(m, rate.flatten(1), arrays, valid) for m, rate in rates.items()}
        scaled = {m: self.scaled[m](one) for m, one in read.items()}
        logits = {m: self.head[m](self.drop(one)) * has[m][:, None] for m, one in scaled.items()}
        return Answer(
            torch.stack(list(logits.values())).sum(0), scaled, {m: one.mean((1, 2)) for m, one in rates.items()}
        )

    def _read(self, modality: str, rates: Tensor, arrays: Sequence[Tensor | None], valid: Tensor) -> Tensor:
        """Return what the head of a modality reads: rates of its tokens, and of its random features."""
        if modality not in self.random_features:
            return rates
        return torch.cat([rates, self.random_features[modality](self._channels(modality, arrays), valid)], 1)

    def _channels(self, modality: str, arrays: Sequence[Tensor | None]) -> Tensor:
        pairs = zip(self.streams, arrays, strict=True)
        return torch.cat([array for s, array in pairs if s.modality == modality and array is not None], 2)

    def _tokens(self, modality: str, arrays: Sequence[Tensor | None]) -> Tensor:
        parts = zip(self.patches, self.streams, arrays, strict=True)
        return torch.cat([p(array) for p, s, array in parts if s.modality == modality and array is not None], 2)

    def rate(self) -> Tensor:
        """Return the mean spike rate of all layers that learn, in the last pass in training, in the graph; else 0."""
        learning = [one for one in self.modules() if isinstance(one, PLIF) and one.leak.requires_grad]
        layers = [one.rate for one in learning if hasattr(one, "rate")]
        return torch.stack(layers).mean() if layers else torch.zeros(())

    # -- from numpy, to numpy ----------------------------------------------------------------------------------

    def answer(self, batch: Batch) -> Answer:
        """Return what it says of a batch of numpy arrays."""
        place = next(self.parameters()).device
        arrays = [None if one is None else torch.from_numpy(one).to(place) for one in batch.arrays]
        there = {modality: torch.from_numpy(mask).to(place) for modality, mask in batch.there.items()}
        answer: Answer = self(arrays, torch.from_numpy(batch.valid).to(place), there)
        return answer

    @torch.no_grad()
    def scores(self, batch: Batch) -> Float32[np.ndarray, "clips classes"]:
        """Return the score of each class."""
        return self.eval().answer(batch).logits.cpu().numpy()

    @torch.no_grad()
    def read(self, batch: Batch) -> dict[str, Float32[np.ndarray, "clips _"]]:
        """Return what each modality's head reads."""
        return {modality: one.cpu().numpy() for modality, one in self.eval().answer(batch).read.items()}

    def heads(self) -> dict[str, LinearHead]:
        """Return weights and bias of each modality's head."""
        pairs = ((modality, cast(nn.Linear, head)) for modality, head in self.head.items())
        return {modality: (one.weight.detach().numpy(), one.bias.detach().numpy()) for modality, one in pairs}

    def set_heads(self, heads: Mapping[str, LinearHead]) -> None:
        """Replace the heads; they may have more classes than before."""
        for modality, (weights, bias) in heads.items():
            new = nn.Linear(weights.shape[1], len(weights))
            # Rows first in memory, as they are read back from a file: else sums round differently.
            new.weight.data, new.bias.data = (torch.from_numpy(np.array(one, order="C")) for one in (weights, bias))
            self.head[modality] = new

    def weights(self) -> dict[str, np.ndarray]:
        """Return all that was learnt."""
        return {name: one.cpu().numpy() for name, one in self.state_dict().items()}

    @classmethod
    def restore(
        cls, what: SpikingTransformer, streams: Sequence[Stream], classes: int, weights: Mapping[str, np.ndarray]
    ) -> TransformerNetwork:
        """Return the network whose `weights` these are; in older files random features are called receptors."""
        named = {name.replace("receptors.", "random_features."): one for name, one in weights.items()}
        network = load_weights(lambda: cls.build(what, streams, classes), named)
        for one in network.random_features.values():
            heard = cast(RandomFeatures, one)
            if heard.channels.numel() and not 0 <= heard.channels.min() <= heard.channels.max() < heard.of:
                raise InputError(f"random features that hear channels 0 to {heard.of - 1} expected, got others")
        return network

    # -- looking inside ----------------------------------------------------------------------------------------

    @torch.no_grad()
    def record(self, batch: Batch) -> dict[str, Activity]:
        """Return the spikes of every layer of neurons over one clip, by its name in the network, in their order.

        Beside them stand the spikes that the channels of its modality send to its random features (see
        `send_on_delta`), on the layer's own steps of 20, 40 or 80 ms; without random features nothing is sent, as real
        numbers enter. The non-spiking equivalent has no layer of neurons.
        """
        grid, length = batch.valid.shape[1], int(batch.valid[0].sum())
        fired: dict[str, Tensor] = {}

        def note(name: str, module: nn.Module, x: Tensor, output: Tensor) -> None:
            fired[name] = output[:, 0]

        self._watch({(PLIF,): note}).answer(batch)
        sent = {modality: self._sent(modality, batch) for modality in self.modalities}
        out = {}
        for name, spikes in fired.items():
            stride = round(grid / len(spikes))
            counts = spikes[: -(-length // stride)].flatten(1).long().cpu().numpy()
            inputs = sent[self._modality_of(name)].rebin(len(counts), GRID / stride)
            out[name] = Activity.from_counts(inputs, counts, tuple(spikes.shape[1:]))
        return out

    def _sent(self, modality: str, batch: Batch) -> Spikes:
        """Return the spikes that the channels of a modality send to its random features in the first clip."""
        channels = sum(one.channels for one in self.streams if one.modality == modality)
        pairs = zip(self.streams, batch.arrays, strict=True)
        arrays = [one[0] for stream, one in pairs if stream.modality == modality and one is not None]
        if not (self.what.random_features and self.what.delta and arrays):
            return Spikes.silent(batch.valid.shape[1], GRID, units=channels)
        level = send_on_delta(np.concatenate(arrays, axis=1), self.what.delta)
        sent = np.rint(np.diff(level, axis=0, prepend=0) / self.what.delta)
        return Spikes.from_counts(sent.astype(np.int64), GRID)

    def _modality_of(self, name: str) -> str:
        """Return the modality that a layer belongs to; where two meet, the one that takes."""
        kind, part, *_ = name.split(".")
        if kind == "patches":
            return self.streams[int(part)].modality
        names = [one.partition("<")[0] for one in name.split(".")]
        return next(modality for modality in self.modalities if modality in names)

    def _watch(self, kinds: Mapping[tuple[type[nn.Module], ...], Callable[..., None]]) -> TransformerNetwork:
        """Return a copy whose modules of some classes call a function of name, module, first input and output.

        A copy, as other threads may use the network at the same time.
        """
        copy = deepcopy(self).eval()
        for name, module in copy.named_modules():
            for kind, note in kinds.items():
                if isinstance(module, kind):
                    module.register_forward_hook(
                        lambda module, inputs, output, note=note, name=name: note(name, module, inputs[0], output)
                    )
        return copy

    @torch.no_grad()
    def count(self, batch: Batch) -> PassCount:
        """Return what one pass costs; batch norms count as folded into the synapses before them."""
        layers: list[LayerCount] = []
        fired: list[tuple[float, int, int]] = []

        def synapses(name: str, module: nn.Module, x: Tensor, output: Tensor) -> None:
            weight = cast(Tensor, module.weight)
            dense, held = output.numel() * weight[0].numel(), weight.numel()
            if self.what.spiking and bool((x == x.round()).all()):
                rate = float(x.mean()) / self.what.levels
                layers.append(LayerCount(name, rate, 0, round(float(count_delivered(module, x))), dense, held))
            else:
                layers.append(LayerCount(name, 1.0, dense, 0, dense, held))

        def listens(name: str, module: nn.Module, x: Tensor, output: Tensor) -> None:
            ears = cast(RandomFeatures, module)
            every = len(x) * -(-x.shape[1] // 2) * ears.weights.numel()
            heard = round(float(ears.delivered(x))) if ears.delta else 0
            rate, macs = (heard / every, 0) if ears.delta else (1.0, every)
            layers.append(LayerCount(name, rate, macs, heard, every, ears.weights.numel() + ears.channels.numel()))

        def attends(name: str, module: nn.Module, x: Tensor, output: Tensor) -> None:
            met, size = cast(Tensor, module.met), output.numel()
            rate, adds = float((met != 0).float().mean()), round(2 * float(met.sum())) + size
            cost = (0, adds) if self.what.spiking else (4 * size, 0)
            layers.append(LayerCount(name, rate, *cost, 4 * size, met.numel()))

        def fires(name: str, module: nn.Module, x: Tensor, output: Tensor) -> None:
            spikes = float(output.sum()) if isinstance(module, PLIF) else 0.0
            fired.append((spikes, output.numel() * self.what.levels, output[0].numel()))

        kinds: dict[Any, Callable[..., None]] = {
            (nn.Linear, nn.Conv1d, nn.Conv2d): synapses,
            (Attention,): attends,
            (RandomFeatures,): listens,
            (PLIF, Rectified): fires,
        }
        self._watch(kinds).answer(batch)
        spikes, steps, potentials = (sum(column) for column in zip(*fired, strict=True))
        return PassCount(round(spikes), int(steps), int(potentials), tuple(layers))


def split_moments(valid: Tensor, count: int) -> Tensor:
    """Return the weight of each step in the mean over each of `count` equal stretches of a clip.

    >>> split_moments(torch.tensor([[1.0], [1.0], [1.0], [0.0]]), 2)[:, 0].tolist()
    [[0.5, 0.0], [0.5, 0.0], [0.0, 1.0], [0.0, 0.0]]
    """
    length = valid.sum(0).clamp(min=1)
    place = ((valid.cumsum(0) - 1) * count / length).long().clamp(0, count - 1)
    own = nn.functional.one_hot(place, count) * valid[:, :, None]
    return own / own.sum(0).clamp(min=1)


def count_delivered(module: nn.Module, spikes: Tensor) -> Tensor:
    """Return at how many synapses spikes arrive: counted exactly, also at the edges."""
    if isinstance(module, nn.Linear):
        return spikes.sum() * module.out_features
    own = cast(nn.Conv2d, module)
    arrived: Tensor = own._conv_forward(spikes, torch.ones_like(own.weight), None)
    return arrived.sum()


# -- training ------------------------------------------------------------------------------------------------------


def train(
    what: SpikingTransformer,
    streams: Sequence[Stream],
    classes: int,
    batches: Callable[[int], Iterable[Batch]],
    held_out: Sequence[Batch],
    *,
    training: Training,
    steps: int,
    seed: int = 0,
    checkpoint: Checkpoint | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> TransformerNetwork:
    """Return a network trained on `steps` batches an epoch, as it was best on the held-out ones.

    Without any, it is returned as it was at the end. `checkpoint` keeps how far training has come (see `fit`).
    """

    def loss(module: TransformerNetwork, batch: Batch) -> Tensor:
        return loss_of(module, batch, training)

    network = TransformerNetwork.build(what, streams, classes, seed)
    validate = (lambda module: quality(module, held_out)) if held_out else None
    return fit(
        network,
        batches,
        loss,
        validate,
        training=training,
        steps=steps,
        seed=seed,
        checkpoint=checkpoint,
        progress=progress,
    ).eval()


def loss_of(network: TransformerNetwork, batch: Batch, training: Training) -> Tensor:
    """Return cross-entropy, what spikes above the wanted rate cost, and the contrast between modalities."""
    answer = network.answer(batch)
    target = torch.from_numpy(batch.target).to(answer.logits.device)
    smooth = training.smoothing
    even = target * (1 - smooth) + smooth / target.shape[1]
    lost = -(even * answer.logits.log_softmax(1)).sum(1)
    loss = (lost if batch.weight is None else lost * torch.from_numpy(batch.weight).to(lost.device)).mean()
    loss = loss + training.spike_weight * torch.relu(network.rate() - training.spike_rate)
    if training.contrast and len(answer.embedded) > 1:
        both = np.prod([batch.there.get(m, np.ones(len(target))) for m in answer.embedded], axis=0) > 0
        if both.sum() > 1:
            first, second, *_ = (one[torch.from_numpy(both)] for one in answer.embedded.values())
            loss = loss + training.contrast * contrast_loss(first, second, target[both].argmax(1))
    return loss


def quality(network: TransformerNetwork, held_out: Sequence[Batch]) -> float:
    """Return the mean probability of what the held-out clips are.

    Not its logarithm, which a few clips rule once the network is sure of itself; calibration comes later.
    """
    found = [(torch.from_numpy(network.scores(one)).softmax(1).numpy() * one.target).sum(1) for one in held_out]
    return float(np.concatenate(found).mean())
