"""Constant-Q bands: semitone-fine low frequencies, so that pitch and its movement are seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float32

from emospike.augmentation.voice import Voice, respeak_spectrum
from emospike.clip import SAMPLE_RATE, Clip
from emospike.features.counting import FeatureCount, count_bands
from emospike.features.spectrum import RATE, bin_frequencies, check_bands, make_bands, make_triangles, measure_bands
from emospike.series import Series
from emospike.validation import positive, within


@dataclass(frozen=True)
class ConstantQ:
    """Log power in bands of equal musical width at 10 ms steps.

    s[t, b] = max(ln sum_k T[k, b] P[t, k], floor), with triangular bands T centred at
    fmin * 2^(b / per_octave) and a long window, which separates the harmonics of a voice where mel bands merge
    them.

    Attributes
    ----------
    bands : number of bands
    fmin : centre of the lowest band, Hz
    per_octave : bands an octave (12 are semitones)
    window : Hann window length, s
    floor : lowest value kept, nats

    Source
    ------
    Brown 1991 (constant-Q spacing). Not in eXCube2's Table 1: added because it raises the accuracy of the tuned
    preset.
    """

    bands: int = 56
    fmin: float = 80.0
    per_octave: int = 12
    window: float = 0.1
    floor: float = -16.0

    modality: ClassVar[str] = "audio"

    def __post_init__(self) -> None:
        positive("fmin", self.fmin)
        within("bands", self.bands, 1, 1000)
        within("per_octave", self.per_octave, 1, 1000)
        highest = self.fmin * 2 ** (self.bands / self.per_octave)
        check_bands(self.bands, self.fmin, highest, self.window, 2048)

    def extract(self, clip: Clip) -> Series:
        """Return the log band powers in nats, shape (steps, bands)."""
        bank, centres = self._make_bank()
        return Series(measure_bands(clip.sound, bank, self.window, self.floor), RATE, make_bands("tone", centres))

    def count_operations(self, steps: int) -> FeatureCount:
        """Return what computing so many steps takes."""
        return count_bands(self._make_bank()[0], round(self.window * SAMPLE_RATE)).repeat(steps, self)

    def _make_bank(self) -> tuple[Float32[np.ndarray, "bins bands"], Float32[np.ndarray, " bands"]]:
        """Return the triangular bands, and their centres in Hz."""
        edges = (self.fmin * 2 ** (np.arange(-1, self.bands + 1) / self.per_octave)).astype(np.float32)
        return make_triangles(edges, bin_frequencies(2048)), edges[1:-1]

    def respeak(self, voice: Voice, series: Series) -> Series:
        """Return the feature as another voice would have given it."""
        return respeak_spectrum(voice, series, self.floor)
