"""Figures of a reproduction, drawn from its JSON: rows beside the paper's, grids, curves of noise and of learning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from emospike.evaluation.figures import quantities, voting
from emospike.evaluation.report import HEADS, say_cell
from emospike.explain.style import (
    AGAINST,
    CLIPS,
    FOR,
    GRID,
    HIGHLIGHT,
    INK,
    MUTED,
    NORMAL,
    SITE,
    SMALL,
    decades,
    new_figure,
    plain_ticks,
    tidy,
)  # fmt: skip

Result = Mapping[str, Any]

COLOURS = (FOR, AGAINST, HIGHLIGHT["STS"], SITE, HIGHLIGHT["A1"], CLIPS[0])
"""Of the columns, in their order."""

PROTOCOLS = {
    "random": ("random split, LEAKY", "D"),
    "published": ("as published", "s"),
    "speaker-folds": ("new speakers", "o"),
}
"""Name and marker of each protocol; the paper's number is a cross."""

APART = 0.22
"""How far the lines of one row stand apart."""


def draw_reproduction(result: Result) -> Figure:
    """Return the figure of a reproduction; of another kind than ``rows`` where its result says so."""
    figure = FIGURES.get(result["figure"], draw_rows)(result)
    figure.suptitle(f"{result['title']}\n{result['source']}", x=0.01, ha="left", fontsize=NORMAL, color=INK)
    return figure


def alt_text(result: Result) -> str:
    """Return what the figure shows in a sentence."""
    last = result["protocols"][-1]
    parts = [
        f"{row['what']} {column} {say_cell(found)}"
        for row in result["rows"]
        for column in result["columns"]
        if (found := row["found"].get(column, {}).get(last))
    ]
    return f"{result['title']}, {HEADS[last]}: {'; '.join(parts)}."


