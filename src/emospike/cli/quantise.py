"""``emospike quantise``: a model whose weights are integers of a few bits."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from emospike.cli.arguments import OutputOption, check_writable, load_data
from emospike.cli.terminal import format_number, note, progress_bar, say, show
from emospike.cli.train import write_model
from emospike.validation import InputError

if TYPE_CHECKING:
    from rich.table import Table


def quantise(
    model: Annotated[str, typer.Argument(help="A model file, or a shipped model's name.")],
    output: OutputOption,
    *,
    bits: Annotated[int, typer.Option("--bits", help="Of a weight: 8 or 4.")] = 8,
    data: Annotated[
        list[Path] | None,
        typer.Option("--data", help="Labelled recordings on which both models are compared (repeatable)."),
    ] = None,
) -> None:
    """Turn a trained model's weights into integers of 8 or 4 bits; its reservoir then computes in fixed point.

    With --data, says what that costs on labelled recordings, which should be of speakers that the model has never met;
    the card keeps it. To train in integers from the beginning: emospike train --bits.
    """
    from emospike import store
    from emospike.evaluation.cards import add_quantisation
    from emospike.evaluation.quantising import compare_quantised

    check_writable(output)
    system = store.load(model)
    if "quantise" not in system.abilities:
        raise InputError(f"the weights of {type(system).__name__} cannot be integers: those of excube2 can")
    whole = system.quantise(bits)
    found = None
    if data:
        with progress_bar() as progress:
            dataset = load_data(data, progress, system.card.get("modality", "audio"), strict=False)
            found = compare_quantised(system, whole, dataset, progress)
    whole.card = add_quantisation(system.card, bits, found)
    size = store.locate(model).stat().st_size
    write_model(whole, output)
    note(f"{size / 1e6:.2f} MB before, {output.stat().st_size / 1e6:.2f} MB now")
    if found:
        show(make_table(found, bits), "")
        say(f"the same label: {found['agreement']:.1%}; largest change of a probability: {found['largest_change']:.3f}")
        note(found["note"])


def make_table(found: Mapping[str, Any], bits: int) -> Table:
    """Return how both decide, side by side."""
    from rich.table import Table

    title = f"recordings: {found['clips']}, speakers: {found['speakers'] or 'not known'}"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for name in ("weights", "accuracy", "answered", "right of answered", "µJ a decision"):
        table.add_column(name, justify="left" if name == "weights" else "right")
    for name, key in (("floats", "before"), (f"{bits} bits", "after")):
        row = found[key]
        figures = ("-" if row[what] is None else f"{row[what]:.3f}" for what in FIGURES)
        table.add_row(name, *figures, format_number(row["total_uj"]))
    return table


FIGURES = ("accuracy", "answered", "right_of_answered")
