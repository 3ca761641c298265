"""Blendshapes: 52 movements of the face, measured in every picture by MediaPipe's Face Landmarker."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import ClassVar

import numpy as np
from jaxtyping import Float32

from emospike.augmentation.voice import Voice, change_face, stretch
from emospike.clip import Clip, Frame, is_table
from emospike.clip.ahead import read_ahead
from emospike.features.face_landmarker import DetectedFace, find_faces, find_model, open_landmarker
from emospike.features.face_quality import MEASURES
from emospike.features.face_track import FOLLOWED, Company, FaceTrack, NoFaceError, is_shown, lay_on_grid, smooth
from emospike.features.following import count_faces, follow
from emospike.features.movements import MOVEMENTS, PART_OF
from emospike.features.openface import Scores, read_track
from emospike.schema import LOCAL
from emospike.series import Channel, Series
from emospike.validation import positive, within

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
SHAPES = Scores(
    "scores",
    tuple(f"blendshape_{name}" for name in BLENDSHAPES),
    CHANNELS,
    1.0,
    "give the film itself, or the table that emospike track makes of it",
)
"""The columns of `emospike track` that hold blendshapes; OpenFace's tables have none."""

_CUT = 35.0  # mean change of the green, 0 to 255, from one picture to the next; a head that turns gives 10
APART = 0.075
"""Seconds from picture to picture, at least: every third of 30 a second, every second of 25, all of 13 and fewer."""


@dataclass(frozen=True)
class Blendshapes:
    """Blendshape scores, 0 to 1, of the largest and steadiest face in a film.

    The Face Landmarker works in video mode, in which it looks for a face near where the last picture had it, and
    for up to four faces, in which mode it does not smooth over time: what a picture gives hardly depends on which
    other pictures are looked at. Left and right are the speaker's. From a table that `emospike track` made of a film
    the scores are read.

    Attributes
    ----------
    stride : every how many pictures one is looked at; None takes pictures at least 75 ms apart: all of a slow film,
        every third one at 30 per second, which takes two thirds of the time that every second one takes, and moves
        probabilities no more than beginning with the next picture does (docs/models.md).
    model : the model file; None finds or fetches it (`find_model`)
    smoothing : seconds of a box filter that the scores go through twice; 0 for none
    jitter, offset : deviations of what tells one face from another in training (see `change_face`)

    Source
    ------
    MediaPipe Face Landmarker, blendshapes V2 (Apache-2.0); the feature of Kasabov et al. 2026 (eXCube2), section
    2.6, whose list of names differs from what the model gives.
    """

    stride: int | None = None
    model: str | None = field(default=None, metadata=LOCAL)
    smoothing: float = 0.0
    jitter: float = 0.15
    offset: float = 0.06

    modality: ClassVar[str] = "face"

    def __post_init__(self) -> None:
        positive("stride", 1 if self.stride is None else self.stride)
        within("smoothing in seconds", self.smoothing, 0, 10)
        within("jitter", self.jitter, 0, 5)
        within("offset", self.offset, 0, 1)

    def track(self, clip: Clip) -> FaceTrack:
        """Return the scores, box, pose and 478 landmarks of the face in each picture; kept in `clip.memo`.

        The landmarker tells no score of its own: confidence is 1 where it found the face and 0 where not.

        Raises `NoFaceError` for a clip without a film or table, and `InputError` as `Clip.frames` and `find_model` do,
        for a table without blendshapes, and where mediapipe is not installed.
        """
        if is_shown(clip):
            followed: FaceTrack = clip.memo[FOLLOWED]
            return followed
        if clip.face is None:
            raise NoFaceError(f"{clip.name} shows no face: give a film")
        seen = Blendshapes(self.stride, self.model)  # whatever becomes of the scores later
        if seen not in clip.memo:
            table = clip.face if is_table(clip.face) else None
            clip.memo[seen] = (
                read_track(clip, table, SHAPES) if table else track_frames(clip, self.frames(clip), self.model)
            )
        track: FaceTrack = clip.memo[seen]
        return track

    def frames(self, clip: Clip) -> Iterator[Frame]:
        """Yield the pictures that are looked at; they are those of the track."""
        return clip.frames(apart=APART) if self.stride is None else clip.frames(self.stride)

    def number_frames(self, clip: Clip) -> Iterator[tuple[int, Frame]]:
        """Yield the same pictures, each with its number in the film, counted from 1."""
        if self.stride is None:
            return _thin(enumerate(clip.frames(), start=1))
        return zip(count(1, self.stride), clip.frames(self.stride))

    def extract(self, clip: Clip) -> Series:
        """Return the scores on the 10 ms grid, shape (steps, 52); `NoFaceError` if the face is mostly not there."""
        return smooth(lay_on_grid(clip, self.track(clip)), self.smoothing)

    def respeak(self, voice: Voice, series: Series) -> Series:
        """Return the face of one who speaks as slowly as that voice, and moves as its `face` draws it."""
        return change_face(voice, stretch(voice, series), self.jitter, self.offset, SHAPES.most)


