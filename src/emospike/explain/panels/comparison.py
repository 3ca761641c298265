"""Two clips side by side: decisions, what carried them, how regions fired, and how interactions differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from emospike.explain import html
from emospike.explain.attribution import STRONGEST, Attribution
from emospike.explain.explanation import Explanation
from emospike.explain.graph import View
from emospike.explain.html import Page
from emospike.explain.panel import Panel
from emospike.explain.panels.contributions import ContributionsPanel
from emospike.explain.panels.cube import whole_region
from emospike.explain.panels.decision import DecisionPanel
from emospike.explain.panels.interactions import InteractionsPanel
from emospike.explain.panels.occlusion import select_kinds
from emospike.explain.panels.raster import RasterPanel
from emospike.explain.style import CLIPS, INK, SMALL, add_legend, new_figure, tidy
from emospike.explain.wording import WORDS, cut, signed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROOM = 0.4  # for a number beside a bar, of the range of the bars
LAST = "Brain regions"
FIRING = "Firing, spikes a second and neuron"
Pair = tuple[str, float, float]
"""A name, and a number of the first and of the second clip; NaN where a clip has none."""


@dataclass(frozen=True, eq=False)
class DecisionsPanel(Panel):
    """The decisions on two clips, each with the contributions of its modalities where there are several."""

    first: DecisionPanel
    second: DecisionPanel
    shares: tuple[ContributionsPanel | None, ContributionsPanel | None]

    name = "decisions"
    title = ""
    caption = DecisionPanel.caption

    @property
    def alt(self) -> str:
        """Both decisions."""
        return f"{self.first.alt} {self.second.alt}"

    def html(self, page: Page) -> str:
        """Return both beside each other."""
        sides = zip("AB", (self.first, self.second), self.shares, strict=True)
        return f'<div class="pair">{"".join(self._side(page, *side) for side in sides)}</div>'

    def _side(self, page: Page, letter: str, panel: DecisionPanel, share: ContributionsPanel | None) -> str:
        shares = f"<h3>{escape(share.title)}</h3>{share.bar}" if share else ""
        return f'<div><p class="clip">{letter}</p>{panel.html(page)}{shares}</div>'

    def figure(self) -> Figure:
        """Return both beside each other."""
        figure = new_figure(16, max(self.first.height, self.second.height))
        for part, panel in zip(np.asarray(figure.subfigures(1, 2)), (self.first, self.second), strict=True):
            panel.draw(part)
        return figure


@dataclass(frozen=True, eq=False)
class PairsPanel(Panel):
    """Numbers of parts in both clips, by kind of part."""

    target: str
    names: tuple[str, str]
    kinds: dict[str, list[Pair]]

    name = "attributions"

    @property
    def title(self) -> str:
        """Whose evidence it is."""
        return f"What speaks for “{self.target}”"

    @property
    def caption(self) -> str:
        """How the bars were measured."""
        return (
            f"Leave-one-out in each clip: a bar is the log-odds of “{self.target}” on the whole clip, minus its "
            "log-odds when this one part alone is left out and the model decides again. To the right a part speaks for "
            f"“{self.target}”, to the left against it; ±0.69 doubles or halves the odds."
        )

    @property
    def alt(self) -> str:
        """What is compared."""
        return f"Bars of {', '.join(self.kinds)} in {self.names[0]} and {self.names[1]}."

    def html(self, page: Page) -> str:
        """Return a table for each kind of part, with a bar for each clip."""
        tables = [self._tabulate(title, pairs) for title, pairs in self.kinds.items()]
        return html.key(first=cut(self.names[0], 60), second=cut(self.names[1], 60)) + html.columns(*tables)

    def _tabulate(self, title: str, pairs: Sequence[Pair]) -> str:
        values = np.array([pair[1:] for pair in pairs], float)
        bars = html.bar_from_zero(np.nan_to_num(values).T.tolist(), ("first", "second"))
        said = ["<br>".join("–" if np.isnan(one) else say(title)(one) for one in row) for row in values]
        return html.table(title, [(pair[0], drawn, text) for pair, drawn, text in zip(pairs, bars, said, strict=True)])

    def figure(self) -> Figure:
        """Return bars for each kind of part, two for each part."""
        from matplotlib.patches import Patch

        tall = max(len(pairs) for pairs in self.kinds.values())
        figure = new_figure(max(8.0, 3.6 * len(self.kinds)), 1.4 + 0.42 * tall)
        panels = figure.subplots(1, len(self.kinds), squeeze=False)[0]
        for axes, (title, pairs) in zip(panels, self.kinds.items(), strict=True):
            self._draw(axes, title, pairs, tall)
        handles = [Patch(color=colour, label=cut(name, 60)) for name, colour in zip(self.names, CLIPS, strict=True)]
        add_legend(figure, handles, "outside upper left")
        return figure

    def _draw(self, axes: Axes, title: str, pairs: Sequence[Pair], rows: int) -> None:
        values = np.array([pair[1:] for pair in pairs], float)
        for clip, colour in enumerate(CLIPS):
            known = np.flatnonzero(~np.isnan(values[:, clip]))
            drawn = axes.barh(known + 0.4 * clip - 0.2, values[known, clip], color=colour, height=0.38)
            labels = [say(title)(value) for value in values[known, clip].tolist()]
            axes.bar_label(drawn, labels, padding=3, fontsize=SMALL - 1, color=INK)
        axes.set_yticks(range(len(pairs)), [cut(name, 24) for name, *_ in pairs])
        axes.set_ylim(rows - 0.4, -0.6)
        low, high = float(np.nanmin(values, initial=0.0)), float(np.nanmax(values, initial=0.0))
        room = ROOM * max(high - low, 0.01)
        axes.set_xlim(low - room if low < 0 else -0.1 * room, high + room)
        axes.axvline(0, color=INK, linewidth=0.8)
        tidy(axes, title, "" if title == FIRING else "change of log-odds")


def say(title: str) -> Callable[[float], str]:
    """Return how numbers of a kind are written."""
    return (lambda value: f"{value:.1f}") if title == FIRING else signed


def compare(first: Explanation, second: Explanation) -> Iterator[Panel]:
    """Yield the panels of two explanations side by side."""
    one, other = ({panel.name: panel for panel in told.panels} for told in (first, second))
    shares = (one.get("contributions"), other.get("contributions"))
    yield DecisionsPanel(one["decision"], other["decision"], shares)  # type: ignore[arg-type]
    names = (f"A: {first.name}", f"B: {second.name}")
    kinds = pair_attributions(first, second) | pair_rates(one.get("raster"), other.get("raster"))
    if kinds:
        yield PairsPanel(first.target, names, kinds)
    a, b = one.get("interactions"), other.get("interactions")
    if isinstance(a, InteractionsPanel) and isinstance(b, InteractionsPanel):
        yield InteractionsPanel(a.graph, view_difference(names, a.views[0], b.views[0]), "the clips with each other")


def pair_attributions(first: Explanation, second: Explanation) -> dict[str, list[Pair]]:
    """Return the attributions of each kind of part in both clips, the largest first in the order of their mean."""
    both = [{"Modalities": _name_modalities(one), **select_kinds(one.attributions)} for one in (first, second)]
    found = {}
    for title in sorted(dict.fromkeys([*both[0], *both[1]]), key=LAST.__eq__):
        a, b = ({one.name: one.change for one in own.get(title, ())} for own in both)
        pairs = [(name, a.get(name, np.nan), b.get(name, np.nan)) for name in dict.fromkeys([*a, *b])]
        largest = sorted(pairs, key=lambda pair: -np.nanmax(np.abs(pair[1:])))[:STRONGEST]
        found[title] = sorted(largest, key=lambda pair: -np.nanmean(pair[1:]))
    return {title: pairs for title, pairs in found.items() if pairs}


def _name_modalities(told: Explanation) -> list[Attribution]:
    return [Attribution(f"the {WORDS[one.name]}", one.change) for one in told.attributions.get("modalities", ())]


def pair_rates(first: Panel | None, second: Panel | None) -> dict[str, list[Pair]]:
    """Return how often a neuron of each region fires in both clips, spikes a second, both hemispheres together."""
    if not isinstance(first, RasterPanel) or not isinstance(second, RasterPanel):
        return {}
    rates = [_average_hemispheres(panel) for panel in (first, second)]
    pairs = [(name, rate, rates[1].get(name, np.nan)) for name, rate in rates[0].items()]
    return {FIRING: pairs} if pairs else {}


def _average_hemispheres(panel: RasterPanel) -> dict[str, float]:
    spikes: dict[str, float] = {}
    neurons: dict[str, int] = {}
    raster = panel.rasters[-1]
    for (name, size), rate in zip(raster.groups, raster.rates().values(), strict=True):
        whole = whole_region(name)
        spikes[whole] = spikes.get(whole, 0.0) + rate * size
        neurons[whole] = neurons.get(whole, 0) + size
    return {name: spikes[name] / neurons[name] for name in spikes}


def view_difference(names: tuple[str, str], first: View, second: View) -> list[View]:
    """Return the difference of two states, then both."""
    most = max(first.scale, second.scale)
    apart = first.strength - second.strength
    wide = float(np.abs(apart).max(initial=0.0)) or 1.0
    sides = [View(name, one.strength, most) for name, one in zip(names, (first, second), strict=True)]
    return [View("A − B", apart, wide, True), *sides]
