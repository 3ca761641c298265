"""The PLIF network itself: its layers, its training, and what its neurons do with a clip (see `plif_net`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, cast

import numpy as np
import torch
from jaxtyping import Float32, Int64
from torch import Tensor, nn

from emospike.activity import Activity
from emospike.networks.plif_net import PlifNet, Seen
from emospike.networks.torch.checkpoints import Checkpoint
from emospike.networks.torch.neurons import PLIF, Rectified
from emospike.networks.torch.training import descend, fit, load_weights
from emospike.networks.training import Training
from emospike.spikes import Spikes

Clips = Int64[np.ndarray, " clips"]
One = Float32[np.ndarray, "steps _ size size"]


@dataclass(frozen=True)
class LayerRates:
    """How busy the layers were with one clip, and what the voters did.

    Attributes
    ----------
    arriving : spikes that an input of each layer of synapses gets a step, of the first layer from its second step on;
        a pooled input gets the spikes of its four neurons
    awake : share of the inputs of each layer that get any
    rates : spikes a neuron and step, of each layer of neurons
    potentials, spikes : of the voting neurons, before the reset
    """

    arriving: tuple[float, ...]
    awake: tuple[float, ...]
    rates: tuple[float, ...]
    potentials: Float32[np.ndarray, "steps voters"]
    spikes: Float32[np.ndarray, "steps voters"]


class PlifNetwork(nn.Module):
    """The network of a `PlifNet`."""

    def __init__(self, what: PlifNet, classes: int) -> None:
        super().__init__()
        self.what, self.classes = what, classes
        widths = [what.channels] + [what.filters] * what.blocks
        self.convolutions = nn.ModuleList(
            nn.Conv2d(a, b, 3, padding=what.padding, bias=False) for a, b in pairwise(widths)
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(what.filters) for _ in range(what.blocks))
        self.pool = nn.AvgPool2d(2) if what.pooling == "average" else nn.MaxPool2d(2)
        self.hidden = nn.Linear(what.filters * what.sides[-1] ** 2, what.hidden, bias=not what.spiking)
        self.last = nn.Linear(what.hidden, what.outputs(classes), bias=not what.spiking)
        layers = what.blocks + 2 if what.spiking else what.blocks + 1
        self.neurons = nn.ModuleList(
            PLIF(what.tau, what.threshold, subtract=False, learn=what.learn_tau) if what.spiking else Rectified()
            for _ in range(layers)
        )

    @classmethod
    def build(cls, what: PlifNet, classes: int, seed: int = 0) -> PlifNetwork:
        """Return an untrained network; PyTorch's own random state stays as it is."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return cls(what, classes)

    @classmethod
    def restore(cls, what: PlifNet, classes: int, weights: Mapping[str, np.ndarray]) -> PlifNetwork:
        """Return the network whose state these arrays are."""
        return load_weights(lambda: cls.build(what, classes), weights)

    def forward(self, seen: Tensor) -> Tensor:
        """Return the votes of clips, shape (steps, clips, classes): the share of each class's voters that fired.

        `seen` has shape (clips, steps, channels, size, size). The non-spiking equivalent votes once.
        """
        return self.count_votes(self.fire_hidden(seen))

    def fire_hidden(self, seen: Tensor) -> Tensor:
        """Return the hidden neurons' spikes, shape (steps, clips, hidden)."""
        x = seen.transpose(0, 1) if self.what.spiking else seen.flatten(1, 2)[None]
        for convolve, norm, fire in zip(self.convolutions, self.norms, self.neurons, strict=False):
            x = self._each(self.pool, fire(self._each(lambda y, c=convolve, n=norm: n(c(y)), x)))  # type: ignore[misc]
        x = self._drop(x.flatten(2))
        return cast(Tensor, self.neurons[self.what.blocks](self.hidden(x)))

    def count_votes(self, hidden: Tensor) -> Tensor:
        """Return the votes that hidden spikes lead to, shape (steps, clips, classes)."""
        x: Tensor = self.last(self._drop(hidden))
        if self.what.spiking:
            x = self.neurons[-1](x)
            x = x.reshape(*x.shape[:2], self.classes, -1).mean(3)
        return x

    def _each(self, work: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        """Do the same with each step: steps and clips go as one axis."""
        out = work(x.flatten(0, 1))
        return out.view(*x.shape[:2], *out.shape[1:])

    def _drop(self, x: Tensor) -> Tensor:
        """Lose inputs at random in training, the same ones at all steps."""
        if not (self.training and self.what.dropout):
            return x
        kept = torch.full_like(x[0], 1 - self.what.dropout)
        return x * torch.bernoulli(kept) / (1 - self.what.dropout)

    # -- from arrays to arrays ---------------------------------------------------------------------------------

    @torch.no_grad()
    def vote(self, seen: Seen) -> Float32[np.ndarray, "clips _ classes"]:
        """Return the votes at each step; clip by clip, so that a clip alone gives the same bits as among others."""
        self.eval()
        return np.stack([self(self._tensor(clip))[:, 0].cpu().numpy() for clip in seen])

    @torch.no_grad()
    def read_hidden(self, seen: Seen) -> Float32[np.ndarray, "clips _ hidden"]:
        """Return the hidden neurons' spikes of each clip."""
        self.eval()
        return np.stack([self.fire_hidden(self._tensor(clip))[:, 0].cpu().numpy() for clip in seen])

    @torch.no_grad()
    def vote_on_hidden(self, hidden: Float32[np.ndarray, "_ hidden"]) -> Float32[np.ndarray, "_ classes"]:
        """Return the votes that a clip's hidden spikes, as `read_hidden` gives them, lead to at each step."""
        votes = self.eval().count_votes(torch.from_numpy(hidden)[:, None])
        return np.asarray(votes[:, 0].numpy())

    def _tensor(self, clip: One) -> Tensor:
        """Return one clip where the weights are."""
        return torch.from_numpy(np.ascontiguousarray(clip[None])).to(self.hidden.weight.device)

    @torch.no_grad()
    def record(self, seen: One, rate: float) -> dict[str, Activity]:
        """Return the spikes of every layer of neurons over one clip, by the names of `PlifNet.stages`, in their order.

        Beside them stand the events that it saw, on channels numbered by polarity, row and column: +1 on, -1 off. Real
        numbers, as a first step may hold, are no events. `rate` tells the steps a second. The non-spiking equivalent
        has no layer of neurons.
        """
        if not self.what.spiking:
            return {}
        fired: list[Tensor] = []
        watched = deepcopy(self).eval()  # as other threads may use the network at the same time
        for layer in watched.neurons:
            layer.register_forward_hook(lambda _, inputs, output: fired.append(output[:, 0]))
        watched(self._tensor(seen))
        events = np.where((seen % 1 == 0).all(axis=(1, 2, 3), keepdims=True), seen, 0).astype(np.int64)
        events[:, 1] *= -1
        inputs = Spikes.from_counts(events.reshape(len(seen), -1), rate)
        names = [stage.name for stage in self.what.stages(self.classes)]
        return {
            name: Activity.from_counts(inputs, one.flatten(1).long().cpu().numpy(), tuple(one.shape[1:]))
            for name, one in zip(names, fired, strict=True)
        }

    @torch.no_grad()
    def measure(self, seen: One) -> LayerRates:
        """Return how busy the layers are with one clip; without spikes, the share of inputs that are not 0."""
        watched = deepcopy(self).eval()  # as other threads may use the network at the same time
        what, arriving, awake, rates = self.what, list[float](), list[float](), list[float]()

        def arrived(module: nn.Module, inputs: tuple[Tensor], output: Tensor) -> None:
            x = inputs[0][1:] if module is watched.convolutions[0] and what.spiking else inputs[0]
            pooled = 4 if what.spiking and what.pooling == "average" and 0 < len(arriving) <= what.blocks else 1
            awake.append(mean_of(x != 0))
            arriving.append(pooled * mean_of(x) if what.spiking else awake[-1])

        def fired(module: nn.Module, inputs: tuple[Tensor], output: Tensor) -> None:
            rates.append(float((output != 0).float().mean()))

        for layer in (*watched.convolutions, watched.hidden, watched.last):
            layer.register_forward_hook(arrived)
        for layer in watched.neurons:
            layer.register_forward_hook(fired)
        current = watched.last(watched.fire_hidden(self._tensor(seen)))
        spikes = potentials = current
        if what.spiking:
            spikes, potentials = cast(PLIF, watched.neurons[-1]).fire(current)
            rates.append(float(spikes.mean()))
        voters = (one[:, 0].cpu().numpy() for one in (potentials, spikes))
        return LayerRates(tuple(arriving), tuple(awake), tuple(rates), *voters)


def mean_of(x: Tensor) -> float:
    """Return the mean; 0 of nothing."""
    return float(x.float().mean()) if x.numel() else 0.0


def train(
    what: PlifNet,
    seen: Seen,
    target: Clips,
    classes: int,
    *,
    training: Training,
    momentum: float | None = None,
    validate: Callable[[PlifNetwork], float] | None = None,
    weights: Float32[np.ndarray, " clips"] | None = None,
    seed: int = 0,
    checkpoint: Checkpoint | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> PlifNetwork:
    """Return a network trained on clips; `validate` and `checkpoint` see it after each epoch (see `training.fit`).

    The loss is the mean squared distance of the scores to 1 for the clip's class and 0 for the others. Half of the
    clips are mirrored, at random. `weights` count a clip more or less than once. With a momentum, the descent is by
    plain gradients at a constant rate, as in the paper.
    """
    hot = torch.from_numpy(np.eye(classes, dtype=np.float32)[target])
    counts = None if weights is None else torch.from_numpy(weights)[:, None]

    def batches(epoch: int) -> Iterator[tuple[Tensor, ...]]:
        rng = np.random.default_rng([seed, epoch])
        order = rng.permutation(len(seen))
        for at in range(0, len(order), training.batch):
            some = order[at : at + training.batch]
            if len(some) > 1:
                own = () if counts is None else (counts[some],)
                yield torch.from_numpy(mirror(seen[some], rng)), hot[some], *own

    def loss(module: PlifNetwork, batch: tuple[Tensor, ...]) -> Tensor:
        seen, wanted, *counted = (one.to(module.hidden.weight.device) for one in batch)
        said = module(seen).mean(0)
        return (counted[0] * (said - wanted) ** 2).mean() if counted else nn.functional.mse_loss(said, wanted)

    def plain(parameters: Any) -> torch.optim.Optimizer:
        return torch.optim.SGD(parameters, training.rate, momentum or 0.0, weight_decay=training.decay)

    return fit(
        PlifNetwork.build(what, classes, seed),
        batches,
        loss,
        validate,
        training=training,
        steps=-(-len(seen) // training.batch),
        seed=seed,
        optimiser=None if momentum is None else plain,
        checkpoint=checkpoint,
        progress=progress,
    ).eval()


def mirror(seen: Seen, rng: np.random.Generator) -> Seen:
    """Return half of the clips mirrored; faces are cut out by their eyes, so nothing else has to be made up."""
    return np.array([one[..., ::-1] if rng.random() < 0.5 else one for one in seen])


def teach(network: PlifNetwork, hidden: Float32[np.ndarray, "clips _ hidden"], target: Clips, steps: int = 300) -> None:
    """Let the voters learn from the hidden neurons' spikes of clips, the layers before them left alone.

    Every class counts alike, whatever its number of clips, and so does what is counted up to every step, so that early
    decisions are right too.
    """
    x = torch.from_numpy(hidden).transpose(0, 1)
    hot = torch.from_numpy(np.eye(network.classes, dtype=np.float32)[target])
    weight = hot @ (1 / hot.sum(0).clamp(min=1)) / network.classes
    optimiser = torch.optim.Adam(network.last.parameters(), lr=2e-2)
    network.eval()
    for _ in range(steps):
        votes = network.count_votes(x)
        so_far = votes.cumsum(0) / torch.arange(1, len(votes) + 1)[:, None, None]
        wrong = ((so_far - hot) ** 2).mean((0, 2))
        descend(wrong @ weight, optimiser)


def widen(network: PlifNetwork, classes: int, moved: Int64[np.ndarray, " old"]) -> None:
    """Make room for voters of further classes, which begin as the mean of the others.

    `moved` has, for each old class, where it now stands.
    """
    old, each = network.last, network.what.outputs(1)
    new = nn.Linear(old.in_features, network.what.outputs(classes), bias=old.bias is not None)
    rows = torch.from_numpy((moved[:, None] * each + np.arange(each)).ravel())
    with torch.no_grad():
        new.weight[:] = old.weight.mean(0)
        new.weight[rows] = old.weight
        if old.bias is not None:
            new.bias[:] = old.bias.mean()
            new.bias[rows] = old.bias
    network.last, network.classes = new, classes
