"""Samples: what sound a decision can be made on, samples that a user gives, and windows cut from a stream."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Shaped

from emospike.clip.decoding import FULL_SCALE, SAMPLE_RATE, Sound, Track
from emospike.clip.headers import BLOCK
from emospike.validation import InputError

_SHORTEST = 0.1  # s; no decision is possible on less
_SHORTEST_WINDOW = 0.5  # s; a last, partial window shorter than this is dropped
_SILENCE = 1e-4  # peak, -80 dBFS


LOUDEST = 100.0
"""Peak, +40 dBFS, above which there is no sound, but samples of ±32768 stored as float."""


@dataclass(frozen=True)
class Recorded:
    """What was decoded of a clip: its sound, the share of it at full scale, and what is wrong with it."""

    sound: Sound
    clipped: float
    warning: str | None = None


def is_silent(sound: Sound) -> bool:
    """Tell whether sound never exceeds -80 dBFS."""
    return bool(np.abs(sound).max(initial=0.0) < _SILENCE)


def measure_clipping(sound: Sound) -> float:
    """Return the share of samples at full scale or above."""
    return float(np.mean(np.abs(sound) >= FULL_SCALE))


def check_speech(sound: Sound, name: str = "sound") -> None:
    """Raise `InputError` if no decision can be made on this sound (16 kHz, full scale ±1).

    >>> check_speech(np.zeros(16_000, np.float32), "a.wav")
    Traceback (most recent call last):
    emospike.validation.InputError: a.wav is silent (peak below -80 dBFS): check the microphone or the track
    """
    seconds = len(sound) / SAMPLE_RATE
    if seconds < _SHORTEST:
        raise InputError(f"{name} holds {seconds:.2f} s of sound, at least {_SHORTEST} s is needed")
    peak = float(np.abs(sound).max())
    if not np.isfinite(peak):
        raise InputError(f"{name} holds NaN or infinite samples: export it again")
    if is_silent(sound):
        raise InputError(f"{name} is silent (peak below -80 dBFS): check the microphone or the track")
    if peak > LOUDEST:
        raise InputError(f"{name} peaks at {peak:.3g}, not near 1: damaged, or integers to divide by 32768")


@dataclass(frozen=True, eq=False)
class Array:
    """Samples that a user gave; clips of arrays are equal only if they share them."""

    samples: Float32[np.ndarray, "samples channels"]
    rate: float

    def open_track(self, first: int, label: str) -> Track:
        """Return the sound from second `first` on."""
        begin, length = round(first * self.rate), len(self.samples)
        blocks = (self.samples[at : at + BLOCK] for at in range(begin, length, BLOCK))
        return Track(label, self.rate, length / self.rate, first, blocks, certain=True)


def scale_to_one(sound: Shaped[np.ndarray, ...], name: str) -> Float32[np.ndarray, "samples channels"]:
    """Return samples of any type with full scale 1, shape (samples, channels)."""
    try:
        sound = np.asarray(sound)
    except (TypeError, ValueError, RuntimeError) as error:  # lists of unequal lengths; tensors elsewhere, or that learn
        raise InputError(f"{name}: an array of samples expected, got {type(sound).__name__}: {error}") from error
    kind, size = sound.dtype.kind, sound.dtype.itemsize
    if sound.ndim not in {1, 2} or (sound.ndim == 2 and sound.shape[1] > max(sound.shape[0], 1)):
        raise InputError(f"{name}: shape (samples,) or (samples, channels) expected, got {sound.shape}")
    if kind not in "fiu" or (kind in "iu" and size > 4):
        raise InputError(f"{name}: samples of {sound.dtype} have no known full scale: give float32 or int16")
    if kind != "f":
        sound = sound / 2.0 ** (8 * size - 1) - (kind == "u")  # unsigned sound rests at half its range
    with np.errstate(over="ignore"):  # infinite then, and refused as such
        return sound.astype(np.float32).reshape(len(sound), -1 if sound.size else 1)


def cut_windows(chunks: Iterable[Sound], length: int, hop: int) -> Iterator[tuple[int, Sound]]:
    """Yield each window and the sample where it begins; the last may be shorter, but holds something new."""
    at, held, need = 0, 0, max(length, hop)
    kept = [np.empty(0, np.float32)]
    for chunk in chunks:
        kept.append(chunk)
        held += len(chunk)
        if held < need:
            continue
        joined = np.concatenate(kept)
        while len(joined) >= need:
            yield at, joined[:length].copy()
            joined, at = joined[hop:], at + hop
        kept, held = [joined], len(joined)
    last = np.concatenate(kept)[:length]
    if len(last) and (is_new(len(last), length, hop) or at == 0):
        yield at, last


def cut_spans(end: int, length: int, hop: int) -> Iterator[tuple[int, int]]:
    """Yield where each window begins and stops of what is not heard, `end` samples long; the first is always there.

    >>> list(cut_spans(40_000, 16_000, 16_000)), list(cut_spans(0, 16_000, 16_000))
    ([(0, 16000), (16000, 32000), (32000, 40000)], [(0, 1)])
    """
    for at in range(0, max(end, 1), hop):
        if at and not is_new(end - at, length, hop):
            return
        yield at, max(min(at + length, end), 1)


def is_new(rest: int, length: int, hop: int) -> bool:
    """Tell whether the rest of a recording makes a window: it holds something new, and not too little."""
    return rest > length - hop and rest >= _SHORTEST_WINDOW * SAMPLE_RATE
