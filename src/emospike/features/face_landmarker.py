"""MediaPipe's Face Landmarker: the faces in the pictures of a film; where its model comes from, what it may print."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Float32, UInt8

from emospike.clip import Frame
from emospike.features.face_quality import measure_quality
from emospike.files import is_file
from emospike.optional import import_optional
from emospike.validation import InputError

VARIABLE = "EMOSPIKE_FACE_MODEL"
"""Environment variable that names a face model already on this machine."""
NAME = "face_landmarker.task"
ADDRESS = f"https://storage.googleapis.com/mediapipe-models/face_landmarker/face_landmarker/float16/1/{NAME}"
SHA256 = "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff"

Box = tuple[int, int, int, int]
"""First and last x and y of a part of a picture, pixels: x0, y0, x1, y1."""

_MOST_FACES = 4
_AGAIN = 0.5  # s between second looks
_TO_CAMERA = np.diag([1.0, -1.0, -1.0])  # MediaPipe's y is up and its z towards the camera, OpenFace's the reverse
_CHATTER = re.compile(rb"[IW]\d{4} |INFO: Created TensorFlow|WARNING: (?:Logging before|All log messages)")
_one_at_a_time = threading.RLock()


@dataclass(frozen=True, eq=False)
class DetectedFace:
    """One face in one picture.

    Attributes
    ----------
    values : scores of the 52 blendshapes, 0 to 1
    box : x, y, width and height, shares of the picture (y down)
    pose : pitch, yaw and roll of the head, rad (see `measure_pose`)
    landmarks : points of the face, shares of the picture
    quality : how well the picture shows it (see `emospike.features.face_quality`)
    """

    values: Float32[np.ndarray, " 52"]
    box: Float32[np.ndarray, " 4"]
    pose: Float32[np.ndarray, " 3"]
    landmarks: Float32[np.ndarray, "478 2"]
    quality: Float32[np.ndarray, " measures"]


def find_model(path: Path | str | None = None) -> Path:
    """Return the file of the Face Landmarker model (Apache-2.0, 3.8 MB).

    It is `path` where that is given, else what the environment variable EMOSPIKE_FACE_MODEL names, else the file in
    the user's cache, fetched there once and checked by its SHA-256.

    Raises `InputError` if the file named does not exist, or cannot be fetched.
    """
    named = path or os.environ.get(VARIABLE)
    if named and not is_file(Path(named)):
        raise InputError(f"there is no face model at {named}: correct the path, or give none to have it fetched")
    if named:
        return Path(named)
    import pooch

    folder = pooch.os_cache("emospike")
    pooch.get_logger().setLevel("WARNING")
    try:
        return Path(pooch.retrieve(ADDRESS, f"sha256:{SHA256}", NAME, folder))
    except ValueError:
        problem = "what came has another checksum"
    except OSError as error:  # that of requests as well
        problem = type(error).__name__
    raise InputError(
        f"the face model could not be fetched into {folder} ({problem}): connect to the network once, or download "
        f"{ADDRESS} elsewhere and name the file in {VARIABLE}"
    )


def is_at_hand() -> bool:
    """Tell whether faces can be found in films on this machine, without anything being fetched."""
    import pooch

    named = os.environ.get(VARIABLE)
    return find_spec("mediapipe") is not None and is_file(Path(named or Path(pooch.os_cache("emospike"), NAME)))


def find_faces(frames: Iterable[Frame], landmarker: Landmarker) -> Iterator[tuple[float, list[DetectedFace]]]:
    """Yield the time of each picture, s, and the faces in it (see `FaceFinder`)."""
    finder = FaceFinder(landmarker)
    for frame in frames:
        yield frame.time, finder.find(frame)


class FaceFinder:
    """Finds the faces in pictures that follow each other, at most four in each.

    Small faces are missed in large pictures. So where none is found, and none was looked for so in the last `_AGAIN` s,
    there is a second look at nine parts, half as wide and high, that overlap by half; and then, in each further picture
    without a face, at the surroundings of the face that such a look has found.
    """

    def __init__(self, landmarker: Landmarker) -> None:
        self._landmarker, self._last = landmarker, -np.inf
        self._near: Box | None = None

    def find(self, frame: Frame) -> list[DetectedFace]:
        """Return the faces in the next picture."""
        faces = self._landmarker.find(frame)
        if not faces and self._near is not None:
            faces = self._landmarker.find(frame, self._near)
        if not faces and frame.time - self._last >= _AGAIN:
            self._last = frame.time
            faces = next(filter(None, (self._landmarker.find(frame, part) for part in _list_parts(frame.image))), [])
            self._near = _surround(faces[0].box, frame.image) if faces else None
        return faces


class Landmarker:
    """MediaPipe's Face Landmarker, open (see `open_landmarker`).

    It looks for several faces, in which mode it does not smooth over time: what it finds in a picture does not depend
    on those before, so that one serves all windows of a film, and several films.
    """

    def __init__(self, graph: Any) -> None:
        self._graph, self._stamp, self._last = graph, 0, 0.0

    def find(self, frame: Frame, part: Box | None = None) -> list[DetectedFace]:
        """Return the faces in a picture, or in a part of it, at most four."""
        mediapipe = _import_mediapipe()
        height, width, _ = frame.image.shape
        x0, y0, x1, y1 = part or (0, 0, width, height)
        looked = np.ascontiguousarray(frame.image[y0:y1, x0:x1])
        shrink = np.array([(x1 - x0) / width, (y1 - y0) / height], np.float32)
        origin = np.array([x0 / width, y0 / height], np.float32)
        self._stamp += max(1, round(1000 * (frame.time - self._last)))  # ms, and always rising
        self._last = frame.time
        image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=looked)
        found = self._graph.detect_for_video(image, self._stamp)
        parts = (found.face_blendshapes, found.face_landmarks, found.facial_transformation_matrixes)
        return [
            _make_face(frame.image, scores, _read_points(points) * shrink + origin, matrix)
            for scores, points, matrix in zip(*parts, strict=True)
        ]


def _read_points(points: Sequence[Any]) -> Float32[np.ndarray, "478 2"]:
    """Return MediaPipe's points as an array."""
    return np.array([(point.x, point.y) for point in points], np.float32)


