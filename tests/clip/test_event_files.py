"""Recordings of real event cameras: every format is read rightly, and what is damaged is one line."""

import contextlib
import struct

import numpy as np
import pytest

from emospike.clip import Clip
from emospike.clip.event_files import read_events
from emospike.validation import InputError


def test_n_mnist_events_are_read(tmp_path):
    path = tmp_path / "00001.bin"
    stamps, ons = [70_000, 8_388_607], [1, 0]
    rows = [
        [33 - k, k, on << 7 | t >> 16, t >> 8 & 255, t & 255] for k, (t, on) in enumerate(zip(stamps, ons, strict=True))
    ]
    path.write_bytes(np.array(rows, np.uint8).tobytes())
    recorded = read_events(path)
    assert (recorded.width, recorded.height) == (34, 34)
    np.testing.assert_allclose(recorded.t, np.array(stamps) * 1e-6)
    assert (recorded.x.tolist(), recorded.y.tolist(), recorded.on.tolist()) == ([33, 32], [0, 1], [True, False])


def aedat2(addresses, header=b"#!AER-DAT2.0\r\n# comment\r\n"):
    rows = [[address, 1000 * (k + 1)] for k, address in enumerate(addresses)]
    return header + np.array(rows, ">u4").tobytes()


def test_jaer_recordings_are_read(tmp_path):
    path = tmp_path / "hand.aedat"
    path.write_bytes(aedat2([127 << 8 | 3 << 1 | 1, 0 << 8 | 127 << 1, 1 << 15]) + b"cut")
    recorded = read_events(path)
    assert (recorded.width, recorded.height) == (128, 128)
    assert (recorded.x.tolist(), recorded.y.tolist(), recorded.on.tolist()) == ([124, 0], [0, 127], [False, True])
    np.testing.assert_allclose(recorded.t, [0.001, 0.002])


@pytest.mark.parametrize(
    ("chip", "width", "height"),
    [("Davis346blue", 346, 260), ("DAVIS240C", 240, 180), ("Davis640", 640, 480), ("DavisNew", 201, 101)],
)
def test_jaer_recordings_of_a_davis_are_read(tmp_path, chip, width, height):
    path = tmp_path / "davis.aedat"
    header = f"#!AER-DAT2.0\r\n# AEChip: eu.seebetter.ini.chips.davis.{chip}\r\n# of a DVS128 and a davis346\r\n"
    addresses = [100 << 22 | 200 << 12 | 1 << 11, 7 << 12, 5 << 12 | 1 << 10, 1 << 31]
    path.write_bytes(aedat2(addresses, header.encode()))
    recorded = read_events(path)
    assert (recorded.width, recorded.height) == (width, height)
    assert recorded.x.tolist() == [width - 1 - 200, width - 1 - 7]
    assert recorded.y.tolist() == [height - 1 - 100, height - 1]
    assert recorded.on.tolist() == [True, False]


def test_caer_recordings_are_read(tmp_path):
    def packet(events, kind=1, overflow=0):
        made = struct.pack("<hhiiiiii", kind, 0, 8, 4, overflow, len(events), len(events), len(events))
        return made + b"".join(struct.pack("<II", *one) for one in events)

    def at(x, y, on, valid=1):
        return x << 17 | y << 2 | on << 1 | valid

    path = tmp_path / "user.aedat"
    header = b"#!AER-DAT3.1\r\n#Format: RAW\r\n#!END-HEADER\r\n"
    first = packet([(at(5, 9, 1), 10), (at(1, 1, 1, valid=0), 20)])
    last = packet([(at(127, 0, 0), 30), (at(2, 2, 1), 40)], overflow=1)
    path.write_bytes(header + first + packet([(1, 1)], kind=2) + last[:-3])
    recorded = read_events(path)
    assert (recorded.x.tolist(), recorded.y.tolist(), recorded.on.tolist()) == ([5, 127], [9, 0], [True, False])
    np.testing.assert_allclose(recorded.t, [10e-6, (2**31 + 30) * 1e-6])
    assert (recorded.width, recorded.height) == (128, 10)


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.bin", b"123456", "6 bytes are not 5 an event"),
        ("a.bin", b"", "is empty"),
        ("a.npz", b"no zip", "cannot read"),
        ("a.aedat", b"#!AER-DAT5.0\r\n", r"neither AEDAT 2, 3\.1 nor 4"),
        ("a.aedat", b"#!AER-DAT3.1\r\n#!END-HEADER\r\n", "it holds no event"),
        ("a.aedat", b"#!AER-DAT3.1\r\n" + bytes(28), "no size"),
        ("a.aedat", b"#!AER-DAT2.0", "it holds no event"),
        ("a.raw", b"% evt 3.0", "is no event file that is known here"),
    ],
)
def test_other_files_are_refused(tmp_path, name, content, why):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=why):
        read_events(tmp_path / name)


def test_the_clock_of_n_mnist_runs_over(tmp_path):
    rows = [[1, 2, 128, 0, 10], [0, 240, 0, 0, 0], [3, 4, 0, 0, 20], [0, 240, 0, 0, 0], [5, 6, 0, 0, 30]]
    (tmp_path / "a.bin").write_bytes(np.array(rows, np.uint8).tobytes())
    recorded = read_events(tmp_path / "a.bin")
    np.testing.assert_allclose(recorded.t, [10e-6, (8192 + 20) * 1e-6, (2 * 8192 + 30) * 1e-6])
    assert recorded.y.tolist() == [2, 4, 6]


