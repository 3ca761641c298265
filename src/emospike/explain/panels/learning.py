"""What learning changed between the regions of the brain: the model's synapses beside those before training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from emospike.explain.attribution import STRONGEST
from emospike.explain.html import Plot
from emospike.explain.panel import Panel
from emospike.explain.panels.region_flow import draw_matrix, pair_cells, plot_matrix
from emospike.explain.style import AGAINST, FOR, INK, SMALL, colour_bar, new_figure, plain_ticks, tidy
from emospike.explain.wording import signed
from emospike.readout.traffic import Learning

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class LearningPanel(Panel):
    """What spike-timing-dependent plasticity changed.

    Attributes
    ----------
    learning : changes between regions, [from, to]
    regions : names of the regions
    """

    learning: Learning
    regions: Sequence[str]

    name = "learning"
    title = "What learning changed between regions"
    alt = "A matrix of brain regions: how much the weights from each row to each column changed in training."

    @property
    def caption(self) -> str:
        """How to read the matrix."""
        stronger, weaker, synapses = (
            int(one.sum()) for one in (self.learning.stronger, self.learning.weaker, self.learning.synapses)
        )
        change = 100 * self.learning.change.sum() / (self.learning.before.sum() or 1.0)
        return (
            "What spike-timing-dependent plasticity changed while the model was trained: the sum of the changes of "
            "weight from region (row) to region (column), in units of the neurons' threshold, over synapses that "
            f"excite; others do not learn (grey: none). {stronger:,} of {synapses:,} became stronger, {weaker:,} "
            f"weaker; all together changed by {change:+.0f} %."
        )

    def strongest(self) -> list[tuple[str, float, str]]:
        """Return name, change and label of the pairs of different regions that changed most."""
        change, before = self.learning.change, self.learning.before
        size = np.abs(change) * ~np.eye(len(self.regions), dtype=bool)
        order = [divmod(int(i), len(self.regions)) for i in np.argsort(-size, axis=None)[:STRONGEST]]
        pairs = sorted(((a, b) for a, b in order if size[a, b] > 0), key=lambda pair: -change[pair])
        return [
            (f"{self.regions[a]} → {self.regions[b]}", float(change[a, b]), label_change(change[a, b], before[a, b]))
            for a, b in pairs
        ]

    def figure(self) -> Figure:
        """Return the matrix of changes, and the strongest between different regions."""
        from matplotlib.colors import LinearSegmentedColormap, SymLogNorm

        figure = new_figure(12.5, 6.4)
        left, right = figure.subplots(1, 2, width_ratios=[1.7, 1])
        most = max(float(np.abs(self.learning.change).max(initial=0.0)), 1e-6)
        norm = SymLogNorm(most / 30, vmin=-most, vmax=most)
        colours = LinearSegmentedColormap.from_list("changes", [AGAINST, "white", FOR])
        shown = np.where(self.learning.synapses > 0, self.learning.change, np.nan)
        image = draw_matrix(left, shown, self.regions, colours, norm)
        tidy(left, "What learning changed: sum of weights", "to", "from")
        bar = colour_bar(figure, image, left, "change of weight, in thresholds", shrink=0.8, aspect=30)
        rounds = [sign * 10.0**power for power in range(-6, 7) for sign in (-1, 1) if most / 30 <= 10.0**power <= most]
        plain_ticks(bar.ax.yaxis, sorted([0.0, *rounds]))
        names, changes, labels = zip(*self.strongest(), strict=True) if self.strongest() else ((), (), ())
        bars = right.barh(range(len(names)), changes, color=[FOR if c >= 0 else AGAINST for c in changes])
        right.bar_label(bars, labels, padding=3, fontsize=SMALL, color=INK)
        right.set_yticks(range(len(names)), names)
        low, high = min(0.0, *changes, 0.0), max(0.0, *changes, 0.0)
        room = 0.5 * max(high - low, 1e-6)
        right.set_xlim(low - room * (low < 0), high + room)
        right.set_ylim(len(names) - 0.4, -0.6)
        right.axvline(0, color=INK, linewidth=0.8)
        tidy(right, "Strongest between different regions", "change of weight, in thresholds")
        return figure

    def plot(self) -> Plot:
        """Return the matrix of changes."""
        change, before, synapses = self.learning.change, self.learning.before, self.learning.synapses
        text = [
            [f"{signed(c)} thresholds over {n:.0f} synapses, {signed(100 * c / b) if b else '0'} %" for c, b, n in row]
            for row in pair_cells(change, before, synapses)
        ]
        shown = np.where(synapses > 0, change, np.nan)
        return plot_matrix(self.title, "change of weight, in thresholds", shown, text, self.regions, signs=True)


def label_change(change: float, before: float) -> str:
    """Return a change of weights beside its share of the weights before.

    >>> label_change(1.25, 2.5)
    '+1.25 (+50 %)'
    """
    return f"{signed(change)} ({signed(100 * change / before).partition('.')[0]} %)"
