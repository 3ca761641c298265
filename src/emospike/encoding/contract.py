"""What every encoder offers: parameters that are plain values, `fit` on training clips, and `encode`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32

from emospike.series import Series
from emospike.spikes import Spikes


@runtime_checkable
class Encoder(Protocol):
    """A frozen dataclass of floats, integers, strings and tuples of them.

    `type(e)(**json.loads(json.dumps(dataclasses.asdict(e)))) == e` holds for every encoder, so that a model
    file can keep one as JSON beside its name in the registry.
    """

    @classmethod
    def fit(cls, series: Iterable[Series], **parameters: Any) -> Encoder:
        """Return the encoder with thresholds or ranges taken from training clips, never from test clips."""
        ...

    def encode(self, series: Series) -> Spikes:
        """Return the spikes of one clip, on the same steps and rate.

        Most encoders keep the channels. `Levels` makes one channel for each channel and level (``"mel 440 Hz @0.5"``),
        `Population` one for each channel and field (``"timbre flux #2"``).
        """
        ...


@runtime_checkable
class Decoder(Encoder, Protocol):
    """An encoder that can also turn spikes back into the signal that it can represent."""

    def decode(self, spikes: Spikes, start: Float32[np.ndarray, " channels"] | None = None) -> Series:
        """Return the reconstruction; `start` is the value of each channel at step 0 (zeros by default)."""
        ...
