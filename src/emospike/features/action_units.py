"""Action units: which muscles of the face move, and how strongly (Facial Action Coding System)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, NamedTuple

import numpy as np
from jaxtyping import Float32

from emospike.augmentation.voice import Voice, change_face, stretch
from emospike.clip import Clip, is_table
from emospike.features.blendshapes import Blendshapes
from emospike.features.face_track import FaceTrack, NoFaceError, is_shown, lay_on_grid, smooth
from emospike.features.openface import CHANNELS, UNITS, read_track
from emospike.schema import LOCAL
from emospike.series import Channel, Series
from emospike.validation import within


class Bridge(NamedTuple):
    """How blendshapes stand for an action unit: gain * (their mean - offset), held between 0 and 5."""

    blendshapes: tuple[str, ...]
    gain: float
    offset: float


BRIDGES: dict[str, Bridge] = {
    "AU01": Bridge(("browInnerUp",), 5.0, -0.123),
    "AU02": Bridge(("browOuterUp",), 5.0, -0.160),
    "AU04": Bridge(("browDown",), 4.1, 0.516),
    "AU05": Bridge(("eyeWide",), 10.0, -0.044),
    "AU06": Bridge(("mouthSmile",), 0.98, -0.087),  # stands in for cheekSquint
    "AU07": Bridge(("eyeSquint",), 4.4, 0.436),
    "AU09": Bridge(("mouthUpperUp",), 2.5, -0.127),  # stands in for noseSneer
    "AU10": Bridge(("mouthUpperUp",), 5.0, -0.068),
    "AU12": Bridge(("mouthSmile",), 2.3, -0.069),
    "AU14": Bridge(("mouthSmile",), 1.6, -0.115),  # stands in for mouthDimple
    "AU15": Bridge(("mouthFrown",), 10.0, -0.033),
    "AU17": Bridge(("mouthShrugLower",), 10.0, -0.005),
    "AU20": Bridge(("mouthStretch",), 10.0, -0.013),
    "AU23": Bridge(("mouthPress",), 1.9, 0.066),
    "AU25": Bridge(("jawOpen", "mouthLowerDown", "mouthUpperUp"), 7.4, -0.133),
    "AU26": Bridge(("jawOpen",), 5.8, -0.139),
    "AU45": Bridge(("eyeBlink",), 4.4, 0.031),
}
"""From MediaPipe's blendshapes to OpenFace's intensities: a rough bridge, so that a film can be shown to what was
trained on OpenFace's tables. Blendshapes with a left and a right half count as the mean of both.

Which blendshape: the one of the same muscles. Where MediaPipe leaves that one at 0 (cheekSquint, noseSneer,
mouthDimple) another stands in, whose action unit goes with the missing one in 1,200 clips of RAVDESS (clip means of
AU06, AU14 with AU12: r = 0.72, 0.74; AU09 with AU10: r = 0.70).

Gain: anatomy alone would give g0 = 5 / (score of a full movement), which is 1, or 1/2 for the faint eyeWide,
mouthFrown, mouthShrugLower and mouthStretch, and 0.7 for lips apart; half of g0 for a stand-in. The marginals alone
would give g1 = (deviation of the action unit) / (deviation s of the blendshape), both from frame to frame within a clip
and between emotions. The table has the mean of both on a log scale, in which g1 has the weight s^2 / (s^2 + 0.1^2): a
blendshape that hardly moved says nothing about its gain. Offset: so that the means of both agree. What hardly moves
thus rests at the mean of the population.

