"""Topography: where each movement of the face enters the brain, in the superior temporal sulcus."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32

from emospike.validation import InputError

Range = tuple[float, float]

# Movements of the face from the brow down to the jaw: the blendshape (± where it has a left and a right half) and the
# action unit (FACS) that the same muscles make. `_neutral`, no movement, stands between the upper and the lower face.
MOVEMENTS: tuple[tuple[str, int | None], ...] = (
    ("browInnerUp", 1), ("browOuterUp±", 2), ("browDown±", 4),
    ("eyeWide±", 5), ("eyeLookUp±", None), ("eyeBlink±", 45), ("eyeLookOut±", None),
    ("eyeLookIn±", None), ("eyeLookDown±", None), ("eyeSquint±", 7),
    ("noseSneer±", 9), ("cheekSquint±", 6), ("cheekPuff", None), ("_neutral", None),
    ("mouthUpperUp±", 10), ("mouthShrugUpper", None), ("mouthRollUpper", None), ("mouthSmile±", 12),
    ("mouthDimple±", 14), ("mouth±", None), ("mouthPucker", None), ("mouthFunnel", None), ("mouthClose", None),
    ("mouthPress±", 23), ("mouthStretch±", 20), ("mouthFrown±", 15),
    ("mouthRollLower", None), ("mouthLowerDown±", 25), ("mouthShrugLower", 17),
    ("jawOpen", 26), ("jaw±", None), ("jawForward", None),
)  # fmt: skip

PARTS = {"brow": 3, "eyes": 7, "nose and cheeks": 4, "upper mouth": 7, "lower mouth": 8, "jaw": 3}
"""Parts of the face from top to bottom, and how many of `MOVEMENTS` each has."""

_APART = 1.0  # mm, how far the left and the right half of a movement lie from their middle
_PLASTIC = 1.3247179572447460  # the real root of x^3 = x + 1


@dataclass(frozen=True)
class Topography:
    """Dorsoventral map of the face: brow, eyes and nose above, mouth and jaw below, alike in both hemispheres.

    Movement k of `MOVEMENTS`, counted from the brow down to the jaw, k = 0 ... n - 1, has the height

        z = high - (k + 1/2) / n * (high - low)

    and is spread over x and y by the additive recurrence frac(1/2 + k / g), frac(1/2 + k / g^2) with g = 1.3247...,
    which keeps movements of like height apart (M. Roberts' R2 sequence). The left and the right half of a movement
    lie 2 mm apart, the left one nearer to the midline in both hemispheres. A place depends on the name alone: not on
    which other channels there are, and levels of one channel (``"AU12 lip corner puller @0.5"``) share it. An action
    unit lies where the blendshape of the same muscles lies.

    Attributes
    ----------
    lateral : least and greatest distance from the midline, MNI mm
    y, z : back and front, bottom and top of the map, MNI mm

    Sources: Kasabov et al. 2026 (eXCube2), section 2.6 (both STS, the box, upper face dorsal, lower face ventral);
    the order within the upper and the lower face, which the paper leaves open, follows the face from top to bottom.

    Raises
    ------
    InputError : a range that does not rise, or a channel that is neither a blendshape nor an action unit

    Examples
    --------
    >>> brow, jaw = Topography().sites(("blendshape browInnerUp", "AU26 jaw drop"))
    >>> np.rint(brow).tolist()
    [[-44.0, -52.0, 16.0], [44.0, -52.0, 16.0]]
    >>> bool(brow[0, 2] > jaw[0, 2])
    True
    """

    lateral: Range = (28.0, 60.0)
    y: Range = (-62.0, -42.0)
    z: Range = (-11.0, 16.0)

    def __post_init__(self) -> None:
        for name in ("lateral", "y", "z"):
            low, high = getattr(self, name)
            if not low < high:
                raise InputError(f"{name} must rise, got {low} to {high} mm")

    def sites(self, channels: tuple[str, ...]) -> Float32[np.ndarray, "channels sites 3"]:
        """Return the two sites of each channel, MNI mm: in the left, then in the right hemisphere.

        Channels are named ``"blendshape jawOpen"`` or ``"AU26 jaw drop"``; what follows the name is passed over.
        """
        box = np.array([self.lateral, self.y, self.z])
        margin = np.array([_APART, 0.0, 0.0])
        low, high = box[:, 0] + margin, box[:, 1] - margin
        place, side = np.array([_place(channel) for channel in channels], float).reshape(-1, 2).T
        right = low + _spread(place) * (high - low) + np.outer(side, margin)
        return np.stack([right * (-1, 1, 1), right], axis=1).astype(np.float32)


def _spread(place: Float[np.ndarray, " channels"]) -> Float[np.ndarray, "channels 3"]:
    """Return where in the box each movement lies, 0 to 1 along x, y and z."""
    across = [(0.5 + place / _PLASTIC**power) % 1 for power in (1, 2)]
    return np.stack([*across, 1 - (place + 0.5) / len(MOVEMENTS)], axis=1)


def _places() -> dict[str, tuple[int, int]]:
    """Return for each blendshape and action unit its place among `MOVEMENTS`, and -1, 0, 1 for left, both, right."""
    places: dict[str, tuple[int, int]] = {}
    for place, (movement, unit) in enumerate(MOVEMENTS):
        halves = {"Left": -1, "Right": 1} if movement.endswith("±") else {"": 0}
        places |= {f"blendshape {movement.rstrip('±')}{half}": (place, side) for half, side in halves.items()}
        if unit:
            places[f"AU{unit:02d}"] = (place, 0)
    return places


PLACES = _places()


def _place(channel: str) -> tuple[int, int]:
    named = re.match(r"(AU\d\d|blendshape \w+)(?= |$)", channel)
    if named and named[1] in PLACES:
        return PLACES[named[1]]
    near = difflib.get_close_matches(channel, PLACES, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise InputError(
        f"no place on the face map for channel {channel!r}: {hint}blendshapes and action units have one, "
        "such as 'blendshape jawOpen' and 'AU26 jaw drop'"
    )


def part_of(channel: str) -> str | None:
    """Return the part of the face that a channel belongs to, or None for one that is not of the face.

    >>> part_of("AU12 lip corner puller @0.5"), part_of("mel 440 Hz")
    ('upper mouth', None)
    """
    named = re.match(r"(AU\d\d|blendshape \w+)(?= |$)", channel)
    if not named or named[1] not in PLACES:
        return None
    last = np.cumsum(list(PARTS.values()))
    return list(PARTS)[int(np.searchsorted(last, PLACES[named[1]][0], side="right"))]
