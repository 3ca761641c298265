"""FaceTrack: what was seen of one face, frame by frame; every face feature starts from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float32, Float64

from emospike.augmentation.voice import interpolate
from emospike.clip import Clip
from emospike.features.spectrum import HOP, RATE
from emospike.series import Channel, Series
from emospike.validation import InputError

LEAST_SEEN = 0.5
"""Share of a clip's frames, and of its time, in which the face must be found for the face to say anything."""
REACH = 0.5
"""Seconds before and after a frame for which it stands."""
FOLLOWED = "the face that was followed"
"""Under what `clip.memo` holds the track of a face that a camera saw while the clip was heard (see `show_face`)."""


class NoFaceError(InputError):
    """A face was found in too few frames of a clip."""


class Company(NamedTuple):
    """Who else may be seen beside the face that is followed.

    Attributes
    ----------
    faces : how many are seen at one time
    cuts : times of pictures that are quite unlike the one before, s
    rule : which face was followed
    """

    faces: int = 1
    cuts: tuple[float, ...] = ()
    rule: str = "the largest and steadiest"

    def describe(self) -> tuple[str, ...]:
        """Return what the user should know.

        >>> Company(2, (1.25, 3.0)).describe()  # doctest: +NORMALIZE_WHITESPACE
        ('2 faces: the largest and steadiest was followed',
         '2 cuts, the first at 1.2 s: who is seen after it may be another')
        """
        notes = [f"{self.faces} faces: {self.rule} was followed"] if self.faces > 1 else []
        if self.cuts:
            times = "a cut" if len(self.cuts) == 1 else f"{len(self.cuts)} cuts, the first"
            notes.append(f"{times} at {self.cuts[0]:.1f} s: who is seen after it may be another")
        return tuple(notes)

    def shift(self, seconds: float) -> Company:
        """Return the same on another clock."""
        return self._replace(cuts=tuple(time + seconds for time in self.cuts))


ALONE = Company()


@dataclass(frozen=True, eq=False)
class FaceTrack:
    """One face over the frames of a clip.

    Attributes
    ----------
    time : when each frame was taken, s on the clip's clock (0 is `clip.start`), never falling
    values : what was measured in each frame; anything where no face was found
    channels : one a column of `values`
    found : whether there was a face in the frame
    box : x, y, width and height of the face, shares of the picture (y down); 0 where unknown
    pose : pitch, yaw and roll of the head, rad; 0 where unknown
    landmarks : points of the face, shares of the picture (y down); there may be no points
    confidence : of the detection, 0 to 1
    company : who else may be seen
    quality : how well each frame shows the face (see `face_quality`); None where only its movements are known

    Raises
    ------
    InputError : arrays of different lengths, times that fall, channels without a name, or a value that is not finite
        where a face was found
    """

    time: Float64[np.ndarray, " frames"]
    values: Float32[np.ndarray, "frames channels"]
    channels: tuple[Channel, ...]
    found: Bool[np.ndarray, " frames"]
    box: Float32[np.ndarray, "frames 4"]
    pose: Float32[np.ndarray, "frames 3"]
    landmarks: Float32[np.ndarray, "frames points 2"]
    confidence: Float32[np.ndarray, " frames"]
    company: Company = ALONE
    quality: Float32[np.ndarray, "frames measures"] | None = None

    def __post_init__(self) -> None:
        arrays = [self.values, self.found, self.box, self.pose, self.landmarks, self.confidence]
        arrays += [] if self.quality is None else [self.quality]
        if any(len(array) != len(self.time) for array in arrays) or self.values.shape[1] != len(self.channels):
            raise InputError(
                f"one row a frame and one column a channel expected, got {len(self.time)} times, "
                f"{len(self.channels)} channels and arrays of shapes {[array.shape for array in arrays]}"
            )
        if not np.isfinite(self.time).all() or np.any(np.diff(self.time) < 0):
            raise InputError("the times of the frames must be finite and never fall: sort the frames first")
        if not np.isfinite(self.values[self.found]).all():
            raise InputError("a frame in which a face was found holds NaN or infinite values: mark it as not found")

    def __len__(self) -> int:
        return len(self.time)

    @property
    def seen(self) -> float:
        """Share of the frames in which a face was found; 0 if there is no frame."""
        return float(self.found.mean()) if len(self) else 0.0

    def select(self, frames: Bool[np.ndarray, " frames"], time: Float64[np.ndarray, " frames"]) -> FaceTrack:
        """Return the frames of a mask, with the times of another clock."""
        return replace(
            self,
            time=time[frames],
            values=self.values[frames],
            found=self.found[frames],
            box=self.box[frames],
            pose=self.pose[frames],
            landmarks=self.landmarks[frames],
            confidence=self.confidence[frames],
            quality=None if self.quality is None else self.quality[frames],
        )

    def resample(self, steps: int) -> Series:
        """Return the values on the 10 ms grid, the first step at time 0.

        Linear between frames. A frame without a face keeps the values of the last one that had a face, frames before
        the first face take those of that face; so do the steps before the first and after the last frame. A track of
        one frame holds for the whole clip.

        Raises `NoFaceError` if no frame has a face.
        """
        if not self.found.any():
            raise NoFaceError("no face in any frame: decide on the sound alone")
        last = np.maximum.accumulate(np.where(self.found, np.arange(len(self)), -1))
        values = self.values[np.where(last < 0, self.found.argmax(), last)]
        frame = np.interp(np.arange(steps) / RATE, self.time, np.arange(len(self), dtype=float))
        return Series(interpolate(values, frame), RATE, self.channels)

    def check(self, name: str) -> None:
        """Raise `NoFaceError` if the face was found in less than half of the frames of the file `name`."""
        if not len(self):
            raise NoFaceError(f"no face: {name} has no frames in this stretch of time")
        if self.seen < LEAST_SEEN:
            raise NoFaceError(f"no face in {100 * (1 - self.seen):.0f} % of the frames of {name}")

    def check_cover(self, name: str, seconds: float) -> None:
        """Raise `NoFaceError` if the face was found in less than half of the time; a single frame stands for all."""
        if len(self) > 1 and (covered := self.measure_cover(seconds)) < LEAST_SEEN * seconds:
            raise NoFaceError(f"no face: {name} tells of {covered:.1f} s of {seconds:.1f} s")

    def measure_cover(self, seconds: float) -> float:
        """Return how many of the first `seconds` lie within `REACH` of a frame with a face."""
        time = self.time[self.found]
        begin, end = np.clip(time - REACH, 0, seconds), np.clip(time + REACH, 0, seconds)
        return float(np.maximum(end - np.maximum(begin, np.concatenate([[0.0], end[:-1]])), 0).sum())


