"""The tonotopic map along Heschl's gyrus."""

import numpy as np
import pytest

from emospike.brain.regions import REGIONS, find_regions
from emospike.brain.tonotopy import Tonotopy
from emospike.validation import InputError

BANDS = np.geomspace(50, 8000, 40).astype(np.float32)


def test_low_frequencies_meet_at_the_lateral_crest() -> None:
    sites = Tonotopy().sites(BANDS, "right")
    assert sites.shape == (40, 2, 3)
    np.testing.assert_allclose(sites[0, 0], sites[0, 1], atol=1e-4)
    assert np.all(np.diff(sites[..., 0], axis=0) < 0)  # each field runs inwards as frequency rises
    a1, r = sites[-1]
    assert a1[1] < r[1] < sites[0, 0, 1]  # A1 ends caudally, R rostrally of it, both behind the crest


def test_frequency_runs_high_low_high_along_the_gyrus() -> None:
    """From the end of A1 over the crest to the end of R, neighbouring bands stay neighbours."""
    sites = Tonotopy().sites(BANDS, "left")
    path = np.concatenate([sites[::-1, 0], sites[:, 1]])
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    assert steps.max() < 1.0  # mm


def test_hemispheres_mirror_each_other() -> None:
    both = Tonotopy().sites(BANDS)
    left, right = both[:, :2], both[:, 2:]
    np.testing.assert_array_equal(left, right * np.array([-1, 1, 1], np.float32))
    assert np.all(left[..., 0] < 0)


def test_sites_lie_in_a1() -> None:
    regions = find_regions(Tonotopy().sites(BANDS).reshape(-1, 3))
    assert {REGIONS[i] for i in regions} == {"A1 L", "A1 R"}


def test_place_is_logarithmic_and_clipped() -> None:
    sites = Tonotopy(lowest=100, highest=1600).sites(np.array([20, 100, 400, 1600, 9000], np.float32), "right")
    np.testing.assert_array_equal(sites[0], sites[1])
    np.testing.assert_array_equal(sites[3], sites[4])
    np.testing.assert_allclose(sites[2], (sites[1] + sites[3]) / 2, atol=1e-4)


def test_channels_without_frequency_take_their_rank() -> None:
    nothing = np.full(40, np.nan, np.float32)
    ranked = Tonotopy().sites(nothing, "right")
    assert np.all(np.diff(ranked[..., 0], axis=0) < 0)
    mixed = Tonotopy().sites(np.concatenate([BANDS, nothing]), "right")
    np.testing.assert_array_equal(mixed[:40], Tonotopy().sites(BANDS, "right"))
    np.testing.assert_array_equal(mixed[40:], ranked)


def test_wrong_input_is_explained() -> None:
    with pytest.raises(InputError, match="use NaN for none"):
        Tonotopy().sites(np.array([0.0, 100.0], np.float32))
    with pytest.raises(InputError, match="below highest"):
        Tonotopy(lowest=9000)
    with pytest.raises(InputError, match="lowest must be above 0"):
        Tonotopy(lowest=0)