def draw_rows(result: Result) -> Figure:
    """Return a line for each row and column: the paper's number, ours on its split, ours on new speakers."""
    rows = result["rows"]
    figure = new_figure(10, 1.6 + 0.42 * len(rows))
    axes = figure.subplots()
    majority = [one["majority"] for row in rows for found in row["found"].values() for one in found.values()]
    axes.axvline(max(majority, default=0), color=MUTED, linestyle="--", linewidth=1)
    for at, row in enumerate(rows):
        columns = [name for name in result["columns"] if name in row["found"]]
        for number, column in enumerate(columns):
            y = at + APART * (number - (len(columns) - 1) / 2)
            _draw_row(axes, y, row["found"][column], COLOURS[result["columns"].index(column)], row["paper"].get(column))
    axes.set_yticks(range(len(rows)), [row["what"] for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(0, 1.02)
    axes.grid(axis="x", color=GRID, linewidth=0.5)
    tidy(axes, "", "accuracy; bar: 95 % interval, dashes: majority class")
    _add_legend(figure, result)
    return figure


def _draw_row(axes: Axes, y: float, found: Mapping[str, Any], colour: str, paper: float | None) -> None:
    for protocol, (_, marker) in PROTOCOLS.items():
        if found.get(protocol, {}).get("accuracy") is not None:  # it is where nothing was answered
            one, honest = found[protocol], protocol == "speaker-folds"
            fill = colour if honest else "white"
            axes.scatter(one["accuracy"], y, s=30, marker=marker, facecolor=fill, edgecolor=colour, zorder=3)
            if honest:
                axes.hlines(y, *one["ci95"], color=colour, linewidth=1.2)
    if paper is not None:
        axes.scatter(paper, y, s=45, marker="x", color=INK, zorder=4)


def draw_grid(result: Result) -> Figure:
    """Return accuracy against the first number that was varied, a line for each value of the second."""
    first, second = result["rows"][0]["at"]
    names = [name for name in result["columns"] if any(name in row["found"] for row in result["rows"])]
    figure = new_figure(5 * len(names), 4.2)
    panels = figure.subplots(1, len(names), sharey=True, squeeze=False)[0]
    for axes, column in zip(panels, names, strict=True):
        for at, value in enumerate(sorted({row["at"][second] for row in result["rows"]})):
            rows = [row for row in result["rows"] if row["at"][second] == value and column in row["found"]]
            for protocol, style in (("random", ":"), ("speaker-folds", "-")):
                look = {"color": COLOURS[at], "linestyle": style, "label": f"{value} {second}"}
                _draw_line(axes, rows, first, column, protocol, **look)
        _mark_paper(axes, result["rows"], first, column)
        axes.set_xticks(sorted({row["at"][first] for row in result["rows"]}))
        tidy(axes, column, first, "accuracy" if axes is panels[0] else "")
    shown = _list_handles(panels[0])
    shown.append(Line2D([], [], color=MUTED, linestyle="-", label=PROTOCOLS["speaker-folds"][0]))
    shown.append(Line2D([], [], color=MUTED, linestyle=":", label=PROTOCOLS["random"][0]))
    figure.legend(handles=shown, loc="outside lower left", ncols=len(shown), fontsize=SMALL, frameon=False)
    return figure


def draw_noise(result: Result) -> Figure:
    """Return accuracy against the level of noise, a panel for each kind, a line for each column."""
    kinds = list(dict.fromkeys(row["at"]["noise"] for row in result["rows"] if row["at"]["noise"] != "clean"))
    clean = next(row for row in result["rows"] if row["at"]["noise"] == "clean")
    figure = new_figure(5 * len(kinds), 4.2)
    panels = figure.subplots(1, len(kinds), sharey=True, squeeze=False)[0]
    for axes, kind in zip(panels, kinds, strict=True):
        rows = [row for row in result["rows"] if row["at"]["noise"] == kind]
        places = {row["what"]: at for at, row in enumerate([clean, *rows])}
        ordered = [row | {"at": {"place": places[row["what"]]}} for row in [clean, *rows]]
        for at, column in enumerate(result["columns"]):
            own = [row for row in ordered if column in row["found"]]
            _draw_line(axes, own, "place", column, "speaker-folds", color=COLOURS[at], label=column)
            _mark_paper(axes, ordered, "place", column, COLOURS[at])
        axes.axhline(_find_majority(clean), color=MUTED, linestyle="--", linewidth=1)
        names = ["clean", *(f"{row['at']['level']:g}" for row in rows)]
        axes.set_xticks(range(len(names)), names)
        level = "signal to noise, dB" if rows[0]["what"].endswith("dB") else "level"
        tidy(axes, f"{kind} noise", level, "accuracy" if axes is panels[0] else "")
    shown = _list_handles(panels[0])
    figure.legend(handles=shown, loc="outside lower left", ncols=len(shown), fontsize=SMALL, frameon=False)
    return figure


WIDE, DEEPEST = 100.0, 1e6
"""From which ratio losses stand on a logarithmic axis, and how far below the largest it reaches."""


def draw_learning(result: Result) -> Figure:
    """Return the curves of each row, epoch by epoch, a panel a row, each fold a thin line."""
    rows = [row for row in result["rows"] if row.get("curves")]
    figure = new_figure(5 * max(len(rows), 1), 4.2)
    panels = figure.subplots(1, max(len(rows), 1), squeeze=False)[0]
    for axes, row in zip(panels, rows, strict=False):
        for protocol, folds in row["curves"].items():
            for at, name in enumerate(folds[0]):
                for number, fold in enumerate(folds):
                    label = None if number else f"{name}, {PROTOCOLS[protocol][0]}"
                    style = "-" if protocol == "speaker-folds" else ":"
                    axes.plot(fold[name], color=COLOURS[at], linestyle=style, linewidth=1, label=label)
        tidy(axes, row["what"], "epoch", "loss" if axes is panels[0] else "")
        losses = [loss for folds in row["curves"].values() for fold in folds for line in fold.values() for loss in line]
        low, high = (float(find([loss for loss in losses if loss > 0] or [1.0])) for find in (np.nanmin, np.nanmax))
        if high > WIDE * low:
            axes.set_yscale("log", nonpositive="clip")
            axes.set_ylim(max(low, high / DEEPEST), 2 * high)
            plain_ticks(axes.yaxis, decades(max(low, high / DEEPEST), high))
        axes.legend(fontsize=SMALL, frameon=False)
    return figure


def _draw_line(axes: Axes, rows: Sequence[Result], key: str, column: str, protocol: str, **style: Any) -> None:
    """Draw one line, with intervals where they are over new speakers."""
    rows = [row for row in rows if protocol in row["found"].get(column, {})]
    if not rows:
        return
    x = [row["at"][key] for row in rows]
    found = [row["found"][column][protocol] for row in rows]
    y = np.array([one["accuracy"] for one in found])
    ends = np.array([one["ci95"] for one in found]).T
    reach = abs(ends - y) if protocol == "speaker-folds" else None
    axes.errorbar(x, y, reach, marker="o", markersize=4, linewidth=1.5, elinewidth=0.7, **style)


def _mark_paper(axes: Axes, rows: Sequence[Result], key: str, column: str, colour: str = INK) -> None:
    """Mark what the paper tells with crosses."""
    told = [(row["at"][key], row["paper"][column]) for row in rows if column in row["paper"]]
    if told:
        x, y = zip(*told, strict=True)
        axes.scatter(x, y, marker="x", s=45, color=colour, zorder=4)
        axes.annotate("paper", told[0], (5, 3), textcoords="offset points", fontsize=SMALL, color=MUTED)


def _find_majority(row: Result) -> float:
    return float(next(iter(next(iter(row["found"].values())).values()))["majority"])


def _list_handles(axes: Axes) -> list[Any]:
    """Return one handle for each label of some axes."""
    handles, labels = axes.get_legend_handles_labels()
    return list(dict(zip(labels, handles, strict=True)).values())


def _add_legend(figure: Figure, result: Result) -> None:
    shown = [Line2D([], [], color=COLOURS[at], linewidth=2, label=name) for at, name in enumerate(result["columns"])]
    for name in result["protocols"]:
        label, marker = PROTOCOLS[name]
        fill = INK if name == "speaker-folds" else "white"
        look: dict[str, Any] = {"marker": marker, "markerfacecolor": fill, "markeredgecolor": INK}
        shown.append(Line2D([], [], color="white", label=label, **look))
    shown.append(Line2D([], [], color="white", marker="x", markeredgecolor=INK, label="the paper"))
    figure.legend(handles=shown, loc="outside lower left", ncols=len(shown), fontsize=SMALL, frameon=False)


FIGURES = {
    "rows": draw_rows,
    "grid": draw_grid,
    "noise": draw_noise,
    "learning": draw_learning,
    **voting.FIGURES,
    **quantities.FIGURES,
}
"""How a result can be drawn, by what it asks for."""
