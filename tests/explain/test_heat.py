"""Heat maps of channels over time."""

from __future__ import annotations

import numpy as np
import pytest

from emospike.explain.heat import bin_columns, choose_ticks, scale_values
from emospike.features.prosody import ABSENT
from emospike.series import Channel, Series

CONTOURS = (Channel("loudness energy", "audio", unit="nats"), Channel("timbre flux", "audio", unit="Hz"))


def test_binning_keeps_the_mean_and_bounds_the_columns():
    values = np.random.default_rng(0).normal(size=(10_001, 3)).astype(np.float32)
    shown, rate = bin_columns(values, 100.0, most=500)
    assert len(shown) <= 500
    assert rate == pytest.approx(100 / 21)
    np.testing.assert_allclose(shown[0], values[:21].mean(axis=0), rtol=1e-4)
    np.testing.assert_allclose(shown[-1], values[21 * (len(shown) - 1) :].mean(axis=0), rtol=1e-4)
    assert bin_columns(values[:5], 100.0)[1] == 100.0


def test_spikes_are_counted():
    spikes = np.random.default_rng(0).integers(0, 2, (5000, 4), np.int8)
    shown, _ = bin_columns(spikes, 100.0, most=100)
    assert shown.dtype == np.int8
    assert shown.sum() == spikes.sum()


def test_channels_of_different_units_are_drawn_in_their_own_range():
    series = Series(np.float32([[-16, 5], [-4, 5], [-10, 5]]), 100.0, CONTOURS)
    np.testing.assert_allclose(scale_values(series, series), [[0, 0], [1, 0], [0.5, 0]])
    rebuilt = series.with_values(np.float32([[-16, 5], [8, 6], [-10, 5]]))
    np.testing.assert_allclose(scale_values(rebuilt, series), [[0, 0], [2, 1], [0.5, 0]])
    alike = Series(series.values, 100.0, (Channel("mel 100 Hz", "audio"), Channel("mel 200 Hz", "audio")))
    np.testing.assert_array_equal(scale_values(alike, alike), series.values)


@pytest.mark.parametrize("channels", [CONTOURS, (CONTOURS[0], CONTOURS[0])])
def test_what_is_absent_is_not_drawn(channels):
    series = Series(np.float32([[ABSENT, ABSENT], [-4, ABSENT], [-10, ABSENT]]), 100.0, channels)
    shown = scale_values(series, series)
    np.testing.assert_array_equal(np.isnan(shown), series.values == ABSENT)
    assert np.nanmin(shown) in (0, -10)


def test_up_to_twelve_channels_are_all_named():
    assert [len(choose_ticks(channels)) for channels in (0, 1, 10, 12, 13, 64)] == [0, 1, 10, 12, 5, 5]
