"""What is seen of a face in films made of real pictures: alone, beside another, turned, lost, cut short."""

import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import pytest

from emospike.augmentation.voice import Voice
from emospike.clip import Clip
from emospike.features import blendshapes
from emospike.features.blendshapes import BLENDSHAPES, CHANNELS, Blendshapes
from emospike.features.face_landmarker import find_faces, find_model, measure_pose, open_landmarker, silence_stderr
from emospike.features.face_table import make_columns, track_film, write_table
from emospike.features.face_track import NoFaceError
from emospike.validation import InputError

pytestmark = pytest.mark.usefixtures("landmarker")

JAW = BLENDSHAPES.index("jawOpen")


@pytest.fixture(scope="module")
def film(data_dir):
    return data_dir / "samples" / "video" / "01-01-02-01-01-02-01.mp4"


@pytest.fixture(scope="module")
def spoken(film):
    """Two seconds of real pictures in which somebody speaks, 30 a second, the face well within."""
    return [frame.image[:, 140:500] for frame in Clip(film, 1.0, 3.0).frames()]


@pytest.fixture(scope="module")
def whole(film):
    """The track of the whole film."""
    return Blendshapes().track(Clip(film))


def every(count, rate=30.0):
    return [number / rate for number in range(count)]


def noise(count, shape):
    return list(np.random.default_rng(0).integers(0, 255, (count, *shape), np.uint8))


# One face


def test_a_real_film(film, whole):
    clip = Clip(film)
    assert whole.seen == 1
    assert whole.company.describe() == ()
    assert whole.channels == CHANNELS
    assert len(set(CHANNELS)) == whole.values.shape[1] == 52
    assert whole.landmarks.shape == (len(whole), 478, 2)
    assert 0 <= whole.values.min() < whole.values.max() <= 1
    assert (whole.confidence == 1).all()
    assert np.abs(np.degrees(whole.pose)).max() < 25  # an actor who faces the camera
    low, high = whole.box[:, :2, None], (whole.box[:, :2] + whole.box[:, 2:])[:, :, None]
    points = whole.landmarks.swapaxes(1, 2)
    assert ((low <= points) & (points <= high + 1e-6)).all()
    assert 0.2 < whole.box[:, 2].min() < whole.box[:, 2].max() < 0.3
    series = Blendshapes().extract(clip)
    assert len(series) == len(clip.sound) // 160 + 1
    assert (series.rate, series.channels) == (100, CHANNELS)


def test_names_are_the_models_own(film):
    import mediapipe

    image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=next(Clip(film).frames()).image)
    tasks = mediapipe.tasks
    base = tasks.BaseOptions(model_asset_path=str(find_model()))
    options = tasks.vision.FaceLandmarkerOptions(base_options=base, output_face_blendshapes=True)
    with tasks.vision.FaceLandmarker.create_from_options(options) as landmarker:
        (scores,) = landmarker.detect(image).face_blendshapes
    assert tuple(score.category_name for score in scores) == BLENDSHAPES


def test_scores_say_what_the_face_does(whole):
    lips = np.linalg.norm(whole.landmarks[:, 13] - whole.landmarks[:, 14], axis=1)
    assert np.corrcoef(lips, whole.values[:, JAW])[0, 1] > 0.7
    lids = np.linalg.norm(whole.landmarks[:, 159] - whole.landmarks[:, 145], axis=1)
    assert np.corrcoef(lids, whole.values[:, BLENDSHAPES.index("eyeBlinkRight")])[0, 1] < -0.7


def test_fewer_pictures_say_nearly_the_same(film, whole):
    clip = Clip(film)
    full = Blendshapes(stride=1).track(clip)
    assert len(whole) == pytest.approx(len(full) / 3, abs=1)  # of 30 a second
    assert np.abs(whole.values.mean(axis=0) - full.values.mean(axis=0)).max() < 0.01
    third = Blendshapes(stride=3).track(clip)
    np.testing.assert_array_equal(third.time, full.time[::3])
    assert np.abs(third.values.mean(axis=0) - full.values.mean(axis=0)).max() < 0.03


