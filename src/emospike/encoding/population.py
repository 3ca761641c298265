"""Population code: a value is told by which of several tuned fields fire."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from emospike.encoding.ranged import RateCode
from emospike.encoding.sigma_delta import sigma_delta
from emospike.features.prosody import ABSENT
from emospike.series import Series
from emospike.spikes import Spikes
from emospike.validation import within

MOST = 20_000
"""Fields of all channels together."""


@dataclass(frozen=True)
class Population(RateCode):
    """Gaussian receptive fields along the range of each channel, each firing at a regular rate.

        u = (x - low) / (high - low), clipped to 0..1
        g_m = exp(-(u (M - 1) - m)^2 / 2),    m = 0 .. M - 1
        field m fires at max_rate * g_m (sigma-delta, see `SigmaDelta`)

    Unlike a rate code, it lets a linear readout answer to the middle of a range. A value that lies farther outside
    than the range is wide counts as absent: no field fires.

    Attributes
    ----------
    low, high : range that the fields cover, see `Ranged`
    max_rate : Hz at the centre of a field
    fields : M, fields a channel; field m of channel c is output channel c * M + m, labelled ``"pitch #m"``

    Source: Bohte, Kok & La Poutre 2002 (population coding by Gaussian receptive fields).

    Examples
    --------
    >>> from emospike.series import Channel
    >>> series = Series(np.full((100, 1), 0.5, np.float32), 100.0, (Channel("a", "audio"),))
    >>> spikes = Population(fields=3, max_rate=50.0).encode(series)
    >>> [channel.label for channel in spikes.channels], spikes.counts()[0].tolist()
    (['a #0', 'a #1', 'a #2'], [30.0, 50.0, 30.0])
    """

    max_rate: float = 40.0
    fields: int = 12

    def __post_init__(self) -> None:
        super().__post_init__()
        within("fields", self.fields, 2, 1000)

    @classmethod
    def fit(
        cls, series: Iterable[Series], percentiles: tuple[float, float] = (1.0, 99.0), **parameters: Any
    ) -> Population:
        """Return the encoder as `Ranged.fit` does, from the steps in which no channel is `ABSENT`."""
        present = (one.with_values(one.values[(one.values != ABSENT).all(axis=1)]) for one in series)
        return super().fit(present, percentiles, **parameters)

    def encode(self, series: Series) -> Spikes:
        """Return positive spikes, at most one a step and field."""
        within("fields of all channels together", self.fields * len(series.channels), 0, MOST)
        low, high = self.bounds(len(series.channels))
        present = np.abs(series.values - (low + high) / 2) <= 1.5 * (high - low)
        place = self.to_unit(series)[:, :, None] * (self.fields - 1)
        tuning = np.exp(-0.5 * np.square(place - np.arange(self.fields))) * present[:, :, None]
        channels = tuple(replace(one, field=field) for one in series.channels for field in range(self.fields))
        charge = self.per_step(series.rate) * tuning.reshape(len(series), len(channels))
        return Spikes.from_dense(sigma_delta(charge), series.rate, channels)
