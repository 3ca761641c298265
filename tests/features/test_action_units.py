"""Action units, read from tables and bridged from films."""

from pathlib import Path

import numpy as np
import pytest

from emospike.augmentation.voice import Voice
from emospike.clip import Clip
from emospike.features.action_units import BRIDGES, ActionUnits, bridge_units
from emospike.features.blendshapes import BLENDSHAPES
from emospike.features.blendshapes import CHANNELS as SHAPES
from emospike.features.face_track import FaceTrack, NoFaceError, smooth
from emospike.features.openface import CHANNELS, INTENSITIES
from emospike.validation import InputError

UNITS = [name.removesuffix("_r") for name in INTENSITIES]
FILMS = {
    "neutral": "01-01-01-01-01-01-01.mp4",
    "calm": "01-01-02-01-01-02-01.mp4",
    "sad": "01-01-04-01-02-01-01.mp4",
    "surprised": "01-01-08-01-01-02-01.mp4",
    "happy": "01-01-03-02-02-01-01.recon.mp4",
    "disgusted": "01-01-07-02-02-02-06.recon.mp4",
}


@pytest.fixture(scope="module")
def pair(ravdess):
    """A real sound and the table of its face."""
    take = "-01-04-02-01-01-05"
    return ravdess / "audio" / "Actor_05" / f"03{take}.opus", ravdess / "face" / "openface" / f"01{take}.csv.gz"


def write(path, rows):
    """Write a table whose intensities all have the level of the row; `rows` are (time, success, level)."""
    lines = [f"{time},{success}," + ",".join([str(level)] * 17) for time, success, level in rows]
    path.write_text("\n".join([",".join(["timestamp", "success", *INTENSITIES]), *lines]))
    return path


# -- tables ----------------------------------------------------------------------------------------------------


def test_a_real_face_on_the_grid_of_its_sound(pair):
    sound, table = pair
    clip = Clip(sound, face=table)
    series = ActionUnits().extract(clip)
    assert series.channels == CHANNELS
    assert len(series) == len(clip.sound) // 160 + 1
    track = ActionUnits().track(clip)
    assert clip.memo[ActionUnits()] is track
    smile = UNITS.index("AU12")
    expected = np.interp(np.arange(len(series)) / 100, track.time, track.values[:, smile])
    np.testing.assert_allclose(series.values[:, smile], expected, atol=1e-4)
    assert 0 <= series.values.min() < series.values.max() <= 5


def test_a_table_alone_is_seen_and_not_heard(pair):
    clip = Clip(pair[1])
    series = ActionUnits().extract(clip)
    assert not clip.hears
    assert len(series) == int(100 * ActionUnits().track(clip).time[-1] + 1e-6) + 1
    together = ActionUnits().extract(Clip(pair[0], face=pair[1]))
    np.testing.assert_array_equal(series.values[:300], together.values[:300])


def test_a_part_of_a_clip_sees_its_part_of_the_face(pair):
    whole = ActionUnits().extract(Clip(pair[0], face=pair[1]))
    part = ActionUnits().extract(Clip(pair[0], 1.0, 2.5, face=pair[1]))
    assert len(part) == 151
    np.testing.assert_allclose(part.values[5:145], whole.values[105:245], atol=1e-4)
    windows = list(Clip(pair[0], face=pair[1]).windows(1.0))
    joined = np.concatenate([ActionUnits().extract(window).values[:-1] for window in windows])
    inner = [step for step in range(300) if 4 <= step % 100 < 96]
    np.testing.assert_allclose(joined[inner], whole.values[inner], atol=1e-4)


def test_a_measured_delay_moves_the_face(pair):
    now = ActionUnits().extract(Clip(pair[0], face=pair[1]))
    later = ActionUnits().extract(Clip(pair[0], face=pair[1], face_delay=0.2))
    np.testing.assert_allclose(later.values[25:], now.values[5:-20], atol=1e-4)
    earlier = ActionUnits().extract(Clip(pair[0], face=pair[1], face_delay=-0.2))
    np.testing.assert_allclose(earlier.values[5:200], now.values[25:220], atol=1e-4)


