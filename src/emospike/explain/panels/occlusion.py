"""What carried the decision: moments below a feature's time axis; bands, parts of the face and regions as bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from emospike.explain import html
from emospike.explain.attribution import STRONGEST, Attribution, select_strongest
from emospike.explain.heat import channel_axis, draw_series, plot_series, stack_panels
from emospike.explain.html import Page, Plot
from emospike.explain.panel import Panel
from emospike.explain.style import AGAINST, FOR, INK, SMALL, new_figure, tidy
from emospike.explain.wording import cut, signed
from emospike.series import Series

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CHANGE = "change of log-odds"
SMALLEST = 0.01  # range of an axis of changes, so that rounding errors do not look like effects
ROOM = 0.35  # for a number beside a bar, of the range of the bars

TITLES = {"face": "Parts of the face", "eeg": "EEG electrodes", "regions": "Brain regions"}
"""What the parts of each kind are called; those of sound may be bands of frequency, contours, or both."""


def name_kind(kind: str, attributions: Sequence[Attribution]) -> str:
    """Return what parts of a kind are called.

    >>> name_kind("audio", [Attribution("50–200 Hz", 0.1)])
    'Frequency bands'
    >>> name_kind("audio", [Attribution("50–200 Hz", 0.1), Attribution("timbre", 0.2)])
    'Bands and contours'
    """
    if kind in TITLES:
        return TITLES[kind]
    hertz = {one.name.endswith("Hz") for one in attributions}
    return "Bands and contours" if len(hertz) == 2 else "Contours" if hertz == {False} else "Frequency bands"


def select_kinds(attributions: Mapping[str, Sequence[Attribution]]) -> dict[str, Sequence[Attribution]]:
    """Return the attributions of parts that are no moments, by what they are called."""
    kinds = [kind for kind in ("audio", *TITLES) if attributions.get(kind)]
    return {name_kind(kind, attributions[kind]): attributions[kind] for kind in kinds}


def count_shown(title: str, attributions: Sequence[Attribution]) -> str:
    """Return the title of some attributions, with how many of them are shown if any are not.

    >>> count_shown("Brain regions", [Attribution("A1 L", 0.1)] * 18)
    'Brain regions (12 strongest of 18)'
    """
    return title if len(attributions) <= STRONGEST else f"{title} ({STRONGEST} strongest of {len(attributions)})"


@dataclass(frozen=True, eq=False)
class OcclusionPanel(Panel):
    """What leaving out each part of a clip takes from the log-odds of a class.

    Attributes
    ----------
    target : that class
    attributions : by kind of part (see `Explanation`); the moments are of equal length
    feature, series : what is drawn above the moments
    """

    target: str
    attributions: Mapping[str, Sequence[Attribution]]
    feature: str
    series: Series

    name = "occlusion"
    title = "What carried the decision"

    @property
    def caption(self) -> str:
        """How the bars were measured."""
        return (
            f"Leave-one-out: a bar is the log-odds of “{self.target}” on the whole clip, minus its log-odds when this "
            "one part alone is left out (channels and moments from the input, brain regions from the readout) and the "
            "model decides again. Blue speaks for the decision, orange against it; ±0.69 doubles or halves the odds. "
            "Bars do not add up: parts that say the same stand in for each other. They describe this model, and do not "
            "say why a person sounds or looks this way."
        )

    @property
    def alt(self) -> str:
        """The strongest attributions of each kind."""
        named = {"Moments": self.moments, **self.kinds}
        return " ".join(
            f"{count_shown(title, own)} that carried the decision, change of log-odds: "
            f"{'; '.join(f'{one.name} {signed(one.change)}' for one in select_strongest(own))}."
            for title, own in named.items()
            if own
        )

    @property
    def kinds(self) -> dict[str, Sequence[Attribution]]:
        """The attributions of parts that are no moments, by what they are called."""
        return select_kinds(self.attributions)

    @property
    def moments(self) -> Sequence[Attribution]:
        """The attributions of the moments."""
        return self.attributions.get("moments", ())

    def _borders(self) -> np.ndarray:
        """Return where moments begin and end, s."""
        return np.linspace(0, self.series.seconds, len(self.moments) + 1)

    def plot(self) -> Plot | None:
        """Return the feature and, under it, a bar as wide as each moment."""
        if not self.moments:
            return None
        borders, changes = self._borders(), [one.change for one in self.moments]
        bars = {
            "type": "bar",
            "x": (borders[1:] + borders[:-1]) / 2,
            "width": np.diff(borders),
            "y": changes,
            "marker": {
                "color": [f"var(--{'for' if change >= 0 else 'against'})" for change in changes],
                "line": {"color": "var(--surface)", "width": 1},
            },
            "hovertext": [f"{one.name}: {signed(one.change)}" for one in self.moments],
            "hoverinfo": "text",
            "yaxis": "y2",
        }
        layout = stack_panels([1.0, 0.6], [f"Feature “{self.feature}”", "Change of log-odds by moment"])
        layout["yaxis1"] |= channel_axis(self.series.channels)
        layout["yaxis2"] |= {"zeroline": True}
        layout["xaxis"] |= {"range": [0, self.series.seconds]}
        return {"data": [plot_series(self.series, 1), bars], "layout": layout}

    def html(self, page: Page) -> str:
        """Return the plot, and a table of each kind of part."""
        plot = self.plot()
        parts = [page.plot(self.name, self.alt, plot)] if plot else []
        tables = []
        for title, own in self.kinds.items():
            shown = select_strongest(own)
            values = [one.change for one in shown]
            bars = html.bar_from_zero([values], ["for" if value >= 0 else "against" for value in values])
            rows = [(one.name, drawn, signed(one.change)) for one, drawn in zip(shown, bars, strict=True)]
            tables.append(html.table(count_shown(title, own), rows))
        return "\n".join([*parts, html.columns(*tables) if tables else ""])

    def figure(self) -> Figure:
        """Return the feature with the moments below it, above bars of the other parts."""
        kinds = self.kinds
        tall = max((min(len(own), STRONGEST) for own in kinds.values()), default=0)
        heights = [*([2.0, 1.3] if self.moments else []), *([0.6 + 0.24 * tall] if kinds else [])]
        figure = new_figure(max(8, 3.6 * len(kinds)), sum(heights) + 0.6)
        grid = figure.add_gridspec(len(heights), max(len(kinds), 1), height_ratios=heights)
        if self.moments:
            top = figure.add_subplot(grid[0, :])
            self._draw_moments(top, figure.add_subplot(grid[1, :], sharex=top))
        for column, (title, own) in enumerate(kinds.items()):
            axes = figure.add_subplot(grid[-1, column])
            draw_bars(axes, count_shown(title, own).replace(" (", "\n("), select_strongest(own), tall)
        return figure

    def _draw_moments(self, top: Axes, below: Axes) -> None:
        """Draw the feature, and under it a bar as wide as each moment."""
        draw_series(top, self.series)
        tidy(top, f"Moments, below the feature “{self.feature}”")
        top.tick_params(labelbottom=False)
        top.set_xlim(-0.5 / self.series.rate, max(self.series.seconds, 1 / self.series.rate))
        borders, changes = self._borders(), [one.change for one in self.moments]
        colours = [FOR if change >= 0 else AGAINST for change in changes]
        below.bar(borders[:-1], changes, np.diff(borders), align="edge", color=colours, edgecolor="white")
        below.axhline(0, color=INK, linewidth=0.8)
        below.set_ylim(1.15 * min(-SMALLEST, *changes), 1.15 * max(SMALLEST, *changes))
        tidy(below, "", "time, s", CHANGE)


def draw_bars(axes: Axes, title: str, attributions: Sequence[Attribution], rows: int) -> None:
    """Draw attributions as horizontal bars, the strongest for the class at the top; `rows` have room."""
    changes = [one.change for one in attributions]
    drawn = axes.barh(range(len(changes)), changes, color=[FOR if c >= 0 else AGAINST for c in changes], height=0.7)
    axes.bar_label(drawn, [signed(c) for c in changes], padding=3, fontsize=SMALL, color=INK)
    axes.set_yticks(range(len(changes)), [cut(one.name, 24) for one in attributions])
    axes.set_ylim(rows - 0.4, -0.6)
    low, high = min(0.0, *changes), max(0.0, *changes)
    room = ROOM * max(SMALLEST, high - low)
    axes.set_xlim(low - room if low < 0 else -0.1 * room, high + room)
    axes.axvline(0, color=INK, linewidth=0.8)
    tidy(axes, title, CHANGE)
