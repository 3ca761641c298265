"""Parameters as plain values, and ranges."""

import numpy as np
import pytest

from emospike.encoding.parameters import from_unit, per_channel, plain, plain_range, to_unit
from emospike.encoding.step_forward import StepForward
from emospike.validation import InputError


@pytest.mark.parametrize("value", [(1.0, 2.0), [1, 2], np.float32([1, 2]), np.array([1, 2])])
def test_whatever_holds_numbers_becomes_a_tuple_of_floats(value):
    assert plain("x", value) == (1.0, 2.0)
    assert {type(one) for one in plain("x", value)} == {float}


@pytest.mark.parametrize("value", [1, 1.0, np.float32(1), np.array(1)])
def test_one_number_becomes_a_float(value):
    assert type(plain("x", value)) is float


def test_a_matrix_is_an_error():
    with pytest.raises(InputError, match="x must be one finite number or one a channel"):
        plain("x", [[1.0]])


def test_one_number_serves_all_channels():
    assert per_channel("x", 2.0, 3).tolist() == [2.0, 2.0, 2.0]
    assert per_channel("x", (1.0, 2.0), 2).tolist() == [1.0, 2.0]
    with pytest.raises(InputError, match="x must be one number or 3, one a channel, got 2"):
        per_channel("x", (1.0, 2.0), 3)


def test_a_range_goes_to_the_unit_interval_and_back(make):
    series = make([[0, -5], [1, 0], [2, 5], [9, 99]])
    unit = to_unit(series, (0.0, -5.0), (2.0, 5.0))
    assert unit.tolist() == [[0, 0], [0.5, 0.5], [1, 1], [1, 1]]
    back = from_unit(unit, StepForward().encode(series), (0.0, -5.0), (2.0, 5.0))
    np.testing.assert_array_equal(back.values[:3], series.values[:3])


def test_one_side_of_a_range_may_be_shared():
    assert plain_range(0, [1, 2]) == (0.0, (1.0, 2.0))
    with pytest.raises(InputError, match="low must lie below high"):
        plain_range(1, [1, 2])
