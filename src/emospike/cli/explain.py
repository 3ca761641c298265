"""``emospike explain``: a page and pictures of one decision, or of two side by side."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from emospike.cli.arguments import (
    DeciderOption,
    EEGOption,
    FaceOption,
    ModelOption,
    RiskOption,
    ThresholdOption,
    TrackOption,
    check_eeg,
    check_modality,
    check_threshold,
    choose_model,
    set_risk,
)
from emospike.cli.pipes import spool_pipes
from emospike.cli.recognise import make_line_writer
from emospike.cli.terminal import note, say
from emospike.files import is_folder
from emospike.validation import InputError

if TYPE_CHECKING:
    from emospike.clip import Clip


def explain(
    paths: Annotated[
        list[Path],
        typer.Argument(
            help="A sound, film, face-tracking table, events or EEG, - for standard input; two with --compare."
        ),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for the page and its pictures.")],
    *,
    model: ModelOption = None,
    modality: DeciderOption = None,
    face: FaceOption = None,
    eeg: EEGOption = None,
    track: TrackOption = None,
    threshold: ThresholdOption = None,
    risk: RiskOption = None,
    start: Annotated[float, typer.Option(help="Seconds from the beginning of the file.")] = 0.0,
    stop: Annotated[float | None, typer.Option(help="Seconds from the beginning (default: the end).")] = None,
    compare: Annotated[bool, typer.Option("--compare", help="Show two recordings side by side in one page.")] = False,
    faces: Annotated[
        bool,
        typer.Option("--faces/--no-faces", help="Show pictures of the face that is filmed, or only its lines."),
    ] = True,
) -> None:
    """Explain the decision on one recording: a page that opens offline, and PNG pictures.

    With --compare, two recordings side by side: what decided each, and how the network's activity differs.
    """
    from emospike import store
    from emospike.evaluation.choosing import choose_shipped_for
    from emospike.explain import write_comparison, write_explanation

    check_threshold(threshold)
    check_count(paths, compare, {"--face shows who speaks in": face, "--eeg is of": eeg})
    check_modality(modality, face)
    with spool_pipes() as spool:
        film, brain = spool.locate(face) if face else None, spool.locate(eeg) if eeg else None
        clips = [cut_clip(spool.locate(path), start, stop, face=film, eeg=brain, tracks=track or ()) for path in paths]
        named = modality or ("both" if face else None)
        chosen, why = (model or choose_model(named), "") if model or named else choose_shipped_for(clips[0])
        system = set_risk(store.load(chosen), risk, threshold)
        if brain:
            check_eeg(system, brain, modality)
        found = [system.explain(clips[0], threshold, modality)]
        found += [system.explain(clip, threshold, modality, found[0].target) for clip in clips[1:]]
        if compare:
            page, *_ = write_comparison(found[0], found[1], output)
        else:
            page, *_ = write_explanation(found[0], output, faces=faces)
        if why:
            note(f"{paths[0]}: {why}")
        line = make_line_writer([str(path) for path in paths], system)
        for path, explanation in zip(paths, found, strict=True):
            say(spool.rename(line({"file": str(path)} | explanation.decision.to_dict())))
        say(page)


def check_count(paths: list[Path], compare: bool, beside: Mapping[str, Path | None]) -> None:
    """Raise `InputError` unless there is one recording, or there are two to compare."""
    if len(paths) != 1 + compare:
        wanted = "two recordings are compared" if compare else "one recording is explained, two with --compare"
        raise InputError(f"{wanted}, got {len(paths)}")
    for what, file in beside.items():
        if file and compare:
            raise InputError(f"{what} one recording: it does not go with --compare, give films")


def cut_clip(path: Path, start: float, stop: float | None, **beside: Any) -> Clip:
    """Return a recording, or a part of it."""
    from emospike.clip import Clip

    if is_folder(path):
        raise InputError(f"{path} is a folder: name one recording in it")
    return Clip(path, start, stop, **beside)
