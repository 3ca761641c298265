"""Series: what a recording looks like over time, one row a step and one column a channel."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float32

from emospike.validation import InputError, positive


@dataclass(frozen=True)
class Series:
    """A regularly sampled multichannel signal.

    Attributes
    ----------
    values : float32 array, shape (steps, channels), in the feature's unit (log power in nats for spectra)
    rate : steps per second, Hz (100 for the 10 ms grid that sound and face share)
    channels : one name a column, such as ``"mel 440 Hz"``

    Raises
    ------
    InputError : values are not 2-D, hold NaN or infinity, or do not match the channel names

    Examples
    --------
    >>> series = Series(np.zeros((400, 2), np.float32), rate=100.0, channels=("mel 100 Hz", "mel 200 Hz"))
    >>> len(series), series.seconds
    (400, 4.0)
    """

    values: Float32[np.ndarray, "steps channels"]
    rate: float
    channels: tuple[str, ...]

    def __post_init__(self) -> None:
        positive("rate", self.rate)
        if self.values.ndim != 2 or self.values.shape[1] != len(self.channels):
            raise InputError(
                f"values of shape (steps, {len(self.channels)}) expected for {len(self.channels)} channels, "
                f"got {self.values.shape}"
            )
        if not np.isfinite(self.values).all():
            raise InputError("series holds NaN or infinite values: clean the recording or the feature first")

    def __len__(self) -> int:
        return int(self.values.shape[0])

    @property
    def seconds(self) -> float:
        """Duration in seconds."""
        return len(self) / self.rate

    def with_values(self, values: Float32[np.ndarray, "steps channels"]) -> Series:
        """Return the same channels and rate with other values."""
        return replace(self, values=values)


def frequencies_of(channels: tuple[str, ...]) -> Float32[np.ndarray, " channels"]:
    """Return the frequency in each channel's name, Hz; NaN for a channel that has none.

    >>> frequencies_of(("mel 440 Hz @0.5", "mfcc 3")).tolist()
    [440.0, nan]
    """
    found = [re.search(r"(\d+(?:\.\d+)?) Hz", name) for name in channels]
    return np.array([float(match[1]) if match else np.nan for match in found], np.float32)
