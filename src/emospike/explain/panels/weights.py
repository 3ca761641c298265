"""What competitive layers have learnt: the weights of each feature, laid out as what its window sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int

from emospike.explain.heat import sign_colours
from emospike.explain.panel import Panel
from emospike.explain.style import INK, MUTED, POWER, SMALL, colour_bar, new_figure, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

TILES = (2, 8)
"""Rows and columns of the features that are drawn."""


@dataclass(frozen=True, eq=False)
class LearntFeatures:
    """The features of one layer.

    Attributes
    ----------
    title : of the layer
    weights : of each feature, what it sees: time to the right, or a part of a picture
    counts : spikes of each in this clip
    axes : what lies to the right, and upwards
    signed : whether weights of lines for low values are below 0, beside those for high ones above
    """

    title: str
    weights: Float[np.ndarray, "features height width"]
    counts: Int[np.ndarray, " features"]
    axes: tuple[str, str]
    signed: bool = False


@dataclass(frozen=True, eq=False)
class WeightsPanel(Panel):
    """The weights of layers, and what those of their features that fired most have learnt to see.

    Attributes
    ----------
    layers : their features
    links : mean weights from the features of one layer (columns) to those of another (rows), by the names of both
    """

    layers: Sequence[LearntFeatures]
    links: Mapping[str, Float[np.ndarray, "to from"]] = field(default_factory=dict)

    name = "weights"
    title = "What the layers have learnt to see"

    @property
    def caption(self) -> str:
        """How to read the weights."""
        signs = " Blue: it is driven where the channel is high, orange: where it is low." if self._signed else ""
        links = " Below, the mean weights between the features of layers that hear each other." if self.links else ""
        return (
            "On the left all weights of a layer, a row a feature, scaled by the layer's largest; beside them the "
            "features that fired most in this clip, each with its spikes: the weights of its window, which "
            f"spike-timing-dependent plasticity has brought near to what it often fired for.{signs}{links}"
        )

    @property
    def _signed(self) -> bool:
        return any(one.signed for one in self.layers)

    @property
    def alt(self) -> str:
        """The features that fired most."""
        said = []
        for one in self.layers:
            most = ", ".join(f"{i + 1} ({one.counts[i]} spikes)" for i in np.argsort(-one.counts, kind="stable")[:3])
            said.append(f"{one.title}: {len(one.weights)} features, the busiest {most}")
        return f"Weights of what competitive layers have learnt. {'; '.join(said)}."

    def figure(self) -> Figure:
        """Return all weights of each layer beside its busiest features."""
        rows = len(self.layers) + bool(self.links)
        figure = new_figure(11, 2.9 * rows)
        parts = figure.subfigures(rows, 1, squeeze=False)[:, 0]
        for part, layer in zip(parts, self.layers, strict=False):
            self._draw(part, layer)
        if self.links:
            panels = parts[-1].subplots(1, len(self.links), squeeze=False)[0]
            for axes, (name, weights) in zip(panels, self.links.items(), strict=True):
                to, of = weights.shape
                extent = (0.5, of + 0.5, to + 0.5, 0.5)
                image = axes.imshow(weights, aspect="auto", interpolation="nearest", cmap=POWER, vmin=0, extent=extent)
                tidy(axes, name, "feature that is heard", "feature")
                colour_bar(parts[-1], image, axes, "weight")
        return figure

    def _draw(self, figure: SubFigure, layer: LearntFeatures) -> None:
        rows, columns = TILES
        grid = figure.add_gridspec(rows, columns + 1, width_ratios=[3.0, *[1.0] * columns])
        most = max(float(np.abs(layer.weights).max()), 1e-9)
        colours: dict[str, Any] = {"cmap": POWER, "vmin": 0, "vmax": most}
        colours |= {"cmap": sign_colours(), "vmin": -most} if layer.signed else {}
        whole = figure.add_subplot(grid[:, 0])
        flat = layer.weights.reshape(len(layer.weights), -1)
        extent = (0.5, flat.shape[1] + 0.5, len(flat) + 0.5, 0.5)  # features count from 1
        whole.imshow(flat, aspect="auto", interpolation="nearest", extent=extent, **colours)
        tidy(whole, layer.title, "place in the window", "feature")
        chosen = np.argsort(-layer.counts, kind="stable")[: rows * columns]
        for place, feature in enumerate(chosen[layer.counts[chosen] > 0].tolist()):
            axes = figure.add_subplot(grid[place // columns, 1 + place % columns])
            axes.imshow(layer.weights[feature], aspect="auto", origin="lower", interpolation="nearest", **colours)
            axes.set(xticks=[], yticks=[])
            axes.set_title(f"{feature + 1}: {layer.counts[feature]}", fontsize=SMALL, color=INK)
            self._name_axes(axes, layer, place)

    def _name_axes(self, axes: Axes, layer: LearntFeatures, place: int) -> None:
        """Name the axes of the first tile, for all of them."""
        if place == 0:
            axes.set_xlabel(layer.axes[0], fontsize=SMALL - 1, color=MUTED)
            axes.set_ylabel(layer.axes[1], fontsize=SMALL - 1, color=MUTED)