def test_one_row_holds_for_the_whole_clip_and_each_window(pair, tmp_path):
    table = write(tmp_path / "mean.csv", [(0, 1, 1.5)])
    for clip in (Clip(pair[0], face=table), *Clip(pair[0], face=table, face_delay=-1).windows(1.0)):
        series = ActionUnits().extract(clip)
        assert len(series) == len(clip.sound) // 160 + 1
        np.testing.assert_array_equal(series.values, np.float32(1.5))


def test_no_face(pair, tmp_path):
    with pytest.raises(NoFaceError, match=r"03-.*opus shows no face: give a film, or a face-tracking table"):
        ActionUnits().track(Clip(pair[0]))
    lost = write(tmp_path / "lost.csv", [(0.1 * at, int(at < 2), 1) for at in range(25)])
    with pytest.raises(NoFaceError, match=r"^no face in 92 % of the frames of lost.csv$"):
        ActionUnits().extract(Clip(pair[0], face=lost))
    assert ActionUnits().track(Clip(pair[0], face=lost)).seen == 0.08
    ActionUnits().extract(Clip(pair[0], 0, 0.3, face=lost))  # in this part the face is there
    with pytest.raises(NoFaceError, match=r"lost.csv has no frames in this stretch of time"):
        ActionUnits().extract(Clip(pair[0], 2.5, face=lost))
    with pytest.raises(InputError, match="lacks the column timestamp"):
        ActionUnits().track(Clip(pair[0], face=pair[0].parents[2] / "labels.csv"))


def test_spoken_more_slowly(pair):
    series = ActionUnits().extract(Clip(pair[0], face=pair[1]))
    slower = ActionUnits().respeak(Voice(shift=2, stretch=1.1, level=1), series)
    assert len(slower) == round(1.1 * len(series))
    np.testing.assert_allclose(slower.values.mean(axis=0), series.values.mean(axis=0), atol=0.02)
    assert ActionUnits().respeak(Voice(shift=2, level=1), series) is series


def test_another_face_shows_each_unit_more_or_less(pair):
    face = ActionUnits()
    series = face.extract(Clip(pair[0], face=pair[1]))
    other = face.respeak(Voice(face=3), series)
    np.testing.assert_array_equal(other.values, face.respeak(Voice(face=3), series).values)
    assert np.abs(other.values - face.respeak(Voice(face=4), series).values).max() > 0.1
    assert 0 <= other.values.min() < other.values.max() <= 5
    means = np.array([face.respeak(Voice(face=seed), series).values.mean(axis=0) for seed in range(200)])
    smile = UNITS.index("AU25")  # seldom at 0 or 5
    level = series.values[:, smile].mean()
    assert means[:, smile].mean() == pytest.approx(level, abs=0.15)
    assert means[:, smile].std() == pytest.approx(np.hypot(0.3, 0.15 * level), rel=0.3)
    calm = ActionUnits(jitter=0.0, offset=0.0)
    np.testing.assert_array_equal(calm.respeak(Voice(face=3), series).values, series.values)


def test_tables_and_films_are_equally_lively(pair):
    clip = Clip(pair[0], face=pair[1])
    plain, calm = (ActionUnits(smoothing=seconds).extract(clip).values for seconds in (0.0, 0.09))
    np.testing.assert_allclose(calm.mean(axis=0), plain.mean(axis=0), atol=0.05)
    assert np.abs(np.diff(calm, axis=0)).mean() < 0.7 * np.abs(np.diff(plain, axis=0)).mean()
    steady = ActionUnits().extract(clip).with_values(np.full_like(plain, 2.0))
    np.testing.assert_allclose(smooth(steady, 0.03).values, steady.values)


@pytest.mark.parametrize("wrong", [{"smoothing": -1}, {"jitter": -0.1}, {"offset": 9}])
def test_impossible_settings(wrong):
    with pytest.raises(InputError, match=f"{next(iter(wrong))}.* must lie in"):
        ActionUnits(**wrong)


