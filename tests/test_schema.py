"""Whether values are of the kinds that annotations say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pytest
from jaxtyping import Float32

from emospike.encoding.contract import Encoder
from emospike.encoding.step_forward import StepForward
from emospike.schema import check_arrays, check_fitted, check_parameters, is_of
from emospike.validation import InputError

NAN = float("nan")


@pytest.mark.parametrize(
    ("value", "kind", "fits"),
    [
        (1, int, True),
        (True, int, False),
        (1.0, int, False),
        (2**63, int, False),
        (1, float, True),
        (NAN, float, False),
        (float("inf"), float, True),
        (None, int | None, True),
        ("a", int | None, False),
        ((1, "a"), tuple[int, str], True),
        ((1,), tuple[int, str], False),
        ((1, 2, 3), tuple[int, ...], True),
        ((1, "a"), tuple[int, ...], False),
        ("ab", Sequence[str], False),
        (("a", "b"), Sequence[str], True),
        ({"a": 1}, Mapping[str, int], True),
        ({"a": "b"}, Mapping[str, int], False),
        ([], Mapping[str, int], False),
        ("low", Literal["low", "high"], True),
        ("mid", Literal["low", "high"], False),
        (object(), Any, True),
        (StepForward(1.0), Encoder, True),
        ("step", Encoder, False),
        (np.zeros((3, 2), np.float32), Float32[np.ndarray, "a 2"], True),
        (np.zeros((3, 1), np.float32), Float32[np.ndarray, "a 2"], False),
        (np.zeros((3, 2)), Float32[np.ndarray, "a 2"], False),
    ],
)
def test_what_an_annotation_says(value, kind, fits):
    assert is_of(value, kind) is fits


@dataclass
class Fitted:
    size: int = 1
    weights_: Float32[np.ndarray, "dims classes"] = field(init=False)
    bias_: Float32[np.ndarray, " classes"] = field(init=False)


def test_axes_of_one_name_are_equally_long():
    fitted = Fitted()
    fitted.weights_, fitted.bias_ = np.zeros((3, 2), np.float32), np.zeros(2, np.float32)
    check_fitted(fitted)
    fitted.bias_ = np.zeros(3, np.float32)
    with pytest.raises(InputError, match="bias of Fitted has another type or shape than expected: float32 of shape"):
        check_fitted(fitted)


def test_names_are_in_the_error():
    with pytest.raises(InputError, match="size of Fitted has a value of another kind than expected"):
        check_parameters(Fitted, {"size": "large"})
    with pytest.raises(InputError, match="a is missing"):
        check_arrays({}, {"a": Float32[np.ndarray, " n"]})
