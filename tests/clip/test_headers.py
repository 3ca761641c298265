"""What a header says of a recording's length is held against what is there."""

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from emospike.clip import SAMPLE_RATE, Clip
from emospike.validation import InputError

RATE = 48_000


def sound(seconds=6.0):
    """A sweep, so that each moment differs from every other."""
    time = np.arange(round(seconds * RATE)) / RATE
    return (0.3 * np.sin(2 * np.pi * (200 + 60 * time) * time)).astype(np.float32)


def write_mp3(path, x, *, xing=True, tag=b""):
    """Write an mp3 whose first half is nearly silent, so that its bit rate changes."""
    with av.open(str(path), "w", options={"write_xing": str(int(xing)), "id3v2_version": "0"}) as container:
        track = container.add_stream("libmp3lame", rate=RATE, layout="mono", options={"compression_level": "5"})
        track.codec_context.qscale = True
        track.codec_context.global_quality = 2 * 118
        write_track(container, track, x)
    path.write_bytes(tag + path.read_bytes())
    return path


def write_track(container, track, x, start=0.0, jump=0.0):
    """Encode a sound that begins at a time (s), its clock jumping by so much at each block of 20 ms."""
    for number, at in enumerate(range(0, len(x), 960)):
        block = av.AudioFrame.from_ndarray(np.ascontiguousarray(x[None, at : at + 960]), format="fltp", layout="mono")
        block.sample_rate, block.time_base = RATE, Fraction(1, RATE)
        block.pts = at + round((start + number * jump) * RATE)
        container.mux(track.encode(block))
    container.mux(track.encode(None))


def write_container(path, x, codec="aac", start=0.0):
    with av.open(str(path), "w", options={"avoid_negative_ts": "disabled"}) as container:
        write_track(container, container.add_stream(codec, rate=RATE, layout="mono"), x, start)
    return path


def write_jumping(path, x, jump):
    """Write Matroska whose clock jumps from packet to packet."""
    plain = write_container(path.with_name("plain.mkv"), x, "libopus")
    with av.open(str(plain)) as source, av.open(str(path), "w") as container:
        track = container.add_stream_from_template(source.streams.audio[0])
        for number, packet in enumerate(source.demux(source.streams.audio[0])):
            if packet.dts is None:
                continue
            packet.pts = packet.dts = packet.pts + round(number * jump / packet.time_base)
            packet.stream = track
            container.mux(packet)
    return path


