"""Figures of the studies that an evaluation can hold: adapting to new speakers, a cascade, degraded recordings."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter

from emospike.evaluation.results import Result
from emospike.explain.style import AGAINST, FOR, GRID, HIGHLIGHT, INK, MUTED, SMALL, new_figure, tidy
from emospike.explain.wording import percent

MODES = {
    "labels": ("with labels", FOR, "o"),
    "mean": ("without labels (mean)", AGAINST, "s"),
    "both": ("mean, then labels", HIGHLIGHT["STS"], "^"),
}
"""Name, colour and marker of each way to adapt."""

ORDERS = {"audio": ("sound first, face if needed", FOR, "o"), "face": ("face first, sound if needed", AGAINST, "s")}
"""Name, colour and marker of each order of the modalities."""

APART = 0.07
"""How far the marks of one number of clips stand apart, so that their intervals can be told apart."""


def draw_new_speakers(result: Result) -> Figure:
    """Return the accuracy on new speakers against the clips they gave, and what it costs other speakers.

    `result` is an evaluation's report with the key ``new_speaker`` (k, mode, accuracy, gain, gain_ci95, old_speakers,
    other_speakers).
    """
    figure = new_figure(10, 4.8)
    own, others = figure.subplots(1, 2)
    rows, before = result["new_speaker"], next(row for row in result["new_speaker"] if row["k"] == 0)
    counts = sorted({row["k"] for row in rows} - {0})
    for at, mode in enumerate(MODES):
        line = [row for row in rows if row["mode"] == mode]
        place = [counts.index(row["k"]) + (at - 1) * APART for row in line]
        if line:
            _draw_gains(own, place, line, mode)
            _draw_costs(others, place, line, mode)
    for accuracies, axes in (("accuracy",), own), (("old_speakers", "other_speakers"), others):
        for name in accuracies:
            if before[name] is not None:
                axes.axhline(before[name], color=MUTED, linestyle="--", linewidth=1)
        axes.set_xticks(range(len(counts)), [str(count) for count in counts])
        axes.set_xlim(-0.3, len(counts) - 0.7)
        _format_shares(axes)
    given = "recordings of each class that the speaker gave"
    tidy(own, "Accuracy on the speaker's other recordings", f"{given}\nbars: 95 % interval of the gain", "accuracy")
    tidy(others, "Accuracy on other speakers afterwards", given)
    shown = [_make_mark(*MODES[mode]) for mode in MODES if any(row["mode"] == mode for row in rows)]
    shown += [
        Line2D([], [], color=MUTED, linestyle="--", linewidth=1, label="not adapted"),
        Line2D([], [], color=INK, linestyle="-", linewidth=1.2, label="training speakers"),
        Line2D([], [], color=INK, linestyle=":", linewidth=1.2, label="other new speakers"),
    ]
    _add_legend(figure, shown)
    return figure


def _draw_gains(axes: Axes, place: list[float], line: list[Result], mode: str) -> None:
    """Draw accuracies with the interval of the gain around them, cut at 100 %."""
    _, colour, marker = MODES[mode]
    y = np.array([row["accuracy"] for row in line])
    ends = y + np.array([[end - row["gain"] for end in row["gain_ci95"]] for row in line]).T / 100
    axes.errorbar(
        place, y, abs(ends.clip(0, 1) - y), color=colour, marker=marker, markersize=4.5, linewidth=1.5, elinewidth=0.8
    )


def _draw_costs(axes: Axes, place: list[float], line: list[Result], mode: str) -> None:
    """Draw the accuracies on other speakers."""
    _, colour, marker = MODES[mode]
    for key, style in (("old_speakers", "-"), ("other_speakers", ":")):
        y = [row[key] for row in line]
        if None not in y:
            axes.plot(place, y, color=colour, marker=marker, markersize=4, linestyle=style, linewidth=1.3)


def draw_cascade(result: Result) -> Figure:
    """Return the accuracy of a cascade against the share of clips that needed the second modality, and operations.

    `result` is an evaluation's report with the keys ``cascade`` (first, limit, looked, accuracy, operations_share),
    ``cascade_chosen`` (by the first modality, the same at the limits set in training) and ``cascade_both``.
    """
    figure = new_figure(10, 4.8)
    titles = {
        "looked": ("How often the second sense was needed", "share of clips that needed the second sense"),
        "operations_share": ("What was computed", "operations of the passes; both senses always = 100 %"),
    }
    for axes, (key, (title, label)) in zip(figure.subplots(1, 2, sharey=True), titles.items(), strict=True):
        axes.axhline(result["cascade_both"]["accuracy"], color=MUTED, linestyle="--", linewidth=1)
        for first, (_, colour, marker) in ORDERS.items():
            rows = [row for row in result["cascade"] if row["first"] == first]
            x, y = ([row[name] for row in rows] for name in (key, "accuracy"))
            axes.plot(x, y, color=colour, marker=marker, markersize=3.5, linewidth=1.5)
            chosen = result["cascade_chosen"][first]
            axes.scatter([chosen[key]], [chosen["accuracy"]], s=80, marker="D", color=colour, edgecolor=INK, zorder=4)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: percent(round(value, 3))))
        _format_shares(axes)
        tidy(axes, title, label, "accuracy" if key == "looked" else "")
    chosen = Line2D([], [], color="white", marker="D", markeredgecolor=INK, label="at the limit set in training")
    both = Line2D([], [], color=MUTED, linestyle="--", linewidth=1, label="both senses always, in one brain")
    _add_legend(figure, [*(_make_mark(*order) for order in ORDERS.values()), chosen, both])
    return figure


def draw_robustness(result: Result) -> Figure:
    """Return accuracy beside confidence, and what is answered beside how much of it is right, by degradation.

    `result` is an evaluation's report with the key ``robustness`` (see `robustness.summarise_answers`).
    """
    rows = result["robustness"]
    figure = new_figure(10, 1.6 + 0.26 * len(rows))
    columns = figure.subplots(1, 2, sharey=True)
    for axes, (names, title, label) in zip(columns, PAIRS, strict=True):
        for at, row in enumerate(rows):
            values = [row[name] for name in names]
            if None not in values:
                axes.plot(values, [at, at], color=GRID, linewidth=2.5, zorder=1, solid_capstyle="round")
            for value, (colour, marker) in zip(values, ((FOR, "o"), (AGAINST, "s")), strict=True):
                if value is not None:
                    axes.scatter([value], [at], color=colour, marker=marker, s=24, zorder=3)
        for name, colour in zip(names, (FOR, AGAINST), strict=True):
            if rows[0][name] is not None:
                axes.axvline(rows[0][name], color=colour, linestyle=":", linewidth=1, zorder=0)
        axes.set_xlim(0, 1.02)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: percent(round(value, 3))))
        tidy(axes, title, label)
    columns[0].set_yticks(range(len(rows)), [row["degradation"] for row in rows])
    columns[0].set_ylim(len(rows) - 0.4, -0.6)
    return figure


PAIRS = (
    (("accuracy", "confidence"), "Accuracy and confidence", "round: accuracy, square: mean confidence"),
    (("right_of_answered", "answered"), "What is answered", "round: right of answered, square: share answered"),
)
"""What stands side by side in `draw_robustness`: the measures, the title, and how to read it."""


def _make_mark(name: str, colour: str, marker: str) -> Line2D:
    return Line2D([], [], color=colour, marker=marker, markersize=4.5, linewidth=1.5, label=name)


def _add_legend(figure: Figure, shown: list[Line2D]) -> None:
    """Explain colours and lines below the axes, where they hide nothing."""
    figure.legend(handles=shown, loc="outside lower left", ncols=len(shown), fontsize=SMALL, frameon=False)


def _format_shares(axes: Axes) -> None:
    """Write accuracies in percent, with room above and below and nothing beyond 100 %."""
    axes.margins(y=0.1)
    low, high = axes.get_ylim()
    axes.set_ylim(low, min(high, 1.01))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: percent(round(value, 3))))


STUDIES = {"new_speaker": draw_new_speakers, "cascade": draw_cascade, "robustness": draw_robustness}
"""The figure of each study, by the key of a report that holds it."""
