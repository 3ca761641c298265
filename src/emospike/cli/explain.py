"""``emospike explain``: a page and pictures of one decision."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from emospike.cli.arguments import DEFAULT_MODEL, Model, Threshold, check_threshold
from emospike.cli.recognise import decision_row, table_line
from emospike.validation import InputError

LONGEST = 30.0
"""Seconds that one page explains."""


def explain(
    path: Annotated[Path, typer.Argument(help="A sound or video file.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for the page and its pictures.")],
    *,
    model: Model = DEFAULT_MODEL,
    threshold: Threshold = None,
    start: Annotated[float, typer.Option(help="Seconds from the beginning of the file.")] = 0.0,
    stop: Annotated[float | None, typer.Option(help="Seconds from the beginning (default: the end).")] = None,
) -> None:
    """Explain the decision on one recording: a page that opens offline, and PNG pictures."""
    from emospike import store
    from emospike.clip import Clip
    from emospike.explain import write_explanation

    check_threshold(threshold)
    clip = Clip(path, start, stop)
    if path.is_dir():
        raise InputError(f"{path} is a folder: name one recording in it")
    if clip.seconds > LONGEST:
        raise InputError(
            f"{path} has {clip.seconds:.0f} s of sound, one page explains {LONGEST:.0f} s: choose a part with --start "
            "and --stop"
        )
    explanation = store.load(model).explain(clip, threshold)
    page, *_ = write_explanation(explanation, output)
    print(table_line([path])({"file": str(path)} | decision_row(explanation.decision, [])))
    print(page)
