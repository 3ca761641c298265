"""Mel-frequency cepstral coefficients."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np

from emospike.augmentation.voice import Voice, stretch
from emospike.clip import SAMPLE_RATE, Clip
from emospike.features.counting import FeatureCount, count_bands, count_transform
from emospike.features.mel import Mel
from emospike.features.spectrum import RATE, check_bands, make_mel_bank
from emospike.series import Channel, Series
from emospike.validation import within

GROUPS = 8
"""Groups of neighbouring coefficients."""


@dataclass(frozen=True)
class MFCC:
    """Cepstral coefficients of the log mel-spectrogram at 10 ms steps.

    c[t, n] = orthonormal DCT-II over b of s[t, b], with the log mel-spectrogram s (see `Mel`). Coefficients have
    no frequency; their rank stands in for it where a mapping needs an order.

    Attributes
    ----------
    coefficients : number kept, from c0 (level) upwards
    bands : mel bands that they are computed from
    window : Hann window length, s
    floor : lowest log band power, nats

    Source
    ------
    Davis & Mermelstein 1980; eXCube2 names two further sound features without saying which: this is our choice.
    """

    coefficients: int = 40
    bands: int = 128
    window: float = 0.025
    floor: float = -16.0

    modality: ClassVar[str] = "audio"

    def __post_init__(self) -> None:
        check_bands(self.bands, 0.0, SAMPLE_RATE / 2, self.window, 512)
        within("coefficients", self.coefficients, 1, self.bands)

    def extract(self, clip: Clip) -> Series:
        """Return the coefficients in nats, shape (steps, coefficients)."""
        from scipy.fft import dct

        mel = Mel(bands=self.bands, fmin=0.0, window=self.window, floor=self.floor).extract(clip)
        cepstrum = dct(mel.values, type=2, norm="ortho", axis=1)[:, : self.coefficients]
        return Series(np.ascontiguousarray(cepstrum, np.float32), RATE, make_coefficients(self.coefficients))

    def count_operations(self, steps: int) -> FeatureCount:
        """Return what computing so many steps takes: the bands, and a cosine transform as costly as Fourier's."""
        bank, _ = make_mel_bank(self.bands, 0.0, SAMPLE_RATE / 2, 512)
        bands = count_bands(bank, round(self.window * SAMPLE_RATE))
        return (bands + count_transform(self.bands)).repeat(steps, self)

    def respeak(self, voice: Voice, series: Series) -> Series:
        """Return the coefficients as another voice would have given them: slower and louder, its spectrum kept."""
        values = stretch(voice, series).values.copy()
        values[:, 0] += np.float32(voice.level * np.sqrt(self.bands))  # a constant lies in the first coefficient alone
        return series.with_values(values)


@lru_cache
def make_coefficients(count: int) -> tuple[Channel, ...]:
    """Return the channels of the first so many coefficients, in groups of neighbours of equal size.

    >>> make_coefficients(16)[3].group, make_coefficients(2)[1].group
    ('mfcc 2–3', 'mfcc 1')
    """
    channels = []
    for ranks in np.array_split(np.arange(count), min(GROUPS, count)):
        group = f"mfcc {ranks[0]}" + (f"–{ranks[-1]}" if len(ranks) > 1 else "")
        channels += [Channel(f"mfcc {rank}", "audio", group, str(rank), "nats") for rank in ranks]
    return tuple(channels)
