"""Following one face through a film in which there may be several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Float32, Int

Boxes = Float32[np.ndarray, "_ 4"]

_SAME = 0.3  # overlap from which boxes of two pictures show one face
_OFTEN = 0.1  # share of the pictures in which a face must be seen to count


def follow(boxes: Sequence[Boxes]) -> tuple[Int[np.ndarray, " frames"], int]:
    """Return which face of each picture to follow (-1 where there is none), and how many are seen at one time.

    Faces are linked from picture to picture by the overlap of their boxes, best first. The largest and steadiest
    is that of the greatest area summed over its pictures. It goes on in tracklets that are never seen beside it: a face
    that was lost and found again elsewhere.

    Parameters
    ----------
    boxes : for each picture its faces' x, y, width and height

    Examples
    --------
    >>> small, large = [0.1, 0.1, 0.1, 0.1], [0.5, 0.1, 0.3, 0.3]
    >>> pictures = [np.array([small, large], np.float32), np.array([large, small], np.float32)]
    >>> chosen, faces = follow(pictures)
    >>> chosen.tolist(), faces
    ([1, 0], 2)
    """
    tracklets: list[_Tracklet] = []
    for number, faces in enumerate(boxes):
        _extend(tracklets, number, faces)
    chosen = np.full(len(boxes), -1)
    for one in sorted(tracklets, key=lambda one: -one.area):
        if (chosen[list(one.face)] < 0).all():
            chosen[list(one.face)] = list(one.face.values())
    counts = np.sort([len(faces) for faces in boxes])[::-1]
    return chosen, int(counts[int(_OFTEN * len(counts))]) if len(counts) else 0


@dataclass
class _Tracklet:
    """One face over the pictures in which it was seen: which one it is in each, where it was last, its area in all."""

    box: Float32[np.ndarray, " 4"]
    face: dict[int, int] = field(default_factory=dict)
    area: float = 0.0

    def add(self, number: int, face: int, box: Float32[np.ndarray, " 4"]) -> None:
        self.face[number], self.box = face, box
        self.area += float(box[2] * box[3])


def _extend(tracklets: list[_Tracklet], number: int, faces: Boxes) -> None:
    """Add each face of a picture to the tracklet that it overlaps best, or begin a new one."""
    free = dict(enumerate(faces))
    if tracklets and free:
        overlap = measure_overlap(np.stack([one.box for one in tracklets]), faces)
        for flat in np.argsort(-overlap, axis=None, kind="stable"):
            at, face = np.unravel_index(flat, overlap.shape)
            if overlap[at, face] >= _SAME and face in free and number not in tracklets[at].face:
                tracklets[at].add(number, int(face), free.pop(int(face)))
    for face, box in free.items():
        tracklets.append(_Tracklet(box))
        tracklets[-1].add(number, face, box)


def measure_overlap(
    a: Float[np.ndarray, "first 4"], b: Float[np.ndarray, "second 4"]
) -> Float[np.ndarray, "first second"]:
    """Return intersection over union of every box of one list with every box of another."""
    low = np.maximum(a[:, None, :2], b[:, :2])
    high = np.minimum((a[:, :2] + a[:, 2:])[:, None], b[:, :2] + b[:, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    union = (a[:, 2] * a[:, 3])[:, None] + b[:, 2] * b[:, 3] - shared
    return np.asarray(shared / np.maximum(union, np.finfo(np.float32).tiny))
