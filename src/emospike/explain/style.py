"""How every figure looks: colours that colour-blind readers tell apart, fonts, and how a figure becomes a file."""

from __future__ import annotations

import io
import math
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emospike.files import write_atomically

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

INK, MUTED, GRID, FAINT = "#1b1f24", "#57606a", "#d0d7de", "#eaeef2"

# Okabe and Ito's palette (2008); blue always speaks for something, vermillion against it.
FOR, AGAINST = "#0072b2", "#d55e00"
HIGHLIGHT = {"A1": "#e69f00", "STS": "#009e73"}
SITE = "#aa3377"
ARC = "#33527a"

MODALITY = {"audio": HIGHLIGHT["A1"], "face": HIGHLIGHT["STS"], "eeg": "#56b4e9", "both": "#7b4fa3"}
"""Sound, face, EEG, and what passes between them."""

COLOURS = {"for": FOR, "against": AGAINST, "arc": ARC, **MODALITY}
"""Colours in pictures, by the names of the CSS variables that stand for them on pages."""

PART = ("#0072b2", "#56b4e9", "#009e73", "#e69f00", "#d55e00", "#aa3377")
"""The parts of the face from top to bottom."""

CLIPS = ("#33527a", "#cc79a7")
"""The first and the second of two clips."""

ACTIVITY = ("#ccd4dd", "#8fbcdb", "#2a78b5", "#0a2c52")
"""Colours from a silent to the most active neuron, on white."""

POWER = "viridis"
"""Colour map of spectrograms."""

DPI = 150
SMALL, NORMAL, LARGE = 8.0, 9.5, 17.0
"""Font sizes, points."""


def new_figure(width: float, height: float) -> Figure:
    """Return an empty white figure, in inches, that belongs to no global state and no window."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    layout = ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1)  # inches
    return Figure(figsize=(width, height), dpi=DPI, layout=layout, facecolor="white")


def tidy(axes: Axes, title: str = "", xlabel: str = "", ylabel: str = "") -> Axes:
    """Give axes the house's look: a title on the left, no frame at the top and right, quiet ticks."""
    axes.set_title(title, loc="left", fontsize=NORMAL, color=INK, fontweight="bold")
    axes.set_xlabel(xlabel, fontsize=SMALL, color=MUTED)
    axes.set_ylabel(ylabel, fontsize=SMALL, color=MUTED)
    axes.tick_params(labelsize=SMALL, color=GRID, labelcolor=INK)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(GRID)
    return axes


MOST_TICKS = 5
"""Powers of ten that an axis names."""


def plain_ticks(axis: Any, values: Sequence[float]) -> None:
    """Name these values of an axis by their numbers, not as powers of ten."""
    axis.set_ticks(values, [f"{value:,.10g}".replace("-", "−") for value in values])
    axis.set_ticks([], minor=True)


def decades(low: float, high: float) -> list[float]:
    """Return the powers of ten between two positive numbers, evenly thinned out to five at most.

    >>> decades(0.5, 200), decades(1, 1e6)
    ([1.0, 10.0, 100.0], [1.0, 100.0, 10000.0, 1000000.0])
    """
    powers = range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)
    return [10.0**power for power in powers[:: -(-len(powers) // MOST_TICKS) or 1]]


def colour_bar(figure: Figure | SubFigure, mappable: Any, axes: Any, label: str, **where: Any) -> Any:
    """Add a slim colour bar beside axes, and return it."""
    bar = figure.colorbar(mappable, ax=axes, **({"pad": 0.01, "aspect": 18} | where))
    bar.set_label(label, fontsize=SMALL, color=MUTED)
    bar.ax.tick_params(labelsize=SMALL, color=GRID, labelcolor=INK)
    bar.outline.set_visible(False)
    return bar


def add_legend(figure: Figure | SubFigure, handles: Sequence[Any], where: Any) -> None:
    """Name colours and marks in a line, such as one ``"outside upper center"`` of a figure's axes."""
    figure.legend(handles=handles, loc=where, ncols=len(handles), frameon=False, fontsize=SMALL, labelcolor=INK)


def add_caption(figure: Figure, caption: str) -> None:
    """Write a caption below a figure, which grows by as much as the caption needs."""
    width, height = figure.get_size_inches()
    lines = textwrap.wrap(" ".join(caption.splitlines()), int(16.5 * width))
    if lines:
        figure.set_size_inches(width, height + 0.1 + 0.14 * len(lines))
        figure.supxlabel("\n".join(lines), fontsize=SMALL, color=MUTED, x=0.01, ha="left")


def png(figure: Figure, alt: str = "") -> bytes:
    """Return the figure as PNG, with `alt` as the description that the file carries."""
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        text.set_parse_math(False)  # a $ in a file's name is no formula
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": "emospike", "Description": alt})
    return buffer.getvalue()


def save_figure(figure: Figure, path: Path, alt: str = "") -> Path:
    """Write the figure as a PNG file in one step, and return its path.

    Raises
    ------
    InputError : the folder does not exist or cannot be written to
    """
    return write_atomically(path, png(figure, alt))
