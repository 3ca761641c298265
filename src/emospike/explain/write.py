"""Writing an explanation, or two side by side: pictures as PNG files, and one page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby
from pathlib import Path

from emospike.explain.explanation import Explanation
from emospike.explain.html import Page
from emospike.explain.panel import Panel
from emospike.explain.style import add_caption, png
from emospike.explain.wording import say_answer
from emospike.files import make_folder, write_atomically
from emospike.validation import InputError


def write_explanation(explanation: Explanation, folder: Path | str, *, faces: bool = True) -> list[Path]:
    """Write ``index.html`` and a PNG file for each panel into `folder`, and return their paths, the page first.

    The folder is made if it does not exist; files of an earlier explanation are replaced, each in one step. Without
    `faces` there is no picture of a person, only lines.

    Raises
    ------
    InputError : the folder cannot be made or written to
    """
    panels = explanation.panels if faces else list(filter(None, (one.hide_faces() for one in explanation.panels)))
    return _write(panels, _make_title(explanation), folder)


def format_explanation(explanation: Explanation) -> str:
    """Return the page of an explanation, ``index.html`` of `write_explanation`."""
    return _format(explanation.panels, _make_title(explanation))


def write_comparison(first: Explanation, second: Explanation, folder: Path | str) -> list[Path]:
    """Write ``index.html`` and PNG files of two clips side by side into `folder`; return their paths, the page first.

    Both should tell the evidence of one class: explain the second clip with ``label=first.target``.

    Raises
    ------
    InputError : the folder cannot be made or written to, or the attributions are of different classes
    """
    from emospike.explain.panels.comparison import compare

    if first.target != second.target and first.attributions and second.attributions:
        raise InputError(
            f"attributions of one class expected, got {first.target!r} and {second.target!r}: name the label"
        )
    return _write(list(compare(first, second)), f"{first.name} and {second.name}", folder)


def _write(panels: Sequence[Panel], title: str, folder: Path | str) -> list[Path]:
    folder = make_folder(Path(folder))
    page = _format(panels, title)
    return [write_atomically(folder / "index.html", page), *_write_pictures(panels, folder)]


def _format(panels: Sequence[Panel], title: str) -> str:
    page = Page()
    return page.document(title, list(_make_sections(panels, page)))


def _make_title(explanation: Explanation) -> str:
    return f"{say_answer(explanation.decision, explanation.task)} · {explanation.name}"


def _make_sections(panels: Sequence[Panel], page: Page) -> Iterator[str]:
    """Yield a section for each title; what all its panels say stands below them."""
    for title, group in groupby(panels, key=lambda panel: panel.title):
        own = list(group)
        heading = f"<h2>{escape(title)}</h2>" if title else ""
        shown = "\n".join(panel.html(page) for panel in own)
        said = page.say("\n".join(panel.caption for panel in own))
        yield f"<section>{heading}<figure>\n{shown}\n{said}</figure></section>"


def _write_pictures(panels: Sequence[Panel], folder: Path) -> Iterator[Path]:
    for panel in panels:
        if figure := panel.figure():
            add_caption(figure, panel.caption)
            yield write_atomically(folder / f"{panel.name}.png", png(figure, panel.alt))
