from pathlib import Path

import numpy as np
import pytest
from made_up_speech import utterance

from emospike.augmentation import noise
from emospike.augmentation.channel import (
    DEGRADATIONS,
    ChannelVariation,
    Degradation,
    add_voices,
    degrade,
    parse_degradation,
)
from emospike.augmentation.codecs import Codec, measure_delay
from emospike.augmentation.filters import compress_mu_law
from emospike.augmentation.rooms import Reverberation
from emospike.clip import Clip
from emospike.clip.synthetic import synthesise_speech
from emospike.validation import InputError

RATE = 16_000


@pytest.fixture(scope="module")
def clip():
    return Clip.from_array(synthesise_speech(2.0, seed=1), RATE)


@pytest.fixture(scope="module")
def hiss():
    return Clip.from_array((0.1 * np.random.default_rng(0).standard_normal(RATE)).astype(np.float32), RATE)


def power_of(sound, low, high):
    """Mean power between two frequencies, dB."""
    spectrum, hertz = np.abs(np.fft.rfft(sound)) ** 2, np.fft.rfftfreq(len(sound), 1 / RATE)
    return 10 * np.log10(spectrum[(hertz >= low) & (hertz < high)].mean() + 1e-20)


# -- what all can do -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DEGRADATIONS)
def test_every_degradation_keeps_length_and_type_and_is_the_same_again(name, clip):
    worse = degrade(clip, name, seed=3)
    assert isinstance(parse_degradation(name), Degradation)
    assert worse.sound.shape == clip.sound.shape
    assert worse.sound.dtype == np.float32
    assert np.isfinite(worse.sound).all()
    once = worse.sound
    worse.forget()
    np.testing.assert_array_equal(worse.sound, once)
    np.testing.assert_array_equal(degrade(clip, name, seed=3).sound, once)
    if name != "gain":  # 0 dB unless more is asked for
        assert not np.array_equal(once, clip.sound)


@pytest.mark.parametrize("name", ["noise:10", "pink:10", "babble:10", "reverb:0.5", "noise:5..30"])
def test_draws_follow_the_seed_and_the_recording(name, clip, hiss):
    assert not np.array_equal(degrade(clip, name, 0).sound, degrade(clip, name, 1).sound)
    if "reverb" not in name:
        added = [degrade(one, name).sound[:RATE] - one.sound[:RATE] for one in (clip, hiss)]
        assert abs(np.corrcoef(*added)[0, 1]) < 0.2


@pytest.mark.parametrize("name", ["telephone", "8khz", "mp3:32", "opus:16", "amr", "mp3:64", "amr:4.75"])
def test_what_comes_out_is_in_time_with_what_went_in(name, clip):
    heard, wanted = degrade(clip, name).sound, degrade(clip, "band:300:3400").sound
    lags = range(-200, 201)
    found = [float(np.dot(np.roll(heard, -lag), wanted)) for lag in lags]
    assert abs(lags[int(np.argmax(found))]) <= 16  # 1 ms


def test_everything_but_the_sound_stays(tmp_path):
    clip = Clip("a.wav", 1.0, 3.0, face=tmp_path / "a.csv", face_delay=0.1, eeg=tmp_path / "a.edf", eeg_start=2.0)
    worse = degrade(clip, "telephone")
    for name in ("path", "start", "stop", "face", "face_delay", "eeg", "eeg_start", "name", "sees"):
        assert getattr(worse, name) == getattr(clip, name)
    assert degrade(clip, "telephone") == worse != clip


def test_degradations_follow_each_other(clip):
    both = degrade(degrade(clip, "gain:-6"), "gain:-6")
    np.testing.assert_allclose(both.sound, degrade(clip, "gain:-12").sound, rtol=1e-5)


def test_windows_are_parts_of_the_degraded_sound(clip):
    worse = degrade(clip, "reverb:0.3")
    parts = list(worse.windows(1.0))
    np.testing.assert_array_equal(np.concatenate([one.sound for one in parts]), worse.sound)


