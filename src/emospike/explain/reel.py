"""The reel: a clip cut into frames of equal length, for pictures that move."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Int64, UInt8

from emospike.explain.explanation import Explanation
from emospike.explain.geometry import whole_region
from emospike.explain.style import HIGHLIGHT
from emospike.features.face_landmarks import Head

MOST_FRAMES = 120
SHORTEST = 0.05  # s; shorter frames hold too few spikes to be told apart
MOST_NEURONS = 4000
REST = "elsewhere"
SAMPLES = 16_000  # of sound, a second
ROOM = 0.06  # beside a face, of its size


@dataclass(frozen=True, eq=False)
class Reel:
    """What happens in each frame of a clip.

    Attributes
    ----------
    seconds : length of a frame
    neurons : those that are drawn: all, or an even sample
    counts : their spikes
    rates : spikes a second and neuron in A1, in STS, and elsewhere
    face : the points of the face at the middle of each frame, 0 to 1000 across a square that holds them all, y down
    seen : whether there is a face
    """

    seconds: float
    neurons: Int64[np.ndarray, " drawn"]
    counts: UInt8[np.ndarray, "frames drawn"]
    rates: Mapping[str, Float[np.ndarray, " frames"]]
    face: Float32[np.ndarray, "frames points 2"]
    seen: Bool[np.ndarray, " frames"]

    def __len__(self) -> int:
        return len(self.counts)

    @property
    def starts(self) -> Float[np.ndarray, " frames"]:
        """When each frame begins, s."""
        return np.arange(len(self)) * self.seconds


def reel_of(explanation: Explanation) -> Reel | None:
    """Return the reel of a clip; None where no network lived through it."""
    activity, steps = explanation.activity, explanation.activity.steps
    if not activity.neurons or not steps:
        return None
    width = max(round(SHORTEST * activity.inputs.rate), -(-steps // MOST_FRAMES))
    frames, seconds = -(-steps // width), width / activity.inputs.rate
    spikes = np.bincount(
        (activity.step // width).astype(np.int64) * activity.neurons + activity.neuron,
        minlength=frames * activity.neurons,
    ).reshape(frames, activity.neurons)
    neurons = np.linspace(0, activity.neurons - 1, min(activity.neurons, MOST_NEURONS)).astype(np.int64)
    rates = {name: spikes[:, own].mean(axis=1) / seconds for name, own in _areas(explanation).items() if own.any()}
    face, seen = _face(explanation.head, (np.arange(frames) + 0.5) * seconds)
    return Reel(seconds, neurons, spikes[:, neurons].clip(0, 255).astype(np.uint8), rates, face, seen)


def _areas(explanation: Explanation) -> dict[str, Bool[np.ndarray, " neurons"]]:
    """Return the neurons of the regions where the senses enter, and all others."""
    names = np.array([whole_region(name) for name in explanation.regions], object)[explanation.region]
    areas = {name: names == name for name in HIGHLIGHT}
    return areas | {REST: ~np.any(list(areas.values()), axis=0)}


def _face(
    head: Head | None, moments: Float[np.ndarray, " frames"]
) -> tuple[Float32[np.ndarray, "frames points 2"], Bool[np.ndarray, " frames"]]:
    """Return the points at these moments in a square that holds those of all moments."""
    if head is None:
        return np.zeros((len(moments), 0, 2), np.float32), np.zeros(len(moments), bool)
    points, seen = head.at(moments)
    known = points[seen] if seen.any() else points
    low, high = known.min(axis=(0, 1)), known.max(axis=(0, 1))
    size = (1 + 2 * ROOM) * max(float((high - low).max()), 1e-6)
    square = (points - (low + high) / 2) / size + 0.5
    return (1000 * square).astype(np.float32), seen


def envelope(
    sound: Float32[np.ndarray, " samples"], most: int = 800
) -> tuple[Float[np.ndarray, " columns"], Float32[np.ndarray, " columns"], Float32[np.ndarray, " columns"]]:
    """Return times (s), and the lowest and the highest sample of each of `most` stretches at most.

    >>> [part.tolist() for part in envelope(np.float32([0, 1, -1, 0]), most=2)]
    [[6.25e-05, 0.0001875], [0.0, -1.0], [1.0, 0.0]]
    """
    width = max(-(-len(sound) // most), 1)
    starts = np.arange(0, len(sound), width)
    if not len(starts):
        return np.empty(0), sound, sound
    low, high = (end.reduceat(sound, starts) for end in (np.minimum, np.maximum))
    return (starts + width / 2) / SAMPLES, low, high
