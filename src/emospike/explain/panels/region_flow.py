"""Between regions: the spikes that they hand on to each other over their synapses, beside what chance would give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from emospike.explain.heat import COUNTS, SIGNS
from emospike.explain.html import Plot
from emospike.explain.panel import Panel
from emospike.explain.style import ACTIVITY, GRID, INK, colour_bar, new_figure, tidy
from emospike.readout.traffic import Between, Traffic

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap, Normalize
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

ROUND = [digit * 10.0**power for power in range(-3, 6) for digit in (1, 2, 5)]
TINY = 6.0  # font size of numbers in cells, points


@dataclass(frozen=True, eq=False)
class RegionFlowPanel(Panel):
    """What regions hand on.

    Attributes
    ----------
    flow : spikes and chance, [from, to]
    regions : names of the regions
    """

    flow: Traffic
    regions: Sequence[str]

    name = "region-flow"
    title = "Between regions"
    alt = "A matrix of brain regions: spikes a second that each row hands on to each column."

    @property
    def caption(self) -> str:
        """How to read the matrix."""
        passed, chance = self.flow.passed.sum(), self.flow.chance.sum()
        ratio = passed / chance if chance else 1.0
        return (
            "How many spikes a second cross an excitatory synapse from one region (row) to another (column) and "
            f"arrive, one step (10 ms) later, as their target fires. All in all {passed:,.0f} a second, {ratio:.1f} "
            "times what neurons that fire as often at random moments would give. Large regions hold more synapses, and "
            "a target may have fired for its other inputs. Grey: no synapse."
        )

    def figure(self) -> Figure:
        """Return the matrix of spikes that regions hand on."""
        from matplotlib.colors import LinearSegmentedColormap, PowerNorm

        figure = new_figure(8.6, 8.2)
        axes, passed = figure.subplots(), self.flow.passed
        norm = PowerNorm(0.5, 0, max(float(passed.max(initial=0.0)), 1.0))
        colours = LinearSegmentedColormap.from_list("counts", ["white", *ACTIVITY[1:]])
        image = draw_matrix(axes, np.where(self.flow.synapses > 0, passed, np.nan), self.regions, colours, norm)
        for (row, column), value in np.ndenumerate(passed):
            if value:
                text = f"{value:.0f}" if value >= 10 else f"{value:.1f}"
                colour = "white" if norm(value) > 0.5 else INK
                axes.text(column, row, text, ha="center", va="center", fontsize=TINY, color=colour)
        tidy(axes, "Spikes handed on between regions, per second", "to", "from")
        colour_bar(figure, image, axes, "spikes a second", shrink=0.6, aspect=30)
        return figure

    def plot(self) -> list[Plot]:
        """Return the matrix of counts, and that of their ratio to chance."""
        passed, chance, synapses = self.flow.passed, self.flow.chance, self.flow.synapses
        times = np.divide(passed, chance, out=np.full(chance.shape, np.nan), where=chance > 0)
        crossed = [
            [f"{p:.1f} /s, {p / c:.1f} times chance, {n:.0f} synapses" if c else f"{n:.0f} synapses" for p, c, n in row]
            for row in pair_cells(passed, chance, synapses)
        ]
        against = [[f"{one:.2f} times chance ({p:.1f} /s)" for one, p in row] for row in pair_cells(times, passed)]
        shown = np.where(synapses > 0, passed, np.nan)
        return [
            plot_matrix("Spikes handed on", "spikes a second, from row to column", shown, crossed, self.regions),
            plot_matrix("Against chance", "times what chance would give", times, against, self.regions),
        ]


def draw_matrix(axes: Axes, values: Between, regions: Sequence[str], colours: Colormap, norm: Normalize) -> AxesImage:
    """Draw a matrix of regions; cells without a synapse stay grey."""
    axes.set_facecolor("#f0f2f4")
    image = axes.imshow(values, cmap=colours, norm=norm)
    places = range(len(regions))
    axes.set_xticks(places, regions, rotation=60, ha="right", rotation_mode="anchor")
    axes.set_yticks(places, regions)
    axes.set_xticks(np.arange(len(regions) - 1) + 0.5, minor=True)
    axes.set_yticks(np.arange(len(regions) - 1) + 0.5, minor=True)
    axes.grid(which="minor", color=GRID, linewidth=0.4)
    axes.tick_params(which="minor", length=0)
    return image


def pair_cells(*matrices: Between) -> list[list[tuple[float, ...]]]:
    """Return the cells of several matrices together, row by row."""
    return [[tuple(cell) for cell in row] for row in np.stack(matrices, axis=-1).tolist()]


def plot_matrix(
    name: str, note: str, values: Between, text: Sequence[Sequence[str]], regions: Sequence[str], *, signs: bool = False
) -> Plot:
    """Return a matrix coloured by the square root of its values (their sign kept), with ticks at round values.

    NaN is left empty.
    """
    root = np.sign(values) * np.sqrt(np.abs(values))
    most = float(np.abs(root[np.isfinite(root)]).max(initial=0.0)) or 1.0
    rounds = [0.0, *(tick for tick in ROUND if most / 5 <= np.sqrt(tick) <= most)]
    ticks = sorted({sign * tick + 0.0 for tick in rounds for sign in ((-1, 1) if signs else (1,))})
    trace = {
        "type": "heatmap",
        "x": list(regions),
        "y": list(regions),
        "z": root.astype(np.float32),
        "text": text,
        "hovertemplate": "%{y} → %{x}: %{text}<extra></extra>",
        "hoverongaps": False,
        "xgap": 1,
        "ygap": 1,
        "colorscale": SIGNS if signs else COUNTS,
        "zmin": -most if signs else 0.0,
        "zmax": most,
        "colorbar": {
            "thickness": 10,
            "len": 0.6,
            "tickvals": [float(np.sign(tick) * np.sqrt(abs(tick))) for tick in ticks],
            "ticktext": [f"{tick:,g}".replace("-", "−") for tick in ticks],
        },
    }
    layout = {
        "xaxis": {"title": {"text": "to"}, "tickangle": -60, "automargin": True},
        "yaxis": {"title": {"text": "from", "standoff": 8}, "autorange": "reversed", "automargin": True},
        "plot_bgcolor": "var(--faint)",
        "height": 620,
    }
    return {"name": name, "note": note, "data": [trace], "layout": layout}
