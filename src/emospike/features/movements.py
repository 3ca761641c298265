"""Movements of the face: what muscles do, from the brow down to the jaw, and the part of the face that each is of."""

from __future__ import annotations

PARTS: dict[str, tuple[str, ...]] = {
    "brow": ("browInnerUp", "browOuterUp", "browDown"),
    "eyes": ("eyeWide", "eyeLookUp", "eyeBlink", "eyeLookOut", "eyeLookIn", "eyeLookDown", "eyeSquint"),
    "nose and cheeks": ("noseSneer", "cheekSquint", "cheekPuff", "_neutral"),
    "upper mouth": (
        "mouthUpperUp", "mouthShrugUpper", "mouthRollUpper", "mouthSmile", "mouthDimple", "mouth", "mouthPucker",
    ),
    "lower mouth": (
        "mouthFunnel", "mouthClose", "mouthPress", "mouthStretch", "mouthFrown", "mouthRollLower", "mouthLowerDown",
        "mouthShrugLower",
    ),
    "jaw": ("jawOpen", "jaw", "jawForward"),
}  # fmt: skip
"""Parts of the face from top to bottom, each with its movements likewise, as blendshapes are called less the side where
there is a left and a right half. `_neutral`, no movement, stands between the upper and the lower face."""

MOVEMENTS = tuple(movement for part in PARTS.values() for movement in part)
PART_OF = {movement: part for part, own in PARTS.items() for movement in own}

UNIT_MOVEMENTS = {
    1: "browInnerUp", 2: "browOuterUp", 4: "browDown", 5: "eyeWide", 6: "cheekSquint", 7: "eyeSquint", 9: "noseSneer",
    10: "mouthUpperUp", 12: "mouthSmile", 14: "mouthDimple", 15: "mouthFrown", 17: "mouthShrugLower",
    20: "mouthStretch", 23: "mouthPress", 25: "mouthLowerDown", 26: "jawOpen", 45: "eyeBlink",
}  # fmt: skip
"""The movement that the muscles of each action unit (FACS) make."""
