"""Poisson rate code: the rate, and random numbers that know nothing of the clip."""

import numpy as np
import pytest

from emospike.encoding.poisson import PoissonRate, draw_poisson
from emospike.validation import InputError


@pytest.mark.parametrize(("value", "hertz"), [(0.0, 0.0), (0.25, 12.5), (1.0, 50.0), (9.0, 50.0), (-9.0, 0.0)])
def test_the_rate_follows_the_value_within_its_range(make, value, hertz):
    series = make(np.full((20000, 1), value))
    spikes = PoissonRate(max_rate=50.0).encode(series)
    deviation = np.sqrt(20000 * hertz / 100 * (1 - hertz / 100)) / series.seconds
    assert abs(len(spikes) / series.seconds - hertz) <= 4 * deviation
    assert (spikes.sign == 1).all()


def test_at_the_rate_of_the_series_full_scale_spikes_at_every_step(make):
    series = make(np.ones((50, 2)))
    assert len(PoissonRate(max_rate=100.0).encode(series)) == 100


def test_the_seed_decides(make):
    series = make(np.full((500, 3), 0.5))
    spikes = [PoissonRate(seed=seed).encode(series).dense() for seed in (1, 1, 2)]
    np.testing.assert_array_equal(spikes[0], spikes[1])
    assert (spikes[0] != spikes[2]).any()


def test_two_clips_differ_only_where_their_values_do(make):
    values = np.full((200, 2), 0.5)
    other = values.copy()
    other[100:] = 0.9
    short, long = PoissonRate().encode(make(values[:100])), PoissonRate().encode(make(other))
    np.testing.assert_array_equal(short.dense(), long.dense()[:100])
    # the same random numbers: a higher value keeps every spike of the lower one
    assert (long.dense() >= PoissonRate().encode(make(values)).dense()).all()


def test_a_rate_above_the_grid_is_an_error(make):
    with pytest.raises(InputError, match=r"at most the series' 50 steps per second expected, got 63\.75 Hz"):
        PoissonRate().encode(make([0.0, 1.0], rate=50.0))
    with pytest.raises(InputError, match="max_rate must be above 0"):
        PoissonRate(max_rate=0.0)


def test_fitted_on_speech_loud_bands_fire_more(speech):
    spikes = PoissonRate.fit(speech[1:]).encode(speech[0])
    loud = speech[0].values.mean(axis=1) > np.median(speech[0].values.mean(axis=1))
    rates = spikes.dense()[loud].mean(), spikes.dense()[~loud].mean()
    assert rates[0] > 2 * rates[1]


# -- a pattern that is held ------------------------------------------------------------------------------------


def test_a_pattern_has_the_rate_and_the_gaps_of_a_bernoulli_process():
    p = np.array([0.0, 0.2, 0.6, 1.0])
    spikes = draw_poisson(p, 1000.0, 0.5, 40_000, seed=1)
    share = np.bincount(spikes.channel, minlength=4) / 40_000
    np.testing.assert_allclose(share, 0.5 * p, atol=0.01)
    gaps = np.diff(spikes.step[spikes.channel == 2])
    np.testing.assert_allclose(np.bincount(gaps)[1:6] / len(gaps), 0.3 * 0.7 ** np.arange(5), atol=0.01)
    pairs = [set(spikes.step[spikes.channel == line].tolist()) for line in (2, 3)]
    assert len(pairs[0] & pairs[1]) / 40_000 == pytest.approx(0.3 * 0.5, abs=0.01)


def test_a_pattern_depends_on_the_seed_alone():
    values = np.random.default_rng(0).random((12, 8))
    one, same, other = (draw_poisson(values, 63.75, 0.5, 700, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.channel, same.channel)
    assert not np.array_equal(one.offsets, other.offsets)
    assert (one.steps, one.rate, one.units, set(one.sign)) == (700, 2000.0, 96, {1})
    at = one.offsets[40]
    assert (one.step[at - 1], one.step[at]) == (39, 40)


@pytest.mark.parametrize(("value", "rate", "words"), [(1.0, 3000.0, "max_rate"), (np.nan, 63.75, "NaN")])
def test_a_pattern_that_cannot_be_drawn_is_refused(value, rate, words):
    with pytest.raises(InputError, match=words):
        draw_poisson(np.array([value]), rate, 0.5, 10, 0)
