"""Figures of the bench, drawn from the groups of its JSON report: cost against size, peers, stages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emospike.explain.style import (
    AGAINST,
    FAINT,
    FOR,
    GRID,
    INK,
    MUTED,
    SMALL,
    decades,
    new_figure,
    plain_ticks,
    tidy,
)

Rows = Sequence[Mapping[str, Any]]
"""Measurements: name, value, unit, note, at."""

CURVES = {"forward": FOR, "with STDP": AGAINST, "peak memory": INK}

PEERS = " and peers"
"""How the names of groups end in which emospike stands beside others."""

OURS = "emospike"
"""What the names of our own rows begin with."""


def draw_figures(groups: Mapping[str, Rows]) -> dict[str, tuple[Figure, str]]:
    """Return each figure by the name of its file, with a sentence that says what it shows."""
    grown = {name: rows for name, rows in groups.items() if any(row["at"] is not None for row in rows)}
    beside = {name: rows for name, rows in groups.items() if name.endswith(PEERS)}
    stages = select(groups["one decision"], "ms")
    peers = [row for rows in beside.values() for row in select(rows, "ms")]
    return {
        "scaling": (draw_growth(grown), f"Time and peak memory of a reservoir against {', '.join(grown)}."),
        "peers": (draw_peers(beside), describe_times(peers)),
        "stages": (draw_stages(stages), describe_times(stages)),
    }


def select(rows: Rows, unit: str) -> Rows:
    """Return the rows of a unit that hold a number."""
    return [row for row in rows if row["unit"] == unit and row["value"] is not None]


def describe_times(rows: Rows) -> str:
    """Return what a figure of milliseconds shows.

    >>> describe_times([{"name": "forward", "value": 3.21}])
    'Milliseconds a clip of 4 s: forward 3.21.'
    """
    parts = [f"{row['name']} {row['value']:.3g}" for row in rows]
    return f"Milliseconds a clip of 4 s: {', '.join(parts)}."


def draw_growth(groups: Mapping[str, Rows]) -> Figure:
    """Return time (above) and memory (below) against each number that was varied, on logarithmic axes."""
    figure = new_figure(11, 5.6)
    grid = figure.subplots(2, len(groups), squeeze=False, sharex="col", sharey="row")
    for axes, unit, label in zip(grid, ("ms", "MB"), ("ms a clip", "peak memory, MB"), strict=True):
        panels = [select(rows, unit) for rows in groups.values()]
        for one, rows, name in zip(axes, panels, groups, strict=True):
            draw_curves(one, rows)
            if unit == "ms":
                tidy(one, f"Against {name}")
            else:
                tidy(one, xlabel=name)
        limits = whole_decades([row["value"] for rows in panels for row in rows])
        axes[0].set_ylabel(label, fontsize=SMALL, color=MUTED)
        axes[0].set_ylim(limits)
        plain_ticks(axes[0].yaxis, decades(*limits))
    return figure


def draw_curves(axes: Axes, rows: Rows) -> None:
    """Draw the curves of one panel, with their names if there are several."""
    names = list(dict.fromkeys(row["name"] for row in rows))
    for name in names:
        points = [(row["at"], row["value"]) for row in rows if row["name"] == name]
        axes.loglog(*zip(*points, strict=True), color=CURVES.get(name, MUTED), marker="o", markersize=3.5, label=name)
    plain_ticks(axes.xaxis, sorted({row["at"] for row in rows}))
    axes.grid(color=GRID, linewidth=0.5)
    if len(names) > 1:
        axes.legend(frameon=False, fontsize=SMALL, loc="upper left")


def whole_decades(values: Sequence[float]) -> tuple[float, float]:
    """Return the powers of ten around some values.

    >>> whole_decades([3.0, 40.0])
    (1.0, 100.0)
    """
    return float(10.0 ** np.floor(np.log10(min(values)))), float(10.0 ** np.ceil(np.log10(max(values))))


def draw_peers(groups: Mapping[str, Rows]) -> Figure:
    """Return the milliseconds of each row on a logarithmic axis, with how many times emospike's they are."""
    counts = [len(select(rows, "ms")) for rows in groups.values()]
    figure = new_figure(8, 1.0 * len(groups) + 0.3 * sum(counts))
    panels = figure.subplots(len(groups), 1, squeeze=False, height_ratios=counts, sharex=True)[:, 0]
    for axes, (name, rows) in zip(panels, groups.items(), strict=True):
        times = select(rows, "ms")
        colours = [FOR if row["name"].startswith(OURS) else MUTED for row in times]
        axes.scatter([row["value"] for row in times], range(len(times)), s=40, color=colours, zorder=3)
        axes.hlines(range(len(times)), 0, 1, color=FAINT, linewidth=1, transform=axes.get_yaxis_transform())
        axes.set_xscale("log")
        name_rows(axes, times, {row["name"]: f"  ({row['value']:.2g} ×)" for row in select(rows, "times")})
        tidy(axes, name.capitalize())
    limits = whole_decades([row["value"] for rows in groups.values() for row in select(rows, "ms")])
    panels[-1].set_xlim(limits)
    plain_ticks(panels[-1].xaxis, decades(*limits))
    panels[-1].set_xlabel("ms a clip of 4 s  (× emospike in the same mode)", fontsize=SMALL, color=MUTED)
    return figure


def draw_stages(rows: Rows) -> Figure:
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
