"""Attention of a spiking transformer over time: where keys and values fire together, and what passes its gates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from emospike.explain.heat import plot_map, stack_panels
from emospike.explain.html import Plot
from emospike.explain.panel import Panel
from emospike.explain.style import MUTED, POWER, SMALL, colour_bar, new_figure, tidy

if TYPE_CHECKING:
    from matplotlib.figure import Figure

GATE = "passes"
"""What the row of the gate is called."""


@dataclass(frozen=True, eq=False)
class AttentionMap:
    """Attention of one block.

    Attributes
    ----------
    title : of the block: a modality to itself, or to another
    tokens : what attends, from below
    met : share of a token's dimensions in which key and value fire together, at each step
    gate : share of the dimensions that the gate lets through, at each step
    """

    title: str
    tokens: tuple[str, ...]
    met: Float[np.ndarray, "steps tokens"]
    gate: Float[np.ndarray, " steps"]

    @property
    def rows(self) -> Float[np.ndarray, "steps rows"]:
        """All that is drawn: the tokens, and the gate above them."""
        return np.column_stack([self.met, self.gate]).astype(np.float32)


@dataclass(frozen=True, eq=False)
class AttentionPanel(Panel):
    """Attention of all blocks.

    Attributes
    ----------
    maps : one a block
    rate : steps a second
    start : where on the clip's clock they begin, s
    """

    maps: Sequence[AttentionMap]
    rate: float
    start: float = 0.0

    name = "attention"
    title = "Attention over time"

    caption = (
        "Where the network looks: at each step, the share of a token's dimensions in which a key and a value fire "
        "together. They are summed over the tokens of a step; where neurons of a gate fire at the sum (the row above "
        "them), queries of the same dimension pass. A token is a band of a spectrum, or a group of contours or "
        "movements; its dimensions are learnt and have no names. Attention describes where the network looks, not what "
        "carried the decision: that is measured by leaving out."
    )

    @property
    def alt(self) -> str:
        """Where attention is strongest."""
        said = []
        for one in self.maps:
            step, token = np.unravel_index(int(one.met.argmax()), one.met.shape)
            said.append(f"{one.title}: strongest at {self.start + step / self.rate:.2f} s, {one.tokens[token]}")
        return f"Attention of {len(self.maps)} blocks over time. {'; '.join(said)}."

    def _heights(self) -> list[float]:
        return [0.3 + 0.08 * (len(one.tokens) + 1) for one in self.maps]

    def figure(self) -> Figure:
        """Return a map for each block, above each other in time."""
        heights = self._heights()
        figure = new_figure(9, 0.6 + 2.2 * sum(heights))
        axes = figure.subplots(len(self.maps), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
        for one, shown in zip(axes, self.maps, strict=True):
            steps, rows = shown.rows.shape
            extent = (self.start, self.start + steps / self.rate, -0.5, rows - 0.5)
            how: dict[str, Any] = {"aspect": "auto", "origin": "lower", "interpolation": "nearest", "extent": extent}
            image = one.imshow(shown.rows.T, cmap=POWER, vmin=0, **how)
            one.set_yticks(range(rows), [*shown.tokens, GATE])
            one.axhline(rows - 1.5, color="white", linewidth=1.5)
            tidy(one, shown.title)
            colour_bar(figure, image, one, "share")
        axes[-1].set_xlabel("time, s", fontsize=SMALL, color=MUTED)
        return figure

    def plot(self) -> Plot:
        """Return the same for the page."""
        layout = stack_panels(self._heights(), [one.title for one in self.maps], 190.0)
        data = []
        for panel, one in enumerate(self.maps, start=1):
            names = [*one.tokens, GATE]
            trace = plot_map(one.rows, self.rate, names, panel, "%{z:.0%}", colorscale=POWER, zmin=0, showscale=False)
            data.append(trace | {"x0": self.start + 0.5 / self.rate})
            layout[f"yaxis{panel}"] |= {"type": "category", "automargin": "left", "tickvals": names, "ticktext": names}
        return {"data": data, "layout": layout}
