"""Contours: the face as the Laplacian of Gaussian shows it, small grey pictures for the systems that look at them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain, pairwise
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Float32, Float64, Int, UInt8

from emospike.clip import Clip, Frame, is_table
from emospike.features.blendshapes import Blendshapes
from emospike.features.face_quality import keep_readable
from emospike.features.face_track import FaceTrack
from emospike.features.openface import PICTURE, read_track
from emospike.schema import LOCAL
from emospike.validation import InputError, positive, within

Grey = Float32[np.ndarray, "size size"]

POLYLINES = (
    range(17), range(17, 22), range(22, 27), range(27, 31), range(31, 36), (*range(36, 42), 36),
    (*range(42, 48), 42), (*range(48, 60), 48), (*range(60, 68), 60),
)  # fmt: skip
"""The 68 landmarks (iBUG 300-W) as lines: jaw, brows, bridge and base of the nose, eyes, outer and inner lips."""

MESH = (
    162, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 389,
    71, 63, 105, 66, 107, 336, 296, 334, 293, 301, 168, 197, 5, 4, 75, 97, 2, 326, 305,
    33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380,
    61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181, 78, 82, 13, 312, 308, 317, 14, 87,
)  # fmt: skip
"""The points of MediaPipe's mesh nearest to the 68 landmarks."""

_MESH_EYES, _TABLE_EYES = (33, 263), (36, 45)  # the outer corners among MediaPipe's and OpenFace's points
_SIDE = 2.1  # of a picture, in distances between the outer corners of the eyes: above the brows to below an open jaw
_BELOW = 0.6  # the middle of a picture below the eyes, in these distances
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
_LINE = 1.5  # width of a drawn line, pixels


@dataclass(frozen=True)
class Contours:
    """Pictures of the face, Gaussian and then Laplacian: 0 on even skin, positive on dark lines.

        C(x, y) = (d²/dx² + d²/dy²) (G_sigma * I)(x, y)

    with grey I from 0 to 1 and G_sigma a Gaussian of deviation sigma. Each picture is cut so that the eyes come to
    the same place and, over the clip, the same distance apart: what is left is the face's own movement. Where no
    face was found, or one that cannot be read (see `emospike.features.face_quality`), the cut, or the drawn face, moves
    straight from the last place to the next.

    Of a face-tracking table, I is the face drawn from its 68 landmarks, dark lines on white.

    Attributes
    ----------
    size : width and height of a picture, pixels
    sigma : deviation of the Gaussian, pixels of that picture; the papers do not tell theirs
    stride, model : which pictures of a film are measured, and by which file, as in `Blendshapes`
    most : so many frames at most, evenly spaced over the clip; None takes all
    drawn : draw the face of a film too, from the 68 of MediaPipe's points that stand for the landmarks, so that films
        and tables look alike

    Sources: Mansouri-Benssassi and Ye 2019 (frames of 100 x 100); 2020 (Synch-Graph), equations 4 and 5.
    """

    size: int = 100
    sigma: float = 1.5
    stride: int | None = None
    model: str | None = field(default=None, metadata=LOCAL)
    most: int | None = None
    drawn: bool = False

    modality: ClassVar[str] = "face"

    def __post_init__(self) -> None:
        within("size", self.size, 8, 1000)
        positive("most", 1 if self.most is None else self.most)
        positive("sigma", self.sigma)

    def pictures(self, clip: Clip) -> tuple[Float64[np.ndarray, " frames"], Float32[np.ndarray, "frames size size"]]:
        """Return the time of each picture (s on the clip's clock) and the pictures.

        Raises `NoFaceError` for a face in less than half of the frames; else as `Blendshapes` and `ActionUnits`.
        """
        from scipy.ndimage import gaussian_filter, laplace

        time, greys = self.greys(clip)
        contours = [laplace(gaussian_filter(grey, self.sigma, mode="nearest"), mode="nearest") for grey in greys]
        return time, np.array(contours, np.float32)

    def greys(
        self, clip: Clip, choose: Callable[[int], Int[np.ndarray, " chosen"]] | None = None
    ) -> tuple[Float64[np.ndarray, " frames"], Float32[np.ndarray, "frames size size"]]:
        """Return times and pictures as `pictures` does, but grey from 0 to 1, before both filters.

        `choose` returns which of so many frames are wanted, in place of `most`; each is drawn once.
        """
        film, table = Blendshapes(self.stride, self.model), clip.face
        if table is not None and is_table(table):
            track, picture = read_track(clip, table), PICTURE
        else:
            track, picture = film.track(clip), None
        track.check(table.name if table else clip.name)
        track.check_cover(table.name if table else clip.name, clip.seconds)
        track = keep_readable(track)
        count = len(track)
        every = np.linspace(0, count - 1, min(self.most or count, count)).astype(int)
        chosen = np.unique(choose(count) if choose else every)
        if picture is None and self.drawn:
            height, width, _ = next(film.frames(clip)).image.shape
            track, picture = replace(track, landmarks=track.landmarks[:, MESH]), (width, height)
        greys = self._draw(track, picture, chosen) if picture else self._cut_out(film.frames(clip), track, chosen)
        return track.time[chosen], np.array(list(greys), np.float32)

    def _cut_out(self, frames: Iterator[Frame], track: FaceTrack, chosen: Int[np.ndarray, " chosen"]) -> Iterator[Grey]:
        """Yield the face as each picture of a film shows it."""
        wanted = set(chosen.tolist())
        for number, frame in enumerate(frames):
            height, width, _ = frame.image.shape
            if number == 0:
                centres, side = _locate(track, _MESH_EYES, (width, height))
            if number in wanted:
                yield cut(frame.image, centres[number], side, self.size)

    def _draw(self, track: FaceTrack, picture: tuple[int, int], chosen: Int[np.ndarray, " chosen"]) -> Iterator[Grey]:
        """Yield the face drawn from its 68 landmarks in each frame; the picture's size in pixels gives its form."""
        if track.landmarks.shape[1] != 68:
            raise InputError("contours need the 68 landmarks x_0 ... y_67: export the table with them (-2Dfp)")
        centres, side = _locate(track, _TABLE_EYES, picture)
        points = _bridge_gaps(track, track.landmarks.reshape(-1, 136)).reshape(-1, 68, 2) * picture
        for frame in chosen:
            at, centre = points[frame], centres[frame]
            yield draw(((at - centre) / side + 0.5) * self.size - 0.5, self.size)


