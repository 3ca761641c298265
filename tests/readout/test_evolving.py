"""The evolving deSNN layer: the formula by hand, growth, and merging."""

import numpy as np
import pytest

from emospike.readout.evolving import LEAST, EvolvingDeSNN, nearest
from emospike.validation import InputError


def column(*values):
    return np.array(values, np.float32)[:, None]


def test_scores_by_hand():
    # neurons at 1, 2, 3 vote, the one at 4 is the unit: d / d_4 = 1/4, 1/2, 3/4
    layer = EvolvingDeSNN(neighbours=3, sigma=1.0).fit(column(1, 2, 3, 4, 9), np.array(["a", "b", "a", "b", "b"]))
    w = np.exp(-np.array([1 / 16, 1 / 4, 9 / 16]) / 2)
    expected = [[(w[0] + w[2]) / w.sum(), w[1] / w.sum()]]
    np.testing.assert_allclose(np.exp(layer.scores(column(0))), expected, rtol=1e-6)


def test_sigma_sharpens_the_vote():
    layer = EvolvingDeSNN(neighbours=2, sigma=0.1).fit(column(1, 9, 10), np.array(["a", "b", "b"]))
    # exp(-(1/10)^2 / 0.02) against exp(-(9/10)^2 / 0.02)
    np.testing.assert_allclose(np.exp(layer.scores(column(0))), [[1, LEAST]], rtol=1e-3)


def test_a_class_far_away_is_unlikely_but_not_impossible():
    layer = EvolvingDeSNN(neighbours=1).fit(column(0, 1, 50), np.array(["a", "a", "b"]))
    np.testing.assert_allclose(layer.scores(column(0)), np.log([[1, LEAST]]), rtol=1e-6)


@pytest.mark.parametrize("neighbours", [3, 10])
def test_fewer_neurons_than_neighbours(neighbours):
    layer = EvolvingDeSNN(neighbours=neighbours).fit(column(0, 4), np.array(["a", "b"]))
    assert layer.scores(column(1, 3)).argmax(axis=1).tolist() == [0, 1]


def test_repeated_clips():
    layer = EvolvingDeSNN().fit(column(0, 0, 0, 0, 0, 5), np.array(["a", "a", "a", "a", "a", "b"]))
    np.testing.assert_allclose(np.exp(layer.scores(column(0))), [[1, LEAST]], rtol=1e-6)


def test_weights_multiply_votes():
    layer = EvolvingDeSNN(neighbours=2).fit(
        column(-1, 1, 9), np.array(["a", "b", "b"]), np.array([3, 1, 1], np.float32)
    )
    np.testing.assert_allclose(np.exp(layer.scores(column(0))), [[0.75, 0.25]], rtol=1e-6)


def test_nearest_are_the_nearest_although_vectors_are_long():
    rng = np.random.default_rng(0)
    neurons = (100 + rng.normal(0, 1, (300, 2000))).astype(np.float32)
    x = (neurons[17] + rng.normal(0, 0.1, 2000)).astype(np.float32)
    near, distance = nearest(x, neurons, (neurons**2).sum(axis=1), 4)
    exact = np.sqrt(((neurons.astype(float) - x) ** 2).sum(axis=1))
    assert near[0] == 17
    np.testing.assert_allclose(distance, exact[near])
    assert distance[-1] < exact.mean()


def test_partial_fit_changes_no_neuron():
    layer = EvolvingDeSNN().fit(column(0, 1, 5), np.array(["b", "b", "d"]))
    before = layer.neurons_.copy()
    layer.partial_fit(column(9, 10, 0.5), np.array(["a", "c", "b"]))
    np.testing.assert_array_equal(layer.neurons_[:3], before)
    assert layer.classes_[layer.owner_].tolist() == ["b", "b", "d", "a", "c", "b"]
    assert layer.count_.tolist() == [1] * 6


def test_learning_clip_by_clip_is_learning_all_at_once():
    rng = np.random.default_rng(0)
    X, y = rng.normal(0, 1, (40, 5)).astype(np.float32), rng.choice(["a", "b", "c"], 40)
    for merge in (0.0, 1.5):
        whole, grown = EvolvingDeSNN(merge=merge).fit(X, y), EvolvingDeSNN(merge=merge).fit(X[:6], y[:6])
        for i in range(6, 40):
            grown.partial_fit(X[i : i + 1], y[i : i + 1])
        np.testing.assert_allclose(grown.scores(X), whole.scores(X), rtol=1e-5)
        assert len(grown.neurons_) == len(whole.neurons_)


def test_merging_averages_near_neurons_of_one_class():
    layer = EvolvingDeSNN(merge=1.0).fit(
        column(0, 0.5, 0.6, 7, 0.1), np.array(["a", "a", "a", "a", "b"]), np.array([1, 3, 2, 5, 1], np.float32)
    )
    order = layer.neurons_[:, 0].argsort()
    np.testing.assert_allclose(layer.neurons_[order, 0], [0.1, 1.1 / 3, 7], rtol=1e-6)
    assert layer.classes_[layer.owner_[order]].tolist() == ["b", "a", "a"]
    assert layer.count_[order].tolist() == [1, 3, 1]
    np.testing.assert_allclose(layer.voice_[order], [1, 2, 5])


def test_merging_leaves_fewer_neurons_and_the_accuracy():
    rng = np.random.default_rng(0)
    y = rng.choice(["a", "b"], 200)
    X = (rng.normal(0, 1, (200, 10)) + 3.0 * (y == "b")[:, None]).astype(np.float32)
    before = X.copy()
    kept = []
    for merge in (0.0, 2.0, 4.0):
        layer = EvolvingDeSNN(merge=merge).fit(X, y)
        kept.append(len(layer.neurons_))
        assert layer.count_.sum() == 200
        assert (layer.classes_[layer.scores(X).argmax(axis=1)] == y).mean() > 0.95
    assert kept[0] == 200 > kept[1] > kept[2]
    np.testing.assert_array_equal(X, before)


@pytest.mark.parametrize("wrong", [{"neighbours": 0}, {"sigma": 0.0}, {"merge": -1.0}])
def test_wrong_parameters_are_refused(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        EvolvingDeSNN(**wrong)
