"""What a person at a terminal sees: notes and progress on stderr, tables on stdout."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emospike.progress import Progress


def note(line: str) -> None:
    """Print a line that is not the result."""
    print(f"note: {line}", file=sys.stderr)


def show(*tables: Any) -> None:
    """Print tables, in full where they go to a file."""
    from rich.console import Console

    console = Console(width=None if sys.stdout.isatty() else 200, highlight=False)
    for table in tables:
        console.print(table)


def format_number(value: float | None) -> str:
    """Return a number in three significant digits, or whole from a hundred on.

    >>> format_number(0.012345), format_number(3108), format_number(9.0), format_number(None)
    ('0.0123', '3,108', '9', '-')
    """
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


@contextmanager
def progress_bar(shown: bool = True) -> Iterator[Progress | None]:
    """Show the stage and how far it is, on stderr and only at a terminal."""
    if not (shown and sys.stderr.isatty()):
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Bars(*columns, console=console, transient=True, redirect_stdout=sys.stdout.isatty()) as bars:
        tasks: dict[str, Any] = {}

        def advance(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                for other in tasks.values():
                    bars.update(other, visible=False)
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done)

        yield advance
