from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from emospike.explain.figures.network import network_figure
from emospike.explain.geometry import (
    binned,
    channel_ticks,
    circle,
    drawn,
    network_views,
    ribbon,
    shown_values,
    strongest_arcs,
)
from emospike.features.prosody import ABSENT, CHANNELS
from emospike.features.spectrum import make_band
from emospike.series import Channel, Series


def test_binning_keeps_the_mean_and_bounds_the_columns():
    values = np.random.default_rng(0).normal(size=(10_001, 3)).astype(np.float32)
    shown, rate = binned(values, 100.0, most=500)
    assert len(shown) <= 500
    assert rate == pytest.approx(100 / 21)
    np.testing.assert_allclose(shown[0], values[:21].mean(axis=0), rtol=1e-4)
    np.testing.assert_allclose(shown[-1], values[21 * (len(shown) - 1) :].mean(axis=0), rtol=1e-4)
    assert binned(values[:5], 100.0)[1] == 100.0


def test_channels_of_different_units_are_drawn_in_their_own_range():
    energy, *_, flux = CHANNELS
    series = Series(np.float32([[-16, 5], [-4, 5], [-10, 5]]), 100.0, (energy, flux))
    np.testing.assert_allclose(shown_values(series, series), [[0, 0], [1, 0], [0.5, 0]])
    rebuilt = series.with_values(np.float32([[-16, 5], [8, 6], [-10, 5]]))
    np.testing.assert_allclose(shown_values(rebuilt, series), [[0, 0], [2, 1], [0.5, 0]])
    alike = Series(series.values, 100.0, (make_band("mel", "100"), make_band("mel", "200")))
    np.testing.assert_array_equal(shown_values(alike, alike), series.values)
    faces = Series(series.values, 100.0, (Channel("jawOpen", "face", "jaw"), Channel("eyeBlink", "face", "eyes")))
    np.testing.assert_array_equal(shown_values(faces, faces), series.values)


@pytest.mark.parametrize("channels", [(CHANNELS[0], CHANNELS[9]), CHANNELS[6:8]])
def test_what_is_absent_is_not_drawn(channels):
    series = Series(np.float32([[ABSENT, ABSENT], [-4, ABSENT], [-10, ABSENT]]), 100.0, channels)
    shown = shown_values(series, series)
    np.testing.assert_array_equal(np.isnan(shown), series.values == ABSENT)
    assert np.nanmin(shown) in (0, -10)


def test_up_to_twelve_channels_are_all_named():
    assert [len(channel_ticks(channels)) for channels in (0, 1, 10, 12, 13, 64)] == [0, 1, 10, 12, 5, 5]


def test_strongest_arcs_leave_out_the_diagonal_and_zeros():
    counts = np.array([[9.0, 2.0, 0.0], [-3.0, 9.0, 1.0], [0.0, 0.0, 9.0]])
    assert strongest_arcs(counts) == [(1, 2, 1.0), (0, 1, 2.0), (1, 0, -3.0)]
    assert strongest_arcs(counts, most=1) == [(1, 0, -3.0)]


def test_circle_mirrors_the_hemispheres_and_rises_with_frequency():
    places = circle(("low L", "high L", "low R", "high R"))
    np.testing.assert_allclose(places[:2] * (-1, 1), places[2:], atol=1e-12)
    assert (places[:2, 0] < 0).all()
    assert places[0, 1] < places[1, 1]
    np.testing.assert_allclose(np.hypot(*circle(("a", "b", "c")).T), 1)
    assert circle(()).shape == (0, 2)


def test_ribbon_runs_from_thick_to_thin():
    start, stop = np.array([0.0, 1.0]), np.array([1.0, 0.0])
    outline = ribbon(start, stop, 0.1)
    np.testing.assert_allclose((outline[0] + outline[-1]) / 2, start, atol=1e-12)
    np.testing.assert_allclose((outline[23] + outline[24]) / 2, stop, atol=1e-12)
    assert np.linalg.norm(outline[0] - outline[-1]) == pytest.approx(0.1)
    assert np.linalg.norm(outline[23] - outline[24]) == pytest.approx(0.02)


def test_arcs_back_and_forth_do_not_cover_each_other():
    a, b = np.array([-1.0, 0.0]), np.array([1.0, 0.0])
    assert ribbon(a, b, 0.02)[:, 1].mean() < -0.05 < 0.05 < ribbon(b, a, 0.02)[:, 1].mean()


def test_views_start_with_the_clip_and_the_most_probable_class(explanation):
    views = network_views(explanation)
    assert [view.title for view in views][:3] == ["This clip", "Mean of “high” clips", "This clip − mean of “high”"]
    difference = views[2]
    assert difference.difference
    np.testing.assert_allclose(difference.counts, views[0].counts - views[1].counts)
    assert views[0].scale == views[1].scale == max(view.counts.max() for view in views if not view.difference)


def test_large_networks_are_sampled(explanation):
    many = replace(explanation, positions=np.zeros((50_000, 3), np.float32), region=np.zeros(50_000, np.int32))
    chosen = drawn(many)
    assert len(np.unique(chosen)) == 12_000
    assert chosen[-1] == 49_999
    assert len(drawn(explanation)) == 3108


@pytest.mark.parametrize("bands", [8, 12])
def test_names_in_the_network_do_not_overlap(explanation, bands):
    nodes = tuple(f"650 Hz–{band} kHz {side}" for side in "LR" for band in range(bands))
    still = np.zeros((2 * bands, 2 * bands))
    explanation = replace(explanation, nodes=nodes, interactions=still, class_interactions={"low": still})
    figure = network_figure(explanation)
    figure.draw_without_rendering()
    axes = figure.axes[0]
    boxes = [text.get_window_extent() for text in axes.texts]
    assert len(boxes) == len(explanation.nodes)
    for i, one in enumerate(boxes):
        assert not any(one.overlaps(other) for other in boxes[:i])
        assert figure.bbox.x0 <= one.x0 < one.x1 <= figure.bbox.x1
