"""Rasters of spikes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from emospike.explain.panels.raster import MOST_ROWS, Raster, RasterPanel


@pytest.fixture
def raster() -> Raster:
    """Two thousand neurons, the first hundred of them in a group of their own; every other one is silent."""
    rng = np.random.default_rng(0)
    step = np.sort(rng.integers(0, 200, 9000))
    return Raster("neurons", step, 2 * rng.integers(0, 1000, 9000), 200, 100.0, 2000, (("core", 100), ("rest", 1900)))


def test_few_rows_are_all_drawn(raster):
    small = Raster("lines", raster.step, raster.row % 50, 200, 100.0, 50)
    shown, place = small.select()
    np.testing.assert_array_equal(shown, np.arange(9000))
    np.testing.assert_array_equal(place, small.row)
    spikes = RasterPanel([small]).plot()["data"][0]["z"]
    assert spikes.sum() == 9000
    assert spikes.shape == (50, 200)


def test_of_many_rows_each_group_has_an_even_sample_of_those_that_fired(raster):
    core, rest = raster.drawn
    assert len(core) == 50  # half of a hundred are silent
    assert len(rest) == MOST_ROWS // 2
    assert (np.concatenate([core, rest]) % 2 == 0).all()
    assert raster.borders == [49.5]
    assert raster.ticks == ([24.5, 149.5], ["core", "rest"])
    shown, place = raster.select()
    names = np.array(raster.name_rows())
    assert names[0] == "core, 1"
    first = raster.row[shown[place == 50]][0]
    assert names[50] == f"rest, {first - 99}"
    assert "an even sample of those that fired" in RasterPanel([raster]).caption


def test_a_group_of_which_none_fired_has_no_room(raster):
    silent = replace(raster, rows=4000, groups=(*raster.groups, ("silent", 2000)))
    assert [len(rows) for rows in silent.drawn][2] == 0
    assert silent.ticks[1] == ["core", "rest"]
    assert RasterPanel([silent]).figure()


def test_rates_are_of_all_rows(raster):
    rates = raster.rates()
    assert rates["core"] * 100 * 2 + rates["rest"] * 1900 * 2 == pytest.approx(9000)
    assert raster.described == "2,000 neurons: 9,000 spikes, 2.25 Hz each"


def test_a_presentation_has_a_clock_of_its_own(raster):
    panel = RasterPanel([replace(raster, steps=700, rate=2000.0)], presented=True)
    assert "for 350 ms" in panel.caption
    assert panel.figure().axes[0].get_xlim() == (0, 350)
    assert panel.plot()["data"][0]["dx"] == pytest.approx(350 / 350)  # two steps a column
    assert panel.plot()["layout"]["xaxis"]["title"]["text"] == "time in the presentation, ms"


def test_rasters_of_other_steps_share_the_clock_of_the_clip(raster):
    slow = Raster("slow neurons", np.array([24]), np.array([0]), 25, 12.5, 1)
    panel = RasterPanel([raster, slow], start=0.5)
    assert panel.seconds == 2.0
    assert panel.figure().axes[0].get_xlim() == (0.5, 2.5)
    fine, coarse = panel.plot()["data"]
    assert (fine["x0"], fine["dx"], coarse["dx"]) == (0.5, 0.01, 0.08)


def test_signs_are_kept():
    signed = Raster("channels", np.array([0, 1]), np.array([0, 1]), 3, 100.0, 2, sign=np.array([1, -1]))
    panel = RasterPanel([signed])
    np.testing.assert_array_equal(panel.plot()["data"][0]["z"], [[1, 0, 0], [0, -1, 0]])


def test_nothing_fired():
    still = Raster("neurons", np.empty(0, np.int32), np.empty(0, np.int32), 10, 100.0, 3000, (("a", 1500), ("b", 1500)))
    panel = RasterPanel([still])
    assert panel.figure()
    assert "0 spikes" in panel.alt
    assert panel.plot()["data"]
