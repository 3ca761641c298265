"""Prosodic contexts split the spikes of a clip, and lose none."""

import numpy as np
import pytest
from made_up_speech import utterance

from emospike.activity import Activity
from emospike.features.prosody import Prosody
from emospike.readout.contexts import CONTEXTS, PARTS, VoiceContours, take_contours
from emospike.readout.state_vectors import StateVector
from emospike.systems.excube2.model import EXCube2

VOICE = utterance("high", 0, 0)


def contours(steps=60, seed=0):
    rng = np.random.default_rng(seed)
    energy, pitch = (rng.normal(size=steps).cumsum().astype(np.float32) for _ in range(2))
    return VoiceContours(energy, pitch, rng.random(steps) < 0.6)


@pytest.mark.parametrize("name", CONTEXTS)
def test_every_step_has_one_part_and_all_occur(name):
    parts = np.concatenate([CONTEXTS[name](contours(seed=seed)) for seed in range(5)])
    assert set(parts.tolist()) == set(range(PARTS))


@pytest.mark.parametrize("name", CONTEXTS)
def test_louder_recordings_have_the_same_parts(name):
    quiet = contours()
    loud = VoiceContours(quiet.energy + 3, quiet.pitch, quiet.voiced)
    np.testing.assert_array_equal(CONTEXTS[name](loud), CONTEXTS[name](quiet))


def test_parts_mean_what_they_say():
    energy = np.array([0, -1, -2, -4, -8, -20], np.float32)
    pitch = np.array([1, -1, 1, 0, 0, 0], np.float32)
    own = VoiceContours(energy, pitch, np.array([True, True, True, False, False, False]))
    assert CONTEXTS["loudness"](own).tolist() == [0, 1, 1, 2, 2, 3]
    assert CONTEXTS["pitch"](own)[:3].tolist() == [0, 1, 0]
    assert CONTEXTS["level"](own).tolist() == [0, 0, 1, 2, 3, 3]
    rising = VoiceContours(np.arange(20, dtype=np.float32), -np.arange(20, dtype=np.float32), np.ones(20, bool))
    assert set(CONTEXTS["slopes"](rising).tolist()) == {2}


def test_counts_in_all_parts_are_the_counts():
    made = EXCube2.preset("default")
    made.learn_cube([VOICE])
    seen = made.perceive(VOICE)
    activity = made.activity(seen, seen.modalities)
    prosody = seen.series[made.features.index(Prosody())]
    assert take_contours(prosody, 0, len(prosody)).voiced.any()
    whole = StateVector("count", span="speech").read(activity)
    for name in CONTEXTS:
        vector = StateVector(name, span="speech").read(activity, prosody=prosody)
        np.testing.assert_array_equal(vector.reshape(PARTS, -1).sum(axis=0), whole)
    parts = len(made.read(activity, seen)) // activity.neurons
    assert parts == 4 + PARTS * len(CONTEXTS)


def test_without_prosody_nothing_is_counted():
    made = EXCube2.preset("default")
    made.learn_cube([VOICE])
    seen = made.perceive(VOICE)
    activity: Activity = made.activity(seen, seen.modalities)
    assert not StateVector("pitch").read(activity).any()
