"""Graphs in a circle: nodes, and arcs between them, for pictures and for the page; and what panels of them share."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float

from emospike.explain import html
from emospike.explain.html import Page, Plot
from emospike.explain.panel import Panel
from emospike.explain.style import COLOURS, INK, SMALL, add_legend, new_figure, tidy
from emospike.explain.wording import cut

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Strength = Float[np.ndarray, "nodes nodes"]
Points = Float[np.ndarray, "points 2"]

KINDS = {"audio": "within sound", "face": "within the face", "both": "between them"}
"""What arcs are within."""

ARCS = (
    "An arc says how often a spike at one node is followed by a spike at the other in the next step (10 ms), per "
    "second of clip and pair of neurons; it runs from its thick to its thin end. A disc's area says the same of a node "
    "and itself."
)

WIDEST = 0.12  # arc, of the circle's radius


@dataclass(frozen=True, eq=False)
class View:
    """One state of a graph.

    Attributes
    ----------
    title : what it shows
    strength : [from, to]; of a difference it has signs
    scale : the strength that is drawn widest
    difference : whether it is one state minus another
    """

    title: str
    strength: Strength
    scale: float
    difference: bool = False


@dataclass(frozen=True, eq=False)
class Arc:
    """One arc as it is drawn: from its thick to its thin end, opacity and colour by name."""

    source: int
    target: int
    value: float
    outline: Points
    colour: str
    opacity: float


@dataclass(frozen=True, eq=False)
class CircleGraph:
    """Nodes on a circle.

    Attributes
    ----------
    nodes : their names
    places : on a circle of radius 1
    modalities : of the nodes, where arcs are told apart by what they are within; empty where they are alike
    most : arcs that are drawn; of each kind where they are told apart
    unit : of strength
    own : what a node's strength to itself is
    directed : whether arcs run from one node to another; else each pair has one, above the diagonal
    """

    nodes: tuple[str, ...]
    places: Points
    modalities: tuple[str, ...] = ()
    most: int = 24
    unit: str = "/s"
    own: str = "{name} → itself: {value:.2f} /s"
    directed: bool = True

    def kind(self, a: int, b: int) -> str:
        """Return what an arc is within: ``"audio"``, ``"face"``, or ``"both"`` if it crosses between them."""
        if not self.modalities:
            return "arc"
        return self.modalities[a] if self.modalities[a] == self.modalities[b] else "both"

    def arcs(self, view: View) -> list[Arc]:
        """Return the strongest arcs between different nodes, the weakest first, so that they are covered."""
        size = np.abs(view.strength) * ~np.eye(len(self.nodes), dtype=bool)
        kinds = np.array([[self.kind(a, b) for b in range(len(self.nodes))] for a in range(len(self.nodes))])
        found = []
        for kind in np.unique(kinds):
            own = np.where(kinds == kind, size, 0).ravel()
            found += [i for i in np.argsort(own, kind="stable")[-self.most :].tolist() if own[i] > 0]
        found.sort(key=lambda i: size.flat[i])
        return [self._arc(view, *divmod(i, len(self.nodes))) for i in found]

    def _arc(self, view: View, a: int, b: int) -> Arc:
        value = float(view.strength[a, b])
        wide = abs(value) / view.scale
        outline = bend_ribbon(self.places[a], self.places[b], WIDEST * wide, directed=self.directed)
        return Arc(a, b, value, outline, self._colour(view, value, self.kind(a, b)), 0.28 + 0.6 * wide)

    def _colour(self, view: View, value: float, kind: str) -> str:
        return kind if not view.difference else "for" if value >= 0 else "against"

    def _colours(self, view: View) -> list[str]:
        """Return the colours of the nodes."""
        own = np.diag(view.strength)
        return [self._colour(view, value, self.kind(i, i)) for i, value in enumerate(own)]

    def describe_scale(self, view: View) -> str:
        """Return what an arc of full width stands for."""
        line = f"full width: {view.scale:.2g} {self.unit}"
        return f"{line} more (blue) or less (orange)" if view.difference else line

    def draw(self, axes: Axes, view: View) -> None:
        """Draw arcs, a disc for each node, names outside the circle."""
        from matplotlib.collections import PolyCollection

        arcs = self.arcs(view)
        if arcs:  # no collection of matplotlib's may be empty and have an alpha
            colours, alpha = [COLOURS[arc.colour] for arc in arcs], [arc.opacity for arc in arcs]
            outlines = [arc.outline for arc in arcs]
            axes.add_collection(PolyCollection(outlines, facecolors=colours, alpha=alpha, linewidths=0))
        size = 5 + 110 * np.abs(np.diag(view.strength)) / view.scale
        x, y = self.places.T
        axes.scatter(x, y, s=size, c=[COLOURS[name] for name in self._colours(view)], zorder=3)
        for name, (across, up) in zip(self.nodes, self.places.tolist(), strict=True):
            side = "left" if across > 0.01 else "right" if across < -0.01 else "center"
            label = textwrap.fill(cut(name, 44), 22)
            axes.text(1.1 * across, 1.08 * up, label, ha=side, va="center", fontsize=SMALL, color=INK)
        axes.set(xlim=(-2.2, 2.2), ylim=(-1.2, 1.2), xticks=[], yticks=[], aspect="equal")
        tidy(axes, cut(view.title, 44), self.describe_scale(view))
        axes.spines[:].set_visible(False)

    def plot(self, view: View) -> Plot:
        """Return the same for the page."""
        link = "→" if self.directed else "with"
        hidden = {"mode": "none", "fill": "toself", "hoveron": "fills", "hoverinfo": "text", "showlegend": False}
        data: list[Plot] = [
            _scatter(arc.outline)
            | hidden
            | {"fillcolor": f"var(--{arc.colour})", "opacity": round(arc.opacity, 3)}
            | {"text": f"{self.nodes[arc.source]} {link} {self.nodes[arc.target]}: {arc.value:.2f} {self.unit}"}
            for arc in self.arcs(view)
        ]
        own = np.diag(view.strength)
        marker = {
            "size": 4 + 14 * np.sqrt(np.abs(own) / view.scale).astype(np.float32),
            "color": [f"var(--{name})" for name in self._colours(view)],
            "opacity": 1,
        }
        text = [self.own.format(name=name, value=value) for name, value in zip(self.nodes, own, strict=True)]
        data.append(_scatter(self.places) | {"mode": "markers", "marker": marker, "text": text, "hoverinfo": "text"})
        names = {
            "mode": "text",
            "text": [f"\u00a0{name}\u00a0" for name in self.nodes],
            "textposition": ["middle right" if x > 0 else "middle left" for x in self.places[:, 0]],
            "hoverinfo": "skip",
            "cliponaxis": False,
        }
        data.append(_scatter(1.1 * self.places) | names)
        axis = {"visible": False, "fixedrange": True}
        layout = {"xaxis": axis | {"range": [-2.6, 2.6]}, "yaxis": axis | {"range": [-1.15, 1.15]}, "height": 460}
        return {"name": view.title, "note": self.describe_scale(view), "data": data, "layout": layout}


def _scatter(points: Points) -> Plot:
    x, y = points.T.astype(np.float32)
    return {"type": "scatter", "x": x, "y": y, "showlegend": False}


@dataclass(frozen=True, eq=False)
class GraphPanel(Panel):
    """A panel of one graph in several states; the picture shows the first, the page has them all.

    Attributes
    ----------
    graph : nodes, and how they are drawn
    views : its states
    """

    graph: CircleGraph
    views: Sequence[View]

    def pictured(self) -> Sequence[View]:
        """Return the views of the picture: all, or this clip, the two most probable classes, and how these differ."""
        if len(self.views) <= 4:
            return self.views
        return [self.views[0], *[view for view in self.views if not view.difference][1:3], self.views[-1]]

    def figure(self) -> Figure:
        """Return the views side by side."""
        from matplotlib.patches import Patch

        views = self.pictured()
        columns = 2 if len(views) in (2, 4) else len(views)
        names = max(sum(self.graph.places[:, 0] * side > 0.01) for side in (-1, 1))
        tall = max(3.2, 0.9 + 0.15 * names)
        figure = new_figure(5.0 * columns, tall * -(-len(views) // columns) + 0.3)
        panels = figure.subplots(-(-len(views) // columns), columns, squeeze=False)
        for axes, view in zip(panels.flat, views, strict=True):
            self.graph.draw(axes, view)
        if self.graph.modalities:
            handles = [Patch(color=COLOURS[kind], label=label) for kind, label in KINDS.items()]
            add_legend(figure, handles, "outside upper center")
        return figure

    def plot(self) -> list[Plot]:
        """Return all views."""
        return [self.graph.plot(view) for view in self.views]

    def html(self, page: Page) -> str:
        """Return the plot, with what its colours mean."""
        return super().html(page) + (html.key(**KINDS) if self.graph.modalities else "")


def view_classes(clip: Strength, means: Mapping[str, Strength], probabilities: Mapping[str, float]) -> list[View]:
    """Return this clip, then for each class (the most probable first) its mean and this clip minus it.

    The last view is the difference of the two most probable classes. Strengths share one scale, differences another, so
    that widths can be compared from view to view.
    """
    labels = sorted(means, key=lambda label: -probabilities.get(label, 0.0))
    apart = {f"This clip − mean of “{label}”": clip - means[label] for label in labels}
    if len(labels) > 1:
        apart[f"“{labels[0]}” − “{labels[1]}”"] = means[labels[0]] - means[labels[1]]
    most, wide = _largest([clip, *means.values()]), _largest([*apart.values()])
    differences = [View(title, one, wide, True) for title, one in apart.items()]
    views = [View("This clip", clip, most)]
    for label, difference in zip(labels, differences, strict=False):
        views += [View(f"Mean of “{label}” clips", means[label], most), difference]
    return views + differences[len(labels) :]


def _largest(strengths: Sequence[Strength]) -> float:
    """Return the largest strength of all, to scale arcs by."""
    return max((float(np.abs(one).max(initial=0.0)) for one in strengths), default=0.0) or 1.0


def place_on_circle(sides: Sequence[str]) -> Points:
    """Return where nodes sit on a circle of radius 1: those of side ``"L"`` on the left, ``"R"`` on the right, upwards.

    If any has no side, all are spread over the whole circle.
    """
    angle = np.zeros(len(sides))
    left, right = (np.array([one == side for one in sides], bool) for side in "LR")
    if not np.all(left | right):
        angle = np.pi / 2 - 2 * np.pi * np.arange(len(sides)) / len(sides)
    else:
        angle[left] = np.pi - _rise(left)
        angle[right] = _rise(right)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _rise(chosen: Bool[np.ndarray, " nodes"]) -> Float[np.ndarray, " half"]:
    """Return the angles of one side's nodes, upwards, at equal steps of height so that their names have room."""
    count = int(chosen.sum())
    return np.asarray(np.arcsin(0.98 * (2 * (np.arange(count) + 0.5) / max(count, 1) - 1)))


def bend_ribbon(
    start: Float[np.ndarray, " 2"],
    stop: Float[np.ndarray, " 2"],
    width: float,
    *,
    directed: bool = True,
    points: int = 24,
) -> Points:
    """Return the outline of an arc from `start` (where it has its `width`) to `stop` (where it is a fifth of that).

    The arc bends towards the centre of the circle, and a little to its own right, so that the arc back lies beside it.
    One that is not directed is a straight line of half that width.
    """
    along = stop - start
    aside = np.array([along[1], -along[0]])
    bend = 0.15 * (start + stop) + 0.12 * aside if directed else (start + stop) / 2
    t = np.linspace(0, 1, points)[:, None]
    line = (1 - t) ** 2 * start + 2 * t * (1 - t) * bend + t**2 * stop
    slope = 2 * (1 - t) * (bend - start) + 2 * t * (stop - bend)
    normal = np.stack([-slope[:, 1], slope[:, 0]], axis=1) / np.linalg.norm(slope, axis=1, keepdims=True)
    half = normal * width / 2 * (1 - 0.8 * t if directed else 0.5)
    return np.concatenate([line + half, (line - half)[::-1]])
