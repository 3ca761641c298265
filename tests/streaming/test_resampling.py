"""Resampling chunk by chunk: what a recording gives as a whole, however it is cut."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emospike.clip import Clip
from emospike.streaming.resampling import Resampler
from emospike.validation import InputError

SOUND = np.random.default_rng(0).normal(0, 0.1, 12_000).astype(np.float32)
CUTS = st.lists(st.integers(0, len(SOUND)), max_size=8).map(sorted)


def push(rate, sound, cuts=()):
    resampler = Resampler(rate)
    return np.concatenate([*(resampler.push(part) for part in np.split(sound, cuts)), resampler.finish()])


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 44_100, 48_000, 192_000])
def test_it_gives_what_a_recording_gives(rate):
    whole = Clip.from_array(np.tile(SOUND, 3), rate).sound
    found = push(rate, np.tile(SOUND, 3))
    assert len(found) == pytest.approx(len(whole), abs=1)
    assert np.abs(found[: len(whole)] - whole[: len(found)]).max() < 1e-4


@settings(max_examples=60, deadline=None)
@given(rate=st.sampled_from([8_000, 16_000, 22_050, 44_100, 48_000]), cuts=CUTS)
def test_any_cut_gives_the_same_samples(rate, cuts):
    np.testing.assert_array_equal(push(rate, SOUND, cuts), push(rate, SOUND))


def test_channels_are_averaged_and_integers_scaled():
    stereo = np.stack([SOUND, 0 * SOUND], axis=1)
    np.testing.assert_allclose(push(16_000, stereo), SOUND / 2, atol=1e-7)
    np.testing.assert_allclose(push(16_000, (SOUND * 32_768).astype(np.int16)), SOUND, atol=1e-4)
    assert len(push(16_000, stereo, [1, 2, 3])) == len(SOUND)  # a chunk of one frame too


def test_it_begins_anew_after_its_end():
    resampler = Resampler(48_000)
    first = [resampler.push(SOUND), resampler.finish()]
    again = [resampler.push(SOUND), resampler.finish()]
    np.testing.assert_array_equal(np.concatenate(first), np.concatenate(again))
    assert len(resampler.push(np.stack([SOUND, SOUND], axis=1))) > 0  # another number of channels too


@pytest.mark.parametrize(
    ("chunk", "said"),
    [
        (np.full(9, np.nan, np.float32), "holds NaN or infinite samples"),
        (np.full(9, 3e4, np.float32), "peaks at 3e.04, not near 1: give int16"),
        (np.zeros((2, 16_000), np.float32), "channels of a stream must lie in 1 to 32, got 16000"),
        (np.zeros((9, 2), np.float32), "chunks of 1 channels expected, as before, got 2"),
        (["a"], "samples of <U1 have no known full scale"),
        (None, "no known full scale|shape"),
    ],
)
def test_what_is_no_sound_is_refused_and_the_rest_goes_on(chunk, said):
    resampler = Resampler(48_000)
    out = [resampler.push(SOUND[:5000])]
    with pytest.raises(InputError, match=said):
        resampler.push(chunk)
    out += [resampler.push(SOUND[5000:]), resampler.finish()]
    np.testing.assert_array_equal(np.concatenate(out), push(48_000, SOUND))


@pytest.mark.parametrize("rate", [0, 7_999, 200_000, float("nan")])
def test_rates_that_are_none_are_refused(rate):
    with pytest.raises(InputError, match="sample rate of a stream in Hz must"):
        Resampler(rate)
