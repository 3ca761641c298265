"""``python -m benchmarks``: what deciding costs here in time and memory, beside what one would pick instead."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.figures import draw_figures
from benchmarks.suite import Suite, make_table, report
from emospike.cli.arguments import check_writable, choose_model
from emospike.cli.terminal import note, progress_bar, show
from emospike.explain.style import save_figure
from emospike.files import write_atomically
from emospike.validation import InputError

QUICK_RUNS, RUNS = 5, 20


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure time and memory: reservoir, stages of a decision, growth with size, and peers.",
    )
    add = parser.add_argument
    add("--model", default=choose_model(None), help="a shipped model's name, or a model file (default: %(default)s)")
    data = os.environ.get("EMOSPIKE_DATA") or None
    add("--data", type=Path, default=data, help="take the clip from this data set (default: EMOSPIKE_DATA; else none)")
    add("--quick", action="store_true", help="half a minute: fewer runs, fewer points")
    add("--runs", type=int, help=f"warm runs (default: {RUNS}; quick: {QUICK_RUNS})")
    add("--large", action="store_true", help="a reservoir of 1,000,000 neurons too")
    add("--train", action="store_true", help="training on all of --data too: minutes")
    add("--brian2", type=Path, help="Python of an environment with brian2, to compare against it")
    add("--film", type=Path, help="a film of somebody who speaks, to time a decision by sound and face")
    add("--json", type=Path, help="write all numbers here")
    add("--figures", type=Path, help="draw the figures into this folder")
    return parser.parse_args(arguments)


def run(given: argparse.Namespace) -> None:
    """Measure, and write what is asked for; everything that was given is checked before the work."""
    if given.json:
        check_writable(given.json)
    if given.figures:
        try:
            given.figures.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"cannot make the folder {given.figures}: {error.strerror}: name another one") from error
        check_writable(given.figures / "scaling.png")
    runs = (QUICK_RUNS if given.quick else RUNS) if given.runs is None else given.runs
    suite = Suite(given.model, given.data, runs, given.quick, given.large, given.train, given.brian2, given.film)
    with progress_bar() as progress:
        groups = suite.measure(progress)
    result = report(suite, groups)
    show(*(make_table(name, rows) for name, rows in groups.items()))
    note(f"{result['machine']['processor']}, {result['machine']['cores']} cores; clip {result['settings']['clip']}")
    if given.json:
        write_atomically(given.json, json.dumps(result, indent=1) + "\n")
    if given.figures:
        for name, (figure, alt) in draw_figures(result["groups"]).items():
            save_figure(figure, given.figures / f"{name}.png", alt)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, and return the exit status: 2 for what the user gave, with the error in one line."""
    try:
        run(parse(arguments))
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
