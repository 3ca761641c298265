"""What a person at a terminal sees: notes and progress on stderr, tables on stdout."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unicodedata import category

from emospike.files import format_json

if TYPE_CHECKING:
    from emospike.progress import Progress


UNSEEN = ("Cc", "Cf", "Zl", "Zp", "Cs")
"""Categories of Unicode that a terminal obeys, or that reorder or hide what stands beside them."""

JOINERS = "\u200c\u200d"
"""Characters of these categories that names are written with, and that do nothing alone."""


def say(line: object, *, error: bool = False) -> None:
    """Print a line, on stdout or on stderr: all that is printed goes through here, and nothing acts on the terminal."""
    print(make_plain(str(line)), file=sys.stderr if error else sys.stdout, flush=True)


def make_plain(line: str) -> str:
    r"""Return a line with escapes in place of characters that would act on a terminal.

    Names of files, cards of models and labels come from strangers.

    >>> print(make_plain("a\x1b[2Jb\nc"))
    a\x1b[2Jb\nc
    """
    if line.isascii() and line.isprintable():
        return line
    return "".join(
        one.encode("unicode_escape").decode() if category(one) in UNSEEN and one not in JOINERS else one for one in line
    )


def note(line: str) -> None:
    """Print a line that is not the result."""
    say(f"note: {line}", error=True)


def say_json(value: Any) -> None:
    """Print a value as JSON."""
    for line in format_json(value, 1).split("\n"):
        say(line)


def show(*tables: Any) -> None:
    """Print tables, in full where they go to a file. Their text is text, never markup."""
    from rich.console import Console

    plain: dict[str, Any] = {"highlight": False, "markup": False, "emoji": False, "color_system": None}
    drawn = io.StringIO()
    console = Console(file=drawn, width=None if sys.stdout.isatty() else 200, **plain)
    for table in tables:
        console.print(table)
    for line in drawn.getvalue().removesuffix("\n").split("\n"):
        say(line)


def format_number(value: float | None) -> str:
    """Return a number in three significant digits, or whole from a hundred on.

    >>> format_number(0.012345), format_number(3108), format_number(9.0), format_number(None)
    ('0.0123', '3,108', '9', '-')
    """
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


@contextmanager
def open_cluster(address: str | None) -> Iterator[None]:
    """Send work with many recordings over a cluster, if one is named (see `use_cluster`), and say where to watch it."""
    from emospike.cluster import use_cluster

    with use_cluster(address) as cluster:
        if cluster:
            note(f"{cluster.processes} processes; what they do is shown at {cluster.link} (needs bokeh)")
        yield


@contextmanager
def progress_bar(shown: bool = True) -> Iterator[Progress | None]:
    """Show the stage and how far it is, on stderr and only at a terminal."""
    if not (shown and sys.stderr.isatty()):
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Bars(*columns, console=console, transient=True, redirect_stdout=sys.stdout.isatty()) as bars:
        tasks: dict[str, Any] = {}

        def advance(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                for other in tasks.values():
                    bars.update(other, visible=False)
                tasks[stage] = bars.add_task(make_plain(stage), total=total)
            bars.update(tasks[stage], completed=done)

        yield advance
