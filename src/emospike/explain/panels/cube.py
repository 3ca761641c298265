"""The network in the brain: every neuron at its place, coloured by its spikes; it turns, or stands in three views."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float32, Int64

from emospike.brain.template import BrainTemplate
from emospike.explain.heat import short_channel
from emospike.explain.html import Page, Plot
from emospike.explain.panel import Panel
from emospike.explain.panels.inputs import SIDES, find_sources, frame_side, spread_of
from emospike.explain.style import ACTIVITY, HIGHLIGHT, SITE, add_legend, colour_bar, new_figure
from emospike.explain.wording import WORDS
from emospike.series import Channel

if TYPE_CHECKING:
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

MOST_NEURONS = 12_000
SCALE = [[0, "var(--quiet)"], [0.35, "var(--low)"], [0.7, "var(--middle)"], [1, "var(--busy)"]]
PLACE = "%{x:.0f}, %{y:.0f}, %{z:.0f} mm"
ROUND = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)


def activity_colours() -> Colormap:
    """Return the colours from a silent to the most active neuron."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("activity", ACTIVITY)


def sample(neurons: int, most: int) -> Int64[np.ndarray, " sampled"]:
    """Return the neurons to draw: all, or an even sample of a larger network."""
    return np.linspace(0, neurons - 1, min(neurons, most)).astype(np.int64)


def whole_region(name: str) -> str:
    """Return a region's name without its hemisphere.

    >>> whole_region("A1 L"), whole_region("A1")
    ('A1', 'A1')
    """
    return name[:-2] if name.endswith((" L", " R")) else name


