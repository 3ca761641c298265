"""The ten contours on sound whose loudness, pitch and timbre are known, and on real speech."""

import numpy as np
import pytest

from emospike.augmentation.voice import Voice
from emospike.clip import Clip
from emospike.features.prosody import ABSENT, CHANNELS, Prosody, bridge_gaps, smooth
from emospike.features.spectrum import compute_spectrogram
from emospike.validation import InputError

ENERGY, PITCH, RELATIVE, VOICING, CENTROID, BANDWIDTH, ALPHA, HAMMARBERG, ENTROPY, FLUX = range(10)
INNER = slice(8, -8)  # steps whose windows lie inside the clip


def clip(sound):
    return Clip.from_array(np.asarray(sound, np.float64), 16_000)


def hear(sound, **parameters):
    return Prosody(**parameters).extract(clip(sound)).values


def semitones(hertz):
    return 12 * np.log2(np.asarray(hertz) / 70)


def hum(hertz, seconds=0.5, tilt=1.0):
    """Harmonics up to 7 kHz that fall as 1 / h^tilt; `hertz` is a number, or one a sample."""
    f0 = np.broadcast_to(np.asarray(hertz, float), round(16_000 * seconds))
    harmonic = np.arange(1, int(7000 / f0.max()) + 1)[:, None]
    phase = 2 * np.pi * np.cumsum(f0) / 16_000 * harmonic + 2.4 * harmonic**2
    sound = (harmonic**-tilt * np.sin(phase)).sum(axis=0)
    return 0.3 * sound / np.abs(sound).max()


def noise(seconds=1.0, deviation=0.1, seed=0):
    return np.random.default_rng(seed).normal(0, deviation, round(16_000 * seconds))


def sine(hertz, seconds=0.5):
    return 0.3 * np.sin(2 * np.pi * hertz * np.arange(round(16_000 * seconds)) / 16_000)


# -- pitch and voicing -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("tilt", [0.0, 1.0, 2.0])
@pytest.mark.parametrize("hertz", [72, 100, 137, 180, 220, 283, 330, 391, 440, 485, 497])
def test_pitch_of_a_hum_is_its_fundamental(hertz, tilt):
    values = hear(hum(hertz, tilt=tilt))[INNER]
    np.testing.assert_allclose(values[:, PITCH], semitones(hertz), atol=0.1)
    assert values[:, VOICING].min() > 0.95
    np.testing.assert_allclose(values[:, RELATIVE], 0, atol=0.1)


@pytest.mark.parametrize("hertz", [85, 140, 210, 330, 460])
def test_pitch_is_yins(hertz):
    librosa = pytest.importorskip("librosa")
    glide = hertz * np.linspace(0.95, 1.05, 8000)
    sound = hum(glide).astype(np.float32)
    yin = librosa.yin(sound, fmin=70, fmax=500, sr=16_000, frame_length=1024, hop_length=160)
    np.testing.assert_allclose(hear(sound)[INNER, PITCH], semitones(yin)[INNER], atol=0.3)
    np.testing.assert_allclose(hear(sound)[INNER, PITCH], semitones(glide[::160])[8:43], atol=0.1)


def test_pitch_of_real_speech_is_yins(ravdess):
    librosa = pytest.importorskip("librosa")
    apart = []
    for actor in (2, 3, 10, 11):  # women and men
        speech = Clip(sorted((ravdess / "audio" / f"Actor_{actor:02d}").glob("*.opus"))[12])
        values = Prosody().extract(speech).values
        yin = librosa.yin(speech.sound, fmin=70, fmax=500, sr=16_000, frame_length=1024, hop_length=160)
        steps = np.flatnonzero(values[: len(yin), VOICING] > 0.9)
        apart += np.abs(values[steps, PITCH] - semitones(yin[steps])).tolist()
    assert len(apart) > 150
    assert np.median(apart) < 0.15
    assert np.mean(np.array(apart) < 0.5) > 0.9


def test_noise_has_no_voice_and_no_pitch():
    values = hear(noise())
    assert values[:, VOICING].max() < 0.4
    assert not values[:, [PITCH, RELATIVE]].any()


def test_relative_pitch_does_not_know_who_speaks():
    melody = 1.2 ** np.sin(np.linspace(0, 9, 16_000))
    low, high = (hear(hum(f0 * melody, seconds=1.0)) for f0 in (110, 190))
    np.testing.assert_allclose(high[INNER, RELATIVE], low[INNER, RELATIVE], atol=0.15)
    np.testing.assert_allclose((high - low)[INNER, PITCH], 12 * np.log2(190 / 110), atol=0.15)
    assert np.median(low[:, RELATIVE]) == pytest.approx(0, abs=0.1)


