from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from emospike.activity import Activity
from emospike.brain.template import BrainTemplate
from emospike.brain.tonotopy import Tonotopy
from emospike.encoding.population import Population
from emospike.features.blendshapes import CHANNELS as SHAPES
from emospike.features.mfcc import make_coefficients
from emospike.features.movements import PARTS
from emospike.features.openface import CHANNELS as ACTION_UNITS
from emospike.features.prosody import CHANNELS as CONTOURS
from emospike.features.spectrum import make_band
from emospike.readout.interactions import (
    channel_groups,
    interactions,
    neurons_near,
)
from emospike.series import Channel, Series, frequencies_of
from emospike.spikes import Spikes
from emospike.validation import InputError


def activity(spikes: list[tuple[int, int]], steps: int, neurons: int, rate: float = 100.0) -> Activity:
    grid = Spikes.from_dense(np.zeros((steps, 1), np.int8), rate, (Channel("x", "audio"),))
    step, neuron = np.array(sorted(spikes), np.int32).reshape(-1, 2).T
    return Activity(grid, step, neuron, neurons)


def brute_force(one: Activity, members: dict[str, np.ndarray]) -> np.ndarray:
    """Every pair of spikes a step apart, counted one by one."""
    fired = list(zip(one.step.tolist(), one.neuron.tolist(), strict=True))
    out = np.zeros((len(members), len(members)))
    for a, own in enumerate(members.values()):
        for b, other in enumerate(members.values()):
            pairs = sum(s + 1 == t for s, i in fired if i in own for t, j in fired if j in other)
            out[a, b] = pairs / (len(own) * len(other)) / (one.steps / one.inputs.rate)
    return out


def test_a_spike_counts_for_the_very_next_step_only():
    one = activity([(0, 0), (1, 1), (3, 0), (5, 1)], steps=100, neurons=2)  # 1 s
    nodes = {"A": np.array([0]), "B": np.array([1])}
    assert interactions(one, nodes).tolist() == [[0.0, 1.0], [0.0, 0.0]]


def test_counts_are_per_second_of_clip():
    nodes = {"A": np.array([0]), "B": np.array([1])}
    half = interactions(activity([(0, 0), (1, 1)], steps=50, neurons=2), nodes)
    double = interactions(activity([(0, 0), (1, 1)], steps=200, neurons=2), nodes)
    assert half[0, 1] == 2.0
    assert double[0, 1] == 0.5


def test_pairs_are_averaged_over_members():
    fired = [(0, 0), (1, 2), (1, 3)]
    nodes = {"A": np.array([0, 1]), "B": np.array([2, 3])}
    assert interactions(activity(fired, steps=100, neurons=4), nodes)[0, 1] == 2 / 4


def test_equals_a_count_by_hand_of_random_spikes():
    rng = np.random.default_rng(3)
    fired = list({(int(t), int(n)) for t, n in zip(rng.integers(0, 60, 200), rng.integers(0, 12, 200), strict=True)})
    one = activity(fired, steps=60, neurons=12)
    nodes = {"A": np.array([0, 1, 2]), "B": np.array([2, 5]), "C": np.array([11])}  # 2 belongs to two nodes
    np.testing.assert_allclose(interactions(one, nodes), brute_force(one, nodes))


def test_silence_and_short_clips_give_zeros():
    nodes = {"A": np.array([0]), "B": np.array([], np.int64)}
    assert not interactions(activity([], steps=100, neurons=2), nodes).any()
    assert not interactions(activity([(0, 0)], steps=1, neurons=2), nodes).any()
    assert interactions(activity([], steps=0, neurons=2), nodes).shape == (2, 2)
    assert interactions(activity([], steps=5, neurons=2), {}).shape == (0, 0)


def groups_of(channels) -> dict[str, list[int]]:
    return {name: own.tolist() for name, own in channel_groups(channels).items()}


def bands(kind: str, *hertz: str) -> list[Channel]:
    return [make_band(kind, one) for one in hertz]


def levels_of(channels, *thresholds: float) -> list[Channel]:
    return [replace(one, threshold=threshold) for threshold in thresholds for one in channels]


