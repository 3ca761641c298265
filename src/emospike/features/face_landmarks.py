"""Face landmarks: where the points of a face were over a clip, for drawing; no picture of a person is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float32, Float64

from emospike.clip import Clip, is_table
from emospike.features import Feature
from emospike.features.face_track import FaceTrack
from emospike.features.openface import PICTURE


@dataclass(frozen=True, eq=False)
class FaceLandmarks:
    """The points of a face, frame by frame.

    Attributes
    ----------
    time : when each frame was taken, s on the clip's clock
    points : x to the right and y down, in heights of the picture; anything where no face was found
    found : whether there was a face in the frame
    """

    time: Float64[np.ndarray, " frames"]
    points: Float32[np.ndarray, "frames points 2"]
    found: Bool[np.ndarray, " frames"]

    def at(
        self, time: Float64[np.ndarray, " moments"]
    ) -> tuple[Float32[np.ndarray, "moments points 2"], Bool[np.ndarray, " moments"]]:
        """Return the points in the frame nearest to each moment (s), and whether it shows a face."""
        frame = np.rint(np.interp(time, self.time, np.arange(len(self.time), dtype=float))).astype(int)
        return self.points[frame], self.found[frame]


@runtime_checkable
class Tracker(Protocol):
    """A feature that follows a face."""

    def track(self, clip: Clip) -> FaceTrack:
        """Return the face in every frame."""


def find_landmarks(clip: Clip, features: Sequence[Feature]) -> FaceLandmarks | None:
    """Return the points that the first of the features to follow the face has found; None if it tells no points."""
    tracks = [feature.track(clip) for feature in features if isinstance(feature, Tracker)]
    track = next((one for one in tracks if one.landmarks.shape[1] and one.found.any()), None)
    if track is None:
        return None
    if clip.face is None or is_table(clip.face):
        width, height = PICTURE
    else:
        height, width, _ = next(clip.frames()).image.shape
    wide = np.array([width / height, 1], np.float32)
    return FaceLandmarks(track.time, track.landmarks * wide, track.found)
