"""Linear FFT bands: eXCube2's alternative feature, drawn in its appendix (Figures A1, A2) and Figure 12."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float32

from emospike.augmentation.voice import Voice, respeak_spectrum
from emospike.clip import SAMPLE_RATE, Clip
from emospike.features.counting import FeatureCount, count_bands
from emospike.features.spectrum import RATE, bin_frequencies, check_bands, make_bands, measure_bands
from emospike.series import Series
from emospike.validation import within


@dataclass(frozen=True)
class LinearFFT:
    """Log mean power in bands of equal width at 10 ms steps.

    s[t, b] = max(ln mean_{k in band b} P[t, k], floor).

    Attributes
    ----------
    bands : number of equal bands from `fmin` to `fmax` (the paper's variant has 24)
    fmin, fmax : range, Hz
    window : Hann window length, s
    floor : lowest value kept, nats

    Source
    ------
    Kasabov et al. 2026 (eXCube2), Table 1 and Figure A1.
    """

    bands: int = 24
    fmin: float = 0.0
    fmax: float = 8000.0
    window: float = 0.025
    floor: float = -16.0

    modality: ClassVar[str] = "audio"

    def __post_init__(self) -> None:
        check_bands(self.bands, self.fmin, self.fmax, self.window, 512)
        within("width of a band", (self.fmax - self.fmin) / self.bands, SAMPLE_RATE / 512, np.inf)

    def extract(self, clip: Clip) -> Series:
        """Return the log band powers in nats, shape (steps, bands)."""
        bank, centres = self._make_bank()
        return Series(measure_bands(clip.sound, bank, self.window, self.floor), RATE, make_bands("fft", centres))

    def count_operations(self, steps: int) -> FeatureCount:
        """Return what computing so many steps takes."""
        return count_bands(self._make_bank()[0], round(self.window * SAMPLE_RATE)).repeat(steps, self)

    def _make_bank(self) -> tuple[Float32[np.ndarray, "bins bands"], Float32[np.ndarray, " bands"]]:
        """Return the bands with unit sum, and their centres in Hz."""
        edges = np.linspace(self.fmin, self.fmax, self.bands + 1)
        f = bin_frequencies(512)[:, None]
        bank = ((f >= edges[:-1]) & ((f < edges[1:]) | (edges[1:] == self.fmax) & (f == self.fmax))).astype(np.float32)
        return bank / bank.sum(axis=0), ((edges[:-1] + edges[1:]) / 2).astype(np.float32)

    def respeak(self, voice: Voice, series: Series) -> Series:
        """Return the feature as another voice would have given it."""
        return respeak_spectrum(voice, series, self.floor)
