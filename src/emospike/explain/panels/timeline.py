"""A long recording over time: what is said of each of its windows, and which of them is explained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from emospike.explain.panel import Panel
from emospike.explain.style import FAINT, FOR, INK, MUTED, SMALL, new_figure, tidy
from emospike.explain.wording import clock, percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHADES = {"answered": FOR, "don't know": MUTED, "passed over": FAINT}
"""Colour of a window by what becomes of it."""


@dataclass(frozen=True)
class Moment:
    """What is said of a window from `start` to `stop`, in seconds.

    Attributes
    ----------
    probability : of the class whose evidence is told; None where the window is silent
    fate : a key of `SHADES`: windows without speech, and strange ones, are passed over
    """

    start: float
    stop: float
    probability: float | None
    fate: str


@dataclass(frozen=True)
class TimelinePanel(Panel):
    """The probability of one class in each window of a recording."""

    target: str
    moments: Sequence[Moment]
    explained: Moment

    name = "timeline"
    title = "Over time"

    @property
    def caption(self) -> str:
        """How the whole follows from the windows, and what the rest of the page is about."""
        span = f"{clock(self.explained.start)} to {clock(self.explained.stop)}"
        return (
            f"Probability of “{self.target}” in each window. The whole is decided by the mean log-probability of the "
            "windows that are not passed over (silence, no speech, or unlike anything that was learnt from).\n"
            f"All that follows is about the window from {span}, which says most of “{self.target}”."
        )

    @property
    def alt(self) -> str:
        """How probable the class is over time."""
        known = [one.probability for one in self.moments if one.probability is not None]
        ends = f"from {percent(min(known))} to {percent(max(known))}" if known else "nowhere"
        return f"Probability of {self.target} in {len(self.moments)} windows, {ends}."

    def figure(self) -> Figure:
        """Return a bar for each window, the explained one marked."""
        figure = new_figure(11, 2.6)
        axes = figure.add_subplot()
        for fate, colour in SHADES.items():
            own = [one for one in self.moments if one.fate == fate]
            if own:
                starts, widths = [one.start for one in own], [one.stop - one.start for one in own]
                heights = [one.probability or 0.0 for one in own]
                axes.bar(starts, heights, widths, align="edge", color=colour, linewidth=0, label=fate)
        end = self.moments[-1].stop
        axes.axvspan(self.explained.start, self.explained.stop, facecolor="none", edgecolor=INK, linewidth=1.5)
        ticks = np.linspace(self.moments[0].start, end, 7)
        axes.set_xticks(ticks, [clock(float(tick)) for tick in ticks])
        axes.set(xlim=(self.moments[0].start, end), ylim=(0, 1))
        tidy(axes, f"Probability of {self.target}", "time")
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize=SMALL, frameon=False)
        return figure
