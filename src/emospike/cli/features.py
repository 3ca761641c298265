"""``emospike features``: what is heard and seen in recordings, as tables for other tools."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from emospike.cli.arguments import ClusterOption, TrackOption, check_writable
from emospike.cli.pipes import spool_pipes
from emospike.cli.recognise import pair_recordings
from emospike.cli.terminal import note, open_cluster, progress_bar, say
from emospike.files import is_file
from emospike.validation import InputError


def features(
    paths: Annotated[
        list[Path], typer.Argument(help="Sound, films, face tables or EEG, or folders of them; - is standard input.")
    ],
    *,
    output: Annotated[Path, typer.Option("-o", "--output", help="Table to write: .csv or .parquet.")],
    what: Annotated[
        str,
        typer.Option(
            help="mel, mfcc, prosody, gammatone, constant_q, linear_fft, action_units, blendshapes, event_rate, eeg: a "
            "row a step; spikes: a row an event; state: a row a recording, the vector that a model's readout reads."
        ),
    ] = "mel",
    model: Annotated[
        str | None,
        typer.Option(
            "--model", help="Of spikes and state: a shipped model's name, or a model file (default: excube2-arousal)."
        ),
    ] = None,
    functionals: Annotated[
        bool,
        typer.Option("--functionals", help="A row a recording: mean, deviation, percentiles, change of each channel."),
    ] = False,
    track: TrackOption = None,
    cluster: ClusterOption = None,
) -> None:
    """Write features, spikes or state vectors of recordings as a table, indexed by file, start and end.

    A recording that cannot be used is named at the end, the others are written. Exit status: 0 if every file was read,
    else 2.
    """
    from emospike.clip.batch import try_clips
    from emospike.extraction import join_tables, make_extractor
    from emospike.frames import check_frame_form, write_frame

    check_frame_form(output)
    check_writable(output)
    if is_file(output):
        raise InputError(f"{output} is there already: name another file, or remove it")
    extractor = make_extractor(what, model, functionals=functionals)
    with open_cluster(cluster), spool_pipes() as spool, progress_bar() as progress:
        files = [spool.locate(path) for path in paths]
        clips = pair_recordings(files, face=True, events=True, eeg=True, tracks=track or ())
        found, wrong = try_clips(extractor, clips, "extracting", progress, spread=True)
        tables = [
            table.rename(index={str(clips[row].path): spool.rename(str(clips[row].path))}, level="file")
            for row, table in found.items()
        ]
        for row, why in wrong.items():
            note(spool.rename(f"{clips[row].path}  error  {why}"))
    if tables:
        rows = join_tables(tables)
        write_frame(output, rows)
        said = f"{len(rows):,} rows of {len(tables):,} recordings, {rows.shape[1]:,} columns"
        say(f"{output}: {said}{f'; {len(wrong):,} could not be read' if wrong else ''}")
    if wrong:
        raise typer.Exit(2)
