"""The modules of a PLIF network, its training, and what its neurons do with a clip (see `plif_net`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, cast

import numpy as np
import torch
from jaxtyping import Float32, Int64
from torch import Tensor, nn

from emospike.networks.plif_net import Judge, PlifNet, Seen
from emospike.networks.torch.neurons import Rectified
from emospike.networks.torch.training import fit
from emospike.networks.training import Training

Clips = Int64[np.ndarray, " clips"]


class _Fire(torch.autograd.Function):
    """Leaky neurons with a hard reset, over all steps at once: no graph node a step.

    The gradient of a spike is that of an arctangent, 1 / (1 + (pi (u - threshold))^2); the reset has none (Fang et
    al. 2021).
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, k: Tensor, threshold: float) -> tuple[Tensor, Tensor]:
        u, s, v = torch.empty_like(x), torch.empty_like(x), torch.zeros_like(x[0])
        for t in range(len(x)):
            torch.lerp(v, x[t], k, out=u[t])
            torch.ge(u[t], threshold, out=s[t])
            v = u[t] * (1 - s[t])
        ctx.save_for_backward(x, u, s, k)
        ctx.threshold = threshold
        ctx.mark_non_differentiable(u)
        return s, u

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None]:
        x, u, s, k = ctx.saved_tensors
        g = grads[0] / torch.sub(u, ctx.threshold).mul_(torch.pi).square_().add_(1)
        keep = (1 - s).mul_(1 - k)
        for t in range(len(x) - 2, -1, -1):
            g[t].addcmul_(g[t + 1], keep[t])
        found = (g[0] * x[0]).sum()
        for t in range(1, len(x)):
            found = found + (x[t] - u[t - 1] * (1 - s[t - 1])).mul_(g[t]).sum()
        return g.mul_(k), found.reshape(k.shape), None


