"""Vote: neurons stand for the class that they fired most for."""

import numpy as np
import pytest

from emospike.readout.contract import IncrementalClassifier
from emospike.readout.vote import Vote
from emospike.validation import InputError

X = np.array([[5, 0, 1, 0, 2], [7, 0, 3, 0, 2], [0, 4, 2, 0, 2], [1, 6, 6, 0, 2]], np.float32)
Y = np.array(["happy", "happy", "sad", "sad"])


def test_neurons_stand_for_the_class_of_their_largest_mean():
    vote = Vote().fit(X, Y)
    assert vote.owner_.tolist() == [0, 1, 1, -1, -1]  # the last two tell nothing
    np.testing.assert_allclose(vote.scores(np.array([[3, 2, 8, 9, 9]], np.float32)), [[3, 5]])


def test_a_class_without_neurons_scores_as_the_least():
    vote = Vote().fit(np.array([[1, 2], [9, 9]], np.float32), np.array(["a", "b"]))
    np.testing.assert_allclose(vote.scores(np.array([[4, 6]], np.float32)), [[5, 5]])


def test_counting_on_is_counting_at_once():
    more, labels = np.array([[0, 0, 0, 8, 2], [9, 1, 0, 0, 2]], np.float32), np.array(["calm", "happy"])
    on = Vote().fit(X, Y).partial_fit(more, labels)
    once = Vote().fit(np.concatenate([X, more]), np.concatenate([Y, labels]))
    assert isinstance(on, IncrementalClassifier)
    assert on.classes_.tolist() == ["calm", "happy", "sad"]
    np.testing.assert_allclose(on.scores(X), once.scores(X))


def test_its_state_is_all_of_it():
    vote = Vote().fit(X, Y)
    np.testing.assert_array_equal(Vote.restore({}, vote.state()).scores(X), vote.scores(X))
    with pytest.raises(InputError, match="length 5 expected"):
        vote.scores(X[:, :3])
