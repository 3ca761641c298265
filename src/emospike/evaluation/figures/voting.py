"""Figures of voting neurons: accuracy and loss over the steps, what each voter does, how early votes are settled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float64
from matplotlib.figure import Figure

from emospike.explain.style import AGAINST, FOR, GRID, POWER, SMALL, colour_bar, new_figure, tidy

Result = Mapping[str, Any]

HONEST, LEAKY = "speaker-folds", "random"
STYLES = {HONEST: "-", LEAKY: ":"}
SAID = {HONEST: "new speakers", LEAKY: "random split, LEAKY"}


def average_curve(row: Result, protocol: str, name: str) -> Float64[np.ndarray, " points"]:
    """Return a curve of a row, averaged over the folds by their test recordings."""
    curves = [fold[name] for fold in row["curves"][protocol]]
    return np.asarray(np.average(curves, axis=0, weights=row["tested"][protocol]))


def draw_steps(result: Result) -> Figure:
    """Return accuracy (above) and loss (below) against the steps counted so far: a panel a row."""
    rows = [row for row in result["rows"] if row.get("curves")]
    figure = new_figure(max(3.2 * len(rows), 5), 5)
    panels = figure.subplots(2, max(len(rows), 1), sharex=True, sharey="row", squeeze=False)
    for column, row in zip(panels.T, rows, strict=False):
        for axes, name, colour in zip(column, ("accuracy", "loss"), (FOR, AGAINST), strict=True):
            for protocol in row["curves"]:
                line = average_curve(row, protocol, name)
                axes.plot(np.arange(1, len(line) + 1), line, STYLES[protocol], color=colour, label=SAID[protocol])
            axes.grid(color=GRID, linewidth=0.5)
            axes.xaxis.get_major_locator().set_params(integer=True)
            first = axes is panels[0][0] or axes is panels[1][0]
            title = row["what"].replace(", ", ",\n") if name == "accuracy" else ""
            tidy(axes, title, "" if name == "accuracy" else "steps", name if first else "")
    panels[0][-1].legend(fontsize=SMALL, frameon=False)
    return figure


def draw_voters(result: Result) -> Figure:
    """Return potentials (left) and spikes (right) of every voter over the steps: a line of panels a clip."""
    rows = [row for row in result["rows"] if row.get("curves")]
    figure = new_figure(11, 0.6 + 3 * max(len(rows), 1))
    panels = figure.subplots(max(len(rows), 1), 2, squeeze=False)
    for line, row in zip(panels, rows, strict=False):
        curves = next(iter(row["curves"].values()))[0]
        for axes, kind, colours in zip(line, ("potential", "spikes"), (POWER, "binary"), strict=True):
            lines = np.array([curve for name, curve in curves.items() if name.startswith(kind)])
            image = axes.imshow(lines, aspect="auto", cmap=colours, interpolation="nearest")
            axes.axhline(len(lines) / 2 - 0.5, color=AGAINST, linewidth=1)
            axes.set_yticks([0, len(lines) // 2, len(lines) - 1])
            tidy(axes, f"{row['what']}: {kind}", "step", "voter; the first class above")
            if kind == "potential":
                colour_bar(figure, image, axes, "potential")
    return figure


def draw_latency(result: Result) -> Figure:
    """Return accuracy against the mean number of steps that a decision waits for."""
    figure = new_figure(6, 4)
    axes = figure.subplots()
    for row in result["rows"]:
        for protocol in row.get("curves", {}):
            steps, accuracy = (average_curve(row, protocol, name) for name in ("steps", "accuracy"))
            axes.plot(steps, accuracy, STYLES[protocol], marker="o", markersize=4, color=FOR, label=SAID[protocol])
    axes.grid(color=GRID, linewidth=0.5)
    axes.legend(fontsize=SMALL, frameon=False)
    tidy(axes, "", "mean steps until the vote is settled", "accuracy")
    return figure


FIGURES = {"steps": draw_steps, "voters": draw_voters, "latency": draw_latency}
