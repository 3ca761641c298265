"""Brain templates: where every neuron of a reservoir sits, in MNI152 millimetres, and in which region."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float32, Int, Int32

from emospike.brain.regions import REGIONS, find_regions
from emospike.validation import InputError, one_of, within

DATA = Path(__file__).with_name("data") / "mni152.npz"
GRID_NEURONS = 3108  # the size of eXCube2's reservoir, and of the 8 mm grid
SMALLEST, LARGEST = 500, 1_000_000


@dataclass(frozen=True)
class BrainTemplate:
    """Neurons in space.

    Attributes
    ----------
    positions : float32 array, shape (neurons, 3): x (left to right), y (back to front), z (up) in MNI mm
    region : int32 array, shape (neurons,): index into `regions`
    regions : names such as ``"A1 L"``; the last letter is the hemisphere

    Raises
    ------
    InputError : the arrays differ in length, or a region has no name

    Examples
    --------
    >>> brain = BrainTemplate.mni152()
    >>> brain.size, int(brain.in_region("A1").sum()), int(brain.in_region("A1 L").sum())
    (3108, 16, 8)
    """

    positions: Float32[np.ndarray, "neurons 3"]
    region: Int32[np.ndarray, " regions_of_neurons"]
    regions: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.positions) != len(self.region):
            raise InputError(
                f"one region a neuron expected, got {len(self.positions)} positions and {len(self.region)} regions"
            )
        if self.size and not 0 <= self.region.min() <= self.region.max() < len(self.regions):
            raise InputError(f"region indices must lie in 0 to {len(self.regions) - 1}")

    @classmethod
    def mni152(cls, neurons: int = GRID_NEURONS, seed: int = 0) -> BrainTemplate:
        """Return grey matter of the MNI152 brain (see ``data/README.md`` for its source).

        3,108 neurons are the points of an 8 mm grid, equal left and right, whatever the seed. Any other size is
        sampled evenly from all 2 mm voxels of grey matter, and placed at random within them.

        Raises
        ------
        InputError : fewer than 500 or more than 1,000,000 neurons
        """
        within("neurons", neurons, SMALLEST, LARGEST)
        with np.load(DATA) as data:
            if neurons == GRID_NEURONS:
                positions = data["grid"].astype(np.float32)
            else:
                count = int(data["shape"].prod())
                mask = np.unpackbits(data["mask"], count=count).reshape(data["shape"]).astype(bool)
                points = sample_evenly(np.argwhere(mask), neurons, np.random.default_rng(seed))
                positions = (data["corner"] + data["voxel"] * points).astype(np.float32)
        return cls(positions, find_regions(positions), REGIONS)

    @property
    def size(self) -> int:
        """Number of neurons."""
        return len(self.positions)

    def in_region(self, name: str) -> Bool[np.ndarray, " neurons"]:
        """Return which neurons lie in a region: ``"A1"`` in both hemispheres, ``"A1 L"`` in the left one.

        Raises
        ------
        InputError : no region has that name
        """
        wholes = [region[:-2] for region in self.regions]
        one_of("region", name, {*self.regions, *wholes})
        wanted = [i for i, sided in enumerate(self.regions) if name in (sided, wholes[i])]
        return np.isin(self.region, wanted)


def sample_evenly(
    voxels: Int[np.ndarray, "voxels 3"], count: int, rng: np.random.Generator
) -> Float32[np.ndarray, "count 3"]:
    """Return `count` points spread evenly over voxels, in voxel units.

    The voxels are lined up along a Morton curve (the bits of x, y and z interleaved), which keeps neighbours together;
    every stretch of equal length gives one point (systematic sampling), so that no part of the brain is crowded or
    bare by chance.
    """
    bits = range(int(voxels.max()).bit_length())
    code = [(voxels[:, axis] >> bit & 1) << (3 * bit + axis) for bit in bits for axis in range(3)]
    curve = voxels[np.argsort(np.sum(code, axis=0))]
    chosen = curve[(np.arange(count) * len(curve) + rng.integers(len(curve))) // count]
    return np.asarray(chosen + rng.uniform(-0.5, 0.5, chosen.shape), np.float32)