# -- films -----------------------------------------------------------------------------------------------------


def test_each_action_unit_has_its_blendshapes():
    assert list(BRIDGES) == UNITS
    for moved in SHAPES:
        rose = set()
        for level in (0.2, 0.7):  # between which every unit is neither at 0 nor at 5
            scores = np.full((2, 52), level, np.float32)
            scores[1, SHAPES.index(moved)] += 0.1
            before, after = bridge_units(scores, SHAPES)
            rose |= {UNITS[at] for at in np.flatnonzero(after > before)}
        assert rose == {unit for unit, bridge in BRIDGES.items() if moved.movement in bridge.blendshapes}
    everything = bridge_units(np.ones((1, 52), np.float32), SHAPES)
    assert np.all(everything > bridge_units(np.zeros((1, 52), np.float32), SHAPES))
    assert everything.max() <= 5


def test_both_halves_count_alike():
    scores = np.zeros((2, 52), np.float32)
    scores[0, BLENDSHAPES.index("mouthSmileLeft")] = 0.5
    scores[1, [BLENDSHAPES.index(f"mouthSmile{half}") for half in ("Left", "Right")]] = 0.25
    left, both = bridge_units(scores, SHAPES)
    np.testing.assert_allclose(left, both)
    bridge = BRIDGES["AU12"]
    assert both[UNITS.index("AU12")] == pytest.approx(bridge.gain * (0.25 - bridge.offset))


@pytest.fixture(scope="module")
def films(data_dir):
    model = Path(data_dir).parent / "models" / "face_landmarker.task"
    if not model.is_file():
        pytest.skip("no face model beside the data")
    pytest.importorskip("mediapipe")
    face = ActionUnits(model=str(model))
    clips = {emotion: Clip(data_dir / "samples" / "video" / name) for emotion, name in FILMS.items()}
    return {emotion: (clip, face.track(clip), face.extract(clip)) for emotion, clip in clips.items()}


def test_real_films_in_the_form_of_tables(films):
    for clip, track, series in films.values():
        assert isinstance(track, FaceTrack)
        assert track.seen == 1
        assert series.channels == track.channels == CHANNELS
        assert len(series) == len(clip.sound) // 160 + 1
        assert track.landmarks.shape[1] == 478
        assert 0 <= series.values.min() < series.values.max() <= 5


def test_real_faces_show_what_they_should(films):
    """Films against films, as people see them: rough, as the bridge is."""
    mean = {
        emotion: dict(zip(BRIDGES, track.values.mean(axis=0), strict=True)) for emotion, (_, track, _) in films.items()
    }

    def strongest(unit):
        return max(mean, key=lambda emotion: mean[emotion][unit])

    assert strongest("AU12") == strongest("AU06") == "happy"
    assert strongest("AU04") == strongest("AU10") == strongest("AU09") == "disgusted"
    assert mean["calm"]["AU12"] > mean["neutral"]["AU12"] > mean["sad"]["AU12"]
    assert mean["sad"]["AU45"] > mean["surprised"]["AU45"]  # wide eyes do not blink


def test_bridged_means_are_those_of_the_population(films, ravdess):
    with np.load(ravdess / "face" / "openface_clip_means.npz") as data:
        emotion = np.array([str(clip).split("-")[2] for clip in data["clip"]])
        means = data["openface_static_mean"][:, :17].astype(float)
    codes = {"neutral": "01", "calm": "02", "sad": "04", "surprised": "08"}
    population = np.array([means[emotion == code].mean(axis=0) for code in codes.values()])
    bridge = np.array([films[name][1].values.mean(axis=0) for name in codes])
    np.testing.assert_allclose(bridge.mean(axis=0), population.mean(axis=0), atol=0.08)
    assert np.corrcoef(bridge.ravel(), population.ravel())[0, 1] > 0.7
    deviations = [table - table.mean(axis=0) for table in (bridge, population)]
    assert np.corrcoef(*(table.ravel() for table in deviations))[0, 1] > 0.15
