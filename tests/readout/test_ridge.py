"""The readout of numbers against scikit-learn's own ridge regression, and the primal against the dual."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, PredefinedSplit

from emospike.readout import ridge
from emospike.readout.ridge import PENALTIES, RidgeReadout
from emospike.readout.scaling import SoftScaler
from emospike.validation import InputError


@pytest.fixture(scope="module")
def data():
    """Vectors, two numbers that they tell, and four folds of other speakers."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 120)).astype(np.float32)
    weights = rng.normal(size=(120, 2)) * (rng.random((120, 1)) < 0.1)
    Y = X @ weights + rng.normal(0, [[0.5, 4.0]], (80, 2)) + [[3.0, -40.0]]
    fold = np.arange(80) % 4
    return X, Y, fold, [(np.flatnonzero(fold != one), np.flatnonzero(fold == one)) for one in range(4)]


def test_each_number_gets_the_penalty_that_scikit_learn_finds(data):
    X, Y, fold, folds = data
    found = RidgeReadout(SoftScaler(root=False, rare=0.0)).fit(X, Y, folds)
    Z = found.scaler.transform(X).astype(float)
    unit = np.square(Z).sum(axis=1).mean()
    for column, y in enumerate(Y.T):
        search = GridSearchCV(
            Ridge(), {"alpha": np.array(PENALTIES) * unit}, scoring="neg_mean_squared_error", cv=PredefinedSplit(fold)
        ).fit(Z, y)
        assert found.penalties_[column] == pytest.approx(search.best_params_["alpha"] / unit, rel=1e-6)
        assert found.errors_[column] == pytest.approx(np.sqrt(-search.best_score_), rel=1e-3)
        np.testing.assert_allclose(found.predict(X)[:, column], search.predict(Z), rtol=1e-3)
    assert found.penalties_[0] < found.penalties_[1]  # what is told less clearly is believed less


def test_numbers_that_vectors_do_not_tell_are_their_mean(data):
    X, _, _, folds = data
    noise = np.random.default_rng(1).normal(5, 1, (80, 1))
    found = RidgeReadout(SoftScaler(root=False, rare=0.0)).fit(X, noise, folds)
    assert found.predict(X).std() < 0.1 < noise.std()
    assert found.errors_[0] == pytest.approx(noise.std(), rel=0.1)


def test_many_rows_are_solved_in_the_primal_alike(data, monkeypatch):
    X, Y, _, folds = data
    dual = RidgeReadout(SoftScaler(root=False)).fit(X, Y, folds)
    monkeypatch.setattr(ridge, "MOST_ROWS", 10)
    primal = RidgeReadout(SoftScaler(root=False)).fit(X, Y, folds)
    np.testing.assert_array_equal(primal.penalties_, dual.penalties_)
    np.testing.assert_allclose(primal.errors_, dual.errors_, rtol=0.01)
    np.testing.assert_allclose(primal.predict(X), dual.predict(X), rtol=0.01)


@pytest.mark.parametrize("rows", [10, 1000])
def test_numbers_far_from_0_are_told_as_well(data, monkeypatch, rows):
    X, Y, _, folds = data
    monkeypatch.setattr(ridge, "MOST_ROWS", rows)
    near, far = (RidgeReadout(SoftScaler(root=False)).fit(X, Y + away, folds) for away in (0, 1e7))
    np.testing.assert_array_equal(far.penalties_, near.penalties_)
    np.testing.assert_allclose(far.predict(X) - 1e7, near.predict(X), atol=1e-4)


def test_vectors_that_are_all_alike_are_refused(data):
    X, Y, _, folds = data
    with pytest.raises(InputError, match="the vectors of all training recordings are alike"):
        RidgeReadout(SoftScaler(root=False, rare=0.0)).fit(np.ones_like(X), Y, folds)


def test_what_is_kept_predicts_bit_for_bit(data):
    X, Y, _, folds = data
    found = RidgeReadout(SoftScaler(root=False)).fit(X, Y, folds)
    again = RidgeReadout(SoftScaler(root=False)).restore(found.state(), 2)
    np.testing.assert_array_equal(again.predict(X), found.predict(X))
    np.testing.assert_array_equal(again.predict(X[3:4]), found.predict(X)[3:4])
    for name, array in (("weights", found.weights_[1:]), ("bias", found.bias_[:1]), ("scaler.mean", found.bias_)):
        with pytest.raises(InputError):
            RidgeReadout(SoftScaler(root=False)).restore(found.state() | {name: array}, 2)
    with pytest.raises(InputError, match="weights of 3 numbers"):
        RidgeReadout(SoftScaler(root=False)).restore(found.state(), 3)
    with pytest.raises(InputError, match="state vectors of length 120 expected, as in training, got 119"):
        found.predict(X[:, 1:])


@pytest.mark.parametrize(("penalties", "said"), [((), "at least one penalty"), ((0.0,), "penalty must be above 0")])
def test_penalties_that_cannot_be(penalties, said):
    with pytest.raises(InputError, match=said):
        RidgeReadout(penalties=penalties)
