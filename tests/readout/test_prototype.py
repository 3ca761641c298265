"""Learned prototypes: the formula, the slopes, the descent, and what further clips change."""

import numpy as np
import pytest
from scipy.optimize import check_grad

from emospike.readout.contract import parameters
from emospike.readout.descent import clusters, cross_entropy, descend, nearest_own
from emospike.readout.principal import MOST_CLIPS, principal_components, whitening_within
from emospike.readout.prototype import LearnedPrototype
from emospike.validation import InputError


@pytest.fixture
def data():
    """Clips of three classes in 40 dimensions, one of them silent and one in a hundred times larger units."""
    rng = np.random.default_rng(0)
    y = rng.choice(["a", "b", "c"], 240)
    X = rng.normal(0, 1, (240, 40)) + (y[:, None] == np.array(["a", "b", "c"])) @ rng.normal(0, 1, (3, 40))
    X[:, 3] = 0
    X[:, 5] *= 100
    return X.astype(np.float32), y


def restored(points, owner, temperature):
    """A classifier of given prototypes whose components are the dimensions themselves."""
    dims = len(points[0])
    return LearnedPrototype.restore(
        {},
        {
            "classes": np.array(["a", "b"]),
            "basis": np.eye(dims, dtype=np.float32),
            "offset": np.zeros(dims, np.float32),
            "points": np.array(points, float),
            "owner": np.array(owner),
            "mass": np.ones(len(points)),
            "temperature": np.array(temperature),
        },
    )


def test_scores_by_hand():
    # squared distances of (0, 0): 1 and 4 to class a, 2 to class b; T = 2
    classifier = restored([[1, 0], [0, 2], [1, 1]], [0, 0, 1], 2.0)
    a, b = np.exp(-0.5) + np.exp(-2), np.exp(-1)
    scores = classifier.scores(np.zeros((1, 2), np.float32))
    np.testing.assert_allclose(np.exp(scores), [[a / (a + b), b / (a + b)]], rtol=1e-6)


def test_scores_stay_finite_far_from_every_prototype():
    far = restored([[0, 0], [1, 0]], [0, 1], 1e-3).scores(np.full((1, 2), 1e4, np.float32))
    assert np.isfinite(far).all()
    assert far[0, 1] == 0


def test_slopes_of_the_cross_entropy_are_right():
    rng = np.random.default_rng(1)
    z, own = rng.normal(0, 1, (12, 3)), rng.integers(0, 2, 12)[:, None] == np.array([0, 0, 1])
    importance = rng.dirichlet(np.ones(12))

    def loss(x):
        return cross_entropy(z, own, importance, x[1:].reshape(3, 3), np.exp(x[0]))[0]

    def slope(x):
        _, toward, warmer = cross_entropy(z, own, importance, x[1:].reshape(3, 3), np.exp(x[0]))
        return np.append(warmer, toward.ravel())

    assert check_grad(loss, slope, rng.normal(0, 0.5, 10)) < 1e-5


def test_descent_moves_only_what_is_free_and_lowers_the_cross_entropy():
    rng = np.random.default_rng(2)
    z, number = rng.normal(0, 1, (40, 2)), np.repeat([0, 1], 20)
    z[number == 1] += 1
    start, owner, importance = np.array([[0.0, 1.0], [0.0, 0.0]]), np.array([0, 1]), np.full(40, 1 / 40)
    own = number[:, None] == owner
    points, temperature = descend(
        z, number, importance, start=start, owner=owner, pull=np.zeros(2), free=np.array([False, True]),
        temperature=1.5, warm=False, iterations=50,
    )  # fmt: skip
    assert temperature == 1.5
    np.testing.assert_array_equal(points[0], start[0])
    before, after = (cross_entropy(z, own, importance, p, 1.5)[0] for p in (start, points))
    assert after < before - 0.05


