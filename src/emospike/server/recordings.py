"""Recordings that a page shows: named when the server begins, or sent to it, each with its timeline as it is found."""

from __future__ import annotations

import secrets
import shutil
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from emospike.clip import SAMPLE_RATE, Clip, Sound
from emospike.features.face_track import FaceTrack
from emospike.features.openface import PICTURE, read_table
from emospike.files import format_json, is_file
from emospike.server.explaining import Explainer
from emospike.server.page import make_page_routes
from emospike.server.pictures import OUTLINE
from emospike.server.rest import RequestLimits, clean_name, make_answer, receive_file, refuse
from emospike.server.session import LiveModel, Row
from emospike.validation import InputError

if TYPE_CHECKING:
    from starlette.datastructures import UploadFile
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

MOST_SENT = 16
"""Recordings that were sent which are kept; the oldest goes."""

LEVELS = 10
"""Loudnesses a second."""

LONGEST_EXPLAINED = 10.0
"""Seconds of a moment that can be explained: an utterance is cut after 8 s."""

LONGEST_SHOWN = 60.0
"""Seconds of a face that are sent at once."""


@dataclass(frozen=True)
class ShownRecording:
    """A recording that is shown.

    Attributes
    ----------
    name : for people
    path : of the file
    sent : whether it was sent, and is deleted in the end
    kept : what was decided when it was heard, to be shown again; None to decide now
    face : the table of the face that was seen meanwhile, to be shown too
    """

    name: str
    path: Path
    sent: bool = False
    kept: tuple[Row, ...] | None = None
    face: Path | None = None

    def describe(self) -> Row:
        """Return what a page is told of it: how long it is, or what is wrong with it."""
        try:
            return {"name": self.name, "seconds": Clip(self.path).seconds, "face": self.face is not None}
        except InputError as error:
            return {"name": self.name, "error": self.hide(str(error))}
        except OSError as error:
            return {"name": self.name, "error": f"{self.name} cannot be read: {error.strerror or error}"}

    def hide(self, text: str) -> str:
        """Return a text in which the recording is called as people know it, and its face by the file's name."""
        told = text.replace(str(self.path), self.name)
        return told if self.face is None else told.replace(str(self.face), self.face.name)

    def delete(self) -> None:
        """Delete one that was sent, with the folder that it has of its own."""
        shutil.rmtree(self.path.parent, ignore_errors=True)


class Recordings:
    """Answers what a page asks of recordings (see `open_recordings`)."""

    def __init__(self, model: LiveModel, named: Sequence[ShownRecording], folder: Path, limits: RequestLimits) -> None:
        self._model, self._folder, self._limits = model, folder, limits
        self._shown = {secrets.token_urlsafe(8): one for one in named}
        self._explainer = Explainer(model.explain)

    def routes(self) -> list[BaseRoute]:
        """Return what answers: the page, and what it asks for."""
        from starlette.routing import Route

        return [
            *make_page_routes("view"),
            Route("/v1/recordings", self.list_all),
            Route("/v1/recordings", self.take_in, methods=["POST"]),
            Route("/v1/recordings/{name}/sound", self.play),
            Route("/v1/recordings/{name}/timeline", self.follow),
            Route("/v1/recordings/{name}/face", self.show_face),
            Route("/v1/recordings/{name}/explanation", self.explain),
        ]

    async def list_all(self, request: Request) -> Response:
        """Return the model, and whether decisions are those of then; then all recordings, each when it is measured."""
        shown = list(self._shown.items())
        rows = ({"id": name} | one.describe() for name, one in shown)
        kept = any(one.kept is not None for _, one in shown)
        return answer_in_lines(chain([self._model.describe() | {"kept": kept}], rows))

    async def take_in(self, request: Request) -> Response:
        """Keep a recording that is sent, and return what it is."""
        from anyio import to_thread
        from starlette.responses import Response as Answer

        file = await receive_file(request, self._limits)
        if isinstance(file, Answer):
            return file
        try:
            row = await to_thread.run_sync(self._keep, file)
        finally:
            await request.close()
        return make_answer(422 if "error" in row else 200, row)

    async def play(self, request: Request) -> Response:
        """Return a recording as it is, or a part that is asked for."""
        from starlette.responses import FileResponse

        if (one := self._find(request)) is None:
            return refuse(404, "no such recording")
        if not is_file(one.path):
            return refuse(404, f"{one.name} is gone")
        return FileResponse(one.path)

    async def follow(self, request: Request) -> Response:
        """Return the timeline, what is known next, as it is found."""
        if (one := self._find(request)) is None:
            return refuse(404, "no such recording")
        return answer_in_lines(follow(self._model, one))

    async def show_face(self, request: Request) -> Response:
        """Return where the points of the face were in some seconds."""
        from anyio import to_thread

        if (one := self._find(request)) is None or one.face is None:
            return refuse(404, "no such recording, or no face was looked for in it")
        try:
            start, stop = read_moment(request, LONGEST_SHOWN)
            row = await to_thread.run_sync(trace_outline, one.face, start, stop)
        except InputError as error:
            return refuse(422, one.hide(str(error)))
        return make_answer(200, row)

    async def explain(self, request: Request) -> Response:
        """Return the page that explains a moment."""
        if (one := self._find(request)) is None:
            return refuse(404, "no such recording")
        try:
            start, stop = read_moment(request, LONGEST_EXPLAINED)
        except InputError as error:
            return refuse(422, str(error))
        return await self._explainer.answer(Clip(one.path, start, stop, face=one.face))

    def _find(self, request: Request) -> ShownRecording | None:
        return self._shown.get(request.path_params["name"])

    def _keep(self, upload: UploadFile) -> Row:
        """Write a recording that was sent to the folder, in the place of the oldest if too many are there.

        Returns what it is, and which ones are gone; one that cannot be read does not stay.
        """
        name, called = secrets.token_urlsafe(8), Path(upload.filename or "recording").name
        shown = ShownRecording(called, self._folder / name / clean_name(called), sent=True)
        try:
            shown.path.parent.mkdir()
            with shown.path.open("wb") as file:
                shutil.copyfileobj(upload.file, file)
            row = shown.describe()
        except OSError as error:  # a full disk, say
            row = {"name": called, "error": f"{called} cannot be kept: {error.strerror or error}"}
        if "error" in row:
            shown.delete()
            return row
        self._shown[name] = shown
        gone = [one for one, other in self._shown.items() if other.sent][:-MOST_SENT]
        for oldest in gone:
            self._shown.pop(oldest).delete()
        return {"id": name, "gone": gone} | row


