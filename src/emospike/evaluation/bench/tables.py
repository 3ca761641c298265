"""Tables of the bench for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from emospike.evaluation.bench.measurement import Measurement
from emospike.evaluation.bench.suite import Groups

if TYPE_CHECKING:
    from rich.table import Table


def tables(groups: Groups) -> list[Table]:
    """Return a table for each group; a group of curves has a row for each value that was varied."""
    return [
        curve_table(name, rows) if any(one.at is not None for one in rows) else group_table(name, rows)
        for name, rows in groups.items()
    ]


def group_table(title: str, rows: Sequence[Measurement]) -> Table:
    """Return a table with a row for each measurement."""
    table = _table(title)
    for one in rows:
        table.add_row(one.name, shown(one.value), one.unit, one.note)
    return table


def curve_table(title: str, rows: Sequence[Measurement]) -> Table:
    """Return a table with a row for each value that was varied, and a column for each curve."""
    from rich.table import Table

    curves = {f"{one.name}, {one.unit}": None for one in rows}
    table = Table(box=None, pad_edge=False, title=title, title_justify="left")
    for name in (title, *curves):
        table.add_column(name, justify="right")
    for at in sorted({one.at for one in rows if one.at is not None}):
        cells = {f"{one.name}, {one.unit}": shown(one.value) for one in rows if one.at == at}
        table.add_row(shown(at), *(cells.get(name, "") for name in curves))
    return table


def _table(title: str) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, title=title, title_justify="left", show_header=False)
    table.add_column("what", overflow="fold")
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("unit", no_wrap=True)
    table.add_column("note", overflow="fold")
    return table


def shown(value: float | None) -> str:
    """Return a number in three significant digits, or whole from a hundred on.

    >>> shown(0.012345), shown(3108), shown(9.0), shown(None)
    ('0.0123', '3,108', '9', '-')
    """
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
