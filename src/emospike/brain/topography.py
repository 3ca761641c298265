"""Topography: where each movement of the face enters the brain, in the superior temporal sulcus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from emospike.features.movements import MOVEMENTS
from emospike.series import Channel
from emospike.validation import InputError, one_of

_SIDES = {"left": -1, "": 0, "right": 1}
_APART = 1.0  # mm, how far the left and the right half of a movement lie from their middle
_PLASTIC = 1.3247179572447460  # the real root of x^3 = x + 1


@dataclass(frozen=True)
class Topography:
    """Dorsoventral map of the face: brow, eyes and nose above, mouth and jaw below, alike in both hemispheres.

    Movement k of `MOVEMENTS`, counted from the brow down to the jaw, k = 0 ... n - 1, has the height

        z = high - (k + 1/2) / n * (high - low)

    and is spread over x and y by the additive recurrence frac(1/2 + k / g), frac(1/2 + k / g^2) with g = 1.3247...,
    which keeps movements of like height apart (M. Roberts' R2 sequence). The left and the right half of a movement
    lie 2 mm apart, the left one nearer to the midline in both hemispheres. A place depends on the movement and its side
    alone: not on which other channels there are, and levels of one channel share it. An action unit lies where the
    blendshape of the same muscles lies.

    Attributes
    ----------
    lateral : least and greatest distance from the midline, MNI mm
    y, z : back and front, bottom and top of the map, MNI mm

    Sources: Kasabov et al. 2026 (eXCube2), section 2.6 (both STS, the box, upper face dorsal, lower face ventral);
    the order within the upper and the lower face, which the paper leaves open, follows the face from top to bottom.

    Raises
    ------
    InputError : a range that does not rise, or a channel of no known movement

    Examples
    --------
    >>> channels = [Channel(name, "face", movement=name) for name in ("browInnerUp", "jawOpen")]
    >>> brow, jaw = Topography().sites(channels)
    >>> np.rint(brow).tolist()
    [[-44.0, -52.0, 16.0], [44.0, -52.0, 16.0]]
    >>> bool(brow[0, 2] > jaw[0, 2])
    True
    """

    lateral: tuple[float, float] = (28.0, 60.0)
    y: tuple[float, float] = (-62.0, -42.0)
    z: tuple[float, float] = (-11.0, 16.0)

    def __post_init__(self) -> None:
        for name in ("lateral", "y", "z"):
            low, high = getattr(self, name)
            if not low < high:
                raise InputError(f"{name} must rise, got {low} to {high} mm")

    def sites(self, channels: Sequence[Channel]) -> Float32[np.ndarray, "channels sites 3"]:
        """Return the two sites of each channel, MNI mm: in the left, then in the right hemisphere."""
        box = np.array([self.lateral, self.y, self.z])
        margin = np.array([_APART, 0.0, 0.0])
        low, high = box[:, 0] + margin, box[:, 1] - margin
        known = [one_of(f"movement of channel {one.name!r}", one.movement, MOVEMENTS) for one in channels]
        place = np.array([MOVEMENTS.index(movement) for movement in known], float)
        side = np.array([_SIDES[one.side] for one in channels], float)
        across = [(0.5 + place / _PLASTIC**power) % 1 for power in (1, 2)]
        share = np.stack([*across, 1 - (place + 0.5) / len(MOVEMENTS)], axis=1)  # of the box, along x, y and z
        right = low + share * (high - low) + np.outer(side, margin)
        return np.stack([right * (-1, 1, 1), right], axis=1).astype(np.float32)
