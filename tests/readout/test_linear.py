"""The linear readout against scikit-learn's ridge regression, which solves the same problem by another way."""

from copy import deepcopy

import numpy as np
import pytest

from emospike.readout.contract import IncrementalClassifier, parameters
from emospike.readout.linear import CAUTIOUS_CLIPS, PRIOR_CLIPS, LinearReadout
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


def test_partial_fit_by_hand(data):
    X, y = data
    readout = LinearReadout(30.0, memory=0).fit(X[:60], y[:60])
    old, bias = readout.weights_.astype(float), readout.bias_.astype(float)
    expected = np.array([readout.scores(X[:60])[y[:60] == name].mean(axis=0) for name in "abc"])
    new, place = X[60:].astype(float), np.searchsorted(list("abc"), y[60:])
    trust = 30 / (30 + PRIOR_CLIPS)
    bias = bias - trust * (new @ old + bias - expected[place]).mean(axis=0)
    middle = trust * new.mean(axis=0)
    residual, Z = np.eye(3)[place] - new @ old - bias, new - middle
    step = np.linalg.solve(Z.T @ Z + 30 * np.eye(20), Z.T @ residual)
    assert isinstance(readout, IncrementalClassifier)
    readout.partial_fit(X[60:], y[60:])
    np.testing.assert_allclose(readout.weights_, old + step, atol=1e-4)
    np.testing.assert_allclose(readout.bias_, bias - middle @ step, atol=1e-4)
    assert readout.met_ == 30


def test_a_speakers_offset_is_learnt_from_few_clips_and_one_class(data):
    X, y = data
    readout = LinearReadout(30.0).fit(X[:60], y[:60])
    moved = X[60:] + 1.5 * np.random.default_rng(3).normal(size=20).astype(np.float32)

    def right(readout):
        return (readout.classes_[readout.scores(moved).argmax(axis=1)] == y[60:]).mean()

    before, few = right(readout), np.flatnonzero(y[60:] == "b")[:4]
    readout.partial_fit(moved[few], y[60:][few])
    assert right(readout) > before + 0.1


def test_later_clips_are_believed_less(data):
    X, y = data
    once, twice = (LinearReadout(1e9, memory=0).fit(X[:60], y[:60]) for _ in "12")
    once.partial_fit(X[60:], y[60:])
    for part in (slice(60, 70), slice(70, 90)):
        twice.partial_fit(X[part], y[part])
    np.testing.assert_allclose(twice.bias_, once.bias_, atol=1e-3)  # the posterior mean, whatever the order
    assert twice.met_ == once.met_ == 30


def test_expected_scores_are_those_of_held_out_clips(data):
    X, y = data
    rows = np.arange(len(y))
    folds = [(rows[rows % 3 != k], rows[rows % 3 == k]) for k in range(3)]
    readout = LinearReadout(30.0)
    held_out = readout.fit_holding_out(X, y, folds)
    np.testing.assert_allclose(readout.expected_[1], held_out[y == "b"].mean(axis=0), atol=1e-6)
    assert readout.expected_[1, 1] < LinearReadout(30.0).fit(X, y).expected_[1, 1]
    assert readout.bolder_.shape == (0, 3)  # no copies


def test_what_copies_taught_is_dropped_as_speakers_become_known(data):
    X, y = data
    copies = X + np.random.default_rng(4).normal(0, 2, X.shape).astype(np.float32)
    rows = np.arange(len(y))
    folds = [(np.concatenate([rows[rows % 3 != k], 90 + rows[rows % 3 != k]]), rows[rows % 3 == k]) for k in range(3)]
    readout = LinearReadout(30.0, memory=0)
    readout.fit_holding_out(np.concatenate([X, copies]), np.concatenate([y, y]), folds)
    alone = LinearReadout(30.0).fit(X, y)  # X is centred
    whole = np.vstack([readout.weights_, readout.bias_]) + readout.bolder_
    np.testing.assert_allclose(whole, np.vstack([alone.weights_, alone.bias_]), atol=1e-3)
    cautious, bolder = readout.weights_.copy(), readout.bolder_.astype(np.float32)
    readout.penalty_ = np.array(1e9, np.float32)  # the new clips themselves change nothing
    readout.partial_fit(X[:CAUTIOUS_CLIPS], y[:CAUTIOUS_CLIPS])
    np.testing.assert_allclose(readout.weights_, cautious + bolder[:-1] / 2, atol=1e-4)
    readout.partial_fit(X[:1000], y[:1000])
    share = (90 + CAUTIOUS_CLIPS) / (90 + 2 * CAUTIOUS_CLIPS)
    np.testing.assert_allclose(readout.weights_, cautious + share * bolder[:-1], atol=1e-4)


