"""What a clip shows: the pictures of films of every kind, and face-tracking tables."""

import gc
import gzip
import subprocess
import sys
import tracemalloc
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from emospike.clip import SAMPLE_RATE, Clip, is_table
from emospike.validation import InputError

CODECS = {
    "a.mp4": "libx264", "a.mov": "mpeg4", "a.mkv": "libx264", "a.webm": "libvpx-vp9", "a.avi": "mpeg4",
    "b.avi": "libx264", "a.mpg": "mpeg2video", "a.flv": "libx264", "a.wmv": "wmv2", "a.3gp": "mpeg4",
}  # fmt: skip

ROUGH = {"a.avi": 0.06, "b.avi": 0.06, "a.mpg": 0.06} | {"a.flv": 0.025, "a.wmv": 0.025}
"""s; stamps that repeat or count pictures as decoded, and sound that begins with the encoder's 21 ms of silence."""


def shades(count, height=48, width=64):
    """Pictures each a little lighter than the one before."""
    return [np.full((height, width, 3), 20 + 200 * number // count, np.uint8) for number in range(count)]


def corner(height=48, width=64):
    """A picture that shows how it is turned: white above on the left, red above on the right, black below."""
    image = np.zeros((height, width, 3), np.uint8)
    image[: height // 2, : width // 2] = 255
    image[: height // 2, width // 2 :, 0] = 255
    return image


def tone(seconds):
    return (0.3 * np.sin(np.arange(round(48_000 * seconds)) / 20)).astype(np.float32)


def times(clip, **options):
    return [frame.time for frame in clip.frames(**options)]


def lightness(frames):
    return np.array([frame.image.mean() for frame in frames])


def refused(clip):
    with pytest.raises(InputError) as caught:
        list(clip.frames())
    message = str(caught.value)
    assert "\n" not in message
    assert str(clip.face or clip.path) in message
    return message


# What a clip sees and hears


def test_the_face_is_the_film_or_table_itself_unless_another_is_named(tmp_path):
    for name in ("a.mp4", "a.MKV", "a.csv", "a.csv.gz"):
        assert Clip(name).face == Clip(name).path
        assert Clip(name).sees
    for name in ("a.wav", "a.opus", "a.txt"):
        assert Clip(name).face is None
        assert not Clip(name).sees
    assert Clip("a.wav", face="a.csv").face.name == "a.csv"
    assert Clip("a.mp4", face="b.mp4").face.name == "b.mp4"
    assert Clip.from_array(np.ones(100), 16_000, name="a.mp4").face is None
    assert Clip("a.mp4") == Clip("a.mp4", face="a.mp4") != Clip("a.mp4", face="b.mp4")
    assert Clip("a.mp4", face_delay=0.1) != Clip("a.mp4")
    assert is_table(Clip("a.CSV.GZ").path)


@pytest.mark.parametrize("delay", [61.0, float("nan"), -float("inf")])
def test_delays_are_seconds(delay):
    with pytest.raises(InputError, match=r"face_delay of a\.mp4 in seconds must lie in"):
        Clip("a.mp4", face_delay=delay)


def test_what_is_heard(tmp_path, write_film):
    with_sound = write_film(tmp_path / "a.mp4", shades(25), sound=tone(1))
    silent = write_film(tmp_path / "b.mp4", shades(25))
    soundfile.write(tmp_path / "c.mp4", tone(1), 48_000, format="WAV")
    assert Clip(with_sound).hears
    assert not Clip(silent).hears
    assert Clip(silent, face="a.csv").hears is False
    assert Clip(tmp_path / "c.mp4").hears
    assert Clip("a.wav").hears
    assert not Clip("a.csv").hears
    assert Clip.from_array(np.ones(100), 16_000).hears
    with pytest.raises(InputError, match="does not exist"):
        _ = Clip(tmp_path / "missing.mp4").hears


def test_memo_is_kept_until_the_clip_is_forgotten():
    clip = Clip("a.wav")
    clip.memo["x"] = 1
    assert clip.memo == {"x": 1}
    clip.forget()
    assert clip.memo == {}
    assert Clip("a.wav").memo is not clip.memo


# Films


@pytest.mark.parametrize(("file", "codec"), CODECS.items())
def test_pictures_of_any_film(tmp_path, write_film, file, codec):
    images = shades(60)
    clip = Clip(write_film(tmp_path / file, images, codec=codec, sound=tone(2.4)))
    frames = list(clip.frames())
    if file == "a.mpg":  # its stamps repeat now and then
        frames, images = frames[:40], images[:40]
    assert len(frames) == len(images)
    assert frames[0].image.shape == (48, 64, 3)
    assert frames[0].image.dtype == np.uint8
    assert frames[0].image.flags.c_contiguous  # MediaPipe takes it as such
    np.testing.assert_allclose(lightness(frames), [image.mean() for image in images], atol=4)
    np.testing.assert_allclose(
        [frame.time for frame in frames], np.arange(len(images)) / 25, atol=ROUGH.get(file, 2e-3)
    )


@pytest.mark.parametrize(("file", "codec"), CODECS.items())
def test_pictures_of_a_part_are_those_of_the_whole(tmp_path, write_film, file, codec):
    path = write_film(tmp_path / file, shades(150), codec=codec, sound=tone(6))
    whole = list(Clip(path).frames())
    for start, stop in ((0, 1), (2.5, 4), (4.72, None)):
        expected = [frame for frame in whole if start <= frame.time < (stop or 9)]
        part = list(Clip(path, start, stop).frames())
        if file == "a.mpg":  # a jump in it lands half a picture beside its clock
            assert lightness(part).mean() == pytest.approx(lightness(expected).mean(), abs=2)
            continue
        np.testing.assert_allclose([frame.time + start for frame in part], [frame.time for frame in expected])
        np.testing.assert_array_equal(lightness(part), lightness(expected))
    assert list(Clip(path, 7).frames()) == []


def test_times_are_the_films_own(tmp_path, write_film):
    taken = [0.0, 0.033, 0.1, 0.101, 0.4, 1.7, 1.733]
    for file in ("a.mkv", "a.mp4"):
        clip = Clip(write_film(tmp_path / file, shades(7), taken, codec="libx264"))
        np.testing.assert_allclose(times(clip), taken, atol=1e-3)
        assert lightness(clip.frames()) == pytest.approx([image.mean() for image in shades(7)], abs=4)


@pytest.mark.parametrize("file", ["a.mkv", "a.mp4"])
def test_sound_and_pictures_share_one_clock(tmp_path, write_film, file):
    late_sound = write_film(tmp_path / file, shades(50), sound=tone(1.5) + 0.2, sound_at=0.5)
    assert times(Clip(late_sound))[0] == pytest.approx(0, abs=2e-3)
    assert np.flatnonzero(np.abs(Clip(late_sound).sound) > 0.05)[0] / SAMPLE_RATE == pytest.approx(0.5, abs=0.03)
    late_picture = write_film(tmp_path / f"b{file}", shades(50), [0.6 + n / 25 for n in range(50)], sound=tone(2.6))
    assert times(Clip(late_picture))[0] == pytest.approx(0.6, abs=2e-3)
    assert times(Clip(late_picture, 1.0))[0] == pytest.approx(0, abs=2e-3)
    assert list(Clip(late_picture, 0, 0.5).frames()) == []
    shifted = [3 + number / 25 for number in range(50)]
    both_late = write_film(tmp_path / f"c{file}", shades(50), shifted, sound=tone(2) + 0.2, sound_at=3)
    assert times(Clip(both_late))[0] == pytest.approx(0, abs=0.03)
    assert np.abs(Clip(both_late).sound[800:1600]).min() > 0


def test_a_measured_delay_is_added(tmp_path, write_film):
    path = write_film(tmp_path / "a.mkv", shades(50), sound=tone(2))
    assert times(Clip(path, face_delay=0.1))[:2] == pytest.approx([0.1, 0.14])
    early = list(Clip(path, face_delay=-0.1).frames())
    assert early[0].time == pytest.approx(0.02)
    part = list(Clip(path, 1, 1.5, face_delay=0.2).frames())
    np.testing.assert_array_equal(lightness(part), lightness(Clip(path, 0.8, 1.3).frames()))


def test_every_few_pictures(tmp_path, write_film):
    clip = Clip(write_film(tmp_path / "a.mkv", shades(50)), 0.2)
    assert times(clip, stride=4) == pytest.approx(times(clip)[::4])
    with pytest.raises(InputError, match="stride must be above 0"):
        clip.frames(stride=0)


def test_windows_see_what_the_whole_sees(tmp_path, write_film):
    path = write_film(tmp_path / "a.mp4", shades(60), codec="libx264", sound=tone(2.4))
    clip = Clip(path, face=path, face_delay=0.02)
    windows = list(clip.windows(0.8))
    assert [(window.face, window.face_delay, window.hears) for window in windows] == [(path, 0.02, True)] * 3
    joined = [frame for window in windows for frame in window.frames()]
    np.testing.assert_array_equal(lightness(joined), lightness(clip.frames()))
    assert windows[1] == Clip(path, windows[1].start, windows[1].stop, face_delay=0.02)


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
@pytest.mark.parametrize("flipped", [False, True])
def test_pictures_are_upright(tmp_path, write_film, turned, flipped):
    upright = corner()
    shown = upright[:, ::-1] if flipped else upright
    stored = np.rot90(shown, -turned // 90)
    for file in ("a.mp4", "a.mov"):
        clip = Clip(write_film(tmp_path / file, [stored] * 3, turned=turned, flipped=flipped))
        image = next(clip.frames()).image
        assert image.shape == upright.shape
        assert image.flags.c_contiguous
        assert np.abs(image.astype(int) - upright).mean() < 8


def test_pixels_become_square(tmp_path, write_film):
    clip = Clip(write_film(tmp_path / "a.mkv", [corner(96, 64)] * 3, sar=2))
    image = next(clip.frames()).image
    assert image.shape == (96, 128, 3)
    assert np.abs(image.astype(int) - corner(96, 128)).mean() < 8


def test_one_picture_in_memory_at_a_time(tmp_path, write_film):
    clip = Clip(write_film(tmp_path / "a.mkv", shades(200, 480, 640)))
    next(clip.frames())
    tracemalloc.start()
    try:
        assert sum(1 for _ in clip.frames()) == 200
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 6 * 480 * 640 * 3


# Errors and damage


def test_no_pictures(tmp_path, write_film):
    soundfile.write(tmp_path / "a.mp4", tone(1), 48_000, format="WAV")
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("no film\n" * 500)
    assert "has no video track" in refused(Clip(tmp_path / "a.mp4"))
    assert "is empty" in refused(Clip(tmp_path / "empty.mp4"))
    assert "cannot be read" in refused(Clip(tmp_path / "text.mp4"))
    assert "does not exist" in refused(Clip("a.wav", face=tmp_path / "missing.mp4"))
    assert "is a folder" in refused(Clip("a.wav", face=tmp_path))
    assert "shows no face" in refused(Clip(tmp_path / "a.wav"))
    assert "is a face-tracking table and holds no pictures" in refused(Clip("a.wav", face=tmp_path / "a.csv.gz"))


def test_films_that_are_cut_short(tmp_path, write_film):
    mp4 = write_film(tmp_path / "a.mp4", shades(100))
    mp4.write_bytes(mp4.read_bytes()[: mp4.stat().st_size // 2])
    assert "cannot be read" in refused(Clip(mp4))  # its index is at the end
    mkv = write_film(tmp_path / "a.mkv", shades(100, 240, 320), codec="libx264", sound=tone(4))
    mkv.write_bytes(mkv.read_bytes()[: mkv.stat().st_size // 2])
    seen = times(Clip(mkv))
    assert 20 < len(seen) < 90
    np.testing.assert_allclose(np.diff(seen), 0.04, atol=2e-3)
    nothing = write_film(tmp_path / "b.mkv", shades(100, 240, 320))
    nothing.write_bytes(nothing.read_bytes()[:600])
    assert "no picture that can be decoded" in refused(Clip(nothing)) or "cannot be read" in refused(Clip(nothing))


def test_damage_in_the_middle(tmp_path, write_film):
    noise = np.random.default_rng(0).integers(0, 255, (100, 48, 64, 3), np.uint8)
    path = write_film(tmp_path / "a.mkv", list(noise), codec="mpeg4")
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3_000] = bytes(3_000)
    path.write_bytes(data)
    seen = times(Clip(path))
    assert 50 < len(seen) <= 100
    assert seen[-1] == pytest.approx(99 / 25, abs=0.05)
    assert (np.diff(seen) > 0).all()


def test_a_film_in_a_format_without_decoder(tmp_path, write_film):
    path = write_film(tmp_path / "a.avi", shades(10))
    path.write_bytes(path.read_bytes().replace(b"FMP4", b"XXXX"))
    assert "no decoder" in refused(Clip(path))


@pytest.mark.parametrize(
    ("size", "sar", "match"),
    [
        ((48, 64), 40, r"has pixels of 40:1, at most 16:1 can be shown"),
        ((48, 64), 17, r"has pixels of 17:1, at most 16:1"),
        ((48, 64), Fraction(1, 40), r"has pixels of 1/40:1, at most 16:1"),
        ((48, 640), 2, r"has pictures of 1280 x 48, sides at most 16:1"),
        ((640, 32), 1, r"has pictures of 32 x 640, sides at most 16:1"),
        ((8000, 8000), 1, r"has pictures of 8000 x 8000, at most 35389440 pixels"),
        ((4096, 4096), 3, r"has pictures of 12288 x 4096, at most 35389440 pixels"),
    ],
)
def test_pictures_have_bounds(tmp_path, write_film, size, sar, match):
    height, width = size
    path = write_film(
        tmp_path / "a.mkv", [np.zeros((height, width, 3), np.uint8)], codec="libx264", sar=sar, sound=tone(1)
    )
    with pytest.raises(InputError, match=match):
        next(Clip(path).frames())
    assert len(Clip(path).sound) > 0.9 * SAMPLE_RATE


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_sound_beside_large_pictures_takes_no_memory_for_them(tmp_path, write_film):
    path = write_film(tmp_path / "a.mkv", [np.zeros((8000, 8000, 3), np.uint8)], codec="libx264", sound=tone(1))
    code = f"from emospike import Clip\n_ = Clip({str(path)!r}).sound\nprint(open('/proc/self/status').read())"
    status = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert int(status.split("VmHWM:")[1].split()[0]) < 250_000  # KiB; one such picture takes 300 MB to decode


def test_pictures_that_cannot_be_converted(tmp_path, write_film, monkeypatch):
    path = write_film(tmp_path / "a.mkv", shades(3))

    class Reformatter:
        def reformat(self, *_):
            raise av.error.OSError(95, "Operation not supported")

    monkeypatch.setattr("av.video.reformatter.VideoReformatter", Reformatter)
    assert "has pictures of 64 x 48 in yuv420p that cannot be converted" in refused(Clip(path))


# What is seen and not heard


def table(path, seconds=4.0, delimiter=",", **options):
    """Write a face-tracking table, with as much in it as matters here."""
    rows = [f"{n + 1}{delimiter}{n / 30:.3f}" for n in range(round(30 * seconds))]
    text = "\n".join([f"frame{delimiter} timestamp", *rows, ""])
    text = text if delimiter == "," else text.replace(".", ",")
    (gzip.open if path.suffix == ".gz" else open)(path, "wt", **options).write(text)
    return path


def test_a_film_without_sound(tmp_path, write_film):
    clip = Clip(write_film(tmp_path / "a.mp4", shades(100)))
    assert clip.seconds == pytest.approx(4.0, abs=0.05)
    assert (clip.clipped, clip.warning) == (0, None)
    assert Clip(clip.path, 1, 2.5).seconds == 1.5
    assert Clip(clip.path, face_delay=0.5).seconds == pytest.approx(4.5, abs=0.05)
    with pytest.raises(InputError, match="no sound track"):
        _ = clip.sound
    windows = list(clip.windows(1.5))
    assert [(window.start, window.stop) for window in windows] == [(0, 1.5), (1.5, 3), (3, pytest.approx(4, abs=0.05))]
    assert not windows[0].hears
    assert sum(len(times(window)) for window in windows) == 100
    assert [window.start for window in clip.windows(10)] == [0]
    assert [window.start for window in clip.windows(1.8)] == [0, 1.8]
    assert [window.start for window in clip.windows(2, hop=1)] == [0, 1, 2]


def test_a_film_whose_header_tells_no_duration(tmp_path, write_film):
    pipe = tmp_path / "a.mkv"
    with pipe.open("wb", buffering=0) as file:
        live = type("Live", (), {"write": file.write})()  # cannot go back to write the duration
        with av.open(live, "w", format="matroska") as container:
            film = container.add_stream("mpeg4", rate=25)
            film.width, film.height = 64, 48
            for image in shades(50):
                container.mux(film.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
            container.mux(film.encode(None))
    assert Clip(pipe).seconds == pytest.approx(1.96, abs=0.05)


@pytest.mark.parametrize(("file", "delimiter"), [("a.csv", ","), ("a.csv.gz", ","), ("b.csv", ";")])
def test_a_table_alone(tmp_path, file, delimiter):
    clip = Clip(table(tmp_path / file, delimiter=delimiter))
    assert clip.seconds == pytest.approx(119 / 30, abs=1e-3)
    assert [window.start for window in clip.windows(1)] == [0, 1, 2, 3]
    with pytest.raises(InputError, match="is a face-tracking table and holds no sound"):
        _ = clip.sound


@pytest.mark.parametrize("text", ["", "time,x\n1,2\n", "timestamp,x\nnow,2\n", "x,timestamp\n1\n"])
def test_tables_without_time(tmp_path, text):
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(
        InputError, match=r"is empty|tells no time in column timestamp|no face-tracking table: columns timestamp"
    ):
        _ = Clip(path).seconds
    (tmp_path / "b.csv.gz").write_bytes(b"no gzip")
    with pytest.raises(InputError, match=r"cannot read .*b.csv.gz as CSV"):
        _ = Clip(tmp_path / "b.csv.gz").seconds


# A real film


def test_a_real_film(data_dir):
    clip = Clip(data_dir / "samples" / "video" / "01-01-01-01-01-01-01.mp4")
    frames = list(clip.frames(stride=7))
    assert clip.hears
    assert clip.sees
    assert {frame.image.shape for frame in frames} == {(720, 1280, 3)}
    assert len(frames) == 14
    np.testing.assert_allclose([frame.time for frame in frames], np.arange(14) * 7 * 1001 / 30_000, atol=1e-6)
    assert abs(times(clip)[-1] - clip.seconds) < 0.1


def test_a_csv_of_another_kind_is_told_the_columns(tmp_path):
    (tmp_path / "a.csv").write_text("frame,happy,sad,angry,calm\n1,0,1,0,0\n")
    with pytest.raises(InputError, match=r"no face-tracking table: columns timestamp and AU01_r .* got frame, happy"):
        _ = Clip(tmp_path / "a.csv").seconds


def test_pictures_leave_no_threads_behind(tmp_path, write_film):
    path = write_film(tmp_path / "a.mp4", [np.full((64, 64, 3), 9 * n, np.uint8) for n in range(20)], codec="libx264")
    folder = Path("/proc/self/task")
    if not folder.is_dir():
        pytest.skip("needs Linux")
    gc.collect()
    gc.disable()
    try:
        list(Clip(path).frames())  # what is set up once
        before = len(list(folder.iterdir()))
        for _ in range(3):
            assert len(list(Clip(path).frames())) == 20
        assert len(list(folder.iterdir())) <= before
    finally:
        gc.enable()


# Pictures that are passed over


@pytest.mark.parametrize("codec", ["libx264", "mpeg4", "libvpx"])
@pytest.mark.parametrize("apart", [0.05, 0.075, 0.3])
def test_pictures_apart_are_those_of_all(tmp_path, write_film, codec, apart):
    path = write_film(tmp_path / ("a.webm" if codec == "libvpx" else "a.mkv"), shades(60), codec=codec)
    for clip in (Clip(path), Clip(path, 0.53, 1.9)):
        expected, last = [], -np.inf
        for frame in clip.frames():
            if frame.time - last >= apart:
                expected.append(frame)
                last = frame.time
        found = list(clip.frames(apart=apart))
        assert [frame.time for frame in found] == [frame.time for frame in expected]
        assert all((one.image == other.image).all() for one, other in zip(found, expected, strict=True))
        assert times(clip, stride=2, apart=apart) == [frame.time for frame in expected[::2]]


def test_what_nobody_needs_is_not_decoded(data_dir):
    from emospike.clip import video

    path, decoded = data_dir / "samples" / "video" / "01-01-01-01-01-01-01.mp4", []
    plain = video._decode_packets

    def count(packets):
        for picture in plain(packets):
            decoded.append(picture.pts)
            yield picture

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(video, "_decode_packets", count)
        shown = times(Clip(path), apart=0.075)
    assert len(shown) == 33
    assert len(shown) <= len(decoded) < 60  # of 98


@pytest.mark.parametrize("apart", [-1, float("nan")])
def test_how_far_apart_is_checked(apart):
    with pytest.raises(InputError, match="seconds apart"):
        Clip("a.mp4").frames(apart=apart)


def test_films_that_were_read_do_not_stay_in_memory(tmp_path, write_film):
    path = write_film(tmp_path / "a.mkv", shades(30), codec="libx264")
    gc.collect()
    gc.disable()  # as where little else makes garbage
    try:
        before = sum(issubclass(type(one), av.VideoFrame) for one in gc.get_objects())
        for _ in range(20):
            assert times(Clip(path, 0.2, 0.6))
        after = sum(issubclass(type(one), av.VideoFrame) for one in gc.get_objects())
    finally:
        gc.enable()
    assert after - before < 10
