import re
import tracemalloc
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from emospike.clip import SAMPLE_RATE, Clip, check_speech, find_recordings
from emospike.validation import InputError

WAV_SUBTYPES = ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "IMA_ADPCM"]
LOSSY = {"a.ogg": {}, "a.opus": {"format": "OGG", "subtype": "OPUS"}, "a.mp3": {}}


def tone(seconds, rate=SAMPLE_RATE, hertz=220.0):
    """A tone whose loudness rises, so that a shift in time shows."""
    time = np.arange(round(seconds * rate)) / rate
    return (0.5 * time / max(seconds, 1) * np.sin(2 * np.pi * hertz * time)).astype(np.float32)


def write(path, sound, rate=48_000, **options):
    soundfile.write(path, sound, rate, **options)
    return path


def write_av(path, sound=None, rate=48_000, *, codec="aac", picture=False, delay=0.0):
    """Write a container with a sound track (late by `delay` s), a picture, or both."""
    with av.open(str(path), "w") as container:
        streams = []
        if picture:
            video = container.add_stream("mpeg4", rate=25)
            video.width = video.height = 64
            frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            streams.append((video, [frame] * 25, 1))
        if sound is not None:
            track = container.add_stream(codec, rate=rate, layout="mono" if sound.ndim == 1 else "stereo")
            planes = np.atleast_2d(sound.T)
            pieces = [planes[:, at : at + 960] for at in range(0, planes.shape[1], 960)]
            frames = [
                av.AudioFrame.from_ndarray(np.ascontiguousarray(piece), format="fltp", layout=track.layout.name)
                for piece in pieces
            ]
            streams.append((track, frames, 960))
        for stream, frames, step in streams:
            for number, frame in enumerate(frames):
                if isinstance(frame, av.AudioFrame):
                    frame.sample_rate = rate
                    frame.pts = number * step + round(delay * rate)
                else:
                    frame.pts = number
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    return path


def cut(path, fraction):
    """Cut a file short."""
    data = path.read_bytes()
    path.write_bytes(data[: round(len(data) * fraction)])
    return path


def error(path, **span):
    with pytest.raises(InputError) as caught:
        _ = Clip(path, **span).sound
    message = str(caught.value)
    assert "\n" not in message
    assert Path(path).name in message
    return message


def same(sound, expected, within, edge=0):
    """Whether two sounds agree where both are, leaving out the edges."""
    length = min(len(sound), len(expected))
    assert abs(len(sound) - len(expected)) <= 0.06 * SAMPLE_RATE
    return np.abs(sound[edge : length - edge] - expected[edge : length - edge]).max() < within


# Kinds of files


@pytest.mark.parametrize("rate", [8_000, 11_025, 44_100, 48_000, 96_000, 192_000])
def test_any_rate_becomes_16_khz(tmp_path, rate):
    clip = Clip(write(tmp_path / "a.wav", tone(1.5, rate), rate))
    assert clip.seconds == pytest.approx(1.5, abs=1e-4)
    assert clip.sound.dtype == np.float32
    assert abs(len(clip.sound) - 24_000) <= 1
    assert same(clip.sound, tone(1.5), 2e-3, edge=200)
    assert clip.seconds == len(clip.sound) / SAMPLE_RATE
    assert clip.warning is None
    assert clip.clipped == 0


@pytest.mark.parametrize("subtype", WAV_SUBTYPES)
def test_any_kind_of_wav(tmp_path, subtype):
    clip = Clip(write(tmp_path / "a.wav", tone(1), SAMPLE_RATE, subtype=subtype))
    assert same(clip.sound, tone(1), 0.05)


@pytest.mark.parametrize(("file", "options"), LOSSY.items())
def test_compressed_sound(tmp_path, file, options):
    clip = Clip(str(write(tmp_path / file, tone(3, 48_000), **options)))
    assert clip.seconds == pytest.approx(3, abs=0.06)
    assert same(clip.sound, tone(3), 0.02, edge=800)
    assert clip.warning is None
    assert clip.name == file


def test_flac_aiff_and_a_wrong_suffix(tmp_path):
    for path, kind in (
        (tmp_path / "a.flac", "FLAC"),
        (tmp_path / "a.aiff", "AIFF"),
        (tmp_path / "b.mp4", "WAV"),
    ):
        assert same(Clip(write(path, tone(1), SAMPLE_RATE, format=kind)).sound, tone(1), 1e-4)


