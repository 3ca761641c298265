"""The face's contours: cut out of films, drawn from tables."""

import csv
import gzip

import numpy as np
import pytest

from emospike.clip import Clip
from emospike.features.blendshapes import Blendshapes
from emospike.features.contours import POLYLINES, Contours, cut, draw
from emospike.features.face_quality import MEASURES
from emospike.features.face_track import NoFaceError
from emospike.validation import InputError

EYES = np.array([0.5 - 0.5 / 2.1, 0.5 + 0.5 / 2.1]) * 100, (0.5 - 0.6 / 2.1) * 100
"""Where the outer corners of the eyes come to lie: both x, and y."""


@pytest.fixture(scope="module")
def table(ravdess):
    return min((ravdess / "face" / "openface").glob("*.csv.gz"))


@pytest.fixture(scope="module")
def film(data_dir):
    return data_dir / "samples" / "video" / "01-01-02-01-01-02-01.mp4"


def edited(table, path, change):
    """Write a table anew with its rows changed."""
    with gzip.open(table, "rt", newline="") as file:
        rows = [change(number, row) for number, row in enumerate(csv.DictReader(file))]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


# Cutting and drawing


def test_a_cut_shows_the_square_in_grey():
    x = np.tile(np.arange(200), (120, 1))
    image = np.stack([x + 20, x + 20, x + 20], axis=2).astype(np.uint8)
    same = cut(image, np.array([100.0, 60.0]), 40.0, 40)
    assert same.dtype == np.float32
    np.testing.assert_allclose(same, np.tile(np.arange(80, 120) + 20, (40, 1)) / 255, atol=1e-4)
    half = cut(image, np.array([100.0, 60.0]), 80.0, 40)
    np.testing.assert_allclose(half[20, 5:35], (np.arange(60.5, 140, 2) + 20)[5:35] / 255, atol=1e-4)
    twice = cut(image, np.array([100.0, 60.0]), 20.0, 40)
    np.testing.assert_allclose(twice[20], (np.arange(89.75, 109.5, 0.5) + 20) / 255, atol=1e-4)


def test_green_is_lighter_than_blue():
    greys = [float(cut(np.full((9, 9, 3), colour, np.uint8), np.array([4.0, 4.0]), 8.0, 8).mean()) for colour in
             ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255))]  # fmt: skip
    np.testing.assert_allclose(greys, [0.299, 0.587, 0.114, 1], atol=1e-5)


def test_beyond_its_edge_a_picture_goes_on():
    image = np.zeros((60, 80, 3), np.uint8)
    image[:, :40] = 255
    half_out = cut(image, np.array([0.0, 30.0]), 40.0, 40)
    np.testing.assert_allclose(half_out, 1)
    for centre in ((-500.0, 30.0), (500.0, 30.0), (40.0, 900.0)):
        assert np.isfinite(cut(image, np.array(centre), 40.0, 40)).all()
    np.testing.assert_allclose(cut(image, np.array([500.0, 30.0]), 40.0, 40), 0)


def test_a_drawing_has_its_lines_where_the_landmarks_are():
    rng = np.random.default_rng(0)
    points = rng.uniform(10, 90, (68, 2)).round()
    grey = draw(points, 100)
    assert grey.shape == (100, 100)
    assert (grey[points[:, 1].astype(int), points[:, 0].astype(int)] == 0).all()
    assert sorted({point for line in POLYLINES for point in line}) == list(range(68))
    alone = draw(np.repeat([[20.0, 50.0]], 68, axis=0), 100)  # all at one place
    assert alone[50, 20] == 0
    assert 0 < alone[51, 20] < 1  # anti-aliased
    assert (alone > 0.99).sum() > 100 * 100 - 12


# Films


@pytest.mark.usefixtures("landmarker")
def test_contours_of_a_film(film):
    clip = Clip(film, 0.5, 1.5)
    time, pictures = Contours().pictures(clip)
    np.testing.assert_array_equal(time, Blendshapes().track(clip).time)
    assert pictures.shape == (len(time), 100, 100)
    assert pictures.dtype == np.float32
    assert np.abs(pictures.mean()) < 0.002  # a second derivative
    mean = pictures.mean(axis=0)
    (left, right), height = EYES
    eyes, cheeks = (mean[int(y) - 6 : int(y) + 6, int(left) : int(right)] for y in (height, height + 20))
    assert eyes.max() > 0.02  # dark lines
    assert np.square(eyes).mean() > np.square(cheeks).mean()


@pytest.mark.usefixtures("landmarker")
def test_the_face_stays_in_place_while_the_head_moves(tmp_path, film, write_film):
    images = [frame.image[:, 100:540] for frame in Clip(film, 0.5, 1.0).frames()]
    moving = [np.roll(image, 3 * number, axis=1) for number, image in enumerate(images)]
    still = Contours().pictures(Clip(write_film(tmp_path / "a.mkv", images, codec="libx264")))[1]
    moved = Contours().pictures(Clip(write_film(tmp_path / "b.mkv", moving, codec="libx264")))[1]
    assert np.corrcoef(still[-1, 20:80, 20:80].ravel(), moved[-1, 20:80, 20:80].ravel())[0, 1] > 0.8


