"""Faces that can be read, and made-up degradations of them that cannot."""

from itertools import cycle

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

import emospike
from emospike.clip import Clip
from emospike.features.blendshapes import Blendshapes
from emospike.features.face_quality import MEASURES, describe_face_of, describe_problem, find_problems

pytestmark = pytest.mark.usefixtures("landmarker")
RATE = 10
FILMS = ("01-01-01-01-01-01-01", "01-01-02-01-01-02-01", "01-01-04-01-02-01-01", "01-01-08-01-01-02-01")


@pytest.fixture(scope="module")
def film(data_dir):
    return data_dir / "samples" / "video" / "01-01-02-01-01-02-01.mp4"


@pytest.fixture(scope="module")
def spoken(film):
    return [frame.image[:, 140:500] for frame in Clip(film, 1.0, 3.0).frames(3)]


@pytest.fixture(scope="module")
def points(film):
    """The face in the same pictures, pixels."""
    track = Blendshapes(stride=3).track(Clip(film, 1.0, 3.0))
    return track.landmarks * [640, 360] - [140, 0]


@pytest.fixture(scope="module")
def show(tmp_path_factory, write_film, spoken, points):
    """The function that films the face as something makes it."""

    def write(change, pictures=spoken):
        pairs = zip(pictures, cycle(points))
        images = [np.ascontiguousarray(change(image, face)).astype(np.uint8) for image, face in pairs]
        times = [number / RATE for number in range(len(images))]
        path = tmp_path_factory.mktemp("films") / "a.mkv"
        return Clip(write_film(path, images, times, codec="libx264"))

    return write


def keep(image, _):
    return image


def cover(colour, left=0.0, right=1.0, top=0.0, bottom=1.0):
    """Return what lays a patch over a part of the face's box, by default one of its skin."""

    def change(image, face):
        (x, y), (width, height) = face.min(axis=0), np.ptp(face, axis=0)
        across = slice(int(x + left * width), int(x + right * width) + 1)
        down = slice(int(y + top * height), int(y + bottom * height) + 1)
        x, y = face[50].astype(int)  # a cheek
        image = image.copy()
        image[down, across] = np.median(image[y - 3 : y + 4, x - 3 : x + 4], axis=(0, 1)) if colour is None else colour
        return image

    return change


def blur(image, _):
    return gaussian_filter(image.astype(float), (6, 6, 0))


@pytest.mark.parametrize("name", FILMS)
def test_undegraded_films_can_be_read(data_dir, name):
    clip = Clip(data_dir / "samples" / "video" / f"{name}.mp4")
    track = Blendshapes(stride=6).track(clip)
    assert describe_problem(track) is None
    assert describe_face_of(clip) is None
    assert track.quality.shape == (len(track), len(MEASURES))
    assert find_problems(track.quality, track.pose).any(axis=1).mean() < 0.3


@pytest.mark.parametrize(
    ("problem", "change"),
    [
        ("dark", lambda image, _: 0.15 * image),
        ("blurred", blur),
        ("turned away", lambda image, _: np.rot90(image)),
        ("small", lambda image, _: image[::3, ::3]),
        ("covered", cover(0, top=0.6, left=0.1, right=0.9)),
        ("covered", cover((110, 160, 200), top=0.6)),
        ("covered", cover(None, top=0.62)),
        ("covered", cover(0, right=0.5)),
        ("covered", cover(128, left=0.5)),
    ],
)
def test_degraded_films_cannot(show, problem, change):
    assert f"the face is {problem} in" in describe_problem(Blendshapes().track(show(change)))


@pytest.mark.parametrize(
    "change", [lambda image, _: image[:, ::-1], lambda image, _: 0.5 * image, cover(0, bottom=0.1)]
)
def test_slight_changes_do_no_harm(show, change):
    assert describe_problem(Blendshapes().track(show(change))) is None


def test_a_face_that_comes_and_goes(show, spoken):
    lost = [image if number % 4 else 0 * image for number, image in enumerate(spoken)]
    assert "the face comes and goes: it is lost" in describe_problem(Blendshapes().track(show(keep, lost)))


def test_a_cut_is_noted(show, spoken, film):
    other = [255 - frame.image[:, 140:500] for frame in Clip(film, 0.5, 1.5).frames(3)]
    track = Blendshapes().track(show(keep, spoken[:10] + other[:10]))
    assert any(note.startswith("a cut at 1.0 s") for note in track.company.describe())


def test_a_small_face_in_a_large_picture_is_found_in_a_second_look(show):
    def place(image, _):
        large = np.full((1440, 2560, 3), 90, np.uint8)
        large[1000:1360, 300:660] = image
        return large

    track = Blendshapes().track(show(place))
    assert track.seen > 0.9
    assert describe_problem(track) is None
    plain = Blendshapes().track(show(keep))
    np.testing.assert_allclose(track.values.mean(axis=0), plain.values.mean(axis=0), atol=0.15)


def test_what_cannot_be_read_is_guessed_and_not_answered(show):
    model = emospike.load("excube2-both")
    decision = model.decide(show(lambda image, _: 0.15 * image), threshold=0.0)
    assert not decision.answered
    assert not decision.clear
    assert decision.label == max(decision.probabilities, key=decision.probabilities.get)
    assert decision.reason.startswith("don't know: the face is dark in 100 % of the pictures")


def test_sound_decides_in_place_of_a_face_that_cannot_be_read(show, film):
    model = emospike.load("excube2-both")
    clip = Clip(film, 1.0, 3.0, face=show(blur).path, face_delay=1.0)
    decision = model.decide(clip)
    assert set(decision.share) == {"audio"}
    assert decision.clear
    assert "sound alone: the face is blurred in" in decision.reason


@pytest.fixture
def watching():
    pytest.importorskip("torch")
    return emospike.load("spiking_emotions-face")


def test_events_of_a_face_that_cannot_be_read_are_not_answered(show, watching, tmp_path):
    assert watching.decide(show(keep)).clear
    dark = show(lambda image, _: 0.15 * image)
    decision = watching.decide(dark, threshold=0.0)
    assert (decision.answered, decision.clear) == (False, False)
    assert decision.reason.startswith("don't know: the face is dark in 100 % of the pictures")
    explained = watching.explain(dark)
    assert {"film", "vote"} < {panel.name for panel in explained.panels}
    assert not explained.decision.answered


def test_a_stretch_that_cannot_be_read_does_not_decide(show, watching, spoken):
    pictures = [*spoken * 2, *(0.15 * image for image in spoken * 2), *spoken * 2]
    long = show(keep, pictures)
    whole, windows = watching.decide_windows(long, threshold=0.0)
    clear = [one.decision.clear for one in windows]
    assert clear == [True, False, True]
    assert "the face is dark" in windows[1].decision.reason
    assert whole.answered
