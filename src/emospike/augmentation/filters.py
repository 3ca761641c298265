"""Level and band: what a microphone, its amplifier, a converter or a telephone line makes of a sound."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from emospike.clip import Sound
from emospike.validation import InputError, within

ORDER = 4
"""Of the Butterworth filter at each edge of a band, which is run forwards and backwards."""

LOWEST = 20.0
"""Hz below which an equaliser changes nothing more."""

Generator = np.random.Generator
Samples = Float32[np.ndarray, " _"]
"""A sound of any length, where several are not equally long."""


@dataclass(frozen=True)
class Gain:
    """Louder by `decibels`, or softer; samples may exceed full scale."""

    decibels: float = 0.0

    def __post_init__(self) -> None:
        within("gain in dB", self.decibels, -120, 60)

    def apply(self, sound: Sound, rate: int, rng: Generator) -> Sound:
        """Return sound 10^(decibels / 20) times as large."""
        return sound * np.float32(10 ** (self.decibels / 20))


@dataclass(frozen=True)
class Clipping:
    """Turned up by `decibels`, and cut at full scale, ±1."""

    decibels: float = 20.0

    def __post_init__(self) -> None:
        within("drive in dB", self.decibels, -120, 120)

    def apply(self, sound: Sound, rate: int, rng: Generator) -> Sound:
        """Return the sound, cut."""
        return (sound * np.float32(10 ** (self.decibels / 20))).clip(-1, 1)


@dataclass(frozen=True)
class Offset:
    """A constant is added, as by a converter that does not rest at 0."""

    level: float = 0.003

    def __post_init__(self) -> None:
        within("offset", self.level, -1, 1)

    def apply(self, sound: Sound, rate: int, rng: Generator) -> Sound:
        """Return the sound plus the level."""
        return sound + np.float32(self.level)


@dataclass(frozen=True)
class BandLimit:
    """Only what lies between two frequencies in Hz is kept (Butterworth, without delay).

    An upper edge at or above half the sampling rate cuts nothing.
    """

    low: float = 300.0
    high: float = 3400.0

    def __post_init__(self) -> None:
        within("lower edge in Hz", self.low, 1, 20_000)
        if not self.high > self.low:
            raise InputError(f"a band from low to high in Hz expected, got {self.low:g} to {self.high:g}")

    def apply(self, sound: Sound, rate: int, rng: Generator) -> Sound:
        """Return the band."""
        from scipy.signal import butter, sosfiltfilt

        edges, kind = ((self.low, self.high), "bandpass") if self.high < rate / 2 else (self.low, "highpass")
        kept: Sound = sosfiltfilt(butter(ORDER, edges, kind, fs=rate, output="sos"), sound).astype(np.float32)
        return kept


@dataclass(frozen=True)
class SamplingRate:
    """Recorded at a lower sampling rate in Hz: nothing is left above half of it."""

    hertz: float = 8000.0

    def __post_init__(self) -> None:
        within("sampling rate in Hz", self.hertz, 1000, 192_000)

    def apply(self, sound: Sound, rate: int, rng: Generator) -> Sound:
        """Return the sound as it is after resampling to that rate and back."""
        if self.hertz >= rate:
            return sound
        return resample(resample(sound, rate, self.hertz), self.hertz, rate, len(sound))


@dataclass(frozen=True)
class Telephone:
    """A telephone line: 300 to 3400 Hz, 8 kHz, 8 bits of mu-law (ITU-T G.711)."""

    def apply(self, sound: Sound, rate: int, rng: Generator) -> Sound:
        """Return what the other end hears."""
        narrow = resample(BandLimit().apply(sound, rate, rng), rate, 8000)
        return resample(compress_mu_law(narrow), 8000, rate, len(sound))


@dataclass(frozen=True)
class Tilt:
    """An equaliser that rises (or falls) by so many dB an octave; 1 kHz stays as it is."""

    decibels: float = -3.0

    def __post_init__(self) -> None:
        within("tilt in dB an octave", self.decibels, -24, 24)

    def apply(self, sound: Sound, rate: int, rng: Generator) -> Sound:
        """Return the sound with its spectrum times (f / 1 kHz)^(decibels / 6.02)."""
        return shape_spectrum(sound, rate, self.decibels)


@dataclass(frozen=True)
class Quantisation:
    """Stored with so many bits a sample; what exceeds full scale is cut."""

    bits: float = 8.0

    def __post_init__(self) -> None:
        within("bits", self.bits, 1, 24)

    def apply(self, sound: Sound, rate: int, rng: Generator) -> Sound:
        """Return the nearest of 2^bits even steps from -1 to 1."""
        steps = np.float32(2 ** (self.bits - 1))
        return (np.rint(sound * steps) / steps).clip(-1, 1)


def resample(sound: Samples, rate: float, new: float, samples: int | None = None) -> Samples:
    """Return sound at a new sampling rate, cut or filled with silence to a number of samples."""
    import soxr

    made: Samples = soxr.resample(sound, rate, new, "HQ")
    return made if samples is None else np.pad(made[:samples], (0, max(samples - len(made), 0)))


def compress_mu_law(sound: Sound, mu: int = 255) -> Sound:
    """Return sound after 8 bits of mu-law and back: y = sign(x) ln(1 + mu |x|) / ln(1 + mu), in 256 even steps.

    >>> compress_mu_law(np.float32([0.0, 0.5, 2.0])).astype(float).round(3).tolist()
    [0.0, 0.495, 1.0]
    """
    loud = np.sign(sound) * np.log1p(mu * np.abs(sound).clip(0, 1)) / np.log1p(mu)
    kept = np.rint(loud * 127) / 127
    out: Sound = (np.sign(kept) * np.expm1(np.abs(kept) * np.log1p(mu)) / mu).astype(np.float32)
    return out


def shape_spectrum(sound: Sound, rate: int, decibels: float) -> Sound:
    """Return sound with so many dB an octave added to its spectrum, about 1 kHz; level below `LOWEST` Hz."""
    spectrum, hertz = np.fft.rfft(sound), np.fft.rfftfreq(len(sound), 1 / rate)
    shape = (np.maximum(hertz, LOWEST) / 1000) ** (decibels / (20 * np.log10(2)))
    return np.fft.irfft(spectrum * shape, len(sound)).astype(np.float32)