def test_partial_fit_adds_classes_and_keeps_the_old(data):
    X, y = data
    fresh = np.zeros((5, 20), np.float32)
    fresh[:, 0] = 30
    X = X * (np.arange(20) > 0)  # the old clips say nothing about dimension 0
    readout = LinearReadout(30.0).fit(X, y)
    before = readout.scores(X)
    readout.partial_fit(fresh, np.array(["bb"] * 5))
    assert readout.classes_.tolist() == ["a", "b", "bb", "c"]
    assert readout.met_ == 0  # a new class tells nothing of a speaker's offset
    np.testing.assert_allclose(readout.scores(X)[:, [0, 1, 3]], before, atol=1e-5)
    assert (readout.classes_[readout.scores(fresh).argmax(axis=1)] == "bb").all()


def test_state_gives_the_same_scores(data):
    X, y = data
    readout = LinearReadout(30.0).fit(X, y)
    again = LinearReadout.restore(parameters(readout), readout.state())
    assert again == readout  # the same parameters
    np.testing.assert_array_equal(again.scores(X), readout.scores(X))
    for one in (again, readout):
        one.partial_fit(X[:9], y[:9])
    np.testing.assert_array_equal(again.scores(X), readout.scores(X))


@pytest.mark.parametrize(("bits", "most"), [(8, 127), (4, 7)])
def test_weights_may_be_integers(data, bits, most):
    X, y = data
    floats, fitted = LinearReadout(30.0).fit(X, y), LinearReadout(30.0, bits=bits).fit(X, y)
    quantised = deepcopy(floats).quantise(bits)
    state = quantised.state()
    assert state["weights"].dtype == np.int8
    assert np.abs(state["weights"]).max(axis=0).tolist() == [most] * 3
    np.testing.assert_allclose(quantised.weights_, floats.weights_, atol=0.5001 * quantised.units_.max())
    for other in (fitted, LinearReadout.restore(parameters(quantised), state), deepcopy(quantised).quantise(bits)):
        np.testing.assert_array_equal(other.scores(X), quantised.scores(X))
    if bits == 4:
        return  # learns no more
    quantised.partial_fit(X[:9], y[:9])
    whole = quantised.weights_ / quantised.units_
    np.testing.assert_allclose(whole, np.round(whole), atol=1e-4)


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


def test_a_late_class_stays_where_later_clips_are_of_others(data):
    X, y = data
    readout = LinearReadout(30.0).fit(X[y != "c"], y[y != "c"])
    readout.partial_fit(X[y == "c"], y[y == "c"])
    assert (readout.classes_[readout.scores(X[y == "c"]).argmax(axis=1)] == "c").mean() > 0.9
    readout.partial_fit(X[y == "a"][:10], y[y == "a"][:10])
    assert (readout.classes_[readout.scores(X[y == "c"]).argmax(axis=1)] == "c").mean() > 0.8
    assert np.isnan(readout.expected_[2]).all()


def test_weights_reach_those_that_are_held_out(data):
    X, y = data
    weights = np.random.default_rng(1).uniform(0.2, 3, len(y)).astype(np.float32)
    folds = [(np.arange(30, 90), np.arange(30)), (np.arange(60), np.arange(60, 90))]
    whole = LinearReadout(alpha=30.0)
    out = whole.fit_holding_out(X, y, folds, weights)
    for train, test in folds:  # `fit` divides by the mean weight of its own clips
        alike = LinearReadout(alpha=30.0 * float(weights.mean() / weights[train].mean()))
        expected = alike.fit(X[train], y[train], weights[train]).scores(X[test])
        np.testing.assert_allclose(out[test], expected, atol=2e-4)
    assert np.isnan(out[30:60]).all()
    np.testing.assert_allclose(whole.scores(X), LinearReadout(alpha=30.0).fit(X, y, weights).scores(X), atol=2e-4)


def test_alike_weights_change_nothing(data):
    X, y = data
    folds = [(np.arange(30, 90), np.arange(30)), (np.arange(60), np.arange(60, 90))]
    one, other = LinearReadout(alpha=30.0), LinearReadout(alpha=30.0)
    plain = one.fit_holding_out(X, y, folds)
    weighted = other.fit_holding_out(X, y, folds, np.full(len(y), 7, np.float32))
    np.testing.assert_allclose(weighted, plain, atol=1e-5)
    for name, array in one.state().items():
        if array.dtype.kind == "f":
            np.testing.assert_allclose(other.state()[name], array, atol=2e-3)


def test_what_is_kept_for_new_speakers_is_weighted_too(data):
    X, y = data
    recorded = np.arange(0, 90, 2)  # the others are copies
    folds = [(np.setdiff1d(np.arange(90), part), part) for part in np.array_split(recorded, 3)]
    weights = np.random.default_rng(1).uniform(0.2, 3, len(y)).astype(np.float32)
    readout = LinearReadout(alpha=30.0)
    readout.fit_holding_out(X, y, folds, weights)
    own = X[recorded] - np.average(X[recorded], axis=0, weights=weights[recorded])
    scale = float(weights[recorded].mean() / weights.mean())
    alone = LinearReadout(alpha=30.0 / scale).fit(own.astype(np.float32), y[recorded], weights[recorded])
    np.testing.assert_allclose(readout.bolder_[:-1] + readout.weights_, alone.weights_, atol=5e-3)
