"""What there is: systems, data sets, a model's card; and how to get data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from emospike.cli.terminal import progress_bar, say, say_json, show

USES = {True: "yes", False: "no", None: "as the licence of your recordings allows"}
"""What is said of whether a model may be used commercially."""


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
        say_json(describe())
    else:
        show(make_table([{name: row[name] for name in row if name != "citation"} for row in describe()]))


def samples(
    folder: Annotated[Path, typer.Argument(help="Where to put them.")] = Path("samples"),
) -> None:
    """Copy three real recordings to try it on: an actor who trained no shipped model (RAVDESS, CC BY-NC-SA 4.0)."""
    from emospike.samples import SAMPLES, copy_samples

    for path in copy_samples(folder):
        say(f"{path}  {SAMPLES[path.name]}")


def info(
    model: Annotated[
        str | None, typer.Argument(help="A model file, or a shipped model's name (default: list those shipped).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the card as JSON.")] = False,
) -> None:
    """Show a model's card: data, speakers, split, accuracy, labels, licence; or list the shipped models."""
    from emospike import store
    from emospike.evaluation.leaks import drop_hashes
    from emospike.licences import allows_commercial_use

    if model is None:
        list_models(as_json)
        return
    path, card = store.locate(model), store.read_card(model)
    use = allows_commercial_use(card)
    facts = {"file": path.name, "bytes": path.stat().st_size, "commercial_use": use} | card
    if as_json:
        say_json(facts)
    else:
        rows = drop_hashes(facts | {"commercial_use": USES[use]}).items()
        show(make_table([{"what": name, "is": write_words(value)} for name, value in rows]))


def list_models(as_json: bool) -> None:
    """List the shipped models: what each perceives, answers and learnt from, and what it may be used for."""
    from emospike.evaluation.choosing import read_shipped_cards
    from emospike.licences import allows_commercial_use

    rows = [
        {"model": name}
        | {field: card[field] for field in ("modality", "labels", "data")}
        | {"commercial_use": allows_commercial_use(card), "licence": card["licence"]}
        for name, card in read_shipped_cards().items()
    ]
    if as_json:
        say_json(rows)
    else:
        show(make_table([row | {"commercial_use": USES[row["commercial_use"]]} for row in rows]))


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
    say(folder)


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