def test_slow_films_are_looked_at_in_full(tmp_path, write_film, spoken):
    path = write_film(tmp_path / "a.mkv", spoken[::3], every(20, 10), codec="libx264")
    np.testing.assert_allclose(Blendshapes().track(Clip(path)).time, every(20, 10), atol=2e-3)


def test_a_clip_gives_the_same_alone_and_beside_others(film):
    looks = [Clip(film, start, start + 0.5) for start in (0.5, 1.0, 1.5)]
    with ThreadPoolExecutor(3) as threads:
        together = list(threads.map(Blendshapes().track, looks))
    for clip, track in zip(looks, together, strict=True):
        np.testing.assert_array_equal(Blendshapes().track(Clip(film, clip.start, clip.stop)).values, track.values)


def test_a_track_is_kept_while_the_clip_is_in_use(film):
    clip, looks = Clip(film, 0, 0.3), Blendshapes()
    track = looks.track(clip)
    assert Blendshapes().track(clip) is track
    assert Blendshapes(stride=5).track(clip) is not track
    clip.forget()
    assert looks.track(clip) is not track


def test_other_voices_are_slower_or_faster(film):
    series = Blendshapes().extract(Clip(film, 0, 0.5))
    assert len(Blendshapes().respeak(Voice(shift=2, stretch=1.1, level=1), series)) == round(1.1 * len(series))


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        (np.eye(3), [0, 0, 0]),
        ([[1, 0, 0], [0, 0.8, -0.6], [0, 0.6, 0.8]], [np.arcsin(0.6), 0, 0]),  # forehead towards the camera: down
        ([[0.8, 0, -0.6], [0, 1, 0], [0.6, 0, 0.8]], [0, np.arcsin(0.6), 0]),  # nose to the picture's left
        ([[0.8, 0.6, 0], [-0.6, 0.8, 0], [0, 0, 1]], [0, 0, np.arcsin(0.6)]),  # clockwise
    ],
)
def test_pose_has_the_signs_of_openface(matrix, expected):
    np.testing.assert_allclose(measure_pose(np.array(matrix, float)), expected, atol=1e-6)


# Films as they come


def test_a_long_film_has_one_landmarker(film, monkeypatch):
    opened, closed = [], []

    @contextmanager
    def count(model):
        with open_landmarker(model) as landmarker:
            opened.append(landmarker)
            yield landmarker
            closed.append(landmarker)

    monkeypatch.setattr(blendshapes, "open_landmarker", count)
    tracks = []
    for window in Clip(film).windows(1.0):
        tracks.append(Blendshapes().track(window))
        assert len(opened) == 1
        assert not closed
    assert closed == opened
    for window, shared in zip(Clip(film).windows(1.0), tracks, strict=True):
        alone = Blendshapes().track(Clip(film, window.start, window.stop))
        np.testing.assert_array_equal(alone.values, shared.values)
    windows = Clip(film).windows(1.0)
    first = next(windows)
    Blendshapes().track(first)
    windows.close()  # who asks for no more
    assert closed == opened
    Blendshapes(stride=9).track(first)  # has one of its own
    assert closed == opened


