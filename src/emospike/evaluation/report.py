"""Tables of an evaluation for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

Result = Mapping[str, Any]


def results_table(results: Sequence[Result]) -> Table:
    """Return a table with one row a result, no wider than a terminal."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("system", overflow="fold")
    for name in ("accuracy", "95 % interval", "balanced", "majority", "at 78 %", "clips"):
        table.add_column(name, justify="right", no_wrap=True)
    for result in results:
        low, high = result["ci95"]
        settings = (result["labels"], result["protocol"], f"normalise {result['normalise']}")
        table.add_row(
            "\n".join([f"{result['system']} {result['preset']}", *settings]),
            f"{result['accuracy']:.3f}",
            f"{low:.3f}-{high:.3f}",
            f"{result['balanced_accuracy']:.3f}",
            f"{result['majority']:.3f}",
            f"{result['at_coverage']['accuracy']:.3f}",
            str(result["clips"]),
        )
    return table


def confusion_table(result: Result) -> Table:
    """Return how often each class (row) was taken for each class (column), and its recall."""
    from rich.table import Table

    labels = result["confusion"]["labels"]
    table = Table(box=None, pad_edge=False)
    table.add_column("true \\ decided")
    for label in labels:
        table.add_column(label, justify="right")
    table.add_column("recall", justify="right")
    for label, row in zip(labels, result["confusion"]["matrix"], strict=True):
        recall = result["recall"].get(label)
        table.add_row(label, *map(str, row), "-" if recall is None else f"{recall:.2f}")
    return table
