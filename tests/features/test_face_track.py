"""The face from frame to frame, and on the grid that it shares with the sound."""

from dataclasses import replace

import numpy as np
import pytest

from emospike.clip import Clip
from emospike.features.face_track import FaceTrack, NoFaceError, count_steps, lay_on_grid
from emospike.features.mel import Mel
from emospike.series import Channel
from emospike.validation import InputError

CHANNELS = tuple(Channel(name, "face") for name in "abc")


def track(time, values, found=None, **other):
    frames = len(time)
    given = {
        "time": np.array(time, float),
        "values": np.array(values, np.float32).reshape(frames, -1 if frames else 1),
        "found": np.ones(frames, bool) if found is None else np.array(found, bool),
        "box": np.zeros((frames, 4), np.float32),
        "pose": np.zeros((frames, 3), np.float32),
        "landmarks": np.zeros((frames, 68, 2), np.float32),
        "confidence": np.ones(frames, np.float32),
    }
    return FaceTrack(channels=CHANNELS[: given["values"].shape[1]], **given | other)


def test_values_are_linear_between_frames_and_flat_outside():
    series = track([0.02, 0.04, 0.10], [0, 1, 4]).resample(13)
    assert (series.rate, series.channels) == (100, CHANNELS[:1])
    expected = [0, 0, 0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4, 4]
    np.testing.assert_allclose(series.values[:, 0], expected, atol=1e-6)


def test_frames_without_a_face_hold_the_last_one_with_a_face():
    lost = track(np.arange(7) * 0.01, [np.nan, 1, 2, np.nan, np.nan, 5, np.nan], [0, 1, 1, 0, 0, 1, 0])
    assert lost.resample(8).values[:, 0].tolist() == [1, 1, 2, 2, 2, 5, 5, 5]
    assert lost.seen == pytest.approx(3 / 7)


def test_one_frame_holds_for_the_whole_clip():
    still = track([1.7], [[1, 2]])
    np.testing.assert_array_equal(still.resample(300).values, np.tile(np.float32([1, 2]), (300, 1)))


def test_two_frames_at_one_time_are_no_trouble():
    assert np.isfinite(track([0.0, 0.01, 0.01, 0.02], [0, 1, 3, 4]).resample(4).values).all()


def test_too_few_faces():
    with pytest.raises(NoFaceError, match=r"^no face in 92 % of the frames of x.mp4$"):
        track(np.arange(100), np.arange(100), np.arange(100) < 8).check("x.mp4")
    track([0, 1], [0, 1], [True, False]).check("x.mp4")
    with pytest.raises(NoFaceError, match=r"x.mp4 has no frames in this stretch"):
        track([], []).check("x.mp4")
    with pytest.raises(NoFaceError, match="no face in any frame"):
        track([0, 1], [0, 1], [False, False]).resample(10)
    assert track([], []).seen == 0
    assert issubclass(NoFaceError, InputError)


def test_the_face_must_cover_half_of_the_time():
    five = track(np.arange(5) / 30, np.arange(5))
    assert five.measure_cover(4.0) == pytest.approx(4 / 30 + 0.5)
    with pytest.raises(NoFaceError, match=r"^no face: x.csv tells of 0.6 s of 4.0 s$"):
        five.check_cover("x.csv", 4.0)
    five.check_cover("x.csv", 1.2)
    track([1.7], [3]).check_cover("x.csv", 60)  # a mean of the whole
    halves = track([0, 0.1, 3.0, 3.1], np.arange(4))
    assert halves.measure_cover(3.2) == pytest.approx(0.6 + 0.7)


def test_rows_take_frames_of_every_array():
    whole = track(np.arange(5.0), np.arange(5), [1, 0, 1, 1, 0])
    part = whole.select(np.array([0, 1, 1, 0, 1], bool), whole.time - 1)
    assert part.time.tolist() == [0, 1, 3]
    assert part.found.tolist() == [False, True, False]
    assert {len(part.box), len(part.pose), len(part.landmarks), len(part.confidence)} == {3}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"channels": CHANNELS[:2]}, "one row a frame and one column a channel expected, got 3 times, 2 channels"),
        ({"time": np.array([0, 0.2, 0.1])}, "never fall"),
        ({"time": np.array([0, np.nan, 0.1])}, "must be finite"),
        ({"values": np.array([[0], [np.nan], [1]], np.float32)}, "mark it as not found"),
    ],
)
def test_a_track_that_cannot_be(change, message):
    good = track([0, 0.1, 0.2], [0, 1, 2])
    with pytest.raises(InputError, match=message):
        replace(good, **change)


# -- the grid --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("samples", [1600, 16_000, 16_001, 16_159, 16_160, 48_123])
def test_the_grid_is_that_of_the_sound(samples):
    clip = Clip.from_array(np.sin(np.arange(samples) / 7).astype(np.float32), 16_000)
    assert count_steps(clip) == len(Mel().extract(clip))


def test_the_grid_is_that_of_real_sound(ravdess):
    for path in sorted((ravdess / "audio" / "Actor_02").glob("*.opus"))[:3]:
        assert count_steps(Clip(path)) == len(Mel().extract(Clip(path)))


def test_without_sound_the_grid_ends_with_the_face(tmp_path):
    clip = Clip(tmp_path / "face.csv")
    with pytest.raises(InputError, match="no face was tracked"):
        count_steps(clip)
    clip.memo["a"] = track([0.0, 2.0], [0, 1])
    assert count_steps(clip) == 201
    assert len(lay_on_grid(clip, clip.memo["a"])) == 201
    clip.forget()
    clip.memo["a"] = track([0.7], [0])
    assert count_steps(clip) == 71