def test_a_large_pull_is_the_nearest_class_centre(data):
    X, y = data
    classifier = LearnedPrototype(prototypes=1, pull=1e6).fit(X, y)
    z = X @ classifier.basis_ - classifier.offset_
    centres = np.stack([z[y == c].mean(axis=0) for c in classifier.classes_])
    np.testing.assert_allclose(classifier.points_, centres, atol=1e-3)
    nearest = ((z[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
    np.testing.assert_array_equal(classifier.scores(X).argmax(axis=1), nearest)


def test_learning_beats_the_class_centres_on_training_clips(data):
    X, y = data
    losses = [
        -LearnedPrototype(pull=pull).fit(X, y).scores(X)[np.arange(len(y)), np.searchsorted(["a", "b", "c"], y)].mean()
        for pull in (1e6, 1.0)
    ]
    assert losses[1] < losses[0]


def test_temperature_does_not_run_away_on_clips_that_can_be_told_apart(data):
    X, y = data
    apart = X + (30 * (y == "b")[:, None]).astype(np.float32)
    assert LearnedPrototype(iterations=1000).fit(apart, y).temperature_ > 0.5


def test_the_seed_decides_where_prototypes_start(data):
    X, y = data
    first, again, other = (LearnedPrototype(seed=seed).fit(X, y) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.points_, again.points_)
    assert not np.array_equal(first.scores(X), other.scores(X))


def test_units_and_silent_dimensions_do_not_matter(data):
    X, y = data
    scaled = X * np.float32(2) ** np.arange(-4, 4).repeat(5).astype(np.float32)
    plain = LearnedPrototype(soft=0.0).fit(X, y).scores(X)
    np.testing.assert_allclose(LearnedPrototype(soft=0.0).fit(scaled, y).scores(scaled), plain, atol=0.02)


def test_balance_gives_a_rare_class_its_share():
    rng = np.random.default_rng(3)
    y = np.array(["common"] * 380 + ["rare"] * 20)
    X = (rng.normal(0, 1, (400, 4)) + 1.0 * (y == "rare")[:, None]).astype(np.float32)
    found = [
        (LearnedPrototype(prototypes=1, pull=0, balanced=balanced).fit(X, y).scores(X).argmax(axis=1) == 1)[380:].mean()
        for balanced in (False, True)
    ]
    assert found[1] > found[0] + 0.3


def test_partial_fit_leaves_the_prototypes_of_other_classes(data):
    X, y = data
    old = LearnedPrototype().fit(X[y != "b"], y[y != "b"])
    before, shape = old.points_.copy(), old.basis_.copy()
    old.partial_fit(X[y == "b"], y[y == "b"])
    assert old.classes_.tolist() == ["a", "b", "c"]
    assert sorted(set(old.owner_.tolist())) == [0, 1, 2]
    np.testing.assert_array_equal(old.points_[old.owner_ != 1], before)
    np.testing.assert_array_equal(old.basis_, shape)


def test_few_clips_move_a_prototype_less_than_many(data):
    X, y = data
    moved = []
    for clips in (1, 60):
        classifier = LearnedPrototype(prototypes=1).fit(X, y)
        before = classifier.points_.copy()
        extra = X[y == "b"][:1].repeat(clips, axis=0)  # where class a is not expected
        classifier.partial_fit(extra, np.array(["a"] * clips))
        moved.append(np.abs(classifier.points_ - before).sum())
        assert classifier.mass_.sum() == len(y) + clips
    assert moved[0] < moved[1] / 5


def test_clusters_of_repeated_clips():
    rng = np.random.default_rng(0)
    centres, mass = clusters(np.repeat([[0.0, 0.0], [4.0, 0.0]], [6, 2], axis=0), np.ones(8), 5, rng)
    order = centres[:, 0].argsort()
    np.testing.assert_array_equal(centres[order], [[0, 0], [4, 0]])
    np.testing.assert_array_equal(mass[order], [6, 2])
    centre, mass = clusters(np.array([[0.0], [4.0]]), np.array([3.0, 1.0]), 1, rng)
    assert (centre.tolist(), mass.tolist()) == ([[1.0]], [4.0])


def test_nearest_prototype_is_one_of_the_own_class():
    found = nearest_own(
        np.array([[0.0], [0.0]]), np.array([0, 1]), np.array([[5.0], [0.0], [3.0]]), np.array([1, 0, 1])
    )
    assert found.tolist() == [1, 2]


def test_components_are_white_and_those_of_principal_component_analysis(data):
    from sklearn.decomposition import PCA

    X, _ = data
    basis, offset = principal_components(X, components=10, soft=0.0, seed=0)
    z = X @ basis - offset
    np.testing.assert_allclose(np.cov(z.T, bias=True), np.eye(10), atol=1e-3)
    std = np.where(X.std(axis=0) > 0, X.std(axis=0), 1)
    expected = PCA(10, whiten=True).fit_transform((X - X.mean(axis=0)) / std)
    np.testing.assert_allclose(np.abs(np.corrcoef(z.T, expected.T)[:10, 10:]), np.eye(10), atol=0.01)


def test_scatter_within_classes_becomes_round(data):
    rng = np.random.default_rng(0)
    number, weights = rng.integers(0, 3, 5000), rng.uniform(0.5, 2, 5000)
    z = rng.normal(0, [1, 3, 0.5], (5000, 3)) @ rng.normal(0, 1, (3, 3)) + 10 * number[:, None]
    inside = z @ whitening_within(z, number, weights)
    means = np.stack([np.average(inside[number == c], axis=0, weights=weights[number == c]) for c in range(3)])
    values = np.linalg.eigvalsh(np.cov((inside - means[number]).T, aweights=weights))
    spread = np.linalg.eigvalsh(np.cov((z - 10 * number[:, None]).T))
    assert values.max() < 1.2
    assert values.max() / values.min() < 0.3 * spread.max() / spread.min()


@pytest.mark.parametrize("clips", [3, 8, 60])
def test_null_components_are_left_out(clips):
    # Rank 2 at most, so a third component would divide by an eigenvalue that is zero or, by rounding, negative.
    rng = np.random.default_rng(clips)
    X = (rng.normal(0, 1, (clips, 2)) @ rng.normal(0, 1, (2, 50))).astype(np.float32)
    basis, offset = principal_components(X, components=40, soft=0.0, seed=0)
    assert basis.shape[1] == min(2, max(clips // 2, 1))
    np.testing.assert_allclose((X @ basis - offset).std(axis=0), 1, atol=1e-2)


def test_many_clips_are_sampled():
    rng = np.random.default_rng(0)
    X = (rng.normal(0, 1, (MOST_CLIPS + 500, 6)) * [8, 4, 2, 1, 1, 1]).astype(np.float32)
    basis, offset = principal_components(X, components=3, soft=0.15, seed=0)
    np.testing.assert_allclose((X @ basis - offset).std(axis=0), 1, atol=0.05)


def test_silence_is_refused():
    with pytest.raises(InputError, match="the state vectors of all clips are equal"):
        LearnedPrototype().fit(np.zeros((4, 3), np.float32), np.array(["a", "b", "a", "b"]))


@pytest.mark.parametrize("wrong", [{"prototypes": 0}, {"components": 0}, {"pull": -1.0}, {"soft": -1.0}])
def test_wrong_parameters_are_refused(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        LearnedPrototype(**wrong)


def test_two_clips_are_enough():
    X, y = np.array([[0, 1], [1, 0]], np.float32), np.array(["a", "b"])
    classifier = LearnedPrototype().fit(X, y)
    assert classifier.classes_[classifier.scores(X).argmax(axis=1)].tolist() == ["a", "b"]
    assert parameters(classifier)["prototypes"] == 3
