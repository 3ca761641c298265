"""``emospike bench``: what deciding costs here in time and memory, beside what one would pick instead."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from emospike.cli.arguments import Model, check_writable, default_model
from emospike.cli.terminal import note, progress_bar, show
from emospike.validation import InputError

QUICK_RUNS, RUNS = 5, 20


def bench(
    *,
    model: Model = None,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data", help="Take the clip from this data set (default: made-up speech).", envvar="EMOSPIKE_DATA"
        ),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Half a minute: fewer runs, fewer points.")] = False,
    runs: Annotated[int | None, typer.Option(help=f"Warm runs (default: {RUNS}; quick: {QUICK_RUNS}).")] = None,
    large: Annotated[bool, typer.Option("--large", help="A reservoir of 1,000,000 neurons too.")] = False,
    train: Annotated[bool, typer.Option("--train", help="Training on all of --data too: minutes.")] = False,
    brian2: Annotated[
        Path | None, typer.Option(help="Python of an environment with brian2, to compare against it.")
    ] = None,
    film: Annotated[
        Path | None, typer.Option(help="A film of somebody who speaks, to time a decision by sound and face.")
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write all numbers here.")] = None,
    figures: Annotated[Path | None, typer.Option(help="Draw the figures into this folder.")] = None,
) -> None:
    """Measure time and memory: reservoir, stages of a decision, growth with size, and peers; median of several runs."""
    from emospike.evaluation.bench.suite import Suite, report
    from emospike.evaluation.bench.tables import tables
    from emospike.files import write_atomically
    from emospike.store import locate

    if json_file:
        check_writable(json_file)
    if figures:
        make_folder(figures)
    if brian2 and not brian2.is_file():
        raise InputError(f"no Python at {brian2}: give the interpreter of an environment that has brian2")
    model = model or default_model(None)
    locate(model)
    runs = (QUICK_RUNS if quick else RUNS) if runs is None else runs
    suite = Suite(model, data, runs, quick, large, train, brian2, film)
    with progress_bar() as progress:
        groups = suite.measure(progress)
    result = report(suite, groups)
    show(*tables(groups))
    note(f"{result['machine']['processor']}, {result['machine']['cores']} cores; clip {result['settings']['clip']}")
    if json_file:
        write_atomically(json_file, json.dumps(result, indent=1) + "\n")
    if figures:
        draw(result["groups"], figures)


def make_folder(folder: Path) -> None:
    """Make a folder unless it is there, before the work whose figures it is to hold."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make the folder {folder}: {error.strerror}: name another one") from error
    check_writable(folder / "scaling.png")


def draw(groups: Mapping[str, Any], folder: Path) -> None:
    """Write every figure into a folder."""
    from emospike.explain.bench import bench_figures
    from emospike.explain.style import save_figure

    for name, (figure, alt) in bench_figures(groups).items():
        save_figure(figure, folder / f"{name}.png", alt)
