"""``emospike serve``: decisions over HTTP, for programs on this machine."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from emospike.cli.arguments import RiskOption, ThresholdOption, check_threshold, choose_model, set_risk
from emospike.cli.terminal import note, say
from emospike.optional import import_optional
from emospike.validation import InputError, within

if TYPE_CHECKING:
    import socket

    from emospike.server.guard import App
    from emospike.server.rest import Recognise
    from emospike.systems.base import System

LONGEST_MESSAGE = 2**18
"""Bytes of a message from a page."""

HERE = "127.0.0.1"
"""Where only programs on this machine can ask."""

TOKEN = "EMOSPIKE_TOKEN"
"""The environment variable with the token that requests must name, of so many characters at least."""

SHORTEST_TOKEN = 16

LONGEST = 3600.0
"""Seconds of a recording that are decided on."""


def serve(
    models: Annotated[
        list[str] | None, typer.Argument(help="Shipped models' names, or model files (default: one for sound).")
    ] = None,
    *,
    port: Annotated[int, typer.Option(help="Of this machine; 0 takes one that is free.")] = 8765,
    host: Annotated[
        str, typer.Option(help="Address to listen at, for other machines (0.0.0.0: all), who need EMOSPIKE_TOKEN.")
    ] = HERE,
    threshold: ThresholdOption = None,
    risk: RiskOption = None,
) -> None:
    """Decide on recordings that programs on this machine send over HTTP, until Ctrl-C.

    POST /v1/recognise takes a form with a file, and answers as recognise --json prints; GET /openapi.json describes it.
    """
    from emospike import store
    from emospike.recognition import warm_up

    check_threshold(threshold)
    within("port", port, 0, 65_535)
    token = choose_token(host)
    check_server()
    from emospike.server.rest import make_app

    systems: dict[str, System] = {}
    for model in models or [choose_model("audio")]:
        systems[Path(model).stem] = set_risk(store.load(model), risk, threshold)
    if len(systems) < len(models or ()):
        raise InputError("two models have one name: give each file another")
    for system in systems.values():
        warm_up(system)

    with listen(port, host) as place:
        port = place.getsockname()[1]
        cards = {name: system.card for name, system in systems.items()}
        app = make_app(make_recogniser(systems, threshold), cards, port, token=token, anywhere=not is_here(host))
        say(f"http://{host}:{port} serves {', '.join(systems)}; Ctrl-C ends it")
        if not is_here(host):
            note("nothing is encrypted: put a server with TLS between this and other machines")
        if token and not os.environ.get(TOKEN):
            note(f"whoever asks needs the token {token}")
        run_server(app, place)


def is_here(host: str) -> bool:
    """Return whether only this machine reaches an address; raise `InputError` if it is none.

    >>> is_here("127.0.0.1"), is_here("0.0.0.0")
    (True, False)
    """
    try:
        return ip_address(host).is_loopback
    except ValueError:
        raise InputError(f"host {host!r}: an address such as 127.0.0.1 or 0.0.0.0 expected") from None


def choose_token(host: str) -> str | None:
    """Return the token that is asked for: the environment's, or a new one if other machines reach the address."""
    token = os.environ.get(TOKEN, "")
    if token and (len(token) < SHORTEST_TOKEN or not token.isascii()):
        raise InputError(f"{TOKEN} must have {SHORTEST_TOKEN} characters at least, of ASCII")
    return token or (None if is_here(host) else secrets.token_urlsafe(24))


def make_recogniser(systems: Mapping[str, System], threshold: float | None) -> Recognise:
    """Return what decides on recordings that are sent, by the name of a model."""
    from emospike.clip import Clip
    from emospike.recognition import recognise_clips

    def recognise(name: str, path: Path) -> dict[str, Any]:
        clip = Clip(path)
        try:
            if clip.seconds > LONGEST:
                return {"error": f"{path} lasts {clip.seconds / 60:.0f} minutes, {LONGEST / 60:.0f} at most are taken"}
        except InputError as error:
            return {"error": str(error)}
        return next(recognise_clips(systems[name], [clip], threshold))

    return recognise


def check_server() -> None:
    """Raise `InputError` where what the server needs is not installed."""
    for module in ("starlette", "uvicorn", "python_multipart", "websockets"):  # forms and pages need the last two
        import_optional(module, "the server needs starlette and uvicorn", "serve")


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
    with ending_in_order():
        uvicorn.Server(config).run(sockets=[place])


@contextmanager
def ending_in_order() -> Iterator[None]:
    """Let SIGTERM, and a terminal that is closed, end the server as Ctrl-C does, so that nothing sent to it stays."""
    import signal

    def end(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    def hang_up(number: int, frame: object) -> None:  # of which uvicorn knows nothing
        signal.raise_signal(signal.SIGTERM)

    names = {"SIGTERM": end, "SIGHUP": hang_up}
    acts = {getattr(signal, name): act for name, act in names.items() if hasattr(signal, name)}  # Windows has one
    before = {number: signal.getsignal(number) for number in acts}
    for number, act in acts.items():
        if before[number] is not signal.SIG_IGN:  # as nohup wants it
            signal.signal(number, act)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def listen(port: int, host: str = HERE) -> socket.socket:
    """Return a socket that listens at a port, by default of this machine alone; raise `InputError` if it is taken."""
    import socket

    place = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        place.bind((host, port))
        place.listen()  # before the address is told
    except OSError as error:
        place.close()
        where = f"port {port}" if host == HERE else f"port {port} of {host}"
        raise InputError(f"cannot listen at {where} ({error.strerror}): name another, or 0 for any") from None
    return place
