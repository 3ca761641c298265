"""The clip in time: some moments of brain and face above the sound and the firing of each part of the brain."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int64
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec

from emospike.explain.explanation import Explanation
from emospike.explain.face_lines import drawn
from emospike.explain.figures.cube import SILENT_TO_BUSY
from emospike.explain.reel import Reel, envelope
from emospike.explain.style import FAINT, HIGHLIGHT, INK, MUTED, SMALL, colour_bar, new_figure, tidy

MOMENTS = 6  # pictures in a row


def reel_figure(explanation: Explanation, reel: Reel) -> Figure:
    """Return a row of brains from the right, one of faces, the sound, and rates over time."""
    face, sound = reel.face.size > 0, explanation.sound.size > 0
    heights = [1.3, *[1.3] * face, *[0.7] * sound, 1.0]
    figure = new_figure(10, sum(heights) + 1.0)
    grid = figure.add_gridspec(len(heights), MOMENTS, height_ratios=heights)
    moments = np.unique(np.linspace(0, len(reel) - 1, 2 * MOMENTS + 1)[1::2].astype(np.int64))
    _brains(figure, grid, explanation, reel, moments)
    if face:
        for column, frame in enumerate(moments):
            _face(figure.add_subplot(grid[1, column]), reel, int(frame))
    below = figure.add_subplot(grid[-1, :])
    if sound:
        above = figure.add_subplot(grid[-2, :], sharex=below)
        _sound(above, explanation, reel, moments)
    _rates(below, reel, moments)
    return figure


def _brains(
    figure: Figure, grid: GridSpec, explanation: Explanation, reel: Reel, moments: Int64[np.ndarray, " moments"]
) -> None:
    """Draw the neurons seen from the right in some frames, the busiest in front."""
    points = explanation.positions[reel.neurons][:, [1, 2]]
    norm = PowerNorm(0.5, 0, max(int(reel.counts.max(initial=0)), 1))
    panels = [figure.add_subplot(grid[0, column]) for column in range(len(moments))]
    for axes, frame in zip(panels, moments, strict=True):
        counts = reel.counts[frame].astype(int)
        order = np.argsort(counts, kind="stable")
        size = 1 + 8 * norm(counts[order])
        x, y = points[order].T
        axes.scatter(x, y, c=counts[order], s=size, cmap=SILENT_TO_BUSY, norm=norm, linewidths=0)
        start = frame * reel.seconds
        axes.set_title(f"{start:.2f}–{start + reel.seconds:.2f} s", fontsize=SMALL, color=INK)
        axes.set(xticks=[], yticks=[], aspect="equal")
        axes.spines[:].set_visible(False)
    colour_bar(figure, panels[0].collections[0], panels, "spikes", aspect=12, shrink=0.8)


def _face(axes: Axes, reel: Reel, frame: int) -> None:
    axes.set(xlim=(0, 1000), ylim=(1000, 0), xticks=[], yticks=[], aspect="equal")
    axes.spines[:].set_visible(False)
    if reel.seen[frame]:
        axes.plot(*drawn(reel.face[frame]).T, color=HIGHLIGHT["STS"], linewidth=0.8)
    else:
        axes.text(500, 500, "no face", ha="center", va="center", fontsize=SMALL, color=MUTED)


def _sound(axes: Axes, explanation: Explanation, reel: Reel, moments: Int64[np.ndarray, " moments"]) -> None:
    time, low, high = envelope(explanation.sound)
    axes.fill_between(time, low, high, color=HIGHLIGHT["A1"], linewidth=0)
    _mark(axes, reel, moments)
    tidy(axes, "Sound")
    axes.tick_params(labelbottom=False)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)


def _rates(axes: Axes, reel: Reel, moments: Int64[np.ndarray, " moments"]) -> None:
    middle: Float[np.ndarray, " frames"] = reel.starts + reel.seconds / 2
    for name, rate in reel.rates.items():
        axes.plot(middle, rate, color=HIGHLIGHT.get(name, MUTED), linewidth=1.4, label=name)
    _mark(axes, reel, moments)
    axes.set_xlim(0, len(reel) * reel.seconds)
    axes.set_ylim(bottom=0)
    tidy(axes, "Firing", "time, s; shaded: the moments above", "spikes a second\nand neuron")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=SMALL, labelcolor=INK)


def _mark(axes: Axes, reel: Reel, moments: Int64[np.ndarray, " moments"]) -> None:
    for frame in moments:
        axes.axvspan(frame * reel.seconds, (frame + 1) * reel.seconds, color=FAINT, zorder=0)
