"""The clip in motion: the neurons that fire, the lines of the face, and a mark on the sound, frame by frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, Float32, Int64, UInt8

from emospike.activity import Activity
from emospike.brain.template import BrainTemplate
from emospike.explain.face_lines import join_points, order_points
from emospike.explain.heat import stack_panels
from emospike.explain.html import SAMPLES, Page, Plot
from emospike.explain.panel import Panel
from emospike.explain.panels.cube import SCALE, activity_colours, sample, scatter_places, whole_region
from emospike.explain.style import FAINT, HIGHLIGHT, INK, MUTED, SMALL, colour_bar, new_figure, tidy
from emospike.features.face_landmarks import FaceLandmarks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_FRAMES = 120
SHORTEST = 0.05  # s; shorter frames hold too few spikes to be told apart
MOST_NEURONS = 4000
REST = "elsewhere"
ROOM = 0.06  # beside a face, of its size
MOMENTS = 6  # pictures in a row

CONTROLS = (
    '<div class="controls"><button id="play" type="button">Play</button>'
    '<input id="moment" type="range" min="0" max="{last}" value="0" aria-label="Moment of the clip">'
    '<output id="time" for="moment"></output><label>Speed <select id="speed"><option value="1">1</option>'
    '<option value="0.5" selected>½</option><option value="0.25">¼</option></select></label></div>'
)


@dataclass(frozen=True, eq=False)
class AnimationPanel(Panel):
    """What happens in each frame of a clip.

    Attributes
    ----------
    template : places of the neurons
    seconds : length of a frame
    neurons : those that are drawn: all, or an even sample
    counts : their spikes
    rates : spikes a second and neuron in A1, in STS, and elsewhere
    face : the points of the face at the middle of each frame, 0 to 1000 across a square that holds them all, y down
    seen : whether there is a face
    sound : at 16 kHz; empty where none decided
    """

    template: BrainTemplate
    seconds: float
    neurons: Int64[np.ndarray, " drawn"]
    counts: UInt8[np.ndarray, "frames drawn"]
    rates: Mapping[str, Float[np.ndarray, " frames"]]
    face: Float32[np.ndarray, "frames points 2"]
    seen: Bool[np.ndarray, " frames"]
    sound: Float32[np.ndarray, " samples"]

    name = "animation"
    title = "The clip as the network lives it"
    alt = (
        "Some moments of the clip: the brain from the right, the face, the sound, and the firing of parts of the brain."
    )

    def __len__(self) -> int:
        return len(self.counts)

    @property
    def caption(self) -> str:
        """How to read what moves."""
        face = " The face is drawn from the points that were found on it."
        return (
            f"The same clip, {1000 * self.seconds:.0f} ms a frame. The neurons that fire in a frame light up; below, "
            f"how often a neuron of each part of the brain fires on average (Hz).{face if self.face.size else ''}"
        )

    @property
    def starts(self) -> Float[np.ndarray, " frames"]:
        """When each frame begins, s."""
        return np.arange(len(self)) * self.seconds

    # -- the page ----------------------------------------------------------------------------------------------

    def html(self, page: Page) -> str:
        """Return controls, the brain and the face beside each other, and the clock below."""
        stage = [page.plot("brain", "The neurons that fire in each frame, at their places.", self._plot_brain())]
        if self.face.size:
            stage.append(page.plot("face", "The lines of the face in each frame.", self._plot_face()))
        said = "The sound and the firing of each part of the brain over time, with the place of the frame."
        return "\n".join(
            [
                CONTROLS.format(last=len(self) - 1),
                f'<div class="stage">{"".join(stage)}</div>',
                page.plot("clock", said, self._plot_clock()),
                "<details><summary>Some moments as a picture</summary>",
                page.picture(self.figure(), self.alt),
                "</details>",
            ]
        )

    def _plot_brain(self) -> Plot:
        """Return the neurons, small and pale while they are silent; spikes by frame are in the layout's ``"meta"``."""
        marker: Plot = {
            "size": 3,
            "color": np.zeros(len(self.neurons), np.float32),
            "colorscale": SCALE,
            "cmin": 0,
            "cmax": 1,
            "opacity": 0.9,
            "line": {"width": 0},
        }
        trace = scatter_places(self.template.positions[self.neurons])
        trace |= {"hoverinfo": "skip", "showlegend": False, "marker": marker}
        meta = {"counts": self.counts, "most": int(self.counts.max(initial=1)), "seconds": self.seconds}
        return {"data": [trace], "layout": {"scene": {"aspectmode": "data"}, "height": 420, "meta": meta}}

    def _plot_face(self) -> Plot:
        """Return the lines of the face; in ``"meta"`` its points, -1 for none, and the order of drawing."""
        trace: Plot = {"type": "scatter", "mode": "lines", "x": [], "y": [], "hoverinfo": "skip"}
        trace["line"] = {"color": "var(--face)", "width": 1.5}
        points = np.where(self.seen[:, None, None], self.face.round(), -1).astype(np.int16)
        axis = {"visible": False, "fixedrange": True}
        layout = {
            "xaxis": axis | {"range": [0, 1000]},
            "yaxis": axis | {"range": [1000, 0], "scaleanchor": "x"},
            "height": 420,
            "margin": {"l": 8, "r": 8, "t": 28, "b": 8},
            "meta": {"points": points, "order": order_points(self.face.shape[1]).astype(np.int16)},
        }
        return {"data": [trace], "layout": layout}

    def _plot_clock(self) -> Plot:
        """Return the sound and the rates over time, with a mark for the frame."""
        parts: list[tuple[float, str, list[Plot]]] = []
        if self.sound.size:
            parts.append((0.6, "Sound", [self._plot_wave()]))
        panel = len(parts) + 1
        parts.append((1.0, "Firing, Hz", [self._plot_rate(name, rate, panel) for name, rate in self.rates.items()]))
        layout = stack_panels([height for height, *_ in parts], [title for _, title, _ in parts], 130.0)
        if self.sound.size:
            layout["yaxis1"] |= {"visible": False}
        layout[f"yaxis{panel}"] |= {"rangemode": "tozero"}
        layout["xaxis"] |= {"range": [0, len(self) * self.seconds]}
        mark = {"type": "rect", "xref": "x", "yref": "paper", "y0": 0, "y1": 1, "x0": 0, "x1": self.seconds}
        layout["shapes"] = [mark | {"fillcolor": "var(--site)", "opacity": 0.35, "line": {"width": 0}}]
        place = {"xref": "container", "x": 0.03, "yref": "container", "y": 0, "yanchor": "bottom"}
        layout |= {"showlegend": True, "legend": {"orientation": "h", **place}, "height": layout["height"] + 30}
        layout["margin"] = {"l": 62, "r": 8, "t": 28, "b": 72}
        return {"data": [trace for *_, traces in parts for trace in traces], "layout": layout}

    def _plot_wave(self) -> Plot:
        """Return the sound as the room between its lowest and highest samples."""
        time, low, high = find_envelope(self.sound)
        x, y = np.concatenate([time, time[::-1]]), np.concatenate([high, low[::-1]])
        trace = {"type": "scatter", "mode": "none", "fill": "toself", "fillcolor": "var(--audio)", "hoverinfo": "skip"}
        return trace | {"x": x.astype(np.float32), "y": y, "yaxis": "y1", "showlegend": False}

    def _plot_rate(self, name: str, rate: Float[np.ndarray, " frames"], panel: int) -> Plot:
        return {
            "type": "scatter",
            "mode": "lines",
            "x": (self.starts + self.seconds / 2).astype(np.float32),
            "y": rate.astype(np.float32),
            "yaxis": f"y{panel}",
            "name": name,
            "line": {"color": HIGHLIGHT.get(name, "var(--muted)"), "width": 2},
            "hovertemplate": f"{name}: %{{y:.1f}} /s<extra></extra>",
        }

    # -- the picture -------------------------------------------------------------------------------------------

    def figure(self) -> Figure:
        """Return a row of brains from the right, one of faces, the sound, and rates over time."""
        heights = [1.3, *[1.3] * bool(self.face.size), *[0.7] * bool(self.sound.size), 1.0]
        figure = new_figure(10, sum(heights) + 1.0)
        grid = figure.add_gridspec(len(heights), MOMENTS, height_ratios=heights)
        moments = np.unique(np.linspace(0, len(self) - 1, 2 * MOMENTS + 1)[1::2].astype(np.int64))
        self._draw_brains(figure, [figure.add_subplot(grid[0, i]) for i in range(len(moments))], moments)
        for column, frame in enumerate(moments) if self.face.size else ():
            self._draw_face(figure.add_subplot(grid[1, column]), int(frame))
        below = figure.add_subplot(grid[-1, :])
        if self.sound.size:
            above = figure.add_subplot(grid[-2, :], sharex=below)
            time, low, high = find_envelope(self.sound)
            above.fill_between(time, low, high, color=HIGHLIGHT["A1"], linewidth=0)
            self._mark(above, moments)
            tidy(above, "Sound").spines["left"].set_visible(False)
            above.tick_params(labelbottom=False)
            above.set_yticks([])
        for name, rate in self.rates.items():
            below.plot(
                self.starts + self.seconds / 2, rate, color=HIGHLIGHT.get(name, MUTED), linewidth=1.4, label=name
            )
        self._mark(below, moments)
        below.set_xlim(0, len(self) * self.seconds)
        below.set_ylim(bottom=0)
        tidy(below, "Firing", "time, s; shaded: the moments above", "spikes a second\nand neuron")
        below.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=SMALL, labelcolor=INK)
        return figure

    def _draw_brains(self, figure: Figure, panels: list[Axes], moments: Int64[np.ndarray, " moments"]) -> None:
        """Draw the neurons seen from the right in some frames, the busiest in front."""
        from matplotlib.colors import PowerNorm

        points = self.template.positions[self.neurons][:, [1, 2]]
        norm = PowerNorm(0.5, 0, max(int(self.counts.max(initial=0)), 1))
        for axes, frame in zip(panels, moments.tolist(), strict=True):
            order = np.argsort(self.counts[frame], kind="stable")
            counts = self.counts[frame][order].astype(int)
            x, y = points[order].T
            axes.scatter(x, y, c=counts, s=1 + 8 * norm(counts), cmap=activity_colours(), norm=norm, linewidths=0)
            start = frame * self.seconds
            axes.set_title(f"{start:.2f}–{start + self.seconds:.2f} s", fontsize=SMALL, color=INK)
            axes.set(xticks=[], yticks=[], aspect="equal")
            axes.spines[:].set_visible(False)
        colour_bar(figure, panels[0].collections[0], panels, "spikes", aspect=12, shrink=0.8)

    def _draw_face(self, axes: Axes, frame: int) -> None:
        axes.set(xlim=(0, 1000), ylim=(1000, 0), xticks=[], yticks=[], aspect="equal")
        axes.spines[:].set_visible(False)
        if self.seen[frame]:
            axes.plot(*join_points(self.face[frame]).T, color=HIGHLIGHT["STS"], linewidth=0.8)
        else:
            axes.text(500, 500, "no face", ha="center", va="center", fontsize=SMALL, color=MUTED)

    def _mark(self, axes: Axes, moments: Int64[np.ndarray, " moments"]) -> None:
        for frame in moments:
            axes.axvspan(frame * self.seconds, (frame + 1) * self.seconds, color=FAINT, zorder=0)


