"""Synchrony graphs: neurons that fired are nodes, and edges join those that fired at about the same time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Int

from emospike.spikes import Spikes
from emospike.validation import InputError, one_of, positive

EDGES = {
    "any": "1 if any spike of one falls within the window of any spike of the other: the paper",
    "first": "1 if their first spikes do",
    "share": "share of all pairs of their spikes that do: it does not grow with the rates",
}
"""What an edge says of two neurons."""

NODES = ("modality", "feature", "position", "rate", "first")
"""What a node can say: the modality of its neuron, what it has learnt, where its window lies, the square root of its
spikes, and when it fired first (as a share of `SPAN`)."""

SPAN = 500.0
"""ms, of the first spike."""

FIRED = 0.5
"""A neuron with as many spikes, or more, is a node. Counts are shifted where a readout adapts to a speaker."""

Matrix = Float32[np.ndarray, "neurons neurons"]


@dataclass(frozen=True)
class Synchrony:
    """Which neurons fire together.

    Attributes
    ----------
    window : ms between spikes that are together; 150 ms is the paper's window of multisensory integration
    edges : one of `EDGES`

    Source
    ------
    Mansouri-Benssassi & Ye 2020 (AAAI), "Modelling Neural Synchrony in Graph Network".
    """

    window: float = 150.0
    edges: str = "share"

    def __post_init__(self) -> None:
        positive("window", self.window)
        one_of("edges", self.edges, EDGES)

    def connect(self, spikes: Spikes) -> Graph:
        """Return the graph of one presentation; neurons of several groups are numbered through.

        >>> spikes = Spikes.from_events(np.array([0, 10, 300]), np.array([0, 1, 1]), steps=400, rate=1000.0, units=3)
        >>> graph = Synchrony(edges="share").connect(spikes)
        >>> graph.counts.tolist(), graph.first.tolist(), float(graph.edges[0, 1])
        ([1.0, 2.0, 0.0], [0.0, 10.0, 0.0], 0.5)
        """
        neurons, unit, time = spikes.units, spikes.channel.astype(np.int64), spikes.step * (1000 / spikes.rate)
        counts = np.bincount(unit, minlength=neurons).astype(np.float32)
        first = np.full(neurons, np.inf)
        np.minimum.at(first, unit, time)
        fired = np.flatnonzero(counts)
        edges = np.zeros((neurons, neurons), np.float32)
        edges[np.ix_(fired, fired)] = self._weigh(first[fired], unit, time, counts, fired)
        np.fill_diagonal(edges, 0)
        return Graph(counts, np.where(counts > 0, first, 0.0).astype(np.float32), edges)

    def _weigh(
        self,
        first: Float[np.ndarray, " fired"],
        unit: Int[np.ndarray, " spikes"],
        time: Float[np.ndarray, " spikes"],
        counts: Float32[np.ndarray, " neurons"],
        fired: Int[np.ndarray, " fired"],
    ) -> Float[np.ndarray, "fired fired"]:
        """Return the weights of the edges between the neurons that fired."""
        if self.edges == "first":
            near: Float[np.ndarray, "fired fired"] = (np.abs(first[:, None] - first) <= self.window).astype(float)
            return near
        of = (unit[:, None] == fired).astype(np.float32)
        together = (np.abs(time[:, None] - time) <= self.window).astype(np.float32)
        pairs: Float[np.ndarray, "fired fired"] = of.T @ together @ of
        return (pairs > 0).astype(float) if self.edges == "any" else pairs / np.outer(counts[fired], counts[fired])


@dataclass(frozen=True, eq=False)
class Graph:
    """What neurons did in one clip.

    Attributes
    ----------
    counts : spikes of each neuron
    first : when it fired first, ms; 0 for one that did not
    edges : symmetric, of weights from 0 to 1, without loops
    """

    counts: Float32[np.ndarray, " neurons"]
    first: Float32[np.ndarray, " neurons"]
    edges: Matrix

    @classmethod
    def mean(cls, graphs: list[Graph]) -> Graph:
        """Return the mean of several graphs: of presentations of one clip, or of clips of one class.

        Of first spikes it is the mean over the graphs in which the neuron fired.
        """
        fired = np.maximum(np.sum([one.counts > 0 for one in graphs], axis=0), 1)
        first = np.sum([one.first for one in graphs], axis=0) / fired
        counts = np.mean([one.counts for one in graphs], axis=0)
        edges = np.mean([one.edges for one in graphs], axis=0)
        return cls(counts.astype(np.float32), first.astype(np.float32), edges.astype(np.float32))

    def select(self, own: Int[np.ndarray, " own"] | Bool[np.ndarray, " neurons"]) -> Graph:
        """Return the graph of some of the neurons."""
        return Graph(self.counts[own], self.first[own], self.edges[own][:, own])

    @property
    def nodes(self) -> Bool[np.ndarray, " neurons"]:
        """Which neurons are nodes."""
        return np.asarray(self.counts >= FIRED)

    def flatten(self) -> Float32[np.ndarray, " dims"]:
        """Return counts, first spikes and the upper triangle of the edges as one vector.

        >>> Graph(np.float32([1, 2]), np.float32([5, 0]), np.float32([[0, 0.5], [0.5, 0]])).flatten().tolist()
        [1.0, 2.0, 5.0, 0.0, 0.5]
        """
        upper = self.edges[np.triu_indices(len(self.counts), 1)]
        return np.concatenate([self.counts, self.first, upper]).astype(np.float32)

    @classmethod
    def unflatten(cls, vector: Float32[np.ndarray, " dims"]) -> Graph:
        """Return the graph that `flatten` was called on; edges below 0, which a shift leaves, are read as 0.

        >>> graph = Graph.unflatten(np.float32([1, 2, 5, 0, 0.5]))
        >>> graph.counts.tolist(), graph.edges.tolist()
        ([1.0, 2.0], [[0.0, 0.5], [0.5, 0.0]])
        """
        count = count_neurons(len(vector))
        edges = np.zeros((count, count), np.float32)
        edges[np.triu_indices(count, 1)] = np.maximum(vector[2 * count :], 0)
        return cls(vector[:count], vector[count : 2 * count], edges + edges.T)


def count_neurons(dims: int) -> int:
    """Return the number of neurons of a flattened graph, n (n + 3) / 2 numbers long.

    >>> count_neurons(5), count_neurons(13040)
    (2, 160)
    """
    count = round((np.sqrt(9 + 8 * dims) - 3) / 2)
    if count * (count + 3) // 2 != dims:
        raise InputError(f"vectors of n (n + 3) / 2 numbers expected, as of the graph of n neurons, got {dims}")
    return int(count)


def describe(
    graph: Graph, layers: tuple[tuple[int, int], ...], names: tuple[str, ...]
) -> Float32[np.ndarray, "neurons dims"]:
    """Return what the neurons say of themselves, by the names in `NODES`.

    `layers` are positions and features of each group of neurons, one after the other. Where they have more neurons
    than the graph, it is of the one group that has as many.
    """
    count = len(graph.counts)
    if sum(positions * features for positions, features in layers) != count:
        layers = tuple(one for one in layers if one[0] * one[1] == count)[:1] or ((1, count),)
    group = np.repeat(np.arange(len(layers)), [positions * features for positions, features in layers])
    within = np.concatenate([np.arange(positions * features) for positions, features in layers])
    features = np.array([features for _, features in layers])[group]
    position, feature = np.divmod(within, features)
    parts: dict[str, np.ndarray] = {
        "modality": one_hot(group),
        "feature": one_hot(group * features.max() + feature),
        "position": one_hot(group * (position.max() + 1) + position),
        "rate": np.sqrt(np.maximum(graph.counts, 0))[:, None],
        "first": graph.first[:, None] / SPAN,
    }
    return np.concatenate([parts[name] for name in names], axis=1).astype(np.float32)


def one_hot(number: Int[np.ndarray, " neurons"]) -> Float32[np.ndarray, "neurons kinds"]:
    """Return a column for each number that occurs.

    >>> one_hot(np.array([4, 0, 4])).tolist()
    [[0.0, 1.0], [1.0, 0.0], [0.0, 1.0]]
    """
    hot: Float32[np.ndarray, "neurons kinds"] = (number[:, None] == np.unique(number)).astype(np.float32)
    return hot


ADJACENCIES = {
    "plain": "A + I: equation 8 of the paper",
    "symmetric": "D^-1/2 (A + I) D^-1/2: Kipf & Welling 2016, whom it cites",
    "none": "I: the nodes do not hear each other, which shows what edges add",
}
"""What nodes pass on along the edges A between them; D are the sums of the rows of A + I."""


def normalise_edges(edges: Matrix, kind: str) -> Matrix:
    """Return the matrix of one of `ADJACENCIES`, or for ``"bare"`` the edges without loops.

    >>> normalise_edges(np.float32([[0, 1], [1, 0]]), "symmetric").round(3).tolist()
    [[0.5, 0.5], [0.5, 0.5]]
    """
    if kind == "bare":
        return edges
    loops = np.eye(len(edges), dtype=np.float32)
    if kind == "none":
        return loops
    passed = edges + loops
    if kind == "plain":
        return passed
    root = 1 / np.sqrt(passed.sum(axis=1))
    return np.asarray(root[:, None] * passed * root)


@dataclass(frozen=True, eq=False)
class SynchronyGraph:
    """The graph of one clip beside those of the classes, with what each neuron is.

    Attributes
    ----------
    senses : of each neuron, ``"audio"`` or ``"face"``
    position, feature : the window that it sees, and which of the features of that window it is
    clip : the graph of the clip
    classes : the mean graph of the training clips of each class
    """

    senses: tuple[str, ...]
    position: Int[np.ndarray, " neurons"]
    feature: Int[np.ndarray, " neurons"]
    clip: Graph
    classes: Mapping[str, Graph]
