"""Pictures of a page: the newest that came is looked at, in a thread of its own, so that no sound waits for it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from io import BytesIO
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from jaxtyping import UInt8

from emospike.features.contours import MESH, POLYLINES
from emospike.features.face_quality import describe_problem
from emospike.features.live_face import FaceHistory
from emospike.validation import InputError

if TYPE_CHECKING:
    from emospike.features.live_face import FaceWatcher, Sight

OpenWatcher = Callable[[], AbstractContextManager["FaceWatcher"]]

OUTLINE = [list(line) for line in POLYLINES]
"""The lines of a face, by the numbers of its points."""

MOST_PIXELS = 1280 * 720
"""Of a picture that a page sends."""

LATELY = 1.0
"""Seconds of pictures that tell whether a face can be read."""


class Waiting(NamedTuple):
    """A picture that waits to be looked at.

    Attributes
    ----------
    time : when it was taken, s
    data : the picture, JPEG
    """

    time: float
    data: bytes


class Pictures:
    """Looks at the pictures of one page.

    `put` and `take` are for who receives, `look` and `close` for a thread, one at a time. What cannot be read is passed
    over, and told once.

    Attributes
    ----------
    passed : pictures that were not looked at, since newer ones came
    """

    def __init__(self, open_watcher: OpenWatcher) -> None:
        self.passed = 0
        self._open, self._opened = open_watcher, ExitStack()
        self._watcher: FaceWatcher | None = None
        self._newest: Waiting | None = None
        self._history, self._complained = FaceHistory(), False

    def put(self, time: float, data: bytes) -> None:
        """Take in a picture, in the place of one that waits."""
        self.passed += self._newest is not None
        self._newest = Waiting(time, data)

    def take(self) -> Waiting | None:
        """Return the picture that waits, or None."""
        newest, self._newest = self._newest, None
        return newest

    def look(self, waiting: Waiting) -> tuple[Sight | None, dict[str, Any] | None]:
        """Return what is seen in a picture, and what the page is told of it."""
        try:
            image = read_jpeg(waiting.data)
            if self._watcher is None:
                self._watcher = self._opened.enter_context(self._open())
            seen = self._watcher.look(waiting.time, image)
        except InputError as error:
            told, self._complained = self._complained, True
            return None, None if told else {"type": "note", "text": str(error)}
        self._history.put(seen)
        self._history.forget(seen.time - LATELY)
        return seen, self._tell()

    def close(self) -> None:
        """Close what finds faces."""
        self._watcher = None
        self._opened.close()

    def _tell(self) -> dict[str, Any]:
        """Return where the face is, and what is wrong with it."""
        track = self._history.cut_last(LATELY)
        if track is None:
            return {"type": "face", "points": [], "note": ""}
        if not track.found[-1]:
            return {"type": "face", "points": [], "note": "No face is seen."}
        notes = [describe_problem(track), *track.company._replace(cuts=()).describe()]
        points = track.landmarks[-1][list(MESH)]
        said = "; ".join(note for note in notes if note)
        return {"type": "face", "points": points.round(4).ravel().tolist(), "note": said}


def read_jpeg(data: bytes) -> UInt8[np.ndarray, "height width 3"]:
    """Return red, green and blue of each pixel of a picture.

    Raises
    ------
    InputError : no JPEG, one that is cut off, or one of more than `MOST_PIXELS`
    """
    from PIL import Image

    try:
        picture = Image.open(BytesIO(data), formats=("JPEG",))
        size = picture.width * picture.height
        image = np.asarray(picture.convert("RGB"), np.uint8) if size <= MOST_PIXELS else None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise InputError("a picture came that is no JPEG, or is cut off: it was passed over") from None
    if image is None:
        raise InputError(f"a picture of {picture.width} x {picture.height} came, at most {MOST_PIXELS} pixels expected")
    return image
