"""The linear readout against scikit-learn's ridge regression, which solves the same problem by another way."""

import numpy as np
import pytest

from emospike.readout.contract import IncrementalClassifier, parameters
from emospike.readout.linear import LinearReadout
from emospike.validation import InputError


@pytest.fixture
def data():
    """Ninety centred clips of three classes, 20 dimensions."""
    rng = np.random.default_rng(0)
    y = rng.choice(["a", "b", "c"], 90)
    X = rng.normal(0, 1, (90, 20)) + (y[:, None] == np.array(["a", "b", "c"])) @ rng.normal(0, 1, (3, 20))
    return (X - X.mean(axis=0)).astype(np.float32), y


def indicators(y, classes=("a", "b", "c")):
    return (y[:, None] == np.array(classes)).astype(np.float32)


@pytest.mark.parametrize("alpha", [0.1, 30.0, 3000.0])
def test_scores_are_those_of_ridge_regression(data, alpha):
    from sklearn.linear_model import Ridge

    X, y = data
    expected = Ridge(alpha=alpha).fit(X, indicators(y)).predict(X)
    readout = LinearReadout(alpha=alpha).fit(X, y)
    assert readout.classes_.tolist() == ["a", "b", "c"]
    np.testing.assert_allclose(readout.scores(X), expected, atol=1e-4)


def test_weights_count_clips_as_ridge_regression_does(data):
    from sklearn.linear_model import Ridge

    X, y = data
    weights = np.random.default_rng(1).uniform(0.2, 3, len(y)).astype(np.float32)
    X = X - np.average(X, axis=0, weights=weights).astype(np.float32)
    expected = Ridge(alpha=30.0).fit(X, indicators(y), sample_weight=weights / weights.mean()).predict(X)
    np.testing.assert_allclose(LinearReadout(30.0).fit(X, y, weights).scores(X), expected, atol=1e-4)


def test_more_dimensions_than_clips(data):
    from sklearn.linear_model import Ridge

    X, y = data
    wide = np.hstack([X, np.random.default_rng(2).normal(0, 1, (90, 500)).astype(np.float32)])
    wide -= wide.mean(axis=0)
    expected = Ridge(alpha=10.0).fit(wide, indicators(y)).predict(wide)
    np.testing.assert_allclose(LinearReadout(10.0).fit(wide, y).scores(wide), expected, atol=1e-3)


def test_holding_out_scores_as_readouts_fitted_without_the_clips(data):
    X, y = data
    rows = np.arange(len(y))
    folds = [(rows[rows % 3 != k], rows[(rows % 3 == k) & (rows > 6)]) for k in range(3)]
    readout = LinearReadout(30.0)
    held_out = readout.fit_holding_out(X, y, folds)
    for train, test in folds:
        alone = LinearReadout(30.0).fit(X[train], y[train])
        np.testing.assert_allclose(held_out[test], alone.scores(X[test]), atol=1e-4)
    assert np.isnan(held_out[:7]).all()
    np.testing.assert_allclose(readout.scores(X), LinearReadout(30.0).fit(X, y).scores(X), atol=1e-5)


def test_a_clip_scores_the_same_alone(data):
    X, y = data
    readout = LinearReadout(30.0).fit(X, y)
    alone = np.concatenate([readout.scores(X[i : i + 1]) for i in range(len(X))])
    np.testing.assert_array_equal(alone, readout.scores(X))


def test_partial_fit_is_ridge_regression_towards_the_old_weights(data):
    X, y = data
    readout = LinearReadout(30.0, memory=0).fit(X[:60], y[:60])
    old, bias = readout.weights_.astype(float), readout.bias_.astype(float)
    new, wanted = X[60:].astype(float), indicators(y[60:])
    step = np.linalg.solve(new.T @ new + 30 * np.eye(20), new.T @ (wanted - new @ old - bias))
    assert isinstance(readout, IncrementalClassifier)
    np.testing.assert_allclose(readout.partial_fit(X[60:], y[60:]).weights_, old + step, atol=1e-4)


def test_partial_fit_adds_classes_and_keeps_the_old(data):
    X, y = data
    fresh = np.zeros((5, 20), np.float32)
    fresh[:, 0] = 30
    X = X * (np.arange(20) > 0)  # the old clips say nothing about dimension 0
    readout = LinearReadout(30.0).fit(X, y)
    before = readout.scores(X)
    readout.partial_fit(fresh, np.array(["bb"] * 5))
    assert readout.classes_.tolist() == ["a", "b", "bb", "c"]
    np.testing.assert_allclose(readout.scores(X)[:, [0, 1, 3]], before, atol=1e-5)
    assert (readout.classes_[readout.scores(fresh).argmax(axis=1)] == "bb").all()


def test_state_gives_the_same_scores(data):
    X, y = data
    readout = LinearReadout(30.0).fit(X, y)
    again = LinearReadout.restore(parameters(readout), readout.state())
    assert again == readout  # the same parameters
    np.testing.assert_array_equal(again.scores(X), readout.scores(X))


def test_wrong_input_is_refused(data):
    X, _ = data
    with pytest.raises(InputError, match="at least 2 classes"):
        LinearReadout().fit(X, np.array(["a"] * 90))
    with pytest.raises(InputError, match="alpha must be above 0"):
        LinearReadout(alpha=0.0)


def test_what_is_remembered_is_not_overwritten_by_a_new_class(data):
    X, y = data
    late = y == np.unique(y)[-1]
    forgetful, mindful = (LinearReadout(1.0, memory).fit(X[~late], y[~late]) for memory in (0, 40))
    before = mindful.scores(X[~late])
    for readout in (forgetful, mindful):
        readout.partial_fit(X[late], y[late])
    drift = [np.abs(one.scores(X[~late])[:, :2] - before).mean() for one in (forgetful, mindful)]
    assert drift[1] < 0.7 * drift[0]
    assert mindful.memory_.dtype == np.int8
    np.testing.assert_allclose(
        mindful.memory_ * mindful.unit_, X[~late][remembered(X[~late], mindful)], atol=mindful.unit_
    )


def remembered(X, readout):
    """Rows of X that the readout keeps."""
    rows = readout.memory_ * readout.unit_
    return [int(np.abs(X - row).sum(axis=1).argmin()) for row in rows]
