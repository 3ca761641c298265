from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from emospike.explain.plots.reel import reel_plots
from emospike.explain.reel import MOST_FRAMES, envelope, reel_of

from emospike.explain.face_lines import LINES, drawn, order
from emospike.systems.base import Explanation


def test_every_spike_is_in_one_frame(seen):
    reel = reel_of(seen)
    assert reel.seconds == pytest.approx(0.05)
    assert len(reel) == -(-seen.activity.steps // 5)
    assert reel.counts.sum() == len(seen.activity)
    first = seen.activity.step < 5
    np.testing.assert_array_equal(
        reel.counts[0], np.bincount(seen.activity.neuron[first], minlength=seen.activity.neurons)
    )


def test_rates_are_of_all_neurons(seen):
    reel = reel_of(seen)
    names = np.array([seen.regions[i][:-2] for i in seen.region])
    sizes = {"A1": (names == "A1").sum(), "STS": (names == "STS").sum()}
    sizes["elsewhere"] = len(names) - sum(sizes.values())
    spikes = sum(reel.rates[name] * size for name, size in sizes.items() if name in reel.rates) * reel.seconds
    np.testing.assert_allclose(spikes, reel.counts.sum(axis=1))


def test_a_long_clip_has_no_more_frames(seen):
    inputs = replace(seen.activity.inputs, steps=3000)
    long = replace(seen, activity=replace(seen.activity, inputs=inputs))
    reel = reel_of(long)
    assert len(reel) == MOST_FRAMES
    assert reel.seconds == pytest.approx(0.25)


def test_the_face_fills_a_square_and_is_gone_where_it_was_lost(seen):
    reel = reel_of(seen)
    points = reel.face[reel.seen]
    assert points.min() >= 0
    assert points.max() <= 1000
    assert np.ptp(points, axis=(0, 1)).max() > 800
    assert not reel.seen[:2].any()  # the first four pictures of thirty a second show no face
    assert reel.seen[4:].all()
    plot = reel_plots(seen, reel)["head"]
    assert plot["frames"]["dtype"] == "i2"


def test_without_a_network_or_a_face(explanation):
    one = explanation
    assert reel_of(Explanation(one.name, one.decision, 0.7, one.series, one.bands, one.moments)) is None
    assert set(reel_plots(one, reel_of(one))) == {"brain", "clock"}


def test_the_envelope_holds_the_extremes():
    sound = np.random.default_rng(0).normal(size=16_000).astype(np.float32)
    time, low, high = envelope(sound, most=100)
    assert len(time) == 100
    assert (low.min(), high.max()) == (sound.min(), sound.max())
    assert time[0] == pytest.approx(0.005)
    assert len(envelope(sound[:0])[0]) == 0


@pytest.mark.parametrize("points", LINES)
def test_lines_join_points_that_there_are(points):
    pen = order(points)
    assert pen.max() < points
    assert (pen == -1).sum() == len(LINES[points])
    line = drawn(np.arange(2 * points, dtype=np.float32).reshape(points, 2))
    assert np.isnan(line).any(axis=1).sum() == len(LINES[points])