def _locate(
    track: FaceTrack, eyes: tuple[int, int], picture: tuple[int, int]
) -> tuple[Float64[np.ndarray, "frames 2"], float]:
    """Return the middle of each cut and the side of all, pixels."""
    corners = track.landmarks[:, eyes].astype(float) * picture
    middles = _bridge_gaps(track, corners.mean(axis=1))
    distance = float(np.median(np.linalg.norm(corners[:, 1] - corners[:, 0], axis=1)[track.found]))
    return middles + np.array([0.0, _BELOW * distance]), _SIDE * max(distance, 1.0)


def _bridge_gaps(
    track: FaceTrack, values: Float[np.ndarray, "frames columns"]
) -> Float64[np.ndarray, "frames columns"]:
    """Return the values of the frames with a face, and between them straight lines."""
    found = track.found
    return np.stack([np.interp(track.time, track.time[found], column) for column in values[found].T], axis=1)


def cut(image: UInt8[np.ndarray, "height width 3"], centre: Float[np.ndarray, " 2"], side: float, size: int) -> Grey:
    """Return a square of a picture in grey, 0 to 1, at another size; outside the picture its edge goes on.

    Parameters
    ----------
    image : red, green and blue, 0 to 255
    centre, side : x and y of the square's middle, and its side, pixels of the picture (whose corner is 0, 0)
    size : pixels across the result
    """
    from scipy.ndimage import affine_transform, gaussian_filter

    scale, corner = side / size, centre - side / 2
    last = np.array(image.shape[1::-1]) - 1
    room = 2 * scale + 1  # for what is smoothed in from beside
    left, top = np.clip(corner - room, 0, last).astype(int)
    right, bottom = np.clip(corner + side + room, 0, last).astype(int)
    grey = image[top : bottom + 1, left : right + 1] @ (_LUMA / 255)
    if scale > 1:  # keep what the small picture cannot show from becoming false edges
        grey = gaussian_filter(grey, scale / 2, mode="nearest")
    x, y = corner + scale / 2 - 0.5 - (left, top)
    small = affine_transform(grey, [scale, scale], (y, x), (size, size), order=1, mode="nearest")
    return np.asarray(small, np.float32)


def draw(points: Float[np.ndarray, "68 2"], size: int) -> Grey:
    """Return the face drawn from its 68 landmarks (x and y, pixels): anti-aliased lines, 0 on a ground of 1."""
    lines = chain.from_iterable(pairwise(line) for line in POLYLINES)
    begin, end = (points[list(corners)].astype(np.float32).T for corners in zip(*lines, strict=True))
    along_x, along_y = end - begin
    y, x = np.mgrid[:size, :size].astype(np.float32)[..., None]
    right, down = x - begin[0], y - begin[1]  # of where each line begins
    length = np.maximum(along_x**2 + along_y**2, np.float32(1e-6))
    share = np.clip((right * along_x + down * along_y) / length, 0, 1)
    distance = np.sqrt(((right - share * along_x) ** 2 + (down - share * along_y) ** 2).min(axis=2))
    drawn: Grey = 1 - np.clip((_LINE + 1) / 2 - distance, 0, 1)
    return drawn
