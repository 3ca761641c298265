"""What codes of a level share: the range and the highest rate."""

import numpy as np
import pytest

from emospike.encoding.ranged import Ranged, RateCode
from emospike.encoding.step_forward import StepForward
from emospike.validation import InputError


def test_a_range_goes_to_the_unit_interval_and_back(make):
    series, one = make([[0, -5], [1, 0], [2, 5], [9, 99]]), Ranged((0.0, -5.0), (2.0, 5.0))
    unit = one.to_unit(series)
    assert unit.tolist() == [[0, 0], [0.5, 0.5], [1, 1], [1, 1]]
    back = one.from_unit(unit, StepForward().encode(series))
    np.testing.assert_array_equal(back.values[:3], series.values[:3])
    assert (back.rate, back.channels) == (series.rate, series.channels)


def test_one_side_of_a_range_may_be_shared():
    assert Ranged(0, [1, 2]) == Ranged(0.0, (1.0, 2.0))
    with pytest.raises(InputError, match="low must lie below high"):
        Ranged(1, [1, 2])
    with pytest.raises(InputError, match="equally long, got 2 and 3 values"):
        Ranged([0, 0], [1, 1, 1])


def test_fit_takes_the_range_from_clips_and_the_rest_from_the_caller(make):
    clips = [make(np.arange(51)), make(np.arange(51, 101))]
    fitted = RateCode.fit(clips, (10, 90), max_rate=20)
    assert fitted == RateCode((10.0,), (90.0,), 20.0)
    assert type(fitted.max_rate) is float
    with pytest.raises(TypeError, match="threshold"):
        RateCode.fit(clips, threshold=1.0)


def test_a_rate_has_room_on_the_grid():
    assert RateCode(max_rate=50).per_step(200.0) == 0.25
    with pytest.raises(InputError, match="at most the series' 40 steps per second expected, got 50 Hz"):
        RateCode(max_rate=50).per_step(40.0)
    with pytest.raises(InputError, match="max_rate must be above 0"):
        RateCode(max_rate=0)
