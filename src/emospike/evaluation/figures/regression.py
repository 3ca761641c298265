"""Figure of an evaluation of numbers: what was predicted against what was told, a picture for each number."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emospike.evaluation.results import Result
from emospike.explain.style import FOR, INK, MUTED, NORMAL, SMALL, new_figure, tidy


def draw_numbers(result: Result) -> Figure:
    """Return, for each number, a point a recording: what was told, and what was predicted.

    Parameters
    ----------
    result : an evaluation's report, with the keys system, preset, protocol, targets (ccc, ci95, mean, told) and
        predictions (told, predicted), as `evaluate_numbers` returns it
    """
    names = list(result["targets"])
    figure = new_figure(1 + 3.6 * len(names), 4.2)
    for axes, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
        _draw_target(axes, result, name)
    about = f"{result['system']} {result['preset']}, protocol {result['protocol']}, {result['clips']} recordings"
    figure.suptitle(about, x=0.01, ha="left", fontsize=NORMAL, color=INK)
    return figure


def _draw_target(axes: Axes, result: Result, name: str) -> None:
    """Draw the recordings over the line on which predictions are exact; dashes are the mean of all that was told."""
    found, rows = result["targets"][name], result["predictions"]
    told, predicted = (np.array([row[kind][name] for row in rows]) for kind in ("told", "predicted"))
    ends = [min(told.min(), predicted.min()), max(told.max(), predicted.max())]
    axes.plot(ends, ends, color=MUTED, linewidth=1)
    axes.axhline(found["told"]["mean"], color=MUTED, linestyle="--", linewidth=1)
    axes.scatter(told, predicted, s=14, color=FOR, alpha=0.5, linewidths=0)
    ci95 = "" if found["ci95"] is None else f" ({found['ci95'][0]:.2f} to {found['ci95'][1]:.2f})"
    tidy(axes, f"{name}: CCC {found['ccc']:.2f}{ci95}", "told", "predicted")
    axes.text(0.02, 0.98, "dashes: mean", transform=axes.transAxes, va="top", fontsize=SMALL, color=MUTED)


def describe_figure(result: Result) -> str:
    """Return what the figure shows in a sentence."""
    said = ", ".join(f"{name} with a CCC of {found['ccc']:.2f}" for name, found in result["targets"].items())
    return f"{result['system']}, {result['protocol']}: predicted against told, {said}."
