"""Training a spiking transformer, and counting what a pass costs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from emospike.networks.spiking_transformer import Batch, Counted, LayerCount
from emospike.networks.torch.neurons import PLIF, Rectified
from emospike.networks.torch.patches import Receptors
from emospike.networks.torch.training import fit, supervised_contrast
from emospike.networks.torch.transformer import Attention, Network
from emospike.networks.training import Training


def trained(
    network: Network,
    batches: Callable[[int], Iterable[Batch]],
    held_out: Sequence[Batch],
    *,
    training: Training,
    steps: int,
    seed: int,
    progress: Callable[[int, int], None] | None,
) -> Network:
    """Return the network trained on batches, as it was best on the held-out ones (without any: at the end)."""

    def loss(module: Network, batch: Batch) -> Tensor:
        return loss_of(module, batch, training)

    judge = (lambda module: quality(module, held_out)) if held_out else None
    return fit(network, batches, loss, judge, training=training, steps=steps, seed=seed, progress=progress).eval()


def loss_of(network: Network, batch: Batch, training: Training) -> Tensor:
    """Return cross-entropy, what spikes above the wanted rate cost, and the contrast between senses."""
    answer = network.given(batch)
    target = torch.from_numpy(batch.target).to(answer.logits.device)
    smooth = training.smoothing
    even = target * (1 - smooth) + smooth / target.shape[1]
    loss = -(even * answer.logits.log_softmax(1)).sum(1).mean()
    loss = loss + training.spike_weight * torch.relu(network.rate() - training.spike_rate)
    if training.contrast and len(answer.embedded) > 1:
        both = np.prod([batch.there.get(s, np.ones(len(target))) for s in answer.embedded], axis=0) > 0
        if both.sum() > 1:
            first, second, *_ = (one[torch.from_numpy(both)] for one in answer.embedded.values())
            loss = loss + training.contrast * supervised_contrast(first, second, target[both].argmax(1))
    return loss


def quality(network: Network, held_out: Sequence[Batch]) -> float:
    """Return the mean probability of what the held-out clips are.

    Not its logarithm, which a few clips rule once the network is sure of itself; calibration comes later.
    """
    found = [(torch.from_numpy(network.scores(one)).softmax(1).numpy() * one.target).sum(1) for one in held_out]
    return float(np.concatenate(found).mean())


# -- counting ------------------------------------------------------------------------------------------------------


@torch.no_grad()
def counted(network: Network, batch: Batch) -> Counted:
    """Return what one pass costs; batch norms count as folded into the synapses before them."""
    layers: list[LayerCount] = []
    fired: list[tuple[float, int]] = []

    def synapses(name: str, module: nn.Module, x: Tensor, output: Tensor) -> None:
        dense = output.numel() * cast(Tensor, module.weight)[0].numel()
        if network.what.spiking and bool((x == x.round()).all()):
            rate = float(x.mean()) / network.what.levels
            layers.append(LayerCount(name, rate, 0, round(float(delivered(module, x))), dense))
        else:
            layers.append(LayerCount(name, 1.0, dense, 0, dense))

    def listens(name: str, module: nn.Module, x: Tensor, output: Tensor) -> None:
        ears = cast(Receptors, module)
        every = len(x) * -(-x.shape[1] // 2) * ears.weights.numel()
        heard = round(float(ears.delivered(x))) if ears.delta else 0
        rate, macs = (heard / every, 0) if ears.delta else (1.0, every)
        layers.append(LayerCount(name, rate, macs, heard, every))

    def attends(name: str, module: nn.Module, x: Tensor, output: Tensor) -> None:
        met, size = cast(Tensor, module.met), output.numel()
        rate, adds = float((met != 0).float().mean()), round(2 * float(met.sum())) + size
        cost = (0, adds) if network.what.spiking else (4 * size, 0)
        layers.append(LayerCount(name, rate, *cost, 4 * size))

    def fires(name: str, module: nn.Module, x: Tensor, output: Tensor) -> None:
        fired.append((float(output.sum()) if isinstance(module, PLIF) else 0.0, output.numel() * network.what.levels))

    kinds = {
        (nn.Linear, nn.Conv1d, nn.Conv2d): synapses,
        (Attention,): attends,
        (Receptors,): listens,
        (PLIF, Rectified): fires,
    }
    hooks = [
        module.register_forward_hook(
            lambda module, inputs, output, note=note, name=name: note(name, module, inputs[0], output)
        )
        for name, module in network.named_modules()
        for kind, note in kinds.items()
        if isinstance(module, kind)
    ]
    try:
        network.eval().given(batch)
    finally:
        for hook in hooks:
            hook.remove()
    return Counted(round(sum(one for one, _ in fired)), sum(size for _, size in fired), tuple(layers))


def delivered(module: nn.Module, spikes: Tensor) -> Tensor:
    """Return at how many synapses spikes arrive: counted exactly, also at the edges."""
    if isinstance(module, nn.Linear):
        return spikes.sum() * module.out_features
    own = cast(nn.Conv2d, module)
    arrived: Tensor = own._conv_forward(spikes, torch.ones_like(own.weight), None)
    return arrived.sum()