def test_bands_follow_the_frequency():
    tone, fine = levels_of(bands("tone", "80.0", "999.9"), 0.5)
    groups = groups_of([*bands("mel", "440"), tone, *bands("mel", "49", "200", "8000"), fine])
    assert list(groups.items()) == [
        ("below 50 Hz", [2]),
        ("50–200 Hz", [1]),
        ("200–400 Hz", [3]),
        ("400–650 Hz", [0]),
        ("650 Hz–1 kHz", [5]),
        ("from 8 kHz", [4]),
    ]


def test_every_channel_is_in_one_group():
    channels = [*levels_of(bands("mel", *map(str, range(60, 7000, 130))), 0.5, 1.0), *make_coefficients(40)]
    groups = groups_of(channels)
    assert sorted(i for own in groups.values() for i in own) == list(range(len(channels)))
    assert len(groups) == 8 + 8
    assert "mfcc 0–4" in groups


def test_coefficients_go_by_rank_and_levels_and_fields_stay_together():
    groups = groups_of(levels_of(make_coefficients(16), 0.5, 1.0))
    assert groups["mfcc 0–1"] == [0, 1, 16, 17]
    assert list(groups)[-1] == "mfcc 14–15"
    assert groups_of(Population(fields=2).encode(still(make_coefficients(16))).channels)["mfcc 2–3"] == [4, 5, 6, 7]
    assert groups_of(()) == {}


def still(channels) -> Series:
    return Series(np.zeros((1, len(channels)), np.float32), 100.0, channels)


def test_contours_follow_the_bands_and_fields_stay_together():
    assert list(groups_of((*CONTOURS, *bands("mel", "90"))).items()) == [
        ("50–200 Hz", [10]),
        ("loudness", [0]),
        ("intonation", [1, 2]),
        ("voicing", [3]),
        ("timbre", [4, 5, 6, 7, 8, 9]),
    ]
    assert groups_of(Population(fields=3).encode(still(CONTOURS)).channels) == {
        "loudness": [0, 1, 2],
        "intonation": [3, 4, 5, 6, 7, 8],
        "voicing": [9, 10, 11],
        "timbre": list(range(12, 30)),
    }


def test_the_face_comes_last_from_the_brow_to_the_jaw():
    groups = groups_of((*SHAPES, *CONTOURS))
    assert list(groups) == ["loudness", "intonation", "voicing", "timbre", *PARTS]
    assert list(groups_of(ACTION_UNITS[::-1])) == list(PARTS)


def test_nodes_are_near_their_sites_and_share_no_neuron():
    brain = BrainTemplate.mni152()
    channels = bands("mel", *map(str, np.geomspace(60, 7900, 40).round().astype(int)))
    sites, groups = Tonotopy().sites(frequencies_of(channels)), channel_groups(channels)
    nodes = neurons_near(sites, groups, brain.positions, count=4)
    assert list(nodes) == [f"{name} {side}" for side in "LR" for name in groups]
    chosen = np.concatenate(list(nodes.values()))
    assert len(chosen) == len(set(chosen.tolist())) == 4 * len(nodes)
    for name, own in nodes.items():
        assert (np.sign(brain.positions[own, 0]) == (-1 if name.endswith("L") else 1)).all()
        apart = np.linalg.norm(brain.positions[own][:, None] - sites[groups[name[:-2]]].reshape(-1, 3), axis=-1)
        assert apart.min(axis=1).max() < 22  # mm: three of the grid's steps


def test_nearest_neurons_are_taken_where_nobody_competes():
    positions = np.array([[-10, 0, 0], [-12, 0, 0], [-50, 0, 0], [10, 0, 0], [30, 0, 0], [32, 0, 0]], np.float32)
    sites = np.array([[[-11, 0, 0], [31, 0, 0]]], np.float32)
    nodes = neurons_near(sites, {"a": np.array([0])}, positions, count=2)
    assert {name: own.tolist() for name, own in nodes.items()} == {"a L": [0, 1], "a R": [4, 5]}


def test_a_hemisphere_without_sites_has_no_nodes():
    positions = np.array([[-10, 0, 0], [10, 0, 0]], np.float32)
    sites = np.array([[[11, 0, 0]]], np.float32)
    assert list(neurons_near(sites, {"a": np.array([0])}, positions, count=1)) == ["a R"]


def test_too_few_neurons_are_told():
    positions = np.array([[-10, 0, 0], [10, 0, 0]], np.float32)
    with pytest.raises(InputError, match="lower count"):
        neurons_near(np.array([[[11, 0, 0]]], np.float32), {"a": np.array([0])}, positions, count=2)
