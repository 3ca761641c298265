"""What may be given in the place of a clip, and what is said of the rest."""

from pathlib import Path

import numpy as np
import pytest

from emospike.clip import Clip
from emospike.clip.batch import as_clip, as_clips, try_clips
from emospike.validation import InputError

SOUND = np.random.default_rng(0).normal(0, 0.1, 16_000).astype(np.float32)


@pytest.mark.parametrize("given", [None, 3, SOUND, [0.1]])
def test_what_is_no_recording_is_named(given):
    with pytest.raises(InputError, match=f"path of a recording expected, got {type(given).__name__}"):
        as_clip(given)


@pytest.mark.parametrize("given", ["a.wav", Path("a.wav"), Clip("a.wav")])
def test_one_recording_is_no_list(given):
    with pytest.raises(InputError, match="a list of clips or paths expected, got one"):
        as_clips(given)


@pytest.mark.parametrize("path", [None, 3, b"a.wav"])
def test_a_path_is_text(path):
    with pytest.raises(InputError, match="the path of a recording expected"):
        Clip(path)


@pytest.mark.parametrize("rate", [float("nan"), float("inf"), 0, -8000, None, "fast"])
def test_rates_that_cannot_be(rate):
    with pytest.raises(InputError, match="sample rate of array in Hz must"):
        Clip.from_array(SOUND, rate)


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), 0, -1, "4"])
def test_windows_that_cannot_be(seconds):
    with pytest.raises(InputError, match="window in seconds must"):
        Clip.from_array(SOUND, 16_000).windows(seconds)


@pytest.mark.parametrize("start", ["1", float("nan"), float("inf"), -1, None])
def test_starts_that_cannot_be(start):
    with pytest.raises(InputError, match="start"):
        Clip("a.wav", start)


def test_an_endless_stop_is_the_end():
    assert Clip("a.wav", 0, float("inf")) == Clip("a.wav")


def test_lists_and_tensors_are_samples():
    torch = pytest.importorskip("torch")
    expected = Clip.from_array(SOUND, 16_000).sound
    for given in (SOUND.tolist(), torch.tensor(SOUND), SOUND.astype(np.float64)):
        np.testing.assert_allclose(Clip.from_array(given, 16_000).sound, expected, atol=1e-6)


@pytest.mark.parametrize("given", [[[1.0], [1.0, 2.0]], ["a"], SOUND + 0j, np.array([None])])
def test_samples_that_cannot_be(given):
    with pytest.raises(InputError, match=r"array: (an array of samples expected|samples of|shape)"):
        Clip.from_array(given, 16_000)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_samples_that_are_no_numbers(value):
    with pytest.raises(InputError, match="holds NaN or infinite samples"):
        _ = Clip.from_array(np.full(16_000, value), 16_000).sound


def test_a_drive_that_is_gone_does_not_stop_the_others():
    def work(clip):
        if clip.name == "b.wav":
            raise OSError(5, "Input/output error")
        return clip.name

    found, reasons = try_clips(work, [Clip(name) for name in ("a.wav", "b.wav", "c.wav")], "working")
    assert found == {0: "a.wav", 2: "c.wav"}
    assert reasons == {1: "b.wav cannot be read: Input/output error"}
