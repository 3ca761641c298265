"""The simulated event camera, and what real ones recorded in its form."""

import numpy as np
import pytest

from emospike.clip import Clip
from emospike.clip.event_files import RecordedEvents, read_events
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
