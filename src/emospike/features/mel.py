"""Mel-spectrogram: the feature that eXCube2 uses by default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from emospike.augmentation.voice import Voice, respeak_spectrum
from emospike.clip import SAMPLE_RATE, Clip
from emospike.features.counting import FeatureCount, count_bands
from emospike.features.spectrum import RATE, check_bands, make_bands, make_mel_bank, measure_bands
from emospike.series import Series


@dataclass(frozen=True)
class Mel:
    """Log mel-spectrogram at 10 ms steps.

    s[t, b] = max(ln sum_k M[k, b] P[t, k], floor), with the power spectrogram P of a Hann window and triangular
    bands M of unit sum, equally spaced on the mel scale.

    Attributes
    ----------
    bands : number of bands (the paper's model uses 40)
    fmin, fmax : outer edges of the lowest and highest band, Hz
    window : window length, s
    floor : lowest value kept, nats (0 is white noise of full-scale variance; -16 is 70 dB below)

    Source
    ------
    Kasabov et al. 2026 (eXCube2), Table 1 and Figure 4; edges, window and log are defaults of ours, since
    the paper does not state them.
    """

    bands: int = 40
    fmin: float = 50.0
    fmax: float = 8000.0
    window: float = 0.025
    floor: float = -16.0

    modality: ClassVar[str] = "audio"

    def __post_init__(self) -> None:
        check_bands(self.bands, self.fmin, self.fmax, self.window, 512)

    def extract(self, clip: Clip) -> Series:
        """Return the log band powers in nats, shape (steps, bands)."""
        bank, centres = make_mel_bank(self.bands, self.fmin, self.fmax, 512)
        return Series(measure_bands(clip.sound, bank, self.window, self.floor), RATE, make_bands("mel", centres))

    def count_operations(self, steps: int) -> FeatureCount:
        """Return what computing so many steps takes."""
        bank, _ = make_mel_bank(self.bands, self.fmin, self.fmax, 512)
        return count_bands(bank, round(self.window * SAMPLE_RATE)).repeat(steps, self)

    def respeak(self, voice: Voice, series: Series) -> Series:
        """Return the feature as another voice would have given it."""
        return respeak_spectrum(voice, series, self.floor)
