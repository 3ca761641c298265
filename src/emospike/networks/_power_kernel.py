"""Powers that numba turns into vector instructions; the library's own would be a call for each number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, no_type_check

import numpy as np
from numba import types
from numba.extending import overload

from emospike.compiling import compile_kernel

Numbers = tuple[np.float32, ...]
# log2(m) / (m − 1) on 1..2 and 2^f on 0..1, interpolated at Chebyshev nodes; ascending powers
LOG2: Numbers = tuple(
    map(np.float32, (3.3082973, -4.1402752, 4.0228051, -2.5407511, 0.98732701, -0.21472671, 0.020016650))
)
EXP2: Numbers = tuple(map(np.float32, (0.99999990, 0.69315449, 0.24014182, 0.055860337, 0.0089495904, 0.0018937541)))
ONE, BIAS, MANTISSA, PLACES, LEAST = np.float32(1), np.int32(127), np.int32(0x7FFFFF), np.int32(23), np.float32(-126)


@no_type_check
def power(x: Any, exponent: Any) -> Any:
    """Return ``x ** exponent`` for x of 0 or more.

    In float32 it is 2^(exponent · log2(x)) by two polynomials: relative error below 3e-6 for exponents up to 1, and
    2^(-127 exponent) or less, not 0, at x = 0. In float64 it is exact.
    """
    return x**exponent


@overload(power, jit_options={"fastmath": {"contract", "nsz"}, "error_model": "numpy"})
@no_type_check
def _power(x: Any, exponent: Any) -> Callable[[Any, Any], Any]:
    return _fast_power if x == types.float32 else _exact_power


@no_type_check
def _exact_power(x: Any, exponent: Any) -> Any:
    return x**exponent


@no_type_check
def _fast_power(x: Any, exponent: Any) -> Any:
    bits = np.float32(x).view(np.int32)
    m = np.int32((bits & MANTISSA) | (BIAS << PLACES)).view(np.float32)
    a, b, c, d, e, f, g = LOG2
    log = (m - ONE) * (a + m * (b + m * (c + m * (d + m * (e + m * (f + m * g))))))
    y = max(exponent * (np.float32(np.int32((bits >> PLACES) - BIAS)) + log), LEAST)
    whole = np.floor(y)
    z = y - whole
    a, b, c, d, e, f = EXP2
    return np.int32((np.int32(whole) + BIAS) << PLACES).view(np.float32) * (
        a + z * (b + z * (c + z * (d + z * (e + z * f))))
    )


@compile_kernel(error_model="numpy", nogil=True)
@no_type_check
def powers(x: np.ndarray[Any, np.dtype[Any]], exponent: Any, out: np.ndarray[Any, np.dtype[Any]]) -> None:
    """Write the power of every number to `out`."""
    for i in range(x.size):
        out[i] = power(x[i], exponent)
