"""What there is: systems, data sets, a model's card; and how to get data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from emospike.cli.terminal import progress_bar, show


def systems() -> None:
    """List the systems and their presets."""
    from emospike.systems import SYSTEMS

    show(
        make_table(
            [
                {"system": name, "presets": ", ".join(info.load_presets()), "what": info.what}
                for name, info in SYSTEMS.items()
            ]
        )
    )


def datasets(
    as_json: Annotated[bool, typer.Option("--json", help="Print all as JSON, with what to cite.")] = False,
) -> None:
    """List the kinds of data sets: language, licence, and how to get them."""
    from emospike.datasets import describe

    if as_json:
        print(json.dumps(describe(), indent=1, ensure_ascii=False))
    else:
        show(make_table([{name: row[name] for name in row if name != "citation"} for row in describe()]))


def info(
    model: Annotated[str, typer.Argument(help="A model file, or a shipped model's name.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the card as JSON.")] = False,
) -> None:
    """Show a model's card: data, speakers, split, accuracy, labels, licence."""
    from emospike import store
    from emospike.evaluation.leaks import drop_hashes

    path = store.locate(model)
    card = {"file": path.name, "bytes": path.stat().st_size} | store.load(path).card
    if as_json:
        print(json.dumps(card, indent=1))
    else:
        show(make_table([{"what": name, "is": write_words(value)} for name, value in drop_hashes(card).items()]))


def fetch(
    what: Annotated[
        str, typer.Argument(help="ravdess-speech (208 MB, CC BY-NC-SA 4.0) or subesco (1.7 GB, CC BY 4.0).")
    ],
    to: Annotated[Path, typer.Option("--to", help="Folder to put it in.")],
) -> None:
    """Download a data set from its official record; checked, and continued where it stopped."""
    from emospike.datasets import fetch_archive

    with progress_bar() as progress:
        folder = fetch_archive(what, to, progress and (lambda done, total: progress("bytes", done, total)))
    print(folder)


def make_table(rows: list[dict[str, Any]]) -> Any:
    """Return rows as a table, their keys as its header."""
    from rich.table import Table

    out = Table(box=None, pad_edge=False)
    for name in rows[0]:
        out.add_column(name, overflow="fold")
    for row in rows:
        out.add_row(*(str(value) for value in row.values()))
    return out


def write_words(value: Any, separator: str = "\n") -> str:
    """Return a field of a card as people read it: a dictionary in lines, one within another in one line."""
    if isinstance(value, dict):
        return separator.join(f"{name} {write_words(inner, ', ')}" for name, inner in value.items())
    if isinstance(value, list):
        return ", ".join(write_words(inner) for inner in value)
    if isinstance(value, float):
        return f"{value:.3f}"
    return "not measured" if value is None else str(value)
