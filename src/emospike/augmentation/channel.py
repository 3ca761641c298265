"""Channel: recordings as other microphones, rooms, lines and formats would have brought them.

Virtual speakers vary the series of a feature (see `emospike.augmentation.voice`); a channel varies the sound itself,
and features are extracted from that again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol, runtime_checkable
from zlib import crc32

import numpy as np

from emospike.augmentation.filters import Samples
from emospike.augmentation.noise import Babble
from emospike.clip import SAMPLE_RATE, Clip, Sound
from emospike.registry import Registry
from emospike.validation import InputError, within

DEGRADATIONS = Registry(
    "degradation",
    {
        "gain": "emospike.augmentation.filters:Gain",
        "clip": "emospike.augmentation.filters:Clipping",
        "dc": "emospike.augmentation.filters:Offset",
        "band": "emospike.augmentation.filters:BandLimit",
        "rate": "emospike.augmentation.filters:SamplingRate",
        "8khz": "emospike.augmentation.filters:SamplingRate",
        "telephone": "emospike.augmentation.filters:Telephone",
        "tilt": "emospike.augmentation.filters:Tilt",
        "bits": "emospike.augmentation.filters:Quantisation",
        "mp3": "emospike.augmentation.codecs:MP3",
        "opus": "emospike.augmentation.codecs:Opus",
        "amr": "emospike.augmentation.codecs:AMR",
        "noise": "emospike.augmentation.noise:WhiteNoise",
        "pink": "emospike.augmentation.noise:PinkNoise",
        "babble": "emospike.augmentation.noise:Babble",
        "reverb": "emospike.augmentation.rooms:Reverberation",
    },
)
"""What can be done to a sound, by name; its numbers stand behind it, as in ``babble:10``."""


@runtime_checkable
class Degradation(Protocol):
    """A frozen dataclass of numbers that makes a sound worse."""

    def apply(self, sound: Sound, rate: int, rng: np.random.Generator) -> Sound:
        """Return a sound (at `rate` Hz, full scale ±1) as this leaves it, as many samples; all draws are of `rng`."""
        ...


@dataclass(frozen=True)
class Drawn:
    """A degradation whose numbers are drawn anew for each recording, evenly between two of their kind."""

    low: Degradation
    high: Degradation

    def apply(self, sound: Sound, rate: int, rng: np.random.Generator) -> Sound:
        """Return the sound after a degradation between both."""
        low, high = (np.array([getattr(one, f.name) for f in _numbers(type(one))]) for one in (self.low, self.high))
        drawn = (low + rng.random(len(low)) * (high - low)).tolist()
        named = {f.name: value for f, value in zip(_numbers(type(self.low)), drawn, strict=True)}
        between: Degradation = replace(self.low, **named)  # type: ignore[type-var]
        return between.apply(sound, rate, rng)


def parse_degradation(text: str) -> Degradation:
    """Return the degradation that a text names: ``telephone``, ``babble:10``, ``band:100:4000``, ``noise:5..30``.

    Numbers that are not given are the usual ones; ``5..30`` is drawn for each recording.

    >>> parse_degradation("babble:5")
    Babble(snr=5.0)
    >>> parse_degradation("fax")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    emospike.validation.InputError: unknown degradation 'fax': known are 8khz, amr, babble, band, bits, ...

    Raises
    ------
    InputError : no such degradation, too many numbers, or one that cannot be
    """
    name, *given = text.strip().split(":")
    kind = DEGRADATIONS.load(name)
    known = [f.name for f in _numbers(kind)]
    if len(given) > len(known):
        expected = f"{name}:{':'.join(known)}" if known else name
        raise InputError(f"degradation {expected} expected, got {text!r}")
    try:
        ends = [[float(end) for end in one.split("..", 1)] for one in given]
    except ValueError as error:
        raise InputError(f"degradation NAME:NUMBER, as babble:10 or noise:5..30, expected, got {text!r}") from error
    low, high = (kind(**dict(zip(known, [one[i] for one in ends], strict=False))) for i in (0, -1))
    return low if low == high else Drawn(low, high)


def _numbers(kind: type[Any]) -> list[Any]:
    """Return the fields of a degradation that are numbers, in order."""
    return [f for f in fields(kind) if f.type in (float, "float")]


@dataclass(frozen=True)
class DegradedSound:
    """The change that a degradation makes to the sound of a clip (see `Clip.change`).

    Draws come from a seed, and from the samples: the same recording is always changed alike, in any company, and every
    strength of one degradation adds the same noise to it.
    """

    degradation: Degradation
    seed: int = 0

    def __call__(self, sound: Sound) -> Sound:
        """Return the sound, degraded."""
        rng = np.random.default_rng([self.seed, crc32(np.ascontiguousarray(sound).tobytes())])
        return self.degradation.apply(sound, SAMPLE_RATE, rng)


def degrade(clip: Clip, degradation: Degradation | str, seed: int = 0) -> Clip:
    """Return a clip whose sound is degraded whenever it is decoded; its face and all else stay.

    >>> clip = Clip.from_array(np.full(16_000, 0.5, np.float32), 16_000)
    >>> degrade(clip, "gain:-20").sound[:2].tolist()
    [0.05000000074505806, 0.05000000074505806]
    """
    chosen = parse_degradation(degradation) if isinstance(degradation, str) else degradation
    return clip.change(DegradedSound(chosen, seed))


def add_voices(degradation: Degradation, voices: Iterable[Samples]) -> Degradation:
    """Return a babble that is made of these voices (16 kHz); any other degradation as it is."""
    voices = tuple(voices)
    if isinstance(degradation, Drawn):
        return Drawn(add_voices(degradation.low, voices), add_voices(degradation.high, voices))
    return replace(degradation, voices=voices) if isinstance(degradation, Babble) else degradation


@dataclass(frozen=True)
class ChannelVariation:
    """Copies of training clips over other channels, which train beside them; readouts only, and never held out alone.

    Attributes
    ----------
    degradations : what copies are drawn from, as `parse_degradation` reads it
    copies : of each clip; each over another channel, as far as there are as many

    Raises `InputError` for what `parse_degradation` does not know.
    """

    degradations: tuple[str, ...] = ("telephone",)
    copies: int = 1

    def __post_init__(self) -> None:
        within("copies", self.copies, 0, 1000)
        if self.copies and not self.degradations:
            raise InputError("at least one degradation expected to make copies with, got none")
        for one in self.degradations:
            parse_degradation(one)

    def draw(self, clip: Clip, seed: int = 0) -> Iterator[Clip]:
        """Yield the copies of a training clip; which channels it gets depends on the recording and the seed alone."""
        rng = np.random.default_rng([seed, clip.fingerprint])
        rounds = -(-self.copies // max(len(self.degradations), 1))
        order = [rng.permutation(len(self.degradations)) for _ in range(rounds)]
        for copy, k in enumerate(np.concatenate(order)[: self.copies] if order else ()):
            yield degrade(clip, self.degradations[k], seed + copy)
