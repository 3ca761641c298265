"""Sigma-delta code, by hand, against a loop, and on speech."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emospike.encoding.error import reconstruction_error
from emospike.encoding.sigma_delta import SigmaDelta, sigma_delta
from emospike.series import Channel, Series
from emospike.validation import InputError


def test_the_accumulator_by_hand(make):
    series = make([1.0, 1.0, 0.5, 0.0, 0.5, 1.0])
    # charge .5 .5 .25 0 .25 .5 -> accumulator .5 1! .25 .25 .5 1!
    assert SigmaDelta(max_rate=50.0).encode(series).step.tolist() == [1, 5]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 64).map(lambda n: n / 64), min_size=1, max_size=60))
def test_the_closed_form_is_the_accumulator(charge):
    held, expected = 0.0, []
    for part in charge:
        held += part
        expected.append(int(held >= 1))
        held -= expected[-1]
    assert sigma_delta(np.array(charge)[:, None]).ravel().tolist() == expected


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-1, 2, width=32), min_size=1, max_size=80), st.floats(1, 100))
def test_the_count_is_the_integral_to_within_one_spike(values, max_rate):
    series = Series(np.float32(values)[:, None], 100.0, (Channel("a", "audio"),))
    count = np.cumsum(SigmaDelta(max_rate=max_rate).encode(series).dense())
    integral = np.cumsum(np.clip(np.float64(values), 0, 1)) * max_rate / 100
    assert np.abs(integral - count).max() < 1 + 1e-9


def test_one_range_a_channel(make):
    spikes = SigmaDelta(low=(0.0, 10.0), high=(2.0, 30.0), max_rate=100.0).encode(make(np.tile([1.0, 15.0], (40, 1))))
    assert spikes.counts().tolist() == [[20.0, 10.0], [0.0, 0.0]]


def test_a_steady_level_is_decoded(make):
    one = SigmaDelta(low=-10.0, high=10.0, max_rate=100.0)
    decoded = one.decode(one.encode(make(np.full(100, 5.0))), window=4)
    np.testing.assert_allclose(decoded.values[4:-4], 5.0)


def test_a_rate_above_the_grid_is_an_error(make):
    with pytest.raises(InputError, match="at most the series' 30 steps per second"):
        SigmaDelta().encode(make([0.0, 1.0], rate=30.0))


def test_fitted_on_speech_the_rate_tells_the_level(speech):
    one = SigmaDelta.fit(speech[1:], max_rate=100.0)
    assert reconstruction_error(speech[0], one.decode(one.encode(speech[0]))).overall < 0.2