def test_the_threshold_decides_what_is_voiced():
    hoarse = hum(150) + noise(0.5, 0.05)
    strength = hear(hoarse)[INNER, VOICING]
    assert strength.min() > 0.5
    assert strength.max() < 0.95
    assert hear(hoarse)[INNER, PITCH] == pytest.approx(semitones(150), abs=0.5)
    assert not hear(hoarse, voiced=0.95)[:, PITCH].any()


# -- loudness and timbre ---------------------------------------------------------------------------------------


def test_energy_is_the_log_of_the_power():
    np.testing.assert_allclose(hear(noise(deviation=0.1))[INNER, ENERGY].mean(), np.log(0.01), atol=0.05)


def test_energy_rises_with_the_sound():
    swell = np.exp(3 * np.linspace(0, 1, 16_000)) * hum(150, seconds=1.0) / 20
    slope = np.polyfit(np.arange(101)[INNER] / 100, hear(swell)[INNER, ENERGY], 1)[0]
    assert slope == pytest.approx(6, rel=0.02)  # nats a second: power is the square


@pytest.mark.parametrize("hertz", [300.0, 1000.0, 3000.0])
def test_centroid_of_a_sine_is_its_frequency(hertz):
    values = hear(sine(hertz))[INNER]
    np.testing.assert_allclose(values[:, CENTROID], np.log(50 + hertz), atol=0.01)
    np.testing.assert_allclose(values[:, BANDWIDTH], np.log(50 + hertz), atol=0.03)


def test_brighter_sound_has_higher_centroid_and_alpha_and_lower_hammarberg():
    dull, middle, bright = (hear(hum(150, tilt=tilt))[INNER].mean(axis=0) for tilt in (2.0, 1.0, 0.0))
    for contour in (CENTROID, BANDWIDTH, ALPHA):
        assert dull[contour] < middle[contour] < bright[contour]
    assert dull[HAMMARBERG] > middle[HAMMARBERG] > bright[HAMMARBERG]


def test_alpha_and_hammarberg_are_ratios_of_levels():
    both = sine(500.0) + np.exp(-2) * sine(3000.0)  # 4 nats less power
    values = hear(both)[INNER]
    np.testing.assert_allclose(values[:, ALPHA], -4, atol=0.05)
    np.testing.assert_allclose(values[:, HAMMARBERG], 4, atol=0.05)


def test_entropy_is_low_for_a_sine_and_near_its_limit_for_noise():
    assert hear(sine(1000.0))[INNER, ENTROPY].max() < 2
    assert np.log(257) - 0.7 < hear(noise())[INNER, ENTROPY].mean() < np.log(257)


def test_flux_marks_the_change():
    flux = hear(np.concatenate([sine(500.0), sine(2000.0)]))[:, FLUX]
    assert flux[0] == 0
    assert abs(int(flux.argmax()) - 50) <= 1
    assert np.delete(flux, range(47, 54))[6:-6].max() < 0.01 * flux.max()


# -- silence and odd sounds ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def two_words():
    """A low and a high hum with 0.4 s of silence around and between them; the words are the steps 40-79 and 120-159."""
    still = np.zeros(6400)
    return np.concatenate([still, hum(110, 0.4), still, hum(220, 0.4), still])


def test_silence_is_bridged_by_straight_lines(two_words):
    values = hear(two_words)
    between = slice(84, 116)
    assert (values[between, VOICING] == 0).all()
    assert values[between, ENERGY].max() < values[60, ENERGY] - 9
    pitch = values[:, PITCH]
    assert (pitch[45], pitch[155]) == pytest.approx((semitones(110), semitones(220)), abs=0.1)
    assert (np.diff(pitch[between]) > 0).all()
    for contour in (PITCH, RELATIVE, CENTROID, BANDWIDTH, ALPHA, HAMMARBERG, ENTROPY, FLUX):
        np.testing.assert_allclose(np.diff(values[between, contour], n=2), 0, atol=1e-4)
        assert len(np.unique(values[:36, contour])) == len(np.unique(values[164:, contour])) == 1  # outside: flat


