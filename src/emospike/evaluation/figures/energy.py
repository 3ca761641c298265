"""The figure of a decision's energy: each variant beside the others, and the spikes that arrive at each layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emospike.explain.style import AGAINST, FOR, INK, MUTED, SMALL, new_figure, tidy


def draw_energy(result: Mapping[str, Any]) -> Figure:
    """Return the figure of a result of `emospike.evaluation.energy.profile_energy`."""
    rows = max(len(result["variants"]), len(result["layers"]))
    figure = new_figure(11, 1.4 + 0.32 * rows)
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    draw_variants(left, result)
    draw_rates(right, result)
    return figure


def draw_variants(axes: Axes, result: Mapping[str, Any]) -> None:
    """Draw a bar for each variant: arithmetic, then data movement."""
    rows = result["variants"]
    names, at = [row["name"] for row in rows], range(len(rows))
    arithmetic, movement = ([row[part] for row in rows] for part in ("arithmetic_uj", "movement_uj"))
    axes.barh(at, arithmetic, color=FOR, label="arithmetic")
    axes.barh(at, movement, left=arithmetic, color=AGAINST, label="data movement")
    for y, row in enumerate(rows):
        total = f"{row['total_uj']:,.0f}" if row["total_uj"] >= 100 else f"{row['total_uj']:.3g}"
        axes.annotate(f" {total}", (row["total_uj"], y), va="center", fontsize=SMALL, color=INK)
    axes.set_yticks(at, names)
    axes.invert_yaxis()
    axes.margins(x=0.14)
    axes.legend(fontsize=SMALL, frameon=False, loc="lower right")
    tidy(axes, "Estimated energy of a decision", "µJ, 45 nm")


def draw_rates(axes: Axes, result: Mapping[str, Any]) -> None:
    """Draw the spikes that arrive at each layer, and the rate at which spikes stop paying."""
    rows = [row for row in result["layers"] if row["accumulates"]]
    axes.barh(range(len(rows)), [100 * row["spike_rate"] for row in rows], color=FOR)
    axes.axvline(100 * result["break_even"], color=AGAINST, lw=1)
    axes.annotate(
        f"{100 * result['break_even']:.1f} %", (100 * result["break_even"], -0.6), fontsize=SMALL, color=MUTED
    )
    axes.set_yticks(range(len(rows)), [row["name"] for row in rows])
    axes.invert_yaxis()
    idle = "No layer is driven by spikes" if result["layers"] else "Its layers are not told apart"
    tidy(axes, "Spikes that arrive" if rows else idle, "spikes an input and step, %")


def alt_text(result: Mapping[str, Any]) -> str:
    """Return what the figure shows."""
    parts = [f"{row['name']} {row['total_uj']:.3g}" for row in result["variants"]]
    return f"Estimated energy of a decision in µJ, data movement included: {', '.join(parts)}; {result['note']}."
