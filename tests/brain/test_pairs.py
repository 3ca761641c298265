"""Rejection sampling of pairs draws exactly the distribution that a full matrix of probabilities would."""

import numpy as np
import pytest

from emospike.brain.pairs import average_kernel, compute_square_distance, draw_fixed, draw_independent
from emospike.brain.template import BrainTemplate
from emospike.validation import InputError

POSITIONS = BrainTemplate.mni152(1500, seed=5).positions
SQUARES = compute_square_distance(POSITIONS[:, None], POSITIONS[None])
BINS = np.arange(0, 80, 6) ** 2
REACHES = {
    "constant": np.full(1500, 20.0),
    "per neuron": np.linspace(8, 30, 1500),
    "infinite": np.full(1500, np.inf),
}


def dense_kernel(reach: np.ndarray) -> np.ndarray:
    kernel = np.exp(-SQUARES / reach[:, None] ** 2)
    np.fill_diagonal(kernel, 0)
    return kernel


def assert_agrees(post: np.ndarray, pre: np.ndarray, probability: np.ndarray) -> None:
    """Counts by distance, by postsynaptic neuron and in total must lie within 4.5 standard deviations."""
    drawn = np.zeros_like(probability)
    drawn[post, pre] = 1
    assert drawn.sum() == len(post)  # no pair twice
    ring = np.digitize(SQUARES, BINS)
    for groups in (ring, np.arange(1500)[:, None] // 100 + 0 * ring, np.zeros_like(ring)):
        count, expected, variance = (
            np.bincount(groups.ravel(), values.ravel())
            for values in (drawn, probability, probability * (1 - probability))
        )
        assert np.all(np.abs(count - expected) <= 4.5 * np.sqrt(variance) + 3)


@pytest.mark.parametrize("name", REACHES)
@pytest.mark.parametrize("peak", [0.05, 0.9])
def test_independent_pairs_have_their_probability(name: str, peak: float) -> None:
    peak = peak / 100 if name == "infinite" else peak
    pairs = draw_independent(POSITIONS, REACHES[name], peak, 50_000, np.random.default_rng(0))
    assert_agrees(*pairs, peak * dense_kernel(REACHES[name]))


@pytest.mark.parametrize("name", REACHES)
def test_single_partner_is_drawn_in_proportion(name: str) -> None:
    pairs = draw_fixed(POSITIONS, REACHES[name], 1, np.random.default_rng(0))
    kernel = dense_kernel(REACHES[name])
    assert_agrees(*pairs, kernel / kernel.sum(axis=1, keepdims=True))


def test_several_partners_follow_sequential_draws() -> None:
    """Without replacement: like the smallest E / g of a full matrix, E exponential (Efraimidis and Spirakis 2006)."""
    post, pre = draw_fixed(POSITIONS, REACHES["constant"], 8, np.random.default_rng(1))
    rng = np.random.default_rng(2)
    with np.errstate(divide="ignore"):
        rank = rng.standard_exponential(SQUARES.shape) / dense_kernel(REACHES["constant"])
    nearest = np.argsort(rank, axis=1)[:, :8]
    ours, theirs = SQUARES[post, pre], np.take_along_axis(SQUARES, nearest, axis=1).ravel()
    assert np.all(np.bincount(post) == 8)
    ours, theirs = np.histogram(ours, BINS)[0], np.histogram(theirs, BINS)[0]
    assert np.all(np.abs(ours - theirs) <= 4.5 * np.sqrt(ours + theirs) + 3)


def test_memory_bound_does_not_change_the_distribution() -> None:
    """`expected` only decides how many cells are drawn at once."""
    for expected in (1.0, 1e9):
        pairs = draw_independent(POSITIONS, REACHES["constant"], 0.3, expected, np.random.default_rng(0))
        assert_agrees(*pairs, 0.3 * dense_kernel(REACHES["constant"]))


def test_mean_kernel_matches_the_matrix() -> None:
    exact = dense_kernel(REACHES["per neuron"]).mean()
    assert average_kernel(POSITIONS, REACHES["per neuron"]) == pytest.approx(exact, rel=1e-4)
    assert average_kernel(POSITIONS, REACHES["per neuron"], pairs=300_000) == pytest.approx(exact, rel=0.05)


def test_too_short_a_reach_is_explained() -> None:
    with pytest.raises(InputError, match="raise length or lower fan_in"):
        draw_fixed(POSITIONS[:500], np.full(500, 0.5), 12, np.random.default_rng(0))
