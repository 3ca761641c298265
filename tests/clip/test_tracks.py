"""Which track, which channel, and which kind of file."""

import av
import numpy as np
import pytest
import soundfile

from emospike.clip import SAMPLE_RATE, Clip, find_recordings
from emospike.validation import InputError

RATE = 48_000


def tone(hertz, seconds=2.0):
    return (0.3 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)).astype(np.float32)


def write_tracks(path, sounds=(), films=(), default=None):
    """Write a file with films of so many pictures, each of its lightness, then sounds; `default` marks one track."""
    with av.open(str(path), "w") as container:
        tracks = []
        for count, shade in films:
            film = container.add_stream("mpeg4", rate=25)
            film.width = film.height = 64
            image = av.VideoFrame.from_ndarray(np.full((64, 64, 3), shade, np.uint8), format="rgb24")
            tracks.append((film, [image] * count))
        for sound in sounds:
            track = container.add_stream("aac", rate=RATE, layout="mono")
            blocks = []
            for at in range(0, len(sound), 960):
                piece = np.ascontiguousarray(sound[None, at : at + 960])
                blocks.append(av.AudioFrame.from_ndarray(piece, format="fltp", layout="mono"))
            tracks.append((track, blocks))
        for track, _ in tracks:
            track.disposition = av.stream.Disposition.default if track.index == default else av.stream.Disposition(0)
        for track, frames in tracks:
            for number, frame in enumerate(frames):
                if isinstance(frame, av.AudioFrame):
                    frame.sample_rate, frame.pts = RATE, number * 960
                else:
                    frame.pts = number
                container.mux(track.encode(frame))
            container.mux(track.encode(None))
    return path


def write_channels(path, layout, *tracks):
    """Write tracks of many channels each, uncompressed."""
    with av.open(str(path), "w") as container:
        added = [container.add_stream("pcm_s16le", rate=RATE, layout=layout) for _ in tracks]
        for track, sound in zip(added, tracks, strict=True):
            packed = np.ascontiguousarray(np.round(32767 * sound).astype(np.int16).reshape(1, -1))
            frame = av.AudioFrame.from_ndarray(packed, format="s16", layout=layout)
            frame.sample_rate, frame.pts = RATE, 0
            container.mux([*track.encode(frame), *track.encode(None)])
    return path


def pitch(clip):
    """The strongest frequency of a clip, Hz."""
    spectrum = np.abs(np.fft.rfft(clip.sound[: SAMPLE_RATE - SAMPLE_RATE % 2]))
    return np.argmax(spectrum) * SAMPLE_RATE / (SAMPLE_RATE - SAMPLE_RATE % 2)


def lightness(clip):
    return next(clip.frames()).image.mean()


# Tracks


SILENT = 0 * tone(1)


@pytest.mark.parametrize(
    ("sounds", "default", "hertz", "note"),
    [
        ((300, 500), 1, 500, "2 sound tracks: track 1 was heard, --track takes another: 0"),
        ((300, 500), 0, 300, "2 sound tracks: track 0 was heard, --track takes another: 1"),
        ((300, 500), None, 300, "2 sound tracks: track 0 was heard, --track takes another: 1"),
        ((0, 500), None, 500, "track 1 was heard, --track takes another: 0 (empty)"),
        ((0, 500), 1, 500, "track 1 was heard, --track takes another: 0 (empty)"),
        ((0, 0, 500), 0, 500, "3 sound tracks: track 2 was heard, --track takes another: 0 (empty), 1 (empty)"),
    ],
)
def test_the_default_track_with_sound_is_heard(tmp_path, sounds, default, hertz, note):
    clip = Clip(write_tracks(tmp_path / "a.mkv", [tone(one) if one else SILENT for one in sounds], (), default))
    assert pitch(clip) == pytest.approx(hertz, abs=2)
    assert note in clip.warning
    windowed = Clip(clip.path)
    assert [pitch(window) for window in windowed.windows(1)] == pytest.approx([hertz, hertz], abs=2)
    assert note in windowed.warning


def test_tracks_can_be_asked_for(tmp_path):
    path = write_tracks(tmp_path / "a.mkv", [tone(300), tone(500)], [(10, 50), (10, 200)], default=2)
    for track, hertz in ((2, 300), (3, 500)):
        clip = Clip(path, tracks=(track,))
        assert pitch(clip) == pytest.approx(hertz, abs=2)
        assert clip.warning is None
    assert lightness(Clip(path, tracks=[1, 3])) == pytest.approx(200, abs=4)
    assert pitch(Clip(path, tracks=[1, 3])) == pytest.approx(500, abs=2)
    assert [pitch(window) for window in Clip(path, tracks=(3,)).windows(1)] == pytest.approx([500, 500], abs=2)
    assert Clip(path, tracks=(3,)) != Clip(path)
    assert Clip(path, tracks=(3,)).fingerprint != Clip(path).fingerprint
    with pytest.raises(InputError, match=r"has no track 7: choose among 0 \(video\), 1 \(video\), 2 \(audio\), 3"):
        _ = Clip(path, tracks=(7,)).sound
    soundfile.write(tmp_path / "a.wav", tone(300), RATE)
    assert pitch(Clip(tmp_path / "a.wav", tracks=(0,))) == pytest.approx(300, abs=2)
    with pytest.raises(InputError, match=r"a\.wav has no track 1: it holds one, 0"):
        _ = Clip(tmp_path / "a.wav", tracks=(1,)).sound


