"""Population code: a value is told by which of several tuned fields fire."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from emospike.encoding.parameters import Values, keep, per_channel, plain_range, to_unit
from emospike.encoding.poisson import per_step
from emospike.encoding.sigma_delta import sigma_delta
from emospike.encoding.thresholds import percentile_range
from emospike.features.prosody import ABSENT
from emospike.series import Series
from emospike.spikes import Spikes
from emospike.validation import positive, within


@dataclass(frozen=True)
class Population:
    """Gaussian receptive fields along the range of each channel, each firing at a regular rate.

        u = (x - low) / (high - low), clipped to 0..1
        g_m = exp(-(u (M - 1) - m)^2 / 2),    m = 0 .. M - 1
        field m fires at max_rate * g_m (sigma-delta, see `SigmaDelta`)

    Unlike a rate code, it lets a linear readout answer to the middle of a range. A value that lies farther outside
    than the range is wide counts as absent: no field fires.

    Attributes
    ----------
    low, high : range that the fields cover, in the unit of the series, one for all channels or one a channel
    fields : M, fields a channel; field m of channel c is output channel c * M + m, named ``"pitch #m"``
    max_rate : Hz at the centre of a field

    Source: Bohte, Kok & La Poutre 2002 (population coding by Gaussian receptive fields).

    Examples
    --------
    >>> series = Series(np.full((100, 1), 0.5, np.float32), 100.0, ("a",))
    >>> spikes = Population(fields=3, max_rate=50.0).encode(series)
    >>> spikes.channels, spikes.counts()[0].tolist()
    (('a #0', 'a #1', 'a #2'), [30.0, 50.0, 30.0])
    """

    low: Values = 0.0
    high: Values = 1.0
    fields: int = 12
    max_rate: float = 40.0

    def __post_init__(self) -> None:
        low, high = plain_range(self.low, self.high)
        keep(self, low=low, high=high, max_rate=float(self.max_rate))
        within("fields", self.fields, 2, 1000)
        positive("max_rate", self.max_rate)

    @classmethod
    def fit(
        cls,
        series: Iterable[Series],
        percentiles: tuple[float, float] = (1.0, 99.0),
        fields: int = 12,
        max_rate: float = 40.0,
    ) -> Population:
        """Return the encoder with low and high at these percentiles of the training clips.

        Steps in which a channel is `ABSENT` are left out.
        """
        present = (one.with_values(one.values[(one.values != ABSENT).all(axis=1)]) for one in series)
        return cls(*percentile_range(present, *percentiles), fields, max_rate)

    def encode(self, series: Series) -> Spikes:
        """Return positive spikes, at most one a step and field."""
        place = to_unit(series, self.low, self.high)[:, :, None] * (self.fields - 1)
        tuning = np.exp(-0.5 * np.square(place - np.arange(self.fields))) * self._present(series)[:, :, None]
        names = tuple(f"{name} #{field}" for name in series.channels for field in range(self.fields))
        charge = per_step(self.max_rate, series.rate) * tuning.reshape(len(series), len(names))
        return Spikes.from_dense(sigma_delta(charge), series.rate, names)

    def _present(self, series: Series) -> Bool[np.ndarray, "steps channels"]:
        low, high = (per_channel(name, getattr(self, name), len(series.channels)) for name in ("low", "high"))
        present: Bool[np.ndarray, "steps channels"] = np.abs(series.values - (low + high) / 2) <= 1.5 * (high - low)
        return present
