"""Endpointing: where utterances begin and end in sound that comes in chunks.

The level of every 10 ms step is compared with that of the background, which is the lowest of the last seconds (Martin
2001, IEEE Trans. Speech and Audio Processing 9(5), "minimum statistics", here of the whole band).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from emospike.clip import SAMPLE_RATE, Sound
from emospike.validation import InputError, positive, within

STEP = SAMPLE_RATE // 100
"""Samples of a step, 10 ms."""

FRAME = 2 * STEP
"""Samples that the level of a step is measured over."""

LOWEST_FLOOR, FIRST_FLOOR = -75.0, -60.0
"""dBFS below which no background is thought to lie, and where it lies until one was heard."""

MEMORY, BLOCK = 8.0, 0.5
"""Seconds over which the lowest level is sought, and of the blocks in which it is kept."""

QUIET = 40.0
"""dB below the loudest step of an utterance from which a step is a pause, whatever the background."""

Levels = Float[np.ndarray, " steps"]


@dataclass(frozen=True)
class Mark:
    """An utterance that is over, or that has lasted until a look at it.

    Attributes
    ----------
    start, stop : samples from the beginning of the stream between which it lies, with the margins, so far
    look : seconds since its onset for which it is looked at; None where it is over
    """

    start: int
    stop: int
    look: float | None = None

    @property
    def final(self) -> bool:
        """Whether the utterance is over."""
        return self.look is None


@dataclass(frozen=True)
class Endpointing:
    """When sound is an utterance.

    Attributes
    ----------
    onset : dB above the background from which a step is sound, where nothing was heard before
    offset : dB above the background below which a step is a pause
    rise : seconds of sound in a row that make an onset; clicks are shorter
    pause : seconds of pause in a row that end an utterance
    margin : seconds before the onset and after the last sound that belong to an utterance, but to one only: the less
        is cut away, the more a decision is that on a whole recording
    longest : seconds after which an utterance is cut: the next begins there
    looks : seconds since the onset at which an utterance is looked at before it is over
    """

    onset: float = 12.0
    offset: float = 9.0
    rise: float = 0.03
    pause: float = 0.6
    margin: float = 0.6
    longest: float = 8.0
    looks: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        within("offset in dB", self.offset, 0, 60)
        within("onset in dB", self.onset, self.offset, 60)
        positive("rise in seconds", self.rise)
        positive("pause in seconds", self.pause)
        within("margin in seconds", self.margin, 0, self.pause)
        within("longest utterance in seconds", self.longest, 2 * self.margin + self.rise, 3600)
        if any(look <= 0 for look in self.looks):
            raise InputError(f"looks after more than 0 s expected, got {self.looks}")


class Endpointer:
    """Finds utterances in sound at 16 kHz, chunk by chunk; the same marks however it is cut.

    >>> rng = np.random.default_rng(0)
    >>> sound = rng.normal(0, 1e-4, 64_000).astype(np.float32)
    >>> sound[16_000:32_000] *= 1000
    >>> [(mark.start, mark.stop, mark.final) for mark in Endpointer(Endpointing(looks=(0.5,))).push(sound)]
    [(6240, 23840, False), (6240, 41600, True)]
    """

    def __init__(self, settings: Endpointing | None = None) -> None:
        self.settings = settings or Endpointing()
        self._looks = {round(look * SAMPLE_RATE) // STEP: look for look in self.settings.looks}
        self.reset()

    def reset(self) -> None:
        """Forget all that was heard."""
        self._held: Sound = np.empty(0, np.float32)
        self._step = self._ended = 0
        blocks = round(MEMORY / BLOCK)
        self._lowest: deque[float] = deque([FIRST_FLOOR] * blocks, maxlen=blocks)
        self._lowest_now = np.inf
        self._leave()

    def _leave(self) -> None:
        """Wait for an onset."""
        self._start: int | None = None
        self._onset = self._last = self._loud = 0
        self._peak = -np.inf

    @property
    def speaking(self) -> bool:
        """Whether an utterance goes on."""
        return self._start is not None

    @property
    def floor(self) -> float:
        """Level of the background, dBFS."""
        return max(min(*self._lowest, self._lowest_now), LOWEST_FLOOR)

    @property
    def needed(self) -> int:
        """The sample from which on sound may still belong to a mark to come."""
        if self._start is not None:
            return self._start
        return max(self._ended, (self._step - self._loud) * STEP - round(self.settings.margin * SAMPLE_RATE))

    def push(self, sound: Sound) -> list[Mark]:
        """Return the marks that a chunk makes known."""
        joined = np.concatenate([self._held, sound])
        steps = max((len(joined) - FRAME) // STEP + 1, 0)
        self._held = joined[steps * STEP :]
        return [mark for level in measure_levels(joined, steps) for mark in self._take(float(level))]

    def finish(self) -> list[Mark]:
        """Return the mark of an utterance that was not over when the sound ended, and forget all."""
        end = self._step * STEP + len(self._held)
        marks = [] if self._start is None else self._close(self._start, end)
        self.reset()
        return marks

    def _take(self, level: float) -> Iterator[Mark]:
        """Yield the marks that the next step makes known."""
        self._step += 1
        floor = self.floor
        self._track(level)
        if self._start is None:
            self._loud = self._loud + 1 if level > floor + self.settings.onset else 0
            if self._loud * STEP < round(self.settings.rise * SAMPLE_RATE):
                return
            self._start, self._onset = self.needed, self._step - self._loud
        self._peak = max(self._peak, level)
        if level > max(floor + self.settings.offset, self._peak - QUIET):
            self._last = self._step
        yield from self._look(self._start)

    def _look(self, start: int) -> Iterator[Mark]:
        """Yield what the utterance that goes on since `start` has come to."""
        now = self._step * STEP
        if (self._step - self._last) * STEP >= round(self.settings.pause * SAMPLE_RATE):
            yield from self._close(start, now)
            self._ended = max(start, self._end)
            self._leave()
        elif now - start >= round(self.settings.longest * SAMPLE_RATE):
            yield Mark(start, now)
            self._start, self._onset = now, self._step
        elif (look := self._looks.get(self._step - self._onset)) is not None:
            yield Mark(start, now, look)

    def _close(self, start: int, now: int) -> list[Mark]:
        """Return the mark of an utterance that is over; there is none where it was cut in the pause."""
        return [Mark(start, min(now, self._end))] if self._last * STEP > start else []

    @property
    def _end(self) -> int:
        """Where the utterance ends, if no more of it comes."""
        return self._last * STEP + round(self.settings.margin * SAMPLE_RATE)

    def _track(self, level: float) -> None:
        """Note the lowest level of every block of steps."""
        self._lowest_now = min(self._lowest_now, level)
        if self._step * STEP % round(BLOCK * SAMPLE_RATE) == 0:
            self._lowest.append(self._lowest_now)
            self._lowest_now = np.inf


def measure_levels(sound: Sound, steps: int) -> Levels:
    """Return the level of every step in dBFS, without its mean: L = 10 log10 var of `FRAME` samples.

    >>> measure_levels(np.tile(np.array([0.6, 0.4], np.float32), 240), 2).round(3).tolist()
    [-20.0, -20.0]
    """
    frames = np.lib.stride_tricks.sliding_window_view(sound, FRAME)[::STEP][:steps] if steps else np.empty((0, FRAME))
    levels: Levels = 10 * np.log10(np.maximum(frames.astype(float).var(axis=1), 1e-20))
    return levels
