"""What the codes of a level share: a range of values that is found in training clips, and a highest rate."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Float64

from emospike.encoding.parameters import Values, keep, make_plain, per_channel, percentile_range
from emospike.series import Series
from emospike.spikes import Spikes
from emospike.validation import InputError, positive

Own = TypeVar("Own", bound="Ranged")
Unit = Float64[np.ndarray, "steps channels"]


@dataclass(frozen=True)
class Ranged:
    """A code of u = (x − low) / (high − low), clipped to 0..1.

    Attributes
    ----------
    low, high : range that maps to 0..1, in the unit of the series, one for all channels or one a channel

    Raises
    ------
    InputError : low is not below high in every channel, or they are not equally long
    """

    low: Values = 0.0
    high: Values = 1.0

    def __post_init__(self) -> None:
        low, high = make_plain("low", self.low), make_plain("high", self.high)
        if np.ndim(low) and np.ndim(high) and np.size(low) != np.size(high):
            raise InputError(f"low and high must be equally long, got {np.size(low)} and {np.size(high)} values")
        if np.any(np.asarray(low) >= np.asarray(high)):
            raise InputError("low must lie below high in every channel: fit the range on clips that vary")
        keep(self, low=low, high=high)

    @classmethod
    def fit(
        cls: type[Own], series: Iterable[Series], percentiles: tuple[float, float] = (1.0, 99.0), **parameters: Any
    ) -> Own:
        """Return the encoder with low and high at these percentiles of the training clips, and these parameters."""
        return cls(*percentile_range(series, *percentiles), **parameters)

    def to_unit(self, series: Series) -> Unit:
        """Return (x − low) / (high − low), clipped to 0..1."""
        low, high = self.bounds(len(series.channels))
        unit: Unit = np.clip((series.values - low) / (high - low), 0.0, 1.0)
        return unit

    def from_unit(self, unit: Unit, spikes: Spikes) -> Series:
        """Return the series low + (high − low) · unit on the grid of `spikes`."""
        low, high = self.bounds(len(spikes.channels))
        return Series((low + (high - low) * unit).astype(np.float32), spikes.rate, spikes.channels)

    def bounds(self, channels: int) -> tuple[Float64[np.ndarray, " channels"], Float64[np.ndarray, " channels"]]:
        """Return low and high of each channel; raise `InputError` if they are of another number of channels."""
        return per_channel("low", self.low, channels), per_channel("high", self.high, channels)


@dataclass(frozen=True)
class RateCode(Ranged):
    """A code of u by how often it spikes.

    Attributes
    ----------
    low, high : see `Ranged`
    max_rate : Hz at u = 1, at most the rate of the series
    """

    max_rate: float = 50.0

    def __post_init__(self) -> None:
        super().__post_init__()
        keep(self, max_rate=float(self.max_rate))
        positive("max_rate", self.max_rate)

    def per_step(self, rate: float) -> float:
        """Return the spikes a step at full rate; raise `InputError` if a step would need more than one."""
        if self.max_rate > rate:
            raise InputError(
                f"max_rate of at most the series' {rate:g} steps per second expected, got {self.max_rate:g} Hz: "
                "lower it or use a finer time grid"
            )
        return self.max_rate / rate