@contextmanager
def open_recordings(
    model: LiveModel, named: Sequence[ShownRecording], limits: RequestLimits | None = None
) -> Iterator[Recordings]:
    """Show recordings that are named, and those that are sent until the end, when these are deleted."""
    with TemporaryDirectory(prefix="emospike-") as folder:
        yield Recordings(model, named, Path(folder), limits or RequestLimits())


def answer_in_lines(rows: Iterable[Row]) -> Response:
    """Return an answer of a line of JSON for each row, sent as it comes."""
    from starlette.responses import StreamingResponse

    return StreamingResponse((format_json(row) + "\n" for row in rows), media_type="application/x-ndjson")


def follow(model: LiveModel, recording: ShownRecording) -> Iterator[Row]:
    """Yield the timeline of a recording, from beginning to end.

    Each row has ``until``, the seconds so far, ``levels``, the loudness of each tenth of a second before in dBFS, and
    ``decisions`` on the utterances that are over. What is wrong with the recording is the ``error`` of the last row.
    """
    stream = None if recording.kept is not None else model.stream(SAMPLE_RATE, False)
    kept, held = deque(recording.kept or ()), np.empty(0, np.float32)
    block, until = SAMPLE_RATE // LEVELS, 0.0
    try:
        for piece in join_pieces(Clip(recording.path).pieces(), SAMPLE_RATE):
            until, heard = until + len(piece) / SAMPLE_RATE, np.concatenate([held, piece])
            blocks = heard[: len(heard) // block * block].reshape(-1, block)
            held = heard[blocks.size :]
            levels = 10 * np.log10(np.maximum(blocks.astype(float).var(axis=1), 1e-10))
            decided = [model.tell(one) for one in stream.feed(piece)] if stream else pop_until(kept, until)
            yield {"until": until, "levels": levels.round(1).tolist(), "decisions": decided}
        decided = [model.tell(one) for one in stream.flush()] if stream else [*kept]
        yield {"until": until, "levels": [], "decisions": decided, "over": True}
    except (InputError, OSError) as error:
        yield {"error": recording.hide(str(error))}


def read_moment(request: Request, longest: float) -> tuple[float, float]:
    """Return start and stop that are asked for, in seconds; raise `InputError` unless they are a moment."""
    try:
        start, stop = (float(request.query_params[end]) for end in ("start", "stop"))
    except (KeyError, ValueError):
        raise InputError("a moment has a start and a stop, in seconds") from None
    if not 0 <= start < stop <= start + longest:
        raise InputError(f"a moment of up to {longest:g} s expected, got {start:g} to {stop:g} s")
    return start, stop


@lru_cache(maxsize=1)  # of an hour it takes seconds, and is asked for again and again
def read_face(table: Path, changed: int) -> FaceTrack:
    """Return the table of a face, as it stood when it was changed last; errors as `read_table`."""
    return read_table(table)


def trace_outline(table: Path, start: float, stop: float) -> Row:
    """Return where the points of a face were from one second until before another.

    ``times`` (s) has a number for each picture, and ``points`` its x and y in turn (pixels), none where no face was
    found; ``lines`` join them by their numbers, and ``view`` (left, top, width, height) holds the face of the whole
    table. A table without points has pictures without any.

    Raises
    ------
    InputError : as `read_table`
    """
    track = read_face(table, table.stat().st_mtime_ns if is_file(table) else 0)
    points = track.landmarks * np.array(PICTURE)
    seen = points[track.found].reshape(-1, 2)
    corner, end = (seen.min(axis=0), seen.max(axis=0)) if len(seen) else (np.zeros(2), np.array(PICTURE))
    shown = np.flatnonzero((track.time >= start) & (track.time < stop))
    return {
        "view": [*corner.round(1).tolist(), *(end - corner).round(1).tolist()],
        "lines": OUTLINE,
        "times": track.time[shown].round(3).tolist(),
        "points": [points[one].round(1).ravel().tolist() if track.found[one] else [] for one in shown],
    }


def pop_until(kept: deque[Row], second: float) -> list[Row]:
    """Take out and return the decisions that were there by a second.

    >>> kept = deque([{"stop": 1.5}, {"stop": 2.5}])
    >>> pop_until(kept, 2.0), len(kept)
    ([{'stop': 1.5}], 1)
    """
    over = []
    while kept and kept[0]["stop"] <= second:
        over.append(kept.popleft())
    return over


def join_pieces(pieces: Iterator[Sound], least: int) -> Iterator[Sound]:
    """Yield the same sound in pieces of at least so many samples, but for the last.

    >>> [len(one) for one in join_pieces(iter(np.zeros((5, 3), np.float32)), 6)]
    [6, 6, 3]
    """
    held: list[Sound] = []
    for piece in pieces:
        held.append(piece)
        if sum(map(len, held)) >= least:
            yield np.concatenate(held)
            held = []
    if held:
        yield np.concatenate(held)