class Neurons(nn.Module):
    """A layer of neurons that share a membrane constant, 1 / tau = sigmoid(w); time is the first axis."""

    def __init__(self, what: PlifNet) -> None:
        super().__init__()
        self.threshold = what.threshold
        self.leak = nn.Parameter(-torch.log(torch.tensor(what.tau - 1.0)), requires_grad=what.learn_tau)

    @property
    def tau(self) -> float:
        """The membrane constant, steps."""
        return 1 / float(torch.sigmoid(self.leak.detach()))

    def forward(self, x: Tensor) -> Tensor:
        """Return the spikes of currents, shape (steps, ...)."""
        return self.fired(x)[0]

    def fired(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the spikes of currents, and the potentials before the reset."""
        k = torch.sigmoid(self.leak)
        return cast(tuple[Tensor, Tensor], _Fire.apply(x, k, self.threshold))  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class Watched:
    """What the layers did with one clip.

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
    potentials: Float32[np.ndarray, "looks voters"]
    spikes: Float32[np.ndarray, "looks voters"]


class Network(nn.Module):
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
        self.neurons = nn.ModuleList(Neurons(what) if what.spiking else Rectified() for _ in range(layers))

    def forward(self, seen: Tensor) -> Tensor:
        """Return the votes of clips, shape (steps, clips, classes): the share of each class's voters that fired.

        `seen` has shape (clips, steps, channels, size, size). The twin votes once, with real numbers.
        """
        return self.votes(self.inner(seen))

    def inner(self, seen: Tensor) -> Tensor:
        """Return the hidden neurons' spikes, shape (steps, clips, hidden)."""
        x = seen.transpose(0, 1) if self.what.spiking else seen.flatten(1, 2)[None]
        for convolve, norm, fire in zip(self.convolutions, self.norms, self.neurons, strict=False):
            x = self._each(self.pool, fire(self._each(lambda y, c=convolve, n=norm: n(c(y)), x)))  # type: ignore[misc]
        x = self._dropped(x.flatten(2))
        return cast(Tensor, self.neurons[self.what.blocks](self.hidden(x)))

    def votes(self, inner: Tensor) -> Tensor:
        """Return the votes that hidden spikes lead to, shape (steps, clips, classes)."""
        x: Tensor = self.last(self._dropped(inner))
        if self.what.spiking:
            x = self.neurons[-1](x)
            x = x.reshape(*x.shape[:2], self.classes, -1).mean(3)
        return x

    def _each(self, work: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        """Do the same with each step: steps and clips go as one axis."""
        out = work(x.flatten(0, 1))
        return out.view(*x.shape[:2], *out.shape[1:])

    def _dropped(self, x: Tensor) -> Tensor:
        """Lose inputs at random in training, the same ones at all steps."""
        if not (self.training and self.what.dropout):
            return x
        kept = torch.full_like(x[0], 1 - self.what.dropout)
        return x * torch.bernoulli(kept) / (1 - self.what.dropout)

    # -- from arrays to arrays ---------------------------------------------------------------------------------

    @torch.no_grad()
    def voted(self, seen: Seen) -> Float32[np.ndarray, "clips looks classes"]:
        """Return the votes at each step; clip by clip, so that a clip alone gives the same bits as among others."""
        self.eval()
        return np.stack([self(self._one(clip))[:, 0].cpu().numpy() for clip in seen])

    def _one(self, clip: Float32[np.ndarray, "looks _ size size"]) -> Tensor:
        """Return one clip where the weights are."""
        return torch.from_numpy(np.ascontiguousarray(clip[None])).to(self.hidden.weight.device)

    @torch.no_grad()
    def remembered(self, seen: Seen) -> Float32[np.ndarray, "clips looks hidden"]:
        """Return the hidden neurons' spikes of each clip."""
        self.eval()
        return np.stack([self.inner(self._one(clip))[:, 0].cpu().numpy() for clip in seen])

    @torch.no_grad()
    def vote(self, inner: Float32[np.ndarray, "looks hidden"]) -> Float32[np.ndarray, "looks classes"]:
        """Return the votes that a clip's hidden spikes lead to, as `voted` gives them."""
        votes: Float32[np.ndarray, "looks classes"] = self.eval().votes(torch.from_numpy(inner)[:, None])[:, 0].numpy()
        return votes

    @torch.no_grad()
    def watched(self, seen: Float32[np.ndarray, "steps _ size size"]) -> Watched:
        """Return what the layers did with one clip; of a twin without spikes, the share of inputs that are not 0."""
        self.eval()
        what, arriving, awake, rates = self.what, list[float](), list[float](), list[float]()

        def arrived(module: nn.Module, inputs: tuple[Tensor], output: Tensor) -> None:
            x = inputs[0][1:] if module is self.convolutions[0] and what.spiking else inputs[0]
            pooled = 4 if what.spiking and what.pooling == "average" and 0 < len(arriving) <= what.blocks else 1
            awake.append(share(x != 0))
            arriving.append(pooled * share(x) if what.spiking else awake[-1])

        def fired(module: nn.Module, inputs: tuple[Tensor], output: Tensor) -> None:
            rates.append(float((output != 0).float().mean()))

        hooks = [one.register_forward_hook(arrived) for one in (*self.convolutions, self.hidden, self.last)]
        hooks += [one.register_forward_hook(fired) for one in self.neurons]
        try:
            inner = self.inner(self._one(seen))
            current = self.last(inner)
        finally:
            for hook in hooks:
                hook.remove()
        if not what.spiking:
            return Watched(tuple(arriving), tuple(awake), tuple(rates), *[current[:, 0].cpu().numpy()] * 2)
        spikes, potentials = cast(Neurons, self.neurons[-1]).fired(current)
        rates.append(float(spikes.mean()))
        return Watched(
            tuple(arriving), tuple(awake), tuple(rates), potentials[:, 0].cpu().numpy(), spikes[:, 0].cpu().numpy()
        )


def share(x: Tensor) -> float:
    """Return the mean; 0 of nothing."""
    return float(x.float().mean()) if x.numel() else 0.0


def built(what: PlifNet, classes: int, seed: int) -> Network:
    """Return an untrained network."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Network(what, classes)


def trained(
    network: Network,
    seen: Seen,
    target: Clips,
    *,
    training: Training,
    momentum: float | None,
    judge: Judge | None,
    seed: int,
    progress: Callable[[int, int], None] | None,
) -> Network:
    """Return the network trained on clips."""
    hot = torch.from_numpy(np.eye(network.classes, dtype=np.float32)[target])

    def batches(epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        rng = np.random.default_rng([seed, epoch])
        order = rng.permutation(len(seen))
        for at in range(0, len(order), training.batch):
            some = order[at : at + training.batch]
            if len(some) > 1:
                yield torch.from_numpy(mirrored(seen[some], rng)), hot[some]

    def loss(module: Network, batch: tuple[Tensor, Tensor]) -> Tensor:
        seen, wanted = (one.to(module.hidden.weight.device) for one in batch)
        return nn.functional.mse_loss(module(seen).mean(0), wanted)

    def descent(parameters: Any) -> torch.optim.Optimizer:
        return torch.optim.SGD(parameters, training.rate, momentum or 0.0, weight_decay=training.decay)

    steps = -(-len(seen) // training.batch)
    own = None if momentum is None else descent
    return fit(
        network, batches, loss, judge, training=training, steps=steps, seed=seed, optimiser=own, progress=progress
    ).eval()


def mirrored(seen: Seen, rng: np.random.Generator) -> Seen:
    """Return half of the clips mirrored; faces are cut out by their eyes, so nothing else has to be made up."""
    return np.array([one[..., ::-1] if rng.random() < 0.5 else one for one in seen])


def taught(network: Network, inner: Float32[np.ndarray, "clips looks hidden"], target: Clips, steps: int = 300) -> None:
    """Let the voters learn from the hidden neurons' spikes of clips, the layers before them left alone.

    Every class counts alike, whatever its number of clips, and so does what is counted up to every step, so that early
    decisions are right too.
    """
    x = torch.from_numpy(inner).transpose(0, 1)
    hot = torch.from_numpy(np.eye(network.classes, dtype=np.float32)[target])
    weight = hot @ (1 / hot.sum(0).clamp(min=1)) / network.classes
    descent = torch.optim.Adam(network.last.parameters(), lr=2e-2)
    network.eval()
    for _ in range(steps):
        descent.zero_grad()
        votes = network.votes(x)
        so_far = votes.cumsum(0) / torch.arange(1, len(votes) + 1)[:, None, None]
        wrong = ((so_far - hot) ** 2).mean((0, 2))
        (wrong @ weight).backward()  # type: ignore[no-untyped-call]
        descent.step()


def widened(network: Network, classes: int, moved: Int64[np.ndarray, " old"]) -> None:
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


def restored(what: PlifNet, classes: int, weights: Mapping[str, np.ndarray]) -> Network:
    """Return the network whose state these arrays are."""
    network = built(what, classes, seed=0)
    network.load_state_dict({name: torch.from_numpy(np.array(one)) for name, one in weights.items()})
    return network.eval()
