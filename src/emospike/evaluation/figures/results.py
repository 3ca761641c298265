"""Figures of an evaluation, drawn from the JSON report: accuracy against coverage, confusion, every fold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emospike.evaluation.figures.studies import STUDIES
from emospike.evaluation.results import Result
from emospike.explain.style import AGAINST, FAINT, FOR, GRID, INK, MUTED, NORMAL, SMALL, new_figure, tidy
from emospike.explain.wording import percent

MOST_FOLDS = 30  # drawn with their names; more have only a dot


def draw_evaluation(result: Result) -> Figure:
    """Return the figure of an evaluation's report: of its study where it has one, else of coverage and folds."""
    for key, draw in STUDIES.items():
        if key in result:
            return _add_title(draw(result), result)
    return draw_coverage(result)


def draw_coverage(result: Result) -> Figure:
    """Return accuracy against coverage, the confusion matrix, and the accuracy of each fold.

    Parameters
    ----------
    result : an evaluation's report, with the keys system, modality, labels, protocol, normalise, accuracy,
        balanced_accuracy, majority, ci95 (low, high), folds (speakers, n, accuracy, balanced_accuracy), coverage
        (threshold, coverage, accuracy) and confusion (labels, matrix with a row for each true label)
    """
    figure = new_figure(11, 4.6)
    axes = figure.subplots(1, 3, width_ratios=[1.25, 1, 1])
    _draw_curve(axes[0], result)
    _draw_confusion(axes[1], result["confusion"]["labels"], np.array(result["confusion"]["matrix"], float))
    _draw_folds(axes[2], result)
    return _add_title(figure, result)


def _add_title(figure: Figure, result: Result) -> Figure:
    """Say above a figure what was evaluated, and how well it did, by each modality alone too."""
    (low, high), own = result["ci95"], result.get("senses", {})
    names = {"audio": "sound", "face": "face"}
    alone = [f", {names[one]} alone {percent(own[one]['accuracy'])}" for one in names if one in own]
    line = (
        f"{result['system']}, {result['modality']}, {result['labels']}: accuracy {percent(result['accuracy'])} "
        f"(95 % CI {percent(low)} to {percent(high)}), balanced {percent(result['balanced_accuracy'])}, "
        f"majority class {percent(result['majority'])}\nprotocol {result['protocol']}, "
        f"normalisation {result['normalise']}{''.join(alone)}"
    )
    figure.suptitle(line, x=0.01, ha="left", fontsize=NORMAL, color=INK)
    return figure


def alt_text(result: Result) -> str:
    """Return what the figure shows in a sentence."""
    return (
        f"{result['system']} on {result['labels']}, {result['protocol']}: accuracy {percent(result['accuracy'])}, "
        f"balanced accuracy {percent(result['balanced_accuracy'])}, {len(result['folds'])} folds."
    )


def _draw_curve(axes: Axes, result: Result) -> None:
    """Draw the accuracy of the answered clips against their share, with the threshold at each mark."""
    points = [point for point in result["coverage"] if point["coverage"] > 0 and point["accuracy"] is not None]
    points = sorted(points, key=lambda point: point["coverage"])
    share, accuracy = ([point[key] for point in points] for key in ("coverage", "accuracy"))
    axes.plot(share, accuracy, color=FOR, marker="o", markersize=3.5, linewidth=1.5)
    for point in _thin_out(points):
        where = (point["coverage"], point["accuracy"])
        axes.annotate(f"{point['threshold']:.2f}", where, (2, 4), textcoords="offset points", fontsize=SMALL, color=INK)
    axes.axhline(result["majority"], color=MUTED, linestyle="--", linewidth=1)
    axes.annotate(
        "majority class", (0, result["majority"]), (2, 3), textcoords="offset points", fontsize=SMALL, color=MUTED
    )
    lowest = min([result["majority"], *accuracy])
    axes.set(xlim=(0, 1.12), ylim=(max(0.0, lowest - 0.05), 1.03))
    tidy(axes, "Accuracy of the answered clips", "coverage: share of clips answered", "accuracy")
    axes.text(0.02, 0.02, "numbers: threshold", transform=axes.transAxes, fontsize=SMALL, color=MUTED)


def _thin_out(points: Sequence[Result], gap: float = 0.09) -> list[Result]:
    """Return points so far apart in coverage that their labels do not touch, from full coverage down."""
    kept: list[Result] = []
    for point in reversed(points):
        if not kept or kept[-1]["coverage"] - point["coverage"] >= gap:
            kept.append(point)
    return kept


def _draw_confusion(axes: Axes, labels: Sequence[str], matrix: Float[np.ndarray, "true predicted"]) -> None:
    """Draw the share of each true class that was taken for each class, with counts in the cells."""
    totals = matrix.sum(axis=1, keepdims=True)
    share = np.divide(matrix, totals, out=np.zeros_like(matrix), where=totals > 0)
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    small = len(labels) > 4
    for (row, column), value in np.ndenumerate(share):
        text = f"{matrix[row, column]:.0f}" if small else f"{matrix[row, column]:.0f}\n{percent(round(value, 2))}"
        colour = "white" if value > 0.5 else INK
        axes.text(column, row, text, ha="center", va="center", fontsize=SMALL, color=colour)
    axes.set_xticks(range(len(labels)), labels, rotation=40 if small else 0, ha="right" if small else "center")
    axes.set_yticks(range(len(labels)), labels)
    tidy(axes, "Confusion, clips", "decided", "true")
    axes.spines[:].set_visible(False)


def _draw_folds(axes: Axes, result: Result) -> None:
    """Draw the accuracy of each fold over the mean and its confidence interval."""
    folds = result["folds"]
    axes.axvspan(*result["ci95"], color=FAINT, zorder=0)
    axes.axvline(result["accuracy"], color=FOR, linewidth=1.5)
    axes.axvline(result["majority"], color=MUTED, linestyle="--", linewidth=1)
    rows = range(len(folds))
    axes.hlines(rows, result["accuracy"], [fold["accuracy"] for fold in folds], color=GRID, linewidth=1)
    axes.scatter([fold["accuracy"] for fold in folds], rows, s=22, color=AGAINST, zorder=3)
    names = [_name_fold(fold) for fold in folds] if len(folds) <= MOST_FOLDS else []
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(max(len(folds), 1) - 0.4, -0.6)
    tidy(axes, "Accuracy of each fold", "line: all clips, band: 95 % CI\ndashes: majority class")


def _name_fold(fold: Result) -> str:
    """Return the held-out corpus, or speakers, as many as fit."""
    corpora = fold.get("corpora", ())
    speakers = corpora[0] if len(corpora) == 1 else fold["speakers"]
    names = [speakers] if isinstance(speakers, str) else [str(speaker) for speaker in speakers]
    shown = ", ".join(names[:2]) + (f" +{len(names) - 2}" if len(names) > 2 else "")
    return f"{shown} ({fold['n']})"