def test_data_that_look_like_a_comment_are_data(tmp_path):
    """Row 140 of a DAVIS begins with the byte of a comment."""
    header = b"#!AER-DAT2.0\r\n# AEChip: DAVIS240C\r\n"
    (tmp_path / "a.aedat").write_bytes(aedat2([140 << 22 | 5 << 12 | 1 << 11, 7 << 22 | 5 << 12], header))
    assert read_events(tmp_path / "a.aedat").y.tolist() == [179 - 140, 179 - 7]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"t": np.array([0.0, 0.1, 0.35])}, "times in microseconds expected, those span 0.35: are they seconds"),
        ({"t": np.array([0.0, np.nan, 1e5])}, "finite numbers expected, t holds others"),
        ({"p": np.array([1, 2, 1])}, r"polarities of 1 \(on\) and 0 or -1 \(off\) expected, got \[1, 2\]"),
        ({"x": np.array([0, 50, 1])}, "columns of 0 to 33 and rows of 0 to 33 expected, got 0 to 50"),
        ({"x": np.array([0, 0.5, 1])}, "whole columns and rows expected"),
        ({"x": np.array([0, -1, 1])}, "columns of 0 to 33"),
        ({"x": np.array(["a", "b", "c"])}, "finite numbers expected, x holds others"),
        ({"width": np.array([34, 34])}, "cannot read"),
        ({"width": 10**7}, "at most 16384 columns and rows expected"),
        ({"x": np.zeros(20_000_000)}, "unpacks to more than 50 times its size"),
    ],
)
def test_arrays_that_are_no_events_are_refused(tmp_path, changed, why):
    right = {
        "x": np.arange(3),
        "y": np.arange(3),
        "t": np.arange(3),
        "p": np.array([0, 1, 1]),
        "width": 34,
        "height": 34,
    }
    np.savez_compressed(tmp_path / "a.npz", **right)
    assert len(read_events(tmp_path / "a.npz").t) == 3
    np.savez_compressed(tmp_path / "a.npz", **right | changed)
    with pytest.raises(InputError, match=why):
        read_events(tmp_path / "a.npz")


def test_damaged_archives_are_refused(tmp_path):
    rng, path = np.random.default_rng(0), tmp_path / "a.npz"
    np.savez_compressed(path, x=rng.integers(0, 9, 99), y=rng.integers(0, 9, 99), t=np.arange(99), p=np.ones(99))
    whole = path.read_bytes()
    for at in range(0, len(whole), 7):
        for data in (whole[:at], whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :]):
            path.write_bytes(data)
            with contextlib.suppress(InputError):
                read_events(path)


def test_an_npz_without_polarity_is_refused(tmp_path):
    np.savez(tmp_path / "a.npz", x=[1], y=[1], t=[1])
    with pytest.raises(InputError, match="p is not a file"):
        read_events(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", x=[1, 2], y=[1], t=[1], p=[1])
    with pytest.raises(InputError, match="differ in length"):
        read_events(tmp_path / "b.npz")


def write(path, times, **more):
    """Write an event a time in a corner of a picture of 32 pixels."""
    t = np.array(times) * 1e6
    np.savez(path, x=0 * t, y=0 * t, t=t, p=1 + 0 * t, width=32, height=32, **more)
    return path


def test_a_clip_is_cut_on_the_clock_that_its_first_event_begins(tmp_path):
    clip = Clip(write(tmp_path / "a.npz", [100, 101, 103.5, 109, 110]))
    assert (clip.hears, clip.sees, clip.face, clip.seconds) == (False, True, clip.path, 10.0)
    assert clip.events().t.tolist() == [0, 1, 3.5, 9, 10]
    part = Clip(clip.path, 1, 4)
    assert (part.events().t.tolist(), part.seconds) == ([0, 2.5], 3.0)
    assert [len(window.events().t) for window in clip.windows(4)] == [3, 0, 1]
    assert Clip("a.wav", face=clip.path, face_delay=2, start=3).events().t.tolist() == [0, 2.5, 8, 9]


def test_what_is_asked_of_the_wrong_kind_is_one_line(tmp_path):
    clip = Clip(write(tmp_path / "a.npz", [0, 1]))
    for ask, why in (
        (lambda: clip.sound, "is a recording of an event camera and holds no sound: take a model of spiking_emotions"),
        (
            lambda: next(clip.frames()),
            "is a recording of an event camera and holds no pictures: give a film, or take a",
        ),
        (lambda: Clip("a.csv").events(), r"a\.csv holds no recording of an event camera"),
        (lambda: Clip("none.npz").seconds, r"none\.npz does not exist"),
    ):
        with pytest.raises(InputError, match=why):
            ask()


def test_a_recording_lasts_a_day_at_most(tmp_path):
    with pytest.raises(InputError, match="it lasts 1e\\+05 s, at most 86400 s expected: are its times microseconds"):
        read_events(write(tmp_path / "a.npz", [0, 1e5]))


def test_content_decides_where_a_suffix_is_of_many_kinds(tmp_path):
    (tmp_path / "sound.bin").write_bytes(b"RIFF\x24\0\0\0WAVEfmt ")
    assert not Clip(tmp_path / "sound.bin").sees
