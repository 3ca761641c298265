"""Session: what is heard of one page, as it comes, and what is decided on it.

Sound goes in on one side, and what waits is taken out and decided on at the other, in a thread. Whatever breaks the
sound off, such as a laptop that was asleep, begins the stream anew: nothing of before is mixed with what comes after.
What is missing is what the page says, and what had to be dropped; that sound comes late, in a burst, means nothing.
"""

from __future__ import annotations

import secrets
import time
from base64 import b64encode
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from emospike.clip import Clip
from emospike.server.pictures import OpenWatcher
from emospike.server.recorder import Chunk, Recorder
from emospike.systems.perception import modality_of
from emospike.validation import InputError, one_of, within

if TYPE_CHECKING:
    from emospike.activity import LocatedSpikes
    from emospike.features.live_face import Sight
    from emospike.systems.streaming import SpeechStream, StreamDecision
    from emospike.timelines import Segment

Row = dict[str, Any]
FORMS: dict[str, np.dtype[Any]] = {"int16": np.dtype("<i2"), "float32": np.dtype("<f4")}
"""What samples may be."""

PIECE = 0.5
"""Seconds that are decided on at once."""

MOST_SIGHTS = 128
"""Pictures that wait to be decided on; of more, the oldest are lost."""


@dataclass(frozen=True)
class LiveModel:
    """What a page asks of a model.

    Attributes
    ----------
    name : of the model
    card : of the model
    classes : labels
    thresholds : the confidence that an answer needs, by what decides: audio, and face and both of one that sees
    early : seconds after an onset at which other thresholds hold
    stream : gives what decides on sound at a rate, Hz; whether also before an utterance is over
    make_segment : gives a decision as a segment of a timeline
    explain : gives the page that explains the decision on a clip
    open_watcher : opens what finds faces in pictures; None of one that does not see
    blind : why it does not see, if so
    locate : gives where its neurons lie, and how often each fires on a clip; None of one that has no brain
    """

    name: str
    card: Row
    classes: tuple[str, ...]
    thresholds: Mapping[str, float]
    early: tuple[float, ...]
    stream: Callable[[float, bool], SpeechStream]
    make_segment: Callable[[StreamDecision], Segment]
    explain: Callable[[Clip], str]
    open_watcher: OpenWatcher | None = None
    blind: str = ""
    locate: Callable[[Clip | None], LocatedSpikes] | None = None

    def describe(self) -> Row:
        """Return what a page is told of the model."""
        labels = str(self.card.get("labels", ""))
        threshold = self.thresholds["audio"]
        return {"model": self.name, "task": labels, "classes": self.classes, "threshold": threshold}

    def show_neurons(self) -> Row:
        """Return where the neurons lie, in millimetres, a byte a coordinate; nothing of a model that has no brain."""
        if self.locate is None:
            return {}
        return {"neurons": encode(np.clip(self.locate(None).positions.round(), -128, 127).astype(np.int8))}

    def show_spikes(self, decided: StreamDecision) -> Row | None:
        """Return how often each neuron fires on what was decided on, a byte each; None where that cannot be told."""
        if self.locate is None:
            return None
        try:
            counts = self.locate(decided.make_clip()).counts
        except InputError:  # silence that a face was seen in
            return None
        return {"type": "spikes", "counts": encode(np.minimum(counts, 255).astype(np.uint8))}

    def tell(self, decided: StreamDecision, begun: float = 0.0) -> Row:
        """Return a decision of a stream that began at a second, as a page is told of it."""
        span = {"start": begun + decided.start, "stop": begun + decided.stop, "final": decided.final}
        span["spoken"] = decided.spoken
        share = decided.decision.share
        threshold = self.thresholds.get(modality_of([*share])) if share and decided.look not in self.early else None
        return {"type": "decision"} | span | {"threshold": threshold} | decided.decision.to_dict()


def encode(values: np.ndarray) -> str:
    """Return bytes as text."""
    return b64encode(values.tobytes()).decode("ascii")


@dataclass(frozen=True)
class LiveLimits:
    """What is taken on of pages.

    Attributes
    ----------
    pages : that listen at once
    held : seconds of sound that wait to be decided on; what is older is lost
    silence : seconds without a message after which a page that listens is taken to be gone
    hello : seconds in which a page must say what it is
    stuck : seconds for which a message may wait to be sent to a page
    unsent : messages that wait for a slow page; what is older is lost
    utterances : of a page whose sound is kept to be explained
    """

    pages: int = 4
    held: float = 2.0
    silence: float = 60.0
    hello: float = 5.0
    stuck: float = 30.0
    unsent: int = 256
    utterances: int = 60


