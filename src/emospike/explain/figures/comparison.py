"""Effects of two clips beside each other."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from emospike.explain.style import CLIPS, INK, MUTED, SMALL, new_figure, tidy
from emospike.explain.wording import cut, signed

ROOM = 0.4  # for a number beside a bar, of the range of the bars
Pairs = Sequence[tuple[str, float, float]]


def pairs_figure(kinds: Sequence[tuple[str, Pairs]], names: tuple[str, str], caption: str) -> Figure:
    """Return a panel for each kind of part, with two bars for each part."""
    tall = max(len(pairs) for _, pairs in kinds)
    wide = max(8.0, 3.6 * len(kinds))
    figure = new_figure(wide, 1.7 + 0.42 * tall)
    for axes, (title, pairs) in zip(figure.subplots(1, len(kinds), squeeze=False)[0], kinds, strict=True):
        _bars(axes, title, pairs, tall)
    handles = [Patch(color=colour, label=cut(name, 60)) for name, colour in zip(names, CLIPS, strict=True)]
    figure.legend(handles=handles, loc="outside upper left", ncols=2, frameon=False, fontsize=SMALL, labelcolor=INK)
    text = textwrap.fill(caption, int(16.5 * wide))
    figure.supxlabel(text, fontsize=SMALL, color=MUTED, x=0.01, ha="left")
    return figure


def _bars(axes: Axes, title: str, pairs: Pairs, rows: int) -> None:
    values = np.array([pair[1:] for pair in pairs], float)
    for clip, colour in enumerate(CLIPS):
        known = np.flatnonzero(~np.isnan(values[:, clip]))
        drawn = axes.barh(known + 0.4 * clip - 0.2, values[known, clip], color=colour, height=0.38)
        axes.bar_label(drawn, [signed(v) for v in values[known, clip]], padding=3, fontsize=SMALL - 1, color=INK)
    axes.set_yticks(range(len(pairs)), [cut(name, 24) for name, *_ in pairs])
    axes.set_ylim(rows - 0.4, -0.6)
    low, high = float(np.nanmin(values, initial=0.0)), float(np.nanmax(values, initial=0.0))
    room = ROOM * max(high - low, 0.01)
    axes.set_xlim(low - room if low < 0 else -0.1 * room, high + room)
    axes.axvline(0, color=INK, linewidth=0.8)
    tidy(axes, title, "change of log-odds")