def animate(
    activity: Activity,
    template: BrainTemplate,
    sound: Float32[np.ndarray, " samples"],
    face: FaceLandmarks | None = None,
) -> AnimationPanel:
    """Return a clip cut into frames of equal length."""
    steps, neurons = activity.steps, activity.neurons
    width = max(round(SHORTEST * activity.inputs.rate), -(-steps // MOST_FRAMES))
    frames, seconds = -(-steps // width), width / activity.inputs.rate
    flat = (activity.step // width).astype(np.int64) * neurons + activity.neuron
    spikes = np.bincount(flat, minlength=frames * neurons).reshape(frames, neurons)
    drawn = sample(neurons, MOST_NEURONS)
    names = np.array([whole_region(name) for name in template.regions], object)[template.region]
    areas = {name: names == name for name in HIGHLIGHT}
    areas[REST] = ~np.any(list(areas.values()), axis=0)
    rates = {name: spikes[:, own].mean(axis=1) / seconds for name, own in areas.items() if own.any()}
    points, seen = fit_face(face, (np.arange(frames) + 0.5) * seconds)
    counts = spikes[:, drawn].clip(0, 255).astype(np.uint8)
    return AnimationPanel(template, seconds, drawn, counts, rates, points, seen, sound)


def fit_face(
    face: FaceLandmarks | None, moments: Float[np.ndarray, " frames"]
) -> tuple[Float32[np.ndarray, "frames points 2"], Bool[np.ndarray, " frames"]]:
    """Return the points at these moments in a square that holds those of all moments."""
    if face is None:
        return np.zeros((len(moments), 0, 2), np.float32), np.zeros(len(moments), bool)
    points, seen = face.at(moments)
    known = points[seen] if seen.any() else points
    low, high = known.min(axis=(0, 1)), known.max(axis=(0, 1))
    size = (1 + 2 * ROOM) * max(float((high - low).max()), 1e-6)
    square = (points - (low + high) / 2) / size + 0.5
    return (1000 * square).astype(np.float32), seen


def find_envelope(
    sound: Float32[np.ndarray, " samples"], most: int = 800
) -> tuple[Float[np.ndarray, " columns"], Float32[np.ndarray, " columns"], Float32[np.ndarray, " columns"]]:
    """Return times (s), and the lowest and the highest sample of each of `most` stretches at most.

    >>> [part.tolist() for part in find_envelope(np.float32([0, 1, -1, 0]), most=2)]
    [[6.25e-05, 0.0001875], [0.0, -1.0], [1.0, 0.0]]
    """
    width = max(-(-len(sound) // most), 1)
    starts = np.arange(0, len(sound), width)
    if not len(starts):
        return np.empty(0), sound, sound
    low, high = (end.reduceat(sound, starts) for end in (np.minimum, np.maximum))
    return (starts + width / 2) / SAMPLES, low, high
