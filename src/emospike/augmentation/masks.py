"""Augmentation: each time that a clip trains it is heard and seen a little differently."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float32

from emospike.augmentation.voice import Respeaks, VirtualSpeakers
from emospike.series import Series
from emospike.validation import positive, within

Values = Float32[np.ndarray, "steps channels"]
AllSeries = tuple[Series | None, ...]


@dataclass(frozen=True)
class Augmentation:
    """Draws variations of training clips; every draw comes from the generator that it is given.

    Attributes
    ----------
    voices : how far bands, speed and level of a voice may move; a face moves as slowly as its voice
    masks : bands, and stretches of time, that are hidden in each array
    widest, longest : channels and steps that one mask hides at most
    noise : standard deviation of what is added to every value, in standard deviations of its channel
    drop : chance that a track stays at its mean
    mirror : chance that left and right of a face change places
    mix : how much clips are mixed with each other (mixup); 0 for not at all

    Sources: Park et al. 2019 (SpecAugment: masks); Zhang et al. 2018 (mixup).
    """

    voices: VirtualSpeakers = field(default_factory=lambda: VirtualSpeakers(copies=1, shift=4.0, stretch=0.15))
    masks: int = 2
    widest: int = 8
    longest: int = 24
    noise: float = 0.1
    drop: float = 0.1
    mirror: float = 0.5
    mix: float = 0.3

    def __post_init__(self) -> None:
        positive("widest", self.widest)
        positive("longest", self.longest)
        for name in ("drop", "mirror"):
            within(name, getattr(self, name), 0, 1)

    def respeak(self, features: Sequence[Respeaks], series: AllSeries, rng: np.random.Generator) -> AllSeries:
        """Return the features of a clip as another speaker would have given them, its face perhaps mirrored."""
        voice = self.voices.draw(rng)[-1]
        turned = rng.random() < self.mirror
        spoken = [one and feature.respeak(voice, one) for feature, one in zip(features, series, strict=True)]
        return tuple(one and (mirror(one) if turned else one) for one in spoken)

    def disturb(self, values: Values, rng: np.random.Generator, *, picture: bool) -> Values:
        """Return values (of mean 0 and deviation 1) with noise, and with masks at their mean.

        Of a picture, neighbouring channels are hidden together; of tracks, each has its own chance.
        """
        steps, channels = values.shape
        out = values + rng.normal(0, self.noise, values.shape).astype(np.float32)
        for _ in range(self.masks):
            start, length = rng.integers(0, steps), rng.integers(0, self.longest + 1)
            out[start : start + length] = 0
            if picture:
                low, width = rng.integers(0, channels), rng.integers(0, self.widest + 1)
                out[:, low : low + width] = 0
        if not picture:
            out[:, rng.random(channels) < self.drop] = 0
        return out


def mirror(series: Series) -> Series:
    """Return a face with the left and the right half of each movement exchanged.

    >>> from emospike.features.blendshapes import BLENDSHAPES, CHANNELS
    >>> left, jaw, right = (BLENDSHAPES.index(name) for name in ("mouthSmileLeft", "jawOpen", "mouthSmileRight"))
    >>> face = Series(np.arange(52, dtype=np.float32)[None], 100.0, CHANNELS)
    >>> (mirror(face).values[0, [left, jaw, right]] == [right, jaw, left]).tolist()
    [True, True, True]
    """
    other = {"left": "right", "right": "left"}
    half = {(one.movement, one.side): i for i, one in enumerate(series.channels) if one.side}
    order = [half.get((one.movement, other.get(one.side, "")), i) for i, one in enumerate(series.channels)]
    return series.with_values(series.values[:, order])
