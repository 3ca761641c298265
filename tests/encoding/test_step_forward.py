"""Step-forward encoding against its definition."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from emospike.encoding.error import reconstruction_error
from emospike.encoding.step_forward import StepForward
from emospike.series import Channel, Series
from emospike.validation import InputError


def literal(values, threshold):
    """The rule as it is written, one sample at a time."""
    signs = np.zeros(values.shape, np.int8)
    for channel, theta in enumerate(threshold):
        base = float(values[0, channel])
        for step, x in enumerate(values[:, channel].tolist()):
            if x >= base + theta:
                signs[step, channel], base = 1, base + theta
            elif x <= base - theta:
                signs[step, channel], base = -1, base - theta
    return signs


def test_a_staircase_by_hand(make):
    series = make([5.0, 5.4, 5.5, 7.0, 7.0, 7.0, 6.5, 6.4])
    spikes = StepForward(0.5).encode(series)
    # base     5.0  5.0  5.5  6.0  6.5  7.0  6.5  6.5: equality with the threshold counts, one stair a step
    assert spikes.dense().ravel().tolist() == [0, 0, 1, 1, 1, 1, -1, 0]
    decoded = StepForward(0.5).decode(spikes, series.values[0])
    assert decoded.values.ravel().tolist() == [5.0, 5.0, 5.5, 6.0, 6.5, 7.0, 6.5, 6.5]


def test_one_threshold_a_channel(make):
    series = make([[0, 0], [1, 1], [0, 0]])
    assert StepForward((1.0, 2.0)).encode(series).dense().tolist() == [[0, 0], [1, 0], [-1, 0]]
    assert StepForward((1.0, 1.0)).encode(series).counts().tolist() == StepForward(1).encode(series).counts().tolist()


@settings(max_examples=60, deadline=None)
@given(
    values=hnp.arrays(np.float32, st.tuples(st.integers(1, 30), st.just(3)), elements=st.floats(-9, 9, width=32)),
    threshold=st.tuples(*[st.floats(0.01, 4)] * 3),
)
def test_the_kernel_follows_the_literal_rule(values, threshold):
    spikes = StepForward(threshold).encode(Series(values, 100.0, tuple(Channel(name, "audio") for name in "abc")))
    np.testing.assert_array_equal(spikes.dense(), literal(values, threshold))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=60), st.floats(0.1, 2))
def test_a_signal_no_steeper_than_the_threshold_is_kept_within_it(slopes, threshold):
    values = np.cumsum(np.float32(slopes) * np.float32(threshold), dtype=np.float32)[:, None]
    series = Series(values, 100.0, (Channel("a", "audio"),))
    one = StepForward(threshold)
    decoded = one.decode(one.encode(series), values[0])
    assert np.abs(values - decoded.values).max() <= threshold * (1 + 1e-5)


def test_the_wave_is_rebuilt_within_the_threshold(wave):
    one = StepForward(0.4)
    decoded = one.decode(one.encode(wave), wave.values[0])
    assert np.abs(wave.values - decoded.values).max() < 0.4


def test_decoding_starts_at_zero_unless_told(make):
    one, series = StepForward(0.5), make([3.0, 4.0])
    assert one.decode(one.encode(series)).values.ravel().tolist() == [0.0, 0.5]
    with pytest.raises(InputError, match="start must be one number or 1"):
        one.decode(one.encode(series), np.zeros(2, np.float32))


@pytest.mark.parametrize("threshold", [0.0, -1.0, (1.0, 0.0), float("nan")])
def test_thresholds_that_cannot_be_used_are_errors(threshold):
    with pytest.raises(InputError, match="threshold must be"):
        StepForward(threshold)


def test_fitted_on_speech_it_rebuilds_unseen_speech(speech):
    one = StepForward.fit(speech[1:], a=1.0)
    unseen = speech[0]
    spikes = one.encode(unseen)
    error = reconstruction_error(unseen, one.decode(spikes, unseen.values[0]))
    assert error.overall < 0.15
    assert 0.05 < len(spikes) / unseen.values.size < 0.5
    silent = reconstruction_error(unseen, unseen.with_values(np.zeros_like(unseen.values) + unseen.values[0]))
    assert silent.overall > 1
