"""Gammatone bands: frequency selectivity of the cochlea."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np
from jaxtyping import Float32

from emospike.augmentation.voice import Voice, respeak_spectrum
from emospike.clip import SAMPLE_RATE, Clip
from emospike.features.counting import FeatureCount, count_bands
from emospike.features.spectrum import RATE, bin_frequencies, check_bands, make_bands, measure_bands
from emospike.series import Series


@dataclass(frozen=True)
class Gammatone:
    """Log power behind fourth-order gammatone filters, spaced equally in ERB rate, at 10 ms steps.

    |H_b(f)|^2 = (1 + ((f - f_b) / (1.019 ERB(f_b)))^2)^-4 with ERB(f) = 24.7 (4.37 f / 1000 + 1) Hz, applied to
    the power spectrogram and scaled to unit sum.

    Attributes
    ----------
    bands : number of filters
    fmin, fmax : centre frequencies of the lowest and highest filter, Hz
    window : Hann window length, s
    floor : lowest value kept, nats

    Source
    ------
    Glasberg & Moore 1990 (ERB); Patterson et al. 1992 (gammatone). Our choice for one of the sound features that
    eXCube2's Table 1 compares without naming.
    """

    bands: int = 40
    fmin: float = 80.0
    fmax: float = 7600.0
    window: float = 0.025
    floor: float = -16.0

    modality: ClassVar[str] = "audio"

    def __post_init__(self) -> None:
        check_bands(self.bands, self.fmin, self.fmax, self.window, 512)

    def extract(self, clip: Clip) -> Series:
        """Return the log band powers in nats, shape (steps, bands)."""
        bank, centres = make_gammatone_bank(self.bands, self.fmin, self.fmax, 512)
        return Series(measure_bands(clip.sound, bank, self.window, self.floor), RATE, make_bands("gammatone", centres))

    def count_operations(self, steps: int) -> FeatureCount:
        """Return what computing so many steps takes."""
        bank, _ = make_gammatone_bank(self.bands, self.fmin, self.fmax, 512)
        return count_bands(bank, round(self.window * SAMPLE_RATE)).repeat(steps, self)

    def respeak(self, voice: Voice, series: Series) -> Series:
        """Return the feature as another voice would have given it."""
        return respeak_spectrum(voice, series, self.floor)


@lru_cache
def make_gammatone_bank(
    bands: int, fmin: float, fmax: float, n_fft: int
) -> tuple[Float32[np.ndarray, "bins bands"], Float32[np.ndarray, " bands"]]:
    """Power responses of the filters with unit sum per band, and their centres in Hz."""
    lowest, highest = 21.4 * np.log10(1 + 0.00437 * np.array([fmin, fmax]))
    erb_rate = np.linspace(lowest, highest, bands)
    centres = (10 ** (erb_rate / 21.4) - 1) / 0.00437
    width = 1.019 * 24.7 * (0.00437 * centres + 1)
    bank = (1 + ((bin_frequencies(n_fft)[:, None] - centres) / width) ** 2) ** -4.0
    return (bank / bank.sum(axis=0)).astype(np.float32), centres.astype(np.float32)
