"""Films with what was seen drawn on them: at the film's rate, in step, with its sound."""

import numpy as np
import pytest

from emospike.clip import Clip
from emospike.features import face_overlay
from emospike.features.face_overlay import draw_film, write_overlay
from emospike.features.face_table import track_film
from emospike.validation import InputError

pytestmark = pytest.mark.usefixtures("landmarker")


@pytest.fixture(scope="module")
def film(data_dir):
    return Clip(data_dir / "samples" / "video" / "01-01-02-01-01-02-01.mp4")


@pytest.fixture(scope="module")
def face(film):
    return track_film(film, stride=4)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_an_overlay_is_in_step_with_its_film(film, face, tmp_path, name):
    overlay = Clip(write_overlay(tmp_path / name, film, face))
    drawn, own = ([frame.time for frame in clip.frames()] for clip in (overlay, film))
    np.testing.assert_allclose(drawn, own, atol=0.002)
    samples = min(len(overlay.sound), len(film.sound))
    assert samples > 0.95 * len(film.sound)
    assert np.corrcoef(overlay.sound[:samples], film.sound[:samples])[0, 1] > 0.95
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_box_points_and_words_are_drawn(film, face):
    pairs = list(zip(draw_film(film, face), film.frames(), strict=True))
    time, image = pairs[-1][0]
    changed = (image != pairs[-1][1].image).any(axis=2)
    x, y, width, height = face.track.box[-1] * [640, 360, 640, 360]
    assert time == pairs[-1][1].time
    assert changed[int(y), int(x) + 2 : int(x + width) - 2].mean() > 0.9  # the upper edge
    assert changed[int(y) + 4 : int(y + height) - 4, int(x) + 4 : int(x + width) - 4].sum() > 200
    assert changed[:60, :150].sum() > 200
    assert not changed[300:, 500:].any()


def test_a_silent_film_without_a_face(tmp_path, write_film):
    film = Clip(write_film(tmp_path / "a.mkv", [np.full((121, 161, 3), 90, np.uint8)] * 10))
    overlay = Clip(write_overlay(tmp_path / "b.mp4", film, track_film(film)))
    assert not overlay.hears
    assert next(iter(overlay.frames())).image.shape == (122, 162, 3)


def test_pictures_that_cannot_be_encoded(tmp_path, write_film, monkeypatch):
    film = Clip(write_film(tmp_path / "a.mkv", [np.full((120, 160, 3), 90, np.uint8)] * 3))
    face = track_film(film)
    monkeypatch.setattr(face_overlay, "draw_film", lambda *_: iter([(0.0, np.zeros((120, 160, 3)))]))
    with pytest.raises(InputError, match=r"pictures of 160 x 120 that cannot be encoded .*: leave the overlay out"):
        write_overlay(tmp_path / "b.mp4", film, face)
    assert [file.name for file in tmp_path.iterdir()] == ["a.mkv"]


def test_other_names(film, face, tmp_path):
    with pytest.raises(InputError, match=r"ends in \.mp4 or \.mkv, got a\.gif"):
        write_overlay(tmp_path / "a.gif", film, face)
