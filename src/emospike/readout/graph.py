"""Graph convolution as a classifier: from flattened synchrony graphs to scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Float32, Int, Shaped

from emospike.networks.synchrony_graph import ADJACENCIES, NODES, Graph, describe, normalise_edges
from emospike.networks.training import require_torch
from emospike.readout.contract import Labels, Scores, Vectors, Weights, at_least_two, check_vectors, class_numbers
from emospike.readout.scaling import SoftScaler
from emospike.validation import InputError, one_of, positive, within

if TYPE_CHECKING:
    from emospike.networks.torch.graph import GraphBatch, GraphTraining


@dataclass
class Unscaled(SoftScaler):
    """The scaler that leaves every dimension as it is: a graph's edges are not to be shifted."""

    root: bool = False
    rare: float = 0.0
    soft: float = 0.0

    def fit(self, rooted: Vectors) -> Unscaled:
        """Take note of the length of the vectors."""
        self.kept_ = np.ones(rooted.shape[1], bool)
        self.mean_, self.scale_ = np.zeros(rooted.shape[1], np.float32), np.ones(rooted.shape[1], np.float32)
        return self


POOLINGS = ("mean", "sum", "max")
SOFT = 0.01
"""Added to the deviation of what nodes say, so that what never varies stays finite."""

Parameters = list[tuple[Float32[np.ndarray, "_ _"], Float32[np.ndarray, " _"]]]
"""Weights and biases, one pair a convolution, and that of the linear layer."""

Folds = Sequence[tuple[Any, Any]]
"""Rows to train on and to test on."""


