"""Spikes: what is refused, and that every way to make them, and to change them, keeps the events."""

from dataclasses import replace

import numpy as np
import pytest

from emospike.series import Channel
from emospike.spikes import Spikes, join
from emospike.validation import InputError

ABCD = tuple(Channel(name, "audio") for name in "abcd")


@pytest.fixture
def spikes():
    return Spikes.from_events(np.array([4, 0, 2, 2]), np.array([1, 0, 3, 2]), steps=5, rate=100.0, units=4)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"step": np.array([0, 2, 1, 4], np.int32)}, "sorted by step"),
        ({"steps": 4}, "steps must lie in 0 to 3, got 0 to 4"),
        ({"step": np.array([-1, 2, 2, 4], np.int32)}, "steps must lie in 0 to 4, got -1"),
        ({"units": 3}, "channels must lie in 0 to 2"),
        ({"channels": ABCD[:3]}, "channels must lie in 0 to 2"),
        ({"channel": np.array([0, -1, 2, 1], np.int32)}, "channels must lie in 0 to 3"),
    ],
)
def test_events_outside_the_grid_are_refused(spikes, change, words):
    with pytest.raises(InputError, match=words):
        replace(spikes, **change)


def test_names_count_the_channels(spikes):
    assert spikes.units == 4
    assert replace(spikes, channels=ABCD).units == 4
    assert Spikes.silent(7, 100.0, ABCD[:2]).units == 2


def test_offsets_say_where_each_step_begins(spikes):
    assert spikes.offsets.tolist() == [0, 1, 1, 3, 3, 4]
    assert Spikes.silent(3, 100.0).offsets.tolist() == [0, 0, 0, 0]


def test_a_matrix_comes_back(spikes):
    dense = np.random.default_rng(0).integers(-1, 2, (20, 6)).astype(np.int8)
    np.testing.assert_array_equal(Spikes.from_dense(dense, 100.0).dense(), dense)
    np.testing.assert_array_equal(Spikes.from_counts(dense, 100.0).dense(), dense)
    np.testing.assert_array_equal(spikes.dense().sum(axis=0), [1, 1, 1, 1])


def test_several_spikes_at_once_are_several_events():
    counts = np.random.default_rng(1).integers(-3, 4, (20, 6))
    found = Spikes.from_counts(counts, 50.0)
    assert len(found) == np.abs(counts).sum()
    up, down = found.counts()
    np.testing.assert_array_equal(up, np.maximum(counts, 0).sum(axis=0))
    np.testing.assert_array_equal(down, np.maximum(-counts, 0).sum(axis=0))


def test_they_are_made_later_and_longer_and_fewer(spikes):
    later = spikes.delay(3)
    assert (later.step.tolist(), later.steps) == ([3, 5, 5, 7], 8)
    assert (spikes.pad(9).steps, spikes.pad(2).steps) == (9, 5)
    np.testing.assert_array_equal(spikes.pad(9).dense()[:5], spikes.dense())
    assert spikes.keep(spikes.channel > 1).channel.tolist() == [2, 3]


def test_on_a_coarser_grid_they_keep_their_time(spikes):
    coarse = spikes.rebin(2, 50.0)
    assert (coarse.step.tolist(), coarse.channel.tolist(), coarse.rate) == ([0, 1, 1], [0, 2, 3], 50.0)


def test_parts_are_joined_channel_after_channel(spikes):
    named = Spikes.from_dense(np.eye(5, 2, dtype=np.int8), 100.0, ABCD[:2])
    both = join([spikes, named])
    np.testing.assert_array_equal(both.dense(), np.hstack([spikes.dense(), named.dense()]))
    assert (both.units, both.channels) == (6, ())
    assert join([named, named]).channels == ABCD[:2] * 2
    with pytest.raises(InputError, match="equal steps and rate expected"):
        join([spikes, named.pad(6)])
