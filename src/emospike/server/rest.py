"""The REST interface: recordings go in, and decisions come out as ``emospike recognise --json`` prints them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from emospike.files import drop_not_finite
from emospike.server.guard import HEALTH, App, Guard, TooLargeError
from emospike.server.openapi import describe_interface

if TYPE_CHECKING:
    from starlette.datastructures import UploadFile
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

STRANGE = re.compile(r"[^\w .()+-]")
"""What is not taken over of the name of a recording."""

LONGEST_NAME = 60
"""Characters of a name, which file systems take in any script."""

SUFFIX = re.compile(r"\.\w{1,10}", re.ASCII)
"""What the name of a recording may end in, to be looked at."""

Row = dict[str, Any]
Recognise = Callable[[str, Path], Row]
"""Of a model's name and a recording: the decision, or ``{"error": why}``."""


@dataclass(frozen=True)
class RequestLimits:
    """What the server takes on.

    Attributes
    ----------
    upload : bytes of a recording
    seconds : in which it must have come
    at_once : recordings that are decided at once
    waiting : recordings that wait; more are sent away
    """

    upload: int = 100 * 2**20
    seconds: float = 60.0
    at_once: int = 2
    waiting: int = 8


@dataclass
class RecogniseEndpoint:
    """Decides on recordings that are sent.

    Attributes
    ----------
    recognise : decides on one
    models : names of the models that may be asked, the first by default
    limits : what is taken on
    """

    recognise: Recognise
    models: tuple[str, ...]
    limits: RequestLimits
    _taken: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        from anyio import CapacityLimiter

        self._threads = CapacityLimiter(self.limits.at_once)

    async def answer(self, request: Request) -> Response:
        """Return the decision on the recording in a request."""
        model = request.query_params.get("model", self.models[0])
        if model not in self.models:
            return refuse(404, f"no model {model!r} is served: there is {', '.join(self.models)}")
        if self._taken >= self.limits.at_once + self.limits.waiting:
            return refuse(503, "too many recordings wait: try again", {"retry-after": "1"})
        self._taken += 1
        try:
            return await self._take(request, model)
        finally:
            self._taken -= 1

    async def _take(self, request: Request, model: str) -> Response:
        """Return the decision on the recording in a request that is taken on."""
        from anyio import to_thread
        from starlette.responses import Response

        file = await receive_file(request, self.limits)
        if isinstance(file, Response):
            return file
        try:
            row = await to_thread.run_sync(self._decide, model, file, limiter=self._threads)
        finally:
            await request.close()
        return make_answer(422 if "error" in row else 200, row)

    def _decide(self, model: str, upload: UploadFile) -> Row:
        """Return the decision on a file that was sent, under the name that it was sent by."""
        name = Path(upload.filename or "recording").name
        with TemporaryDirectory(prefix="emospike-") as folder:
            copy = Path(folder, f"recording{clean_suffix(name)}")
            with copy.open("wb") as file:
                shutil.copyfileobj(upload.file, file)
            row = self.recognise(model, copy)
        told = {key: one.replace(str(copy), name) if isinstance(one, str) else one for key, one in row.items()}
        return told | {"file": name, "model": model}


async def receive_file(request: Request, limits: RequestLimits) -> UploadFile | Response:
    """Return the file of a form that is sent, to be closed with the request; or why there is none."""
    from anyio import fail_after
    from starlette.exceptions import HTTPException
    from starlette.requests import ClientDisconnect

    try:
        with fail_after(limits.seconds):
            form = await request.form(max_files=1, max_fields=1)
    except TimeoutError:
        return refuse(408, f"the recording did not come within {limits.seconds:g} s")
    except TooLargeError:
        return refuse(413, f"more than {limits.upload / 2**20:g} MB: cut the recording")
    except HTTPException as error:
        return refuse(400, str(error.detail))
    except ClientDisconnect:
        return refuse(400, "the recording broke off")
    file = form.get("file")
    if file is None or isinstance(file, str):
        await request.close()
        return refuse(400, "a form with a file named 'file' expected: curl -F file=@my.wav")
    return file


def clean_suffix(name: str) -> str:
    """Return what the name of a file that is sent ends in, if that is harmless.

    >>> clean_suffix("a b.wav"), clean_suffix("a.w/v"), clean_suffix("a")
    ('.wav', '', '')
    """
    suffix = Path(name).suffix
    return suffix if SUFFIX.fullmatch(suffix) else ""


def clean_name(name: str) -> str:
    """Return a name for a file that is sent, by which people know it again and which leads nowhere.

    >>> clean_name("a b.wav"), clean_name("../a:b"), clean_name("..")
    ('a b.wav', 'a_b', 'recording')
    """
    stem = STRANGE.sub("_", Path(name).stem)[:LONGEST_NAME]
    return (stem if stem.strip(". ") else "recording") + clean_suffix(name)


def make_app(
    recognise: Recognise,
    cards: Mapping[str, Row],
    port: int,
    limits: RequestLimits | None = None,
    *,
    pages: Sequence[BaseRoute] = (),
    token: str | None = None,
    anywhere: bool = False,
) -> App:
    """Return the application that serves models, told by name with their cards, at a port of this machine.

    `pages` are further routes; with a `token` only those are answered who know it, with `anywhere` other machines too.
    """
    from starlette.applications import Starlette
    from starlette.routing import Route

    limits = limits or RequestLimits()
    endpoint = RecogniseEndpoint(recognise, tuple(cards), limits)
    described = describe_interface(tuple(cards), limits.upload)

    async def say_healthy(request: Request) -> Response:
        return make_answer(200, {"status": "ok"})

    async def list_models(request: Request) -> Response:
        return make_answer(200, {"models": [{"name": name} | card for name, card in cards.items()]})

    async def describe(request: Request) -> Response:
        return make_answer(200, described)

    async def find_nothing(request: Request, error: Exception) -> Response:
        return refuse(404, f"nothing at {request.url.path}: see /openapi.json")

    async def refuse_method(request: Request, error: Exception) -> Response:
        return refuse(405, f"{request.method} is not for {request.url.path}: see /openapi.json")

    async def own_up(request: Request, error: Exception) -> Response:
        return refuse(500, "the server failed on this recording: its own output says why")

    routes = [
        Route(HEALTH, say_healthy),
        Route("/openapi.json", describe),
        Route("/v1/models", list_models),
        Route("/v1/recognise", endpoint.answer, methods=["POST"]),
        *pages,
    ]
    handlers: dict[Any, Any] = {404: find_nothing, 405: refuse_method, Exception: own_up}
    app = Starlette(routes=routes, exception_handlers=handlers)
    return Guard(app, port, limits.upload + 2**16, token, anywhere)  # the form's own lines


def refuse(status: int, why: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer that says why there is none."""
    return make_answer(status, {"error": why}, headers)


def make_answer(status: int, value: Row, headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer of JSON."""
    from starlette.responses import JSONResponse

    return JSONResponse(drop_not_finite(value), status, headers)
