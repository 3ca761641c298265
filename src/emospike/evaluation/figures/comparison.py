"""The figure of a comparison of systems: how right each is on new speakers, and what a decision costs it."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from emospike.evaluation.results import Result
from emospike.explain.style import AGAINST, FAINT, FOR, GRID, INK, MUTED, SMALL, decades, new_figure, plain_ticks, tidy
from emospike.explain.wording import percent

SENSES = {"audio": ", sound", "face": ", face", "both": ""}


def draw_systems(rows: Sequence[Result]) -> Figure:
    """Return accuracies with their intervals, and the energy of a decision beside its non-spiking equivalent.

    `rows` are those of `emospike.evaluation.compare.make_row`.
    """
    figure = new_figure(11, 1.8 + 0.42 * len(rows))
    right, energy = figure.subplots(1, 2, sharey=True, gridspec_kw={"width_ratios": (3, 2)})
    _draw_accuracies(right, rows)
    _draw_energies(energy, rows)
    names = [f"{row['system']}, {row['preset']}{SENSES[row['modality']]}" for row in rows]
    right.set_yticks(range(len(rows)), names)
    right.set_ylim(len(rows) - 0.4, -0.6)
    marks = [
        Line2D([], [], color=FOR, marker="o", linewidth=1.5, label="speakers not heard in training"),
        Line2D([], [], color=AGAINST, marker="o", markerfacecolor="white", linewidth=1.5, label="the paper's protocol"),
        Line2D([], [], color=INK, marker="|", linestyle="", label="the same network without spikes"),
    ]
    figure.legend(handles=marks, loc="outside lower center", ncols=3, fontsize=SMALL, frameon=False)
    return figure


def _is_honest(row: Result) -> bool:
    return bool(row["protocol"] == "speaker-folds")


def _draw_accuracies(axes: Axes, rows: Sequence[Result]) -> None:
    """Draw each accuracy and its 95 % interval over the share of the largest class."""
    axes.axvspan(0, max(row["majority"] for row in rows), color=FAINT, zorder=0)
    for at, row in enumerate(rows):
        colour, face = (FOR, FOR) if _is_honest(row) else (AGAINST, "white")
        if row["ci95"]:
            axes.hlines(at, *row["ci95"], color=colour, linewidth=1.5)
        axes.plot(row["accuracy"], at, "o", color=colour, markerfacecolor=face, clip_on=False)
        axes.text(1.01, at, f"{row['accuracy']:.3f}{' leaky' if row['leaky'] else ''}", va="center", fontsize=SMALL)
    axes.set_xlim(0, 1)
    ticks = (0, 0.25, 0.5, 0.75, 1)
    axes.set_xticks(ticks, [percent(tick) for tick in ticks])
    tidy(axes, "Accuracy", "bars: 95 % interval over speakers; grey: the largest class")


def _draw_energies(axes: Axes, rows: Sequence[Result]) -> None:
    """Draw the estimated energy of a decision, joined with that of its equivalent."""
    for at, row in enumerate(rows):
        if row["total_uj"]:
            axes.hlines(at, *sorted((row["total_uj"], row["twin_total_uj"])), color=GRID, linewidth=1)
            axes.plot(row["twin_total_uj"], at, "|", color=INK, markersize=9)
            axes.plot(row["total_uj"], at, "o", color=FOR if _is_honest(row) else AGAINST, markersize=5)
        else:
            axes.text(
                0.02, at, "not known", transform=axes.get_yaxis_transform(), va="center", fontsize=SMALL, color=MUTED
            )
    axes.set_xscale("log")
    axes.margins(x=0.15)
    known = [row[name] for row in rows for name in ("total_uj", "twin_total_uj") if row[name]] or [1.0]
    plain_ticks(axes.xaxis, decades(min(known), max(known)))
    tidy(axes, "Energy of a decision", "µJ, estimated for 45 nm from counted operations and bytes")


def alt_text(rows: Sequence[Result]) -> str:
    """Return the figure in words."""
    said = [f"{row['system']} {row['preset']} ({row['protocol']}) {row['accuracy']:.3f}" for row in rows]
    return f"Accuracy of {len(rows)} evaluations: {', '.join(said)}"
