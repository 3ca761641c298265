"""Speech check: whether a recording can hold speech, or only noise, hum, tones, clicks or music."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Int

from emospike.clip import SAMPLE_RATE, Clip
from emospike.features.prosody import track_pitch
from emospike.features.spectrum import HOP, RATE
from emospike.validation import positive, within

RUMBLE = 150.0
"""Hz below which sound is weakened, 12 dB an octave, before a voice is looked for: pink and brown noise, wind and mains
hum seem voiced without, and speech is not missed with it, since the pitch comes from its harmonics."""

WINDOW = 640
"""Samples (40 ms) over which loudness is measured."""

QUIET = 40.0
"""dB below the loudest step from which a step counts as silence."""

VOICED = 0.5
"""Height of the autocorrelation peak from which a step counts as voiced."""

JUMP = 1.0
"""Semitones in 10 ms that a voice does not exceed: it glides, where the pitch of noise jumps."""

STILL = 0.03
"""Semitones in 10 ms that a voice exceeds in half of its steps, and a note that is held does not."""

SHORTEST = 5
"""Steps in a row that a voice glides: the core of a short syllable."""


@dataclass(frozen=True)
class Cues:
    """What tells speech from other sound.

    Attributes
    ----------
    voice : seconds in which a voice glides
    gliding : share of these in all that is voiced, 0 to 1
    swing : standard deviation of the loudness, dB
    """

    voice: float
    gliding: float
    swing: float


@dataclass(frozen=True)
class SpeechCheck:
    """Tells whether a clip can hold speech: a voice whose pitch glides, in syllables.

    Noise and clicks have no voice. Tones, hum and most instruments hold their pitch. Engines, sirens and sweeps glide
    without swinging in loudness. What moves like a voice passes: singing, vibrato, bird song, some drums and chords.
    Most whispered speech does not pass, as it has no voice.

    The limits lie below what all of 1,200 clips of RAVDESS reach, even with white noise at 10 dB, over a telephone, or
    clipped (0.13 s, 15 %, 5.4 dB at the lowest), and below what speech reaches in short words, more noise, echo and
    music: to refuse speech is worse than to let music pass.

    Attributes
    ----------
    voice : seconds of gliding voice; 0.10 in the shortest "yes" of a synthesiser, and 0.05 at most in noise
    gliding : share of these in all that is voiced; 0.11 in speech with music 10 dB below it, 0 in held notes
    swing : standard deviation of the loudness, dB; 2.6 in speech with white noise at 0 dB, 0.7 at most in engines
    """

    voice: float = 0.08
    gliding: float = 0.1
    swing: float = 2.0

    def __post_init__(self) -> None:
        positive("voice", self.voice)
        within("gliding", self.gliding, 0, 1)
        positive("swing", self.swing)

    def missing(self, clip: Clip) -> str | None:
        """Return what the clip lacks to be speech, in words, or None.

        >>> tone = Clip.from_array(np.sin(np.arange(16_000) / 5), 16_000)
        >>> SpeechCheck().missing(tone)
        '0.00 s of a voice that glides in pitch, 0.08 s are needed'
        """
        found = find_cues(clip.sound)
        if found.voice < self.voice:
            return f"{found.voice:.2f} s of a voice that glides in pitch, {self.voice:g} s are needed"
        if found.gliding < self.gliding:
            return f"the pitch glides in {found.gliding:.0%} of what is voiced, in speech in {self.gliding:.0%} or more"
        if found.swing < self.swing:
            return f"the loudness swings by {found.swing:.1f} dB, that of speech by {self.swing:g} dB or more"
        return None


def find_cues(sound: Float32[np.ndarray, " samples"]) -> Cues:
    """Return the cues of a sound at 16 kHz; its level does not matter.

    A voice glides in a run of at least `SHORTEST` changes of pitch between voiced steps, none of which exceeds `JUMP`
    and half of which exceed `STILL`.
    """
    sound = sound / np.abs(sound).max()
    level = measure_loudness(sound)
    heard = level > level.max() - QUIET
    pitch, voicing = track_pitch(remove_rumble(sound), len(level))
    voiced = heard & (voicing > VOICED)
    change = np.abs(np.diff(pitch))
    smooth = voiced[1:] & voiced[:-1] & (change < JUMP)
    gliding = sum(
        stop - start
        for start, stop in find_runs(smooth)
        if stop - start >= SHORTEST and np.median(change[start:stop]) > STILL
    )
    return Cues(float(gliding / RATE), float(gliding / max(voiced.sum(), 1)), float(level[heard].std()))


def measure_loudness(sound: Float32[np.ndarray, " samples"]) -> Float32[np.ndarray, " steps"]:
    """Return the level of every 10 ms step over 40 ms, dB.

    >>> measure_loudness(np.ones(1600, np.float32))[3:6].tolist()
    [0.0, 0.0, 0.0]
    """
    from scipy.ndimage import uniform_filter1d

    power = uniform_filter1d(np.pad(np.square(sound), (0, HOP)), WINDOW, mode="constant")[: len(sound) + 1 : HOP]
    level: Float32[np.ndarray, " steps"] = 10 * np.log10(np.maximum(power, np.float32(1e-12)))
    return level


def remove_rumble(sound: Float32[np.ndarray, " samples"]) -> Float32[np.ndarray, " samples"]:
    """Return the sound less what lies below `RUMBLE`, with the gain of a Butterworth filter of second order.

        |H(f)| = f^2 / sqrt(f^4 + RUMBLE^4)

    >>> tone = np.sin(2 * np.pi * 75 * np.arange(16_000) / SAMPLE_RATE).astype(np.float32)
    >>> round(float(np.std(remove_rumble(tone)) / np.std(tone)), 2)   # an octave below: 12 dB
    0.24
    """
    from scipy.fft import irfft, next_fast_len, rfft  # not scipy.signal, which takes most of a second to import

    length = next_fast_len(len(sound), real=True)
    square = np.fft.rfftfreq(length, 1 / SAMPLE_RATE).astype(np.float32) ** 2
    gain = square / np.sqrt(square**2 + np.float32(RUMBLE) ** 4)
    high: Float32[np.ndarray, " samples"] = irfft(rfft(sound, length) * gain, length)[: len(sound)]
    return high


def find_runs(true: Bool[np.ndarray, " steps"]) -> Int[np.ndarray, "runs 2"]:
    """Return where each run of true values starts and stops.

    >>> find_runs(np.array([True, True, False, True])).tolist()
    [[0, 2], [3, 4]]
    """
    edges = np.flatnonzero(np.diff(true.astype(np.int8), prepend=0, append=0))
    return edges.reshape(-1, 2)
