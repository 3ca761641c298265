"""Synthetic speech: a voice that nobody has, where sound is needed and none is given."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int16

from emospike.clip.decoding import SAMPLE_RATE

PHRASE = 4.0
"""Seconds from one phrase to the next."""


def synthesise_speech(
    seconds: float = PHRASE, pitch: float = 160.0, aroused: bool = True, seed: int = 0
) -> Int16[np.ndarray, " samples"]:
    """Return harmonics of a moving pitch (Hz) in syllables, phrases and pauses, as samples of 16 bits at 16 kHz.

    An aroused voice is louder, higher, faster and brighter. It has no emotion, and a decision on it says nothing.

    >>> calm, excited = synthesise_speech(aroused=False), synthesise_speech()
    >>> len(calm), bool(excited.std() > 2 * calm.std())
    (64000, True)
    """
    rng = np.random.default_rng(seed)
    level, rise, tilt, rate = (0.2, 1.5, 1.0, 5.0) if aroused else (0.05, 1.0, 1.8, 3.0)
    t = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    hertz = pitch * rise * (1 + 0.1 * np.sin(2 * np.pi * 0.7 * t + 2 * np.pi * rng.random()))
    phase = 2 * np.pi * np.cumsum(hertz) / SAMPLE_RATE
    voice = sum(np.sin(k * phase) / k**tilt for k in range(1, 16))
    syllables = np.sin(np.pi * rate * t) ** 2 * (np.sin(np.pi * t / PHRASE) > 0.75)
    noise = rng.standard_normal(len(t))
    sound = level * syllables * (voice + 0.05 * noise) + 1e-4 * noise
    return np.asarray(np.floor(2**15 * sound.astype(np.float32)), np.int16)