def agree(clip, x, *, end=True):
    """Whether a clip's sound is this one, at its beginning and its end."""
    plain = Clip.from_array(x, RATE).sound
    mine, its = (np.split(one[: len(one) // 400 * 400], 10) for one in (plain, clip.sound[: len(plain)]))
    chosen = (1, -2) if end else (1,)
    return all(max(np.correlate(mine[i], its[i][400:-400])) > 0.9 * np.sum(mine[i][400:-400] ** 2) for i in chosen)


@pytest.mark.parametrize("tag", [b"", b"ID3\x04\0\0\0\0\x01\x00" + bytes(128)])
def test_mp3_that_counts_no_frames(tmp_path, tag):
    loud, quiet = sound(6), 1e-3 * sound(6)
    for name, x in (("a.mp3", np.r_[loud, quiet]), ("b.mp3", np.r_[quiet, loud])):  # guessed too short, and too long
        clip = Clip(write_mp3(tmp_path / name, x, xing=False, tag=tag))
        assert clip.seconds == pytest.approx(12, abs=0.1)
        assert len(clip.sound) / SAMPLE_RATE == pytest.approx(12, abs=0.1)
        assert clip.warning is None
    counted = Clip(write_mp3(tmp_path / "c.mp3", np.r_[loud, quiet], tag=tag))
    assert counted.seconds == pytest.approx(12, abs=0.1)
    assert counted.warning is None


def test_flac_of_unknown_length(tmp_path):
    path = tmp_path / "a.flac"
    soundfile.write(path, sound(), RATE)
    data = bytearray(path.read_bytes())
    data[21] &= 0xF0  # the last 4 of 36 bits that count the samples
    data[22:26] = bytes(4)
    path.write_bytes(data)
    assert soundfile.info(path).frames > 2**60
    clip = Clip(path)
    assert clip.seconds == 6
    assert len(clip.sound) == 6 * SAMPLE_RATE
    assert clip.warning is None
    assert [window.seconds for window in Clip(path).windows(4)] == [4, 2]


def test_aiff_of_length_0(tmp_path):
    path = tmp_path / "a.aiff"
    soundfile.write(path, sound(), RATE)
    data = bytearray(path.read_bytes())
    comm, ssnd = data.index(b"COMM"), data.index(b"SSND")
    data[4:8] = data[comm + 10 : comm + 14] = data[ssnd + 4 : ssnd + 8] = bytes(4)
    path.write_bytes(data)
    clip = Clip(path)
    assert clip.seconds == 6
    assert agree(clip, sound())
    assert clip.warning is None


@pytest.mark.parametrize("told", [0, 1, 50_000])
def test_wav_that_tells_less_than_it_holds(tmp_path, told):
    path = tmp_path / "a.wav"
    soundfile.write(path, sound(), RATE)
    data = bytearray(path.read_bytes())
    data[4:8] = struct.pack("<I", 36 + told)
    data[40:44] = struct.pack("<I", told)
    path.write_bytes(data)
    clip = Clip(path)
    assert clip.seconds == pytest.approx(6, abs=1e-3)
    assert agree(clip, sound())
    assert clip.warning is None


def test_what_follows_the_data_of_a_wav_is_no_sound(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, sound(1), RATE)
    data = path.read_bytes()
    chunk = b"LIST" + struct.pack("<I", 200_000) + b"INFO" * 50_000
    for tail in (chunk, b"TAG" + b"me" * 100_000, b"ID3\4\0\0" + b"\1" * 200_000, b"\0" * 100):
        path.write_bytes(data + tail)
        assert Clip(path).seconds == 1


def test_a_clock_that_does_not_start_at_0(tmp_path):
    clip = Clip(write_container(tmp_path / "a.mkv", sound(), start=100.0))
    with av.open(str(clip.path)) as container:
        assert container.start_time > 99e6
    assert clip.seconds == pytest.approx(6, abs=0.05)
    assert len(clip.sound) / SAMPLE_RATE == pytest.approx(6, abs=0.05)
    assert clip.warning is None


def test_chained_streams_are_all_read(tmp_path):
    for name, subtype in (("a.opus", "OPUS"), ("a.ogg", "VORBIS")):
        for part, x in (("1", sound(3)), ("2", sound(6)[3 * RATE :])):
            soundfile.write(tmp_path / part, x, RATE, format="OGG", subtype=subtype)
        path = tmp_path / name
        for second in ("2", "1"):  # of another serial number, and of the same
            path.write_bytes((tmp_path / "1").read_bytes() + (tmp_path / second).read_bytes())
            clip = Clip(path)
            assert clip.seconds == pytest.approx(6, abs=0.1)
            assert clip.warning is None
            assert np.abs(clip.sound[-SAMPLE_RATE:]).max() > 0.2


def write_whole(path):
    if path.suffix in {".aac", ".m4a", ".mkv"}:
        return write_container(path, sound())
    soundfile.write(path, sound(), RATE, **{".opus": {"format": "OGG", "subtype": "OPUS"}}.get(path.suffix, {}))
    return path


@pytest.mark.parametrize("hole", [bytes(600), b"\xff" * 600, np.random.default_rng(0).bytes(600)])
@pytest.mark.parametrize("suffix", [".flac", ".mp3", ".opus", ".ogg", ".aac", ".m4a", ".mkv"])
def test_sound_after_a_hole_is_read_and_the_hole_is_said(tmp_path, suffix, hole):
    path = write_whole(tmp_path / f"a{suffix}")
    assert Clip(path).warning is None
    data = bytearray(path.read_bytes())
    data[len(data) // 3 : len(data) // 3 + len(hole)] = hole
    path.write_bytes(data)
    clip = Clip(path)
    assert (3.4 if suffix in {".opus", ".ogg"} else 4.4) < len(clip.sound) / SAMPLE_RATE < 6.1
    last, whole = clip.sound[-SAMPLE_RATE:], Clip.from_array(sound(), RATE).sound
    assert max(np.abs(np.correlate(whole[-2 * SAMPLE_RATE :], last[4_000:-4_000]))) > 0.8 * np.sum(
        last[4000:-4000] ** 2
    )
    assert np.abs(clip.sound).max() < 3
    assert "damaged" in clip.warning
    assert "cut short" not in clip.warning
    assert "\n" not in clip.warning


def test_length_is_what_is_decoded(tmp_path):
    path = write_container(tmp_path / "a.mkv", sound())
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    clip = Clip(path)
    assert 2 < clip.seconds < 4
    assert clip.seconds == len(clip.sound) / SAMPLE_RATE
    assert "cut short" in clip.warning
    assert clip.seconds == Clip(path).seconds


def test_a_short_recording_is_decoded_once(tmp_path, monkeypatch):
    clip = Clip(write_container(tmp_path / "a.mkv", sound(1)))
    assert clip.seconds == pytest.approx(1, abs=0.05)
    Path(clip.path).unlink()
    assert len(clip.sound) == round(clip.seconds * SAMPLE_RATE)


# Bounds


@pytest.mark.parametrize("jump", [1.0, 55.0])
def test_a_clock_that_jumps_fills_no_memory(tmp_path, jump):
    clip = Clip(write_jumping(tmp_path / "a.mkv", sound(30), jump))
    with pytest.raises(InputError, match=r"a\.mkv has a clock that jumps: 6\d\d s of pauses beside .* at most|filled"):
        _ = clip.sound
    with pytest.raises(InputError, match="clock that jumps"):
        list(Clip(clip.path).windows(4))


def test_pauses_that_sound_can_have_are_filled(tmp_path):
    clip = Clip(write_jumping(tmp_path / "a.mkv", sound(2), 0.2))
    assert clip.seconds == pytest.approx(2 + 0.2 * 100, abs=0.5)


def test_sound_that_is_too_long_to_hold_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr("emospike.clip.clip._LONGEST_PIECE", 3)
    path = tmp_path / "a.flac"
    soundfile.write(path, sound(), RATE)
    with pytest.raises(InputError, match=r"a\.flac lasts more than .* h: take parts, or windows"):
        _ = Clip(path)._decode()
    assert [window.start for window in Clip(path).windows(2)] == [0, 2, 4]