def test_what_has_become_silent_is_refused(clip):
    with pytest.raises(InputError, match="silent"):
        degrade(clip, "gain:-100").sound  # noqa: B018 - decoded to see what is wrong


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("telefone", "unknown degradation 'telefone': did you mean 'telephone'\\? known are 8khz, amr"),
        ("telephone:3", "degradation telephone expected, got 'telephone:3'"),
        ("band:1:2:3", "degradation band:low:high expected"),
        ("noise:loud", "NAME:NUMBER, as babble:10 or noise:5..30, expected, got 'noise:loud'"),
        ("noise:500", "snr in dB must lie in -40.0 to 120.0, got 500.0"),
        ("noise:10..500", "snr in dB must lie"),
        ("band:3000:300", "a band from low to high"),
        ("amr:64", "bit rate of amr"),
        ("noise:nan", "snr in dB must lie"),
    ],
)
def test_mistakes_are_one_line(text, said):
    with pytest.raises(InputError, match=said) as caught:
        parse_degradation(text)
    assert "\n" not in str(caught.value)


def test_a_codec_that_is_not_there_is_told(clip):
    with pytest.raises(InputError, match="the installed PyAV lacks the codec libnothing"):
        Codec("libnothing", "libnothing", RATE, "flt").transmit(clip.sound, RATE, 16)


# -- one by one ------------------------------------------------------------------------------------------------


def test_levels(clip):
    np.testing.assert_allclose(degrade(clip, "gain:-40").sound, clip.sound / 100, rtol=1e-6)
    loud = degrade(clip, "gain:+20")
    assert np.abs(loud.sound).max() > 1
    cut = degrade(clip, "clip:20")
    assert np.abs(cut.sound).max() == 1
    assert cut.clipped > 0.01 > clip.clipped
    np.testing.assert_allclose(degrade(clip, "dc:0.01").sound - clip.sound, 0.01, atol=1e-6)
    assert len(np.unique(degrade(clip, "bits:4").sound)) <= 17


def test_bands(hiss):
    for name in ("telephone", "8khz", "amr"):
        heard = degrade(hiss, name).sound
        assert power_of(heard, 1000, 3000) - power_of(heard, 4500, 8000) > 30
    phone = degrade(hiss, "telephone").sound
    assert power_of(phone, 1000, 3000) - power_of(phone, 20, 200) > 20
    tilted = degrade(hiss, "tilt:-6").sound
    change = [power_of(tilted, f, 1.2 * f) - power_of(hiss.sound, f, 1.2 * f) for f in (500, 1000, 2000, 4000)]
    np.testing.assert_allclose(np.diff(change), -6, atol=0.5)


def test_mu_law_has_256_steps_that_are_finest_near_zero():
    made = np.unique(compress_mu_law(np.linspace(-1, 1, 100_001, dtype=np.float32)))
    assert len(made) == 255  # two of the 256 codes are 0
    assert np.diff(made).max() > 50 * np.diff(made).min()


@pytest.mark.parametrize("name", ["noise", "pink", "babble"])
@pytest.mark.parametrize("snr", [20, 0, -5])
def test_noise_lies_below_active_speech(name, snr, clip):
    added = degrade(clip, f"{name}:{snr}").sound - clip.sound
    ratio = noise.measure_active_power(clip.sound, RATE) / np.mean(np.square(added, dtype=float))
    assert 10 * np.log10(ratio) == pytest.approx(snr, abs=0.05)


def test_pauses_do_not_change_the_level_of_speech(clip):
    padded = np.pad(clip.sound, 8000)
    assert noise.measure_active_power(padded, RATE) == pytest.approx(noise.measure_active_power(clip.sound, RATE), 0.01)


def test_every_strength_adds_the_same_noise(clip):
    loud, soft = (degrade(clip, f"babble:{snr}").sound - clip.sound for snr in (0, 20))
    np.testing.assert_allclose(loud, 10 * soft, atol=1e-4)