def test_silence_in_all_tracks_is_silence(tmp_path):
    path = write_tracks(tmp_path / "a.mkv", [SILENT, SILENT])
    with pytest.raises(InputError, match="is silent"):
        _ = Clip(path).sound


def test_the_film_that_moves_is_seen(tmp_path):
    cover = write_tracks(tmp_path / "a.mkv", [tone(300)], [(1, 50), (20, 200)], default=0)
    assert lightness(Clip(cover)) == pytest.approx(200, abs=4)
    assert Clip(cover).film_note is None  # there was nothing to choose from
    two = write_tracks(tmp_path / "b.mkv", [tone(300)], [(20, 50), (20, 200)], default=1)
    assert lightness(Clip(two)) == pytest.approx(200, abs=4)
    assert "2 films: track 1 was seen, --track takes another: 0" in Clip(two).film_note
    assert Clip(two, tracks=(0,)).film_note is None
    assert lightness(Clip(two, tracks=(0,))) == pytest.approx(50, abs=4)
    assert next(Clip(two).windows(1)).film_note == Clip(two).film_note
    still = write_tracks(tmp_path / "c.mkv", [tone(300)], [(1, 50)])
    assert lightness(Clip(still)) == pytest.approx(50, abs=4)


def test_cover_art_is_no_film(tmp_path):
    path = tmp_path / "a.m4a"
    with av.open(str(path), "w", format="mp4") as container:
        art = container.add_stream("png", rate=25)
        art.width = art.height = 64
        art.pix_fmt, art.disposition = "rgb24", av.stream.Disposition.attached_pic
        track = container.add_stream("aac", rate=RATE, layout="mono")
        container.mux(art.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")))
        container.mux(art.encode(None))
        block = av.AudioFrame.from_ndarray(tone(300)[None], format="fltp", layout="mono")
        block.sample_rate, block.pts = RATE, 0
        container.mux(track.encode(block))
        container.mux(track.encode(None))
    assert Clip(path).face is None
    assert pitch(Clip(path)) == pytest.approx(300, abs=2)
    path.rename(tmp_path / "a.mp4")
    with pytest.raises(InputError, match="has no video track but cover art"):
        next(Clip(tmp_path / "a.mp4").frames())


# Channels


@pytest.mark.parametrize(("layout", "channels"), [("5.1", 6), ("7.1", 8), ("hexadecagonal", 16)])
def test_any_number_of_channels_is_averaged(tmp_path, layout, channels):
    sound = 0.1 * tone(300)[:, None] * np.arange(1, channels + 1)
    sound[:, 0] = 0
    clip = Clip(write_channels(tmp_path / "a.mkv", layout, np.zeros_like(sound), sound))
    mean = Clip.from_array(sound.mean(axis=1), RATE).sound
    np.testing.assert_allclose(clip.sound, mean, atol=1e-4)
    assert "track 1 was heard, --track takes another: 0 (empty)" in clip.warning


@pytest.mark.parametrize("rate", [SAMPLE_RATE, RATE])
def test_channels_that_cancel_each_other(tmp_path, rate):
    x = tone(300)[:: RATE // rate] * np.linspace(0.1, 1, rate * 2, dtype=np.float32)
    path = tmp_path / "a.wav"
    for other in (-x, -0.9 * x):
        soundfile.write(path, np.stack([x, other], axis=1), rate, subtype="FLOAT")
        clip = Clip(path)
        np.testing.assert_array_equal(clip.sound, Clip.from_array(x, rate).sound)
        assert "its 2 channels cancel each other: channel 1 was heard alone" in clip.warning
        assert [pitch(window) for window in Clip(path).windows(1)] == pytest.approx([300, 300], abs=2)
        array = Clip.from_array(np.stack([0.5 * other, -x], axis=1) * (1, -1), rate)
        assert array.warning is None
    soundfile.write(path, np.stack([0.98 * x, -x, 0.01 * x], axis=1), rate, subtype="FLOAT")
    assert "channel 2 was heard alone" in Clip(path).warning
    assert "channel 1 was heard alone" in Clip.from_array(np.stack([x, -x], axis=1), rate).warning


def test_channels_that_cancel_after_a_silence_and_in_films(tmp_path):
    x = np.concatenate([0 * tone(1), tone(300)])
    both = np.stack([x, -x], axis=1)
    assert pitch(Clip.from_array(both[2 * RATE :], RATE)) == pytest.approx(300, abs=2)
    np.testing.assert_array_equal(Clip.from_array(both, RATE).sound, Clip.from_array(x, RATE).sound)
    soundfile.write(tmp_path / "a.flac", both, RATE)
    assert "cancel" in Clip(tmp_path / "a.flac").warning


@pytest.mark.parametrize("other", [0.0, 1.0, -0.5, -0.8])
def test_other_channels_are_averaged(other):
    x = tone(300)
    noise = np.random.default_rng(0).normal(0, 0.1, len(x)).astype(np.float32)
    clip = Clip.from_array(np.stack([x, other * x + noise], axis=1).astype(np.float32), RATE)
    expected = Clip.from_array(np.stack([x, other * x + noise], axis=1).mean(axis=1), RATE)
    np.testing.assert_allclose(clip.sound, expected.sound, atol=1e-6)
    assert clip.warning is None


# Content, not suffix


@pytest.mark.parametrize("name", ["a", "a.dat", "a.m4a", "a.bin.1", "a.wav", "a.ogg"])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".avi", ".mpg"])
def test_films_are_known_by_their_content(tmp_path, write_film, suffix, name):
    images = [np.full((48, 64, 3), 100, np.uint8)] * 25
    path = write_film(
        tmp_path / f"film{suffix}", images, codec="mpeg2video" if suffix == ".mpg" else "mpeg4", sound=tone(300)
    )
    path = path.rename(tmp_path / name)
    clip = Clip(path)
    assert clip.face == path
    assert clip.hears
    assert lightness(clip) == pytest.approx(100, abs=4)
    assert pitch(clip) == pytest.approx(300, abs=2)
    assert list(find_recordings([tmp_path])) == [path]
    assert next(clip.windows(0.5)).face == path


