"""Step-forward encoding (SF): a staircase that follows the signal, one spike for each stair."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import no_type_check

import numpy as np
from jaxtyping import Float32, Float64, Int8, Int32

from emospike.compiling import compile_kernel
from emospike.encoding.parameters import Values, check_threshold, keep, neucube_threshold, per_channel
from emospike.encoding.threshold import accumulate
from emospike.series import Series
from emospike.spikes import Spikes


@dataclass(frozen=True)
class StepForward:
    """Spike where the signal leaves the band B ± θ, and move the base B by θ towards it.

        B_0 = x_0
        s_t = +1 if x_t ≥ B_(t−1) + θ,   −1 if x_t ≤ B_(t−1) − θ,   else 0
        B_t = B_(t−1) + θ · s_t

    Decoding rebuilds the base: x̂_t = start + θ · Σ_(u≤t) s_u = B_t. While the signal changes by no more than
    θ a step, |x_t − x̂_t| < θ; a steeper signal runs ahead and is caught up with at θ a step.
    So both a small and a large θ lose: on unseen log-mel spectrograms at 10 ms the normalised MSE is 0.19, 0.10,
    0.08 and 0.15 with `fit` at a = 0, 0.5, 1 and 2.5.

    Attributes
    ----------
    threshold : θ > 0 in the unit of the series, one for all channels or one a channel

    Source: NeuCube, Kasabov 2014, doi 10.1016/j.neunet.2014.01.006; Petro, Kasabov & Kiss 2020,
    doi 10.1109/TNNLS.2019.2906158, which finds it the most accurate and robust of its family; the code of
    eXCube2 (doi 10.3390/biomimetics11030208, section 2.4).

    Examples
    --------
    >>> from emospike.series import Channel
    >>> series = Series(np.float32([[0], [1], [1.2], [0]]), 100.0, (Channel("a", "audio"),))
    >>> spikes = StepForward(0.5).encode(series)
    >>> spikes.dense().ravel().tolist()
    [0, 1, 1, -1]
    >>> StepForward(0.5).decode(spikes).values.ravel().tolist()
    [0.0, 0.5, 1.0, 0.5]
    """

    threshold: Values = 0.5

    def __post_init__(self) -> None:
        keep(self, threshold=check_threshold(self.threshold))

    @classmethod
    def fit(cls, series: Iterable[Series], a: float = 0.5) -> StepForward:
        """Return the encoder with NeuCube's threshold, mean|d| + a · std|d| of the training clips."""
        return cls(neucube_threshold(series, a))

    def encode(self, series: Series) -> Spikes:
        """Return at most one spike a step and channel, none at step 0."""
        threshold = per_channel("threshold", self.threshold, len(series.channels))
        step, channel, sign = step_forward(series.values, threshold)
        return Spikes(step, channel, sign, len(series), series.rate, series.channels)

    def decode(self, spikes: Spikes, start: Float32[np.ndarray, " channels"] | None = None) -> Series:
        """Return the base B of each step, with B_0 = `start` (zeros by default)."""
        return accumulate(spikes, self.threshold, start)


def step_forward(
    values: Float32[np.ndarray, "steps channels"], threshold: Float64[np.ndarray, " channels"]
) -> tuple[Int32[np.ndarray, " events"], Int32[np.ndarray, " events"], Int8[np.ndarray, " events"]]:
    """Return step, channel and sign of each spike, sorted by step and then by channel."""
    # Room for a spike everywhere: pages that are never written are never given memory.
    step, channel = np.empty(values.size, np.int32), np.empty(values.size, np.int32)
    sign = np.empty(values.size, np.int8)
    events = _step_forward(np.ascontiguousarray(values), threshold, step, channel, sign) if values.size else 0
    return step[:events].copy(), channel[:events].copy(), sign[:events].copy()


@compile_kernel(nogil=True)
@no_type_check
def _step_forward(values, threshold, step, channel, sign):
    """Write the events and return how many there are.

    Two passes a step: the first has no branches, so that the compiler makes it one of vector instructions.
    """
    steps, channels = values.shape
    base = values[0].astype(np.float64)
    now = np.zeros(channels, np.int8)
    events = 0
    for t in range(1, steps):
        for c in range(channels):
            x = values[t, c]
            now[c] = np.int8(x >= base[c] + threshold[c]) - np.int8(x <= base[c] - threshold[c])
            base[c] += now[c] * threshold[c]
        for c in range(channels):
            if now[c] != 0:
                step[events], channel[events], sign[events] = t, c, now[c]
                events += 1
    return events