def test_made_up_babble_is_shaped_like_speech(hiss):
    babble = degrade(hiss, "babble:0").sound - hiss.sound
    assert power_of(babble, 200, 1000) - power_of(babble, 4000, 8000) > 15
    level = np.square(babble).reshape(-1, 160).mean(axis=1)
    assert level.std() / level.mean() > 0.3  # it comes and goes, as noise that stands still does not


def test_babble_is_of_the_voices_that_are_given_and_never_the_sound_itself(clip):
    tone = np.sin(np.arange(RATE)).astype(np.float32)
    babble = add_voices(parse_degradation("babble:0"), [clip.sound, tone])
    added = degrade(clip, babble).sound - clip.sound
    spectrum = np.abs(np.fft.rfft(added)) ** 2
    peak = spectrum.argmax() / len(added) * RATE
    assert peak == pytest.approx(RATE / (2 * np.pi), abs=2)
    assert add_voices(parse_degradation("telephone"), [tone]) == parse_degradation("telephone")


@pytest.mark.parametrize("seconds", [0.2, 0.5, 0.8])
def test_rooms_die_away_as_they_should(seconds):
    response = Reverberation(seconds).draw_response(RATE, np.random.default_rng(0)).astype(float)
    assert np.sum(response[1:] ** 2) == pytest.approx(1, rel=0.01)  # as much as the direct sound
    left = 10 * np.log10(np.cumsum(response[::-1] ** 2)[::-1])  # Schroeder's integral
    begin, end = (np.flatnonzero(left < left[round(0.05 * RATE)] - fall)[0] for fall in (2, 22))
    assert 3 * (end - begin) / RATE == pytest.approx(seconds, rel=0.15)


def test_reverberation_keeps_the_level(clip):
    wet = degrade(clip, "reverb:0.5").sound
    assert np.square(wet).sum() == pytest.approx(np.square(clip.sound).sum(), rel=1e-3)


def test_numbers_between_two_are_drawn_for_each_recording(clip, hiss):
    ranged = "noise:0..40"
    found = []
    for one in (clip, hiss, degrade(clip, "gain:-1"), degrade(clip, "gain:-2")):
        added = degrade(one, ranged).sound - one.sound
        found.append(
            10 * np.log10(noise.measure_active_power(one.sound, RATE) / np.mean(np.square(added, dtype=float)))
        )
    assert len({round(snr) for snr in found}) > 2
    assert all(-0.1 < snr < 40.1 for snr in found)


def test_delays_are_measured():
    assert measure_delay(Codec("libopencore_amrnb", "libopencore_amrnb", 8000, "s16"), 12.2) == pytest.approx(40, abs=2)


# -- copies in training ----------------------------------------------------------------------------------------


def test_copies_of_a_clip():
    clip = utterance("high", 0, 0)
    variation = ChannelVariation(("telephone", "noise:10", "mp3"), copies=3)
    first = [one.sound for one in variation.draw(clip)]
    assert len(first) == 3
    wanted = [degrade(clip, name, seed).sound for name in variation.degradations for seed in range(3)]
    assert all(any(np.array_equal(one, other) for other in wanted) for one in first)
    assert len({one.tobytes() for one in first}) == 3
    for one, again in zip(first, variation.draw(clip), strict=True):
        np.testing.assert_array_equal(one, again.sound)
    for name in variation.degradations:  # every channel comes first for some seed
        assert any(
            np.array_equal(next(variation.draw(clip, seed)).sound, degrade(clip, name, seed).sound)
            for seed in range(20)
        )
    assert len(list(ChannelVariation(("telephone",), copies=2).draw(clip))) == 2
    assert list(ChannelVariation((), copies=0).draw(clip)) == []


def test_variations_are_checked():
    with pytest.raises(InputError, match="unknown degradation 'fax'"):
        ChannelVariation(("fax",))
    with pytest.raises(InputError, match="at least one degradation"):
        ChannelVariation(())
    with pytest.raises(InputError, match="copies must lie"):
        ChannelVariation(copies=-1)


def test_paths_are_kept(tmp_path):
    assert degrade(Clip(tmp_path / "a.wav"), "amr").path == Path(tmp_path / "a.wav")