@dataclass(frozen=True)
class Work:
    """What waits to be decided on.

    Attributes
    ----------
    rate : of the samples, Hz
    samples : in the order in which they came
    gap : seconds of sound that are missing before them, where the stream begins anew
    over : whether the sound ends with them
    first : seconds of sound that came before them
    """

    rate: float
    samples: Chunk
    gap: float | None
    over: bool
    first: float = 0.0


class Session:
    """Decides on what one page sends.

    `begin`, `put`, `lose`, `pause` and `take` are for who receives, `decide`, `show_spikes` and `close` for a thread,
    one at a time. What a `recorder` is given, it keeps.

    Attributes
    ----------
    listens : whether sound is expected
    lost : seconds of sound that came too fast, or did not come
    clips : utterances that can be explained, by their names
    came : seconds of sound that came in all, which pictures are dated by
    """

    def __init__(
        self,
        model: LiveModel,
        limits: LiveLimits | None = None,
        clock: Callable[[], float] = time.time,
        recorder: Recorder | None = None,
    ) -> None:
        self.lost, self.clips = 0.0, dict[str, Clip]()
        self._model, self._limits, self._clock = model, limits or LiveLimits(), clock
        self._chunks, self._waiting, self.came = deque[Chunk](), 0, 0.0
        self._sights: deque[Sight] = deque(maxlen=MOST_SIGHTS)
        self._origin = 0.0
        self._rate, self._form = 0.0, FORMS["int16"]
        self._gap: float | None = None
        self.listens = self._over = False
        self._last = clock()
        self._stream: SpeechStream | None = None
        self._last_decided: StreamDecision | None = None
        self._begun = self._heard = 0.0  # when the stream began, and seconds since then
        self._recorder = recorder

    # -- for who receives --------------------------------------------------------------------------------------

    def begin(self, rate: float, form: str = "int16") -> None:
        """Begin, or begin anew, with sound at a rate in Hz, of one channel, as a form of `FORMS`.

        Raises
        ------
        InputError : another form, or a rate that is not within 8 to 192 kHz
        """
        from emospike.streaming.resampling import HIGHEST, LOWEST

        within("sample rate in Hz", rate, LOWEST, HIGHEST)
        self._form = FORMS[one_of("form of samples", form, FORMS)]
        self._miss(max(self._clock() - self._last, 0.0) if self._rate else 0.0)  # a clock may be set back
        self._rate, self._last = float(rate), self._clock()
        self.listens, self._over = True, False

    def put(self, data: bytes) -> None:
        """Take in samples; where too many wait, the oldest are lost.

        Raises
        ------
        InputError : before the page has begun, or no whole number of samples
        """
        if not self.listens:
            raise InputError("sound came before the page said hello")
        if len(data) % self._form.itemsize:
            raise InputError(f"whole samples of {self._form.itemsize} bytes expected, got {len(data)} bytes")
        self._last = self._clock()
        if data:
            self._chunks.append(np.frombuffer(data, self._form))
            self._waiting += len(self._chunks[-1])
            self.came += len(self._chunks[-1]) / self._rate
        while self._waiting > self._limits.held * self._rate and len(self._chunks) > 1:
            self.lose(self._drop())

    def see(self, seen: Sight) -> None:
        """Take in what is seen in a picture; its time is among the seconds that `came`."""
        self._sights.append(seen)

    def lose(self, seconds: float) -> None:
        """Note that sound is missing before what waits: the stream begins anew after it."""
        self.lost += seconds
        self._gap = (self._gap or 0.0) + seconds

    def pause(self) -> None:
        """End the sound, until the page begins anew."""
        if self.listens:
            self._over, self._last = True, self._clock()
        self.listens = False

    def take(self) -> Work | None:
        """Return all that waits, or None."""
        if not self._chunks and not self._over:
            return None
        samples = np.concatenate([np.empty(0, self._form), *self._chunks])
        first = self.came - len(samples) / self._rate if self._rate else 0.0
        work = Work(self._rate, samples, self._gap, self._over, first)
        self._chunks.clear()
        self._waiting, self._gap, self._over = 0, None, False
        return work

    def _miss(self, seconds: float) -> None:
        """Drop what waits, since nothing came for so long."""
        while self._chunks:
            seconds += self._drop()
        self._gap = (self._gap or 0.0) + seconds

    def _drop(self) -> float:
        """Drop the oldest samples, and return how many seconds these are."""
        dropped = len(self._chunks.popleft())
        self._waiting -= dropped
        return dropped / self._rate

    # -- for the thread that decides ---------------------------------------------------------------------------

    def decide(self, work: Work) -> list[Row]:
        """Return what the page is told of what waited.

        Raises
        ------
        InputError : no samples but something else (see `SpeechStream.feed`)
        """
        stream, rows = self._stream, list[Row]()
        if stream is None or work.gap is not None:
            stream, rows = self._begin(work)
        rows += self._record(lambda recorder: recorder.put(work.samples))
        rows += self._show(stream)
        piece = max(round(PIECE * work.rate), 1)
        for at in range(0, len(work.samples), piece):
            rows += self._tell(stream.feed(work.samples[at : at + piece]))
        self._heard += len(work.samples) / work.rate
        if work.over:
            rows += self._finish(stream)
        heard = self._begun + self._heard
        return [*rows, {"type": "state", "heard": heard, "speaking": stream.speaking, "lost": self.lost}]

    def show_spikes(self) -> Row | None:
        """Return how the neurons fire on what was decided last, once, or None; it is asked for when that was told."""
        decided, self._last_decided = self._last_decided, None
        return None if decided is None else self._model.show_spikes(decided)

    def close(self) -> None:
        """Decide on what still waits, and end what is recorded: the page has left."""
        if (work := self.take()) is not None:
            with suppress(InputError):
                self.decide(work)
        if self._stream is not None:
            self._finish(self._stream)

    def _show(self, stream: SpeechStream, until: float = np.inf) -> list[Row]:
        """Let a stream, and what records it, know what was seen since it began, until some second."""
        rows = list[Row]()
        while self._sights and self._sights[0].time < until:
            seen = self._sights.popleft()
            if stream.sees and seen.time >= self._origin:
                seen = seen._replace(time=seen.time - self._origin)
                stream.feed_sight(seen)
                rows += self._record(partial(Recorder.see, seen=seen))
        return rows

    def _begin(self, work: Work) -> tuple[SpeechStream, list[Row]]:
        """Return what decides from now on, and what the page is told; at the same rate it still knows the voice."""
        rows, stream = list[Row](), self._stream
        if stream is not None:
            rows += self._show(stream, work.first)
            rows += self._finish(stream)
        if stream is None or stream.rate != work.rate:
            stream = self._stream = self._model.stream(work.rate, True)
        missing = work.gap or 0.0
        self._begun += missing
        self._origin = work.first
        rows.append({"type": "begun", "at": self._begun, "missing": missing})
        return stream, [*rows, *self._record(lambda recorder: recorder.begin(work.rate))]

    def _finish(self, stream: SpeechStream) -> list[Row]:
        """Return what the end of the sound decides; the stream is at second 0 again."""
        rows = self._tell(stream.flush())
        self._begun, self._heard = self._begun + self._heard, 0.0
        return [*rows, *self._record(lambda recorder: recorder.end())]

    def _tell(self, found: Sequence[StreamDecision]) -> list[Row]:
        """Return decisions as the page is told of them; utterances that are over can be explained from now on."""
        rows = []
        for decided in found:
            row, self._last_decided = self._model.tell(decided, self._begun), decided
            if decided.final:
                row["id"] = self._keep(decided, f"utterance from {row['start']:.1f} to {row['stop']:.1f} s")
                segment, told = self._model.make_segment(decided), self._model.tell(decided)
                rows += self._record(partial(Recorder.tell, segment=segment, row=told))
            rows.append(row)
        return rows

    def _keep(self, decided: StreamDecision, called: str) -> str:
        """Keep the sound of an utterance, in the place of the oldest if there are too many; return its name."""
        name = secrets.token_urlsafe(16)
        self.clips[name] = decided.make_clip(called)
        while len(self.clips) > self._limits.utterances:
            del self.clips[next(iter(self.clips))]
        return name

    def _record(self, act: Callable[[Recorder], None]) -> list[Row]:
        """Have something recorded, where that is wanted; return what went wrong, after which nothing more is."""
        recorder = self._recorder
        if recorder is None:
            return []
        try:
            act(recorder)
        except InputError as error:
            self._recorder = None
            with suppress(InputError):  # what was written so far is kept where it can be
                recorder.end()
            return [{"type": "note", "text": str(error)}]
        return []
