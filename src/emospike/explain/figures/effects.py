"""What carried the decision: moments under the feature's time axis, then bands and regions."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emospike.explain.captions import effects_caption
from emospike.explain.explanation import Effect, Explanation
from emospike.explain.figures.sound import spectrogram
from emospike.explain.style import AGAINST, FOR, INK, MUTED, SMALL, new_figure, tidy
from emospike.explain.wording import counted, cut, kinds, signed, spans, strongest

CHANGE = "change of log-odds"
SMALLEST = 0.01  # range of an axis of changes, so that rounding errors do not look like effects
ROOM = 0.35  # for a number beside a bar, of the range of the bars


def effects_figure(explanation: Explanation) -> Figure:
    """Return the first feature with the moments below it, above bars of the bands and regions."""
    bars = [(counted(title, effects), strongest(effects)) for title, effects in kinds(explanation)]
    tall = max((len(effects) for _, effects in bars), default=0)
    heights = [2.0, 1.3, 0.6 + 0.24 * tall] if bars else [2.0, 1.3]
    wide = max(8, 3.6 * len(bars))
    figure = new_figure(wide, sum(heights) + 1.2)
    grid = figure.add_gridspec(len(heights), max(len(bars), 1), height_ratios=heights)
    top = figure.add_subplot(grid[0, :])
    _moments(top, figure.add_subplot(grid[1, :], sharex=top), explanation)
    for column, (title, effects) in enumerate(bars):
        _bars(figure.add_subplot(grid[2, column]), title.replace(" (", "\n("), effects, tall)
    caption = textwrap.fill(effects_caption(explanation), int(16.5 * wide))
    figure.supxlabel(caption, fontsize=SMALL, color=MUTED, x=0.01, ha="left")
    return figure


def _moments(top: Axes, below: Axes, explanation: Explanation) -> None:
    """Draw the first feature, and under it a bar as wide as each moment."""
    name, series = next(iter(explanation.series.items()))
    spectrogram(top, series)
    tidy(top, f"Moments, below the feature “{name}”")
    top.tick_params(labelbottom=False)
    top.set_xlim(-0.5 / series.rate, max(series.seconds, 1 / series.rate))
    changes = [moment.change for moment in explanation.moments]
    for (start, stop), change in zip(spans(explanation.moments, series.seconds), changes, strict=True):
        below.bar(start, change, stop - start, align="edge", color=_colour(change), edgecolor="white")
    if not changes:
        below.text(0.5, 0.5, "moments were not measured", transform=below.transAxes, ha="center", color=MUTED)
    below.axhline(0, color=INK, linewidth=0.8)
    below.set_ylim(1.15 * min([-SMALLEST, *changes]), 1.15 * max([SMALLEST, *changes]))
    tidy(below, "", "time, s", CHANGE)


def _bars(axes: Axes, title: str, effects: Sequence[Effect], rows: int) -> None:
    """Draw effects as horizontal bars, the strongest for the decision at the top; `rows` have room."""
    changes = [effect.change for effect in effects]
    drawn = axes.barh(range(len(effects)), changes, color=[_colour(c) for c in changes], height=0.7)
    axes.bar_label(drawn, [signed(c) for c in changes], padding=3, fontsize=SMALL, color=INK)
    axes.set_yticks(range(len(effects)), [cut(effect.name, 24) for effect in effects])
    axes.set_ylim(rows - 0.4, -0.6)
    low, high = min(0.0, *changes), max(0.0, *changes)
    room = ROOM * max(SMALLEST, high - low)
    axes.set_xlim(low - room if low < 0 else -0.1 * room, high + room)
    axes.axvline(0, color=INK, linewidth=0.8)
    tidy(axes, title, CHANGE)


def _colour(change: float) -> str:
    return FOR if change >= 0 else AGAINST
