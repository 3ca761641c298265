"""What an event camera saw of the face, and how the neurons voted on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from emospike.explain.panel import Panel
from emospike.explain.style import AGAINST, CLIPS, FOR, GRID, INK, MUTED, PART, SMALL, new_figure, tidy
from emospike.readout.early import VoteTrace

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN = 8
"""Steps that are drawn, evenly spaced, the first and the last among them."""

LINES = (*CLIPS, *PART[1:])

EVENTS = (
    "What the event camera saw at some of the steps: blue where a pixel grew brighter since the step before, orange "
    "where it grew darker; a step in grey is the picture itself."
)
GREYS = "What the network saw at some of the steps; all steps enter it at once."


@dataclass(frozen=True, eq=False)
class VotePanel(Panel):
    """What voting neurons saw, and how they voted; `filmed` where that was cut out of a film."""

    trace: VoteTrace
    filmed: bool = False

    name = "vote"
    title = "What it saw, and the vote"

    @property
    def voted(self) -> bool:
        """Whether there was a vote at each step."""
        return len(self.trace.votes) > 1

    @property
    def caption(self) -> str:
        """How to read the pictures and the votes."""
        spikes = EVENTS if self.trace.pictures.shape[1] > 1 else GREYS
        if not self.voted:
            return spikes
        votes = (
            "Below, the share of each class's neurons that fired, averaged over the steps so far: the class that ends "
            "highest wins, once its lead is calibrated."
        )
        until, steps = self.trace.until, len(self.trace.votes)
        settled = f" The vote was settled after {until} of {steps} steps, and nothing was counted after that."
        return f"{spikes}\n{votes}{settled if until < steps else ''}"

    @property
    def alt(self) -> str:
        """How the vote ended."""
        so_far = self.trace.votes[: self.trace.until].mean(axis=0)
        ends = ", ".join(f"{name} {share:.0%}" for name, share in zip(self.trace.classes, so_far, strict=True))
        return f"Pictures of {SHOWN} steps, and the votes of each class over time, which end at {ends}."

    def hide_faces(self) -> VotePanel | None:
        """Return it where the face was drawn, or seen by an event camera alone."""
        return None if self.filmed else self

    def figure(self) -> Figure:
        """Return pictures of some steps above, and the votes so far of each class below."""
        trace = self.trace
        figure = new_figure(11, 4.4 if self.voted else 2.0)
        grid = figure.add_gridspec(1 + self.voted, SHOWN, height_ratios=(1, 1.3)[: 1 + self.voted])
        steps = np.unique(np.linspace(0, len(trace.pictures) - 1, SHOWN).round().astype(int))
        for place, step in enumerate(steps):
            axes = figure.add_subplot(grid[0, place])
            axes.imshow(paint(trace, int(step)), interpolation="nearest")
            axes.set(xticks=[], yticks=[])
            axes.set_title(f"{trace.times[step]:.2f} s", fontsize=SMALL, color=MUTED)
            for spine in axes.spines.values():
                spine.set(visible=True, color=GRID)
        if self.voted:
            self._draw_votes(figure.add_subplot(grid[1, :]))
        return figure

    def _draw_votes(self, axes: Axes) -> None:
        """Draw the mean votes of each class after each step."""
        trace = self.trace
        so_far = trace.votes.cumsum(axis=0) / np.arange(1, len(trace.votes) + 1)[:, None]
        for number, name in enumerate(trace.classes):
            colour = LINES[number % len(LINES)]
            axes.plot(trace.times, so_far[:, number], marker="o", markersize=4, color=colour, label=name)
        if trace.until < len(trace.votes):
            axes.axvline(trace.times[trace.until - 1], color=INK, linewidth=1, linestyle="--", label="settled")
        axes.set_ylim(-0.03, 1.03)
        axes.grid(color=GRID, linewidth=0.5)
        axes.legend(fontsize=SMALL, frameon=False, ncols=4)
        tidy(axes, "Votes so far", "time, s", "share of a class's voters that fired")


def paint(trace: VoteTrace, step: int) -> Float[np.ndarray, "size size 3"]:
    """Return the colours of one step: blue where it grew brighter, orange where darker; a picture in grey."""
    from matplotlib.colors import to_rgb

    picture = trace.pictures[step]
    if len(picture) == 1 or (trace.first and step == 0):
        grey = picture[0] / max(float(trace.pictures[0, 0].max()), 1e-9)
        return np.repeat(grey[:, :, None], 3, axis=2).astype(float)
    on, off = (picture[channel][:, :, None] > 0 for channel in (0, 1))
    return np.where(on, to_rgb(FOR), np.where(off, to_rgb(AGAINST), 1.0))