def show_face(clip: Clip, track: FaceTrack) -> Clip:
    """Return a clip of sound with the face that a camera saw meanwhile, in blendshapes; until it is forgotten."""
    clip.memo[FOLLOWED] = track
    return clip


def is_shown(clip: Clip) -> bool:
    """Tell whether a clip has a face that a camera saw (see `show_face`)."""
    return FOLLOWED in clip.memo


def count_steps(clip: Clip) -> int:
    """Return the number of 10 ms steps of a clip.

    A clip that can be heard has what its sound features have: one step every 160 samples and one at the end. Where
    nothing can be heard, the steps reach to the last frame of the face track that was taken of the clip (and is kept
    in `clip.memo`).

    Raises `InputError` if nothing can be heard and no face was tracked.
    """
    if clip.hears:
        try:
            return len(clip.sound) // HOP + 1
        except InputError:  # a silent or damaged sound track: the face may still decide
            pass
    tracks = [kept for kept in clip.memo.values() if isinstance(kept, FaceTrack) and len(kept)]
    if not tracks:
        raise InputError(f"{clip.name} has no sound, and no face was tracked: give a recording with either")
    last = max(float(track.time[-1]) for track in tracks)
    return int(max(last, 0.0) * RATE + 1e-6) + 1


def lay_on_grid(clip: Clip, track: FaceTrack) -> Series:
    """Return a clip's track on the grid that sound and face share.

    Raises `NoFaceError` if the face was found in less than half of the frames or the time.
    """
    name = clip.face.name if clip.face else clip.name
    track.check(name)
    steps = count_steps(clip)
    track.check_cover(name, (steps - 1) / RATE)
    return track.resample(steps)


def smooth(series: Series, seconds: float) -> Series:
    """Return a series after two box filters of that many seconds; the first and the last value go on for ever.

    >>> jump = Series(np.float32([[0], [0], [9], [0], [0]]), RATE, (Channel("jaw", "face"),))
    >>> smooth(jump, 0.03).values.ravel().tolist()
    [1.0, 2.0, 3.0, 2.0, 1.0]
    """
    from scipy.ndimage import uniform_filter1d

    width, values = round(seconds * series.rate), series.values
    for _ in range(2 if width > 1 else 0):
        values = uniform_filter1d(values, width, axis=0, mode="nearest")
    return series.with_values(values)


def find_company(clip: Clip) -> Company:
    """Return who else may be seen by all tracks that are kept of a clip."""
    return join_companies(kept.company for kept in clip.memo.values() if isinstance(kept, FaceTrack))


def join_companies(companies: Iterable[Company]) -> Company:
    """Return who else may be seen by several tracks: the most faces at one time, and all cuts.

    >>> join_companies([Company(cuts=(3.0,)), Company(2), Company(cuts=(1.0, 3.0))])
    Company(faces=2, cuts=(1.0, 3.0), rule='the largest and steadiest')
    """
    found = [ALONE, *companies]
    most = max(found, key=lambda one: one.faces)
    return most._replace(cuts=tuple(sorted({time for one in found for time in one.cuts})))
