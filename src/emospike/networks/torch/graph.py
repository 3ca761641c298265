"""Graph convolution in PyTorch: training on many graphs, and on one graph of all clips.

A network is a list of weights and biases; the last pair reads the pooled graph. Batches are dense: of the neurons that
fired, nine in ten pairs are joined, and sparse propagation (torch_geometric's) is then several times slower.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float32, Int
from torch import Tensor
from torch.nn.functional import cross_entropy, dropout

from emospike.networks.torch.training import descend

Parameters = list[tuple[Float32[np.ndarray, "_ _"], Float32[np.ndarray, " _"]]]
Curves = Float32[np.ndarray, "2 epochs"]


class GraphTraining(NamedTuple):
    """How a network is made and learns; `batch` 0 takes all graphs at once, and not `joined`, nodes pass nothing on."""

    depth: int
    hidden: int
    drop: float
    learning_rate: float
    epochs: int
    batch: int
    pooling: str
    joined: bool
    smoothing: float
    seed: int


class GraphBatch(NamedTuple):
    """Graphs padded to the same number of nodes: what nodes say, what they pass on, and which are there."""

    nodes: Tensor
    passed: Tensor
    there: Tensor

    @classmethod
    def of(
        cls,
        nodes: Sequence[Float32[np.ndarray, "_ dims"]],
        passed: Sequence[Float32[np.ndarray, "_ _"]],
    ) -> GraphBatch:
        """Return the batch of these graphs."""
        most = max(1, *(len(one) for one in nodes))
        x = np.zeros((len(nodes), most, nodes[0].shape[1]), np.float32)
        a, there = np.zeros((len(nodes), most, most), np.float32), np.zeros((len(nodes), most, 1), np.float32)
        for i, (own, links) in enumerate(zip(nodes, passed, strict=True)):
            x[i, : len(own)], a[i, : len(own), : len(own)], there[i, : len(own)] = own, links, 1
        return cls(torch.from_numpy(x), torch.from_numpy(a), torch.from_numpy(there))

    def rows(self, own: Tensor | Int[np.ndarray, " rows"]) -> GraphBatch:
        """Return some of the graphs."""
        return GraphBatch(*(one[own] for one in self))


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw from this seed, in one thread, and leave PyTorch's own state as it was: these matrices are small."""
    threads = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(threads)


def initialise(dims: int, classes: int, how: GraphTraining) -> list[Tensor]:
    """Return untrained weights and biases in turn: Glorot's, as Kipf & Welling's, and 0."""
    sizes = [dims, *[how.hidden] * how.depth, classes]
    out = []
    for before, after in pairwise(sizes):
        out += [torch.nn.init.xavier_uniform_(torch.empty(before, after)), torch.zeros(after)]
    return [one.requires_grad_() for one in out]


def forward(
    weights: Sequence[Tensor], nodes: Tensor, pass_on: Callable[[Tensor], Tensor], there: Tensor, how: GraphTraining,
    *, training: bool, first_passed: bool,
) -> Tensor:  # fmt: skip
    """Return the scores of each graph; `first_passed` says that `nodes` have been passed on already."""
    hidden = nodes
    for i in range(how.depth):
        own = hidden @ weights[2 * i]
        hidden = own if first_passed and i == 0 else pass_on(own)
        hidden = dropout(torch.relu(hidden + weights[2 * i + 1]), how.drop, training)
    return pool(hidden, there, how.pooling) @ weights[-2] + weights[-1]


def pool(hidden: Tensor, there: Tensor, pooling: str) -> Tensor:
    """Return one vector a graph; of a graph without a node, zeros."""
    if pooling == "max":
        return (hidden * there).amax(dim=-2)  # rectified: nothing lies below 0
    total = (hidden * there).sum(dim=-2)
    return total if pooling == "sum" else total / there.sum(dim=-2).clamp(min=1)


