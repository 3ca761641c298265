"""Compressed synapses and their transposed index."""

import numpy as np
import pytest

from emospike.brain.synapses import Synapses
from emospike.validation import InputError


def random_synapses(sources: int, neurons: int) -> tuple[Synapses, np.ndarray]:
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(sources, neurons)) * (rng.random((sources, neurons)) < 0.1)
    source, target = np.nonzero(matrix)
    order = rng.permutation(len(source))
    weights = matrix[source, target].astype(np.float32)
    return Synapses.from_pairs(source[order], target[order], weights[order], sources), matrix


def test_from_pairs_keeps_every_synapse() -> None:
    synapses, matrix = random_synapses(30, 50)
    rebuilt = np.zeros_like(matrix)
    rebuilt[synapses.sources(), synapses.targets] = synapses.weights
    np.testing.assert_array_equal(rebuilt, matrix.astype(np.float32))
    assert len(synapses) == np.count_nonzero(matrix)


@pytest.mark.parametrize("neurons", [30, 50])
def test_transpose_points_at_the_same_synapses(neurons: int) -> None:
    synapses, matrix = random_synapses(30, neurons)
    incoming = synapses.transpose(neurons)
    np.testing.assert_array_equal(np.diff(incoming.offsets), np.count_nonzero(matrix, axis=0))
    assert sorted(incoming.positions) == list(range(len(synapses)))
    for neuron in range(neurons):
        own = slice(incoming.offsets[neuron], incoming.offsets[neuron + 1])
        np.testing.assert_array_equal(incoming.sources[own], np.flatnonzero(matrix[:, neuron]))
        assert np.all(synapses.targets[incoming.positions[own]] == neuron)
        np.testing.assert_array_equal(synapses.sources()[incoming.positions[own]], incoming.sources[own])


def test_transpose_is_square_unless_told() -> None:
    synapses = Synapses.from_pairs(np.array([2]), np.array([0]), np.ones(1, np.float32), 3)
    assert synapses.transpose().offsets.tolist() == [0, 1, 1, 1]


def test_wrong_input_is_explained() -> None:
    with pytest.raises(InputError, match="2 of each, got 1"):
        Synapses(np.array([0, 2]), np.zeros(1, np.int32), np.zeros(1, np.float32))
