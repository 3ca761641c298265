"""Synchrony graphs, and convolution over them: against torch_geometric, and against what is known by hand."""

import json

import numpy as np
import pytest

from emospike.networks.synchrony_graph import Graph, Synchrony, count_neurons, describe, normalise_edges
from emospike.readout.contract import Classifier, parameters
from emospike.readout.graph import GraphConvolution, Unscaled
from emospike.readout.readout import VectorReadout
from emospike.spikes import Spikes
from emospike.validation import InputError

LAYERS = ((2, 3), (1, 4))


def random_graph(rng, neurons: int = 10) -> Graph:
    counts = rng.poisson(1.5, neurons).astype(np.float32)
    edges = np.triu(rng.random((neurons, neurons)), 1).astype(np.float32)
    there = counts > 0
    edges = (edges + edges.T) * np.outer(there, there)
    return Graph(counts, (rng.random(neurons) * 300 * there).astype(np.float32), edges.astype(np.float32))


def two_kinds(rng, each: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """Graphs in which either the first or the last neurons fire more."""
    graphs, labels = [], []
    for label, busy in (("one", slice(0, 4)), ("two", slice(6, 10))):
        for _ in range(each):
            graph = random_graph(rng)
            graph.counts[busy] += 4
            graphs.append(graph.flatten())
            labels.append(label)
    return np.stack(graphs), np.array(labels)


# -- graphs ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("edges", ["any", "first", "share"])
def test_edges_are_counted_pair_by_pair(edges):
    rng = np.random.default_rng(0)
    step, unit = rng.integers(0, 700, 60), rng.integers(0, 8, 60)
    spikes = Spikes.from_events(step, unit, steps=700, rate=2000.0, units=9)
    graph = Synchrony(window=20.0, edges=edges).connect(spikes)
    times = [np.sort(step[unit == i]) * 0.5 for i in range(9)]
    for a in range(9):
        assert graph.counts[a] == len(times[a])
        assert graph.first[a] == (times[a][0] if len(times[a]) else 0)
        for b in range(9):
            near = np.abs(np.subtract.outer(times[a], times[b])) <= 20
            if a == b or not near.size:
                expected = 0.0
            else:
                expected = {"any": near.any(), "first": near[0, 0], "share": near.mean()}[edges]
            assert graph.edges[a, b] == pytest.approx(float(expected))


def test_a_graph_comes_back_from_its_vector():
    graph = random_graph(np.random.default_rng(1))
    back = Graph.unflatten(graph.flatten())
    for name in ("counts", "first", "edges"):
        np.testing.assert_array_equal(getattr(back, name), getattr(graph, name))
    shifted = Graph.unflatten(graph.flatten() - 0.3)
    assert shifted.edges.min() == 0
    with pytest.raises(InputError, match="of the graph of n neurons, got 7"):
        count_neurons(7)


def test_the_mean_keeps_the_time_of_those_that_fired():
    one = Graph(np.float32([2, 0]), np.float32([100, 0]), np.zeros((2, 2), np.float32))
    two = Graph(np.float32([4, 1]), np.float32([200, 50]), np.ones((2, 2), np.float32))
    mean = Graph.mean([one, two])
    assert mean.counts.tolist() == [3, 0.5]
    assert mean.first.tolist() == [150, 50]
    assert mean.edges[0, 1] == 0.5


def test_what_nodes_say():
    graph = random_graph(np.random.default_rng(2))
    assert describe(graph, LAYERS, ("modality",)).sum(axis=0).tolist() == [6, 4]
    assert describe(graph, LAYERS, ("feature",)).sum(axis=0).tolist() == [2, 2, 2, 1, 1, 1, 1]
    assert describe(graph, LAYERS, ("position",)).sum(axis=0).tolist() == [3, 3, 4]
    np.testing.assert_allclose(describe(graph, LAYERS, ("rate",))[:, 0] ** 2, graph.counts, rtol=1e-5)
    alone = Graph(graph.counts[:4], graph.first[:4], graph.edges[:4, :4])
    assert describe(alone, LAYERS, ("modality",)).shape == (4, 1)
    assert describe(alone, LAYERS, ("feature", "position")).shape == (4, 5)


def test_settings_that_cannot_be():
    for wrong in ({"edges": "some"}, {"window": 0.0}):
        with pytest.raises(InputError):
            Synchrony(**wrong)
    for wrong in ({"nodes": ("rates",)}, {"edges": "many"}, {"pooling": "all"}, {"depth": 0}):
        with pytest.raises(InputError):
            GraphConvolution(**wrong)


# -- convolution -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def kinds():
    pytest.importorskip("torch")
    return two_kinds(np.random.default_rng(3))


@pytest.mark.parametrize("edges", ["symmetric", "plain", "none"])
@pytest.mark.parametrize("pooling", ["mean", "sum", "max"])
def test_it_learns_and_stores(kinds, edges, pooling):
    X, y = kinds
    made = GraphConvolution(edges=edges, pooling=pooling, epochs=30, batch=8, hidden=16, layers=LAYERS)
    again = GraphConvolution(**parameters(made)).fit(X, y)
    scores = made.fit(X, y).scores(X)
    assert isinstance(made, Classifier)
    np.testing.assert_allclose(np.exp(scores).sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(again.scores(X), scores)
    np.testing.assert_array_equal(np.concatenate([made.scores(x[None]) for x in X]), scores)
    assert np.mean(made.classes_[scores.argmax(axis=1)] == y) > 0.8
    stored = GraphConvolution.restore(json.loads(json.dumps(parameters(made))), made.state())
    np.testing.assert_array_equal(stored.scores(X), scores)
    assert made.macs(X[0]) > 0


def test_it_is_the_convolution_of_torch_geometric(kinds):
    torch, geometric = pytest.importorskip("torch"), pytest.importorskip("torch_geometric.nn")
    from torch_geometric.utils import dense_to_sparse

    X, y = kinds
    made = GraphConvolution(epochs=3, hidden=16, layers=LAYERS).fit(X, y)
    for x in X[:4]:
        graph = Graph.unflatten(x)
        there = graph.nodes
        nodes, _ = made._graph(x)
        hidden = torch.from_numpy(nodes)
        index, weight = dense_to_sparse(torch.from_numpy(graph.edges[np.ix_(there, there)]))
        for kernel, bias in made.weights_[:-1]:
            layer = geometric.GCNConv(kernel.shape[0], kernel.shape[1])
            layer.lin.weight.data, layer.bias.data = torch.from_numpy(kernel.T.copy()), torch.from_numpy(bias)
            hidden = torch.relu(layer(hidden, index, weight))
        pooled = geometric.global_mean_pool(hidden, torch.zeros(len(hidden), dtype=torch.long))
        kernel, bias = made.weights_[-1]
        expected = torch.log_softmax(pooled @ torch.from_numpy(kernel) + torch.from_numpy(bias), dim=1)
        np.testing.assert_allclose(made.scores(x[None]), expected.detach().numpy(), atol=1e-4)


def test_without_a_node_it_still_answers(kinds):
    X, y = kinds
    empty = np.zeros_like(X[:1])
    for pooling in ("mean", "sum", "max"):
        made = GraphConvolution(epochs=2, pooling=pooling, layers=LAYERS).fit(X, y)
        assert np.isfinite(made.scores(empty)).all()


def test_curves_are_of_clips_held_out(kinds):
    X, y = kinds
    folds = [(np.flatnonzero(np.arange(24) % 3 != i), np.flatnonzero(np.arange(24) % 3 == i)) for i in range(3)]
    made = GraphConvolution(epochs=25, batch=8, hidden=16, layers=LAYERS)
    held_out = made.fit_holding_out(X, y, folds)
    assert made.curves_.shape == (2, 25)
    assert np.isfinite(made.curves_).all()
    assert made.curves_[0, -1] < made.curves_[0, 0]
    best = int(made.curves_[1].argmin()) + 1
    plain = GraphConvolution(**parameters(made) | {"epochs": best}).fit(X, y)
    np.testing.assert_array_equal(plain.scores(X), made.scores(X))
    own = GraphConvolution(**parameters(made) | {"epochs": best}).fit(X[folds[0][0]], y[folds[0][0]])
    np.testing.assert_array_equal(own.scores(X[folds[0][1]]), held_out[folds[0][1]])


def test_no_edge_no_influence(kinds):
    X, y = kinds
    other = X.copy()
    other[:, 20:] = np.random.default_rng(4).random(other[:, 20:].shape)
    made = GraphConvolution(edges="none", epochs=2, layers=LAYERS).fit(X, y)
    np.testing.assert_array_equal(made.scores(X), made.scores(other))
    joined = GraphConvolution(edges="symmetric", epochs=2, layers=LAYERS).fit(X, y)
    assert not np.array_equal(joined.scores(X), joined.scores(other))


def test_a_readout_leaves_the_edges_as_they_are(kinds):
    X, y = kinds
    speakers = np.array([f"s{i % 4}" for i in range(len(y))])
    readout = VectorReadout(Unscaled(), GraphConvolution(epochs=4, hidden=8, layers=LAYERS)).fit(X, y, speakers)
    np.testing.assert_array_equal(readout.scale(X), X)
    readout.adapt(X[:6])
    assert np.isfinite(readout.probabilities(X)).all()


@pytest.mark.parametrize("symmetric", ["symmetric", "plain"])
def test_one_graph_of_all_clips_is_summed_as_if_it_were_built(kinds, symmetric):
    """The block of ones between clips of a class, never built, gives what the dense matrix gives."""
    torch = pytest.importorskip("torch")
    from emospike.networks.torch import graph as convolution

    X, _ = kinds
    number = np.array([0, 1, 0, 1, 1, 0])
    made = GraphConvolution(
        edges=symmetric, epochs=1, hidden=4, depth=2, dropout=0.0, learning_rate=1e-9, layers=LAYERS
    )
    train = np.ones(6, bool)
    scores, _ = made.transduce(X[:6], number, train, ~train)
    parts = [made._graph(x, "bare") for x in X[:6]]
    sizes = [len(nodes) for nodes, _ in parts]
    clip = np.repeat(np.arange(6), sizes)
    whole = (number[clip][:, None] == number[clip]).astype(np.float32)
    for i, (_, edges) in enumerate(parts):
        whole[np.ix_(clip == i, clip == i)] = edges
    passed = normalise_edges(whole, symmetric)
    hidden = np.concatenate([nodes for nodes, _ in parts])
    how = made._how()
    with convolution.seeded(how.seed):
        weights = [one.detach().numpy() for one in convolution.initialise(hidden.shape[1], 2, how)]
    for kernel, bias in ((weights[0], weights[1]), (weights[2], weights[3])):
        hidden = np.maximum(passed @ hidden @ kernel + bias, 0)
    pooled = np.stack([hidden[clip == i].mean(axis=0) for i in range(6)])
    expected = torch.log_softmax(torch.from_numpy(pooled @ weights[4] + weights[5]), dim=1).numpy()
    np.testing.assert_allclose(scores, expected, rtol=1e-3, atol=1e-3)
