"""Build src/emospike/brain/data/mni152.npz once, from the grey-matter map that nilearn bundles (no download).

    pip install nilearn && python scripts/build_brain_template.py

The file holds two views of the grey matter of the ICBM 152 (2009a, symmetric, non-linear) brain, both in MNI mm:
`grid`, the 3,108 points of an 8 mm grid that are most probably grey matter, and `mask`, all 2 mm voxels that are
more likely grey matter than not, from which brains of other sizes are sampled.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int
from nilearn.datasets import load_mni152_gm_template
from nilearn.image import coord_transform
from scipy.ndimage import gaussian_filter

TARGET = Path(__file__).parents[1] / "src" / "emospike" / "brain" / "data" / "mni152.npz"
NEURONS = 3108  # the reservoir of eXCube2
GRID_MM, MASK_MM = 8, 2
SMOOTHING_MM = GRID_MM / 2.355  # a Gaussian whose full width at half maximum is one grid step
CORNER, FAR_CORNER = (
    np.array([-92, -128, -72]),
    np.array([92, 96, 112]),
)  # mm; x = ±4, ±12, ... avoids the midline


def most_probable(probability: Float[np.ndarray, "x y z"], corner: Int[np.ndarray, " axes"]) -> Int[np.ndarray, "n 3"]:
    """Return the `NEURONS` grid points of highest smoothed grey-matter probability, sorted by position."""
    axes = [np.arange(low, high + 1, GRID_MM) for low, high in zip(CORNER, FAR_CORNER, strict=True)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    smooth = gaussian_filter(probability, SMOOTHING_MM)[tuple((points - corner).T)]
    smooth = smooth.round(5)  # mirrored points tie exactly, so that a pair is chosen or left together
    chosen = np.sort(np.argsort(-smooth, kind="stable")[:NEURONS])
    print(f"grid: {NEURONS} points, all with probability above {smooth[chosen].min():.3f}")
    return points[chosen]


def main() -> None:
    image = load_mni152_gm_template(resolution=1)
    corner = np.array(coord_transform(0, 0, 0, image.affine), int)
    probability = image.get_fdata(dtype=np.float32)
    mask: Bool[np.ndarray, "x y z"] = probability[::MASK_MM, ::MASK_MM, ::MASK_MM] > 0.5
    print(f"mask: {mask.sum()} voxels of {MASK_MM} mm")
    TARGET.parent.mkdir(exist_ok=True)
    np.savez_compressed(
        TARGET,
        grid=most_probable(probability, corner).astype(np.int16),
        mask=np.packbits(mask),
        shape=np.array(mask.shape),
        corner=corner,
        voxel=np.array(MASK_MM),
    )
    print(f"{TARGET}: {TARGET.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