What this rests on: blendshapes of four films of one actor (RAVDESS 01; neutral, calm, sad, surprised), and OpenFace's
clip means of 20 other actors in these emotions. Over 4 emotions x 17 action units the bridged means and the
population's have r = 0.79; but the means of the units were fitted, and less these r = 0.29. Four published fragments
that were not used (happy of the same actor; sad, angry and disgusted of three others) have r = 0.74, and 0.66 less the
means (scripts/bridge_check.py). A logistic
regression trained on the 1,200 clip means puts all eight on the right side of arousal, the surprised one barely, and
five of eight emotions first. Smiles (AU12), raised lips (AU10), lowered brows (AU04) and blinks (AU45) carry it; raised
brows and lids (AU01, AU02, AU05) of these actors hardly show in MediaPipe's scores, and an actor whose brows rest high
never reaches AU04. Nothing is known yet of other cameras, ages and skins.
"""


@dataclass(frozen=True)
class ActionUnits:
    """Intensities of 17 action units, 0 (absent) to 5 (as strong as can be).

    From a face-tracking table they are read (see `openface.read_table`). From a film they are estimated from
    MediaPipe's blendshapes b, averaged over both halves of the face, with the gains g and offsets o of `BRIDGES`:

        AU = min(max(g (b - o), 0), 5)

    which is rough: read there what it rests on. A table with a single row, such as a clip's mean, holds for the
    whole clip.

    Attributes
    ----------
    stride, model : which pictures of a film are measured, and by which file, as in `Blendshapes`
    smoothing : seconds of a box filter that the intensities go through twice, so that tables, which tremble from frame
        to frame, and films, looked at less often, are equally lively; 0 for none
    jitter, offset : deviations of what tells one face from another in training (see `change_face`)

    Sources: Ekman and Friesen 1978 (the units); Baltrusaitis et al. 2018 (OpenFace 2, the intensities).

    Raises
    ------
    InputError : as `openface.read_table` for a table, and as `Blendshapes` for a film
    NoFaceError : a clip without a film or table, or with a face in less than half of its frames
    """

    stride: int | None = None
    model: str | None = field(default=None, metadata=LOCAL)
    smoothing: float = 0.0
    jitter: float = 0.15
    offset: float = 0.3

    modality: ClassVar[str] = "face"

    def __post_init__(self) -> None:
        within("smoothing in seconds", self.smoothing, 0, 10)
        within("jitter", self.jitter, 0, 5)
        within("offset", self.offset, 0, 5)

    def track(self, clip: Clip) -> FaceTrack:
        """Return the intensities in every frame, with pose and landmarks; kept in `clip.memo`."""
        if clip.face is None and not is_shown(clip):
            raise NoFaceError(f"{clip.name} shows no face: give a film, or a face-tracking table (.csv, .csv.gz)")
        if self not in clip.memo:
            table = clip.face if clip.face and is_table(clip.face) else None
            clip.memo[self] = read_track(clip, table) if table else self._bridge(clip)
        track: FaceTrack = clip.memo[self]
        return track

    def extract(self, clip: Clip) -> Series:
        """Return the intensities on the 10 ms grid, shape (steps, 17)."""
        series = lay_on_grid(clip, self.track(clip))
        return smooth(series, self.smoothing)

    def respeak(self, voice: Voice, series: Series) -> Series:
        """Return the face of one who speaks as slowly as that voice, and whose muscles are as its `face` draws them."""
        return change_face(voice, stretch(voice, series), self.jitter, self.offset, UNITS.most)

    def _bridge(self, clip: Clip) -> FaceTrack:
        track = Blendshapes(self.stride, self.model).track(clip)
        return replace(track, values=bridge_units(track.values, track.channels), channels=CHANNELS)


def bridge_units(
    blendshapes: Float32[np.ndarray, "frames blendshapes"], channels: Sequence[Channel]
) -> Float32[np.ndarray, "frames units"]:
    """Return the action units that `BRIDGES` makes of blendshapes.

    >>> from emospike.features.blendshapes import CHANNELS as SHAPES
    >>> scores = np.array([[0.8 if shape.movement == "mouthSmile" else 0.0 for shape in SHAPES]], np.float32)
    >>> smile = [unit.movement for unit in CHANNELS].index("mouthSmile")
    >>> CHANNELS[smile].name, float(bridge_units(scores, SHAPES)[0, smile].round(1))
    ('AU12 lip corner puller', 2.0)
    """
    columns: dict[str, list[int]] = {}  # of each movement, or of its left and its right half
    for column, channel in enumerate(channels):
        columns.setdefault(channel.movement, []).append(column)
    units = []
    for bridge in BRIDGES.values():
        scores = [blendshapes[:, columns[name]].mean(axis=1) for name in bridge.blendshapes]
        units.append(bridge.gain * (np.mean(scores, axis=0) - bridge.offset))
    return np.stack(units, axis=1).clip(0, 5).astype(np.float32)
