"""Compilation of kernels, kept on disk where that can be written to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit


def compile_kernel(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Return numba's `njit` with these options, whose code is kept beside the module or in the user's cache.

    Where neither can be written to (a read-only installation without a home), every process compiles anew.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        try:
            return njit(cache=True, **options)(function)
        except RuntimeError:  # "cannot cache function: no locator available"
            return njit(**options)(function)

    return decorate
