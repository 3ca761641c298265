"""Sound through pipes: with a header, without one, and what is none."""

import io
import os
import threading

import av
import numpy as np
import pytest
import soundfile

from emospike.streaming.piped import open_pipe
from emospike.validation import InputError

RATE = 16_000
SOUND = np.random.default_rng(0).normal(0, 0.1, RATE).clip(-1, 1)


def write(form, rate=RATE, channels=1):
    file = io.BytesIO()
    soundfile.write(file, np.repeat(SOUND[:, None], channels, axis=1), rate, format=form)
    return file.getvalue()


def read(data, rate=None):
    with open_pipe(io.BytesIO(data), rate) as sound:
        return sound.rate, np.concatenate(list(sound.chunks))


@pytest.mark.parametrize("form", ["WAV", "FLAC", "AIFF", "AU"])
@pytest.mark.parametrize(("rate", "channels"), [(16_000, 1), (44_100, 2)])
def test_recordings_with_a_header_lose_no_sample(form, rate, channels):
    found, sound = read(write(form, rate, channels))
    assert (found, sound.shape) == (rate, (len(SOUND), channels))
    np.testing.assert_allclose(sound[:, 0], SOUND, atol=1e-4)


def test_samples_alone():
    found, sound = read((SOUND * 32_767).astype("<i2").tobytes(), 8_000)
    assert found == 8_000
    np.testing.assert_allclose(sound[:, 0], SOUND, atol=1e-4)


def test_a_recording_that_breaks_off_is_heard_up_to_there():
    assert len(read(write("WAV")[: RATE + 44])[1]) == RATE // 2


def test_chunks_come_before_the_end():
    """Of samples alone the first chunk is there while the rest is still to be said."""
    here, there = os.pipe()
    data, first = (SOUND * 32_767).astype("<i2").tobytes(), threading.Event()

    def say():
        with os.fdopen(there, "wb", buffering=0) as pipe:
            pipe.write(data[:8192])
            assert first.wait(60)
            pipe.write(data[8192:])

    speaker = threading.Thread(target=say)
    speaker.start()
    with os.fdopen(here, "rb") as pipe, open_pipe(pipe, RATE) as sound:
        chunks = [next(sound.chunks)]
        first.set()
        chunks += sound.chunks
    speaker.join()
    assert sum(map(len, chunks)) == len(SOUND)


@pytest.mark.parametrize("data", [b"", b"talk", b"RIFF", bytes(10_000)])
def test_what_is_no_sound_is_one_line(data):
    with pytest.raises(InputError, match=r"no sound comes through the pipe .*: pipe in wav, flac"):
        read(data)


def test_a_film_without_sound(tmp_path):
    with av.open(str(tmp_path / "a.mkv"), "w") as film:
        track = film.add_stream("mpeg4", rate=25)
        track.width = track.height = 32
        frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8))
        film.mux(track.encode(frame))
        film.mux(track.encode())
    with pytest.raises(InputError, match="has no sound"):
        read((tmp_path / "a.mkv").read_bytes())


def test_a_rate_that_is_none():
    with pytest.raises(InputError, match="sample rate in Hz must lie in 8000 to 192000, got 1"):
        read(b"12345678", 1)


def test_names_that_are_no_text_do_no_harm():
    data = write("WAV")
    tagged = data[:12] + b"LIST" + (16).to_bytes(4, "little") + b"INFOINAM" + (4).to_bytes(4, "little") + b"\xff\xfea\0"
    np.testing.assert_allclose(read(tagged + data[12:])[1][:, 0], SOUND, atol=1e-4)


def test_sound_that_no_decoder_is_known_for():
    data = bytearray(write("WAV"))
    data[20:22] = b"ww"  # the format
    with pytest.raises(InputError, match="has no sound that can be decoded: pipe in wav"):
        read(bytes(data))


def test_an_mp4_that_tells_at_its_end_what_it_holds():
    """No reader can hear it before it is over, and a pipe has gone by then."""
    file = io.BytesIO()
    with av.open(file, "w", "mp4") as container:
        stream = container.add_stream("aac", rate=RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.tile(SOUND, 5)[None].astype(np.float32), "fltp", "mono")
        frame.sample_rate = RATE
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    with pytest.raises(InputError, match="no sound comes through the pipe that can be decoded"):
        read(file.getvalue())


class Interrupted(io.BytesIO):
    """A pipe through which nothing comes after some data, until Ctrl-C."""

    def read1(self, size=-1):
        if data := super().read1(size):
            return data
        raise KeyboardInterrupt


@pytest.mark.parametrize(("data", "rate"), [(write("WAV")[: RATE + 44], None), (write("WAV")[44 : RATE + 44], RATE)])
def test_ctrl_c_ends_a_pipe_that_waits(monkeypatch, data, rate):
    ignored = []
    monkeypatch.setattr("sys.unraisablehook", ignored.append)
    with open_pipe(Interrupted(data), rate) as sound:
        assert sum(map(len, sound.chunks)) == RATE // 2
    assert ignored == []


def test_ctrl_c_before_anything_has_come(monkeypatch):
    monkeypatch.setattr("sys.unraisablehook", lambda _: None)
    with pytest.raises(KeyboardInterrupt), open_pipe(Interrupted(b"")):
        pass
