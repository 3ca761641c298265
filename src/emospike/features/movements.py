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

UNIT_WORDS = {
    "browInnerUp": "inner brows raised", "browOuterUp": "outer brows raised", "browDown": "brows lowered",
    "eyeWide": "upper lids raised", "eyeSquint": "lids tightened", "mouthUpperUp": "upper lip raised",
    "mouthSmile": "lip corners raised", "mouthFrown": "lip corners lowered", "mouthShrugLower": "chin raised",
    "mouthStretch": "lips stretched", "mouthPress": "lips tightened", "mouthLowerDown": "lips apart",
    "jawOpen": "jaw dropped", "eyeBlink": "eyes closed",
}  # fmt: skip
"""What is seen where each of these movements is strong."""
