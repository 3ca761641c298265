"""Blendshapes: 52 movements of the face, measured in every picture by MediaPipe's Face Landmarker."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float, Float32

from emospike.augmentation.voice import Voice, stretch
from emospike.clip import Clip, Frame
from emospike.features.face_model import face_model
from emospike.features.face_track import FaceTrack, NoFaceError, lay_on_grid
from emospike.features.following import follow
from emospike.features.movements import MOVEMENTS, PART_OF
from emospike.features.native_stderr import silence_native_stderr
from emospike.series import Channel, Series
from emospike.validation import InputError, positive

BLENDSHAPES = (
    "_neutral", "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight", "cheekPuff",
    "cheekSquintLeft", "cheekSquintRight", "eyeBlinkLeft", "eyeBlinkRight", "eyeLookDownLeft", "eyeLookDownRight",
    "eyeLookInLeft", "eyeLookInRight", "eyeLookOutLeft", "eyeLookOutRight", "eyeLookUpLeft", "eyeLookUpRight",
    "eyeSquintLeft", "eyeSquintRight", "eyeWideLeft", "eyeWideRight", "jawForward", "jawLeft", "jawOpen", "jawRight",
    "mouthClose", "mouthDimpleLeft", "mouthDimpleRight", "mouthFrownLeft", "mouthFrownRight", "mouthFunnel",
    "mouthLeft", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthPressLeft", "mouthPressRight", "mouthPucker",
    "mouthRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthSmileLeft",
    "mouthSmileRight", "mouthStretchLeft", "mouthStretchRight", "mouthUpperUpLeft", "mouthUpperUpRight",
    "noseSneerLeft", "noseSneerRight",
)  # fmt: skip
_SIDED = {f"{movement}{side.title()}": (movement, side) for movement in MOVEMENTS for side in ("", "left", "right")}
CHANNELS = tuple(
    Channel(f"blendshape {name}", "face", PART_OF[movement], name, "score", movement=movement, side=side)
    for name in BLENDSHAPES
    for movement, side in [_SIDED[name]]
)

_LANDMARKS = 478
_MOST_FACES = 4
_APART = 0.048  # s; 0.05 s less the rounding of containers that count milliseconds
_TO_CAMERA = np.diag([1.0, -1.0, -1.0])  # MediaPipe's y is up and its z towards the camera, OpenFace's the reverse
_CHATTER = re.compile(rb"[IW]\d{4} |INFO: Created TensorFlow|WARNING: (?:Logging before|All log messages)")


@dataclass(frozen=True)
class Blendshapes:
    """Blendshape scores, 0 to 1, of the largest and steadiest face.

    The Face Landmarker works in video mode, in which it looks for a face near where the last picture had it, and
    for up to four faces, in which mode it does not smooth over time: what a picture gives hardly depends on which
    other pictures are looked at. Left and right are the speaker's.

    Attributes
    ----------
    stride : every how many pictures one is looked at; None takes pictures at least 50 ms apart: all of a slow film,
        every second one at 30 per second. Against every picture, that changed the mean scores of four takes by
        0.0004 on average and 0.003 at most, and halves the time.
    model : the model file; None finds or fetches it (`face_model`)

    Source
    ------
    MediaPipe Face Landmarker, blendshapes V2 (Apache-2.0); the feature of Kasabov et al. 2026 (eXCube2), section
    2.6, whose list of names differs from what the model gives.
    """

    stride: int | None = None
    model: str | None = None

    modality: ClassVar[str] = "face"

    def __post_init__(self) -> None:
        positive("stride", 1 if self.stride is None else self.stride)

    def track(self, clip: Clip) -> FaceTrack:
        """Return the scores, box, pose and 478 landmarks of the face in each picture; kept in `clip.memo`.

        The landmarker tells no score of its own: confidence is 1 where it found the face and 0 where not.

        Raises `NoFaceError` for a clip without a film, and `InputError` as `Clip.frames` and `face_model` do, and
        where mediapipe is not installed.
        """
        if clip.face is None:
            raise NoFaceError(f"{clip.name} shows no face: give a film")
        if self not in clip.memo:
            clip.memo[self] = _track(list(_faces_in(self.frames(clip), face_model(self.model))))
        track: FaceTrack = clip.memo[self]
        return track

    def frames(self, clip: Clip) -> Iterator[Frame]:
        """Yield the pictures that are looked at; they are those of the track."""
        return _thin(clip.frames()) if self.stride is None else clip.frames(self.stride)

    def extract(self, clip: Clip) -> Series:
        """Return the scores on the 10 ms grid, shape (steps, 52); `NoFaceError` if the face is mostly not there."""
        return lay_on_grid(clip, self.track(clip))

    def respeak(self, voice: Voice, series: Series) -> Series:
        """Return the feature as a slower or faster voice would have given it."""
        return stretch(voice, series)


@dataclass(frozen=True, eq=False)
class _Face:
    values: Float32[np.ndarray, " 52"]
    box: Float32[np.ndarray, " 4"]
    pose: Float32[np.ndarray, " 3"]
    landmarks: Float32[np.ndarray, "478 2"]


_NOBODY = _Face(*(np.zeros(shape, np.float32) for shape in (len(CHANNELS), 4, 3, (_LANDMARKS, 2))))

Picture = tuple[float, list[_Face]]
"""When a picture was taken, and the faces in it."""


def _thin(frames: Iterable[Frame]) -> Iterator[Frame]:
    last = -np.inf
    for frame in frames:
        if frame.time - last >= _APART:
            yield frame
            last = frame.time


def _track(pictures: Sequence[Picture]) -> FaceTrack:
    """Return the track of the one face that is followed."""
    boxes = [np.array([face.box for face in faces], np.float32).reshape(-1, 4) for _, faces in pictures]
    chosen, most = follow(boxes)
    followed = [faces[at] if at >= 0 else _NOBODY for (_, faces), at in zip(pictures, chosen, strict=True)]

    def column(name: str) -> Float32[np.ndarray, "frames ..."]:
        rows = np.array([getattr(face, name) for face in followed], np.float32)
        return rows.reshape(-1, *getattr(_NOBODY, name).shape)

    return FaceTrack(
        time=np.array([time for time, _ in pictures], float),
        values=column("values"),
        channels=CHANNELS,
        found=chosen >= 0,
        box=column("box"),
        pose=column("pose"),
        landmarks=column("landmarks"),
        confidence=(chosen >= 0).astype(np.float32),
        notes=(f"{most} faces: the largest and steadiest was followed",) if most > 1 else (),
    )


def _faces_in(frames: Iterable[Frame], model: Path) -> Iterator[Picture]:
    """Yield the time of each picture, and its faces."""
    mediapipe = _mediapipe()
    with _landmarker(model) as landmarker:
        stamp = 0
        for frame in frames:
            stamp = max(stamp + 1, round(1000 * frame.time))  # ms, and always rising
            image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=frame.image)
            found = landmarker.detect_for_video(image, stamp)
            parts = (found.face_blendshapes, found.face_landmarks, found.facial_transformation_matrixes)
            yield frame.time, [_face(*face) for face in zip(*parts, strict=True)]


def _face(scores: Sequence[Any], points: Sequence[Any], matrix: Float[np.ndarray, "4 4"]) -> _Face:
    landmarks = np.array([(point.x, point.y) for point in points], np.float32)
    low, high = landmarks.min(axis=0), landmarks.max(axis=0)
    values = np.array([score.score for score in scores], np.float32)
    return _Face(values, np.concatenate([low, high - low]), head_pose(matrix[:3, :3]), landmarks)


def head_pose(rotation: Float[np.ndarray, "3 3"]) -> Float32[np.ndarray, " 3"]:
    """Return pitch, yaw and roll, rad, with the signs of OpenFace: down, to the picture's left, clockwise.

    They turn about x, y and z of a camera that looks along z, y down, in the order R = R_x R_y R_z.
    """
    from scipy.spatial.transform import Rotation

    angles = Rotation.from_matrix(_TO_CAMERA @ rotation @ _TO_CAMERA).as_euler("XYZ")
    return np.asarray(angles, np.float32)


@contextmanager
def _landmarker(model: Path) -> Iterator[Any]:
    """Open a landmarker for one film, which takes 30 ms: it learns nothing from one for the next."""
    tasks = _mediapipe().tasks
    options = tasks.vision.FaceLandmarkerOptions(
        base_options=tasks.BaseOptions(model_asset_path=str(model)),
        running_mode=tasks.vision.RunningMode.VIDEO,
        num_faces=_MOST_FACES,
        output_face_blendshapes=True,
        output_facial_transformation_matrixes=True,
    )
    try:
        with silence_native_stderr(_CHATTER):
            landmarker = tasks.vision.FaceLandmarker.create_from_options(options)
    except RuntimeError as error:
        raise InputError(f"{model} is no face model that mediapipe can open ({error}): give none, or another") from None
    except OSError as error:
        raise InputError(f"mediapipe cannot start ({error}): on Debian, apt install libegl1 libgles2") from None
    with landmarker:
        yield landmarker


def _mediapipe() -> Any:
    try:
        import mediapipe
    except ImportError as error:
        raise InputError(
            f"faces in films need mediapipe ({error}): pip install 'emospike[face]', or give a face-tracking table"
        ) from None
    return mediapipe
