"""Tonotopy: where each sound frequency enters the brain, along Heschl's gyrus."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float32

from emospike.validation import InputError, one_of, positive

Hemisphere = Literal["left", "right", "both"]


@dataclass(frozen=True)
class Tonotopy:
    """Mirror-symmetric map of frequency: high, low, high along Heschl's gyrus.

    The fields A1 and R share their low-frequency end on the lateral crest of Heschl's gyrus; from there frequency
    rises along two legs to the caudal (A1) and the rostral (R) bank of its medial part. A frequency f sits at

        site = low + fraction * (high - low),    fraction = log(f / lowest) / log(highest / lowest)

    of each leg, in each hemisphere. A channel without a frequency (NaN) takes its place by rank among those.

    Attributes
    ----------
    lowest, highest : frequencies at the two ends of a leg, Hz; frequencies outside sit at the ends
    low : lateral crest, MNI mm in the right hemisphere; the left one is its mirror image
    high_a1, high_r : caudal and rostral bank of the medial part, likewise

    Sources: Langers and van Dijk 2012 (two high ends, one low peak); Da Costa et al. 2011 (the border of A1 and R
    is centred on the gyrus); Kasabov et al. 2026, section 2.5. The coordinates were read off the ICBM 152 template.

    Raises
    ------
    InputError : `lowest` is not below `highest`, or a frequency is not above zero

    Examples
    --------
    >>> Tonotopy().sites(np.array([50.0, 8000.0], np.float32), "left").tolist()
    [[[-54.0, -12.0, 8.0], [-54.0, -12.0, 8.0]], [[-43.0, -30.0, 10.0], [-38.0, -22.0, 8.0]]]
    """

    lowest: float = 50.0
    highest: float = 8000.0
    low: tuple[float, float, float] = (54.0, -12.0, 8.0)
    high_a1: tuple[float, float, float] = (43.0, -30.0, 10.0)
    high_r: tuple[float, float, float] = (38.0, -22.0, 8.0)

    def __post_init__(self) -> None:
        positive("lowest", self.lowest)
        if not self.lowest < self.highest:
            raise InputError(f"lowest must be below highest, got {self.lowest} and {self.highest} Hz")

    def sites(
        self, frequencies: Float32[np.ndarray, " channels"], hemisphere: Hemisphere = "both"
    ) -> Float32[np.ndarray, "channels sites 3"]:
        """Return the sites of each channel, MNI mm: A1 and R of the left, then of the right hemisphere.

        There are two sites for one hemisphere and four for both. `frequencies` are in Hz; NaN marks a channel
        that has none, such as a cepstral coefficient.
        """
        one_of("hemisphere", hemisphere, ("left", "right", "both"))
        low, highs = np.array(self.low), np.array([self.high_a1, self.high_r])
        if np.any(frequencies <= 0):
            raise InputError(f"frequencies must be above 0 Hz, got {np.nanmin(frequencies)}: use NaN for none")
        fraction = (np.log(frequencies / self.lowest) / np.log(self.highest / self.lowest)).clip(0, 1)
        missing = np.isnan(fraction)
        ranks = (np.cumsum(missing) - 0.5) / max(missing.sum(), 1)  # the middles of equal parts of 0 to 1
        fraction = np.where(missing, ranks, fraction)
        right = low + fraction[:, None, None] * (highs - low)
        left = right * (-1, 1, 1)
        chosen = {"left": [left], "right": [right], "both": [left, right]}[hemisphere]
        return np.concatenate(chosen, axis=1).astype(np.float32)
