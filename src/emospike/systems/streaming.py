"""Streams: decisions on sound as it comes, and on a face, utterance by utterance.

Nothing is carried from one utterance to the next: each is decided as a recording of its own, by the samples between its
margins, and by the pictures that were taken meanwhile. So the final decision is what the model says of the same
recording, and early ones are what it says of what was heard and seen so far.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType

import numpy as np
from jaxtyping import Shaped

from emospike.clip import SAMPLE_RATE, Clip, Sound
from emospike.decision import Decision
from emospike.features.blendshapes import APART
from emospike.features.face_track import FaceTrack, show_face
from emospike.features.live_face import FaceHistory, FaceWatcher, Sight, check_image, open_watcher
from emospike.streaming.endpointing import Endpointer, Endpointing, Mark
from emospike.streaming.resampling import Resampler
from emospike.systems.perception import SHORTEST_SPEECH
from emospike.systems.windows import LONGEST
from emospike.validation import InputError, within

PIECE = SAMPLE_RATE
"""Samples that are taken in at once: a chunk of an hour takes no more memory than its own. After each, a face is
looked at where nobody speaks."""

GLANCE = 3.0
"""Seconds for which nobody must have spoken for a face to be decided on alone, by what was seen in them."""

LATEST = 1e9
"""Seconds after which no stream goes on: 30 years."""

Decide = Callable[[Clip, str], Decision]
"""Decides on a clip by a modality."""

DecideEarly = Callable[[Clip, "float | None", str], Decision]
"""Decides on what was heard and seen until a look, by a modality; it learns nothing."""


@dataclass(frozen=True)
class StreamDecision:
    """What is decided on an utterance, on what was heard of it so far, or on a face while nobody speaks.

    Attributes
    ----------
    start, stop : seconds from the beginning of the stream
    look : seconds since its onset after which an utterance was looked at; None where it is over
    decision : what is decided
    sound : that it was decided on, 16 kHz
    face : that it was decided on, if one was looked for
    spoken : False where nobody spoke, and the face alone was looked at
    """

    start: float
    stop: float
    look: float | None
    decision: Decision
    sound: Sound = field(default_factory=lambda: np.empty(0, np.float32), repr=False, compare=False)
    face: FaceTrack | None = field(default=None, repr=False, compare=False)
    spoken: bool = True

    @property
    def final(self) -> bool:
        """Whether it is of an utterance that is over."""
        return self.look is None and self.spoken

    def make_clip(self, name: str = "the stream") -> Clip:
        """Return what it was decided on."""
        return make_clip(self.sound, self.face, name)


class SpeechStream:
    """Decides on sound that comes in chunks, and on a face that comes in pictures (see `System.stream`).

    Sound in which no speech is heard is passed over, unless a face is seen. An utterance of more than `LONGEST` seconds
    is decided in parts. Where nobody has spoken for `GLANCE` seconds, a face that is seen is decided on every second.

    A picture counts for what is heard after it was fed: feed it before the sound that is recorded later. Pictures are
    looked at by a model that is opened with the first of them, and closed by `close` or the end of a ``with`` block.

    Attributes
    ----------
    rate : of the sound that is fed, Hz
    sees : whether pictures may be fed
    """

    def __init__(
        self,
        rate: float,
        looks: Sequence[float],
        decide: Decide,
        decide_early: DecideEarly,
        *,
        sees: bool = False,
    ) -> None:
        self._resampler = Resampler(rate)
        self._endpointer = Endpointer(Endpointing(longest=LONGEST, looks=tuple(looks)))
        self._decide, self._decide_early, self.sees = decide, decide_early, sees
        self._opened = ExitStack()
        self._watcher: FaceWatcher | None = None
        self.reset()

    def __enter__(self) -> SpeechStream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close what looks at pictures; it is opened again where it is needed."""
        self._watcher = None
        self._opened.close()

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
        self._first = self._spoken = 0
        self._faces, self._looked = FaceHistory(), -np.inf

    def feed(self, samples: Shaped[np.ndarray, ...]) -> list[StreamDecision]:
        """Return the decisions that a chunk of any size makes possible.

        Shape (samples,) or (samples, channels); floats have full scale ±1, integers that of their type.

        Raises
        ------
        InputError : as `Resampler.push`; the stream goes on as if the chunk had not come
        """
        sound = self._resampler.push(samples)
        first = PIECE - (self._first + len(self._sound)) % PIECE
        pieces = np.split(sound, range(first, len(sound), PIECE))
        return [decided for piece in pieces for decided in self._take(piece)]

    def feed_picture(self, time: float, image: Shaped[np.ndarray, ...]) -> Sight | None:
        """Take in a picture of who speaks, taken so many seconds after the beginning of the stream.

        Shape (height, width, 3): red, green and blue, 8 bits each. As of a film, pictures less than 75 ms after the
        last are passed over. Returns what is seen in it; None where it was passed over.

        Raises
        ------
        InputError : no picture, no second, a stream that does not see, or as `open_watcher`
        """
        self._check_sees()
        within("second of a picture", time, 0, LATEST)
        check_image(image)
        if time - self._looked < APART:
            return None
        if self._watcher is None:
            self._watcher = self._opened.enter_context(open_watcher())
        seen, self._looked = self._watcher.look(time, image), time
        self._faces.put(seen)
        return seen

    def feed_sight(self, seen: Sight) -> None:
        """Take in what was seen in a picture elsewhere (see `FaceWatcher`); raise `InputError` if it does not see."""
        self._check_sees()
        self._faces.put(seen)

    def _check_sees(self) -> None:
        if not self.sees:
            raise InputError("this stream hears alone: model.stream(modality='both') sees too")

    def flush(self) -> list[StreamDecision]:
        """Return the decision on an utterance that the end of the sound cuts off, and begin anew."""
        decided = [*self._take(self._resampler.finish()), *self._judge(self._endpointer.finish())]
        self.reset()
        return decided

    def _take(self, piece: Sound) -> list[StreamDecision]:
        """Return the decisions that a piece makes possible, and drop what no other needs."""
        self._sound = np.concatenate([self._sound, piece])
        decided = [*self._judge(self._endpointer.push(piece)), *(self._glance() if len(piece) else ())]
        needed = self._endpointer.needed - self._first
        self._sound, self._first = self._sound[needed:], self._first + needed
        self._faces.forget(min(self._first / SAMPLE_RATE, self.seconds - GLANCE))
        return decided

    def _judge(self, marks: Sequence[Mark]) -> Iterator[StreamDecision]:
        """Yield what is decided on utterances, but for those that hold no speech, or are too short to tell."""
        for mark in marks:
            self._spoken = mark.stop
            heard = self._sound[mark.start - self._first : mark.stop - self._first]
            if len(heard) < SHORTEST_SPEECH * SAMPLE_RATE:
                continue
            start, stop = mark.start / SAMPLE_RATE, mark.stop / SAMPLE_RATE
            face = self._faces.cut(start, stop)
            clip, modality = make_clip(heard, face), "audio" if face is None else "both"
            if mark.look is None:
                decision = self._decide(clip, modality)
            else:
                decision = self._decide_early(clip, mark.look, modality)
            if decision.speech:
                yield StreamDecision(start, stop, mark.look, decision, heard, face)

    def _glance(self) -> Iterator[StreamDecision]:
        """Yield what is decided on the face after every second in which nobody speaks."""
        now = self._first + len(self._sound)
        if not self.sees or now % PIECE or self._endpointer.speaking or now - self._spoken < GLANCE * SAMPLE_RATE:
            return
        start, stop = now / SAMPLE_RATE - GLANCE, now / SAMPLE_RATE
        face = self._faces.cut(start, stop)
        if face is not None:
            silence = np.zeros(round(GLANCE * SAMPLE_RATE), np.float32)
            decision = self._decide_early(make_clip(silence, face), None, "face")
            yield StreamDecision(start, stop, None, decision, silence, face, spoken=False)


def make_clip(sound: Sound, face: FaceTrack | None, name: str = "the stream") -> Clip:
    """Return what was heard, and seen meanwhile, as a clip."""
    clip = Clip.from_array(sound, SAMPLE_RATE, name)
    return clip if face is None else show_face(clip, face)
