"""The table of a reproduction for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

Result = Mapping[str, Any]

HEADS = {"random": "random, LEAKY", "speaker-folds": "new speakers"}
"""What a protocol is called above a column."""


def reproduction_table(result: Result) -> Table:
    """Return a table with a line for each row and each way to decide."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    names = ["", "decided by", "paper", *(HEADS[name] for name in result["protocols"])]
    for name in (*names, "95 % interval", "balanced", "majority"):
        left = name in ("", "decided by")
        table.add_column(name, justify="left" if left else "right", overflow="fold", no_wrap=not left)
    for cells in lines(result):
        table.add_row(*cells)
    return table


def lines(result: Result) -> Iterator[list[str]]:
    """Yield the cells of each line; numbers on new speakers come with interval, balanced accuracy and majority."""
    for row in result["rows"]:
        for number, column in enumerate(one for one in result["columns"] if one in row["found"]):
            found = row["found"][column]
            shown = [f"{found[name]['accuracy']:.3f}" if name in found else "" for name in result["protocols"]]
            says = row["paper"].get(column)
            own = found[result["protocols"][-1]]
            low, high = own["ci95"]
            more = [f"{low:.3f}-{high:.3f}", f"{own['balanced_accuracy']:.3f}", f"{own['majority']:.3f}"]
            yield ["" if number else row["what"], column, "" if says is None else f"{says:.3f}", *shown, *more]


def gain_lines(result: Result) -> Iterator[str]:
    """Yield what rows gain over those that they are compared with, on new speakers."""
    for row in result["rows"]:
        for other, columns in row["gain"].items():
            for column, gain in columns.items():
                low, high = gain["ci95"]
                line = f"{row['what']}, over {other}, {column}: {gain['points']:+.1f} points"
                yield f"{line} (95 % interval {low:.1f} to {high:.1f})"
