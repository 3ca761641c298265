"""The speech check on real speech, also when it is damaged, and on sound that is none."""

import itertools
import re

import made_up
import numpy as np
import pytest
from scipy.signal import butter, hilbert, sosfilt

from emospike.clip import Clip
from emospike.features.speech import BLOCK, FRAME, SpeechCheck, detect_speech, measure_loudness
from emospike.validation import InputError

RATE = 16_000
CHECK = SpeechCheck()
PUBLISHED = [0.206, 0.991, 0.998, 0.984, 0.978, 0.892, 0.790, 0.460]


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
def test_noise_is_no_speech(slope, seed, seconds):
    for envelope in (1.0, syllables(seconds)):
        assert re.match(r"0\.\d\d s of speech, 0\.25 s are needed", lacks(noise(seconds, seed, slope) * envelope))


@pytest.mark.parametrize("hertz", [50, 60, 100, 120, 220, 440, 1000, 3000])
def test_a_held_tone_is_no_speech(hertz):
    for sound in (tone(hertz, 2.0, 1), tone(hertz, 2.0)):
        assert lacks(normal(sound))
        assert lacks(normal(sound) + 0.01 * noise(2.0, 0))


def test_what_does_not_swing_in_loudness_is_no_speech():
    assert detect_speech(np.float32(tone(60, 2.0))).max() > 0.25  # the detector alone is not sure
    assert re.match(r"the loudness swings by 0\.\d dB, .* by 1 dB", lacks(tone(60, 2.0)))


@pytest.mark.parametrize("seed", range(3))
def test_clicks_and_melodies_are_no_speech(seed):
    assert lacks(clicks(3.0, seed))
    assert lacks(melody(3.0, seed))


def test_a_siren_and_a_sweep_are_no_speech():
    siren = harmonics(2 * np.pi * np.cumsum(300 + 100 * np.sin(2 * np.pi * 0.5 * at(4.0))) / RATE)
    for sound in (
        siren,
        siren * syllables(4.0),
        np.sin(2 * np.pi * np.cumsum(np.geomspace(60, 4000, 4 * RATE)) / RATE),
    ):
        assert lacks(normal(sound))


@pytest.mark.parametrize("beats", [2, 4, 5])
def test_drums_are_no_speech(beats):
    """A skin and a snare in turn."""
    hit = at(1 / beats)
    skin, snare = np.sin(2 * np.pi * (60 + 80 * np.exp(-30 * hit)) * hit), noise(1 / beats, 0)
    bar = np.concatenate([np.exp(-25 * hit) * one for one in (skin + 0.3 * snare, 0.8 * snare)])
    assert lacks(normal(np.tile(bar, 2 * beats)))


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


def test_whispers_pass(ravdess):
    """A whisper is made of speech by putting noise in the place of its voice, in each of 32 bands."""
    passed = []
    for file in sorted((ravdess / "audio").glob("*/*.opus"))[::60]:
        sound = Clip(file).sound
        whisper = np.zeros(len(sound))
        for low, high in itertools.pairwise(np.geomspace(300, 7500, 33)):
            band = butter(2, [low, high], "band", fs=RATE, output="sos")
            envelope = np.abs(hilbert(sosfilt(band, sound)))
            whisper += envelope * sosfilt(band, np.random.default_rng(len(sound)).standard_normal(len(sound)))
        passed.append(lacks(whisper) is None)
    assert np.mean(passed) >= 0.9


# -- parts -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vibrato", [0.0, 0.5])
def test_singing_passes(vibrato):
    """Vowels on notes of a third of a second; half a semitone of vibrato."""
    semitones = np.array([0, 2, 4, 5, 7, 5])[np.minimum((2 * at(3.0)).astype(int), 5)]
    pitch = 220 * 2 ** ((semitones + vibrato * np.sin(2 * np.pi * 5.5 * at(3.0))) / 12)
    assert lacks(normal(made_up.speak(pitch.astype(np.float32)))) is None


def test_level_does_not_matter():
    voice = np.float32(made_up.voice(1.0, 150.0))
    quiet, loud = detect_speech(voice / 2**11), detect_speech(voice)
    np.testing.assert_array_equal(quiet, loud)
    assert np.median(loud) > 0.5


def test_every_frame_has_a_probability_that_depends_on_the_past_alone():
    voice = np.float32(0.5 * made_up.voice(2.0, 150.0) / np.abs(made_up.voice(2.0, 150.0)).max())
    whole = detect_speech(voice)
    assert len(whole) == -(-len(voice) // FRAME)
    assert ((whole >= 0) & (whole <= 1)).all()
    late = voice.copy()
    late[RATE:] = -late[RATE:][::-1]  # its peak stays
    np.testing.assert_allclose(detect_speech(late)[: RATE // FRAME - 1], whole[: RATE // FRAME - 1], atol=1e-5)


def test_a_long_sound_is_heard_in_blocks():
    voice = np.float32(made_up.voice(2.0, 150.0))
    quiet = np.zeros(BLOCK * FRAME - RATE, np.float32)
    heard = detect_speech(np.concatenate([quiet, voice]))  # across the border of two blocks
    assert len(heard) > BLOCK
    assert (heard[-len(voice) // FRAME + 4 :] > 0.5).mean() > 0.9


def test_it_is_the_detector_that_was_published():
    """Probabilities that onnxruntime 1.32 gives with `silero_vad_16k_op15.onnx` of Silero VAD 6.2.3."""
    voice = np.float32(0.5 * made_up.voice(1.0, 150.0) / np.abs(made_up.voice(1.0, 150.0)).max())
    np.testing.assert_allclose(detect_speech(voice)[::4], PUBLISHED, atol=0.02)


def test_silence_is_no_speech():
    assert detect_speech(np.zeros(RATE, np.float32)).max() < 0.1


def test_loudness_is_of_forty_milliseconds():
    sound = np.float32(np.where(at(1.0) < 0.5, 1.0, 0.1))
    level = measure_loudness(sound)
    assert len(level) == 101
    np.testing.assert_allclose(level[2:48], 0, atol=1e-3)
    np.testing.assert_allclose(level[53:98], -20, atol=1e-3)
    assert measure_loudness(np.zeros(1600, np.float32)).max() == pytest.approx(-120)


@pytest.mark.parametrize("wrong", [{"speech": 0.0}, {"probability": 1.5}, {"swing": -1.0}])
def test_limits_are_checked(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        SpeechCheck(**wrong)
