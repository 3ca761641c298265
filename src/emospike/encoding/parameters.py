"""Encoder parameters: one number for all channels or one a channel, kept as plain Python values.

A sequence of either kind is accepted, since JSON knows no tuples; an encoder keeps a tuple.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64

from emospike.validation import InputError

Values = float | Sequence[float]


def plain(name: str, value: object) -> Values:
    """Return a float, or a tuple of floats: what JSON, NumPy and users write, made comparable and hashable.

    >>> plain("threshold", [1, 2])
    (1.0, 2.0)
    """
    array = np.asarray(value, np.float64)
    if array.ndim > 1 or not np.isfinite(array).all():
        raise InputError(f"{name} must be one finite number or one a channel, got {value}")
    return float(array) if array.ndim == 0 else tuple(array.tolist())


def plain_threshold(value: object) -> Values:
    """Return `plain(value)`; raise `InputError` unless every threshold is above zero."""
    threshold = plain("threshold", value)
    if np.any(np.asarray(threshold) <= 0):
        raise InputError(f"threshold must be above 0 in every channel, got {np.min(threshold)}")
    return threshold


def keep(step: object, **fields: object) -> None:
    """Set fields of a frozen dataclass; only for its `__post_init__`."""
    for name, value in fields.items():
        object.__setattr__(step, name, value)


def per_channel(name: str, value: object, channels: int) -> Float64[np.ndarray, " channels"]:
    """Return one number a channel; raise `InputError` if there are more or fewer numbers than channels."""
    array = np.asarray(value, np.float64)
    if array.ndim and array.shape != (channels,):
        raise InputError(f"{name} must be one number or {channels}, one a channel, got {array.size}")
    return np.full(channels, array)
