"""The map of the face in both superior temporal sulci."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from emospike.brain.regions import REGIONS, find_regions
from emospike.brain.topography import Topography
from emospike.features.blendshapes import BLENDSHAPES
from emospike.features.blendshapes import CHANNELS as SHAPES
from emospike.features.movements import MOVEMENTS, PARTS
from emospike.features.openface import CHANNELS as ACTION_UNITS
from emospike.series import Channel
from emospike.validation import InputError


def part(name: str) -> list[Channel]:
    return [shape for shape in SHAPES if shape.movement.startswith(name)]


def unit(number: int) -> Channel:
    return next(one for one in ACTION_UNITS if one.name.startswith(f"AU{number:02d}"))


def heights(channels) -> np.ndarray:
    return Topography().sites(channels)[:, 0, 2]


def test_mediapipes_52_blendshapes_and_17_action_units_have_a_place():
    parts = {"brow": 5, "cheek": 3, "eye": 14, "jaw": 4, "mouth": 23, "nose": 2, "_neutral": 1}
    assert {name: len(part(name)) for name in parts} == parts
    assert len(SHAPES) == sum(parts.values()) == 52
    assert {shape.movement for shape in SHAPES} == set(MOVEMENTS)
    assert Topography().sites(SHAPES).shape == (52, 2, 3)
    assert Topography().sites(ACTION_UNITS).shape == (17, 2, 3)


@pytest.mark.parametrize("channels", [SHAPES, ACTION_UNITS])
def test_sites_fill_the_papers_box_and_lie_in_sts(channels):
    sites = Topography().sites(channels)
    x, y, z = np.moveaxis(sites, -1, 0)
    for values, low, high in ((np.abs(x), 28, 60), (y, -62, -42), (z, -11, 16)):
        assert low <= values.min() < low + 5
        assert high - 5 < values.max() <= high
    assert {REGIONS[i] for i in find_regions(sites.reshape(-1, 3))} == {"STS L", "STS R"}


def test_hemispheres_mirror_each_other():
    left, right = np.moveaxis(Topography().sites(SHAPES), 1, 0)
    np.testing.assert_array_equal(left, right * np.array([-1, 1, 1], np.float32))
    assert np.all(left[:, 0] < 0)


def test_the_face_stands_upright():
    brow, eye, nose, mouth, jaw = (heights(part(name)) for name in ("brow", "eye", "nose", "mouth", "jaw"))
    for above, below in ((brow, eye), (eye, nose), (nose, mouth), (mouth, jaw)):
        assert above.min() > below.max()
    brow, lid, wrinkle, smile, drop = heights([unit(number) for number in (1, 5, 9, 12, 26)])
    assert brow > lid > wrinkle > smile > drop
    parts = [heights([shape for shape in SHAPES if shape.group == name]) for name in PARTS]
    assert all(above.min() > below.max() for above, below in pairwise(parts))


def test_movements_do_not_coincide_and_halves_are_neighbours():
    sites = Topography().sites(SHAPES)[:, 1]
    apart = np.linalg.norm(sites[:, None] - sites, axis=-1) + 99 * np.eye(52)
    halves = np.array([[a.movement == b.movement for a in SHAPES] for b in SHAPES]) & ~np.eye(52, dtype=bool)
    np.testing.assert_allclose(apart[halves], 2.0, atol=1e-4)
    assert halves.sum() == sum(bool(shape.side) for shape in SHAPES) == 40
    assert apart[~halves].min() > 5


def test_a_place_depends_on_the_movement_and_its_side_alone():
    topography = Topography()
    every = topography.sites(SHAPES)
    np.testing.assert_array_equal(topography.sites(SHAPES[:7:-3])[2], every[-7])
    smile = unit(12)
    alike = (smile, replace(smile, threshold=0.5), replace(smile, field=2), replace(smile, name="another"))
    assert len(np.unique(topography.sites(alike), axis=0)) == 1
    left, right = (every[BLENDSHAPES.index(f"mouthSmile{side}")] for side in ("Left", "Right"))
    np.testing.assert_allclose(topography.sites((smile,))[0], (left + right) / 2, atol=1e-4)
    assert topography.sites(()).shape == (0, 2, 3)


def test_wrong_input_is_explained():
    with pytest.raises(InputError, match="unknown movement of channel 'mel 440 Hz' '': known are _neutral, browDown"):
        Topography().sites([Channel("mel 440 Hz", "audio", hz=440.0)])
    with pytest.raises(InputError, match="did you mean 'jawOpen'"):
        Topography().sites([Channel("jaw", "face", movement="jawopen")])
    with pytest.raises(InputError, match=r"y must rise, got -42.0 to -62.0 mm"):
        Topography(y=(-42.0, -62.0))
