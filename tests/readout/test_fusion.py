import numpy as np
import pytest

from emospike.readout.fusion import entropy, log_linear


def test_entropy_is_that_of_scipy():
    from scipy.stats import entropy as expected

    p = np.random.default_rng(0).dirichlet(np.ones(5), size=20)
    np.testing.assert_allclose(entropy(p), expected(p, axis=1))
    assert entropy(np.eye(3)).tolist() == [0, 0, 0]
    assert entropy(np.full((1, 8), 1 / 8))[0] == pytest.approx(np.log(8))


def test_log_linear_by_hand():
    first, second = np.array([0.7, 0.2, 0.1]), np.array([0.2, 0.5, 0.3])
    a, b = np.exp([(p * np.log(p)).sum() for p in (first, second)])
    joint = first ** (a / (a + b)) * second ** (b / (a + b))
    np.testing.assert_allclose(log_linear([first[None], second[None]])[0], joint / joint.sum())


def test_the_surer_sense_decides():
    sure, unsure = np.array([[0.95, 0.05]]), np.array([[0.45, 0.55]])
    assert log_linear([sure, unsure])[0, 0] > 0.8
    np.testing.assert_allclose(log_linear([sure, unsure]), log_linear([unsure, sure]))


def test_one_sense_and_certainty_stay_what_they_are():
    p = np.random.default_rng(1).dirichlet(np.ones(3), size=9)
    np.testing.assert_allclose(log_linear([p]), p)
    certain = log_linear([np.array([[1.0, 0.0]]), np.array([[1.0, 0.0]])])
    np.testing.assert_allclose(certain, [[1, 0]], atol=1e-9)
    assert np.isfinite(log_linear([np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])])).all()
