"""Send-on-delta: a channel spikes for each `delta` that it has moved since it last did."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32


def send_on_delta(
    values: Float32[np.ndarray, "... steps channels"], delta: float
) -> Float32[np.ndarray, "... steps channels"]:
    """Return the level, a multiple of `delta`, that spikes tell of each channel.

        n[t] = n[t-1] + trunc(x[t] / delta - n[t-1]);  level = delta n

    The level starts from 0, and n[t] - n[t-1] are the spikes of step t: up or down, and several after a leap. So the
    value is never further than `delta` from its level, however fast it moves, where `StepForward` sends one spike a
    step and lags behind.

    Source: Miskowicz 2006 (send-on-delta), the code of event cameras and silicon cochleas.

    >>> send_on_delta(np.float32([[0.4], [1.7], [1.1], [0.6], [-1.2]]), 0.5).ravel().tolist()
    [0.0, 1.5, 1.5, 1.0, -1.0]
    """
    units = np.ascontiguousarray(np.moveaxis(values / np.float32(delta), -2, 0))  # a step is one block of memory
    level = np.zeros(units.shape[1:], np.float32)
    levels, change = np.empty_like(units), np.empty_like(level)
    for t, one in enumerate(units):
        np.trunc(np.subtract(one, level, out=change), out=change)
        level = np.add(level, change, out=levels[t])
    return np.float32(delta) * np.moveaxis(levels, 0, -2)
