"""Parameters as plain values."""

import numpy as np
import pytest

from emospike.encoding.parameters import make_plain, neucube_threshold, per_channel, percentile_range
from emospike.validation import InputError


@pytest.mark.parametrize("value", [(1.0, 2.0), [1, 2], np.float32([1, 2]), np.array([1, 2])])
def test_whatever_holds_numbers_becomes_a_tuple_of_floats(value):
    assert make_plain("x", value) == (1.0, 2.0)
    assert {type(one) for one in make_plain("x", value)} == {float}


@pytest.mark.parametrize("value", [1, 1.0, np.float32(1), np.array(1)])
def test_one_number_becomes_a_float(value):
    assert type(make_plain("x", value)) is float


def test_a_matrix_is_an_error():
    with pytest.raises(InputError, match="x must be one finite number or one a channel"):
        make_plain("x", [[1.0]])


def test_one_number_serves_all_channels():
    assert per_channel("x", 2.0, 3).tolist() == [2.0, 2.0, 2.0]
    assert per_channel("x", (1.0, 2.0), 2).tolist() == [1.0, 2.0]
    with pytest.raises(InputError, match="x must be one number or 3, one a channel, got 2"):
        per_channel("x", (1.0, 2.0), 3)


def test_the_rule_by_hand_each_clip_weighing_the_same(make):
    first, second = make([0.0, 1.0, 4.0]), make([0.0, -2.0, 0.0, -2.0, 0.0])
    # changes 1, 3: mean 2, deviation 1; changes 2, 2, 2, 2: mean 2, deviation 0
    assert neucube_threshold([first], a=0.5) == (2.5,)
    assert neucube_threshold([first, second], a=1.0) == (2.5,)


def test_a_constant_channel_takes_the_median_of_the_others(make):
    values = np.zeros((3, 4))
    values[1, :3] = [1.0, 2.0, 9.0]  # mean change 1, 2, 9
    assert neucube_threshold([make(values)], a=0.0) == (1.0, 2.0, 9.0, 2.0)
    assert neucube_threshold([make(np.full((5, 2), 7.0))]) == (1.0, 1.0)


def test_clips_of_one_step_are_left_out(make):
    assert neucube_threshold([make([9.0]), make([0.0, 2.0])], a=0.0) == (2.0,)
    with pytest.raises(InputError, match="at least one training clip of 2 or more steps"):
        neucube_threshold([make([9.0])])


def test_clips_of_other_channels_are_an_error(make):
    clips = [make([0.0, 1.0]), make([[0, 1], [1, 0]])]
    for fit in (neucube_threshold, percentile_range):
        with pytest.raises(InputError, match="same 1 channels expected, got 2"):
            fit(clips)


def test_an_a_that_leaves_no_threshold_is_an_error(make):
    with pytest.raises(InputError, match="choose a larger a"):
        neucube_threshold([make([0.0, 1.0, 4.0])], a=-2.0)


def test_percentiles_run_over_all_steps_of_all_clips(make):
    clips = [make(np.arange(50.0)), make(np.arange(50.0, 101.0))]
    before = [clip.values.copy() for clip in clips]
    assert percentile_range(clips, 10.0, 90.0) == ((10.0,), (90.0,))
    for clip, values in zip(clips, before, strict=True):
        np.testing.assert_array_equal(clip.values, values)
    percentile_range(clips[:1])
    np.testing.assert_array_equal(clips[0].values, before[0])


def test_the_range_of_a_constant_channel_is_one_above_it(make):
    assert percentile_range([make(np.full(5, 3.0))]) == ((3.0,), (4.0,))


@pytest.mark.parametrize("bounds", [(-1.0, 50.0), (60.0, 40.0), (50.0, 101.0)])
def test_percentiles_out_of_order_are_errors(make, bounds):
    with pytest.raises(InputError, match="percentile must lie in"):
        percentile_range([make([0.0, 1.0])], *bounds)


def test_thresholds_of_speech_are_plain_numbers_of_its_own_size(speech):
    thresholds = neucube_threshold(speech)
    assert len(thresholds) == 40
    assert all(type(one) is float for one in thresholds)
    assert 0.3 < np.mean(thresholds) < 1.5
