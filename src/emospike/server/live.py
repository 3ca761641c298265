"""The socket: sound and pictures of a page go in, decisions come out.

Messages are JSON but for sound and pictures, which come in binary. Their first byte tells which it is: 0 for sound, as
whole samples of one channel, the low byte first; 1 for a picture, in JPEG, before which two bytes tell how many
milliseconds ago it was taken. A page says ``{"type": "hello", "rate": 48000, "form": "int16"}`` before its first sound,
and again when it begins anew; ``{"type": "pause"}`` when its sound ends; ``{"type": "lost", "seconds": 1.5}`` where
some is missing: it could not be sent, or the machine slept. It is told ``welcome`` (the model), ``begun`` (from which
second on it is heard, and what was missing before), ``decision``, ``spikes`` (how the neurons fired on the last),
``face`` (where it is in a picture, and why it cannot be read), ``state`` (seconds heard, whether somebody speaks,
seconds lost), ``note`` (what should be known), and ``error`` before it is turned away. Seconds are those of the sound,
with what is missing of it.

What is heard of a page belongs to its connection, and is gone with it.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emospike.clip import Clip
from emospike.files import format_json
from emospike.server.explaining import Explainer
from emospike.server.page import make_page_routes
from emospike.server.pictures import OUTLINE, Pictures
from emospike.server.recorder import Recorder
from emospike.server.rest import refuse
from emospike.server.session import LiveLimits, LiveModel, Row, Session
from emospike.validation import InputError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute
    from starlette.websockets import WebSocket

SUBPROTOCOL = "emospike.live.2"
"""What a socket speaks; another version has another number."""

SOUND, PICTURE = 0, 1
"""What the first byte of a binary message says that it is."""

AGE = 2
"""Bytes that tell the age of a picture."""

NEWEST = ("state", "face", "spikes")
"""Messages of which a slow page is sent the newest alone."""

GARBAGE, SILENT, FULL, BROKEN = 4400, 4408, 4429, 1011
"""Why a page is turned away: it sent what is no message, or nothing; too many listen; or the server failed."""

MOST_LOST = 1e8
"""Seconds that a page may say it lost at once: the three years of a laptop that slept."""

NOT_KEPT = "Sound and pictures go to this machine alone, and are not stored."
KEPT = "Sound goes to this machine alone, which RECORDS it, and how a face moves: all who are heard or seen must agree."
"""What the page says of the sound, and of pictures."""

LONGEST_WHY = 120
"""Bytes of a reason that a socket is closed for; 123 is the most."""


@dataclass
class Outbox:
    """Messages for one page; of a slow one the oldest are dropped, and of those of `NEWEST` all but the last."""

    most: int
    _told: deque[Row] = field(init=False)
    _newest: dict[str, Row] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._told = deque(maxlen=self.most)

    def put(self, row: Row) -> None:
        """Take in a message."""
        if row["type"] in NEWEST:
            self._newest[row["type"]] = row
        else:
            self._told.append(row)

    def pop(self) -> Row | None:
        """Return the next message, or None."""
        if self._told:
            return self._told.popleft()
        kind = next(iter(self._newest), None)
        return None if kind is None else self._newest.pop(kind)


class Connection:
    """One page that is connected: who receives, who decides and who sends, until one of them ends."""

    def __init__(self, socket: WebSocket, model: LiveModel, limits: LiveLimits, recorder: Recorder | None) -> None:
        from anyio import CapacityLimiter

        self.session = Session(model, limits, recorder=recorder)
        self._socket, self._model, self._limits = socket, model, limits
        self._outbox, self._came, self._told = Outbox(limits.unsent), asyncio.Event(), asyncio.Event()
        self._thread = CapacityLimiter(1)
        self._pictures = None if model.open_watcher is None else Pictures(model.open_watcher)
        self._pictured, self._eyes = asyncio.Event(), CapacityLimiter(1)
        self._refused: tuple[int, str] | None = None

    async def run(self) -> None:
        """Talk until the page leaves, or is turned away."""
        from anyio import CancelScope, to_thread

        sees = {"sees": self._pictures is not None, "outline": OUTLINE}
        self._tell({"type": "welcome"} | self._model.describe() | sees | self._model.show_neurons())
        try:
            await self._talk()
            if self._refused is not None:
                await turn_away(self._socket, *self._refused)
        except Exception:
            await turn_away(self._socket, BROKEN, "the server failed: its own output says why")
            raise
        finally:
            with CancelScope(shield=True):
                await to_thread.run_sync(self.session.close, limiter=self._thread)
                if self._pictures is not None:
                    await to_thread.run_sync(self._pictures.close, limiter=self._eyes)

    async def _talk(self) -> None:
        """Receive, decide and send, until one of these is over."""
        from anyio import create_task_group

        async with create_task_group() as tasks:

            async def end_with(act: Callable[[], Awaitable[None]]) -> None:
                await act()
                tasks.cancel_scope.cancel()

            for act in (self._receive, self._decide, self._send):
                tasks.start_soon(end_with, act)
            if self._pictures is not None:
                tasks.start_soon(self._look, self._pictures)

    def _tell(self, row: Row) -> None:
        self._outbox.put(row)
        self._told.set()

    async def _receive(self) -> None:
        """Take in messages until the page leaves or sends garbage."""
        from anyio import fail_after

        begun = False
        while True:
            wait = self._limits.silence if self.session.listens else None if begun else self._limits.hello
            try:
                with fail_after(wait):
                    message = await self._socket.receive()
            except TimeoutError:
                self._refused = SILENT, f"nothing came for {wait:g} s"
                return
            if message["type"] == "websocket.disconnect":
                return
            try:
                self._take(message)
            except InputError as error:
                self._refused = GARBAGE, str(error)
                return
            begun = True
            self._came.set()

    def _take(self, message: Mapping[str, Any]) -> None:
        """Take in a message; raise `InputError` if it is none."""
        if message.get("bytes") is not None:
            self._take_binary(message["bytes"])
            return
        told = read_message(message.get("text") or "")
        match told:
            case {"type": "hello", "rate": int() | float() as rate}:
                self.session.begin(rate, str(told.get("form", "int16")))
            case {"type": "pause"}:
                self.session.pause()
            case {"type": "lost", "seconds": int() | float() as seconds} if 0 <= seconds <= MOST_LOST:
                self.session.lose(seconds)
            case _:
                raise InputError("hello with a rate, pause, or lost with seconds expected")

    def _take_binary(self, data: bytes) -> None:
        """Take in sound, or a picture where the model sees; raise `InputError` if it is neither."""
        kind = data[0] if data else None
        if kind == SOUND:
            self.session.put(data[1:])
        elif kind != PICTURE or len(data) < 1 + AGE:
            raise InputError(f"{SOUND} and sound expected in binary, or {PICTURE}, an age and a picture")
        elif self._pictures is not None and self.session.listens:
            age = int.from_bytes(data[1 : 1 + AGE], "little") / 1000
            self._pictures.put(self.session.came - age, data[1 + AGE :])
            self._pictured.set()

    async def _look(self, pictures: Pictures) -> None:
        """Look at the pictures that come, in a thread of their own."""
        from anyio import to_thread

        while True:
            await self._pictured.wait()
            self._pictured.clear()
            while (waiting := pictures.take()) is not None:
                seen, row = await to_thread.run_sync(pictures.look, waiting, limiter=self._eyes)
                if seen is not None:
                    self.session.see(seen)
                if row is not None:
                    self._tell(row)

    async def _decide(self) -> None:
        """Decide on what came, in a thread, for as long as something comes that can be decided on."""
        from anyio import to_thread

        while True:
            await self._came.wait()
            self._came.clear()
            while (work := self.session.take()) is not None:
                try:
                    rows = await to_thread.run_sync(self.session.decide, work, limiter=self._thread)
                except InputError as error:
                    self._refused = GARBAGE, str(error)
                    return
                for row in rows:
                    self._tell(row)
                if (spikes := await to_thread.run_sync(self.session.show_spikes, limiter=self._thread)) is not None:
                    self._tell(spikes)

    async def _send(self) -> None:
        """Send what is to be told, as fast as the page takes it, until it has gone or takes nothing."""
        from anyio import fail_after
        from starlette.websockets import WebSocketDisconnect

        with suppress(WebSocketDisconnect, TimeoutError):
            while True:
                await self._told.wait()
                self._told.clear()
                while (row := self._outbox.pop()) is not None:
                    with fail_after(self._limits.stuck):
                        await self._socket.send_text(format_json(row))


def read_message(text: str) -> Row:
    """Return a message; raise `InputError` if it is no object of JSON."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise InputError("a message is an object of JSON")
    return told


