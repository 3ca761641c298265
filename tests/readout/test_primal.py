"""Ridge regression in the primal gives what the dual gives, and a projection nearly that."""

import numpy as np
import pytest

from emospike.readout.linear import LinearReadout
from emospike.readout.primal import Projection
from emospike.readout.readout import VectorReadout
from emospike.readout.scaling import ScaledRows, SoftScaler

COPIES = 3


def draw(clips=120, dims=40, seed=0):
    """Return counts of clips and their copies, with classes, speakers, and which are recorded."""
    rng = np.random.default_rng(seed)
    label, speaker = rng.integers(0, 3, clips), np.arange(clips) // 10
    rate = 4 + 3 * rng.normal(size=(3, dims))[label] + rng.normal(size=(clips // 10, dims))[speaker]
    counts = rng.poisson(np.abs(np.repeat(rate, COPIES, axis=0))).astype(np.uint8)
    y, who = (np.repeat(one, COPIES).astype(str) for one in (label, speaker))
    return counts, y, who, np.tile(np.arange(COPIES) == 0, clips)


def scale(counts):
    return ScaledRows(counts, SoftScaler(), None, np.zeros(len(counts), int)).fit_scaler()


def test_the_primal_gives_what_the_dual_gives():
    counts, y, who, recorded = draw()
    rows = scale(counts)
    folds = [
        (np.flatnonzero(who.astype(int) % 4 != fold), np.flatnonzero((who.astype(int) % 4 == fold) & recorded))
        for fold in range(4)
    ]
    dual, primal = LinearReadout(alpha=20.0), LinearReadout(alpha=20.0)
    expected = dual.fit_holding_out(rows[:], y, folds)
    got = primal.fit_rows(rows, y, folds, recorded)
    np.testing.assert_allclose(got, expected, atol=2e-4)
    assert np.isnan(got[~recorded]).all()
    for name in ("weights_", "bias_", "expected_", "memory_"):
        np.testing.assert_allclose(getattr(primal, name), getattr(dual, name), atol=2e-4)
    np.testing.assert_allclose(primal.bolder_, dual.bolder_, atol=2e-3)


def test_a_row_of_weight_two_counts_as_two_rows():
    counts, y, *_ = draw()
    rng = np.random.default_rng(1)
    times = rng.integers(1, 3, len(counts))
    rows, twice = scale(counts), np.repeat(np.arange(len(counts)), times)
    several = ScaledRows(counts[twice], rows.scaler, rows.offsets, np.zeros(len(twice), int))
    weighed = LinearReadout(alpha=20.0 / times.mean(), memory=0)
    weighed.fit_rows(rows, y, [], np.ones(len(y), bool), times.astype(np.float32))
    repeated = LinearReadout(alpha=20.0, memory=0)
    repeated.fit_rows(several, y[twice], [], np.ones(len(twice), bool))
    np.testing.assert_allclose(weighed.weights_, repeated.weights_, atol=1e-4)


def test_a_projection_keeps_products_and_unfolds():
    rng = np.random.default_rng(0)
    counts = rng.poisson(3, (60, 5000)).astype(np.uint8)
    rows, projection = scale(counts), Projection(5000, 2000)
    X, S = rows[:], projection.apply(rows)
    lengths = np.sqrt(np.square(X).sum(axis=1))
    error = (S @ S.T - X @ X.T) / np.outer(lengths, lengths)
    assert np.abs(error).max() < 5 / np.sqrt(2000)
    weights = rng.normal(size=(2000, 2)).astype(np.float32)
    np.testing.assert_allclose(X @ projection.unfold(weights), S @ weights, atol=1e-2)
    assert Projection(500, 2000).apply(scale(counts[:, :500])).shape == (60, 500)


@pytest.mark.parametrize("normalise", ["none", "speaker"])
def test_a_readout_of_many_clips_says_what_one_of_few_says(monkeypatch, normalise):
    counts, y, who, recorded = draw()
    few, many = (VectorReadout(SoftScaler(), LinearReadout(alpha=20.0), normalise) for _ in range(2))
    few.fit(counts, y, who, recorded)
    monkeypatch.setattr("emospike.readout.readout.MOST_ROWS", 10)
    many.fit(counts, y, who, recorded)
    np.testing.assert_allclose(many.held_out_, few.held_out_, atol=1e-3)
    speakers = who if normalise == "speaker" else None
    heard = counts.astype(np.float32)
    np.testing.assert_allclose(many.probabilities(heard, speakers), few.probabilities(heard, speakers), atol=1e-3)
