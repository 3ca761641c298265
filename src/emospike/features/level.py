"""Level and band: every sound is brought to one active level, and a narrow band is recognised.

How loud a recording is tells of the microphone and of who set it up, hardly of who speaks; what is loud within a
recording is kept.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from emospike.augmentation.noise import measure_active_power
from emospike.clip import SAMPLE_RATE, Clip, Sound
from emospike.features.spectrum import bin_frequencies, compute_spectrogram
from emospike.validation import within

QUIET = -60.0
"""dBFS of active level below which a recording is said to be very quiet."""

EDGE = 4000.0
"""Hz above which a recording at 8 kHz, or over a telephone, holds nothing."""

EMPTY = -45.0
"""dB of power above `EDGE`, relative to that below, from which on there is said to be nothing."""

THIN = -15.0
"""dB of power below `LOW`, relative to that up to twice as high, from which on a telephone is heard."""

LOW = 250.0
"""Hz below which a telephone lets nothing through."""


def measure_level(sound: Sound) -> float:
    """Return the active level of a sound in dBFS, without its mean.

    L = 10 log10 of the mean power of those frames that lie within 30 dB of the loudest (see
    `emospike.augmentation.noise.measure_active_power`): pauses do not count, however long they are.

    >>> round(measure_level(np.tile(np.array([0.1, -0.1], np.float32), 8000)), 3)
    -20.0
    """
    power = measure_active_power(_centre(sound), SAMPLE_RATE)
    return 10 * float(np.log10(max(power, 1e-20)))


def bring_to_level(sound: Sound, level: float) -> Sound:
    """Return a sound without its mean, at an active level in dBFS; samples may exceed full scale."""
    within("level in dBFS", level, -200, 100)
    centred = _centre(sound)
    power = max(measure_active_power(centred, SAMPLE_RATE), 1e-20)
    return centred * np.float32(np.sqrt(10 ** (level / 10) / power))


def bring_clip_to_level(clip: Clip, level: float) -> Clip:
    """Return a clip with its sound at a level, kept in the memo of the clip."""
    key = ("level", level)
    if key not in clip.memo:
        clip.memo[key] = clip.change(lambda sound: bring_to_level(sound, level))
    levelled: Clip = clip.memo[key]
    return levelled


def describe_channel(clip: Clip) -> Iterator[str]:
    """Yield what should be known of how a sound was recorded: that it is very quiet, or of a narrow band."""
    level = measure_level(clip.sound)
    if level < QUIET:
        yield f"very quiet ({level:.0f} dBFS)"
    if band := name_band(clip.sound):
        yield band


def name_band(sound: Sound) -> str | None:
    """Return in words that a sound has a narrow band, or None: its mean power above 4 kHz, and below 250 Hz.

    >>> name_band(np.random.default_rng(0).normal(0, 0.1, 16_000).astype(np.float32)) is None
    True
    """
    power = compute_spectrogram(bring_to_level(sound, -26.0), 400, 512)
    mean, hz = power[power.mean(axis=1) > power.mean(axis=1).max() / 1000].mean(axis=0), bin_frequencies(512)
    low, voice = (mean[(hz > start) & (hz < stop)].mean() for start, stop in ((60, LOW), (LOW, 2 * LOW)))
    above, below = mean[hz > EDGE + 150].mean(), mean[(hz > LOW) & (hz < EDGE)].mean()
    if above > below * 10 ** (EMPTY / 10):
        return None
    return "telephone sound" if low < voice * 10 ** (THIN / 10) else "nothing above 4 kHz"


def _centre(sound: Sound) -> Sound:
    """Return the sound without its mean."""
    return sound - np.float32(sound.mean(dtype=float))