def _list_parts(image: UInt8[np.ndarray, "height width 3"]) -> Iterator[Box]:
    """Yield nine parts of a picture, half as wide and high, that overlap by half; the middle first."""
    height, width, _ = image.shape
    for row, column in ((1, 1), (0, 1), (1, 0), (1, 2), (0, 0), (0, 2), (2, 1), (2, 0), (2, 2)):
        x, y = column * width // 4, row * height // 4
        yield x, y, x + width // 2 + 1, y + height // 2 + 1


def _surround(box: Float32[np.ndarray, " 4"], image: UInt8[np.ndarray, "height width 3"]) -> Box:
    """Return the part of a picture three times as wide and high as a face, around it."""
    height, width, _ = image.shape
    x, y, w, h = box * np.array([width, height, width, height], np.float32)
    return max(int(x - w), 0), max(int(y - h), 0), min(int(x + 2 * w) + 1, width), min(int(y + 2 * h) + 1, height)


def _make_face(
    image: UInt8[np.ndarray, "height width 3"],
    scores: Sequence[Any],
    landmarks: Float32[np.ndarray, "478 2"],
    matrix: Float[np.ndarray, "4 4"],
) -> DetectedFace:
    low, high = landmarks.min(axis=0), landmarks.max(axis=0)
    values = np.array([score.score for score in scores], np.float32)
    box, pose = np.concatenate([low, high - low]), measure_pose(matrix[:3, :3])
    return DetectedFace(values, box, pose, landmarks, measure_quality(image, landmarks))


def measure_pose(rotation: Float[np.ndarray, "3 3"]) -> Float32[np.ndarray, " 3"]:
    """Return pitch, yaw and roll, rad, with the signs of OpenFace: down, to the picture's left, clockwise.

    They turn about x, y and z of a camera that looks along z, y down, in the order R = R_x R_y R_z.
    """
    from scipy.spatial.transform import Rotation

    angles = Rotation.from_matrix(_TO_CAMERA @ rotation @ _TO_CAMERA).as_euler("XYZ")
    return np.asarray(angles, np.float32)


@contextmanager
def open_landmarker(model: Path) -> Iterator[Landmarker]:
    """Open a landmarker, which takes 30 ms and some 20 threads, and close it."""
    tasks = _import_mediapipe().tasks
    options = tasks.vision.FaceLandmarkerOptions(
        base_options=tasks.BaseOptions(model_asset_path=str(model)),
        running_mode=tasks.vision.RunningMode.VIDEO,
        num_faces=_MOST_FACES,
        output_face_blendshapes=True,
        output_facial_transformation_matrixes=True,
    )
    try:
        with silence_stderr(_CHATTER):
            landmarker = tasks.vision.FaceLandmarker.create_from_options(options)
    except RuntimeError as error:
        raise InputError(f"{model} is no face model that mediapipe can open ({error}): give none, or another") from None
    except OSError as error:
        raise InputError(f"mediapipe cannot start ({error}): on Debian, apt install libegl1 libgles2") from None
    with landmarker:
        yield Landmarker(landmarker)


def _import_mediapipe() -> Any:
    return import_optional("mediapipe", "faces in films need mediapipe", "face", ", or give a face-tracking table")


@contextmanager
def silence_stderr(chatter: re.Pattern[bytes]) -> Iterator[None]:
    """Keep lines that begin with `chatter` out of stderr while the block runs; all others appear after it.

    The lines are written by native code past `sys.stderr`, so the process's own stderr is turned aside: keep the
    block short.
    """
    with _one_at_a_time, tempfile.TemporaryFile() as aside:
        try:
            stderr = os.dup(2)
        except OSError:  # there is none
            yield
            return
        if sys.stderr is not None:
            sys.stderr.flush()
        os.dup2(aside.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            aside.seek(0)
            for line in aside:
                if not chatter.match(line):
                    os.write(2, line)
