"""Contributions: which of several modalities decided, measured by leaving each out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from emospike.explain import html
from emospike.explain.attribution import Attribution
from emospike.explain.html import Page
from emospike.explain.panel import Panel
from emospike.explain.style import INK, MODALITY, SMALL, new_figure, tidy
from emospike.explain.wording import WORDS, percent, signed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DECIDES = 0.75
"""Share from which one modality is said to have decided."""


@dataclass(frozen=True, eq=False)
class ContributionsPanel(Panel):
    """How much each modality contributed.

    Attributes
    ----------
    share : contributions, summing to 1
    attributions : of each modality, what leaving it out takes from the log-odds of the target
    alone : the probabilities that each gives alone
    target : the class whose log-odds these are
    """

    share: Mapping[str, float]
    attributions: Sequence[Attribution]
    alone: Mapping[str, Mapping[str, float]]
    target: str

    name = "contributions"
    caption = (
        "A contribution is what leaving the modality out takes from the log-odds; one that speaks against has none."
    )

    @property
    def title(self) -> str:
        """Which modality decided."""
        ordered = sorted(self.share.items(), key=lambda item: -item[1])
        said = ", ".join(f"the {WORDS[one]} {percent(round(part, 2))}" for one, part in ordered)
        if ordered[0][1] < DECIDES:
            return f"Both decided: {said}"
        first = f"the {WORDS[ordered[0][0]]}"
        return f"{first.capitalize()} decided: {said.removeprefix(first + ' ')}"

    @property
    def alt(self) -> str:
        """What each modality takes away and says alone."""
        taken = [f"the {WORDS[one.name]} {signed(one.change)}" for one in self.attributions]
        said = [f"the {WORDS[one]} alone says {self._says(one)}" for one in self.alone]
        return f"{self.title}. Change of the log-odds of “{self.target}” by {', '.join(taken)}; {', '.join(said)}."

    def _says(self, modality: str) -> str:
        label, p = max(self.alone[modality].items(), key=lambda item: item[1])
        return f"{label} ({percent(p)})"

    @property
    def bar(self) -> str:
        """The contributions as parts of one bar, for pages."""
        parts = [
            f'<div class="{one}" style="--value:{part:.4f}">{escape(f"{WORDS[one]} {percent(round(part, 2))}")}</div>'
            for one, part in self.share.items()
            if part >= 0.005
        ]
        return f'<div class="shares" role="img" aria-label="{escape(self.title)}">{"".join(parts)}</div>'

    def html(self, page: Page) -> str:
        """Return the bar above what the contributions were measured by."""
        bars = html.bar_from_zero(
            [[one.change for one in self.attributions]],
            ["for" if one.change >= 0 else "against" for one in self.attributions],
        )
        pairs = zip(self.attributions, bars, strict=True)
        taken = [(f"the {WORDS[one.name]}", drawn, signed(one.change)) for one, drawn in pairs]
        said = [
            (f"the {WORDS[one]}", html.bar(max(p.values()), one), escape(self._says(one)))
            for one, p in self.alone.items()
        ]
        return "\n".join(
            [
                self.bar,
                html.columns(
                    html.table(f"What it adds to the log-odds of “{self.target}”", taken),
                    html.table("What it says alone", said),
                ),
            ]
        )

    def figure(self) -> Figure:
        """Return the same as a picture."""
        figure = new_figure(8, 2.3)
        grid = figure.add_gridspec(2, 2, height_ratios=[0.5, 1])
        bar, start = figure.add_subplot(grid[0, :]), 0.0
        for one, part in self.share.items():
            bar.barh(0, part, left=start, color=MODALITY[one], height=0.5)
            if part >= 0.1:
                label = f"{WORDS[one]} {percent(round(part, 2))}"
                bar.text(start + part / 2, 0, label, ha="center", va="center", fontsize=SMALL, color=INK)
            start += part
        bar.set(xlim=(-0.002, 1.002), ylim=(-0.3, 0.3), xticks=[], yticks=[])
        tidy(bar, self.title).spines[:].set_visible(False)
        changes = [one.change for one in self.attributions]
        alone = [max(self.alone[one.name].values()) for one in self.attributions]
        labels = [[signed(change) for change in changes], [self._says(one.name) for one in self.attributions]]
        titles = (f"Adds to the log-odds of “{self.target}”", "Says alone")
        for column, (values, texts) in enumerate(zip((changes, alone), labels, strict=True)):
            axes = figure.add_subplot(grid[1, column])
            colours = [MODALITY[one.name] for one in self.attributions]
            drawn = axes.barh(range(len(values)), values, color=colours, height=0.62)
            axes.bar_label(drawn, texts, padding=3, fontsize=SMALL, color=INK)
            axes.set_yticks(range(len(values)), [WORDS[one.name] for one in self.attributions])
            axes.set_ylim(len(values) - 0.4, -0.6)
            low, high = min(0.0, *values), max(0.0, *values)
            room = 0.5 * max(high - low, 0.01)
            axes.set_xlim(low - room * (low < 0), high + room)
            axes.axvline(0, color=INK, linewidth=0.8)
            axes.set_xticks([])
            tidy(axes, titles[column]).spines["bottom"].set_visible(False)
        return figure
