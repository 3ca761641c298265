"""Quality: whether a face in a picture can be seen well enough to be read; what is wrong where it cannot."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Float32, UInt8

from emospike.clip import Clip
from emospike.features.face_track import LEAST_SEEN, FaceTrack


class Limits(NamedTuple):
    """What a face has to have to be read; tuned on films and on made-up degradations of them (docs/models.md).

    Attributes
    ----------
    size : shorter side of its box, pixels
    luminance : mean of its box, 0 to 255
    sharpness : see `measure_quality`
    turn, tilt : largest yaw or pitch, and roll, degrees
    slimness : least distance of the eyes' outer corners over that from there to the chin; a head turned aside is slim
    eye, mouth : least and largest structure, see `measure_quality`
    """

    size: float = 80.0
    luminance: float = 35.0
    sharpness: float = 0.2
    turn: float = 30.0
    tilt: float = 40.0
    slimness: float = 0.6
    eye: tuple[float, float] = (0.3, 1.25)
    mouth: tuple[float, float] = (0.3, 1.5)


LIMITS = Limits()
FLICKER = 2.0
"""Changes a second, between a face that is found and one that is not, from which neither is believed."""
PROBLEMS = ("small", "dark", "blurred", "turned away", "covered")
MEASURES = ("size", "luminance", "sharpness", "slimness", "right eye", "left eye", "mouth")

_GRID = (80, 64)  # height and width to which a face is brought for its sharpness
_CHIN, _CORNERS = 152, (33, 263)
_PARTS = (
    (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246),
    (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466),
    (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185),
)
"""The contours of the right eye, the left eye and the lips in MediaPipe's 478 points."""
_RINGS = np.array([0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75], np.float32)


def measure_quality(
    image: UInt8[np.ndarray, "height width 3"], landmarks: Float32[np.ndarray, "478 2"]
) -> Float32[np.ndarray, " measures"]:
    """Return the `MEASURES` of one face; `landmarks` are shares of the picture.

    Luminance is that of ITU-R BT.601. With g the green of the face, brought to 64 by 80 pixels, and s its deviation in
    the middle:

        sharpness = deviation of the Laplacian of g / (s + 2)
        structure of an eye or the mouth = deviation of g in and around it / (s + 3)

    Where a part is covered, it is flat or rough: an eye has white and lashes, and a mouth lips.
    """
    height, width, _ = image.shape
    points = landmarks * np.array([width, height], np.float32)
    low, high = points.min(axis=0), points.max(axis=0)
    x0, y0 = np.clip(low.astype(int), 0, [width - 1, height - 1])
    x1, y1 = np.clip(high.astype(int) + 1, [x0 + 1, y0 + 1], [width, height])
    face = image[y0:y1, x0:x1]
    colour = face.sum(axis=0, dtype=np.uint32).sum(axis=0) / face[..., 0].size  # 20 times faster than face.mean
    luminance = colour @ [0.299, 0.587, 0.114]
    green = face[..., 1].astype(np.float32)
    middle = _bring_to_grid(green)[16:64, 12:52]
    laplacian = 4 * middle[1:-1, 1:-1] - middle[:-2, 1:-1] - middle[2:, 1:-1] - middle[1:-1, :-2] - middle[1:-1, 2:]
    spread = float(middle.std())
    right, left = points[list(_CORNERS)]
    slimness = np.linalg.norm(right - left) / max(float(np.linalg.norm((right + left) / 2 - points[_CHIN])), 1e-6)
    parts = [_measure_spread(green, points[list(part)] - [x0, y0]) / (spread + 3) for part in _PARTS]
    size = float((high - low).min())
    return np.array([size, luminance, laplacian.std() / (spread + 2), slimness, *parts], np.float32)