@pytest.mark.usefixtures("landmarker")
def test_contours_where_the_face_is_lost(tmp_path, film, write_film):
    images = [frame.image for frame in Clip(film, 0.5, 1.0).frames()]
    images[6:9] = [np.full_like(images[0], 255)] * 3
    time, pictures = Contours(stride=1).pictures(Clip(write_film(tmp_path / "a.mkv", images, codec="libx264")))
    assert len(time) == len(pictures) == len(images)
    assert np.abs(pictures[7]).max() < 0.01
    with pytest.raises(NoFaceError):
        Contours().pictures(Clip(write_film(tmp_path / "b.mkv", [images[7]] * 5)))


# Tables


def test_contours_of_a_table(table):
    clip = Clip(table, 0.5, 2.0)
    time, pictures = Contours().pictures(clip)
    assert pictures.shape == (len(time), 100, 100)
    assert len(time) == pytest.approx(45, abs=1)
    (left, right), height = EYES
    corners = pictures[:, round(height) - 4 : round(height) + 4]
    for x in (left, right):
        assert corners[:, :, round(x) - 4 : round(x) + 4].max(axis=(1, 2)).min() > 0.02
    assert np.abs(pictures[:, :8, :8]).max() < 1e-6  # nothing beside the face
    larger = Contours(size=60, sigma=1.0).pictures(clip)[1]
    assert larger.shape == (len(time), 60, 60)


def test_rows_without_a_face_are_drawn_between_the_others(table, tmp_path):
    def lose(number, row):
        return row | {"success": "0"} if 10 <= number < 13 else row

    expected = Contours().pictures(Clip(edited(table, tmp_path / "a.csv", lambda _, row: row)))[1]
    got = Contours().pictures(Clip(edited(table, tmp_path / "b.csv", lose)))[1]
    np.testing.assert_allclose(got[:10], expected[:10], atol=1e-4)
    assert np.corrcoef(got[11].ravel(), expected[11].ravel())[0, 1] > 0.7


def test_tables_that_cannot_be_drawn(table, tmp_path):
    bare = edited(table, tmp_path / "a.csv", lambda _, row: {k: v for k, v in row.items() if not k.startswith("x_")})
    with pytest.raises(InputError, match="need the 68 landmarks"):
        Contours().pictures(Clip(bare))
    lost = edited(table, tmp_path / "b.csv", lambda _, row: row | {"success": "0"})
    with pytest.raises(NoFaceError, match="no face in 100 %"):
        Contours().pictures(Clip(lost))
    with pytest.raises(NoFaceError, match="shows no face"):
        Contours().pictures(Clip("a.wav"))


@pytest.mark.parametrize("parameters", [{"size": 7}, {"size": 2000}, {"sigma": 0}])
def test_impossible_parameters(parameters):
    with pytest.raises(InputError):
        Contours(**parameters)


# Before the filters


def test_chosen_frames_are_those_of_all(table):
    looks = Contours(size=24)
    times, greys = looks.greys(Clip(table))
    some_times, some = looks.greys(Clip(table), lambda frames: np.array([0, 7, 7, frames - 1]))
    np.testing.assert_array_equal(some, greys[[0, 7, -1]])
    np.testing.assert_array_equal(some_times, times[[0, 7, -1]])
    assert greys.min() < 0.2
    assert greys.max() == 1


def test_a_film_can_be_drawn_too(film, landmarker):
    times, drawn = Contours(size=24, most=4, drawn=True).greys(Clip(film))
    same_times, cut_out = Contours(size=24, most=4).greys(Clip(film))
    np.testing.assert_array_equal(times, same_times)
    assert drawn.shape == cut_out.shape == (4, 24, 24)
    assert (drawn == 1).mean() > 0.3 > (cut_out == 1).mean()


@pytest.mark.usefixtures("landmarker")
def test_pictures_that_cannot_be_read_move_nothing(film):
    clip, looks = Clip(film, 0.5, 2.0), Contours(size=32, drawn=True)
    plain = looks.greys(clip)[1]
    track = clip.memo[Blendshapes()]
    lost = slice(8, 12)
    track.landmarks[lost] += np.random.default_rng(0).normal(0, 0.05, track.landmarks[lost].shape)
    torn = looks.greys(clip)[1]
    track.quality[lost, MEASURES.index("luminance")] = 10.0
    bridged = looks.greys(clip)[1]
    far, near = (np.abs(one[lost] - plain[lost]).mean() for one in (torn, bridged))
    assert near < 0.5 * far
    np.testing.assert_allclose(bridged[lost.stop :], plain[lost.stop :], atol=0.1)
    track.quality[:, MEASURES.index("luminance")] = 10.0  # nothing is left: all are taken
    np.testing.assert_array_equal(looks.greys(clip)[1], torn)
