"""Threshold-based representation, by hand and on speech."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from emospike.encoding.error import reconstruction_error
from emospike.encoding.step_forward import StepForward
from emospike.encoding.threshold import ThresholdBased
from emospike.series import Channel, Series


def test_jumps_by_hand(make):
    series = make([1.0, 1.5, 1.75, 3.75, 3.25, 3.0])
    one = ThresholdBased(0.5)
    spikes = one.encode(series)
    assert spikes.dense().ravel().tolist() == [0, 1, 0, 1, -1, 0]
    decoded = one.decode(spikes, series.values[0])
    assert decoded.values.ravel().tolist() == [1.0, 1.5, 1.5, 2.0, 1.5, 1.5]


def test_one_threshold_a_channel(make):
    series = make([[0, 0], [1, 1], [0, 0]])
    assert ThresholdBased((1.0, 2.0)).encode(series).dense().tolist() == [[0, 0], [1, 0], [-1, 0]]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from([-0.5, 0.0, 0.5]), min_size=1, max_size=40))
def test_a_signal_that_jumps_by_the_threshold_is_rebuilt_exactly(jumps):
    series = Series(np.cumsum(jumps, dtype=np.float32)[:, None], 100.0, (Channel("a", "audio"),))
    one = ThresholdBased(0.5)
    np.testing.assert_array_equal(one.decode(one.encode(series), series.values[0]).values, series.values)


def test_on_speech_it_drifts_where_step_forward_does_not(speech):
    errors = {}
    for kind in (ThresholdBased, StepForward):
        one = kind.fit(speech[1:])
        errors[kind] = reconstruction_error(speech[0], one.decode(one.encode(speech[0]), speech[0].values[0]))
    assert errors[ThresholdBased].overall > 2 * errors[StepForward].overall
