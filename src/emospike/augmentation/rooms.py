"""Rooms: sound as a microphone hears it that does not stand at the speaker's mouth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emospike.augmentation.filters import Samples
from emospike.clip import Sound
from emospike.validation import within

EARLY, MIXED = 0.002, 0.05
"""Seconds after the direct sound between which single walls are heard; then the room is."""

WALLS = 10
"""Early reflections."""


@dataclass(frozen=True)
class Reverberation:
    """A room, drawn anew for each recording: early reflections, and noise that dies away exponentially.

    The impulse response is

        h[0] = 1;   h[n] ~ N(0, 1) 10^(-3 n / (T rate)),   with T the `seconds` in which it falls by 60 dB,

    and `WALLS` single reflections of random sign before. Both have the same energy, together `ratio` dB less than the
    direct sound. The level stays that of the dry sound, and so does the length.

    Source: Polack 1988, via Jot, Cerveau and Warusfel 1997, AES Convention 103 (decaying Gaussian noise).
    """

    seconds: float = 0.5
    ratio: float = 0.0

    def __post_init__(self) -> None:
        within("reverberation time in seconds", self.seconds, 0.05, 5)
        within("direct to reverberant ratio in dB", self.ratio, -30, 60)

    def apply(self, sound: Sound, rate: int, rng: np.random.Generator) -> Sound:
        """Return the sound in that room."""
        from scipy.signal import fftconvolve

        wet = fftconvolve(sound, self.draw_response(rate, rng))[: len(sound)]
        level = np.sqrt(np.sum(np.square(sound, dtype=float)) / max(float(np.sum(np.square(wet))), 1e-20))
        out: Sound = (wet * level).astype(np.float32)
        return out

    def draw_response(self, rate: int, rng: np.random.Generator) -> Samples:
        """Return an impulse response, as long as the reverberation time."""
        samples = max(round(self.seconds * rate), round(MIXED * rate) + 1)
        decay = 10 ** (-3 * np.arange(samples) / (self.seconds * rate))
        late, early = rng.standard_normal(samples) * decay, np.zeros(samples)
        late[: round(MIXED / 2 * rate)] = 0
        walls = rng.integers(round(EARLY * rate), round(MIXED * rate), WALLS)
        early[walls] = rng.choice([-1.0, 1.0], WALLS) * decay[walls]
        room = early / np.linalg.norm(early) + late / np.linalg.norm(late)
        room *= 10 ** (-self.ratio / 20) / np.linalg.norm(room)
        room[0] = 1
        return room.astype(np.float32)