def test_a_turned_film_says_the_same(tmp_path, write_film, spoken):
    images = spoken[::3]
    upright = write_film(tmp_path / "a.mp4", images, every(20, 10), codec="libx264")
    expected = Blendshapes().extract(Clip(upright)).values
    for turned in (90, 180, 270):
        stored = [np.rot90(image, -turned // 90) for image in images]
        path = write_film(tmp_path / f"{turned}.mp4", stored, every(20, 10), codec="libx264", turned=turned)
        track = Blendshapes().track(Clip(path))
        assert track.seen == 1
        assert np.abs(track.resample(len(expected)).values.mean(axis=0) - expected.mean(axis=0)).max() < 0.03


def test_dropped_pictures(tmp_path, write_film, spoken):
    kept = [number for number in range(60) if number % 7 not in {3, 4} and not 20 <= number < 26]
    full = write_film(tmp_path / "a.mkv", spoken, every(60), codec="libx264")
    holes = write_film(tmp_path / "b.mkv", [spoken[n] for n in kept], [every(60)[n] for n in kept], codec="libx264")
    a, b = (Blendshapes(stride=1).track(Clip(path)) for path in (full, holes))
    assert len(b) == len(kept)
    a, b = a.resample(199), b.resample(199)
    assert np.corrcoef(a.values[:, JAW], b.values[:, JAW])[0, 1] > 0.9
    assert np.abs(a.values.mean(axis=0) - b.values.mean(axis=0)).max() < 0.05


def test_a_film_that_is_cut_short(tmp_path, write_film, spoken):
    path = write_film(tmp_path / "a.mkv", spoken, every(60), codec="libx264")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    clip = Clip(path)
    track = Blendshapes().track(clip)
    assert track.seen == 1
    assert 0.4 < track.time[-1] < 1.8
    assert len(Blendshapes().extract(clip)) == int(track.time[-1] * 100 + 1e-6) + 1


def test_a_measured_delay_moves_the_face(film, whole):
    late = Blendshapes().track(Clip(film, face_delay=0.2))
    np.testing.assert_allclose(late.time, whole.time + 0.2)
    np.testing.assert_array_equal(late.values, whole.values)


# Several faces, and none


@pytest.mark.parametrize("larger_first", [False, True])
def test_the_larger_of_two_faces_is_followed(tmp_path, write_film, film, spoken, larger_first):
    other = [frame.image[:, 140:500] for frame in Clip(film.with_name("01-01-08-01-01-02-01.mp4"), 0.5, 2.6).frames()]
    images = []
    for large, small in zip(spoken[::3], other[::3], strict=False):
        beside = np.full_like(large, 90)
        beside[60:240, 90:270] = small[::2, ::2]
        images.append(np.concatenate([large, beside] if larger_first else [beside, large], axis=1))
    track = Blendshapes().track(Clip(write_film(tmp_path / "a.mkv", images, every(20, 10), codec="libx264")))
    assert track.company.describe() == ("2 faces: the largest and steadiest was followed",)
    assert track.seen == 1
    assert ((track.box[:, 0] < 0.5) == larger_first).all()
    alone = write_film(tmp_path / "b.mkv", spoken[::3], every(20, 10), codec="libx264")
    expected = Blendshapes().track(Clip(alone)).values
    assert np.corrcoef(track.values[:, JAW], expected[:, JAW])[0, 1] > 0.8
    assert np.abs(track.values.mean(axis=0) - expected.mean(axis=0)).max() < 0.1


def test_films_without_a_face(tmp_path, write_film):
    rows = np.linspace(0, 255, 240).astype(np.uint8)
    landscape = np.stack(
        [np.tile(rows[:, None], 320), np.full((240, 320), 120), np.tile(rows[::-1, None], 320)], axis=2
    )
    for name, images in (("noise", noise(10, (240, 320, 3))), ("land", [landscape.astype(np.uint8)] * 10)):
        clip = Clip(write_film(tmp_path / f"{name}.mkv", images, codec="libx264"))
        track = Blendshapes().track(clip)
        assert track.seen == 0
        assert not track.found.any()
        with pytest.raises(NoFaceError, match=f"no face in 100 % of the frames of {name}.mkv"):
            Blendshapes().extract(clip)


def test_a_face_that_comes_and_goes(tmp_path, write_film, spoken):
    images = spoken[::3]
    for lost, refused in ((8, False), (12, True)):
        shown = images[: 20 - lost] + noise(lost, images[0].shape)
        clip = Clip(write_film(tmp_path / f"{lost}.mkv", shown, every(20, 10), codec="libx264"))
        track = Blendshapes().track(clip)
        assert track.seen == pytest.approx(1 - lost / 20, abs=0.05)
        if refused:
            with pytest.raises(NoFaceError, match="no face in"):
                Blendshapes().extract(clip)
        else:
            held = Blendshapes().extract(clip).values[-50:]
            np.testing.assert_allclose(held, np.repeat(held[:1], 50, axis=0), rtol=1e-5)


def test_a_stretch_after_the_film_has_no_face(film):
    with pytest.raises(NoFaceError, match="no frames in this stretch"):
        Blendshapes().extract(Clip(film, 100, 101))


def test_a_clip_without_a_film(data_dir):
    with pytest.raises(NoFaceError, match="shows no face"):
        Blendshapes().track(Clip("a.wav"))


# Tables, and other faces


def test_a_table_of_a_film_tells_what_the_film_tells(film, whole, tmp_path):
    face = track_film(Clip(film))
    clip = Clip(film, face=write_table(tmp_path / "a.csv", make_columns(face, ("pose", "blendshapes", "quality"))))
    table = Blendshapes().track(clip)
    np.testing.assert_allclose(table.values, whole.values, atol=1e-6)
    np.testing.assert_allclose(table.quality, whole.quality, atol=1e-3)
    part = Blendshapes().track(Clip(film, 1.0, 2.0, face=clip.face))
    np.testing.assert_allclose(part.time, whole.time[(whole.time >= 1) & (whole.time < 2)] - 1, atol=1e-5)


def test_a_table_without_blendshapes(ravdess):
    table = next((ravdess / "face" / "openface").glob("*.csv.gz"))
    with pytest.raises(InputError, match=r"lacks the column blendshape__neutral.* and 49 more: give the film itself"):
        Blendshapes().extract(Clip(table))


def test_smoothing_takes_what_trembles(film):
    clip = Clip(film)
    plain, calm = (Blendshapes(smoothing=seconds).extract(clip).values for seconds in (0.0, 0.09))
    np.testing.assert_allclose(calm.mean(axis=0), plain.mean(axis=0), atol=0.02)
    assert np.abs(np.diff(calm, axis=0)).mean() < 0.8 * np.abs(np.diff(plain, axis=0)).mean()
    assert len(clip.memo) == 1  # the film was looked at once


def test_other_faces_show_other_strengths(film):
    series = Blendshapes().extract(Clip(film, 0, 0.5))
    other, again = (Blendshapes().respeak(Voice(face=3), series).values for _ in range(2))
    np.testing.assert_array_equal(other, again)
    assert np.abs(other - series.values).mean() > 0.01
    assert 0 <= other.min() < other.max() <= 1
    same = Blendshapes(jitter=0.0, offset=0.0).respeak(Voice(face=3), series)
    np.testing.assert_array_equal(same.values, series.values)


# What it needs


def test_no_mediapipe(film, monkeypatch):
    monkeypatch.setitem(sys.modules, "mediapipe", None)
    with pytest.raises(InputError, match=r"pip install 'emospike\[face\]'") as caught:
        Blendshapes().track(Clip(film))
    assert "\n" not in str(caught.value)


def test_no_model(film, tmp_path):
    (tmp_path / "x.task").write_bytes(b"no model")
    with pytest.raises(InputError, match="there is no face model at"):
        Blendshapes(model=str(tmp_path / "none.task")).track(Clip(film))
    with pytest.raises(InputError, match=r"x\.task is no face model that mediapipe can open"):
        Blendshapes(model=str(tmp_path / "x.task")).track(Clip(film))


@pytest.mark.parametrize("wrong", [{"stride": 0}, {"smoothing": -1}, {"jitter": -0.1}, {"offset": 2}])
def test_impossible_parameters(wrong):
    (name,) = wrong
    with pytest.raises(InputError, match=name):
        Blendshapes(**wrong)


def test_the_terminal_stays_clean(film, capfd):
    with open_landmarker(find_model()) as landmarker:
        list(find_faces(Clip(film, 0, 0.1).frames(), landmarker))
    captured = capfd.readouterr()
    assert captured.out == captured.err == ""


def test_only_chatter_is_silenced(capfd):
    with silence_stderr(re.compile(rb"chatter")):
        os.write(2, b"chatter 1\nimportant\nchatter 2\n")
    os.write(2, b"after\n")
    assert capfd.readouterr().err.split("\n") == ["important", "after", ""]
