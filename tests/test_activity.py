"""Activity: its counts in the shape of the layer, and its spikes as another network hears them."""

import numpy as np

from emospike.activity import Activity
from emospike.spikes import Spikes

INPUTS = Spikes.from_events(np.array([0, 3]), np.array([1, 0]), steps=4, rate=50.0, units=2)
COUNTS = np.array([[0, 1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0], [2, 0, 0, 0, 0, 1], [0, 1, 0, 0, 0, 0]])


def test_counts_have_the_shape_of_the_layer():
    activity = Activity.from_counts(INPUTS, COUNTS, (2, 3))
    assert activity.counts.tolist() == [[2, 2, 0], [0, 0, 1]]
    assert Activity.from_counts(INPUTS, COUNTS).counts.tolist() == [2, 2, 0, 0, 0, 1]
    assert (len(activity), activity.steps, activity.mean_rate) == (5, 4, 5 / 24)


def test_another_network_hears_its_spikes():
    spikes = Activity.from_counts(INPUTS, COUNTS).spikes
    assert (spikes.steps, spikes.rate, spikes.units, spikes.channels) == (4, 50.0, 6, ())
    np.testing.assert_array_equal(spikes.counts()[0], COUNTS.sum(axis=0))


def test_without_its_inputs_it_is_on_the_same_grid():
    kept = Activity.from_counts(INPUTS, COUNTS, (2, 3)).drop_inputs()
    assert len(kept.inputs) == 0
    assert (kept.inputs.units, kept.steps, len(kept), kept.shape) == (2, 4, 5, (2, 3))
