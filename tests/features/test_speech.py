"""The speech check on real speech, also when it is damaged, and on sound that is none."""

import re

import numpy as np
import pytest
from scipy.signal import butter, sosfilt

from emospike.clip import Clip
from emospike.features.speech import SpeechCheck, find_cues, find_runs, measure_loudness, remove_rumble
from emospike.validation import InputError

RATE = 16_000
CHECK = SpeechCheck()


def lacks(sound):
    return CHECK.missing(Clip.from_array(np.asarray(sound, np.float32), RATE))


def at(seconds):
    return np.arange(round(seconds * RATE)) / RATE


def noise(seconds, seed, slope=0.0):
    """Noise whose power falls as f^-slope: white, pink (1) or brown (2)."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(round(seconds * RATE)))
    return normal(np.fft.irfft(spectrum / np.maximum(np.arange(len(spectrum)), 1) ** (slope / 2)))


def harmonics(phase, count=8):
    return sum(np.sin(k * phase) / k for k in range(1, count + 1))


def tone(hertz, seconds, count=8):
    return harmonics(2 * np.pi * hertz * at(seconds), count)


def syllables(seconds, hertz=4.0):
    return 0.5 - 0.5 * np.cos(2 * np.pi * hertz * at(seconds))


def normal(sound, peak=0.5):
    return peak * sound / np.abs(sound).max()


def melody(seconds, seed):
    """Notes of a third of a second, struck and fading."""
    rng = np.random.default_rng(seed)
    notes = [
        np.exp(-4 * at(1 / 3)) * tone(220 * 2 ** (rng.choice([0, 2, 4, 5, 7, 9]) / 12), 1 / 3)
        for _ in range(round(3 * seconds))
    ]
    return normal(np.concatenate(notes))


def clicks(seconds, seed):
    rng = np.random.default_rng(seed)
    sound = 1e-4 * rng.standard_normal(round(seconds * RATE))
    sound[rng.choice(len(sound), round(4 * seconds), replace=False)] += 1
    return sound


# -- no speech -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [0.5, 1.0, 4.0, 10.0])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("slope", [0.0, 1.0, 2.0])
def test_noise_has_no_voice(slope, seed, seconds):
    for envelope in (1.0, syllables(seconds)):
        found = find_cues(np.float32(noise(seconds, seed, slope) * envelope))
        assert found.voice == 0
    assert re.match(r"0\.00 s of a voice .* 0\.08 s are needed", lacks(noise(seconds, seed, slope)))


@pytest.mark.parametrize("hertz", [50, 60, 100, 120, 220, 440, 1000, 3000])
def test_a_held_tone_does_not_glide(hertz):
    for sound in (tone(hertz, 2.0, 1), tone(hertz, 2.0), tone(hertz, 2.0) * syllables(2.0)):
        assert find_cues(np.float32(normal(sound))).voice == 0
        assert lacks(normal(sound) + 0.01 * noise(2.0, 0))


@pytest.mark.parametrize("seed", range(3))
def test_clicks_and_melodies_are_no_speech(seed):
    assert lacks(clicks(3.0, seed))
    assert lacks(melody(3.0, seed))


def test_a_siren_does_not_swing_in_loudness():
    phase = 2 * np.pi * np.cumsum(300 + 100 * np.sin(2 * np.pi * 0.5 * at(4.0))) / RATE
    assert re.match(r"the loudness swings by 0\.\d dB, .* by 2 dB", lacks(normal(harmonics(phase))))
    assert lacks(normal(harmonics(phase) * syllables(4.0))) is None  # what glides and swings is taken for a voice


def test_among_held_notes_a_voice_is_measured_by_its_share():
    phase = 2 * np.pi * np.cumsum(200 + 30 * np.sin(2 * np.pi * at(8.0))) / RATE
    voice = harmonics(phase) * syllables(8.0) * (at(8.0) < 0.5)
    assert lacks(voice[: RATE // 2]) is None
    assert re.match("the pitch glides in [1-9]% of what is voiced", lacks(voice + tone(220, 8.0) * (at(8.0) > 1)))


# -- speech ----------------------------------------------------------------------------------------------------


def damaged(sound):
    """The same speech in noise, over a telephone, from afar, too loud, and with mains hum."""
    rng = np.random.default_rng(len(sound))
    power = np.mean(sound**2)
    yield "white noise at 10 dB", sound + rng.normal(0, np.sqrt(power / 10), len(sound))
    yield "telephone", sosfilt(butter(4, [300, 3400], "band", fs=RATE, output="sos"), sound)
    yield "quiet", 0.1 * sound
    yield "clipped", np.clip(10 * normal(sound, 1.0), -1, 1)
    yield "hum", sound + np.sqrt(power / 3) * tone(50, len(sound) / RATE)[: len(sound)]
    yield "music", sound + np.resize(melody(3.0, 0), len(sound)) * np.sqrt(power)


def test_real_speech_passes(ravdess):
    files = sorted((ravdess / "audio").glob("*/*.opus"))[::20]
    assert len(files) == 60
    refused = []
    for file in files:
        sound = Clip(file).sound
        assert lacks(sound) is None, file
        refused += [(file.name, kind) for kind, worse in damaged(sound) if lacks(worse)]
    assert len(refused) <= 0.02 * 6 * len(files), refused


def test_real_originals_and_films_pass(data_dir):
    files = sorted((data_dir / "samples").glob("*/*"))
    assert {file.suffix for file in files} == {".wav", ".mp4"}
    assert [file.name for file in files if CHECK.missing(Clip(file))] == []


def test_a_second_of_real_speech_is_enough(ravdess):
    refused = 0
    for file in sorted((ravdess / "audio").glob("*/*.opus"))[::20]:
        sound = Clip(file).sound
        energy = np.cumsum(sound**2, dtype=float)
        start = (energy[RATE:] - energy[:-RATE]).argmax()  # the loudest second
        refused += lacks(sound[start : start + RATE]) is not None
    assert refused <= 1


# -- parts -----------------------------------------------------------------------------------------------------


def test_level_does_not_matter():
    sound = np.float32(normal(harmonics(2 * np.pi * np.cumsum(150 + 60 * at(1.0)) / RATE) * syllables(1.0), 0.9))
    loud, quiet = find_cues(sound), find_cues(sound / 2**11)
    assert quiet == loud
    assert loud.voice > 0.5
    assert loud.gliding > 0.9


def test_loudness_is_of_forty_milliseconds():
    sound = np.float32(np.where(at(1.0) < 0.5, 1.0, 0.1))
    level = measure_loudness(sound)
    assert len(level) == 101
    np.testing.assert_allclose(level[2:48], 0, atol=1e-3)
    np.testing.assert_allclose(level[53:98], -20, atol=1e-3)
    assert measure_loudness(np.zeros(1600, np.float32)).max() == pytest.approx(-120)


def test_rumble_is_weakened_and_a_voice_is_not():
    for hertz, gain in ((50, -19.1), (600, 0.0)):
        passed = remove_rumble(np.float32(tone(hertz, 1.0, 1)))[RATE // 2 :]
        assert 10 * np.log10(np.square(passed).mean() / 0.5) == pytest.approx(gain, abs=0.1)


def test_runs():
    assert find_runs(np.zeros(3, bool)).tolist() == []
    assert find_runs(np.ones(3, bool)).tolist() == [[0, 3]]


@pytest.mark.parametrize("wrong", [{"voice": 0.0}, {"gliding": 1.5}, {"swing": -1.0}])
def test_limits_are_checked(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        SpeechCheck(**wrong)
