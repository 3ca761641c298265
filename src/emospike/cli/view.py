"""``emospike view`` and ``replay``: recordings with their timelines, in a page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from emospike.cli.arguments import ModelOption, RiskOption, ThresholdOption, check_threshold, choose_model, set_risk
from emospike.cli.page import PORT, BrowserOption, PortOption, show_recordings
from emospike.cli.serve import check_server
from emospike.validation import InputError


def view(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Sound or video files, or folders of them; more can be dropped.")
    ] = None,
    *,
    model: ModelOption = None,
    threshold: ThresholdOption = None,
    risk: RiskOption = None,
    port: PortOption = PORT,
    browser: BrowserOption = True,
) -> None:
    """Show recordings in the browser, each with its timeline: labels, confidence, silence, loudness.

    They are decided as live does it, utterance by utterance, by their sound alone. Click on one to have it explained.
    """
    from emospike import store
    from emospike.clip import check_file, find_recordings
    from emospike.recognition import warm_up

    check_threshold(threshold)
    check_server()
    from emospike.server.recordings import ShownRecording

    found = list(find_recordings(paths)) if paths else []
    for path in found:
        check_file(path)
    model = model or choose_model("audio")
    system = set_risk(store.load(model), risk, threshold)
    system.stream()  # or else it says why not
    warm_up(system)
    named = [ShownRecording(str(path), path) for path in found]
    show_recordings(system, model, threshold, named, port=port, browser=browser)


def replay(
    folder: Annotated[Path, typer.Argument(help="That emospike live --record kept recordings in.")],
    *,
    model: ModelOption = None,
    port: PortOption = PORT,
    browser: BrowserOption = True,
) -> None:
    """Show again in the browser what live --record kept, with the decisions of then, and the face's outline.

    `emospike view` decides on the same recordings anew. What is explained on a click is what the model says now.
    """
    from emospike import store
    from emospike.server.recorder import read_kept

    kept = read_kept(folder)
    models = sorted({one.model for one in kept})
    if len(models) > 1 and model is None:
        raise InputError(f"several models decided ({', '.join(models)}): name one by --model, to explain")
    name = model or models[0]
    system = store.load(name)
    check_server()
    from emospike.server.recordings import ShownRecording

    named = [ShownRecording(one.path.name, one.path, kept=one.decisions, face=one.face) for one in kept]
    show_recordings(system, name, None, named, port=port, browser=browser)
