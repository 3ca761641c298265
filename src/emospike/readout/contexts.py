"""Prosodic contexts: what the voice does at each step, by which the spikes of a state vector are counted apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Int8

from emospike.series import Series

Contour = Float32[np.ndarray, " steps"]
Parts = Int8[np.ndarray, " steps"]

PARTS = 4
"""Parts that every context splits the steps in."""

VOICED = 0.5
"""Strength of voicing from which a step counts as voiced."""

HEARD = 9.0
"""Nats below the loudest step within which a step is heard."""

LEVELS = (1.5, 3.0, 5.5)
"""Nats below the loudest step between the parts of `level`."""

SMOOTH = 7
"""Steps over which contours are averaged before their slope is taken."""


@dataclass(frozen=True)
class VoiceContours:
    """What contexts are made of, at the steps of a clip's speech.

    Attributes
    ----------
    energy : ln of mean power, nats
    pitch : semitones above the clip's median
    voiced : whether there is a pitch
    """

    energy: Contour
    pitch: Contour
    voiced: Bool[np.ndarray, " steps"]


def split_loudness(contours: VoiceContours) -> Parts:
    """Return 0 or 1 where a voice is louder or softer than its median, 2 where sound without voice is heard, else 3."""
    energy, voiced = contours.energy, contours.voiced
    median = np.median(energy[voiced]) if voiced.any() else 0.0
    quiet = np.where(energy > energy.max() - HEARD, 2, 3)
    return np.where(voiced, np.where(energy > median, 0, 1), quiet).astype(np.int8)


def split_pitch(contours: VoiceContours) -> Parts:
    """Return 0 or 1 where a voice is above its median pitch or not, 2 or 3 where energy rises or falls without one."""
    rising = np.where(measure_slope(contours.energy) > 0, 2, 3)
    return np.asarray(np.where(contours.voiced, np.where(contours.pitch > 0, 0, 1), rising), np.int8)


def split_level(contours: VoiceContours) -> Parts:
    """Return how far below the loudest step a step lies, cut at `LEVELS`."""
    return np.asarray(np.digitize(contours.energy.max() - contours.energy, LEVELS), np.int8)


def split_slopes(contours: VoiceContours) -> Parts:
    """Return 2 where energy rises, plus 1 where pitch does."""
    return np.asarray(2 * (measure_slope(contours.energy) > 0) + (measure_slope(contours.pitch) > 0), np.int8)


CONTEXTS: dict[str, Callable[[VoiceContours], Parts]] = {
    "loudness": split_loudness,
    "pitch": split_pitch,
    "level": split_level,
    "slopes": split_slopes,
}
"""What splits the steps, by name; a new context is one function and one line here."""


def measure_slope(contour: Contour) -> Contour:
    """Return the change a step of a contour that is averaged over `SMOOTH` steps.

    >>> float(measure_slope(np.arange(9, dtype=np.float32))[4])
    1.0
    """
    if len(contour) < 2:
        return np.zeros_like(contour)
    padded = np.pad(contour, SMOOTH // 2, "edge")
    out: Contour = np.gradient(np.convolve(padded, np.full(SMOOTH, 1 / SMOOTH), "valid")).astype(np.float32)
    return out


def take_contours(prosody: Series, start: int, stop: int) -> VoiceContours:
    """Return the contours of `Prosody` (see `emospike.features.prosody`) from a step to another."""
    columns = {channel.short: prosody.values[start:stop, i] for i, channel in enumerate(prosody.channels)}
    return VoiceContours(columns["energy"], columns["relative pitch"], columns["strength"] > VOICED)
