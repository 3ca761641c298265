"""``emospike recognise``: what is heard in recordings, or that it is not known."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from emospike.cli.arguments import (
    ClusterOption,
    DeciderOption,
    EEGOption,
    FaceOption,
    ModelOption,
    RiskOption,
    ThresholdOption,
    TimelineOption,
    TrackOption,
    check_eeg,
    check_modality,
    check_threshold,
    check_timeline,
    check_writable,
    choose_model,
    set_risk,
)
from emospike.cli.numbers import predict_rows, refuse_class_options, write_line
from emospike.cli.pipes import spool_pipes
from emospike.cli.terminal import open_cluster, progress_bar, say
from emospike.files import format_json
from emospike.frames import check_form, write_rows
from emospike.validation import InputError

if TYPE_CHECKING:
    from emospike.clip import Clip
    from emospike.systems.base import System
    from emospike.systems.streaming import StreamDecision
    from emospike.timelines import Segment

UNKNOWN = "don't know"
Row = dict[str, Any]
WIDEST = 60
"""Characters of a file's name in the table, its end."""


def recognise(
    paths: Annotated[
        list[Path],
        typer.Argument(
            help="Sound or video files, face-tracking tables, events or EEG, or folders of them; - is standard input."
        ),
    ],
    *,
    model: ModelOption = None,
    modality: DeciderOption = None,
    face: FaceOption = None,
    eeg: EEGOption = None,
    track: TrackOption = None,
    threshold: ThresholdOption = None,
    risk: RiskOption = None,
    same_speaker: Annotated[
        bool,
        typer.Option(
            "--same-speaker",
            help="All are of one speaker, whose own offset is removed from the scores, in order.",
        ),
    ] = False,
    second_opinion: Annotated[
        bool,
        typer.Option("--second-opinion", help="Also say what a small network without spikes sees in a filmed face."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
    window: Annotated[float, typer.Option(help="Seconds of a window, for recordings longer than two.")] = 4.0,
    timeline: TimelineOption = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Also write what was found as a table: .csv, .json or .parquet."),
    ] = None,
    cluster: ClusterOption = None,
) -> None:
    """Recognise the emotion in recordings.

    A recording longer than two windows gets one decision for the whole and, with --json, one for each window. A model
    that learnt numbers predicts these. Exit status: 0 if every file was read, else 2.
    """
    from emospike import store
    from emospike.clip import Clip
    from emospike.recognition import Chooser, recognise_clips
    from emospike.regression import predicts_numbers
    from emospike.timelines import write_timeline

    check_threshold(threshold)
    check_modality(modality, face)
    check_timeline(timeline)
    if output is not None:
        check_form(output)
        check_writable(output)
    if model and predicts_numbers(model):
        of_classes: Row = {"--threshold": threshold is not None, "--risk": risk is not None, "--modality": modality}
        of_classes |= {"--same-speaker": same_speaker, "--second-opinion": second_opinion, "--timeline": timeline}
        refuse_class_options(of_classes | {"--face": face, "--eeg": eeg})
        with open_cluster(cluster):
            recognise_numbers(model, paths, track or (), output, as_json=as_json)
        return
    chosen = model or modality or face
    system = set_risk(store.load(model or choose_model(modality or ("both" if face else None))), risk, threshold)

    choose = Chooser(risk, same_speaker=same_speaker)
    bar = progress_bar(shown=not (as_json and sys.stdout.isatty()))
    with open_cluster(cluster), keep_rows(output) as found, spool_pipes() as spool, bar as progress:
        clips = find_clips([spool.locate(path) for path in paths], system, modality, track or ())
        for given, what in ((face, "--face shows who speaks in"), (eeg, "--eeg is of"), (timeline, "--timeline is of")):
            if given and len(clips) > 1:
                raise InputError(f"{what} one recording, got {len(clips)}: name one")
        if face or eeg:
            seen, brain = (spool.locate(one) if one else None for one in (face, eeg))
            if brain:
                check_eeg(system, brain, modality)
            clips = [Clip(clips[0].path, face=seen or clips[0].face, eeg=brain or clips[0].eeg, tracks=track or ())]
        line = format_json if as_json else make_line_writer([spool.rename(str(clip.path)) for clip in clips], system)
        asked: Row = {"modality": modality, "same_speaker": same_speaker, "second_opinion": second_opinion}
        asked["choose"] = None if chosen else choose
        for row in recognise_clips(system, clips, threshold, window, progress, **asked):
            told = {name: spool.rename(value) if isinstance(value, str) else value for name, value in row.items()}
            say(line(told))
            found.append(told)
            if timeline and "error" not in row:
                path = clips[0].path
                write_timeline(timeline, make_segments(row, clips[0]), None if spool.holds(path) else path)
    if any("error" in row for row in found):
        raise typer.Exit(2)


def recognise_numbers(
    model: str, paths: Sequence[Path], tracks: Sequence[int], output: Path | None, *, as_json: bool
) -> None:
    """Print what a model predicts of each recording: numbers, and by how much these were wrong in training."""
    from emospike.regression import load_regressor

    system = load_regressor(model)
    bar = progress_bar(shown=not (as_json and sys.stdout.isatty()))
    with keep_rows(output) as found, spool_pipes() as spool, bar as progress:
        clips = find_clips([spool.locate(path) for path in paths], system.system_, system.system_.modality, tracks)
        width = min(max(len(spool.rename(str(clip.path))) for clip in clips), WIDEST)
        for row in predict_rows(system, clips, progress):
            told = row | {"file": spool.rename(row["file"])}
            say(format_json(told) if as_json else write_line(told, width))
            found.append(told)
    if any("error" in row for row in found):
        raise typer.Exit(2)


@contextmanager
def keep_rows(output: Path | None) -> Iterator[list[Row]]:
    """Take rows, and write them to a file if one is named, at the end or at a Ctrl-C before it."""
    rows: list[Row] = []
    try:
        yield rows
    finally:
        if output is not None and rows:
            write_rows(output, rows)


def find_clips(
    paths: Sequence[Path], system: System, modality: str | None = None, tracks: Sequence[int] = ()
) -> list[Clip]:
    """Return the recordings among files and folders, each with what else of its take the system reads.

    For one that sees that is the table of its face or, if it can read them, recorded events; and so for EEG. Files that
    are named are recordings as they are.
    """
    from emospike.systems.perception import MODALITIES

    return pair_recordings(
        paths,
        face="face" in MODALITIES[modality or system.card.get("modality", "audio")],
        events="events" in system.abilities,
        eeg="eeg" in system.abilities,
        tracks=tracks,
    )


def pair_recordings(
    paths: Sequence[Path], *, face: bool, events: bool, eeg: bool, tracks: Sequence[int] = ()
) -> list[Clip]:
    """Return the recordings among files and folders, with those parts of their takes that are asked for."""
    from emospike.clip import Clip, find_recordings, is_eeg, is_events
    from emospike.datasets import is_face_table, pair_files

    faces, eegs = dict[Path, Path | None](), dict[Path, Path | None]()
    if face:
        faces = dict(pair_files(paths, lambda file: is_face_table(file) or (events and is_events(file))))
    if eeg:
        eegs = dict(pair_files(paths, is_eeg))
    files = dict.fromkeys([*faces, *eegs] or find_recordings(paths))
    return [Clip(file, face=faces.get(file), eeg=eegs.get(file), tracks=tracks) for file in files]


def make_segments(row: Row, clip: Clip) -> list[Segment]:
    """Return the windows of a recording as segments of a timeline; one that has none is a segment itself."""
    from emospike.timelines import Segment

    windows = row.get("windows") or [{"start": 0.0, "stop": clip.seconds, **row}]
    return [Segment(one["start"], one["stop"], name_answer(one), one["confidence"]) for one in windows]


def make_segment(decided: StreamDecision) -> Segment:
    """Return a decision of a stream as a segment of a timeline."""
    from emospike.timelines import Segment

    row = decided.decision.to_dict()
    return Segment(decided.start, decided.stop, name_answer(row), row["confidence"])


def name_answer(row: Row) -> str:
    """Return the label of a recording or window, or that it is not known; there is no confidence where none is needed.

    >>> name_answer({"label": "sad", "answered": False, "confidence": 0.4})
    "don't know"
    >>> name_answer({"label": "silent", "answered": False, "confidence": None})
    'silent'
    """
    return str(row["label"]) if row["answered"] or row["confidence"] is None else UNKNOWN


def describe_answer(row: Row, what: str = "") -> str:
    """Return what was decided on a recording, of `what`, and the best guess where only its confidence is too low.

    >>> describe_answer({"label": "high", "answered": True}, "arousal: ")
    'arousal: high'
    >>> describe_answer({"label": "sad", "answered": False, "reason": "don't know: confidence 0.4 is below 0.6"})
    "don't know (sad?)"
    """
    if row["answered"]:
        return f"{what}{row['label']}"
    return f"{UNKNOWN} ({row['label']}?)" if row["reason"].startswith(f"{UNKNOWN}: confidence") else UNKNOWN


def make_line_writer(files: Sequence[str], system: System) -> Callable[[Row], str]:
    """Return what writes a row for people, its columns as wide as the files' names ask for."""
    from emospike.datasets import LABELS

    labels, width = system.card.get("labels"), min(max(map(len, files)), WIDEST)
    what = f"{labels}: " if labels in LABELS else ""

    def short(name: str) -> str:
        return name if len(name) <= WIDEST else f"...{name[3 - WIDEST :]}"

    def line(row: Row) -> str:
        file = f"{short(row['file']):{width}}"
        if "error" in row:
            return f"{file}  {'error':18}  {row['error']}"
        return f"{file}  {describe_answer(row, what):18}  {row['reason'].removeprefix(f'{UNKNOWN}: ')}"

    return line
