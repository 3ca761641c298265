"""The normalised error of a reconstruction."""

import numpy as np
import pytest

from emospike.encoding.error import reconstruction_error
from emospike.validation import InputError


def test_by_hand(make):
    series, decoded = make([[0, 0], [2, 4]]), make([[0, 2], [1, 4]])
    error = reconstruction_error(series, decoded)
    # squared errors 1/2 and 4/2, variances 1 and 4
    assert error.per_channel.tolist() == [0.5, 0.5]
    assert error.overall == 0.5
    assert reconstruction_error(series, series).overall == 0


def test_the_mean_of_the_channel_has_an_error_of_one(wave):
    flat = wave.with_values(np.tile(wave.values.mean(axis=0), (len(wave), 1)))
    error = reconstruction_error(wave, flat)
    np.testing.assert_allclose(error.per_channel, 1, rtol=1e-5)
    assert error.overall == pytest.approx(1, rel=1e-5)


def test_channels_without_variance(make):
    series = make(np.tile([0.1, 0.1], (7, 1)))
    assert reconstruction_error(series, series).per_channel.tolist() == [0, 0]
    off = make(np.tile([0.1, 0.2], (7, 1)))
    assert reconstruction_error(series, off).per_channel.tolist() == [0, np.inf]
    assert reconstruction_error(series, off).overall == np.inf


def test_a_constant_channel_adds_its_error_overall(make):
    series, decoded = make([[0, 5], [2, 5]]), make([[0, 6], [2, 6]])
    assert reconstruction_error(series, decoded).overall == 1


def test_other_shapes_are_an_error(make):
    with pytest.raises(InputError, match=r"shape \(2, 1\) expected, got \(3, 1\)"):
        reconstruction_error(make([0, 1]), make([0, 1, 2]))
