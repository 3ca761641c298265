"""The layers of a spiking transformer: patches, random features beside them, attention, and perceptrons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import torch
from torch import Tensor, nn

from emospike.encoding.send_on_delta import send_on_delta
from emospike.networks.spiking_transformer import SpikingTransformer, Stream
from emospike.networks.torch.neurons import PLIF, Rectified, step

REACH = 8
"""Steps of the grid that a random feature hears at a time."""

HEARD = 8
"""Channels that a random feature hears."""

GAIN = 1.2
"""Deviation of the currents into neurons at first, in thresholds: about one neuron in twelve spikes at a step."""


def neurons(what: SpikingTransformer) -> nn.Module:
    """Return a layer of neurons, or what stands in for them in the non-spiking equivalent."""
    return PLIF(levels=what.levels) if what.spiking else Rectified()


def enliven(norms: nn.ModuleList) -> None:
    """Give batch norms the gain with which neurons spike."""
    for norm in norms:
        nn.init.constant_(cast(nn.BatchNorm1d, norm).weight, GAIN)


class Joined(nn.Module):
    """Synapses from tokens to tokens, and a batch norm that inference folds into them."""

    def __init__(self, inputs: int, outputs: int, gain: float = GAIN) -> None:
        super().__init__()
        self.weight = nn.Linear(inputs, outputs, bias=False)
        self.norm = nn.BatchNorm1d(outputs)
        nn.init.constant_(self.norm.weight, gain)

    def forward(self, x: Tensor) -> Tensor:
        """Return currents for spikes, shape (..., inputs)."""
        y: Tensor = self.weight(x)
        normed: Tensor = self.norm(y.reshape(-1, y.shape[-1]))
        return normed.view_as(y)


class PicturePatches(nn.Module):
    """Spiking patch embedding of a picture over time: three convolutions, 8 grid steps to one of the network.

    The first convolution sees real numbers, the only ones in the network; the others see spikes. Kernels reach over
    three to five steps: delay lines.
    """

    def __init__(self, what: SpikingTransformer, stream: Stream) -> None:
        super().__init__()
        narrow, half = what.dim // 4, what.dim // 2
        shapes = [(1, narrow, (5, 7), (2, 4)), (narrow, half, (3, 3), (2, 1)), (half, what.dim, (3, 3), (2, 2))]
        self.tokens, self.width = stream.tokens, -(-stream.channels // 8)
        self.weights = nn.ModuleList(nn.Conv2d(i, o, k, s, (k[0] // 2, k[1] // 2), bias=False) for i, o, k, s in shapes)
        self.norms = nn.ModuleList(nn.BatchNorm2d(o) for _, o, _, _ in shapes)
        self.neurons = nn.ModuleList(neurons(what) for _ in shapes[1:])
        enliven(self.norms)

    def forward(self, x: Tensor) -> Tensor:
        """Return potentials, shape (steps, clips, tokens, dim), of an array (clips, grid, channels)."""
        x = x[:, None]
        for i, (weight, norm) in enumerate(zip(self.weights, self.norms, strict=True)):
            x = norm(weight(x))
            if i < len(self.neurons):
                x = self.neurons[i](x.movedim(2, 0)).movedim(0, 2)
        return nn.functional.adaptive_avg_pool2d(x, (x.shape[2], self.tokens)).permute(2, 0, 3, 1)


class TrackPatches(nn.Module):
    """Spiking patch embedding of tracks: two convolutions over time, 8 grid steps to one of the network."""

    def __init__(self, what: SpikingTransformer, stream: Stream) -> None:
        super().__init__()
        self.tokens, hidden = stream.tokens, what.dim
        self.weights = nn.ModuleList(
            [
                nn.Conv1d(stream.channels, hidden, 8, 4, 2, bias=False),
                nn.Conv1d(hidden, stream.tokens * what.dim, 3, 2, 1, bias=False),
            ]
        )
        self.norms = nn.ModuleList([nn.BatchNorm1d(hidden), nn.BatchNorm1d(stream.tokens * what.dim)])
        self.neurons = neurons(what)
        enliven(self.norms)

    def forward(self, x: Tensor) -> Tensor:
        """Return potentials, shape (steps, clips, tokens, dim), of an array (clips, grid, channels)."""
        x = self.norms[0](self.weights[0](x.transpose(1, 2)))
        x = self.neurons(x.movedim(2, 0)).movedim(0, 2)
        x = self.norms[1](self.weights[1](x)).permute(2, 0, 1)
        return x.reshape(*x.shape[:2], self.tokens, -1)


class RandomFeatures(nn.Module):
    """Many spiking neurons that listen to a few channels each, over 80 ms, with weights and membranes drawn at random.

    Channels come as spikes: one, up or down, for each change by `delta` (see `send_on_delta`); currents are running
    sums of what spikes bring, so that nothing is multiplied. The non-spiking equivalent hears the real numbers.

    They do not learn. Half of them hear changes only (their weights at each channel sum to zero). Membrane constants
    lie between 2 and 13 steps of 20 ms. Their rates are what a reservoir without recurrence would say of the clip,
    and go to the head beside those of the tokens: few clips suffice to learn to read them.
    """

    channels: Tensor
    weights: Tensor
    gain: Tensor

    def __init__(self, what: SpikingTransformer, channels: int) -> None:
        super().__init__()
        count, self.of = what.random_features, channels
        drawn = torch.randn(count, min(HEARD, channels), REACH)
        changes = torch.arange(count)[:, None, None] % 2
        tau = 1 + torch.exp(2.5 * torch.rand(count))
        self.register_buffer("channels", torch.rand(count, channels).argsort(1)[:, :HEARD].contiguous())
        self.register_buffer("weights", drawn - changes * drawn.mean(2, keepdim=True))
        self.register_buffer("gain", 1.5 * tau.sqrt())  # so that membranes swing alike, whatever their constant
        self.delta = what.delta if what.spiking else 0.0
        self.norm = nn.BatchNorm1d(count, affine=False)
        self.neurons = PLIF(tau, learn=False) if what.spiking else Rectified()

    @torch.no_grad()
    def forward(self, x: Tensor, valid: Tensor) -> Tensor:
        """Return the mean rate of each, shape (clips, count), over the valid part of (clips, grid, channels)."""
        count, _, reach = self.weights.shape
        dense = x.new_zeros(count, self.of, reach).scatter_(
            1, self.channels[:, :, None].expand(-1, -1, reach), self.weights
        )
        x = self.send(x) if self.delta else x
        heard = nn.functional.conv1d(x.transpose(1, 2), dense, stride=2, padding=reach // 2)
        currents = self.norm(heard)[:, :, : valid[:, ::2].shape[1]]
        spikes = self.neurons((currents.permute(2, 0, 1) * self.gain).contiguous())
        mask = valid[:, ::2].T[:, :, None]
        rates: Tensor = (spikes * mask).sum(0) / mask.sum(0).clamp(min=1)
        return rates

    def send(self, x: Tensor) -> Tensor:
        """Return the level that spikes tell of each channel of (clips, grid, channels)."""
        return torch.from_numpy(send_on_delta(x.detach().cpu().numpy(), self.delta)).to(x.device)

    @torch.no_grad()
    def delivered(self, x: Tensor) -> Tensor:
        """Return at how many synapses spikes of (clips, grid, channels) arrive: changes since the last 20 ms."""
        reach = self.weights.shape[2]
        levels = nn.functional.pad(self.send(x) / self.delta, (0, 0, reach // 2, reach // 2))
        changes = (levels[:, 2:] - levels[:, :-2]).abs().sum(0)
        later = changes.unfold(0, reach, 2)[: -(-x.shape[1] // 2) - 1].sum((0, 2))
        first = levels[:, :reach].abs().sum((0, 1))
        return ((later + first) * torch.bincount(self.channels.flatten(), minlength=self.of)).sum()


class Perceptron(nn.Module):
    """Neurons, synapses, neurons, synapses: added to each token's potential."""

    def __init__(self, what: SpikingTransformer) -> None:
        super().__init__()
        hidden = what.widening * what.dim
        self.first, self.second = neurons(what), neurons(what)
        self.up, self.down = Joined(what.dim, hidden), Joined(hidden, what.dim, 0.5)

    def forward(self, x: Tensor) -> Tensor:
        """Return the change of the potential."""
        changed: Tensor = self.down(self.second(self.up(self.first(x))))
        return changed


