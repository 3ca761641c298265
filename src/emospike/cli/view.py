"""``emospike view``: recordings with their timelines, in a page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from emospike.cli.arguments import ModelOption, RiskOption, ThresholdOption, check_threshold, choose_model, set_risk
from emospike.cli.page import PORT, BrowserOption, PortOption, show_recordings
from emospike.cli.recognise import warm_up


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

    check_threshold(threshold)
    found = list(find_recordings(paths)) if paths else []
    for path in found:
        check_file(path)
    model = model or choose_model("audio")
    system = set_risk(store.load(model), risk, threshold)
    system.stream()  # or else it says why not
    warm_up(system)
    show_recordings(system, model, threshold, found, port=port, browser=browser)