def find_problems(
    quality: Float32[np.ndarray, "frames measures"], pose: Float32[np.ndarray, "frames 3"], limits: Limits = LIMITS
) -> Bool[np.ndarray, "frames problems"]:
    """Return which of the `PROBLEMS` each picture has."""
    size, luminance, sharpness, slimness = quality.T[:4]
    pitch, yaw, roll = np.abs(np.degrees(pose.T))
    least, most = zip(limits.eye, limits.eye, limits.mouth, strict=True)
    covered = ((quality[:, 4:] < least) | (quality[:, 4:] > most)).any(axis=1)
    turned = (np.maximum(yaw, pitch) > limits.turn) | (roll > limits.tilt) | (slimness < limits.slimness)
    blurred = sharpness < limits.sharpness
    return np.stack([size < limits.size, luminance < limits.luminance, blurred, turned, covered], axis=1)


def describe_problem(track: FaceTrack) -> str | None:
    """Return why a face cannot be read: what is wrong with most pictures in which it was found; None if it can.

    >>> quality = np.tile(np.float32([200, 10, 0.5, 0.75, 0.7, 0.7, 0.8]), (3, 1))
    >>> known = {"time": np.arange(3.0), "values": np.zeros((3, 0), np.float32), "channels": ()}
    >>> known |= {name: np.zeros((3, width), np.float32) for name, width in {"box": 4, "pose": 3}.items()}
    >>> known |= {"landmarks": np.zeros((3, 0, 2), np.float32), "confidence": np.ones(3, np.float32)}
    >>> describe_problem(FaceTrack(**known, found=np.ones(3, bool), quality=quality))
    'the face is dark in 100 % of the pictures'
    """
    if track.quality is None or not track.found.any():
        return None
    problems = find_problems(track.quality[track.found], track.pose[track.found])
    if problems.any(axis=1).mean() > 0.5:
        shares = problems.mean(axis=0)
        return f"the face is {PROBLEMS[int(shares.argmax())]} in {100 * shares.max():.0f} % of the pictures"
    changes, seconds = int(np.diff(track.found).sum()), float(track.time[-1] - track.time[0])
    if changes > 2 and changes > FLICKER * seconds:
        return f"the face comes and goes: it is lost {changes // 2} times in {seconds:.1f} s"
    return None


def keep_readable(track: FaceTrack) -> FaceTrack:
    """Return the track with the face not found where it cannot be read; as it is where so little would be left.

    That is, where the face would be found in less than half of the frames: then nothing it tells is answered on.
    """
    if track.quality is None:
        return track
    found = track.found & ~find_problems(track.quality, track.pose).any(axis=1)
    return replace(track, found=found) if found.mean() >= LEAST_SEEN else track


def describe_face_of(clip: Clip) -> str | None:
    """Return why the face of a film that was tracked, and is kept in `clip.memo`, cannot be read; None if it can."""
    tracks = (kept for kept in clip.memo.values() if isinstance(kept, FaceTrack))
    return next(filter(None, map(describe_problem, tracks)), None)


def _bring_to_grid(face: Float32[np.ndarray, "height width"]) -> Float32[np.ndarray, "80 64"]:
    """Return the face in the size of the grid: means of blocks, then values between them."""
    from scipy.ndimage import map_coordinates

    block = max(min(face.shape[0] // _GRID[0], face.shape[1] // _GRID[1]), 1)
    rows, columns = (side // block for side in face.shape)
    means = face[: rows * block, : columns * block].reshape(rows, block, columns, block).mean(axis=(1, 3))
    down, across = (np.linspace(0, side - 1, count) for side, count in zip(means.shape, _GRID, strict=True))
    places = np.stack(np.meshgrid(down, across, indexing="ij"))
    out: Float32[np.ndarray, "80 64"] = map_coordinates(means, places, order=1).astype(np.float32)
    return out


def _measure_spread(green: Float32[np.ndarray, "height width"], contour: Float[np.ndarray, "points 2"]) -> float:
    """Return the deviation of the green at points within a contour and around it."""
    centre = contour.mean(axis=0)
    places = (centre + _RINGS[:, None, None] * (contour - centre)).reshape(-1, 2).astype(int)
    x, y = places.clip(0, np.array(green.shape)[::-1] - 1).T
    return float(green[y, x].std())
