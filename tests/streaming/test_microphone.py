"""The microphone: what waits, what is lost, and what is said where there is none."""

import sys

import numpy as np
import pytest

from emospike.streaming import microphone
from emospike.streaming.microphone import CHUNK, MOST_HELD, Microphone, open_microphone
from emospike.validation import InputError

FRAMES = round(CHUNK * 16_000)


def chunk(value):
    return np.full((FRAMES, 1), value, np.float32)


def test_chunks_come_in_order_and_are_kept_as_they_were():
    source, own = Microphone(16_000.0), chunk(1.0)
    source.put(own)
    own[:] = 9.0  # PortAudio uses its buffer again
    source.put(chunk(2.0))
    heard = source.chunks
    assert [next(heard)[0, 0], next(heard)[0, 0]] == [1.0, 2.0]
    assert source.lost == 0


def test_the_oldest_is_lost_and_told():
    source, most = Microphone(16_000.0), round(MOST_HELD / CHUNK)
    for value in range(most + 5):
        source.put(chunk(float(value)))
    assert next(source.chunks)[0, 0] == 5.0
    assert source.lost == pytest.approx(5 * CHUNK)


def test_one_that_is_unplugged(monkeypatch):
    monkeypatch.setattr(microphone, "SILENT_FOR", 0.05)
    with pytest.raises(InputError, match="no sound comes from the microphone any more"):
        next(Microphone(16_000.0).chunks)


def test_without_sounddevice(monkeypatch):
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with (
        pytest.raises(InputError, match=r"needs sounddevice .*: pip install 'emospike\[live\]'"),
        open_microphone(),
    ):
        pass


def test_without_portaudio_or_a_microphone():
    """On a machine that has one, a name that none has."""
    said = "needs sounddevice|needs PortAudio|no microphone can be opened"
    with pytest.raises(InputError, match=said), open_microphone("no such microphone"):
        pass
