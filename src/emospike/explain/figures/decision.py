"""The decision: verdict, confidence against the threshold, probabilities, shares and time spent."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emospike.explain.style import (
    AGAINST,
    FAINT,
    FOR,
    INK,
    LARGE,
    MUTED,
    NORMAL,
    SMALL,
    new_figure,
    tidy,
)
from emospike.explain.wording import confidence_line, cut, percent, ranked, verdict
from emospike.systems.contract import Explanation


def decision_figure(explanation: Explanation) -> Figure:
    """Return the verdict with its gauge above bars of probabilities, shares and seconds."""
    decision = explanation.decision
    panels: list[tuple[str, list[tuple[str, float]]]] = [("Probability of each class", ranked(decision))]
    panels += [("Share of each sense", list(decision.share.items()))] if len(decision.share) > 1 else []
    rows = max(2, len(decision.seconds), *(len(bars) for _, bars in panels))
    figure = new_figure(8, 2.4 + 0.3 * rows)
    columns = len(panels) + bool(decision.seconds)
    grid = figure.add_gridspec(3, columns, height_ratios=[0.75, 0.55, 0.5 + 0.3 * rows])
    _headline(figure.add_subplot(grid[0, :]), explanation)
    _gauge(figure.add_subplot(grid[1, :]), explanation)
    for column, (title, bars) in enumerate(panels):
        _shares(figure.add_subplot(grid[2, column]), title, bars, decision.label, rows)
    if decision.seconds:
        _seconds(figure.add_subplot(grid[2, -1]), decision.seconds, rows)
    return figure


def _headline(axes: Axes, explanation: Explanation) -> None:
    """Write the verdict, the clip's name and the reason."""
    axes.axis("off")
    decision = explanation.decision
    texts = [
        axes.text(0, 1, cut(verdict(decision), 30), fontsize=LARGE, fontweight="bold", color=INK, va="top"),
        axes.text(1, 1, cut(explanation.name, 60), fontsize=SMALL, color=MUTED, va="top", ha="right"),
        axes.text(0, 0.3, textwrap.fill(cut(decision.reason, 210), 110), fontsize=NORMAL, color=MUTED, va="top"),
    ]
    for text in texts:  # beside or below the axes at worst, never the reason to shrink them
        text.set_in_layout(False)


def _gauge(axes: Axes, explanation: Explanation) -> None:
    """Draw the confidence as a bar from 0 to 1, and the threshold as a mark across it."""
    decision, threshold = explanation.decision, explanation.threshold
    axes.barh(0, 1, color=FAINT, height=0.5)
    axes.barh(0, decision.confidence, color=FOR if decision.answered else MUTED, height=0.5)
    axes.plot([threshold, threshold], [-0.42, 0.42], color=AGAINST, linewidth=2.5, solid_capstyle="butt")
    axes.annotate("threshold", (threshold, 0.42), (threshold, 0.52), ha="center", fontsize=SMALL, color=AGAINST)
    axes.set(xlim=(-0.002, 1.002), ylim=(-0.45, 0.95), yticks=[])
    line = confidence_line(decision, threshold)
    tidy(axes, line[0].upper() + line[1:])
    axes.spines["left"].set_visible(False)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25 %", "50 %", "75 %", "100 %"])


def _shares(axes: Axes, title: str, bars: Sequence[tuple[str, float]], label: str, rows: int) -> None:
    """Draw fractions of 1 as bars, the first at the top."""
    values = [value for _, value in bars]
    colours = [FOR if name == label else MUTED for name, _ in bars]
    drawn = axes.barh(range(len(bars)), values, color=colours, height=0.62)
    axes.bar_label(drawn, [percent(value) for value in values], padding=3, fontsize=SMALL, color=INK)
    _named(axes, title, [name for name, _ in bars], rows)
    axes.set(xlim=(0, 1.28), xticks=[])
    axes.spines["bottom"].set_visible(False)


def _seconds(axes: Axes, seconds: Mapping[str, float], rows: int) -> None:
    """Draw the time of each stage in milliseconds."""
    values = [1000 * value for value in seconds.values()]
    drawn = axes.barh(range(len(values)), values, color=MUTED, height=0.62)
    axes.bar_label(drawn, [f"{value:.3g} ms" for value in values], padding=3, fontsize=SMALL, color=INK)
    _named(axes, f"Time: {sum(values):.3g} ms", list(seconds), rows)
    axes.set(xlim=(0, 1.35 * max(values) or 1.0), xticks=[])
    axes.spines["bottom"].set_visible(False)


def _named(axes: Axes, title: str, names: Sequence[str], rows: int) -> None:
    """Name horizontal bars, the first at the top; room for `rows` keeps the bars of all panels equally thick."""
    tidy(axes, title)
    axes.set_yticks(range(len(names)), [cut(name, 22) for name in names])
    axes.set_ylim(rows - 0.4, -0.6)
