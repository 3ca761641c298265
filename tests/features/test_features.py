"""What every sound feature promises, and what each of them hears."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from emospike.augmentation.voice import Voice
from emospike.clip import Clip
from emospike.features import FEATURES
from emospike.features.constant_q import ConstantQ
from emospike.features.gammatone import Gammatone, make_gammatone_bank
from emospike.features.linear_fft import LinearFFT
from emospike.features.mel import Mel
from emospike.features.mfcc import MFCC
from emospike.features.spectrum import bin_frequencies, compute_spectrogram, make_triangles
from emospike.series import frequencies_of
from emospike.validation import InputError

SOUND = [name for name in FEATURES if FEATURES.load(name).modality == "audio"]
BANDED = [Mel(), Gammatone(), LinearFFT(), ConstantQ()]


def named(feature):
    return type(feature).__name__


def tone(*hertz, seconds=1.0, level=0.3):
    time = np.arange(round(16_000 * seconds)) / 16_000
    return Clip.from_array((level * np.sin(2 * np.pi * time * np.array(hertz)[:, None]).sum(axis=0)), 16_000)


@pytest.fixture(scope="module")
def speech(ravdess):
    return Clip(sorted((ravdess / "audio" / "Actor_03").glob("*.opus"))[12])


# -- all of them -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SOUND)
def test_features_share_the_10_ms_grid_and_name_their_channels(name, speech):
    series = FEATURES.load(name)().extract(speech)
    assert series.rate == 100
    assert len(series) == len(speech.sound) // 160 + 1
    assert len(set(series.channels)) == len(series.channels) == series.values.shape[1]
    assert series.values.dtype == np.float32
    assert series.values.std(axis=0).min() > 0  # every channel hears something of real speech


@pytest.mark.parametrize("name", SOUND)
def test_virtual_speakers_speak_every_feature(name, speech):
    feature = FEATURES.load(name)()
    series = feature.extract(speech)
    np.testing.assert_array_equal(feature.respeak(Voice(), series).values, series.values)
    slower = feature.respeak(Voice(shift=2.0, stretch=1.1, level=0.5), series)
    assert len(slower) == round(1.1 * len(series))
    assert slower.channels == series.channels
    assert not np.array_equal(slower.values[: len(series)], series.values)


@pytest.mark.parametrize("feature", [*BANDED, Mel(window=401 / 16_000)], ids=named)
@pytest.mark.parametrize("samples", [16_000, 16_001, 15_999])
def test_length_does_not_depend_on_the_window(feature, samples):
    noise = np.random.default_rng(0).normal(0, 0.1, samples)
    assert len(feature.extract(Clip.from_array(noise, 16_000))) == samples // 160 + 1


@pytest.mark.parametrize("feature", BANDED, ids=named)
def test_silence_rests_at_the_floor(feature):
    sound = tone(440).sound.copy()
    sound[8000:] = 0
    values = replace(feature, floor=-12.0).extract(Clip.from_array(sound, 16_000)).values
    assert (values[60:] == -12).all()
    assert values.min() == -12
    assert values[:40].max() > 0


@pytest.mark.parametrize("feature", BANDED, ids=named)
def test_white_noise_has_its_variance_in_every_band(feature):
    noise = np.random.default_rng(1).normal(0, 0.05, 32_000)
    power = np.exp(feature.extract(Clip.from_array(noise, 16_000)).values[20:-20])
    np.testing.assert_allclose(power.mean(axis=0), 0.05**2, rtol=0.35)
    assert power.mean() == pytest.approx(0.05**2, rel=0.05)


@pytest.mark.parametrize("feature", BANDED, ids=named)
@pytest.mark.parametrize("hertz", [220.0, 700.0, 1850.0])
def test_a_tone_peaks_in_the_nearest_band(feature, hertz):
    series = feature.extract(tone(hertz))
    centres = frequencies_of(series.channels)
    width = max(b - a for a, b in pairwise(centres) if a <= hertz <= b)
    assert abs(centres[series.values[30:70].mean(axis=0).argmax()] - hertz) <= width / 2 + 1


@pytest.mark.parametrize("feature", [*BANDED, MFCC()], ids=named)
def test_twice_as_loud_is_four_times_the_power(feature):
    noise = np.random.default_rng(2).normal(0, 0.05, 16_000)
    quiet, loud = (feature.extract(Clip.from_array(level * noise, 16_000)).values for level in (1, 2))
    if isinstance(feature, MFCC):  # the level is in c0 alone
        np.testing.assert_allclose((loud - quiet)[:, 0], np.log(4) * np.sqrt(feature.bands), rtol=1e-4)
        np.testing.assert_allclose((loud - quiet)[:, 1:], 0, atol=1e-3)
    else:
        np.testing.assert_allclose(loud - quiet, np.log(4), rtol=1e-3)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Mel(bands=0), "bands must lie in 1 to 1000"),
        (lambda: Mel(fmin=500.0, fmax=400.0), "fmin must lie in 0 to 400"),
        (lambda: Gammatone(fmax=9000.0), "fmax must lie in 80.0 to 8000"),
        (lambda: Mel(window=0.05), "window must lie in 0.001 to 0.032"),
        (lambda: ConstantQ(fmin=0.0), "fmin must be above 0"),
        (lambda: ConstantQ(bands=100), "fmax must lie in"),
        (lambda: LinearFFT(bands=300), "width of a band must lie in 31.25"),
        (lambda: MFCC(coefficients=50, bands=40), "coefficients must lie in 1 to 40"),
    ],
)
def test_impossible_parameters_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()


# -- as other voices would have given them ----------------------------------------------------------------------


@pytest.mark.parametrize("name", SOUND)
@pytest.mark.parametrize("stretch", [0.9, 1.12])
def test_slower_voices_take_longer(name, stretch, speech):
    feature = FEATURES.load(name)()
    series = feature.extract(speech)
    before = series.values.copy()
    spoken = feature.respeak(Voice(stretch=stretch), series)
    assert (spoken.rate, spoken.channels) == (series.rate, series.channels)
    assert len(spoken) == round(stretch * len(series))
    place = np.linspace(0, len(series) - 1, len(spoken))
    expected = [np.interp(place, np.arange(len(series)), channel) for channel in series.values.T]
    np.testing.assert_allclose(spoken.values.T, expected, atol=2e-3)
    np.testing.assert_array_equal(series.values, before)


@pytest.mark.parametrize("name", SOUND)
@pytest.mark.parametrize("level", [-1.5, 1.0])
def test_a_louder_voice_is_what_louder_sound_gives(name, level):
    feature = FEATURES.load(name)()
    sound = np.random.default_rng(3).normal(0, 0.05, 16_000)
    series, louder = (feature.extract(Clip.from_array(gain * sound, 16_000)) for gain in (1, np.exp(level / 2)))
    spoken = feature.respeak(Voice(level=level), series)
    np.testing.assert_allclose(spoken.values, louder.values, atol=2e-3)
    assert np.abs(spoken.values - series.values).max() > abs(level) - 1e-3


@pytest.mark.parametrize("feature", BANDED, ids=named)
@pytest.mark.parametrize("shift", [2.0, -3.0])
def test_a_shorter_throat_moves_the_bands(feature, shift):
    series = feature.extract(tone(700.0))
    own, moved = (one.values[30:70].mean(axis=0).argmax() for one in (series, feature.respeak(Voice(shift), series)))
    assert moved == max(own + shift, 0)


@pytest.mark.parametrize("feature", BANDED, ids=named)
def test_no_voice_falls_below_the_floor(feature):
    high = replace(feature, floor=-6.0)
    soft = high.respeak(Voice(level=-1.5), high.extract(tone(440.0)))
    assert soft.values.min() == -6


@pytest.mark.parametrize("voice", [Voice(level=1.2), Voice(stretch=0.93), Voice(stretch=1.1, level=-0.7)])
def test_coefficients_are_those_of_the_mel_bands_that_the_voice_gives(voice, speech):
    from scipy.fft import dct

    feature, mel = MFCC(coefficients=20, floor=-60.0), Mel(bands=128, fmin=0.0, floor=-60.0)
    spoken = feature.respeak(voice, feature.extract(speech)).values
    expected = dct(mel.respeak(voice, mel.extract(speech)).values, type=2, norm="ortho", axis=1)[:, :20]
    np.testing.assert_allclose(spoken, expected, atol=2e-3)


def test_level_is_in_the_first_coefficient_alone_and_shift_in_none(speech):
    series = MFCC().extract(speech)
    change = MFCC().respeak(Voice(level=2.0), series).values - series.values
    np.testing.assert_allclose(change[:, 0], 2 * np.sqrt(128), rtol=1e-4)
    assert not change[:, 1:].any()
    np.testing.assert_array_equal(MFCC().respeak(Voice(shift=2.0), series).values, series.values)


# -- against librosa -------------------------------------------------------------------------------------------


def librosa_power(speech):
    librosa = pytest.importorskip("librosa")
    spectrum = librosa.stft(speech.sound, n_fft=512, hop_length=160, win_length=400, pad_mode="constant")
    return np.abs(spectrum) ** 2 / np.square(librosa.filters.get_window("hann", 400)).sum()


def test_power_spectrogram_is_librosas(speech):
    got = compute_spectrogram(speech.sound, 400, 512)
    np.testing.assert_allclose(got, librosa_power(speech).T, rtol=1e-3, atol=1e-9)


@pytest.mark.parametrize("bands", [40, 64])
def test_mel_is_librosas(speech, bands):
    import librosa

    bank = librosa.filters.mel(sr=16_000, n_fft=512, n_mels=bands, fmin=50, fmax=8000, norm=None)
    expected = np.log(np.maximum(bank @ librosa_power(speech) / bank.sum(axis=1, keepdims=True), np.exp(-16)))
    np.testing.assert_allclose(Mel(bands=bands).extract(speech).values, expected.T, atol=2e-3)


def test_mfcc_is_librosas(speech):
    import librosa

    log_mel = Mel(bands=128, fmin=0.0).extract(speech).values.T
    expected = librosa.feature.mfcc(S=log_mel, n_mfcc=20, norm="ortho")
    series = MFCC(coefficients=20).extract(speech)
    np.testing.assert_allclose(series.values, expected.T, atol=1e-3)
    assert [one.name for one in series.channels[:2]] == ["mfcc 0", "mfcc 1"]


# -- one by one ------------------------------------------------------------------------------------------------


def test_triangles_have_unit_sum_and_are_never_empty():
    edges = np.array([100, 101, 102, 500, 1000], np.float32)  # the first band lies between two bins
    bank = make_triangles(edges, bin_frequencies(512))
    np.testing.assert_allclose(bank.sum(axis=0), 1, rtol=1e-6)
    assert np.flatnonzero(bank[:, 0]).tolist() == [3]  # 93.75 Hz is the bin nearest to 101 Hz
    assert bin_frequencies(512)[bank[:, 2].argmax()] == 500


def test_linear_fft_averages_its_bins(speech):
    power = compute_spectrogram(speech.sound, 400, 512)
    frequencies, edges = bin_frequencies(512), np.linspace(0, 8000, 25)
    series = LinearFFT().extract(speech)
    for band, (low, high) in enumerate(pairwise(edges)):
        own = (frequencies >= low) & (frequencies < high if high < 8000 else frequencies <= high)
        expected = np.log(np.maximum(power[:, own].mean(axis=1), np.exp(-16)))
        np.testing.assert_allclose(series.values[:, band], expected, atol=1e-4)
    assert (series.channels[3].name, series.channels[3].hz) == ("fft 1167 Hz", 1167.0)
    assert len(series.channels) == 24


def test_gammatone_falls_off_as_its_equation_says():
    bank, centres = make_gammatone_bank(40, 80.0, 7600.0, 16_000)  # bins of 1 Hz
    np.testing.assert_allclose(bank.sum(axis=0), 1, rtol=1e-4)
    assert (centres[0], centres[-1]) == pytest.approx((80, 7600), rel=1e-5)
    for band in (0, 20, 39):
        centre = float(centres[band])
        width = 1.019 * 24.7 * (4.37 * centre / 1000 + 1)
        near, far = bank[round(centre), band], bank[round(centre - width), band]
        assert bank[:, band].argmax() == round(centre)
        assert far / near == pytest.approx(1 / 16, rel=0.1)


def test_constant_q_separates_harmonics_that_mel_merges():
    clip = tone(220, 330)
    fine = ConstantQ().extract(clip)
    level = fine.values[50]
    centres = frequencies_of(fine.channels)
    peaks = [i for i in range(1, len(level) - 1) if level[i - 1] < level[i] > level[i + 1] and level[i] > -2]
    assert centres[peaks].tolist() == pytest.approx([220, 330], rel=0.03)
    np.testing.assert_allclose(centres[12:] / centres[:-12], 2, rtol=0.01)
    between = np.abs(centres - np.sqrt(220 * 330)).argmin()
    assert level[peaks].min() - level[between] > 5


@pytest.mark.parametrize("feature", [ConstantQ(bands=120, per_octave=24), Mel(bands=128), ConstantQ(per_octave=48)])
def test_fine_bands_keep_names_of_their_own(feature):
    channels = feature.extract(tone(200, seconds=0.2)).channels
    assert len(set(channels)) == feature.bands
    assert (np.diff(frequencies_of(channels)) > 0).all()