def test_silence_is_absent_for_encoders_of_values(two_words):
    lines, values = hear(two_words), hear(two_words, bridge=False)
    absent = (values == ABSENT).all(axis=1)
    assert absent[:36].all()
    assert absent[84:116].all()
    assert not absent[42:78].any()
    assert not absent[122:158].any()
    np.testing.assert_array_equal(values[~absent], lines[~absent])
    assert lines.min() > ABSENT / 10


SHORT = {
    "0.1 s of hum": hum(200, 0.1),
    "0.1 s of noise": noise(0.1),
    "just not silent": 1.1e-4 * sine(200.0) / 0.3,
    "a click in silence": np.eye(1, 16_000, 8000)[0],
    "dither": np.sign(noise()) * 1e-4 + 1e-5,
    "a square wave at full scale": np.sign(sine(150.0) + 1e-9),
    "a constant": np.full(8000, 0.5),
    "far too loud": 300 * sine(150.0),
    "above the range": sine(900.0),
    "below the range": sine(40.0),
}


@pytest.mark.parametrize("bridge", [True, False])
@pytest.mark.parametrize("sound", SHORT.values(), ids=SHORT)
def test_odd_sounds_have_finite_contours_in_range(sound, bridge):
    series = Prosody(bridge=bridge).extract(clip(sound))
    assert series.channels == CHANNELS
    assert len(series) == len(sound) // 160 + 1
    values = series.values[series.values[:, ENERGY] != ABSENT]  # Series refuses NaN itself
    if not len(values):  # so soft that no step is heard
        assert not bridge
        assert np.abs(sound).max() < 1e-3
        return
    assert values[:, PITCH].min() >= -0.1
    assert values[:, PITCH].max() <= semitones(500) + 0.6
    assert values[:, VOICING].min() >= 0
    assert values[:, VOICING].max() <= 1
    assert values[:, ENTROPY].max() <= np.log(257) + 1e-3
    assert np.abs(values).max() < 50


@pytest.mark.parametrize("samples", range(1600, 1921, 37))
def test_length_follows_the_grid(samples):
    assert len(hear(hum(200, 0.2)[:samples])) == samples // 160 + 1


def test_loudness_reads_the_spectrogram(ravdess):
    speech = Clip(sorted((ravdess / "audio" / "Actor_03").glob("*.opus"))[12])
    power = compute_spectrogram(speech.sound, 400, 512).mean(axis=1)
    np.testing.assert_allclose(Prosody().extract(speech).values[:, ENERGY], np.log(np.maximum(power, 1e-7)), rtol=1e-5)


# -- parts and parameters --------------------------------------------------------------------------------------


def test_bridges_and_smoothing_by_hand():
    contour = np.array([5, 1, 9, 9, 4, 7], np.float32)
    valid = np.array([False, True, False, False, True, False])
    assert bridge_gaps(contour, valid).tolist() == [1, 1, 2, 3, 4, 4]
    assert bridge_gaps(contour, np.zeros(6, bool)).tolist() == [0] * 6
    jump = np.array([3, 3, 99, 3, 15, 3, 3, 3], np.float32)  # one octave jump; 99 is not valid
    voiced = jump < 99
    assert smooth(jump, voiced).tolist() == [3, 3, 99, 3, 3, 3, 3, 3]
    assert smooth(jump, np.zeros(8, bool)).tolist() == jump.tolist()


def test_contours_are_of_four_groups():
    assert list(dict.fromkeys(one.group for one in CHANNELS)) == ["loudness", "intonation", "voicing", "timbre"]


@pytest.mark.parametrize("voiced", [-0.1, 1.5])
def test_impossible_thresholds_are_refused(voiced):
    with pytest.raises(InputError, match="voiced must lie in 0 to 1"):
        Prosody(voiced=voiced)


# -- virtual speakers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stretch", [0.88, 0.97, 1.03, 1.12])
def test_other_voices_keep_values_and_none_apart(two_words, stretch):
    feature = Prosody(bridge=False)
    series = feature.extract(clip(two_words))
    values = feature.respeak(Voice(stretch=stretch, level=1.5), series).values
    absent = values == ABSENT
    assert (absent.all(axis=1) == absent.any(axis=1)).all()
    heard = series.values[series.values[:, 0] != ABSENT]
    low, high = (extreme(axis=0) + 1.5 * np.eye(10)[ENERGY] for extreme in (heard.min, heard.max))
    spoken = values[~absent[:, 0]]
    assert ((spoken > low - 1e-4) & (spoken < high + 1e-4)).all()
    assert abs((~absent[:, 0]).sum() - stretch * len(heard)) <= 5  # a step at each of four borders
