"""Parameters as plain values."""

import numpy as np
import pytest

from emospike.encoding.parameters import per_channel, plain
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