@pytest.mark.parametrize(
    ("file", "codec"), [("a.m4a", "aac"), ("a.mov", "aac"), ("a.mkv", "aac"), ("a.webm", "libopus")]
)
def test_sound_in_containers(tmp_path, file, codec):
    clip = Clip(write_av(tmp_path / file, tone(2, 48_000), codec=codec))
    assert clip.seconds == pytest.approx(2, abs=0.06)
    assert same(clip.sound, tone(2), 0.05, edge=800)
    assert clip.warning is None


def test_video_with_and_without_sound(tmp_path):
    with_sound = write_av(tmp_path / "a.mp4", np.stack([tone(1, 48_000)] * 2, axis=1), picture=True)
    assert same(Clip(with_sound).sound, tone(1), 0.05, edge=800)
    assert "no sound track" in error(write_av(tmp_path / "mute.mp4", picture=True))


def test_sound_that_begins_late_stays_beside_the_picture(tmp_path):
    path = write_av(tmp_path / "a.mkv", tone(1, 48_000) + 0.2, picture=True, delay=0.5)
    sound = Clip(path).sound
    assert np.abs(sound[: SAMPLE_RATE // 2 - 800]).max() == 0
    assert same(sound[SAMPLE_RATE // 2 :], tone(1) + 0.2, 0.06, edge=800)


def test_channels_are_averaged(tmp_path):
    left = tone(1)
    path = write(tmp_path / "a.wav", np.stack([left, np.zeros_like(left)], axis=1), SAMPLE_RATE, subtype="FLOAT")
    np.testing.assert_allclose(Clip(path).sound, left / 2, atol=1e-6)


def test_odd_names(tmp_path):
    for name in ("Wut über 怒り 😠.wav", "a: b.m4a", "._twin.wav", "-x.wav", "%d.m4a"):
        path = tmp_path / name
        Clip((write if path.suffix == ".wav" else write_av)(path, tone(1, 48_000))).sound  # noqa: B018


def test_read_only_file(tmp_path):
    path = write(tmp_path / "a.wav", tone(1), SAMPLE_RATE)
    path.chmod(0o400)
    assert len(Clip(path).sound) == SAMPLE_RATE


# Errors


def test_files_that_cannot_be_read(tmp_path):
    (tmp_path / "text.wav").write_text("this is no sound\n" * 500)
    (tmp_path / "empty.wav").touch()
    (tmp_path / "list.wav").write_text("ffconcat version 1.0\nfile other.wav\n")
    (tmp_path / "noise.raw").write_bytes(bytes(range(256)) * 100)
    assert "does not exist" in error(tmp_path / "missing.wav")
    assert "is a folder" in error(tmp_path)
    assert "is empty" in error(tmp_path / "empty.wav")
    for name in ("text.wav", "list.wav", "noise.raw"):
        assert "cannot be read as sound or video" in error(tmp_path / name)


def test_unusable_sound(tmp_path):
    silent = np.zeros(SAMPLE_RATE)
    hiss = np.random.default_rng(0).choice([-1, 0, 1], SAMPLE_RATE).astype(np.int16)
    assert "is silent" in error(write(tmp_path / "silent.wav", silent, SAMPLE_RATE))
    assert "is silent" in error(write(tmp_path / "hiss.wav", hiss, SAMPLE_RATE))
    assert "holds 0.05 s of sound, at least 0.1 s" in error(write(tmp_path / "short.wav", tone(0.05, 48_000)))
    assert "holds no sound" in error(write(tmp_path / "none.wav", tone(0)))
    assert "sample rate" in error(write(tmp_path / "slow.wav", tone(1, 4_000), 4_000))
    for bad in (np.nan, np.inf):
        sound = tone(1, 48_000)
        sound[20_000] = bad
        assert "NaN or infinite" in error(write(tmp_path / "nan.wav", sound, subtype="FLOAT"))
    assert "divide" in error(write(tmp_path / "loud.wav", tone(1, 48_000) * 32_768, subtype="FLOAT"))


def test_a_fifth_of_a_second_is_enough(tmp_path):
    assert len(Clip(write(tmp_path / "a.wav", tone(0.2, 48_000))).sound) == 3_200


@pytest.mark.parametrize(("start", "stop"), [(-1.0, None), (2.0, 1.0), (1, 1), (float("nan"), None)])
def test_impossible_times(start, stop):
    with pytest.raises(InputError, match="start"):
        Clip("a.wav", start, stop)


def test_start_after_the_end(tmp_path):
    for path in (write(tmp_path / "a.wav", tone(1)), write_av(tmp_path / "a.m4a", tone(1, 48_000))):
        assert "ends before 5.0 s" in error(path, start=5.0)
        with pytest.raises(InputError, match="ends before"):
            list(Clip(path, 5.0).windows(1))


# Damaged files


@pytest.mark.parametrize("file", ["a.wav", "a.flac", "a.mp3", "a.aiff"])
def test_truncated_file_gives_what_is_there_and_a_warning(tmp_path, file):
    clip = Clip(cut(write(tmp_path / file, tone(6, 48_000)), 0.5))
    assert 2 < len(clip.sound) / SAMPLE_RATE < 4
    assert same(clip.sound[: 2 * SAMPLE_RATE], tone(6)[: 2 * SAMPLE_RATE], 0.02, edge=800)
    assert "announces 6.00 s" in clip.warning
    windowed = Clip(clip.path)
    assert sum(len(window.sound) for window in windowed.windows(1)) > 1.5 * SAMPLE_RATE
    assert windowed.warning == clip.warning


def test_truncated_opus_and_containers(tmp_path):
    opus = cut(write(tmp_path / "a.opus", tone(6, 48_000), format="OGG", subtype="OPUS"), 0.5)
    assert 1.5 < Clip(opus).seconds < 4  # its pages announce nothing beyond themselves
    assert Clip(opus).warning is None
    matroska = Clip(cut(write_av(tmp_path / "a.mkv", tone(6, 48_000)), 0.5))
    assert 2 < len(matroska.sound) / SAMPLE_RATE < 4
    assert "announces 6.0" in matroska.warning
    assert "cannot be read" in error(cut(write_av(tmp_path / "a.m4a", tone(6, 48_000)), 0.5))  # index at the end


def test_nothing_left_to_decode(tmp_path):
    for file in ("a.wav", "a.flac", "a.mp3", "a.ogg"):
        path = write(tmp_path / file, tone(2, 48_000))
        path.write_bytes(path.read_bytes()[:100])
        assert re.search("cannot be read|holds no sound|holds 0.00 s", error(path))


def test_damage_in_the_middle(tmp_path):
    path = write_av(tmp_path / "a.mp4", tone(4, 48_000))
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 600] = b"\xff" * 600
    path.write_bytes(data)
    assert same(Clip(path).sound[3 * SAMPLE_RATE :], tone(4)[3 * SAMPLE_RATE :], 0.05, edge=800)


def test_sound_without_a_decoder(tmp_path):
    path = write(tmp_path / "a.wav", tone(1))
    data = bytearray(path.read_bytes())
    data[20:22] = b"\x34\x12"  # the format tag
    path.write_bytes(data)
    assert "no decoder" in error(path)


def test_stream_of_unknown_length_is_no_warning(tmp_path):
    path = write(tmp_path / "a.wav", tone(1), SAMPLE_RATE)
    data = bytearray(path.read_bytes())
    data[4:8] = data[40:44] = b"\xff" * 4
    path.write_bytes(data)
    clip = Clip(path)
    assert len(clip.sound) == SAMPLE_RATE
    assert clip.warning is None


# Clipping


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "FLOAT"])
def test_clipped_fraction_is_measured_before_resampling(tmp_path, subtype):
    sound = np.clip(3 * np.sin(2 * np.pi * 200 * np.arange(96_000) / 48_000), -1, 1)
    expected = np.mean(np.abs(sound) >= 0.99)
    sound = np.concatenate([sound, sound / 3])
    clip = Clip(write(tmp_path / "a.wav", np.stack([sound, sound / 3], axis=1), subtype=subtype))
    assert clip.clipped == pytest.approx(expected / 2, abs=0.01)
    first, second = clip.windows(2)
    assert first.clipped == pytest.approx(expected, abs=0.01)
    assert second.clipped == 0
    assert Clip(clip.path, 1.5, 2.5).clipped == pytest.approx(expected / 2, abs=0.01)


# Parts and windows


@pytest.mark.parametrize("file", ["a.wav", "a.flac", "a.mp3", "a.opus", "a.m4a", "a.mkv", "a.mp4"])
def test_a_part_is_a_part_of_the_whole(tmp_path, file):
    path, sound = tmp_path / file, tone(6, 44_100 if file != "a.opus" else 48_000)
    rate = len(sound) // 6
    if file in {"a.m4a", "a.mkv", "a.mp4"}:
        write_av(path, sound, rate, picture=file == "a.mp4")
    else:
        write(path, sound, rate, **LOSSY.get(file, {}))
    whole = Clip(path).sound
    for start, stop in ((0.0, 1.0), (1.0, 2.0), (3.7, 4.9)):
        part = Clip(path, start, stop)
        assert part.seconds == pytest.approx(stop - start)
        expected = whole[round(start * SAMPLE_RATE) : round(stop * SAMPLE_RATE)]
        assert len(part.sound) == len(expected)
        assert same(part.sound, expected, 0.3 if file == "a.mkv" else 1e-3)  # matroska counts milliseconds
    assert Clip(path, 4.0).seconds == pytest.approx(2, abs=0.06)


@pytest.mark.parametrize(("file", "rate"), [("a.wav", 44_100), ("a.mp3", 48_000), ("a.m4a", 48_000)])
def test_windows_join_to_the_whole(tmp_path, file, rate):
    path = (write_av if file == "a.m4a" else write)(tmp_path / file, tone(5.7, rate), rate)
    clip = Clip(path)
    windows = list(clip.windows(1.3))
    np.testing.assert_array_equal(np.concatenate([window.sound for window in windows]), clip.sound)
    assert [window.start for window in windows] == pytest.approx([0, 1.3, 2.6, 3.9, 5.2])
    assert windows[1] == Clip(path, windows[1].start, windows[1].stop)
    assert same(Clip(path, 1.3, 2.6).sound, windows[1].sound, 1e-3)


def test_overlapping_and_spaced_windows():
    sound = tone(10.2)
    clip = Clip.from_array(sound, SAMPLE_RATE)
    overlapping = list(clip.windows(4, hop=2))
    assert [(window.start, window.seconds) for window in overlapping[:4]] == [(0, 4), (2, 4), (4, 4), (6, 4)]
    assert (overlapping[4].start, overlapping[4].seconds) == (8, pytest.approx(2.2))
    for window in overlapping:
        begin = round(window.start * SAMPLE_RATE)
        np.testing.assert_array_equal(window.sound, sound[begin : begin + len(window.sound)])
    assert [window.start for window in Clip.from_array(sound, SAMPLE_RATE).windows(1, hop=4)] == [0, 4, 8]
    assert [window.start for window in Clip.from_array(sound, SAMPLE_RATE, "b").windows(5)] == [0, 5]


def test_last_window(tmp_path):
    def starts(seconds, **hop):
        return [window.start for window in Clip.from_array(tone(seconds), SAMPLE_RATE).windows(2, **hop)]

    assert starts(4.6) == [0, 2, 4]
    assert starts(4.4) == [0, 2]
    assert starts(0.3) == [0]
    assert starts(4.0, hop=1) == [0, 1, 2]  # nothing new after the last whole window


def test_windows_of_a_part(tmp_path):
    clip = Clip(write(tmp_path / "a.wav", tone(6, 48_000)), 1.5, 4.5)
    windows = list(clip.windows(1))
    assert [(window.start, window.stop) for window in windows] == [(1.5, 2.5), (2.5, 3.5), (3.5, 4.5)]
    np.testing.assert_array_equal(np.concatenate([window.sound for window in windows]), clip.sound)


def test_windows_may_be_silent_but_not_nan(tmp_path):
    sound = np.concatenate([np.zeros(SAMPLE_RATE, np.float32), tone(1)])
    first, _ = Clip.from_array(sound, SAMPLE_RATE).windows(1)
    with pytest.raises(InputError, match="silent"):
        check_speech(first.sound, first.name)
    sound[-1] = np.nan
    with pytest.raises(InputError, match="NaN"):
        list(Clip.from_array(sound, SAMPLE_RATE).windows(1))


def test_bad_windows():
    clip = Clip.from_array(tone(1), SAMPLE_RATE)
    for seconds, hop in ((0, None), (-1, None), (1, 0)):
        with pytest.raises(InputError):
            clip.windows(seconds, hop)


def test_windows_take_constant_memory(tmp_path):
    path = tmp_path / "long.wav"
    minute = np.tile((tone(1, SAMPLE_RATE) * 32_767).astype(np.int16), 60)
    with soundfile.SoundFile(path, "w", SAMPLE_RATE * 3, 1) as file:
        for _ in range(20 * 3):
            file.write(minute)
    list(Clip(path, 0, 8).windows(4))  # libraries loaded
    tracemalloc.start()
    try:
        count = sum(1 for _ in Clip(path).windows(4))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 20 * 60 / 4
    assert peak < 4e6  # the sound of 20 minutes is 77 MB


def test_reading_is_lazy_and_happens_once(tmp_path):
    clip = Clip(write(tmp_path / "a.wav", tone(1)))
    assert clip.sound is clip.sound
    clip.path.unlink()
    assert len(clip.sound) == len(Clip.from_array(clip.sound, SAMPLE_RATE).sound)
    Clip(tmp_path / "missing.wav")  # no error before its sound is asked for


# Arrays


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int8", "uint8", "int16", "uint16", "int32"])
def test_arrays_of_any_type(dtype):
    sound, kind = tone(1), np.dtype(dtype)
    if kind.kind in "iu":
        top = 2.0 ** (8 * kind.itemsize - 1)
        given = np.round(sound * (top - 1) + (top if kind.kind == "u" else 0)).astype(kind)
    else:
        given = sound.astype(kind)
    assert same(Clip.from_array(given, SAMPLE_RATE).sound, sound, 0.01)


def test_arrays_of_channels_and_rates():
    sound = tone(1, 48_000)
    clip = Clip.from_array(np.stack([sound, -sound / 2], axis=1), 48_000, name="two")
    assert clip.name == "two"
    assert same(clip.sound, tone(1) / 4, 2e-3, edge=200)
    assert clip != Clip.from_array(sound, 48_000, name="two")


@pytest.mark.parametrize(
    ("sound", "rate", "match"),
    [
        (np.zeros((2, 16_000)), 16_000, "samples, channels"),
        (np.zeros((10, 2, 2)), 16_000, "samples, channels"),
        (np.zeros(16_000, np.int64), 16_000, "full scale"),
        (np.zeros(16_000, complex), 16_000, "full scale"),
        (np.ones(16_000), 16, "sample rate"),
        (np.ones(16_000), 400_000, "sample rate"),
        (np.zeros(0), 16_000, "holds no sound"),
        (np.zeros(16_000), 16_000, "silent"),
    ],
)
def test_arrays_that_cannot_be(sound, rate, match):
    with pytest.raises(InputError, match=match):
        _ = Clip.from_array(sound, rate).sound


# Folders


def test_find_recordings(tmp_path):
    for name in ("b.WAV", "a.mp4", "sub/c.opus", "sub/notes.txt", "._a.mp4", ".hidden/d.wav", "sub/._c.opus"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    given = tmp_path / "sub" / "notes.txt"
    found = list(find_recordings([tmp_path, given]))
    assert found == [tmp_path / "a.mp4", tmp_path / "b.WAV", tmp_path / "sub" / "c.opus", given]


def test_folder_without_recordings(tmp_path):
    with pytest.raises(InputError, match="no recording"):
        list(find_recordings([tmp_path]))


# Real recordings


def test_real_recordings(data_dir):
    paths = list(find_recordings([data_dir / "samples"]))
    assert {path.suffix for path in paths} == {".wav", ".mp4"}
    for path in paths:
        announced, clip = Clip(path).seconds, Clip(path)
        assert len(clip.sound) / SAMPLE_RATE == pytest.approx(announced, abs=0.06), path
        assert 0.01 < np.abs(clip.sound).max() < 1.1
        assert clip.warning is None
        joined = np.concatenate([window.sound for window in clip.windows(1)])
        np.testing.assert_array_equal(joined, clip.sound[: len(joined)])


def test_real_opus(ravdess):
    path = next(find_recordings([ravdess / "audio"]))
    clip = Clip(path)
    assert 2 < clip.seconds < 6
    assert same(Clip(path, 1.3, 2.3).sound, clip.sound[20_800:36_800], 1e-3)


def test_pieces_are_the_whole_sound(tmp_path):
    path = write(tmp_path / "a.wav", tone(3.3))
    for clip in (Clip(path), Clip(path, 0.5, 2.25), Clip(path).change(lambda sound: sound / 2)):
        assert np.array_equal(np.concatenate(list(clip.pieces())), clip.sound)
    write(tmp_path / "silent.wav", np.zeros(48_000))
    assert sum(map(len, Clip(tmp_path / "silent.wav").pieces())) == 16_000