class Attention(nn.Module):
    """Spike-driven attention: queries of one stream, keys and values of the same or of another; additions only.

        K * V counts where a key and a value spike together;
        spatial: within a step, summed over tokens, and neurons that spike at enough of it;
        temporal: summed over the clip's steps, and a threshold;
        out = W (Q * (spatial + temporal))

    Both gates are binary, so that they mask the queries' spikes. No product of two matrices of real numbers, and no
    softmax: the cost is linear in tokens and steps.

    Sources: Yao et al. 2023 (Spike-Driven Transformer, SDSA: keys mask values, columns are summed and mask queries);
    S-CMRL, arXiv 2502.12488 (a spatial and a temporal branch).
    """

    def __init__(self, what: SpikingTransformer) -> None:
        super().__init__()
        self.spiking = what.spiking
        self.own, self.other = neurons(what), neurons(what)
        self.query, self.key, self.value = (Joined(what.dim, what.dim) for _ in range(3))
        self.q, self.k, self.v, self.gate = (neurons(what) for _ in range(4))
        self.out = Joined(what.dim, what.dim, 0.5)
        self.scale = nn.Parameter(torch.tensor([2.0, 4.0]))

    def forward(self, x: Tensor, other: Tensor, valid: Tensor) -> Tensor:
        """Return the change of the potential of `x`, (steps, clips, tokens, dim); `valid` is (steps, clips, 1, 1)."""
        seen = self.own(x)
        heard = seen if other is x else self.other(other)
        queries = self.q(self.query(seen))
        both = self.k(self.key(heard)) * self.v(self.value(heard)) * valid
        self.met = both.detach()
        here = self.gate(both.sum(2, keepdim=True) * self.scale[0])
        ever = both.mean(2, keepdim=True).sum(0, keepdim=True) / valid.sum(0, keepdim=True).clamp(min=1)
        ever = self.scale[1] * ever
        always = step(ever - 0.5) if self.spiking else ever
        changed: Tensor = self.out(queries * (here + always))
        return changed


