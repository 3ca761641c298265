"""Heads in closed form: against scikit-learn, and that old answers stay when new ones are learnt."""

import numpy as np
from sklearn.linear_model import Ridge

from emospike.networks.heads import fit_ridge, refit_ridge


def test_it_is_scikit_learns_ridge():
    rng = np.random.default_rng(0)
    X, Y = rng.normal(1, 2, (40, 6)).astype(np.float32), rng.normal(size=(40, 3)).astype(np.float32)
    weight = rng.random(40).astype(np.float32)
    weights, bias = fit_ridge(X, Y, 5.0, weight)
    other = Ridge(alpha=5.0).fit(X, Y, sample_weight=weight)
    np.testing.assert_allclose(weights, other.coef_, atol=1e-5)
    np.testing.assert_allclose(bias, other.intercept_, atol=1e-5)


def test_a_new_class_is_learnt_beside_the_old():
    rng = np.random.default_rng(1)
    labels = np.arange(60) % 3
    X = rng.normal(0, 0.3, (60, 20)).astype(np.float32)
    X[np.arange(60), labels] += 3
    Y = (labels[:, None] == np.arange(3)).astype(np.float32)
    old = fit_ridge(X[labels < 2], Y[labels < 2][:, :2], 1.0)
    new = refit_ridge(old, X, Y, 1.0, np.ones(60, np.float32))
    assert np.array_equal((X @ new[0].T + new[1]).argmax(axis=1), labels)
    still = refit_ridge(old, X, X @ old[0].T + old[1], 1.0, np.ones(60, np.float32))
    np.testing.assert_allclose(still[0], old[0], atol=1e-4)
