"""Rasters of spikes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from emospike.explain.panels.raster import MOST_ROWS, Raster, RasterPanel
from emospike.spikes import Spikes


@pytest.fixture
def raster() -> Raster:
    """Two thousand neurons, the first hundred of them in a group of their own; every other one is silent."""
    rng = np.random.default_rng(0)
    spikes = Spikes.from_events(rng.integers(0, 200, 9000), 2 * rng.integers(0, 1000, 9000), 200, 100.0, units=2000)
    return Raster("layer", "neurons", spikes, (("core", 100), ("rest", 1900)))


def test_few_rows_are_all_drawn(raster):
    rng = np.random.default_rng(0)
    few = Spikes.from_events(rng.integers(0, 200, 900), rng.integers(0, 50, 900), 200, 100.0, units=50)
    shown, place = Raster("layer", "lines", few).select()
    np.testing.assert_array_equal(shown, np.arange(900))
    np.testing.assert_array_equal(place, few.channel)
    drawn = RasterPanel([Raster("layer", "lines", few)]).plot()["data"][0]["z"]
    assert drawn.sum() == 900
    assert drawn.shape == (50, 200)


def test_of_many_rows_each_group_has_an_even_sample_of_those_that_fired(raster):
    core, rest = raster.drawn
    assert len(core) == 50  # half of a hundred are silent
    assert len(rest) == MOST_ROWS // 2
    assert (np.concatenate([core, rest]) % 2 == 0).all()
    assert raster.borders == [49.5]
    assert raster.name_groups(10) == ([24.5, 149.5], ["core", "rest"])
    assert raster.name_groups(1) == ([24.5], ["core"])  # there is no room for more
    shown, place = raster.select()
    names = np.array(raster.name_rows())
    assert names[0] == "core, 1"
    first = raster.spikes.channel[shown[place == 50]][0]
    assert names[50] == f"rest, {first - 99}"
    assert "an even sample of those that fired" in RasterPanel([raster]).caption


def test_a_group_of_which_none_fired_has_no_room(raster):
    wide = replace(raster, spikes=replace(raster.spikes, units=4000), groups=(*raster.groups, ("silent", 2000)))
    assert [len(rows) for rows in wide.drawn][2] == 0
    assert wide.name_groups(10)[1] == ["core", "rest"]
    assert RasterPanel([wide]).figure()


def test_rates_are_of_all_rows(raster):
    rates = raster.rates()
    assert rates["core"] * 100 * 2 + rates["rest"] * 1900 * 2 == pytest.approx(9000)
    assert raster.described == "layer: 9,000 spikes of 2,000 neurons"
    assert "2.25 Hz each" in RasterPanel([raster]).alt


def test_a_presentation_has_a_clock_of_its_own(raster):
    spikes = replace(raster.spikes, steps=700, rate=2000.0)
    panel = RasterPanel([replace(raster, spikes=spikes)], presented=True)
    assert "for 350 ms" in panel.caption
    assert panel.figure().axes[0].get_xlim() == (0, 350)
    assert panel.plot()["data"][0]["dx"] == pytest.approx(1)  # two steps a column
    assert panel.plot()["layout"]["xaxis"]["title"]["text"] == "time in the presentation, ms"


def test_rasters_of_other_steps_share_the_clock_of_the_clip(raster):
    slow = Raster("slow", "neurons", Spikes.from_events(np.array([24]), np.array([0]), 25, 12.5, units=1))
    panel = RasterPanel([raster, slow], start=0.5)
    assert panel.seconds == 2.0
    assert panel.figure().axes[0].get_xlim() == (0.5, 2.5)
    fine, coarse = panel.plot()["data"]
    assert (fine["x0"], fine["dx"], coarse["dx"]) == (0.5, 0.01, 0.08)


def test_signs_are_kept():
    spikes = Spikes.from_dense(np.array([[1, 0], [0, -1], [0, 0]], np.int8), 100.0)
    panel = RasterPanel([Raster("events", "pixels", spikes, signed=True)])
    np.testing.assert_array_equal(panel.plot()["data"][0]["z"], [[1, 0, 0], [0, -1, 0]])
    assert "Blue is up, orange down" in panel.caption


def test_nothing_fired():
    panel = RasterPanel([Raster("layer", "neurons", Spikes.silent(10, 100.0, units=3000), (("a", 1500), ("b", 1500)))])
    assert panel.figure()
    assert "0 spikes" in panel.alt
    assert panel.plot()["data"]
