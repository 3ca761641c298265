"""Augmentation: what changes, by how much, and that the same draws give the same."""

import numpy as np
import pytest

from emospike.augmentation.masks import Augmentation
from emospike.augmentation.voice import VirtualSpeakers
from emospike.features.action_units import ActionUnits
from emospike.features.mel import Mel
from emospike.features.openface import CHANNELS
from emospike.features.spectrum import make_band
from emospike.series import Series
from emospike.validation import InputError

NONE = Augmentation(VirtualSpeakers(copies=0), masks=0, noise=0.0, drop=0.0, mirror=0.0, mix=0.0)


def features():
    rng = np.random.default_rng(0)
    bands = tuple(make_band("mel", str(i + 50)) for i in range(64))
    mel = Series(rng.normal(-8, 2, (100, 64)).astype(np.float32), 100.0, bands)
    face = Series(rng.random((100, 17)).astype(np.float32), 100.0, CHANNELS)
    return (Mel(bands=64), ActionUnits()), (mel, face)


def test_the_same_draws_give_the_same():
    kinds, series = features()
    one, two, other = (Augmentation().respeak(kinds, series, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(one[0].values, two[0].values)
    assert not np.array_equal(one[0].values[:80], other[0].values[:80])
    assert len(one[0]) == len(one[1])  # a face moves as slowly as its voice


def test_nothing_changes_where_nothing_may():
    kinds, series = features()
    rng = np.random.default_rng(0)
    found = NONE.respeak(kinds, (series[0], None), rng)
    assert found[1] is None
    np.testing.assert_array_equal(found[0].values, series[0].values)
    np.testing.assert_array_equal(NONE.disturb(series[0].values, rng, picture=True), series[0].values)


def test_masks_hide_bands_and_moments_of_pictures_and_whole_tracks():
    values = np.ones((100, 40), np.float32)
    rng = np.random.default_rng(3)
    change = Augmentation(masks=3, widest=8, longest=24, noise=0.0, drop=0.5)
    hidden = change.disturb(values, rng, picture=True) == 0
    assert 0 < hidden.all(axis=0).sum() <= 24  # bands
    assert 0 < hidden.all(axis=1).sum() <= 72  # moments
    tracks = change.disturb(values, rng, picture=False) == 0
    assert 8 < tracks.all(axis=0).sum() < 32
    assert (values == 1).all()  # what came in stays as it was


def test_noise_has_its_deviation():
    noisy = Augmentation(masks=0, noise=0.2, drop=0.0).disturb(
        np.zeros((500, 20), np.float32), np.random.default_rng(0), picture=False
    )
    assert noisy.std() == pytest.approx(0.2, rel=0.05)


def test_chances_are_chances():
    with pytest.raises(InputError, match="mirror must lie in 0 to 1"):
        Augmentation(mirror=1.5)
