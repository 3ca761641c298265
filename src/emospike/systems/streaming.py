"""Streams: decisions on sound as it comes, utterance by utterance.

Nothing is carried from one utterance to the next: each is decided as a recording of its own, by the samples between its
margins. So the final decision is what the model says of the same recording, and early ones are what it says of what was
heard so far.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Shaped

from emospike.clip import SAMPLE_RATE, Clip, Sound
from emospike.decision import Decision
from emospike.streaming.endpointing import Endpointer, Endpointing, Mark
from emospike.streaming.resampling import Resampler
from emospike.systems.perception import SHORTEST_SPEECH
from emospike.systems.windows import LONGEST

PIECE = SAMPLE_RATE
"""Samples that are taken in at once: a chunk of an hour takes no more memory than its own."""


@dataclass(frozen=True)
class StreamDecision:
    """What is decided on an utterance, or on what was heard of it so far.

    Attributes
    ----------
    start, stop : seconds from the beginning of the stream
    look : seconds since its onset after which it was looked at; None where it is over
    decision : what is decided
    sound : that it was decided on, 16 kHz
    """

    start: float
    stop: float
    look: float | None
    decision: Decision
    sound: Sound = field(default_factory=lambda: np.empty(0, np.float32), repr=False, compare=False)

    @property
    def final(self) -> bool:
        """Whether the utterance is over."""
        return self.look is None


class SpeechStream:
    """Decides on sound that comes in chunks (see `System.stream`).

    Sound in which no speech is heard is passed over. An utterance of more than `LONGEST` seconds is decided in parts.

    Attributes
    ----------
    rate : of the sound that is fed, Hz
    """

    def __init__(
        self,
        rate: float,
        looks: Sequence[float],
        decide: Callable[[Clip], Decision],
        decide_early: Callable[[Clip, float], Decision],
    ) -> None:
        self._resampler = Resampler(rate)
        self._endpointer = Endpointer(Endpointing(longest=LONGEST, looks=tuple(looks)))
        self._decide, self._decide_early = decide, decide_early
        self.reset()

    @property
    def rate(self) -> float:
        """Of the sound that is fed, Hz."""
        return self._resampler.rate

    @property
    def speaking(self) -> bool:
        """Whether an utterance goes on."""
        return self._endpointer.speaking

    @property
    def seconds(self) -> float:
        """How much sound was heard."""
        return (self._first + len(self._sound)) / SAMPLE_RATE

    def reset(self) -> None:
        """Begin anew, at second 0; what a model knows of a speaker it keeps (see `System.forget_speaker`)."""
        self._resampler.finish()
        self._endpointer.reset()
        self._sound: Sound = np.empty(0, np.float32)
        self._first = 0

    def feed(self, samples: Shaped[np.ndarray, ...]) -> list[StreamDecision]:
        """Return the decisions that a chunk of any size makes possible.

        Shape (samples,) or (samples, channels); floats have full scale ±1, integers that of their type.

        Raises
        ------
        InputError : as `Resampler.push`; the stream goes on as if the chunk had not come
        """
        sound = self._resampler.push(samples)
        pieces = (sound[at : at + PIECE] for at in range(0, len(sound), PIECE))
        return [decided for piece in pieces for decided in self._take(piece)]

    def flush(self) -> list[StreamDecision]:
        """Return the decision on an utterance that the end of the sound cuts off, and begin anew."""
        decided = [*self._take(self._resampler.finish()), *self._judge(self._endpointer.finish())]
        self.reset()
        return decided

    def _take(self, piece: Sound) -> list[StreamDecision]:
        """Return the decisions that a piece makes possible, and drop what no other needs."""
        self._sound = np.concatenate([self._sound, piece])
        decided = list(self._judge(self._endpointer.push(piece)))
        needed = self._endpointer.needed - self._first
        self._sound, self._first = self._sound[needed:], self._first + needed
        return decided

    def _judge(self, marks: Sequence[Mark]) -> Iterator[StreamDecision]:
        """Yield what is decided on utterances, but for those that hold no speech, or are too short to tell."""
        for mark in marks:
            heard = self._sound[mark.start - self._first : mark.stop - self._first]
            if len(heard) < SHORTEST_SPEECH * SAMPLE_RATE:
                continue
            clip = Clip.from_array(heard, SAMPLE_RATE, "stream")
            decision = self._decide(clip) if mark.look is None else self._decide_early(clip, mark.look)
            if decision.speech:
                yield StreamDecision(mark.start / SAMPLE_RATE, mark.stop / SAMPLE_RATE, mark.look, decision, heard)
