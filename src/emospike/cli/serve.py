"""``emospike serve``: decisions over HTTP, for programs on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from emospike.cli.arguments import RiskOption, ThresholdOption, check_threshold, choose_model, set_risk
from emospike.cli.recognise import recognise_clips, warm_up
from emospike.cli.terminal import say
from emospike.validation import InputError, within

if TYPE_CHECKING:
    import socket

    from emospike.server.guard import App
    from emospike.server.rest import Recognise
    from emospike.systems.base import System

LONGEST_MESSAGE = 2**18
"""Bytes of a message from a page."""

LONGEST = 3600.0
"""Seconds of a recording that are decided on."""


def serve(
    models: Annotated[
        list[str] | None, typer.Argument(help="Shipped models' names, or model files (default: one for sound).")
    ] = None,
    *,
    port: Annotated[int, typer.Option(help="Of this machine; 0 takes one that is free.")] = 8765,
    threshold: ThresholdOption = None,
    risk: RiskOption = None,
) -> None:
    """Decide on recordings that programs on this machine send over HTTP, until Ctrl-C.

    POST /v1/recognise takes a form with a file, and answers as recognise --json prints; GET /openapi.json describes it.
    """
    from emospike import store

    check_threshold(threshold)
    within("port", port, 0, 65_535)
    check_server()
    from emospike.server.rest import make_app

    systems: dict[str, System] = {}
    for model in models or [choose_model("audio")]:
        systems[Path(model).stem] = set_risk(store.load(model), risk, threshold)
    if len(systems) < len(models or ()):
        raise InputError("two models have one name: give each file another")
    for system in systems.values():
        warm_up(system)

    with listen(port) as place:
        port = place.getsockname()[1]
        cards = {name: system.card for name, system in systems.items()}
        app = make_app(make_recogniser(systems, threshold), cards, port)
        say(f"http://127.0.0.1:{port} serves {', '.join(systems)}; Ctrl-C ends it")
        run_server(app, place)


def make_recogniser(systems: Mapping[str, System], threshold: float | None) -> Recognise:
    """Return what decides on recordings that are sent, by the name of a model."""
    from emospike.clip import Clip

    def recognise(name: str, path: Path) -> dict[str, Any]:
        clip = Clip(path)
        try:
            if clip.seconds > LONGEST:
                return {"error": f"{path} lasts {clip.seconds / 60:.0f} minutes, {LONGEST / 60:.0f} at most are taken"}
        except InputError as error:
            return {"error": str(error)}
        return next(recognise_clips(systems[name], [clip], threshold, 4.0))

    return recognise


def check_server() -> None:
    """Raise `InputError` where what the server needs is not installed."""
    try:
        import python_multipart  # noqa: F401 - forms need it
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
        import websockets  # noqa: F401 - pages need it
    except ImportError as error:
        raise InputError(f"the server needs starlette and uvicorn ({error}): pip install 'emospike[serve]'") from None


def run_server(app: App, place: socket.socket) -> None:
    """Answer at a socket that listens, until Ctrl-C."""
    import uvicorn

    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        limit_concurrency=64,
        ws_max_size=LONGEST_MESSAGE,
        timeout_graceful_shutdown=2,
    )
    uvicorn.Server(config).run(sockets=[place])


def listen(port: int) -> socket.socket:
    """Return a socket that listens at a port of this machine alone; raise `InputError` if it is taken."""
    import socket

    place = socket.socket()
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        place.bind(("127.0.0.1", port))
        place.listen()  # before the address is told
    except OSError as error:
        place.close()
        raise InputError(f"cannot listen at port {port} ({error.strerror}): name another, or 0 for any") from None
    return place