async def turn_away(socket: WebSocket, code: int, why: str) -> None:
    """Say why, and close a socket."""
    from anyio import move_on_after
    from starlette.websockets import WebSocketDisconnect

    with move_on_after(1.0), suppress(WebSocketDisconnect, RuntimeError):  # it has gone, or does not listen
        await socket.send_text(format_json({"type": "error", "error": why}))
        await socket.close(code, why.encode()[:LONGEST_WHY].decode(errors="ignore"))


class LiveEndpoint:
    """Listens to pages, and remembers what can be explained of those that are connected.

    With a `folder` all that they hear is recorded there (see `Recorder`), which the page says.
    """

    def __init__(self, model: LiveModel, limits: LiveLimits | None = None, folder: Path | None = None) -> None:
        self._model, self._limits, self._folder = model, limits or LiveLimits(), folder
        self._connected: list[Connection] = []
        self._explainer = Explainer(model.explain)

    async def answer(self, socket: WebSocket) -> None:
        """Talk with one page."""
        asked = SUBPROTOCOL in socket.scope["subprotocols"]
        await socket.accept(SUBPROTOCOL if asked else None)
        if not asked:
            await turn_away(socket, GARBAGE, f"a socket that speaks {SUBPROTOCOL} expected")
            return
        if len(self._connected) >= self._limits.pages:
            await turn_away(socket, FULL, f"{self._limits.pages} pages listen already: close one")
            return
        recorder = None if self._folder is None else Recorder(self._folder, self._model.describe())
        connection = Connection(socket, self._model, self._limits, recorder)
        self._connected.append(connection)
        try:
            await connection.run()
        finally:
            self._connected.remove(connection)

    async def explain(self, request: Request) -> Response:
        """Return the page that explains an utterance."""
        clip = self._find(request.path_params["name"])
        if clip is None:
            return refuse(404, "that utterance is no longer in memory: its page was closed, or many came after it")
        return await self._explainer.answer(clip)

    def routes(self) -> list[BaseRoute]:
        """Return what answers: the page, its socket, and explanations."""
        from starlette.routing import Route, WebSocketRoute

        return [
            *make_page_routes("live", KEPT if self._folder else NOT_KEPT, self._model.blind),
            WebSocketRoute("/v1/live", self.answer),
            Route("/v1/utterances/{name}/explanation", self.explain),
        ]

    def _find(self, name: str) -> Clip | None:
        """Return an utterance of a page that is connected, or None."""
        found = (one.session.clips.get(name) for one in self._connected)
        return next((clip for clip in found if clip is not None), None)
