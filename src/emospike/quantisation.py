"""Quantisation: weights as integers of a few bits, times a unit."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float, Int8

from emospike.validation import InputError

BITS = (8, 4)
"""What weights may be kept in."""


def check_bits(bits: int | None) -> None:
    """Raise `InputError` unless weights may be kept in so many bits; None keeps floats."""
    if bits is not None and (isinstance(bits, bool) or bits not in BITS):
        raise InputError(f"bits of a weight: 8 or 4 expected, or None for floats, got {bits!r}")


def largest_integer(bits: int) -> int:
    """Return the largest integer of so many bits, of which the negative is one too.

    >>> largest_integer(8), largest_integer(4)
    (127, 7)
    """
    return (1 << bits - 1) - 1


def round_weights(weights: Float[np.ndarray, ...], bits: int, unit: Any) -> Int8[np.ndarray, ...]:
    """Return the nearest integers of so many bits, by symmetric uniform quantisation.

        q = clip(round(w / unit), -(2^(bits - 1) - 1), 2^(bits - 1) - 1)

    >>> round_weights(np.array([0.5, -0.26, 9.0]), bits=4, unit=0.1).tolist()
    [5, -3, 7]
    """
    most = largest_integer(bits)
    whole: Int8[np.ndarray, ...] = np.clip(np.round(weights / unit), -most, most).astype(np.int8)
    return whole
