"""``emospike reproduce``: a table or figure of a paper, its numbers beside ours, leaky and honest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from emospike.cli.arguments import keep_readable
from emospike.cli.evaluate import FigureOption, check_outputs, write_result
from emospike.cli.terminal import note, progress_bar, say, show
from emospike.validation import InputError

if TYPE_CHECKING:
    from emospike.datasets import Dataset
    from emospike.progress import Progress
    from emospike.systems.paper import Reproduction


NEEDS = {"audio": "sound", "both": "sound and face", "face": "face", "eeg": "EEG"}


def reproduce(
    paper: Annotated[str | None, typer.Argument(help="Which paper (nothing lists what there is).")] = None,
    what: Annotated[str | None, typer.Argument(help="Which table or figure.")] = None,
    *,
    data: Annotated[
        Path | None, typer.Option("--data", help="Folder of RAVDESS recordings, or a CSV with path,label,speaker,face.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the random split, weights and spikes.")] = 0,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write all numbers here, row by row; rows already there are kept.")
    ] = None,
    figure: FigureOption = None,
) -> None:
    """Reproduce a table or figure: the paper's numbers, ours on its random split, and ours on speakers unheard."""
    if paper is None or what is None:
        list_tables(paper)
        return
    from emospike.evaluation import reproduce as reproducing
    from emospike.evaluation.report import describe_paired_gains, tabulate_reproduction

    chosen = reproducing.find_reproduction(paper, what)
    if data is None:
        raise InputError(f"reproducing {paper} {what} needs recordings: give --data too")
    figure = check_outputs(json_file, figure)
    before = read_earlier(json_file)
    with progress_bar() as progress:
        dataset = load_for(chosen, data, progress)
        result = reproducing.reproduce(
            chosen,
            dataset,
            seed=seed,
            before=before,
            progress=progress,
            save=lambda so_far: write_result(name_result(so_far, paper, what), json_file),
        )
    show(tabulate_reproduction(result), "")
    for line in (*describe_paired_gains(result), f"{result['source']}; {result['note']}"):
        note(line)
    if figure:
        from emospike.evaluation.figures.reproduction import alt_text, draw_reproduction
        from emospike.explain.style import save_figure

        save_figure(draw_reproduction(result), figure, alt_text(result))
    for path in filter(None, (json_file, figure)):
        say(path)


def load_for(chosen: Reproduction, path: Path, progress: Progress | None) -> Dataset:
    """Return the recordings that a reproduction can use; with faces where some of its trials need them."""
    from emospike import datasets

    video = {chosen.modality, *(chosen.needs(trial) for trial in chosen.trials)} != {"audio"}
    dataset = datasets.load(path, video=video).select_modality(chosen.modality)
    return keep_readable(dataset, progress, chosen.modality)


def list_tables(paper: str | None = None) -> None:
    """List what can be reproduced, of one paper or of all."""
    from rich.table import Table

    from emospike.evaluation.reproduce import find_papers
    from emospike.validation import one_of

    papers = find_papers()
    table = Table(box=None, pad_edge=False)
    for column in ("paper", "what", "shows", "needs"):
        table.add_column(column)
    for name in papers if paper is None else [one_of("paper", paper, papers)]:
        for what in papers[name].reproductions:
            about = papers[name].load_reproduction(what)
            senses = {about.modality, *(about.needs(trial) for trial in about.trials)}
            needs = "; of some rows ".join(NEEDS[one] for one in sorted(senses))
            table.add_row(name, what, about.title, needs)
    show(table)


def name_result(result: dict[str, Any], paper: str, what: str) -> dict[str, Any]:
    """Return a result that says what it reproduces."""
    return {"reproduces": [paper, what]} | result


def read_earlier(json_file: Path | None) -> dict[str, Any] | None:
    """Return what an earlier run wrote, or None if there is nothing.

    Raises
    ------
    InputError : the file holds something else
    """
    if json_file is None or not json_file.exists():
        return None
    try:
        found: Any = json.loads(json_file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        found = None
    if not isinstance(found, dict) or "reproduces" not in found:
        raise InputError(f"{json_file} holds no result of emospike reproduce: name another file")
    return found
