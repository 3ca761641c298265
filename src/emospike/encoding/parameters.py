"""Encoder parameters: one number for all channels or one a channel, kept as plain Python values.

A sequence of either kind is accepted, since JSON knows no tuples; an encoder keeps a tuple. Thresholds and ranges are
fitted on training clips: pass training clips only, or the test set leaks in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from jaxtyping import Float64

from emospike.series import Channel, Series
from emospike.validation import InputError, within

Values = float | Sequence[float]


def make_plain(name: str, value: object) -> Values:
    """Return a float, or a tuple of floats: what JSON, NumPy and users write, made comparable and hashable.

    >>> make_plain("threshold", [1, 2])
    (1.0, 2.0)
    """
    array = np.asarray(value, np.float64)
    if array.ndim > 1 or not np.isfinite(array).all():
        raise InputError(f"{name} must be one finite number or one a channel, got {value}")
    return float(array) if array.ndim == 0 else tuple(array.tolist())


def check_threshold(value: object) -> Values:
    """Return `make_plain(value)`; raise `InputError` unless every threshold is above zero."""
    threshold = make_plain("threshold", value)
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


def neucube_threshold(series: Iterable[Series], a: float = 0.5) -> tuple[float, ...]:
    """Return NeuCube's threshold θ of each channel, in the unit of the series.

        θ_c = mean over clips of (mean_t |d_tc| + a · std_t |d_tc|),   d_tc = x_tc − x_(t−1)c

    The deviation is that of the population; each clip weighs the same; clips of one step are left out. A
    channel that never changes in training takes the median threshold of those that do (1 if none does), so
    that it stays as quiet as they are.

    Source: the rule and a = 0.5 of NeuCube (Kasabov 2014, doi 10.1016/j.neunet.2014.01.006) for
    threshold-based, step-forward and moving-window encoding.

    Raises `InputError` if no clip has two steps, clips differ in channels, or `a` makes a threshold ≤ 0.

    >>> channels = Channel("a", "audio"), Channel("constant", "audio")
    >>> clip = Series(np.float32([[0, 5], [1, 5], [4, 5]]), 100.0, channels)
    >>> neucube_threshold([clip], a=0.5)   # changes 1 and 3: mean 2, deviation 1
    (2.5, 2.5)
    """
    changes = (np.abs(np.diff(one.values.astype(np.float64), axis=0)) for one in _check_alike(series, steps=2))
    clips = [(change.mean(axis=0), change.std(axis=0)) for change in changes]
    mean, deviation = np.mean(clips, axis=0)
    threshold, moving = mean + a * deviation, mean > 0
    threshold[~moving] = np.median(threshold[moving]) if moving.any() else 1.0
    if threshold.size and threshold.min() <= 0:
        raise InputError(f"a = {a} makes a threshold of {threshold.min():.3g}: choose a larger a")
    return tuple(threshold.tolist())


def percentile_range(
    series: Iterable[Series], low: float = 1.0, high: float = 99.0
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the `low`-th and `high`-th percentile of each channel over all steps of all clips.

    In the unit of the series. A channel that is constant between them gets a range of 1 above its value, so
    that this value maps to 0 and stays silent.

    >>> clip = Series(np.arange(101, dtype=np.float32)[:, None], 100.0, (Channel("a", "audio"),))
    >>> percentile_range([clip])
    ((1.0,), (99.0,))
    """
    within("low percentile", low, 0.0, 100.0)
    within("high percentile", high, low, 100.0)
    values = np.concatenate([one.values for one in _check_alike(series, steps=1)])
    bottom, top = np.percentile(values, [low, high], axis=0, overwrite_input=True).astype(np.float64)
    return tuple(bottom.tolist()), tuple(np.where(top > bottom, top, bottom + 1).tolist())


def _check_alike(series: Iterable[Series], steps: int) -> Iterator[Series]:
    """Yield the clips of at least `steps` steps; raise unless there is one and all have the same channels."""
    channels: tuple[Channel, ...] | None = None
    for one in series:
        if channels is not None and one.channels != channels:
            raise InputError(
                f"clips with the same {len(channels)} channels expected, got {len(one.channels)} channels or "
                "other names: compute the same feature for all"
            )
        if len(one) >= steps:
            channels = one.channels
            yield one
    if channels is None:
        raise InputError(f"at least one training clip of {steps} or more steps expected, got none")
