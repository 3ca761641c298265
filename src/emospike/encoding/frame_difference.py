"""Frame differences: what an event camera would have seen of a film."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int64

from emospike.clip.event_files import RecordedEvents
from emospike.validation import InputError, one_of, positive, within

Greys = Float32[np.ndarray, "frames height width"]
Events = Float32[np.ndarray, "steps 2 height width"]

DARKEST = 1 / 255
"""Added to the grey before its logarithm, so that black has one."""


@dataclass(frozen=True)
class FrameDifference:
    """A simulated event camera: a pixel gives an event where it changed by more than the sensitivity.

        on_t  = 1 where f(I_t) - f(I_t-1) >  sensitivity,  else 0
        off_t = 1 where f(I_t) - f(I_t-1) < -sensitivity,  else 0

    with grey I from 0 to 1 and f(I) = I, or ln(I + 1/255) as in a real event camera. At step 0 nothing has changed
    yet; there both channels hold the first frame as it is ("we catch a scene with whole and then attend to the
    change"), or nothing.

    Attributes
    ----------
    sensitivity : the change that gives an event; the smaller, the more events
    scale : ``"linear"`` or ``"log"``
    float_first : whether step 0 holds the first frame
    steps : frames, evenly spaced over the film; a film with fewer repeats some, which give no events

    Source: Wang et al. 2022 (Spiking Emotions), section 2.1: 68 frames of 128 x 128, sensitivity 0.001, linear. That
    both channels hold the first frame is ours; the paper does not tell.

    Examples
    --------
    >>> film = np.array([[[0.5, 0.5]], [[0.7, 0.5]], [[0.7, 0.4]]], np.float32)
    >>> events = FrameDifference(sensitivity=0.05, steps=3).encode(film)
    >>> events[:, :, 0].tolist() == [[[0.5, 0.5], [0.5, 0.5]], [[1, 0], [0, 0]], [[0, 0], [0, 1]]]
    True
    """

    sensitivity: float = 0.001
    scale: str = "linear"
    float_first: bool = True
    steps: int = 68

    def __post_init__(self) -> None:
        positive("sensitivity", self.sensitivity)
        one_of("scale", self.scale, ("linear", "log"))
        within("steps", self.steps, 2, 10_000)

    def choose_frames(self, frames: int) -> Int64[np.ndarray, " steps"]:
        """Return the frames that are taken of a film."""
        return np.rint(np.linspace(0, frames - 1, self.steps)).astype(np.int64)

    def encode(self, frames: Greys) -> Events:
        """Return the events of a film, on in channel 0 and off in channel 1."""
        if len(frames) == 0:
            raise InputError("a film with at least 1 frame expected, got none")
        taken = frames[self.choose_frames(len(frames))]
        events = frame_difference(self._scale(taken), self.sensitivity)
        if self.float_first:
            events[0] = taken[0]
        return events

    def decode(self, events: Events, start: Float32[np.ndarray, "height width"] | None = None) -> Greys:
        """Return the film that the events tell of: each changes its pixel by the sensitivity.

        `start` is the first frame; by default what step 0 holds, or middle grey.
        """
        if start is None:
            start = events[0].mean(axis=0) if self.float_first else np.full(events.shape[2:], 0.5, np.float32)
        change = events[:, 0] - events[:, 1]
        change[0] = 0
        level = self._scale(start) + np.float32(self.sensitivity) * change.cumsum(axis=0)
        grey = np.exp(level) - np.float32(DARKEST) if self.scale == "log" else level
        return np.asarray(grey.clip(0, 1), np.float32)

    def bin_events(self, recorded: RecordedEvents, size: int) -> Events:
        """Return what a real event camera recorded in the form of `encode`.

        The recording is cut into equal steps, and its picture into `size` by `size` fields; a field with an event of
        a polarity in a step is 1. The longer side of the picture fills the fields and the shorter lies in their
        middle, so that shapes stay as they are. With `float_first` step 0 is left empty, and the events spread over
        the others: there a film has its first frame, and of that an event camera records nothing.
        """
        events = np.zeros((self.steps, 2, size, size), np.float32)
        if len(recorded.t):
            first, side = int(self.float_first), max(recorded.width, recorded.height)
            since = recorded.t - recorded.t.min()
            step = (since / max(since.max(), 1e-9) * (self.steps - first)).astype(int) + first
            row = (2 * recorded.y + side - recorded.height) * size // (2 * side)
            column = (2 * recorded.x + side - recorded.width) * size // (2 * side)
            events[step.clip(0, self.steps - 1), np.where(recorded.on, 0, 1), row, column] = 1
        return events

    def _scale(self, grey: Float32[np.ndarray, ...]) -> Float32[np.ndarray, ...]:
        return np.log(grey + np.float32(DARKEST)) if self.scale == "log" else grey


def frame_difference(levels: Greys, sensitivity: float) -> Events:
    """Return 1 where a level rose (channel 0) or fell (channel 1) by more than the sensitivity since the last frame."""
    change = np.diff(levels, axis=0, prepend=levels[:1])
    return np.stack([change > sensitivity, change < -sensitivity], axis=1).astype(np.float32)


def measure_density(events: Events) -> float:
    """Return the share of positions and steps with an event, step 0 left out (the paper's 10.79 %).

    A position counts once, whichever channel it is in.

    >>> measure_density(FrameDifference(0.05, steps=2).encode(np.array([[[0, 0.5]], [[1, 0.5]]], np.float32)))
    0.5
    """
    return float((events[1:].max(axis=1) > 0).mean())
