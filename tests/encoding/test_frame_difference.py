"""The simulated event camera, and recordings of real ones."""

import contextlib
import struct

import numpy as np
import pytest

from emospike.clip import Clip
from emospike.encoding.event_files import RecordedEvents, read_events
from emospike.encoding.frame_difference import FrameDifference, measure_density
from emospike.features.contours import Contours
from emospike.validation import InputError


@pytest.fixture
def film():
    """A bright square that moves a pixel to the right in each of ten frames."""
    frames = np.full((10, 12, 20), 0.25, np.float32)
    for at, frame in enumerate(frames):
        frame[4:8, at : at + 4] = 0.75
    return frames


def test_what_moves_gives_events_at_its_edges(film):
    events = FrameDifference(0.1, steps=10).encode(film)
    assert events.shape == (10, 2, 12, 20)
    assert events.dtype == np.float32
    np.testing.assert_array_equal(events[0], [film[0], film[0]])
    for t in range(1, 10):
        on, off = np.argwhere(events[t, 0]), np.argwhere(events[t, 1])
        assert {(row, column) for row, column in on} == {(row, t + 3) for row in range(4, 8)}
        assert {(row, column) for row, column in off} == {(row, t - 1) for row in range(4, 8)}
    assert measure_density(events) == pytest.approx(8 / 240)


def test_a_change_within_the_sensitivity_gives_none(film):
    assert FrameDifference(0.6, steps=10).encode(film)[1:].sum() == 0
    assert FrameDifference(0.6, scale="log", steps=10).encode(film)[1:].sum() == 9 * 8  # ln 3 > 0.6


def test_log_scale_sees_the_ratio():
    dark, bright = (np.array([[[a]], [[b]]], np.float32) for a, b in ((0.02, 0.06), (0.5, 0.54)))
    camera = FrameDifference(0.3, scale="log", steps=2)
    assert camera.encode(dark)[1, 0].all()
    assert not camera.encode(bright)[1].any()


def test_frames_are_spread_over_the_film(film):
    assert FrameDifference(steps=4).choose_frames(10).tolist() == [0, 3, 6, 9]
    events = FrameDifference(0.1, steps=20).encode(film)
    assert (events[1:].sum(axis=(1, 2, 3)) > 0).sum() == 9  # the other ten repeat a frame
    still = FrameDifference(0.1, steps=4).encode(film[:1])
    assert still[1:].sum() == 0


def test_without_a_first_frame_all_is_spikes(film):
    events = FrameDifference(0.1, float_first=False, steps=10).encode(film)
    assert set(np.unique(events)) == {0.0, 1.0}
    assert events[0].sum() == 0


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_events_add_up_to_the_film(film, scale):
    step = np.float32(0.5) if scale == "linear" else np.log((0.75 + 1 / 255) / (0.25 + 1 / 255))
    camera = FrameDifference(float(step) * 0.999, scale=scale, steps=10)
    np.testing.assert_allclose(camera.decode(camera.encode(film)), film, atol=2e-3)


def test_decoding_can_start_anywhere(film):
    camera = FrameDifference(0.4999, float_first=False, steps=10)
    np.testing.assert_allclose(camera.decode(camera.encode(film), film[0]), film, atol=1e-2)
    assert camera.decode(camera.encode(film))[0].mean() == 0.5


def test_no_film_is_refused():
    with pytest.raises(InputError, match="at least 1 frame expected"):
        FrameDifference().encode(np.zeros((0, 4, 4), np.float32))
    for bad in ({"sensitivity": 0}, {"scale": "cube"}, {"steps": 1}):
        with pytest.raises(InputError):
            FrameDifference(**bad)


def test_a_real_face_gives_sparse_events(ravdess):
    table = min((ravdess / "face" / "openface").glob("*.csv.gz"))
    _, greys = Contours(size=48, drawn=True).greys(Clip(table))
    few, many = (measure_density(FrameDifference(one, steps=24).encode(greys)) for one in (0.3, 0.001))
    assert 0.01 < few < many < 0.5


# -- event files -----------------------------------------------------------------------------------------------


def test_npz_events_come_into_the_same_form(tmp_path):
    path = tmp_path / "hand.npz"
    np.savez(path, x=[0, 127, 64], y=[0, 63, 32], t=[5_000, 1_005_000, 505_000], p=[1, 0, -1], width=128, height=64)
    recorded = read_events(path)
    np.testing.assert_allclose(recorded.t, [0.005, 0.505, 1.005])
    assert recorded.on.tolist() == [True, False, False]
    assert (recorded.width, recorded.height) == (128, 64)
    events = FrameDifference(float_first=False, steps=4).bin_events(recorded, size=16)
    assert events.shape == (4, 2, 16, 16)
    assert [tuple(at) for at in np.argwhere(events)] == [(0, 0, 4, 0), (2, 1, 8, 8), (3, 1, 11, 15)]


@pytest.fixture
def corners():
    """An event in each corner of a wide sensor's picture, and one in the middle of its time."""
    x, y = np.array([0, 345, 173, 0, 345]), np.array([0, 0, 130, 259, 259])
    return RecordedEvents(x, y, np.linspace(0, 1, 5), np.ones(5, bool), width=346, height=260)


def test_events_of_a_wide_sensor_keep_its_shape(corners):
    taken = FrameDifference(float_first=False, steps=2).bin_events(corners, size=346).any(axis=(0, 1))
    assert [tuple(at) for at in np.argwhere(taken)] == [(43, 0), (43, 345), (173, 173), (302, 0), (302, 345)]
    upright = RecordedEvents(corners.y, corners.x, corners.t, corners.on, corners.height, corners.width)
    turned = FrameDifference(float_first=False, steps=2).bin_events(upright, size=346).any(axis=(0, 1))
    np.testing.assert_array_equal(turned, taken.T)


def test_events_leave_the_step_of_the_first_frame_empty(corners):
    def used(**camera):
        return np.flatnonzero(
            FrameDifference(steps=5, **camera).bin_events(corners, size=16).any(axis=(1, 2, 3))
        ).tolist()

    assert used(float_first=True) == [1, 2, 3, 4]
    assert used(float_first=False) == [0, 1, 2, 3, 4]


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
        ("a.bin", b"", "it holds no event"),
        ("a.npz", b"no zip", "cannot read"),
        ("a.aedat", b"#!AER-DAT4.0\r\n", "neither AEDAT 2 nor 3.1"),
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
