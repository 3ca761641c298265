"""Rasters: the spikes that a network got, and those that its neurons fired, of every spiking system."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Int, Int64

from emospike.explain.heat import COUNTS, SIGNS, plot_map, stack_panels
from emospike.explain.html import Plot
from emospike.explain.panel import Panel
from emospike.explain.style import AGAINST, FOR, GRID, INK, MUTED, SMALL, new_figure, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_ROWS = 400  # of a raster; more would be finer than a page
MOST_GROUPS = 20  # that are named beside a raster


@dataclass(frozen=True, eq=False)
class Raster:
    """Spikes of some rows over time.

    Attributes
    ----------
    title : whose they are
    step, row : of each spike
    steps, rate : of the time grid, steps and steps a second
    rows : how many rows there are
    groups : name and number of rows of each group, from below; empty where rows are alike
    sign : of each spike, where they have signs
    """

    title: str
    step: Int[np.ndarray, " spikes"]
    row: Int[np.ndarray, " spikes"]
    steps: int
    rate: float
    rows: int
    groups: tuple[tuple[str, int], ...] = ()
    sign: Int[np.ndarray, " spikes"] | None = None

    @property
    def seconds(self) -> float:
        """How long the time grid is."""
        return self.steps / self.rate

    @property
    def described(self) -> str:
        """Whose spikes they are, how many, and how often a row fires."""
        rate = len(self.step) / max(self.rows * self.seconds, 1e-9)
        return f"{self.rows:,} {self.title}: {len(self.step):,} spikes, {rate:.3g} Hz each"

    def rates(self) -> dict[str, float]:
        """Return how often a row of each group fires, Hz."""
        sizes = np.array([size for _, size in self.groups])
        spikes = np.add.reduceat(self.counts, np.cumsum([0, *sizes[:-1]]))
        return {name: float(n) / (size * self.seconds) for (name, size), n in zip(self.groups, spikes, strict=True)}

    @cached_property
    def counts(self) -> Int64[np.ndarray, " rows"]:
        """Spikes of each row."""
        return np.bincount(self.row, minlength=self.rows)

    @cached_property
    def drawn(self) -> list[Int64[np.ndarray, " drawn"]]:
        """The rows to draw of each group: all, or of many an even sample of those that fired."""
        sizes = [size for _, size in self.groups] or [self.rows]
        own = np.split(np.arange(self.rows), np.cumsum(sizes)[:-1])
        if self.rows <= MOST_ROWS:
            return own
        fired = [rows[self.counts[rows] > 0] for rows in own]
        most = MOST_ROWS // len(fired)
        if sum(map(len, fired)) <= MOST_ROWS:
            most = MOST_ROWS
        return [rows[np.linspace(0, len(rows) - 1, min(len(rows), most)).astype(int)] for rows in fired]

    def select(self) -> tuple[Int64[np.ndarray, " shown"], Int64[np.ndarray, " shown"]]:
        """Return which spikes are drawn, and the place of each, from below."""
        rows = np.concatenate(self.drawn)
        place = np.full(self.rows, -1)
        place[rows] = np.arange(len(rows))
        shown = np.flatnonzero(place[self.row] >= 0)
        return shown, place[self.row[shown]]

    @property
    def borders(self) -> list[float]:
        """Where one group ends and the next begins, in drawn rows."""
        ends = np.cumsum([len(rows) for rows in self.drawn])[:-1].tolist()
        return [end - 0.5 for end in ends]

    @property
    def ticks(self) -> tuple[list[float], list[str]]:
        """Where groups are named, as far as there is room, and their names."""
        sizes = np.array([len(rows) for rows in self.drawn])
        middle, room = np.cumsum(sizes) - sizes / 2 - 0.5, sizes.sum() / MOST_GROUPS
        places: list[float] = []
        names = []
        for at, (name, _), size in zip(middle.tolist(), self.groups, sizes.tolist(), strict=False):
            if size and (not places or at - places[-1] >= room):
                places.append(at)
                names.append(name)
        return places, names

    def name_rows(self) -> list[str]:
        """Return what drawn rows are called: their group, and their number in it."""
        sizes = [size for _, size in self.groups]
        firsts = np.cumsum([0, *sizes[:-1]]).tolist() if sizes else [0]
        heads = [f"{name}, " for name, _ in self.groups] or [""]
        parts = zip(heads, firsts, self.drawn, strict=True)
        return [f"{head}{row - first + 1}" for head, first, rows in parts for row in rows.tolist()]


@dataclass(frozen=True, eq=False)
class RasterPanel(Panel):
    """Rasters on one clock.

    Attributes
    ----------
    rasters : spikes in, and spikes of neurons, from above
    presented : whether the clock is that of a presentation, which shows the whole clip at once; else the clip's
    start : where on the clip's clock the rasters begin, s
    """

    rasters: Sequence[Raster]
    presented: bool = False
    start: float = 0.0

    name = "raster"
    title = "The spikes of the network"

    @property
    def seconds(self) -> float:
        """How long the clock runs."""
        return max(one.seconds for one in self.rasters)

    @property
    def caption(self) -> str:
        """How to read the rasters, and on which clock they are."""
        clock = (
            f"The clock is that of a presentation: the whole clip is shown at once, for {1000 * self.seconds:.0f} ms, "
            "each value as the rate of a Poisson spike train. Earlier and later spikes do not tell earlier and later "
            "moments of the clip; which rows fire does."
            if self.presented
            else "The clock is the clip's."
        )
        sampled = any(one.rows > MOST_ROWS for one in self.rasters)
        most = " Where there are many rows, an even sample of those that fired is drawn." if sampled else ""
        return f"Every dot is a spike, every row an input line or a neuron.{most} {clock}"

    @property
    def alt(self) -> str:
        """How many spikes each raster has."""
        return f"Rasters of spikes over {self.seconds:.2f} s. {'. '.join(one.described for one in self.rasters)}."

    @property
    def _clock(self) -> str:
        return "time in the presentation, ms" if self.presented else "time, s"

    @property
    def _scale(self) -> float:
        return 1000.0 if self.presented else 1.0

    def _heights(self) -> list[float]:
        """Return how tall the rasters are: one of many rows 1, and all of many layers together no more than four."""
        heights = [0.3 + 0.7 * min(sum(map(len, one.drawn)) / MOST_ROWS, 1.0) for one in self.rasters]
        return [height * min(4.0 / sum(heights), 1.0) for height in heights]

    def figure(self) -> Figure:
        """Return the rasters above each other, every spike a dot."""
        heights = self._heights()
        figure = new_figure(9, 0.5 + 2.6 * sum(heights) + 0.25 * len(heights))
        axes = figure.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
        for one, raster in zip(axes, self.rasters, strict=True):
            self._draw(one, raster)
        axes[-1].set_xlim(self.start * self._scale, (self.start + self.seconds) * self._scale)
        axes[-1].set_xlabel(self._clock, fontsize=SMALL, color=MUTED)
        return figure

    def _draw(self, axes: Axes, raster: Raster) -> None:
        (shown, place), rows = raster.select(), sum(map(len, raster.drawn))
        time = (self.start + raster.step[shown] / raster.rate) * self._scale
        colour = INK if raster.sign is None else np.where(raster.sign[shown] > 0, FOR, AGAINST)
        axes.scatter(time, place, s=1.5 if rows > 100 else 6.0, c=colour, linewidths=0)
        tidy(axes, raster.described)
        axes.set_ylim(-0.5, max(rows, 1) - 0.5)
        axes.set_yticks(*raster.ticks)
        for border in raster.borders:
            axes.axhline(border, color=GRID, linewidth=0.5)

    def plot(self) -> Plot:
        """Return the drawn rows as heat maps of spikes by step."""
        layout = stack_panels(self._heights(), [one.described for one in self.rasters], 240.0)
        layout["xaxis"]["title"]["text"] = self._clock
        line = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "line": {"color": "var(--grid)", "width": 1}}
        data = []
        for panel, raster in enumerate(self.rasters, start=1):
            data.append(self._plot_spikes(raster, panel))
            (ticks, groups), names = raster.ticks, data[-1]["y"]
            axis = {"tickvals": [names[round(tick)] for tick in ticks], "ticktext": groups}
            layout[f"yaxis{panel}"] |= {"type": "category", "automargin": "left"} | axis
            layout["shapes"] += [line | {"yref": f"y{panel}", "y0": one, "y1": one} for one in raster.borders]
        return {"data": data, "layout": layout}

    def _plot_spikes(self, raster: Raster, panel: int) -> Plot:
        (shown, place), names = raster.select(), raster.name_rows()
        spikes = np.zeros((raster.steps, len(names)), np.int8)
        np.add.at(spikes, (raster.step[shown], place), 1 if raster.sign is None else raster.sign[shown])
        how: Plot = {"colorscale": COUNTS, "zmin": 0, "zmax": int(spikes.max(initial=1)), "showscale": False}
        how |= {"colorscale": SIGNS, "zmin": -1} if raster.sign is not None else {}
        trace = plot_map(spikes, raster.rate / self._scale, names, panel, **how)
        text = f"%{{x:.3g}} {'ms' if self.presented else 's'}, %{{y}}<extra></extra>"
        return trace | {"x0": self.start * self._scale, "hovertemplate": text}
