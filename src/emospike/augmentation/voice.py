"""Virtual speakers: training clips as other voices might have spoken them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Float32

from emospike.clip import Clip
from emospike.series import Series
from emospike.validation import within


@dataclass(frozen=True)
class Voice:
    """One variation: bands up or down, slower or faster, louder or softer.

    Attributes
    ----------
    shift : bands that the spectrum moves up (vocal tract length and pitch)
    stretch : duration relative to the original
    level : nats added to log power
    face : seed of what else the face that speaks has of its own (see `change_face`); None leaves it as it is
    """

    shift: float = 0.0
    stretch: float = 1.0
    level: float = 0.0
    face: int | None = None


@runtime_checkable
class Respeaks(Protocol):
    """A feature that knows how another voice would have given it."""

    def respeak(self, voice: Voice, series: Series) -> Series:
        """Return the series as another voice would have given it."""
        ...


@dataclass(frozen=True)
class VirtualSpeakers:
    """Draws voices and applies them to log spectra; used on training clips only.

    Attributes
    ----------
    copies : voices drawn for each clip, besides its own
    shift : largest shift, bands
    stretch : largest relative change of duration
    level : largest change of level, nats
    faces : draw another face with each voice (see `change_face`)
    """

    copies: int = 4
    shift: float = 3.0
    stretch: float = 0.12
    level: float = 1.5
    faces: bool = False

    def __post_init__(self) -> None:
        within("copies", self.copies, 0, 1000)
        within("stretch", self.stretch, 0.0, 0.9)

    def draw_for(self, clip: Clip, seed: int) -> list[Voice]:
        """Return the voices of a clip, which depend on the recording and the seed alone."""
        return self.draw(np.random.default_rng([seed, clip.fingerprint]))

    def draw(self, rng: np.random.Generator) -> list[Voice]:
        """Return the clip's own voice and `copies` others."""
        drawn = rng.uniform(-1, 1, (self.copies, 3)) * (self.shift, self.stretch, self.level)
        faces = rng.integers(2**32, size=self.copies).tolist() if self.faces else [None] * self.copies
        voices = zip(drawn.tolist(), faces, strict=True)
        return [Voice(), *(Voice(a, 1 + b, c, face) for (a, b, c), face in voices)]


def respeak_spectrum(voice: Voice, series: Series, floor: float) -> Series:
    """Return a log spectrum as that voice would have given it; nothing falls below `floor` nats.

    Values between bands and steps are interpolated linearly; outer bands repeat.
    """
    values = stretch(voice, series).values
    if voice.shift:
        bands = values.shape[1]
        values = interpolate(values.T, np.clip(np.arange(bands) - voice.shift, 0, bands - 1)).T
    return series.with_values(np.maximum(values + np.float32(voice.level), np.float32(floor)))


def stretch(voice: Voice, series: Series) -> Series:
    """Return the series as long as that voice would have taken."""
    if voice.stretch == 1:
        return series
    steps = max(round(len(series) * voice.stretch), 1)
    return series.with_values(interpolate(series.values, np.linspace(0, len(series) - 1, steps)))


def change_face(voice: Voice, series: Series, jitter: float, offset: float, most: float) -> Series:
    """Return scores of a face's movements, 0 to `most`, as the face of that voice would have shown them.

        s' = min(max(s exp(a) + b, 0), most),   a ~ N(0, jitter²), b ~ N(0, offset²), one of each a channel

    so that what is learnt does not hang on how strongly one tracker, or one person, shows a movement.
    """
    if voice.face is None:
        return series
    rng, channels = np.random.default_rng(voice.face), series.values.shape[1]
    gain, shift = np.exp(rng.normal(0, jitter, channels)), rng.normal(0, offset, channels)
    return series.with_values((series.values * gain + shift).clip(0, most).astype(np.float32))


def interpolate(
    rows: Float32[np.ndarray, "rows columns"], place: Float[np.ndarray, " places"]
) -> Float32[np.ndarray, "places columns"]:
    """Return the rows at fractional places, interpolated linearly."""
    below = np.minimum(place.astype(int), len(rows) - 1)
    above = np.minimum(below + 1, len(rows) - 1)
    part = (place - below)[:, None].astype(np.float32)
    out: Float32[np.ndarray, "places columns"] = rows[below] * (1 - part) + rows[above] * part
    return out