@dataclass(frozen=True, eq=False)
class CubePanel(Panel):
    """The spikes of each neuron at its place.

    Attributes
    ----------
    template : places and regions of the neurons
    counts : spikes of each
    channels, sites : the input channels and where they enter, MNI mm
    """

    template: BrainTemplate
    counts: Int64[np.ndarray, " neurons"]
    channels: tuple[Channel, ...]
    sites: Float32[np.ndarray, "channels sites 3"]

    name = "cube"
    title = "The network in the brain"
    alt = "The neurons at their places in the brain, coloured by their spikes, A1 and STS ringed, and the input sites."

    @property
    def caption(self) -> str:
        """How to read the places and colours."""
        return (
            "Every dot is a model neuron at its place in the MNI152 brain, coloured by the spikes that it fired in "
            f"this clip ({self.counts.sum():,} in all, {(self.counts > 0).sum():,} of {len(self.counts):,} neurons "
            "fired). Regions follow coordinate rules, good to about 10 mm. Crosses are the sites of the input "
            "channels. A neuron near a site is the likeliest to be reached by its "
            "channel; yet where the input wiring is diffuse, as in the default preset, most synapses of a channel end "
            "elsewhere, all over the brain. This is activity of the model, not of anyone's brain."
        )

    def html(self, page: Page) -> str:
        """Return the turning brain and its still picture."""
        return "\n".join(
            [
                '<button id="turn" type="button">Turn</button>',
                super().html(page),
                '<p class="note">Drag to turn; tap a name to hide or show it, twice to see it alone.</p>',
                "<details><summary>The same from three sides; the busiest neurons hide those behind them</summary>",
                page.picture(self.figure(), self.alt),
                "</details>",
            ]
        )

    # -- the picture -------------------------------------------------------------------------------------------

    def figure(self) -> Figure:
        """Return three orthogonal views: all neurons, A1 and STS ringed, and the sites of the input channels."""
        from matplotlib.colors import PowerNorm
        from matplotlib.lines import Line2D

        figure, spread = new_figure(10, 4.0), spread_of(self.template)
        axes = figure.subplots(1, 3, width_ratios=[spread[right] for _, right, _, _ in SIDES])
        chosen = sample(len(self.counts), MOST_NEURONS)
        chosen = chosen[np.argsort(self.counts[chosen], kind="stable")]  # the most active neurons are drawn on top
        counts = self.counts[chosen]
        norm = PowerNorm(0.5, 0, max(int(counts.max(initial=0)), 1))
        region = np.array([whole_region(name) for name in self.template.regions], object)[self.template.region[chosen]]
        for one, side in zip(axes, SIDES, strict=True):
            points = self.template.positions[chosen][:, [side[1], side[2]]]
            x, y = points.T
            one.scatter(x, y, c=counts, s=3 + 20 * norm(counts), cmap=activity_colours(), norm=norm, linewidths=0)
            for name, colour in HIGHLIGHT.items():
                one.scatter(*points[region == name].T, s=26, facecolors="none", edgecolors=colour, linewidths=0.7)
            sites = np.unique(self.sites.reshape(-1, 3)[:, [side[1], side[2]]], axis=0)
            one.scatter(*sites.T, marker="x", s=4, color=SITE, linewidths=0.4)
            frame_side(one, side, points, spread)
        label = "spikes in this clip, the busiest in front"
        colour_bar(figure, axes[0].collections[0], axes, label, aspect=25, shrink=0.85)
        rings = [
            Line2D([], [], marker="o", linestyle="", markerfacecolor="none", markeredgecolor=colour, label=name)
            for name, colour in HIGHLIGHT.items()
        ]
        cross = Line2D([], [], marker="x", linestyle="", color=SITE, label="sites of the input channels")
        add_legend(figure, [*rings, cross], "outside lower left")
        return figure

    # -- the plot ----------------------------------------------------------------------------------------------

    def plot(self) -> Plot:
        """Return the neurons in three dimensions, a trace for each region, so that the legend selects."""
        chosen, most = sample(len(self.counts), MOST_NEURONS), int(self.counts.max(initial=0))
        names = [self.template.regions[i] for i in self.template.region[chosen]]
        shown = np.array([name if whole_region(name) in HIGHLIGHT else whole_region(name) for name in names])
        order = sorted(set(shown.tolist()), key=lambda name: (whole_region(name) not in HIGHLIGHT, name))
        data = [self._plot_region(name, chosen[shown == name], most) for name in order]
        data += [self._plot_legend(name, chosen[shown == name]) for name in order]
        data += [self._plot_sites(modality, own) for modality, own in find_sources(self.channels).items()]
        ticks = [count for count in ROUND if count <= max(most, 1)]
        ticks = [ticks[0], *ticks[-4:]] if len(ticks) > 5 else ticks
        bar = {"title": {"text": "spikes"}, "thickness": 10, "len": 0.5, "ticktext": [str(count) for count in ticks]}
        bar["tickvals"] = [float(np.sqrt(count / max(most, 1))) for count in ticks]
        layout = {
            "scene": {"aspectmode": "data"},
            "coloraxis": {"colorscale": SCALE, "cmin": 0, "cmax": 1, "colorbar": bar},
            "height": 520,
        }
        return {"data": [*data, self._plot_ends()], "layout": layout}

    def _plot_region(self, name: str, own: Int64[np.ndarray, " own"], most: int) -> Plot:
        """Return the neurons of one region: size and colour grow with the square root of their spikes."""
        root = np.sqrt(self.counts[own] / max(most, 1)).astype(np.float32)
        marker = {"size": 3 + 7 * root, "color": root, "coloraxis": "coloraxis", "opacity": 0.9, "line": {"width": 0}}
        return scatter_places(self.template.positions[own]) | {
            "legendgroup": name,
            "showlegend": False,
            "marker": marker,
            "customdata": self.counts[own].astype(np.int32),
            "hovertemplate": f"{name}: %{{customdata}} spikes<br>{PLACE}<extra></extra>",
        }

    def _plot_legend(self, name: str, own: Int64[np.ndarray, " own"]) -> Plot:
        """Return what stands for a region in the legend: rings around its neurons if it is a highlighted one."""
        ring = HIGHLIGHT.get(whole_region(name))
        places = self.template.positions[own] if ring else np.full((1, 3), np.nan, np.float32)
        marker = {"symbol": "circle-open", "size": 8, "color": ring or "var(--muted)", "line": {"width": 2}}
        return scatter_places(places) | {"legendgroup": name, "name": name, "marker": marker, "hoverinfo": "skip"}

    def _plot_sites(self, modality: str, own: dict[Channel, int]) -> Plot:
        """Return the sites of the input channels of a modality."""
        sites = self.sites[list(own.values())]
        names = np.repeat([short_channel(channel) for channel in own], sites.shape[1])
        points, first = np.unique(sites.reshape(-1, 3), axis=0, return_index=True)
        return scatter_places(points) | {
            "name": f"sites of the {WORDS[modality]}",
            "marker": {"symbol": "x", "size": 2, "color": f"var(--{modality})"},
            "text": names[first].tolist(),
            "hovertemplate": f"%{{text}} enters here<br>{PLACE}<extra></extra>",
        }

    def _plot_ends(self) -> Plot:
        """Return the names of the directions, just outside the neurons."""
        low, high = self.template.positions.min(axis=0) - 12, self.template.positions.max(axis=0) + 12
        x, y, z = (low + high) / 2
        places = np.array([[low[0], y, z], [high[0], y, z], [x, low[1], z], [x, high[1], z]])
        names = ["left", "right", "back", "front"]
        return scatter_places(places) | {"mode": "text", "text": names, "showlegend": False, "hoverinfo": "skip"}


def scatter_places(places: np.ndarray) -> Plot:
    """Return dots in the brain."""
    x, y, z = np.ascontiguousarray(places.T, np.float32)
    return {"type": "scatter3d", "mode": "markers", "x": x, "y": y, "z": z}
