"""Following one face through a film in which there may be several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Float32, Int

Boxes = Float32[np.ndarray, "_ 4"]

_SAME = 0.3  # overlap from which boxes of two pictures show one face
_OFTEN = 0.1  # share of the pictures in which a face must be seen to count
_GONE = 2.0  # s without a face that is followed as pictures come, after which another may take its place


def follow(boxes: Sequence[Boxes]) -> Int[np.ndarray, " frames"]:
    """Return which face of each picture to follow; -1 where there is none.

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
    >>> follow(pictures).tolist()
    [1, 0]
    """
    tracklets: list[_Tracklet] = []
    for number, faces in enumerate(boxes):
        _extend(tracklets, number, faces)
    chosen = np.full(len(boxes), -1)
    for one in sorted(tracklets, key=lambda one: -one.area):
        if (chosen[list(one.face)] < 0).all():
            chosen[list(one.face)] = list(one.face.values())
    return chosen


def count_faces(counts: Sequence[int]) -> int:
    """Return how many faces are seen at one time, where each picture shows so many; one that is seen seldom is none.

    >>> count_faces([1, 2, 2, 1]), count_faces([1] * 19 + [2]), count_faces([])
    (2, 1, 0)
    """
    ordered = sorted(counts, reverse=True)
    return ordered[int(_OFTEN * len(ordered))] if ordered else 0


class Follower:
    """Follows one face from picture to picture, as they come: the largest in the first picture that shows any.

    It goes on in a face that was never seen beside it, lost and found again elsewhere. Where it is not to be seen for
    `_GONE` s, the largest face of those that are takes its place.

    >>> follower, small, large = Follower(), [0.1, 0.1, 0.1, 0.1], [0.5, 0.1, 0.3, 0.3]
    >>> pictures = [[large, small], [small], [small, large], [small]]
    >>> [follower.choose(time, np.array(one, np.float32)) for time, one in zip((0, 1, 2, 9), pictures)]
    [0, -1, 1, 0]
    """

    def __init__(self) -> None:
        self._tracklets: list[_Tracklet] = []
        self._times: dict[int, float] = {}
        self._number = 0
        self._followed: _Tracklet | None = None

    def choose(self, time: float, boxes: Boxes) -> int:
        """Return which face of the next picture to follow; -1 where there is none. Times, in s, rise."""
        number, self._number = self._number, self._number + 1
        self._times[number] = time
        self._forget(time)
        _extend(self._tracklets, number, boxes)
        seen = [one for one in self._tracklets if number in one.face]
        if self._followed is None or number not in self._followed.face:
            before = {*self._followed.face} if self._followed else set[int]()
            free = [one for one in seen if before.isdisjoint(one.face)]
            self._followed = max(free, key=lambda one: float(one.box[2] * one.box[3]), default=self._followed)
        return -1 if self._followed is None else self._followed.face.get(number, -1)

    def _forget(self, time: float) -> None:
        """Forget pictures of long ago, and faces that were in no other."""
        gone = [number for number, then in self._times.items() if time - then > _GONE]
        for number in gone:
            del self._times[number]
            for one in self._tracklets:
                one.face.pop(number, None)
        self._tracklets = [one for one in self._tracklets if one.face]
        if self._followed is not None and not self._followed.face:
            self._followed = None


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
