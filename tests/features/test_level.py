"""The level of a recording decides nothing, and narrow bands are recognised."""

import numpy as np
import pytest
from made_up_speech import utterance

from emospike.augmentation.channel import degrade
from emospike.clip import Clip
from emospike.features.level import bring_to_level, describe_channel, measure_level, name_band
from emospike.systems.baseline.model import Baseline
from emospike.systems.excube2.model import EXCube2

VOICE = utterance("high", 0, 0)


def test_pauses_do_not_count():
    sound = VOICE.sound
    padded = np.concatenate([np.zeros(32_000, np.float32), sound, np.zeros(48_000, np.float32)])
    assert measure_level(padded) == pytest.approx(measure_level(sound), abs=0.2)


@pytest.mark.parametrize("gain", [-40.0, -6.0, 20.0])
def test_a_gain_and_an_offset_leave_the_same_sound(gain):
    sound = VOICE.sound
    expected = bring_to_level(sound, -34.0)
    assert measure_level(expected) == pytest.approx(-34.0, abs=1e-3)
    louder = sound * np.float32(10 ** (gain / 20))
    np.testing.assert_allclose(bring_to_level(louder, -34.0), expected, atol=1e-6)
    np.testing.assert_allclose(bring_to_level(sound + np.float32(0.01), -34.0), expected, atol=1e-5)


@pytest.mark.parametrize("system", [Baseline, EXCube2])
def test_a_gain_changes_no_feature_of_a_system_with_a_level(system):
    made = system.preset(modality="audio").set_params(level=-34.0)
    clip = VOICE
    for gain in ("gain:-40", "gain:20"):
        pairs = zip(made.perceive(clip).series, made.perceive(degrade(clip, gain)).series, strict=True)
        for one, other in pairs:
            assert (np.abs(one.values - other.values) > 1e-2).mean() < 1e-3
    as_recorded = made.set_params(level=None)
    one, other = (as_recorded.perceive(c).series[0].values for c in (clip, degrade(clip, "gain:-20")))
    assert np.abs(one - other).max() > 1


def test_the_clip_itself_stays_as_it_was_recorded():
    clip = degrade(VOICE, "gain:-20")
    seen = EXCube2.preset("default").perceive(clip)
    assert seen.clip is clip
    assert measure_level(clip.sound) == pytest.approx(measure_level(VOICE.sound) - 20, abs=1e-3)


def test_real_speech_is_told_by_its_band(ravdess):
    clips = [Clip(path) for path in sorted(ravdess.rglob("*.opus"))[::60]]
    assert not [clip.name for clip in clips if name_band(clip.sound)]
    called = [name_band(degrade(clip, "telephone").sound) for clip in clips]
    assert np.mean([one == "telephone sound" for one in called]) >= 0.9
    assert np.mean([one is not None for one in called]) == 1
    assert all(name_band(degrade(clip, "8khz").sound) for clip in clips)


def test_what_should_be_known_is_said():
    quiet = degrade(VOICE, "gain:-50")
    assert any("very quiet" in line for line in describe_channel(quiet))
    assert not any("very quiet" in line for line in describe_channel(VOICE))
