"""Shapes that figures and page share: neurons and their spike counts, heat maps of bounded size, arcs of a network."""

from __future__ import annotations

import re

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Int64, Num

from emospike.spikes import Spikes
from emospike.systems.contract import Explanation

MOST_COLUMNS = 1500  # of a heat map; more would be finer than a screen
MOST_NEURONS = 12_000
MOST_ARCS = 24


def binned(
    values: Num[np.ndarray, "steps channels"], rate: float, most: int = MOST_COLUMNS
) -> tuple[Float32[np.ndarray, "columns channels"], float]:
    """Return means over equal stretches, so few that there are `most` at most, and columns per second.

    >>> binned(np.float32([[0], [2], [4], [6]]), rate=100.0, most=2)[0].ravel().tolist()
    [1.0, 5.0]
    """
    width = -(-len(values) // most) if len(values) else 1
    starts = np.arange(0, len(values), width)
    sums = np.add.reduceat(values, starts, axis=0, dtype=np.float32) if len(values) else values
    lengths = np.diff(np.append(starts, len(values)))[:, None]
    return (sums / lengths).astype(np.float32), rate / width


def raster_rows(spikes: Spikes, channels: tuple[str, ...]) -> Int64[np.ndarray, " rows"]:
    """Return the spike channels that belong to a series: those named like its channels, at any level; else all."""
    names = set(channels)
    own = [i for i, name in enumerate(spikes.channels) if re.split(" [@#]", name)[0] in names]
    return np.array(own or range(len(spikes.channels)), np.int64)


def levels(channels: tuple[str, ...]) -> list[tuple[str, int]]:
    """Return the name of each level and how many successive rows it has.

    >>> levels(("a @0.5", "b @0.5", "a @1", "b @1"))
    [('0.5', 2), ('1', 2)]
    """
    found: list[tuple[str, int]] = []
    for name in channels:
        level = name.partition(" @")[2]
        rows = found.pop()[1] if found and found[-1][0] == level else 0
        found.append((level, rows + 1))
    return found


def channel_ticks(channels: int, most: int = 5) -> Int64[np.ndarray, " ticks"]:
    """Return the channels whose names fit beside a heat map."""
    return np.unique(np.linspace(0, max(channels - 1, 0), most).round().astype(np.int64))[: max(channels, 0)]


def spike_counts(explanation: Explanation) -> Int64[np.ndarray, " neurons"]:
    """Return the spikes of each neuron in this clip."""
    activity = explanation.activity
    return np.bincount(activity.neuron, minlength=activity.neurons)


def drawn(explanation: Explanation) -> Int64[np.ndarray, " drawn"]:
    """Return the neurons to draw: all, or an even sample of `MOST_NEURONS` from a larger network."""
    neurons = len(explanation.positions)
    return np.linspace(0, neurons - 1, min(neurons, MOST_NEURONS)).astype(np.int64)


def whole_region(name: str) -> str:
    """Return a region's name without its hemisphere.

    >>> whole_region("A1 L"), whole_region("A1")
    ('A1', 'A1')
    """
    return name[:-2] if name.endswith((" L", " R")) else name


@dataclass(frozen=True)
class View:
    """One state of the interaction network to draw.

    Attributes
    ----------
    title : what it shows
    counts : [from, to], 1/s; of a difference they have signs
    scale : the count that is drawn widest
    difference : whether it is this clip minus a mean
    """

    title: str
    counts: Float[np.ndarray, "nodes nodes"]
    scale: float
    difference: bool


def network_views(explanation: Explanation) -> list[View]:
    """Return this clip, then for each class (the most probable first) its mean and this clip minus it.

    Counts share one scale, differences another, so that widths can be compared from view to view.
    """
    clip, probability = explanation.interactions, explanation.decision.probabilities
    means = sorted(explanation.class_interactions.items(), key=lambda item: -probability.get(item[0], 0.0))
    most = max([_largest(clip), *(_largest(mean) for _, mean in means)])
    apart = max([_largest(clip - mean) for _, mean in means], default=1.0)
    views = [View("This clip", clip, most, False)]
    for label, mean in means:
        views.append(View(f"Mean of “{label}” clips", mean, most, False))
        views.append(View(f"This clip − mean of “{label}”", clip - mean, apart, True))
    return views


def _largest(counts: Float[np.ndarray, "nodes nodes"]) -> float:
    return float(np.abs(counts).max(initial=0.0)) or 1.0


def strongest_arcs(counts: Float[np.ndarray, "nodes nodes"], most: int = MOST_ARCS) -> list[tuple[int, int, float]]:
    """Return (from, to, count) of the largest counts between different nodes, the weakest first."""
    size = np.abs(counts) * ~np.eye(len(counts), dtype=bool)
    order = np.argsort(size, axis=None)[-most:]
    pairs = zip(*np.unravel_index(order, counts.shape), strict=True)
    return [(int(a), int(b), float(counts[a, b])) for a, b in pairs if size[a, b] > 0]


def circle(nodes: tuple[str, ...]) -> Float[np.ndarray, "nodes 2"]:
    """Return where nodes sit on a circle of radius 1: names in L on the left, in R on the right, upwards each.

    Names without a hemisphere are spread over the whole circle.
    """
    angle = np.zeros(len(nodes))
    left, right = (np.array([name.endswith(side) for name in nodes], bool) for side in (" L", " R"))
    if not np.all(left | right):
        angle = np.pi / 2 - 2 * np.pi * np.arange(len(nodes)) / len(nodes)
    else:
        angle[left] = np.radians(180) - _half(left)
        angle[right] = _half(right)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _half(chosen: Bool[np.ndarray, " nodes"]) -> Float[np.ndarray, " half"]:
    """Return the angles of one side's nodes, from below to above the horizontal."""
    count = int(chosen.sum())
    return np.radians(-78 + 156 * (np.arange(count) + 0.5) / max(count, 1))


def ribbon(
    start: Float[np.ndarray, " 2"], stop: Float[np.ndarray, " 2"], width: float, points: int = 24
) -> Float[np.ndarray, "outline 2"]:
    """Return the outline of an arc from `start` (where it has its `width`) to `stop` (where it is a fifth of that).

    The arc bends towards the centre of the circle, and a little to its own right, so that the arc back lies beside it.
    """
    along = stop - start
    aside = np.array([along[1], -along[0]])
    bend = 0.15 * (start + stop) + 0.12 * aside
    t = np.linspace(0, 1, points)[:, None]
    line = (1 - t) ** 2 * start + 2 * t * (1 - t) * bend + t**2 * stop
    slope = 2 * (1 - t) * (bend - start) + 2 * t * (stop - bend)
    normal = np.stack([-slope[:, 1], slope[:, 0]], axis=1) / np.linalg.norm(slope, axis=1, keepdims=True)
    half = normal * width / 2 * (1 - 0.8 * t)
    return np.concatenate([line + half, (line - half)[::-1]])
