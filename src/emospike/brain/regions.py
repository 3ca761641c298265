"""Regions: the part of the brain that a point in MNI space lies in, by a table of coordinate rules.

No atlas is shipped: every region is one readable inequality, drawn on the ICBM 152 symmetric T1 template.
The rules are for display and for choosing neurons near sound and face areas; they are no parcellation to publish
anatomy with. Borders between lobes are planes and good to about 10 mm.

Sources: Heschl's gyrus (A1) after Morosan et al. 2001 (areas Te1.0 to Te1.2) and the template itself; the superior
temporal sulcus (STS) from the template, joined with the box that eXCube2 (Kasabov et al. 2026, section 2.6)
maps the face into: |x| 28 to 60, y -62 to -42, z -11 to 16 mm.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int32

# The crest of Heschl's gyrus, right hemisphere, MNI mm, and how far from it A1 reaches.
HESCHL_MEDIAL = (39.0, -27.0, 12.0)
HESCHL_LATERAL = (55.0, -11.0, 6.0)
HESCHL_RADIUS = 7.0

AREAS = ("A1", "STS", "cerebellum", "insula", "limbic", "occipital", "temporal", "parietal", "frontal")
REGIONS: tuple[str, ...] = tuple(f"{area} {side}" for area in AREAS for side in "LR")


def find_regions(positions: Float[np.ndarray, "points 3"]) -> Int32[np.ndarray, " points"]:
    """Return the index into `REGIONS` of each point (MNI mm); x below 0 is left.

    Of the areas in which a point lies, the first counts.

    Examples
    --------
    >>> [REGIONS[i] for i in find_regions(np.array([[-46.0, -20, 9], [52, -50, 4], [0, 40, 40]]))]
    ['A1 L', 'STS R', 'frontal R']
    """
    side = positions[:, 0] >= 0
    x, y, z = np.abs(positions[:, 0]), positions[:, 1], positions[:, 2]  # both hemispheres share a rule
    sulcus = (x >= 42) & (y >= -60) & (y <= 0) & (np.abs(z + 18 + 0.6 * y) <= 8)
    face = (x >= 28) & (x <= 60) & (y >= -62) & (y <= -42) & (z >= -11) & (z <= 16)  # the box of eXCube2
    deep = (x < 30) & (y >= -42) & (y <= 16) & (z <= 20) & ((z >= -28) | (x < 16)) & ((x >= 12) | (y < 12))
    cingulate = (x < 13) & (((y + 6) / 52) ** 2 + ((z - 12) / 34) ** 2 < 1)
    sylvian = 1 - 0.6 * y.clip(-28, 0) - 0.8 * y.clip(min=0)  # the fissure rises backwards to z = 18 mm
    inside = {
        "A1": _is_near_heschl(np.stack([x, y, z], axis=1)),
        "STS": sulcus | face,
        "cerebellum": (y < -36) & (z < -6 - 0.45 * x),  # below the tent that the tentorium spans
        "insula": (x >= 30) & (x <= 42) & (y >= -24) & (y <= 26) & (np.abs(z - 2 + 0.2 * y) <= 13),
        "limbic": deep | cingulate,  # deep nuclei, brain stem, hippocampus and amygdala; cingulate gyrus
        # behind the parieto-occipital sulcus, or below it near the midline
        "occipital": (y < -62 - 0.3 * z.clip(min=0)) | ((x < 30) & (y < -48) & (z < 8)),
        "temporal": (x >= 16) & ((y > -45) | (x >= 30)) & (y < 26) & (z < sylvian),
        "parietal": y < -10 - 0.35 * (z - 15).clip(min=0),  # behind the central sulcus
        "frontal": np.ones(len(x), bool),
    }
    area = np.argmax([inside[name] for name in AREAS], axis=0)
    return np.asarray(2 * area + side, np.int32)


def _is_near_heschl(points: Float[np.ndarray, "points 3"]) -> Bool[np.ndarray, " points"]:
    """Tell which points lie within `HESCHL_RADIUS` of the axis of Heschl's gyrus."""
    medial = np.array(HESCHL_MEDIAL)
    axis = np.array(HESCHL_LATERAL) - medial
    away = points - medial
    along = np.clip(away @ axis / (axis @ axis), 0, 1)
    inside: Bool[np.ndarray, " points"] = np.linalg.norm(away - along[:, None] * axis, axis=1) <= HESCHL_RADIUS
    return inside