def train(
    batch: GraphBatch, number: Int[np.ndarray, " clips"], weight: Float32[np.ndarray, " clips"], classes: int,
    how: GraphTraining, *, held_out: tuple[GraphBatch, Int[np.ndarray, " tested"]] | None = None,
) -> tuple[list[Parameters], Curves]:  # fmt: skip
    """Return a network after each epoch, and its loss by epoch: in training, and on held-out graphs or NaN.

    Where nothing is held out, only the last network is kept, alone.
    """
    with seeded(how.seed):
        batch, target, weight_ = _pass_once(batch), torch.from_numpy(number), torch.from_numpy(weight)
        tested = held_out and (_pass_once(held_out[0]), torch.from_numpy(held_out[1]))
        weights = initialise(batch.nodes.shape[-1], classes, how)
        optimiser = torch.optim.Adam(weights, lr=how.learning_rate)
        curves, kept = np.full((2, how.epochs), np.nan, np.float32), []
        for epoch in range(how.epochs):
            losses = []
            for own in torch.split(torch.randperm(len(target)), how.batch or len(target)):
                loss = _loss(weights, batch.rows(own), target[own], how)
                loss = (loss * weight_[own]).sum() / weight_[own].sum()
                descend(loss, optimiser)
                losses.append(loss.item() * len(own) / len(target))
            curves[0, epoch] = sum(losses)
            if tested:
                with torch.no_grad():
                    curves[1, epoch] = cross_entropy(_scores(weights, tested[0], how, False), tested[1]).item()
                kept.append(_to_arrays(weights))
        return kept or [_to_arrays(weights)], curves


def _pass_once(batch: GraphBatch) -> GraphBatch:
    """Return the batch with its nodes passed on once: that never changes, as equation 8 is linear before its σ."""
    return batch._replace(nodes=batch.passed @ batch.nodes)


def _keep(hidden: Tensor) -> Tensor:
    return hidden


def _scores(weights: Sequence[Tensor], batch: GraphBatch, how: GraphTraining, training: bool) -> Tensor:
    pass_on = batch.passed.__matmul__ if how.joined else _keep
    return forward(weights, batch.nodes, pass_on, batch.there, how, training=training, first_passed=True)


def _loss(weights: Sequence[Tensor], batch: GraphBatch, target: Tensor, how: GraphTraining) -> Tensor:
    scores = _scores(weights, batch, how, True)
    return cross_entropy(scores, target, reduction="none", label_smoothing=how.smoothing)


def _to_arrays(weights: Sequence[Tensor]) -> Parameters:
    arrays = [one.detach().numpy().copy() for one in weights]
    return list(zip(arrays[::2], arrays[1::2], strict=True))


def transduce(
    batch: GraphBatch, number: Int[np.ndarray, " clips"], how: GraphTraining, *, train: Bool[np.ndarray, " clips"],
    validation: Bool[np.ndarray, " clips"], symmetric: bool,
) -> tuple[Float32[np.ndarray, "clips classes"], Curves]:  # fmt: skip
    """Return the scores of all clips, of one graph that joins the nodes of clips with the same number.

    The numbers of test clips are in the graph: what it is tested on, it has been told. `batch.passed` holds the edges
    within clips, without loops; the block of ones between clips is never built, but summed: class minus own clip.
    """
    with seeded(how.seed):
        classes = int(number.max()) + 1
        member = torch.nn.functional.one_hot(torch.from_numpy(number), classes).float()
        same = member @ member.T - torch.eye(len(number))
        there = batch.there

        def spread(hidden: Tensor) -> Tensor:
            others = torch.einsum("ij,jd->id", same, (hidden * there).sum(dim=1))[:, None]
            return (hidden + batch.passed @ hidden + others) * there

        root = spread(there).clamp(min=1).rsqrt() if symmetric else torch.ones_like(there)
        weights, target = initialise(batch.nodes.shape[-1], classes, how), torch.from_numpy(number)
        optimiser = torch.optim.Adam(weights, lr=how.learning_rate)
        first = root * spread(root * batch.nodes)

        def scores(*, training: bool) -> Tensor:
            pass_on = lambda hidden: root * spread(root * hidden)  # noqa: E731
            return forward(weights, first, pass_on, there, how, training=training, first_passed=True)

        curves = np.full((2, how.epochs), np.nan, np.float32)
        for epoch in range(how.epochs):
            loss = cross_entropy(scores(training=True)[train], target[train])
            descend(loss, optimiser)
            curves[0, epoch] = loss.item()
            if validation.any():
                with torch.no_grad():
                    curves[1, epoch] = cross_entropy(scores(training=False)[validation], target[validation]).item()
        with torch.no_grad():
            return scores(training=False).numpy(), curves
