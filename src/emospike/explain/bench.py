"""Figures of the bench, drawn from the groups of its JSON report: cost against size, peers, stages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, Locator, LogLocator, NullLocator

from emospike.explain.style import AGAINST, FAINT, FOR, GRID, INK, MUTED, SMALL, new_figure, tidy

Rows = Sequence[Mapping[str, Any]]
"""Measurements: name, value, unit, note, at."""

CURVES = {"forward": FOR, "with STDP": AGAINST, "peak memory": INK}

PEERS = " and peers"
"""How the names of groups end in which emospike stands beside others."""

OURS = "emospike"
"""What the names of our own rows begin with."""


def bench_figures(groups: Mapping[str, Rows]) -> dict[str, tuple[Figure, str]]:
    """Return each figure by the name of its file, with a sentence that says what it shows."""
    grown = {name: rows for name, rows in groups.items() if any(row["at"] is not None for row in rows)}
    beside = {name: rows for name, rows in groups.items() if name.endswith(PEERS)}
    stages = measured(groups["one decision"], "ms")
    peers = [row for rows in beside.values() for row in measured(rows, "ms")]
    return {
        "scaling": (scaling_figure(grown), f"Time and peak memory of a reservoir against {', '.join(grown)}."),
        "peers": (peers_figure(beside), sentence(peers)),
        "stages": (stages_figure(stages), sentence(stages)),
    }


def measured(rows: Rows, unit: str) -> Rows:
    """Return the rows of a unit that hold a number."""
    return [row for row in rows if row["unit"] == unit and row["value"] is not None]


def sentence(rows: Rows) -> str:
    """Return what a figure of milliseconds shows.

    >>> sentence([{"name": "forward", "value": 3.21}])
    'Milliseconds a clip of 4 s: forward 3.21.'
    """
    parts = [f"{row['name']} {row['value']:.3g}" for row in rows]
    return f"Milliseconds a clip of 4 s: {', '.join(parts)}."


# -- curves ----------------------------------------------------------------------------------------------------


def scaling_figure(groups: Mapping[str, Rows]) -> Figure:
    """Return time (above) and memory (below) against each number that was varied, on logarithmic axes."""
    figure = new_figure(11, 5.6)
    grid = figure.subplots(2, len(groups), squeeze=False, sharex="col", sharey="row")
    for axes, unit, label in zip(grid, ("ms", "MB"), ("ms a clip", "peak memory, MB"), strict=True):
        panels = [measured(rows, unit) for rows in groups.values()]
        for one, rows in zip(axes, panels, strict=True):
            draw_curves(one, rows)
            tidy(one)
        axes[0].set_ylabel(label, fontsize=SMALL, color=MUTED)
        axes[0].set_ylim(decades(row["value"] for rows in panels for row in rows))
        name_ticks(axes[0].yaxis, LogLocator())
    for (above, below), name in zip(grid.T, groups, strict=True):
        tidy(above, f"Against {name}", ylabel=above.get_ylabel())
        tidy(below, xlabel=name, ylabel=below.get_ylabel())
    return figure


def draw_curves(axes: Axes, rows: Rows) -> None:
    """Draw the curves of one panel, with their names if there are several."""
    names = list(dict.fromkeys(row["name"] for row in rows))
    for name in names:
        points = [(row["at"], row["value"]) for row in rows if row["name"] == name]
        axes.loglog(*zip(*points, strict=True), color=CURVES.get(name, MUTED), marker="o", markersize=3.5, label=name)
    name_ticks(axes.xaxis, FixedLocator(sorted({row["at"] for row in rows})))
    axes.grid(color=GRID, linewidth=0.5)
    if len(names) > 1:
        axes.legend(frameon=False, fontsize=SMALL, loc="upper left")


def decades(values: Iterable[float]) -> tuple[float, float]:
    """Return the whole decades that hold some values.

    >>> decades([3.0, 40.0])
    (1.0, 100.0)
    """
    logs = np.log10(list(values))
    return float(10.0 ** np.floor(logs.min())), float(10.0 ** np.ceil(logs.max()))


def name_ticks(axis: Axis, locator: Locator) -> None:
    """Name ticks by their numbers: 1,000, not a power of ten."""
    axis.set_major_locator(locator)
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))


# -- peers and stages ------------------------------------------------------------------------------------------


def peers_figure(groups: Mapping[str, Rows]) -> Figure:
    """Return the milliseconds of each row on a logarithmic axis, with how many times emospike's they are."""
    counts = [len(measured(rows, "ms")) for rows in groups.values()]
    figure = new_figure(8, 1.0 * len(groups) + 0.3 * sum(counts))
    panels = figure.subplots(len(groups), 1, squeeze=False, height_ratios=counts, sharex=True)[:, 0]
    for axes, (name, rows) in zip(panels, groups.items(), strict=True):
        shown = measured(rows, "ms")
        colours = [FOR if row["name"].startswith(OURS) else MUTED for row in shown]
        axes.scatter([row["value"] for row in shown], range(len(shown)), s=40, color=colours, zorder=3)
        axes.hlines(range(len(shown)), 0, 1, color=FAINT, linewidth=1, transform=axes.get_yaxis_transform())
        axes.set_xscale("log")
        name_rows(axes, shown, {row["name"]: f"  ({row['value']:.2g} ×)" for row in measured(rows, "times")})
        tidy(axes, name.capitalize())
    panels[-1].set_xlim(decades(row["value"] for rows in groups.values() for row in measured(rows, "ms")))
    name_ticks(panels[-1].xaxis, LogLocator())
    tidy(panels[-1], panels[-1].get_title(loc="left"), "ms a clip of 4 s  (× emospike in the same mode)")
    return figure


def stages_figure(rows: Rows) -> Figure:
    """Return a bar for each stage of a decision."""
    figure = new_figure(8, 0.9 + 0.3 * len(rows))
    axes = tidy(figure.subplots(), "One decision, stage by stage", "ms a clip of 4 s")
    axes.barh(range(len(rows)), [row["value"] for row in rows], color=FOR, height=0.7)
    name_rows(axes, rows, {})
    axes.margins(x=0.1)
    return figure


def name_rows(axes: Axes, rows: Rows, times: Mapping[str, str]) -> None:
    """Write the name of each row on the left, and its numbers beside its mark."""
    for i, row in enumerate(rows):
        text, where = f"{row['value']:.3g}{times.get(row['name'], '')}", (row["value"], i)
        axes.annotate(text, where, (6, 0), textcoords="offset points", va="center", fontsize=SMALL, color=INK)
    axes.set_yticks(range(len(rows)), [row["name"] for row in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
