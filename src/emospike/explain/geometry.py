"""Shapes that figures and page share: neurons and their spike counts, heat maps of bounded size, arcs of a network."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Int64, Num

from emospike.brain.topography import part_of
from emospike.explain.explanation import Explanation
from emospike.features.prosody import ABSENT
from emospike.series import Series

MOST_COLUMNS = 1500  # of a heat map; more would be finer than a screen
MOST_NEURONS = 12_000
MOST_ARCS = 24
MOST_NAMES = 12
MOST_UNITS = 20  # of a face, all named in a panel of their own height


def binned(
    values: Num[np.ndarray, "steps channels"], rate: float, most: int = MOST_COLUMNS
) -> tuple[Num[np.ndarray, "columns channels"], float]:
    """Return means over equal stretches, so few that there are `most` at most, and columns per second.

    >>> binned(np.float32([[0], [2], [4], [6]]), rate=100.0, most=2)[0].ravel().tolist()
    [1.0, 5.0]
    """
    width = -(-len(values) // most)
    if width < 2:
        return values, rate
    starts = np.arange(0, len(values), width)
    sums = np.add.reduceat(values, starts, axis=0, dtype=np.float32)
    lengths = np.diff(np.append(starts, len(values)))[:, None]
    return (sums / lengths).astype(np.float32), rate / width


def of_face(channels: Sequence[str]) -> bool:
    """Return whether these are channels of a face.

    >>> of_face(("AU12 lip corner puller", "AU26 jaw drop")), of_face(("mel 100 Hz",)), of_face(())
    (True, False, False)
    """
    return bool(channels) and all(part_of(name) for name in channels)


def channels_by_sense(channels: tuple[str, ...]) -> dict[str, dict[str, int]]:
    """Return the first channel of each name without level or field, by sense.

    >>> channels_by_sense(("mel 90 Hz @0.5", "mel 90 Hz @1", "AU26 jaw drop"))
    {'audio': {'mel 90 Hz': 0}, 'face': {'AU26 jaw drop': 2}}
    """
    found: dict[str, dict[str, int]] = {}
    for i, channel in enumerate(channels):
        sense = "audio" if part_of(channel) is None else "face"
        found.setdefault(sense, {}).setdefault(re.split(" [@#]", channel)[0], i)
    return {sense: found[sense] for sense in ("audio", "face") if sense in found}


def own_ranges(channels: tuple[str, ...]) -> bool:
    """Return whether the channels have different units: their names begin with the words of several groups.

    The action units of a face have one unit, of intensity.

    >>> own_ranges(("loudness energy", "timbre flux")), own_ranges(("mel 100 Hz", "mel 200 Hz"))
    (True, False)
    """
    if of_face(channels):
        return False
    return len({group for group, space, _ in (name.partition(" ") for name in channels) if space}) > 1


def shown_values(series: Series, like: Series) -> Float32[np.ndarray, "steps channels"]:
    """Return what to draw of a series: NaN where a value is `ABSENT`.

    Channels of different units go from 0 to 1, where the same channel of `like` has its lowest and highest value.
    """
    values = np.where(series.values == ABSENT, np.float32(np.nan), series.values)
    if not own_ranges(series.channels):
        return values
    present = like.values != ABSENT
    low = like.values.min(axis=0, where=present, initial=np.inf)
    high = like.values.max(axis=0, where=present, initial=-np.inf)
    ranged: Float32[np.ndarray, "steps channels"] = (values - low) / np.where(high > low, high - low, 1)
    return ranged


def limits(series: Series) -> dict[str, float]:
    """Return the lowest and the highest value to draw, as matplotlib's `vmin` and `vmax`; nothing if there are none.

    Of a face the lowest is 0, a face at rest.
    """
    values = shown_values(series, series)
    known = values[np.isfinite(values)]
    low = 0.0 if of_face(series.channels) else float(known.min(initial=np.inf))
    return {"vmin": low, "vmax": float(known.max())} if known.size else {}


def channel_ticks(channels: int, most: int = 5) -> Int64[np.ndarray, " ticks"]:
    """Return the channels that are named beside a heat map: all if their names fit, else `most`, evenly spaced."""
    if channels <= MOST_NAMES:
        return np.arange(channels)
    return np.unique(np.linspace(0, channels - 1, most).round().astype(np.int64))


def named(channels: Sequence[str]) -> Int64[np.ndarray, " ticks"]:
    """Return the channels of a feature that are named beside its heat map: every action unit, else `channel_ticks`."""
    if of_face(channels) and len(channels) <= MOST_UNITS:
        return np.arange(len(channels))
    return channel_ticks(len(channels))


def height(channels: Sequence[str]) -> float:
    """Return how tall the heat map of a feature is, 1 being usual."""
    return 1.5 if len(named(channels)) > MOST_NAMES else 1.0


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
    """Return the angles of one side's nodes, upwards, at equal steps of height so that their names have room."""
    count = int(chosen.sum())
    return np.asarray(np.arcsin(0.98 * (2 * (np.arange(count) + 0.5) / max(count, 1) - 1)))


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
