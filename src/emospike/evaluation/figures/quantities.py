"""Figures of a reproduction that tell more than accuracies: numbers, answering in part, who follows whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emospike.explain.style import (
    AGAINST,
    FOR,
    GRID,
    INK,
    MUTED,
    SMALL,
    colour_bar,
    decades,
    new_figure,
    plain_ticks,
    tidy,
)  # fmt: skip

Result = Mapping[str, Any]

HONEST = "speaker-folds"
COLOURS = (FOR, AGAINST, MUTED)
MOST_NODES = 32
"""Nodes that a matrix names; of more, only every so many."""
WIDE = 100.0
"""From which ratio numbers stand on a logarithmic axis."""


def draw_numbers(result: Result) -> Figure:
    """Return a panel for each column, with a line for each row: what was measured, its interval, the paper's number."""
    rows, columns = result["rows"], result["columns"]
    figure = new_figure(3 + 4 * len(columns), 1.2 + 0.3 * len(rows))
    panels = figure.subplots(1, len(columns), sharey=True, squeeze=False)[0]
    for axes, column in zip(panels, columns, strict=True):
        shown = []
        for at, row in enumerate(rows):
            cell = next(reversed(row["found"].get(column, {"": {}}).values()))
            if cell.get("value") is not None:
                axes.scatter(cell["value"], at, s=24, color=FOR, zorder=3)
                if cell["ci95"]:
                    axes.hlines(at, *cell["ci95"], color=FOR, linewidth=1.2)
                shown.append(cell["value"])
            if column in row["paper"]:
                axes.scatter(row["paper"][column], at, s=45, marker="x", color=INK, zorder=4)
                shown.append(row["paper"][column])
        _spread_numbers(axes, [number for number in shown if number > 0])
        axes.set_yticks(range(len(rows)), [row["what"] for row in rows])
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.grid(axis="x", color=GRID, linewidth=0.5)
        tidy(axes, column, "bar: 95 % interval over speakers; cross: the paper" if axes is panels[0] else "")
    return figure


def _spread_numbers(axes: Axes, numbers: list[float]) -> None:
    """Show numbers of very different size on a logarithmic axis."""
    if numbers and max(numbers) > WIDE * min(numbers):
        low, high = min(numbers) / 2, 2 * max(numbers)
        axes.set_xscale("log")
        axes.set_xlim(low, high)
        plain_ticks(axes.xaxis, decades(low, high))


def draw_selective(result: Result) -> Figure:
    """Return accuracy against coverage, a panel for each model, a line for each column; crosses are the paper's."""
    models = list(dict.fromkeys(row["at"]["model"] for row in result["rows"]))
    figure = new_figure(1 + 3.6 * len(models), 4)
    panels = figure.subplots(1, len(models), sharey=True, squeeze=False)[0]
    for axes, model in zip(panels, models, strict=True):
        rows = [row for row in result["rows"] if row["at"]["model"] == model]
        for colour, column in zip(COLOURS, result["columns"], strict=False):
            for protocol in result["protocols"]:
                cells = [row["found"][column][protocol] for row in rows]
                share, accuracy = ([cell[name] for cell in cells] for name in ("coverage", "accuracy"))
                honest = protocol == HONEST
                label = f"{column}, {'new speakers' if honest else protocol}"
                axes.plot(share, accuracy, "-" if honest else ":", color=colour, linewidth=1.5, label=label)
                if honest:
                    low, high = zip(*(cell["ci95"] for cell in cells), strict=True)
                    axes.fill_between(share, low, high, color=colour, alpha=0.12, linewidth=0)
        told = [(row["at"]["coverage"], number) for row in rows for number in row["paper"].values()]
        if told:
            axes.scatter(*zip(*told, strict=True), marker="x", s=45, color=INK, zorder=4, label="the paper")
        axes.grid(color=GRID, linewidth=0.5)
        tidy(axes, model, "coverage", "accuracy of what is answered" if axes is panels[0] else "")
    handles, labels = panels[0].get_legend_handles_labels()
    shown = dict(zip(labels, handles, strict=True))
    figure.legend(shown.values(), shown, loc="outside lower left", ncols=3, fontsize=SMALL, frameon=False)
    return figure


def draw_interactions(result: Result) -> Figure:
    """Return how often nodes (rows) are followed by nodes (columns): a panel a class, and one of their difference."""
    row = next(row for row in result["rows"] if row.get("curves"))
    names, matrices = read_matrices(row, result["protocols"][-1])
    classes, figure = list(matrices), new_figure(15, 6.4)
    panels = figure.subplots(1, len(classes) + 1, sharey=True)
    most = max(float(matrix.max()) for matrix in matrices.values()) or 1.0
    for axes, label in zip(panels, classes, strict=False):
        image = axes.imshow(matrices[label], cmap="Blues", vmin=0, vmax=most)
        tidy(axes, label, "followed by", "spike at" if axes is panels[0] else "")
    colour_bar(figure, image, panels[: len(classes)], "1/s a pair of neurons")
    change = matrices[classes[0]] - matrices[classes[-1]]
    reach = float(np.abs(change).max()) or 1.0
    image = panels[-1].imshow(change, cmap="RdBu_r", vmin=-reach, vmax=reach)
    tidy(panels[-1], f"{classes[0]} less {classes[-1]}", "followed by")
    colour_bar(figure, image, panels[-1], "1/s a pair of neurons")
    marked = range(0, len(names), -(-len(names) // MOST_NODES))
    for axes in panels:
        axes.set_xticks(marked, [names[at] for at in marked], rotation=90)
        axes.set_yticks(marked, [names[at] for at in marked])
        axes.tick_params(labelsize=SMALL - 2)
    return figure


def read_matrices(row: Result, protocol: str) -> tuple[list[str], dict[str, Float[np.ndarray, "nodes nodes"]]]:
    """Return the names of the nodes, and the mean matrix of each class over the folds, by their test recordings."""
    folds, weights = row["curves"][protocol], row["tested"][protocol]
    mean = {name: np.average([fold[name] for fold in folds], axis=0, weights=weights) for name in folds[0]}
    labels, names = (list(dict.fromkeys(name.split(": ", 1)[at] for name in mean)) for at in (0, 1))
    return names, {label: np.stack([mean[f"{label}: {node}"] for node in names]) for label in labels}


FIGURES = {"numbers": draw_numbers, "coverage": draw_selective, "interactions": draw_interactions}