@pytest.mark.parametrize(
    ("suffix", "form"), [(".ts", "mpegts"), (".mts", "mpegts"), (".m2ts", "mpegts"), ("", "mpegts")]
)
def test_transport_streams(tmp_path, suffix, form):
    path = tmp_path / f"a{suffix}"
    with av.open(str(path), "w", format=form) as container:
        film, track = container.add_stream("mpeg2video", rate=25), container.add_stream("mp2", rate=RATE, layout="mono")
        film.width = film.height = 64
        for number in range(25):
            image = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 100, np.uint8), format="rgb24")
            image.pts = number
            container.mux(film.encode(image))
        container.mux(film.encode(None))
        for at in range(0, RATE, 1152):
            piece = (tone(300)[None, at : at + 1152] * 32_767).astype(np.int16)
            block = av.AudioFrame.from_ndarray(piece, format="s16", layout="mono")
            block.sample_rate, block.pts = RATE, at
            container.mux(track.encode(block))
        container.mux(track.encode(None))
    clip = Clip(path)
    assert clip.face == path
    assert sum(1 for _ in clip.frames()) >= 24
    assert pitch(clip) == pytest.approx(300, abs=3)
    assert list(find_recordings([tmp_path])) == [path]


def test_a_film_without_sound_named_as_sound(tmp_path, write_film):
    path = write_film(tmp_path / "a.mp4", [np.zeros((48, 64, 3), np.uint8)] * 25).rename(tmp_path / "a.wav")
    assert not Clip(path).hears
    assert Clip(path).sees


def test_what_is_no_recording_is_left_out_of_a_folder(tmp_path):
    for name, data in (("a.txt", b"text\n" * 100), ("b.ts", b"const a = 1;\n" * 100), ("c.npz", b"PK\3\4" + bytes(99))):
        (tmp_path / name).write_bytes(data)
    (tmp_path / "d").touch()
    soundfile.write(tmp_path / "e.take1", tone(300), RATE, format="WAV")
    soundfile.write(tmp_path / "f", tone(300), RATE, format="FLAC")
    assert list(find_recordings([tmp_path])) == [tmp_path / "e.take1", tmp_path / "f"]


def test_linked_folders_are_followed_once_each(tmp_path):
    (tmp_path / "real" / "sub").mkdir(parents=True)
    for name in ("real/a.wav", "real/sub/b.wav"):
        soundfile.write(tmp_path / name, tone(300), RATE)
    given = tmp_path / "given"
    given.mkdir()
    (given / "one").symlink_to(tmp_path / "real")
    (given / "two").symlink_to(tmp_path / "real")
    (tmp_path / "real" / "loop").symlink_to(tmp_path / "given")
    (tmp_path / "link").symlink_to(given)
    assert list(find_recordings([given])) == [given / "one" / "a.wav", given / "one" / "sub" / "b.wav"]
    assert len(list(find_recordings([tmp_path / "link"]))) == 2
