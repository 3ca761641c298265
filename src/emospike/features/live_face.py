"""The face of who speaks, picture by picture as a camera takes them; what was seen lately is a track at any time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
from jaxtyping import Shaped

from emospike.clip import Frame
from emospike.clip.containers import MOST_PIXELS
from emospike.features.blendshapes import CutFinder, make_track, stack_boxes
from emospike.features.face_landmarker import DetectedFace, FaceFinder, Landmarker, find_model, open_landmarker
from emospike.features.face_track import Company, FaceTrack
from emospike.features.following import Follower, count_faces
from emospike.features.openface import PICTURE
from emospike.validation import InputError, show

RULE = "the one seen first"
"""Which of several faces is followed (see `Follower`)."""

SMALLEST = 16
"""Pixels that a picture must be wide and high."""

MOST = 1024
"""Pictures that are remembered at most, however fast they come."""


class Sight(NamedTuple):
    """What is seen in one picture.

    Attributes
    ----------
    time : when it was taken, s
    faces : all that were found in it
    followed : which of these is followed; -1 where that one is not seen
    cut : whether it is quite unlike the one before
    size : width and height of the picture, pixels
    """

    time: float
    faces: Sequence[DetectedFace]
    followed: int = -1
    cut: bool = False
    size: tuple[int, int] = PICTURE

    @property
    def face(self) -> DetectedFace | None:
        """The face that is followed, if it is seen."""
        return self.faces[self.followed] if 0 <= self.followed < len(self.faces) else None


class FaceWatcher:
    """Finds faces in pictures as they come, as in those of a film, and follows one (see `open_watcher`)."""

    def __init__(self, landmarker: Landmarker) -> None:
        self._finder, self._cuts, self._follower = FaceFinder(landmarker), CutFinder(), Follower()

    def look(self, time: float, image: Shaped[np.ndarray, ...]) -> Sight:
        """Return what is seen in the next picture, taken at a second; red, green and blue of each pixel, 8 bits each.

        Raises
        ------
        InputError : no picture, or one beyond all bounds
        """
        check_image(image)
        frame, (height, width, _) = Frame(time, np.ascontiguousarray(image)), image.shape
        faces = self._finder.find(frame)
        followed = self._follower.choose(time, stack_boxes(faces))
        return Sight(time, faces, followed, self._cuts.find(frame), (width, height))


@contextmanager
def open_watcher(model: str | None = None) -> Iterator[FaceWatcher]:
    """Open what finds faces, and close it; raise `InputError` as `find_model` and `open_landmarker` do."""
    with open_landmarker(find_model(model)) as landmarker:
        yield FaceWatcher(landmarker)


def check_image(image: Shaped[np.ndarray, ...]) -> None:
    """Raise `InputError` unless this is a picture: 8-bit integers of shape (height, width, 3), within all bounds."""
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        got = f"{image.dtype} of shape {image.shape}" if isinstance(image, np.ndarray) else show(image)
        raise InputError(f"a picture of shape (height, width, 3) in uint8 expected, got {got}")
    height, width, _ = image.shape
    if min(height, width) < SMALLEST or height * width > MOST_PIXELS:
        raise InputError(
            f"pictures at least {SMALLEST} pixels wide and high, of at most {MOST_PIXELS} pixels expected, got "
            f"{width} x {height}"
        )


class FaceHistory:
    """The face that is followed, as far back as it is remembered."""

    def __init__(self) -> None:
        self._last = -np.inf
        self._seen: deque[Sight] = deque(maxlen=MOST)

    def put(self, seen: Sight) -> None:
        """Take in what is seen in the next picture; one that was taken no later than the last is passed over."""
        if not np.isfinite(seen.time) or seen.time <= self._last:
            return
        self._last = seen.time
        self._seen.append(seen)

    def cut(self, start: float, stop: float) -> FaceTrack | None:
        """Return the face from one second until before another, on a clock that begins at the first.

        None where there are fewer than two pictures, which tell of no stretch of time.
        """
        own = [seen for seen in self._seen if start <= seen.time < stop]
        if len(own) < 2:
            return None
        company = Company(
            count_faces([len(seen.faces) for seen in own]),
            tuple(seen.time - start for seen in own[1:] if seen.cut),
            RULE,
        )
        return make_track([seen.time - start for seen in own], [seen.face for seen in own], company)

    def cut_last(self, seconds: float) -> FaceTrack | None:
        """Return the face of the last seconds until now, as `cut` does."""
        return self.cut(self._last - seconds, np.inf)

    def forget(self, before: float) -> None:
        """Forget all pictures before a second."""
        while self._seen and self._seen[0].time < before:
            self._seen.popleft()