def track_frames(clip: Clip, frames: Iterable[Frame], model: str | None = None) -> FaceTrack:
    """Return the track of the face in these pictures of a clip; raise `InputError` as `Blendshapes.track`."""
    path, cuts = find_model(model), list[float]()
    with clip.borrow(("landmarker", path), partial(open_landmarker, path)) as landmarker:
        return _follow_face(list(find_faces(_note_cuts(read_ahead(iter(frames)), cuts), landmarker)), cuts)


NOBODY = DetectedFace(*(np.zeros(shape, np.float32) for shape in (len(CHANNELS), 4, 3, (478, 2), len(MEASURES))))
"""What stands in a track where no face was found."""


def _thin(frames: Iterable[tuple[int, Frame]]) -> Iterator[tuple[int, Frame]]:
    last = -np.inf
    for number, frame in frames:
        if frame.time - last >= APART:
            yield number, frame
            last = frame.time


def _note_cuts(frames: Iterable[Frame], cuts: list[float]) -> Iterator[Frame]:
    """Yield the same pictures, and note the times of those that are quite unlike the one before."""
    finder = CutFinder()
    for frame in frames:
        if finder.find(frame):
            cuts.append(frame.time)
        yield frame


class CutFinder:
    """Tells pictures that are quite unlike the one before."""

    def __init__(self) -> None:
        self._before: Float32[np.ndarray, "rows columns"] | None = None

    def find(self, frame: Frame) -> bool:
        """Tell whether there is a cut before the next picture."""
        height, width, _ = frame.image.shape
        small = frame.image[:: max(height // 18, 1), :: max(width // 32, 1), 1].astype(np.float32)
        before, self._before = self._before, small
        return before is not None and before.shape == small.shape and bool(np.abs(small - before).mean() > _CUT)


def _follow_face(pictures: Sequence[tuple[float, list[DetectedFace]]], cuts: Sequence[float] = ()) -> FaceTrack:
    """Return the track of the one face that is followed."""
    boxes = [stack_boxes(faces) for _, faces in pictures]
    chosen = follow(boxes)
    followed = [faces[at] if at >= 0 else None for (_, faces), at in zip(pictures, chosen, strict=True)]
    company = Company(count_faces([len(one) for one in boxes]), tuple(cuts))
    return make_track([time for time, _ in pictures], followed, company)


def stack_boxes(faces: Sequence[DetectedFace]) -> Float32[np.ndarray, "faces 4"]:
    """Return the boxes of the faces in a picture."""
    return np.array([face.box for face in faces], np.float32).reshape(-1, 4)


def make_track(times: Sequence[float], followed: Sequence[DetectedFace | None], company: Company) -> FaceTrack:
    """Return the track of one face, of which each picture shows what is told, or that it was not found."""
    found = np.array([face is not None for face in followed], bool)

    def column(name: str) -> Float32[np.ndarray, "frames ..."]:
        rows = np.array([getattr(face or NOBODY, name) for face in followed], np.float32)
        return rows.reshape(-1, *getattr(NOBODY, name).shape)

    return FaceTrack(
        time=np.array(times, float),
        values=column("values"),
        channels=CHANNELS,
        found=found,
        box=column("box"),
        pose=column("pose"),
        landmarks=column("landmarks"),
        confidence=found.astype(np.float32),
        quality=column("quality"),
        company=company,
    )
