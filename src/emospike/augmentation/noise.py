"""Noise: sound and pictures made worse by a measured amount."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float32

from emospike.clip import Sound

TALKERS = 6
"""Voices of a babble."""


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


def draw_babble(samples: int, voices: Sequence[Float32[np.ndarray, " _"]], rng: np.random.Generator) -> Sound:
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
