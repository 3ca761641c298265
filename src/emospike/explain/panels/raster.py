"""Rasters: the spikes that a network got, and those that its neurons fired, of every spiking system."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Int64

from emospike.explain.heat import COUNTS, SIGNS, plot_map, stack_panels
from emospike.explain.html import Plot
from emospike.explain.panel import Panel
from emospike.explain.style import AGAINST, FOR, GRID, INK, MUTED, SMALL, new_figure, tidy
from emospike.spikes import Spikes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_ROWS = 400  # of a raster; more would be finer than a page
MOST_GROUPS = 18  # that are named beside a raster of height 1


@dataclass(frozen=True, eq=False)
class Raster:
    """Spikes of some rows over time.

    Attributes
    ----------
    title, rows : whose they are, and what the rows are: ``"neurons"``, ``"lines"``
    spikes : on their own time grid
    groups : name and number of rows of each group, from below; empty where rows are alike
    signed : whether the signs of spikes mean something
    """

    title: str
    rows: str
    spikes: Spikes
    groups: tuple[tuple[str, int], ...] = ()
    signed: bool = False

    @property
    def seconds(self) -> float:
        """How long the time grid is."""
        return self.spikes.steps / self.spikes.rate

    @property
    def described(self) -> str:
        """Whose spikes they are, and how many."""
        return f"{self.title}: {len(self.spikes):,} spikes of {self.spikes.units:,} {self.rows}"

    def rates(self) -> dict[str, float]:
        """Return how often a row of each group fires, Hz."""
        sizes = np.array([size for _, size in self.groups])
        spikes = np.add.reduceat(self.counts, np.cumsum([0, *sizes[:-1]]))
        return {name: float(n) / (size * self.seconds) for (name, size), n in zip(self.groups, spikes, strict=True)}

    @cached_property
    def counts(self) -> Int64[np.ndarray, " rows"]:
        """Spikes of each row."""
        return np.bincount(self.spikes.channel, minlength=self.spikes.units)

    @cached_property
    def drawn(self) -> list[Int64[np.ndarray, " drawn"]]:
        """The rows to draw of each group: all, or of many an even sample of those that fired."""
        sizes = [size for _, size in self.groups] or [self.spikes.units]
        own = np.split(np.arange(self.spikes.units), np.cumsum(sizes)[:-1])
        if self.spikes.units <= MOST_ROWS:
            return own
        fired = [rows[self.counts[rows] > 0] for rows in own]
        most = MOST_ROWS // len(fired)
        if sum(map(len, fired)) <= MOST_ROWS:
            most = MOST_ROWS
        return [rows[np.linspace(0, len(rows) - 1, min(len(rows), most)).astype(int)] for rows in fired]

    def select(self) -> tuple[Int64[np.ndarray, " shown"], Int64[np.ndarray, " shown"]]:
        """Return which spikes are drawn, and the place of each, from below."""
        rows = np.concatenate(self.drawn)
        place = np.full(self.spikes.units, -1)
        place[rows] = np.arange(len(rows))
        shown = np.flatnonzero(place[self.spikes.channel] >= 0)
        return shown, place[self.spikes.channel[shown]]

    @property
    def borders(self) -> list[float]:
        """Where one group ends and the next begins, in drawn rows."""
        ends = np.cumsum([len(rows) for rows in self.drawn])[:-1].tolist()
        return [end - 0.5 for end in ends]

    def name_groups(self, most: int) -> tuple[list[float], list[str]]:
        """Return where groups are named, as there is room for so many names, and their names."""
        sizes = np.array([len(rows) for rows in self.drawn])
        middle, room = np.cumsum(sizes) - sizes / 2 - 0.5, sizes.sum() / max(most, 1)
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
        sampled = any(one.spikes.units > MOST_ROWS for one in self.rasters)
        most = " Where there are many rows, an even sample of those that fired is drawn." if sampled else ""
        signs = " Blue is up, orange down." if any(one.signed for one in self.rasters) else ""
        return f"Every dot is a spike, every row an input line or a neuron.{most}{signs} {clock}"

    @property
    def alt(self) -> str:
        """How many spikes each raster has, and how often a row fires."""
        said = [
            f"{one.described}, {len(one.spikes) / max(one.spikes.units * one.seconds, 1e-9):.3g} Hz each"
            for one in self.rasters
        ]
        return f"Rasters of spikes over {self.seconds:.2f} s. {'. '.join(said)}."

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
        for number, (one, raster) in enumerate(zip(axes, self.rasters, strict=True)):
            self._draw(one, raster)
            one.set_yticks(*raster.name_groups(int(heights[number] * MOST_GROUPS)))
        axes[-1].set_xlim(self.start * self._scale, (self.start + self.seconds) * self._scale)
        axes[-1].set_xlabel(self._clock, fontsize=SMALL, color=MUTED)
        return figure

    def _draw(self, axes: Axes, raster: Raster) -> None:
        (shown, place), rows = raster.select(), sum(map(len, raster.drawn))
        time = (self.start + raster.spikes.step[shown] / raster.spikes.rate) * self._scale
        colour = np.where(raster.spikes.sign[shown] > 0, FOR, AGAINST) if raster.signed else INK
        axes.scatter(time, place, s=1.5 if rows > 100 else 6.0, c=colour, linewidths=0)
        tidy(axes, raster.described)
        axes.set_ylim(-0.5, max(rows, 1) - 0.5)
        for border in raster.borders:
            axes.axhline(border, color=GRID, linewidth=0.5)

    def plot(self) -> Plot:
        """Return the drawn rows as heat maps of spikes by step."""
        heights = self._heights()
        layout = stack_panels(heights, [one.described for one in self.rasters], 240.0)
        layout["xaxis"]["title"]["text"] = self._clock
        line = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "line": {"color": "var(--grid)", "width": 1}}
        data = []
        for panel, raster in enumerate(self.rasters, start=1):
            data.append(self._plot_spikes(raster, panel))
            (ticks, groups), names = raster.name_groups(int(heights[panel - 1] * MOST_GROUPS)), data[-1]["y"]
            axis = {"tickvals": [names[round(tick)] for tick in ticks], "ticktext": groups}
            layout[f"yaxis{panel}"] |= {"type": "category", "automargin": "left"} | axis
            layout["shapes"] += [line | {"yref": f"y{panel}", "y0": one, "y1": one} for one in raster.borders]
        return {"data": data, "layout": layout}

    def _plot_spikes(self, raster: Raster, panel: int) -> Plot:
        (shown, place), names = raster.select(), raster.name_rows()
        spikes = np.zeros((raster.spikes.steps, len(names)), np.int8)
        np.add.at(spikes, (raster.spikes.step[shown], place), raster.spikes.sign[shown] if raster.signed else 1)
        how: Plot = {"colorscale": COUNTS, "zmin": 0, "zmax": int(spikes.max(initial=1)), "showscale": False}
        how |= {"colorscale": SIGNS, "zmin": -how["zmax"]} if raster.signed else {}
        trace = plot_map(spikes, raster.spikes.rate / self._scale, names, panel, **how)
        text = f"%{{x:.3g}} {'ms' if self.presented else 's'}, %{{y}}<extra></extra>"
        return trace | {"x0": self.start * self._scale, "hovertemplate": text}
