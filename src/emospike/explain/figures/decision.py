"""The decision: verdict, confidence against the threshold, probabilities, shares and time spent."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from emospike.decision import Decision
from emospike.explain.captions import sense_line
from emospike.explain.explanation import Explanation
from emospike.explain.style import (
    AGAINST,
    FAINT,
    FOR,
    INK,
    LARGE,
    MUTED,
    NORMAL,
    SENSE,
    SMALL,
    new_figure,
    tidy,
)
from emospike.explain.wording import confidence_line, cut, milliseconds, percent, ranked, sense_title, verdict
from emospike.systems.perception import WORDS


def decision_figure(explanation: Explanation) -> Figure:
    """Return the verdict with its gauge and shares above bars of probabilities and seconds."""
    figure = new_figure(8, _height(explanation))
    _draw(figure, explanation)
    return figure


def decisions_figure(first: Explanation, second: Explanation) -> Figure:
    """Return the decisions on two clips side by side."""
    figure = new_figure(16, max(_height(first), _height(second)))
    for part, explanation in zip(np.asarray(figure.subfigures(1, 2)), (first, second), strict=True):
        _draw(part, explanation)
    return figure


def _rows(decision: Decision) -> int:
    return max(2, len(decision.seconds), len(decision.probabilities))


def _height(explanation: Explanation) -> float:
    """Return how tall a decision is, inches."""
    both = len(explanation.decision.share) > 1
    return 2.4 + 0.3 * _rows(explanation.decision) + 0.9 * both


def _draw(figure: Figure | SubFigure, explanation: Explanation) -> None:
    decision = explanation.decision
    both, rows = len(decision.share) > 1, _rows(decision)
    heights = [0.75, 0.55, *[0.4] * both, 0.5 + 0.3 * rows]
    grid = figure.add_gridspec(len(heights), 1 + bool(decision.seconds), height_ratios=heights)
    _headline(figure.add_subplot(grid[0, :]), explanation)
    _gauge(figure.add_subplot(grid[1, :]), explanation)
    if both:
        _senses(figure.add_subplot(grid[2, :]), explanation)
    _probabilities(figure.add_subplot(grid[-1, 0]), ranked(decision), decision.label, rows)
    if decision.seconds:
        _seconds(figure.add_subplot(grid[-1, -1]), decision.seconds, rows)


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


def _senses(axes: Axes, explanation: Explanation) -> None:
    """Draw the share of each sense as a part of one bar, and say how it was measured."""
    start = 0.0
    for sense, share in explanation.decision.share.items():
        axes.barh(0, share, left=start, color=SENSE[sense], height=0.5)
        if share >= 0.1:
            label = f"{WORDS[sense]} {percent(round(share, 2))}"
            axes.text(start + share / 2, 0, label, ha="center", va="center", fontsize=SMALL, color=INK)
        start += share
    tidy(axes, sense_title(explanation.decision), textwrap.fill(sense_line(explanation), 125))
    axes.xaxis.label.set(ha="left", x=0.0)
    axes.set(xlim=(-0.002, 1.002), ylim=(-0.3, 0.3), xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def _probabilities(axes: Axes, bars: Sequence[tuple[str, float]], label: str, rows: int) -> None:
    """Draw probabilities as bars, the first at the top."""
    values = [value for _, value in bars]
    colours = [FOR if name == label else MUTED for name, _ in bars]
    drawn = axes.barh(range(len(bars)), values, color=colours, height=0.62)
    axes.bar_label(drawn, [percent(value) for value in values], padding=3, fontsize=SMALL, color=INK)
    _named(axes, "Probability of each class", [name for name, _ in bars], rows)
    axes.set(xlim=(0, 1.28), xticks=[])
    axes.spines["bottom"].set_visible(False)


def _seconds(axes: Axes, seconds: Mapping[str, float], rows: int) -> None:
    """Draw the time of each stage in milliseconds."""
    values = [1000 * value for value in seconds.values()]
    drawn = axes.barh(range(len(values)), values, color=MUTED, height=0.62)
    axes.bar_label(drawn, [milliseconds(v) for v in seconds.values()], padding=3, fontsize=SMALL, color=INK)
    _named(axes, f"Time: {milliseconds(sum(seconds.values()))}", list(seconds), rows)
    axes.set(xlim=(0, 1.35 * max(values) or 1.0), xticks=[])
    axes.spines["bottom"].set_visible(False)


def _named(axes: Axes, title: str, names: Sequence[str], rows: int) -> None:
    """Name horizontal bars, the first at the top; room for `rows` keeps the bars of all panels equally thick."""
    tidy(axes, title)
    axes.set_yticks(range(len(names)), [cut(name, 22) for name in names])
    axes.set_ylim(rows - 0.4, -0.6)
