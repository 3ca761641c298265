"""The page: what is served of a model, and how it is opened."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from emospike.cli.arguments import check_writable, choose_model
from emospike.cli.recognise import make_segment
from emospike.cli.serve import check_server, listen, make_recogniser, run_server
from emospike.cli.terminal import note, say
from emospike.files import make_folder
from emospike.validation import InputError, within

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from emospike.clip import Clip
    from emospike.server.recordings import ShownRecording
    from emospike.server.session import LiveModel
    from emospike.systems.base import System
    from emospike.systems.streaming import SpeechStream

PORT = 8766
"""At which pages are served: browsers remember for an address that it may use the microphone."""

PortOption = Annotated[int, typer.Option(help="Of the page, on this machine; 0 takes one that is free.")]
BrowserOption = Annotated[
    bool, typer.Option("--browser/--no-browser", help="Open the page in the browser, or only print its address.")
]
RecordOption = Annotated[
    Path | None,
    typer.Option(
        "--record", help="Keep what the page hears, and timelines of it, in a folder; asks for consent first."
    ),
]
ConsentOption = Annotated[
    bool, typer.Option("--consent", help="Of --record: everybody who is heard agrees; do not ask.")
]


def check_record(folder: Path, *, page: bool, consent: bool) -> None:
    """Say what is recorded, and ask whether all agree; raise `InputError` if they do not, or it cannot be kept."""
    if not page:
        raise InputError("--record is of the page: --timeline keeps what --stdin and --terminal decide")
    note(
        f"all sound that the page hears is kept in {folder}, with the outline of a face that it sees, how that "
        f"moves and what was decided, until you delete it; no picture is"
    )
    if not consent:
        if sys.stdin is None or not sys.stdin.isatty():
            raise InputError("--record asks for consent in a terminal: where all who are heard agree, give --consent")
        if not typer.confirm("Does everybody who is heard agree?", err=True):
            raise InputError("nothing is recorded without consent: leave --record out")
    check_writable(make_folder(folder) / "recording.flac")


def show_live(
    system: System,
    model: str,
    threshold: float | None,
    *,
    same_speaker: bool,
    port: int,
    browser: bool,
    record: Path | None,
) -> None:
    """Show the page that listens, until Ctrl-C; what it hears is kept in a folder if one is named."""
    within("port", port, 0, 65_535)
    check_server()
    from emospike.server.live import LiveEndpoint

    blind = warm_up_eyes(system)
    if blind and "both" in system.deciders:
        note(f"sound alone: {blind}")
    shown = describe_model(system, model, threshold, same_speaker=same_speaker, blind=blind)
    serve_page(shown, system, threshold, LiveEndpoint(shown, folder=record).routes(), port=port, browser=browser)


def show_recordings(
    system: System,
    model: str,
    threshold: float | None,
    named: Sequence[ShownRecording],
    *,
    port: int,
    browser: bool,
) -> None:
    """Show the page of recordings, until Ctrl-C."""
    within("port", port, 0, 65_535)
    check_server()
    from emospike.server.recordings import open_recordings

    shown = describe_model(system, model, threshold)
    with open_recordings(shown, named) as recordings:
        serve_page(shown, system, threshold, recordings.routes(), port=port, browser=browser)


def choose_live_model() -> str:
    """Return the shipped model that listens where none is named: that of both senses, which decides soonest."""
    with suppress(InputError):  # it may not be used commercially, say
        return choose_model("both")
    return choose_model("audio")


def warm_up_eyes(system: System) -> str:
    """Look at a picture, so that the first one of a camera need not wait; return why faces cannot be seen, if so."""
    import numpy as np

    from emospike.clip import SAMPLE_RATE
    from emospike.features.blendshapes import NOBODY, make_track
    from emospike.features.face_landmarker import VARIABLE, is_at_hand
    from emospike.features.face_track import ALONE
    from emospike.features.live_face import open_watcher
    from emospike.systems.streaming import make_clip

    if VARIABLE not in os.environ and not is_at_hand():  # nothing is fetched for a page
        return "no face can be found: pip install 'emospike[face]', and let recognise decide on a film once"
    try:
        system.check_follows_faces()
        with open_watcher() as watcher:
            watcher.look(0.0, np.zeros((360, 640, 3), np.uint8))
        face = make_track([0.0, 0.5], [NOBODY, NOBODY], ALONE)
        system.decide(make_clip(np.zeros(SAMPLE_RATE, np.float32), face), modality="face")
    except InputError as error:
        return str(error)
    return ""


def describe_model(
    system: System,
    model: str,
    threshold: float | None,
    *,
    same_speaker: bool = False,
    blind: str = "pictures are not looked at",
) -> LiveModel:
    """Return what a page asks of a model, which sees unless it is told why not.

    Each stream gets used to a voice of its own where one person speaks.
    """
    from emospike.clip import is_table
    from emospike.explain import format_explanation
    from emospike.features.face_track import is_shown
    from emospike.features.live_face import open_watcher
    from emospike.server.session import LiveModel

    def stream(rate: float, early: bool) -> SpeechStream:
        own = system.for_one_speaker() if same_speaker else system
        return own.stream(rate, threshold, early=early, modality="audio" if blind else "both")

    def explain(clip: Clip) -> str:
        seen = is_shown(clip) or (clip.face is not None and is_table(clip.face))  # now, or when it was kept
        modality = "both" if seen and system.modality == "both" else "audio"
        return format_explanation(system.explain(clip, threshold, modality))

    return LiveModel(
        name=Path(model).stem,
        card=system.card,
        classes=tuple(system.labels_),
        thresholds={decider: system.limit(decider, threshold) for decider in system.deciders},
        early=tuple(system.early_) if threshold is None else (),
        stream=stream,
        make_segment=make_segment,
        explain=explain,
        open_watcher=None if blind else open_watcher,
        blind=blind,
        locate=system.locate if "locate" in system.abilities else None,
    )


def serve_page(
    model: LiveModel,
    system: System,
    threshold: float | None,
    routes: Sequence[BaseRoute],
    *,
    port: int,
    browser: bool,
) -> None:
    """Serve a page and the REST interface at one address, which holds a token, and open it."""
    from emospike.server.rest import make_app

    with listen(port) as place:
        port, token = place.getsockname()[1], secrets.token_urlsafe(24)
        recognise = make_recogniser({model.name: system}, threshold)
        app = make_app(recognise, {model.name: model.card}, port, pages=routes, token=token)
        address = f"http://127.0.0.1:{port}/?token={token}"
        say(f"{address} shows {model.name}; Ctrl-C ends it")
        if browser:
            open_browser(address)
        run_server(app, place)


def open_browser(address: str) -> None:
    """Open an address in the browser, in a thread of its own: some browsers return when they are closed."""
    import threading
    import webbrowser

    def show() -> None:
        shown = False
        with suppress(webbrowser.Error, OSError):
            shown = webbrowser.open(address)
        if not shown:
            note("no browser could be opened: open the address yourself")

    threading.Thread(target=show, daemon=True).start()
