"""Noise: sound and pictures made worse by a measured amount."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float32

from emospike.augmentation.filters import Samples, shape_spectrum
from emospike.clip import Sound
from emospike.validation import within

TALKERS = 6
"""Voices of a babble."""

FRAME = 0.02
"""Seconds over which the power of speech is measured."""

ACTIVE = 30.0
"""dB below the loudest frame down to which frames are speech."""

QUIETEST, CLEANEST = -40.0, 120.0
"""Ratios of signal to noise that make sense, dB."""

FORMANTS = ((300.0, 850.0), (900.0, 2300.0), (2300.0, 3300.0))
"""Hz between which the resonances of a made-up syllable lie."""


@dataclass(frozen=True)
class WhiteNoise:
    """White noise `snr` dB below the active level of the speech."""

    snr: float = 20.0

    def __post_init__(self) -> None:
        within("snr in dB", self.snr, QUIETEST, CLEANEST)

    def apply(self, sound: Sound, rate: int, rng: np.random.Generator) -> Sound:
        """Return the sound, and noise beside it."""
        return add_noise(sound, draw_white_noise(len(sound), rng), rate, self.snr)


@dataclass(frozen=True)
class PinkNoise:
    """Noise that falls by 3 dB an octave, `snr` dB below the active level of the speech."""

    snr: float = 20.0

    def __post_init__(self) -> None:
        within("snr in dB", self.snr, QUIETEST, CLEANEST)

    def apply(self, sound: Sound, rate: int, rng: np.random.Generator) -> Sound:
        """Return the sound, and noise beside it."""
        return add_noise(sound, shape_spectrum(draw_white_noise(len(sound), rng), rate, -3.01), rate, self.snr)


@dataclass(frozen=True)
class Babble:
    """Several people who speak at once, together `snr` dB below the active level of the speech.

    Attributes
    ----------
    snr : ratio of signal to noise, dB
    voices : recordings of which `TALKERS` are drawn, never the sound itself; made-up talkers where there are none
    """

    snr: float = 10.0
    voices: tuple[Samples, ...] = field(default=(), repr=False, compare=False)

    def __post_init__(self) -> None:
        within("snr in dB", self.snr, QUIETEST, CLEANEST)

    def apply(self, sound: Sound, rate: int, rng: np.random.Generator) -> Sound:
        """Return the sound among these voices."""
        others = [voice for voice in self.voices if not np.array_equal(voice, sound)]
        if others:
            talkers = [others[i] for i in rng.permutation(len(others))[:TALKERS]]
        else:
            talkers = [synthesise_talker(len(sound), rate, rng) for _ in range(TALKERS)]
        return add_noise(sound, draw_babble(len(sound), talkers, rng), rate, self.snr)


def measure_active_power(sound: Sound, rate: int) -> float:
    """Return the mean power of those frames of `FRAME` s that lie within `ACTIVE` dB of the loudest.

    Pauses do not count, so that what surrounds speech does not change the ratio at which noise is added to it.
    """
    size = min(round(FRAME * rate), len(sound))
    power = np.square(sound[: len(sound) // size * size], dtype=float).reshape(-1, size).mean(axis=1)
    return float(power[power >= power.max() / 10 ** (ACTIVE / 10)].mean())


def add_noise(sound: Sound, noise: Sound, rate: int, snr: float) -> Sound:
    """Return sound with noise whose mean power is `snr` dB below the active power of the sound; it is not turned down.

    >>> sound, noise = np.full(800, 0.1, np.float32), np.tile(np.array([1, -1], np.float32), 400)
    >>> add_noise(sound, noise, 16_000, 20.0)[:2]
    array([0.11, 0.09], dtype=float32)
    """
    power = measure_active_power(sound, rate) / max(float(np.mean(np.square(noise, dtype=float))), 1e-20)
    out: Sound = sound + noise * np.float32(np.sqrt(power / 10 ** (snr / 10)))
    return out


def synthesise_talker(samples: int, rate: int, rng: np.random.Generator) -> Sound:
    """Return somebody who speaks and says nothing: syllables of 0.1 to 0.3 s, voiced or breathed, with pauses.

    Each is a sawtooth at the speaker's pitch, or noise, through three resonances that are drawn anew.
    """
    from scipy.signal import iirpeak, lfilter

    out, at, pitch = np.zeros(samples, np.float32), 0, rng.uniform(90, 240)
    while at < samples:
        steps = np.arange(round(rate * rng.uniform(0.1, 0.3)))
        glide = pitch * 2 ** (rng.uniform(-0.3, 0.3) - 0.3 * steps / len(steps))
        voiced = 2 * (np.cumsum(glide) / rate % 1) - 1
        source = voiced if rng.random() < 0.8 else 0.3 * rng.standard_normal(len(steps))
        heard = sum(lfilter(*iirpeak(rng.uniform(*span), 5, rate), source) / 2**k for k, span in enumerate(FORMANTS))
        syllable = (heard * np.hanning(len(steps)))[: samples - at]
        out[at : at + len(syllable)] += syllable.astype(np.float32)
        at += round(0.9 * len(steps)) + round(rate * rng.uniform(0.1, 0.5)) * int(rng.random() < 0.15)
    return out


def mix_noise(sound: Sound, noise: Sound, snr: float) -> Sound:
    """Return sound with noise `snr` dB below it, both by their mean power; turned down where it would clip.

    >>> sound, noise = np.full(8, 0.1, np.float32), np.tile(np.array([1, -1], np.float32), 4)
    >>> mix_noise(sound, noise, 20.0)[:2]
    array([0.11, 0.09], dtype=float32)
    """
    power = float(np.mean(np.square(sound, dtype=float))) / max(float(np.mean(np.square(noise, dtype=float))), 1e-20)
    out = sound + noise * np.float32(np.sqrt(power / 10 ** (snr / 10)))
    worse: Sound = (out / max(1.0, float(np.abs(out).max()))).astype(np.float32)
    return worse


def draw_white_noise(samples: int, rng: np.random.Generator) -> Sound:
    """Return white noise."""
    return rng.standard_normal(samples, dtype=np.float32)


def draw_babble(samples: int, voices: Sequence[Samples], rng: np.random.Generator) -> Sound:
    """Return voices that speak at once, equally loud, each from a place that is drawn and again from its beginning."""
    out = np.zeros(samples, np.float32)
    for voice in voices:
        at = int(rng.integers(len(voice)))
        loudness = float(np.sqrt(np.mean(np.square(voice, dtype=float))))
        out += np.resize(np.roll(voice, -at), samples) / np.float32(max(loudness, 1e-9))
    return out


def add_gaussian_noise(
    picture: Float32[np.ndarray, "height width"], deviation: float, rng: np.random.Generator
) -> Float32[np.ndarray, "height width"]:
    """Return a picture of 0 to 1 with Gaussian noise on every pixel, cut to 0 to 1."""
    noise = np.float32(deviation) * rng.standard_normal(picture.shape, dtype=np.float32)
    worse: Float32[np.ndarray, "height width"] = picture + noise
    return worse.clip(0, 1)


def add_salt_and_pepper(
    picture: Float32[np.ndarray, "height width"], share: float, rng: np.random.Generator
) -> Float32[np.ndarray, "height width"]:
    """Return a picture of 0 to 1 with this share of its pixels set to 0 or 1, either as likely."""
    drawn = rng.random(picture.shape)
    out: Float32[np.ndarray, "height width"] = np.where(drawn < share, np.float32(0), picture)
    out[drawn < share / 2] = 1
    return out
