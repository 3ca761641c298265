"""Spiking patches: how arrays over time become tokens, and the receptors that listen beside them."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from emospike.networks.spiking_transformer import SpikingTransformer, Stream
from emospike.networks.torch.neurons import PLIF, Rectified


def neurons(what: SpikingTransformer) -> nn.Module:
    """Return a layer of neurons, or what stands in for them in the twin."""
    return PLIF(what.levels) if what.spiking else Rectified()


REACH = 8
"""Steps of the grid that a receptor hears at a time."""

HEARD = 8
"""Channels that a receptor hears."""

GAIN = 1.2
"""Deviation of the currents into neurons at first, in thresholds: about one neuron in twelve spikes at a step."""


def lively(norms: nn.ModuleList) -> None:
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
        lively(self.norms)

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
        lively(self.norms)

    def forward(self, x: Tensor) -> Tensor:
        """Return potentials, shape (steps, clips, tokens, dim), of an array (clips, grid, channels)."""
        x = self.norms[0](self.weights[0](x.transpose(1, 2)))
        x = self.neurons(x.movedim(2, 0)).movedim(0, 2)
        x = self.norms[1](self.weights[1](x)).permute(2, 0, 1)
        return x.reshape(*x.shape[:2], self.tokens, -1)


class Receptors(nn.Module):
    """Many spiking neurons that listen to a few channels each, over 80 ms, with weights and membranes drawn at random.

    Channels come as spikes: one, up or down, for each change by `delta` (see `send_on_delta`); currents are running
    sums of what spikes bring, so that nothing is multiplied. The twin hears the real numbers.

    They do not learn. Half of them hear changes only (their weights at each channel sum to zero). Membrane constants
    lie between 2 and 13 steps of 20 ms. Their rates are what a reservoir without recurrence would say of the clip,
    and go to the head beside those of the tokens: few clips suffice to learn to read them.
    """

    channels: Tensor
    weights: Tensor
    gain: Tensor

    def __init__(self, what: SpikingTransformer, channels: int) -> None:
        super().__init__()
        count, self.of = what.receptors, channels
        drawn = torch.randn(count, min(HEARD, channels), REACH)
        changes = torch.arange(count)[:, None, None] % 2
        tau = 1 + torch.exp(2.5 * torch.rand(count))
        self.register_buffer("channels", torch.rand(count, channels).argsort(1)[:, :HEARD].contiguous())
        self.register_buffer("weights", drawn - changes * drawn.mean(2, keepdim=True))
        self.register_buffer("gain", 1.5 * tau.sqrt())  # so that membranes swing alike, whatever their constant
        self.delta = what.delta if what.spiking else 0.0
        self.norm = nn.BatchNorm1d(count, affine=False)
        self.neurons = PLIF(1, tau).requires_grad_(False) if what.spiking else Rectified()

    @torch.no_grad()
    def forward(self, x: Tensor, valid: Tensor) -> Tensor:
        """Return the mean rate of each, shape (clips, receptors), over the valid part of (clips, grid, channels)."""
        count, _, reach = self.weights.shape
        dense = x.new_zeros(count, self.of, reach).scatter_(
            1, self.channels[:, :, None].expand(-1, -1, reach), self.weights
        )
        x = send_on_delta(x, self.delta) if self.delta else x
        heard = nn.functional.conv1d(x.transpose(1, 2), dense, stride=2, padding=reach // 2)
        currents = self.norm(heard)[:, :, : valid[:, ::2].shape[1]]
        spikes = self.neurons((currents.permute(2, 0, 1) * self.gain).contiguous())
        mask = valid[:, ::2].T[:, :, None]
        rates: Tensor = (spikes * mask).sum(0) / mask.sum(0).clamp(min=1)
        return rates

    @torch.no_grad()
    def delivered(self, x: Tensor) -> Tensor:
        """Return at how many synapses spikes of (clips, grid, channels) arrive: changes since the last 20 ms."""
        reach = self.weights.shape[2]
        levels = nn.functional.pad(send_on_delta(x, self.delta) / self.delta, (0, 0, reach // 2, reach // 2))
        changes = (levels[:, 2:] - levels[:, :-2]).abs().sum(0)
        later = changes.unfold(0, reach, 2)[: -(-x.shape[1] // 2) - 1].sum((0, 2))
        first = levels[:, :reach].abs().sum((0, 1))
        return ((later + first) * torch.bincount(self.channels.flatten(), minlength=self.of)).sum()


def send_on_delta(x: Tensor, delta: float) -> Tensor:
    """Return the level, a multiple of `delta`, that spikes tell of each channel of (clips, grid, channels).

    A channel spikes when it has moved by `delta` since it last did; the level starts from 0:

        n[t] = n[t-1] + trunc(x[t] / delta - n[t-1]);  level = delta n

    Source: Miskowicz 2006 (send-on-delta), the code of event cameras and silicon cochleas.

    >>> send_on_delta(torch.tensor([[[0.4], [1.7], [1.1], [0.6], [-1.2]]]), 0.5).flatten().tolist()
    [0.0, 1.5, 1.5, 1.0, -1.0]
    """
    units = (x / delta).transpose(0, 1).contiguous()  # steps first: each is one block, and divided once
    levels, level = torch.empty_like(units), torch.zeros_like(units[0])
    for t, one in enumerate(units):
        level = level + (one - level).trunc_()
        levels[t] = level
    return delta * levels.transpose(0, 1)
