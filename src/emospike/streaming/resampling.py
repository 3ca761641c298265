"""Causal resampling: chunks of any size, at any rate, become mono sound at 16 kHz."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from jaxtyping import Shaped

from emospike.clip import SAMPLE_RATE, Sound
from emospike.clip.samples import LOUDEST, scale_to_one
from emospike.validation import InputError, within

LOWEST, HIGHEST = 8_000, 192_000
"""Hz that a stream may come at."""

MOST_CHANNELS = 32
"""Above which the axes of a chunk are thought to be the other way round."""

BLOCKS = 50
"""Blocks a second that are resampled, each as a whole, so that chunks of other sizes give the same samples."""


class Resampler:
    """Mono sound at 16 kHz from chunks at another rate; channels are averaged, even if they cancel each other.

    At 16 kHz samples pass as they are, and at once; at other rates they come up to 80 ms later, but keep their place in
    time. It resamples as a recording is resampled.

    >>> resampler = Resampler(48_000)
    >>> sum(map(len, [resampler.push(np.zeros(48_001)), resampler.finish()]))
    16000

    Raises
    ------
    InputError : a rate that is not within 8 to 192 kHz
    """

    def __init__(self, rate: float) -> None:
        within("sample rate of a stream in Hz", rate, LOWEST, HIGHEST)
        self.rate = float(rate)
        self._block = max(round(rate / BLOCKS), 1)
        self._begin()

    def _begin(self) -> None:
        import soxr

        self._channels: int | None = None
        self._held: Sound = np.empty(0, np.float32)
        self._soxr: Any = None
        if self.rate != SAMPLE_RATE:
            self._soxr = soxr.ResampleStream(self.rate, SAMPLE_RATE, 1, "float32", "HQ")

    def push(self, samples: Shaped[np.ndarray, ...]) -> Sound:
        """Return what comes out when a chunk goes in; shape (samples,) or (samples, channels), of any type.

        Raises
        ------
        InputError : no samples but something else, NaN, or another number of channels; nothing has gone in then
        """
        mono = self._mix(samples)
        if self._soxr is None:
            return mono
        joined = np.concatenate([self._held, mono])
        whole = len(joined) // self._block * self._block
        self._held = joined[whole:]
        blocks = (joined[at : at + self._block] for at in range(0, whole, self._block))
        return _join(self._soxr.resample_chunk(block) for block in blocks)

    def finish(self) -> Sound:
        """Return what is left, and begin anew."""
        rest = self._held
        if self._soxr is not None:
            rest = _join([self._soxr.resample_chunk(rest, last=True)])
        self._begin()
        return rest

    def _mix(self, samples: Shaped[np.ndarray, ...]) -> Sound:
        channels = samples.shape[1] if isinstance(samples, np.ndarray) and samples.ndim == 2 else 1
        within("channels of a stream", channels, 1, MOST_CHANNELS)
        array = scale_to_one(samples.ravel() if channels > 1 else samples, "a chunk of sound").reshape(-1, channels)
        if not np.isfinite(array).all():
            raise InputError("a chunk of sound holds NaN or infinite samples: check what records it")
        if (peak := float(np.abs(array).max(initial=0))) > LOUDEST:
            raise InputError(f"a chunk of sound peaks at {peak:.3g}, not near 1: give int16, or divide by 32768")
        if len(array) and self._channels not in (None, channels):
            raise InputError(f"chunks of {self._channels} channels expected, as before, got {channels}")
        self._channels = channels if len(array) else self._channels
        mono: Sound = array.mean(axis=1, dtype=np.float32)
        return mono


def _join(parts: Iterator[Sound] | list[Sound]) -> Sound:
    return np.concatenate([np.empty(0, np.float32), *parts])
