"""Every kind of state vector on one small activity, worked by hand."""

import numpy as np
import pytest

from emospike.networks.activity import Activity
from emospike.readout.state_vectors import KINDS, StateVector, read_all
from emospike.spikes import Spikes
from emospike.validation import InputError


@pytest.fixture
def activity():
    """Neuron 0 fires in the steps 1, 3 and 6 of 8, neuron 1 in step 2, neuron 2 never; two input channels."""
    dense = np.zeros((8, 2), np.int8)
    dense[[0, 7], 0], dense[4, 0], dense[3, 1] = 1, -1, -1
    inputs = Spikes.from_dense(dense, 100.0, ("a", "b"))
    return Activity(inputs, np.array([1, 2, 3, 6], np.int32), np.array([0, 1, 0, 0], np.int32), 3)


@pytest.mark.parametrize(
    ("vector", "expected"),
    [
        (StateVector("count"), [3, 1, 0]),
        (StateVector("count", "I"), [3, 1]),
        (StateVector("count", "I split"), [2, 1, 0, 1]),  # a+, a-, b+, b-
        (StateVector("bins", bins=2), [2, 1, 0, 1, 0, 0]),
        (StateVector("bins", bins=3), [1, 1, 0, 1, 0, 0, 1, 0, 0]),  # steps 0-2, 3-5 and 6-7
        (StateVector("bins", bins=4), [1, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0]),
        (StateVector("bins", "I", bins=1), [3, 1]),
        (StateVector("rate"), [3 / 8, 1 / 8, 0]),
        # 5 · 0.8^1 + 0.8 · 3 - 0.01 · 5;  5 · 0.8^2 + 0.8 · 1 - 0.01 · 7;  -0.01 · 8
        (StateVector("desnn"), [6.35, 3.93, -0.08]),
        (StateVector("desnn", alpha=1.0, mod=0.5, up=0.0, down=0.0), [0.5, 0.25, 0]),
        # 0.8^1 + 0.01 · (2 later spikes - 4 silent steps);  0.8^2 - 0.01 · 5
        (StateVector("rank_order"), [0.78, 0.59, 0]),
        # gaps of 2 and 3 steps: mean 2.5, deviation 0.5; the others have none
        (StateVector("isi"), [2.5, -1, -1, 0.5, -1, -1]),
        (StateVector("count", "A1"), [0, 3]),
    ],
)
def test_hand_worked(activity, vector, expected):
    got = vector.read(activity, {"A1": np.array([2, 0])})
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, expected, rtol=1e-6)


def test_rank_goes_on_by_number_where_first_spikes_coincide(activity):
    together = Activity(activity.inputs, np.zeros(3, np.int32), np.arange(3, dtype=np.int32), 3)
    ranked = StateVector("rank_order", mod=0.5, down=0.0).read(together)
    np.testing.assert_allclose(ranked, [0.5, 0.25, 0.125])


@pytest.mark.parametrize("kind", KINDS)
def test_silence_has_a_vector_of_the_same_length(activity, kind):
    none = np.empty(0, np.int32)
    for steps in (0, 8):
        nothing = Activity(Spikes.from_dense(np.zeros((steps, 2), np.int8), 100.0, ("a", "b")), none, none, 3)
        silent = StateVector(kind).read(nothing)
        assert silent.shape == StateVector(kind).read(activity).shape
        assert np.isfinite(silent).all()
        assert len(np.unique(silent)) == 1


def test_several_readings_are_joined(activity):
    both = read_all((StateVector("count", "I"), StateVector("count", "R")), activity)
    assert both.tolist() == [3, 1, 3, 1, 0]


def test_unknown_names_are_refused(activity):
    with pytest.raises(InputError, match="did you mean 'bins'"):
        StateVector("bin")
    with pytest.raises(InputError, match="bins must be above 0"):
        StateVector("bins", bins=0)
    with pytest.raises(InputError, match="unknown source 'A2': known are A1"):
        StateVector(source="A2").read(activity, {"A1": np.array([0])})
