import numpy as np
import pytest

from emospike.readout.scaling import SoftScaler
from emospike.validation import InputError


def vectors(*rows):
    return np.array(rows, np.float32)


def test_square_root_then_soft_z_score():
    X = vectors([4, -1], [16, -9])
    scaler = SoftScaler(soft=0.25)
    rooted = scaler.take_root(X)
    assert rooted.tolist() == [[2, -1], [4, -3]]
    np.testing.assert_allclose(scaler.fit(rooted).transform(rooted), [[-0.8, 0.8], [0.8, -0.8]])  # ±1 / 1.25
    np.testing.assert_allclose(scaler.transform(vectors([5, -1])), [[1.6, 0.8]])


def test_without_root_nothing_is_rooted():
    X = vectors([4, -1])
    assert SoftScaler(root=False).take_root(X) is X


def test_rare_dimensions_are_dropped():
    X = vectors([1, 0, 0], [1, 1, 0], [1, 1, 0], [1, 1, 1])
    scaler = SoftScaler(rare=0.5).fit(X)
    assert scaler.kept_.tolist() == [True, True, False]
    assert scaler.transform(X).shape == (4, 2)
    assert SoftScaler(rare=0.75).fit(X).kept_.tolist() == [True, True, False]  # exactly that share is kept
    assert SoftScaler(rare=0.0).fit(X).kept_.all()


@pytest.mark.parametrize("soft", [0.0, 0.15])
def test_constant_dimensions_become_zero_and_stay_finite(soft):
    X = vectors([3, 1], [3, 2])
    scaler = SoftScaler(root=False, rare=0.0, soft=soft).fit(X)
    assert scaler.transform(X)[:, 0].tolist() == [0, 0]
    assert np.isfinite(scaler.transform(vectors([5, 5]))).all()


def test_plain_z_score_is_scikit_learns():
    from sklearn.preprocessing import StandardScaler

    X = np.random.default_rng(0).normal(3, 2, (50, 4)).astype(np.float32)
    plain = SoftScaler(root=False, rare=0.0, soft=0.0).fit(X)
    np.testing.assert_allclose(plain.transform(X), StandardScaler().fit_transform(X), atol=1e-5)


def test_transform_leaves_its_input_alone():
    X = vectors([1, 2], [3, 5])
    before = X.copy()
    SoftScaler(root=False, rare=0.0).fit(X).transform(X)
    np.testing.assert_array_equal(X, before)


def test_scalers_are_equal_by_their_parameters():
    assert SoftScaler() == SoftScaler().fit(vectors([1, 2], [3, 4]))
    assert SoftScaler() != SoftScaler(soft=0.1)


def test_a_share_is_of_the_squared_length_which_stays():
    """Three numbers of 53 get a fifth, although one is rare and dropped; the others together lose it."""
    X = np.random.default_rng(0).normal(3, 2, (200, 53)).astype(np.float32)
    X[1:, 52] = 0
    plain = {"root": False, "rare": 0.1, "soft": 0.1}
    shared = SoftScaler(**plain, shares=((50, 53, 0.2),)).fit(X).transform(X)
    others = SoftScaler(**plain).fit(X[:, :50]).transform(X[:, :50])
    assert shared.shape == (200, 52)
    length = np.square(shared).sum()
    assert np.square(shared[:, 50:]).sum() / length == pytest.approx(0.2, rel=1e-4)
    assert length == pytest.approx(np.square(others).sum(), rel=1e-4)
    np.testing.assert_allclose(shared[:, :50], others * np.sqrt(0.8), rtol=1e-4)


def test_a_share_of_nothing_takes_nothing():
    X = np.random.default_rng(1).normal(3, 2, (50, 6)).astype(np.float32)
    X[:, 4:] = 1
    plain = {"root": False, "rare": 0.0, "soft": 0.1}
    shared, alone = (SoftScaler(**plain, shares=shares).fit(X).transform(X) for shares in (((4, 6, 0.3),), ()))
    np.testing.assert_array_equal(shared, alone)
    with pytest.raises(InputError, match="shares of dimensions together"):
        SoftScaler(shares=((0, 1, 0.5), (1, 2, 0.5)))