class Block(nn.Module):
    """Attention within a modality, then a perceptron; both are added to the potential that neurons read."""

    def __init__(self, what: SpikingTransformer) -> None:
        super().__init__()
        self.attention, self.perceptron = Attention(what), Perceptron(what)

    def forward(self, x: Tensor, valid: Tensor) -> Tensor:
        """Return the new potential."""
        x = x + self.attention(x, x, valid)
        changed: Tensor = x + self.perceptron(x)
        return changed


class CrossAttention(nn.Module):
    """Attention across modalities, both ways, weighted by alpha; then each modality's perceptron."""

    def __init__(self, what: SpikingTransformer, modalities: Sequence[str]) -> None:
        super().__init__()
        self.alpha = what.alpha
        pairs = [(to, of) for to in modalities for of in modalities if to != of]
        self.ways = nn.ModuleDict({f"{to}<{of}": Attention(what) for to, of in pairs})
        self.perceptrons = nn.ModuleDict({modality: Perceptron(what) for modality in modalities})

    def forward(self, x: Mapping[str, Tensor], valid: Tensor, there: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the new potentials; what is not `there` (1 or 0 a clip) neither gives nor takes."""
        new = dict(x)
        for name, way in self.ways.items():
            to, of = name.split("<")
            if to in x and of in x:
                shared = (there[to] * there[of])[None, :, None, None]
                new[to] = new[to] + self.alpha * shared * way(x[to], x[of], valid * shared)
        return {modality: one + self.perceptrons[modality](one) for modality, one in new.items()}