@dataclass
class GraphConvolution:
    """Convolutions over a graph's nodes, a pooling of all nodes, and a linear layer.

        H_0 = (X − mean) / deviation,    H_(l+1) = relu(Â H_l W_l + b_l),    scores = log softmax(pool(H) W + b)

    X is what each node says (`NODES`), with the mean and the deviation that it has over all nodes in training; Â is one
    of `ADJACENCIES`. A neuron that did not fire is no node. Deciding takes NumPy only, clip by clip; training takes
    PyTorch.

    Attributes
    ----------
    nodes : what nodes say, of `NODES`
    edges : one of `ADJACENCIES`
    depth, hidden, dropout : convolutions, their units, and the share of them that training leaves out
    pooling : ``"mean"``, ``"sum"`` or ``"max"`` over a graph's nodes
    learning_rate, epochs, batch : of Adam; graphs a step, 0 for all at once
    early : `epochs` are the most; as many are taken as give the least loss on held-out speakers of the training part
    smoothing : share of the target that is spread over all classes, so that no clip is ever certain
    seed : of weights, dropout and batches
    layers : positions and features of each group of neurons; set by the system
    curves_ : loss by epoch in training, and on held-out clips (mean over the folds of `fit_holding_out`, else NaN)

    Source
    ------
    Kipf & Welling 2016 (arXiv 1609.02907); Mansouri-Benssassi & Ye 2020 (AAAI), equations 6 to 9. The paper's third
    convolution gives the classes; here a linear layer after the pooling does, and hidden layers are as wide.
    """

    nodes: tuple[str, ...] = NODES
    edges: str = "symmetric"
    depth: int = 3
    hidden: int = 64
    dropout: float = 0.5
    pooling: str = "mean"
    learning_rate: float = 5e-3
    epochs: int = 16
    batch: int = 32
    early: bool = True
    smoothing: float = 0.1
    seed: int = 0
    layers: tuple[tuple[int, int], ...] = ()
    classes_: Shaped[np.ndarray, " classes"] = field(init=False, repr=False, compare=False)
    mean_: Float32[np.ndarray, " dims"] = field(init=False, repr=False, compare=False)
    scale_: Float32[np.ndarray, " dims"] = field(init=False, repr=False, compare=False)
    weights_: Parameters = field(init=False, repr=False, compare=False)
    curves_: Float32[np.ndarray, "2 epochs"] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name in self.nodes:
            one_of("node feature", name, NODES)
        one_of("edges", self.edges, ADJACENCIES)
        one_of("pooling", self.pooling, POOLINGS)
        for name in ("depth", "hidden", "learning_rate", "epochs"):
            positive(name, getattr(self, name))
        within("dropout", self.dropout, 0.0, 1.0)

    def fit(self, X: Vectors, y: Labels, weights: Weights | None = None) -> GraphConvolution:
        """Fit to flattened graphs; `weights` counts a clip more or less than once."""
        classes, number = class_numbers(X, y)
        at_least_two(classes)
        counted = np.ones(len(X), np.float32) if weights is None else weights
        self.classes_, self.dims_ = classes, X.shape[1]
        self.weights_ = self._train(X, number, counted)[-1]
        return self

    def fit_holding_out(
        self, X: Vectors, y: Labels, folds: Folds, weights: Weights | None = None
    ) -> Float32[np.ndarray, "clips classes"]:
        """Fit to all clips, and return the scores of each fold's test clips by a network trained without them.

        Clips that no fold tests have NaN. The loss on them, by epoch, goes into `curves_`.
        """
        classes, number = class_numbers(X, y)
        counted = np.ones(len(X), np.float32) if weights is None else weights
        out = np.full((len(X), len(classes)), np.nan, np.float32)
        self.classes_, self.dims_ = classes, X.shape[1]
        runs = []
        for train, test in folds:
            kept = self._train(X[train], number[train], counted[train], (X[test], number[test]))
            runs.append((test, kept, self.curves_, self.mean_, self.scale_))
        mean = np.mean([curves for _, _, curves, _, _ in runs], axis=0).astype(np.float32)
        best = int(mean[1].argmin()) if self.early else self.epochs - 1
        for test, kept, _, self.mean_, self.scale_ in runs:
            self.weights_ = kept[best]
            out[test] = self.scores(X[test])
        self.weights_ = self._train(X, number, counted, epochs=best + 1)[-1]
        self.curves_ = mean
        return out

    def scores(self, X: Vectors) -> Scores:
        """Return the logarithm of the softmax, one column a class."""
        check_vectors(X, self.dims_)
        return np.stack([self._score(*self._graph(x)) for x in X]) if len(X) else np.empty((0, len(self.classes_)))

    def transduce(
        self, X: Vectors, number: Int[np.ndarray, " clips"], train: Bool[np.ndarray, " clips"],
        validation: Bool[np.ndarray, " clips"],
    ) -> tuple[Scores, Float32[np.ndarray, "2 epochs"]]:  # fmt: skip
        """Return the scores of all clips in one graph that joins clips of the same number, and the curves.

        The numbers of clips that are in neither mask are in that graph as well: see `SynchGraph.transduce`.
        """
        require_torch()
        from emospike.networks.torch.graph import transduce

        self._normalise(X)
        batch = self._batch(X, loops=False)
        symmetric, how = self.edges == "symmetric", self._how()
        scores, curves = transduce(batch, number, how, train=train, validation=validation, symmetric=symmetric)
        return log_softmax(scores), curves

    def macs(self, x: Float32[np.ndarray, " dims"]) -> int:
        """Return the multiply-accumulates that deciding on one clip takes."""
        nodes, passed = self._graph(x)
        convolved = sum(weight.size * len(nodes) for weight, _ in self.weights_[:-1])
        spread = 0 if self.edges == "none" else len(passed) ** 2 * self.hidden * self.depth
        return convolved + spread + self.weights_[-1][0].size

    def state(self) -> dict[str, Any]:
        """Return the fitted arrays."""
        arrays = {"classes": self.classes_, "mean": self.mean_, "scale": self.scale_, "dims": np.array([self.dims_])}
        for i, (weight, bias) in enumerate(self.weights_):
            arrays |= {f"weight.{i}": weight, f"bias.{i}": bias}
        return arrays

    @classmethod
    def restore(cls, parameters: dict[str, Any], state: dict[str, Any]) -> GraphConvolution:
        """Return the classifier that `state` was taken from."""
        parameters = parameters | {"nodes": tuple(parameters["nodes"])}
        classifier = cls(**parameters | {"layers": tuple((int(p), int(f)) for p, f in parameters["layers"])})
        classifier.classes_, classifier.mean_, classifier.scale_ = state["classes"], state["mean"], state["scale"]
        classifier.dims_ = int(state["dims"].item())
        within("depth", classifier.depth, 0, len(state))
        classifier.weights_ = [(state[f"weight.{i}"], state[f"bias.{i}"]) for i in range(classifier.depth + 1)]
        if any(weight.ndim != 2 or bias.shape != weight.shape[1:] for weight, bias in classifier.weights_):
            raise InputError("a bias for each column of weights expected")
        return classifier

    def _graph(
        self, x: Float32[np.ndarray, " dims"], kind: str | None = None
    ) -> tuple[Float32[np.ndarray, "_ _"], Float32[np.ndarray, "_ _"]]:
        """Return what the nodes of a clip say, normalised, and what they pass on, in the `kind` of the classifier."""
        graph = Graph.unflatten(x)
        there = graph.nodes
        said = (describe(graph, self.layers, self.nodes)[there] - self.mean_) * self.scale_
        return said, normalise_edges(graph.edges[np.ix_(there, there)], kind or self.edges)

    def _score(
        self, nodes: Float32[np.ndarray, "_ _"], passed: Float32[np.ndarray, "_ _"]
    ) -> Float32[np.ndarray, " classes"]:
        hidden = nodes
        for weight, bias in self.weights_[:-1]:
            own = hidden @ weight
            hidden = np.maximum((own if self.edges == "none" else passed @ own) + bias, 0)
        if self.pooling == "max":
            pooled = hidden.max(axis=0, initial=0)
        else:
            pooled = hidden.sum(axis=0) / (max(len(hidden), 1) if self.pooling == "mean" else 1)
        weight, bias = self.weights_[-1]
        score = pooled @ weight + bias
        return log_softmax(score)

    def _normalise(self, X: Vectors) -> None:
        """Take mean and deviation of what nodes say from the training clips."""
        graphs = [Graph.unflatten(x) for x in X]
        said = np.concatenate([describe(one, self.layers, self.nodes)[one.nodes] for one in graphs])
        if not len(said):
            said = np.zeros((1, said.shape[1]), np.float32)
        self.mean_ = said.mean(axis=0)
        if self.nodes == ("modality",):  # the paper's, as it stands
            self.mean_, self.scale_ = np.zeros_like(self.mean_), np.ones_like(self.mean_)
        else:
            self.scale_ = 1 / (said.std(axis=0) + np.float32(SOFT))

    def _batch(self, X: Vectors, *, loops: bool = True) -> GraphBatch:
        """Return the graphs as PyTorch takes them; without loops, their edges as they are."""
        from emospike.networks.torch.graph import GraphBatch

        nodes, passed = zip(*(self._graph(x, None if loops else "bare") for x in X), strict=True)
        return GraphBatch.of(nodes, passed)

    def _how(self) -> GraphTraining:
        from emospike.networks.torch.graph import GraphTraining

        return GraphTraining(
            self.depth, self.hidden, self.dropout, self.learning_rate, self.epochs, self.batch, self.pooling,
            self.edges != "none", self.smoothing, self.seed,
        )  # fmt: skip

    def _train(
        self, X: Vectors, number: Int[np.ndarray, " clips"], weights: Weights,
        held_out: tuple[Float32[np.ndarray, "tested dims"], Int[np.ndarray, " tested"]] | None = None,
        epochs: int | None = None,
    ) -> list[Parameters]:  # fmt: skip
        """Train on these clips; return the parameters after each epoch."""
        require_torch()
        from emospike.networks.torch.graph import train

        self._normalise(X)
        tested = held_out and (self._batch(held_out[0]), held_out[1])
        batch, how = self._batch(X), self._how()._replace(epochs=epochs or self.epochs)
        kept, self.curves_ = train(batch, number, weights, len(self.classes_), how, held_out=tested)
        return kept


def log_softmax(scores: Float32[np.ndarray, "... classes"]) -> Float32[np.ndarray, "... classes"]:
    """Return the logarithm of the softmax over the last axis.

    >>> log_softmax(np.float32([0, 0])).round(3).tolist()
    [-0.6930000185966492, -0.6930000185966492]
    """
    below = scores - scores.max(axis=-1, keepdims=True)
    return np.asarray(below - np.log(np.exp(below).sum(axis=-1, keepdims=True)), np.float32)
