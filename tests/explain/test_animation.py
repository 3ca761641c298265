"""The clip in motion."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from emospike.clip import Clip
from emospike.explain.face_lines import LINES, join_points, order_points
from emospike.explain.panels.animation import MOST_FRAMES, animate, find_envelope


@pytest.fixture(scope="module")
def activity(both):
    clip = Clip(both.sound, face=both.face)
    return both.system.activity(both.system.perceive(clip), ("audio", "face"))


def test_every_spike_is_in_one_frame(seen, activity):
    panel = seen.panel("animation")
    assert panel.seconds == pytest.approx(0.05)
    assert len(panel) == -(-activity.steps // 5)
    assert panel.counts.sum() == len(activity)
    first = activity.step < 5
    np.testing.assert_array_equal(panel.counts[0], np.bincount(activity.neuron[first], minlength=activity.neurons))


def test_rates_are_of_all_neurons(seen, both):
    panel, template = seen.panel("animation"), both.system.template_
    names = np.array([template.regions[i][:-2] for i in template.region])
    sizes = {"A1": (names == "A1").sum(), "STS": (names == "STS").sum()}
    sizes["elsewhere"] = len(names) - sum(sizes.values())
    spikes = sum(panel.rates[name] * size for name, size in sizes.items() if name in panel.rates) * panel.seconds
    np.testing.assert_allclose(spikes, panel.counts.sum(axis=1))


def test_a_long_clip_has_no_more_frames(activity, both):
    long = replace(activity, inputs=replace(activity.inputs, steps=3000))
    panel = animate(long, both.system.template_, np.zeros(0, np.float32))
    assert len(panel) == MOST_FRAMES
    assert panel.seconds == pytest.approx(0.25)
    assert not panel.face.size
    assert "drawn from the points" not in panel.caption


def test_the_face_fills_a_square_and_is_gone_where_it_was_lost(seen):
    panel = seen.panel("animation")
    points = panel.face[panel.seen]
    assert points.min() >= 0
    assert points.max() <= 1000
    assert np.ptp(points, axis=(0, 1)).max() > 800
    assert not panel.seen[:2].any()  # the first four pictures of thirty a second show no face
    assert panel.seen[4:].all()
    assert (panel._plot_face()["layout"]["meta"]["points"][0] == -1).all()


def test_the_envelope_holds_the_extremes():
    sound = np.random.default_rng(0).normal(size=16_000).astype(np.float32)
    time, low, high = find_envelope(sound, most=100)
    assert len(time) == 100
    assert (low.min(), high.max()) == (sound.min(), sound.max())
    assert time[0] == pytest.approx(0.005)
    assert len(find_envelope(sound[:0])[0]) == 0


@pytest.mark.parametrize("points", LINES)
def test_lines_join_points_that_there_are(points):
    pen = order_points(points)
    assert pen.max() < points
    assert (pen == -1).sum() == len(LINES[points])
    line = join_points(np.arange(2 * points, dtype=np.float32).reshape(points, 2))
    assert np.isnan(line).any(axis=1).sum() == len(LINES[points])
