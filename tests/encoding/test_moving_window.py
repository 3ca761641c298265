"""Moving-window encoding, by hand and against a loop."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from emospike.encoding.error import reconstruction_error
from emospike.encoding.moving_window import MovingWindow
from emospike.encoding.threshold import accumulate
from emospike.series import Channel, Series
from emospike.validation import InputError


def test_the_mean_of_the_window_by_hand(make):
    series = make([2.0, 2.0, 4.0, 4.0, 4.0, 2.0])
    # mean of the two before: 2 (held), 2, 2, 3, 4, 4
    assert MovingWindow(1.0, window=2).encode(series).dense().ravel().tolist() == [0, 0, 1, 1, 0, -1]
    assert MovingWindow(1.5, window=2).encode(series).dense().ravel().tolist() == [0, 0, 1, 0, 0, -1]


def test_decoding_by_hand(make):
    one = MovingWindow(1.0, window=2)
    decoded = one.decode(one.encode(make([2.0, 2.0, 4.0, 4.0, 4.0, 2.0])), np.float32([2]))
    assert decoded.values.ravel().tolist() == [2.0, 2.0, 3.0, 3.5, 3.25, 2.375]


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(np.float32, st.tuples(st.integers(1, 20), st.just(2)), elements=st.integers(-8, 8).map(float)),
    st.sampled_from([1, 2, 4, 8]),
)
def test_encoding_follows_the_literal_rule(values, window):
    held = np.vstack([np.repeat(values[:1], window, axis=0), values]).astype(np.float64)
    mean = np.stack([held[step : step + window].mean(axis=0) for step in range(len(values))])
    expected = np.where(values >= mean + 1, 1, np.where(values <= mean - 1, -1, 0))
    signs = (
        MovingWindow(1.0, window).encode(Series(values, 100.0, tuple(Channel(name, "audio") for name in "ab"))).dense()
    )
    np.testing.assert_array_equal(signs, expected)


def test_one_threshold_a_channel(make):
    series = make([[0, 0], [1, 1]])
    assert MovingWindow((1.0, 2.0)).encode(series).dense().tolist() == [[0, 0], [1, 0]]


def test_a_window_of_nothing_is_an_error():
    with pytest.raises(InputError, match="window must be 1 step or more"):
        MovingWindow(0.5, window=0)


def test_on_speech_the_running_mean_rebuilds_better_than_the_sum(speech):
    one = MovingWindow.fit(speech[1:])
    spikes, start = one.encode(speech[0]), speech[0].values[0]
    mean = reconstruction_error(speech[0], one.decode(spikes, start)).overall
    assert mean < reconstruction_error(speech[0], accumulate(spikes, one.threshold, start)).overall
