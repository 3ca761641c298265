"""The brain template: its data file, its sizes and its regions."""

import numpy as np
import pytest

from emospike.brain.regions import REGIONS, find_regions
from emospike.brain.template import DATA, BrainTemplate, sample_evenly
from emospike.validation import InputError


def test_data_file_is_small_and_plain() -> None:
    assert DATA.stat().st_size < 200_000
    assert DATA.with_name("README.md").is_file()
    with np.load(DATA, allow_pickle=False) as data:
        assert set(data.files) == {"grid", "mask", "shape", "corner", "voxel"}


def test_default_is_a_symmetric_8_mm_grid() -> None:
    brain = BrainTemplate.mni152()
    assert brain.size == 3108
    points = {tuple(point) for point in brain.positions.astype(int).tolist()}
    assert len(points) == 3108
    assert points == {(-x, y, z) for x, y, z in points}
    assert all(x % 8 == 4 and y % 8 == 0 and z % 8 == 0 for x, y, z in points)


@pytest.mark.parametrize("neurons", [500, 3108, 8000, 100_000])
def test_every_size_fills_both_hemispheres_and_every_region(neurons: int) -> None:
    brain = BrainTemplate.mni152(neurons)
    assert brain.size == neurons
    assert abs((brain.positions[:, 0] < 0).mean() - 0.5) < 0.03
    assert np.all(np.bincount(brain.region, minlength=len(REGIONS)) > 0)


def test_other_sizes_sample_the_same_grey_matter() -> None:
    """Every sampled neuron lies in a voxel of the mask, and regions keep their share at every size."""
    with np.load(DATA) as data:
        mask = np.unpackbits(data["mask"], count=int(data["shape"].prod())).reshape(data["shape"])
        corner, voxel = data["corner"], data["voxel"]
    brain = BrainTemplate.mni152(20_000, seed=3)
    inside = mask[tuple(np.round((brain.positions - corner) / voxel).astype(int).T)]
    assert inside.mean() > 0.999  # the rest is rounding at the faces of voxels
    share = [np.bincount(BrainTemplate.mni152(n).region, minlength=18) / n for n in (5000, 100_000)]
    np.testing.assert_allclose(share[0], share[1], atol=0.005)


def test_seed_decides_the_sample() -> None:
    once, again, other = (BrainTemplate.mni152(500, seed).positions for seed in (1, 1, 2))
    assert np.array_equal(once, again)
    assert not np.array_equal(once, other)


def test_sample_is_more_even_than_chance() -> None:
    cube = np.argwhere(np.ones((16, 16, 16), bool))
    points = sample_evenly(cube, 512, np.random.default_rng(0))
    counts = np.histogramdd(points, bins=4, range=[(-0.5, 15.5)] * 3)[0]
    assert counts.var() < 1  # 64 boxes of 8 points each; independent points would vary by 8


@pytest.mark.parametrize(
    ("point", "region"),
    [
        ((-44, -22, 10), "A1 L"),
        ((52, -14, 7), "A1 R"),
        ((52, -40, 6), "STS R"),
        ((-54, -30, 0), "STS L"),
        ((-38, 6, 0), "insula L"),
        ((24, -20, -14), "limbic R"),  # hippocampus
        ((-12, -18, 8), "limbic L"),  # thalamus
        ((4, -28, -46), "limbic R"),  # brain stem
        ((-37, -21, 58), "frontal L"),  # hand area of the motor cortex
        ((-42, -34, 56), "parietal L"),  # and of the somatosensory cortex
        ((46, -60, 40), "parietal R"),
        ((8, -88, 4), "occipital R"),
        ((-42, 30, 24), "frontal L"),
        ((54, -10, -26), "temporal R"),
        ((-24, -64, -30), "cerebellum L"),
    ],
)
def test_landmarks_lie_in_their_region(point: tuple[float, float, float], region: str) -> None:
    assert REGIONS[find_regions(np.array([point], float))[0]] == region


def test_sts_holds_the_face_box_of_the_paper() -> None:
    x, y, z = np.meshgrid([-59, -44, -29, 29, 44, 59], [-61, -52, -43], [-10, 2, 15])
    box = find_regions(np.stack([x, y, z], axis=-1).reshape(-1, 3).astype(float))
    assert {REGIONS[i] for i in box} == {"STS L", "STS R"}


def test_in_region_joins_hemispheres() -> None:
    brain = BrainTemplate.mni152()
    left, right, both = (brain.in_region(name) for name in ("A1 L", "A1 R", "A1"))
    assert np.array_equal(both, left | right)
    assert left.sum() == right.sum() == 8
    assert np.all(brain.positions[left, 0] < 0)
    assert brain.in_region("STS").sum() > 100


def test_wrong_input_is_explained() -> None:
    with pytest.raises(InputError, match="500 to 1000000, got 499"):
        BrainTemplate.mni152(499)
    with pytest.raises(InputError, match="500 to 1000000"):
        BrainTemplate.mni152(1_000_001)
    with pytest.raises(InputError, match="did you mean 'temporal'"):
        BrainTemplate.mni152().in_region("temporl")
    positions = np.zeros((2, 3), np.float32)
    with pytest.raises(InputError, match="2 positions and 1 regions"):
        BrainTemplate(positions, np.zeros(1, np.int32), REGIONS)
    with pytest.raises(InputError, match="0 to 17"):
        BrainTemplate(positions, np.array([0, 18], np.int32), REGIONS)
