"""What the features of competitive layers have learnt to see."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from emospike.activity import Activity
from emospike.explain.panels.weights import LearntFeatures, WeightsPanel
from emospike.features.mel import Mel
from emospike.networks.competitive import CompetitiveLayer
from emospike.spikes import Spikes
from emospike.systems.competitive import average_links, show_features
from emospike.systems.pathways import Pathway


@pytest.fixture
def layer() -> LearntFeatures:
    """Twenty features that see five steps of four channels; the third fires most."""
    weights = np.random.default_rng(0).random((20, 4, 5))
    counts = np.arange(20) % 7
    counts[2] = 50
    return LearntFeatures("Mel (sound)", weights, counts, ("time", "channels"))


def test_the_busiest_features_are_drawn_first(layer):
    whole, *tiles = WeightsPanel([layer]).figure().axes
    assert whole.images[0].get_array().shape == (20, 20)
    assert tiles[0].get_title() == "3: 50"
    np.testing.assert_array_equal(tiles[0].images[0].get_array(), layer.weights[2])
    assert len(tiles) == 16
    assert "the busiest 3 (50 spikes)" in WeightsPanel([layer]).alt


def test_silent_features_and_layers_have_no_tile(layer):
    silent = WeightsPanel([replace(layer, counts=np.zeros(20, int))])
    assert len(silent.figure().axes) == 1


def test_signs_and_links_are_explained_where_there_are_any(layer):
    assert "orange" not in WeightsPanel([layer]).caption
    assert "orange" in WeightsPanel([replace(layer, signed=True)]).caption
    linked = WeightsPanel([layer], {"Mel (sound) hears ActionUnits (face)": np.ones((20, 3))})
    assert "layers that hear each other" in linked.caption
    assert linked.figure().axes[-2].get_title(loc="left").startswith("Mel (sound) hears")


@pytest.mark.parametrize("shared", [True, False])
def test_a_feature_is_laid_out_as_its_window_sees_it(shared):
    pathway = Pathway(Mel(3), CompetitiveLayer(2, shared=shared), "on-off", steps=8, size=4, stride=4)
    network = pathway.layer.build(pathway.windows(3), [], seed=0)
    network.weights[:] = 0
    network.weights[-1, 6 * 1 + 2, 0] = 1  # feature 1: at the second step, high in the third channel
    network.weights[-1, 6 * 3 + 3 + 0, 1] = 1  # feature 2: at the last step, low in the first channel
    fired = np.array([2, 2, 3]), np.zeros(3, np.int8)  # both features at the second place alone
    spikes = Spikes.from_events(np.arange(3), fired[0], 10, 2000.0, units=4)
    activity = Activity(Spikes.silent(10, 2000.0, units=24), spikes.step, spikes.channel, 4, (2, 2))
    found = show_features(pathway, network, activity)
    assert found.signed
    assert found.counts.tolist() == [2, 1]
    assert np.argwhere(found.weights).tolist() == [[0, 2, 1], [1, 0, 3]]
    assert (found.weights[0, 2, 1], found.weights[1, 0, 3]) == (1, -1)


def test_links_are_averaged_over_places():
    weights = np.arange(24, dtype=np.float32).reshape(4, 6)  # two places of two features hear three places of two
    found = average_links(weights, features=2, sources=2)
    assert found.shape == (2, 2)
    assert found[0, 1] == pytest.approx(weights[np.ix_([0, 2], [1, 3, 5])].mean())
