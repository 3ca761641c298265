"""What an event camera saw of the face, and how the neurons voted on it."""

from __future__ import annotations

import textwrap

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from emospike.explain.captions import ballot_caption
from emospike.explain.style import AGAINST, CLIPS, FOR, GRID, INK, MUTED, PART, SMALL, new_figure, tidy
from emospike.readout.early import Ballot

SHOWN = 8
"""Steps that are drawn, evenly spaced, the first and the last among them."""

LINES = (*CLIPS, *PART[1:])


def ballot_figure(ballot: Ballot) -> Figure:
    """Return pictures of some steps above, and the votes so far of each class below."""
    voted = len(ballot.votes) > 1
    figure = new_figure(11, 4.8 if voted else 2.4)
    grid = figure.add_gridspec(2 if voted else 1, SHOWN, height_ratios=(1, 1.3) if voted else (1,))
    steps = np.unique(np.linspace(0, len(ballot.pictures) - 1, SHOWN).round().astype(int))
    for place, step in enumerate(steps):
        axes = figure.add_subplot(grid[0, place])
        axes.imshow(painted(ballot, int(step)), interpolation="nearest")
        axes.set(xticks=[], yticks=[])
        axes.set_title(f"{ballot.times[step]:.2f} s", fontsize=SMALL, color=MUTED)
        for spine in axes.spines.values():
            spine.set(visible=True, color=GRID)
    if voted:
        _votes(figure.add_subplot(grid[1, :]), ballot)
    caption = textwrap.fill(ballot_caption(ballot), 170)
    figure.supxlabel(caption, fontsize=SMALL, color=MUTED, x=0.01, ha="left")
    return figure


def painted(ballot: Ballot, step: int) -> Float[np.ndarray, "size size 3"]:
    """Return the colours of one step: blue where it grew brighter, orange where darker; a picture in grey."""
    picture = ballot.pictures[step]
    if len(picture) == 1 or (ballot.first and step == 0):
        grey = picture[0] / max(float(ballot.pictures[0, 0].max()), 1e-9)
        return np.repeat(grey[:, :, None], 3, axis=2).astype(float)
    on, off = (picture[channel][:, :, None] > 0 for channel in (0, 1))
    return np.where(on, to_rgb(FOR), np.where(off, to_rgb(AGAINST), 1.0))


def _votes(axes: Axes, ballot: Ballot) -> None:
    """Draw the mean votes of each class after each step."""
    so_far = ballot.votes.cumsum(axis=0) / np.arange(1, len(ballot.votes) + 1)[:, None]
    for number, name in enumerate(ballot.classes):
        colour = LINES[number % len(LINES)]
        axes.plot(ballot.times, so_far[:, number], marker="o", markersize=4, color=colour, label=name)
    if ballot.until < len(ballot.votes):
        axes.axvline(ballot.times[ballot.until - 1], color=INK, linewidth=1, linestyle="--", label="settled")
    axes.set_ylim(-0.03, 1.03)
    axes.grid(color=GRID, linewidth=0.5)
    axes.legend(fontsize=SMALL, frameon=False, ncols=4)
    tidy(axes, "Votes so far", "time, s", "share of a class's voters that fired")
