"""The map of the face in both superior temporal sulci."""

import numpy as np
import pytest

from emospike.brain.regions import REGIONS, find_regions
from emospike.brain.topography import MOVEMENTS, PLACES, Topography
from emospike.features.action_units import CHANNELS as ACTION_UNITS
from emospike.validation import InputError

BLENDSHAPES = tuple(name for name in PLACES if name.startswith("blendshape "))


def part(name: str) -> set[str]:
    return {shape for shape in BLENDSHAPES if shape.startswith(f"blendshape {name}")}


def heights(names) -> np.ndarray:
    return Topography().sites(tuple(names))[:, 0, 2]


def test_mediapipes_52_blendshapes_and_17_action_units_have_a_place():
    parts = {"brow": 5, "cheek": 3, "eye": 14, "jaw": 4, "mouth": 23, "nose": 2, "_neutral": 1}
    assert {name: len(part(name)) for name in parts} == parts
    assert len(BLENDSHAPES) == sum(parts.values()) == 52
    assert Topography().sites(BLENDSHAPES).shape == (52, 2, 3)
    assert Topography().sites(ACTION_UNITS).shape == (17, 2, 3)


@pytest.mark.parametrize("names", [BLENDSHAPES, ACTION_UNITS])
def test_sites_fill_the_papers_box_and_lie_in_sts(names):
    sites = Topography().sites(names)
    x, y, z = np.moveaxis(sites, -1, 0)
    for values, low, high in ((np.abs(x), 28, 60), (y, -62, -42), (z, -11, 16)):
        assert low <= values.min() < low + 5
        assert high - 5 < values.max() <= high
    assert {REGIONS[i] for i in find_regions(sites.reshape(-1, 3))} == {"STS L", "STS R"}


def test_hemispheres_mirror_each_other():
    left, right = np.moveaxis(Topography().sites(BLENDSHAPES), 1, 0)
    np.testing.assert_array_equal(left, right * np.array([-1, 1, 1], np.float32))
    assert np.all(left[:, 0] < 0)


def test_the_face_stands_upright():
    brow, eye, nose, mouth, jaw = (heights(part(name)) for name in ("brow", "eye", "nose", "mouth", "jaw"))
    for above, below in ((brow, eye), (eye, nose), (nose, mouth), (mouth, jaw)):
        assert above.min() > below.max()
    brow, lid, wrinkle, smile, drop = heights(("AU01", "AU05", "AU09", "AU12", "AU26"))
    assert brow > lid > wrinkle > smile > drop


def test_movements_do_not_coincide_and_halves_are_neighbours():
    sites = Topography().sites(BLENDSHAPES)[:, 1]
    apart = np.linalg.norm(sites[:, None] - sites, axis=-1) + 99 * np.eye(52)
    names = [name.replace("Right", "Left") for name in BLENDSHAPES]
    halves = np.array([[a == b for a in names] for b in names]) & ~np.eye(52, dtype=bool)
    np.testing.assert_allclose(apart[halves], 2.0, atol=1e-4)
    assert halves.sum() == 2 * sum(name.endswith("±") for name, _ in MOVEMENTS)
    assert apart[~halves].min() > 5


def test_a_place_depends_on_the_name_alone():
    topography = Topography()
    every = dict(zip(BLENDSHAPES, topography.sites(BLENDSHAPES), strict=True))
    np.testing.assert_array_equal(topography.sites(BLENDSHAPES[:7:-3])[2], every[BLENDSHAPES[-7]])
    levels = ("AU12", "AU12 lip corner puller", "AU12 lip corner puller @0.5", "AU12 lip corner puller #2")
    assert len(np.unique(topography.sites(levels), axis=0)) == 1
    np.testing.assert_array_equal(topography.sites(("blendshape jawOpen @0.5",))[0], every["blendshape jawOpen"])
    middle = (every["blendshape mouthSmileLeft"] + every["blendshape mouthSmileRight"]) / 2
    np.testing.assert_allclose(topography.sites(("AU12",))[0], middle, atol=1e-4)
    assert topography.sites(()).shape == (0, 2, 3)


def test_wrong_input_is_explained():
    with pytest.raises(InputError, match="no place on the face map for channel 'mel 440 Hz': blendshapes and action"):
        Topography().sites(("mel 440 Hz",))
    with pytest.raises(InputError, match="did you mean 'blendshape jawOpen'"):
        Topography().sites(("blendshape jawopen",))
    for channel in ("AU03", "AU011", "blendshape tongueOut", "blendshape mouthSmile", "blendshape browInnerUpLeft"):
        with pytest.raises(InputError, match=channel):
            Topography().sites((channel,))
    with pytest.raises(InputError, match=r"y must rise, got -42.0 to -62.0 mm"):
        Topography(y=(-42.0, -62.0))
