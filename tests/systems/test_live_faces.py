"""Streams that see: what is decided on a face beside sound as both come."""

from dataclasses import replace

import made_up
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emospike import store
from emospike.clip import Clip
from emospike.features.contours import Contours
from emospike.features.face_landmarker import VARIABLE, DetectedFace
from emospike.features.face_track import show_face
from emospike.features.live_face import MOST, FaceHistory, Sight
from emospike.systems.cross_modal.model import CrossModal
from emospike.systems.excube2.model import EXCube2
from emospike.systems.streaming import GLANCE
from emospike.validation import InputError

RATE = 16_000
CLEAR = np.array([200, 120, 0.5, 0.75, 0.7, 0.7, 0.8], np.float32)
FILM = "samples/video/01-01-02-01-01-02-01.mp4"


def see(start, stop, *, every=0.1, luminance=120, faces=1):
    """What a camera sees of a face that smiles and speaks, from one second to another."""
    quality = CLEAR * np.array([1, luminance / 120, 1, 1, 1, 1, 1], np.float32)
    sights = []
    for time in np.arange(start, stop, every):
        shapes = np.random.default_rng(round(10 * time) % 7).random(52, np.float32)
        box, points = np.array([0.3, 0.2, 0.3, 0.5], np.float32), np.full((478, 2), 0.4, np.float32)
        one = DetectedFace(shapes, box, np.zeros(3, np.float32), points, quality)
        sights.append(Sight(float(time), [one] * faces, 0 if faces else -1))
    return sights


def feed(stream, sound, sights=(), cuts=()):
    """Decisions where each picture comes before the sound that is recorded later."""
    decided, heard, sights = [], 0, list(sights)
    for part in np.split(sound, cuts):
        heard += len(part)
        while sights and sights[0].time <= heard / RATE:
            stream.feed_sight(sights.pop(0))
        decided += stream.feed(part)
    return decided + stream.flush()


def strip(decided):
    places = [(one.start, one.stop, one.look, one.spoken) for one in decided]
    said = [(one.decision.probabilities, one.decision.reason) for one in decided]
    return list(zip(places, said, strict=True))


@pytest.fixture(scope="module")
def trained(small, faced, speech):
    return small(EXCube2, "default", "both").fit(*faced(speech))


PAUSE = np.zeros(round(0.9 * RATE), np.float32)
SPOKEN = np.concatenate([PAUSE, made_up.voice(1.3, 120.0), np.tile(PAUSE, 5), made_up.voice(2.3, 210.0, seed=1), PAUSE])
SECONDS = len(SPOKEN) / RATE


def test_an_utterance_is_decided_by_what_was_heard_and_seen_of_it(trained):
    sights = see(0, SECONDS)
    history = FaceHistory()
    for one in sights:
        history.put(one)
    finals = [one for one in feed(trained.stream(modality="both"), SPOKEN, sights) if one.final]
    assert len(finals) == 2
    for one in finals:
        heard = SPOKEN[round(one.start * RATE) : round(one.stop * RATE)]
        alone = trained.decide(show_face(Clip.from_array(heard, RATE, "the stream"), history.cut(one.start, one.stop)))
        assert (one.decision.probabilities, one.decision.reason) == (alone.probabilities, alone.reason)
        assert trained.decide(one.make_clip()).probabilities == alone.probabilities
        assert {*one.decision.share} == {*one.decision.alone} == {"audio", "face"}


def test_early_looks_see_what_was_seen_so_far(trained):
    decided = feed(trained.stream(modality="both"), SPOKEN, see(0, SECONDS))
    (early,) = [one for one in decided if one.look == 2.0]
    assert {*early.decision.share} == {"audio", "face"}
    assert early.face.time[-1] == pytest.approx(early.stop - early.start, abs=0.11)


def test_a_face_is_decided_on_every_second_while_nobody_speaks(trained):
    decided = feed(trained.stream(modality="both"), SPOKEN, see(0, SECONDS))
    alone = [one for one in decided if not one.spoken]
    first = next(one for one in decided if one.final)
    assert [one.stop for one in alone] == [6.0]  # three seconds after the first utterance, before the second
    assert alone[0].start == 6.0 - GLANCE >= first.stop
    assert alone[0].decision.share == {"face": 1.0}
    assert not alone[0].final
    quiet = feed(trained.stream(modality="both"), np.zeros(8 * RATE, np.float32), see(0, 8))
    assert [one.stop for one in quiet] == [3.0, 4.0, 5.0, 6.0, 7.0, 8.0]


@settings(max_examples=12, deadline=None)
@given(cuts=st.lists(st.integers(0, len(SPOKEN)), max_size=9).map(sorted))
def test_any_cut_decides_bit_for_bit_alike(trained, cuts):
    sights = see(0, SECONDS, faces=2)
    expected = strip(feed(trained.stream(modality="both"), SPOKEN, sights, range(1600, len(SPOKEN), 1600)))
    assert strip(feed(trained.stream(modality="both"), SPOKEN, sights, cuts)) == expected
    assert "2 faces: the one seen first was followed" in expected[-1][-1][-1]


def test_a_face_that_cannot_be_read_is_named_and_the_sound_decides(trained):
    decided = feed(trained.stream(modality="both"), SPOKEN, see(0, SECONDS, luminance=9))
    for one in decided:
        if one.spoken:
            assert {*one.decision.share} == {"audio"}
            assert "sound alone: the face is dark in 100 % of the pictures" in one.decision.reason
        else:
            assert one.decision.reason.startswith("don't know: the face is dark in 100 %")
            assert not one.decision.clear


def test_pictures_without_a_face_say_so(trained):
    decided = feed(trained.stream(modality="both"), SPOKEN, see(0, SECONDS, faces=0))
    assert all("no face in 100 % of the frames of the stream" in one.decision.reason for one in decided)
    assert {one.spoken for one in decided} == {True, False}
    assert not any(one.decision.answered for one in decided if not one.spoken)


@pytest.mark.parametrize("sights", [[], see(1.0, 1.05)], ids=["none", "one"])
def test_without_pictures_it_decides_as_one_that_hears(trained, sights):
    both, alone = trained.stream(modality="both"), trained.stream()
    assert strip(feed(both, SPOKEN, sights)) == strip(feed(alone, SPOKEN))
    assert not alone.sees


def test_a_camera_that_was_on_for_a_short_time_says_nothing_of_the_rest(trained):
    decided = feed(trained.stream(modality="both"), SPOKEN, see(0.5, 0.8))
    assert "sound alone: no face: the stream tells of" in decided[0].decision.reason


def test_faces_alone_teach_nothing_of_a_speaker(trained):
    one = trained.for_one_speaker()
    decided = feed(one.stream(modality="both"), SPOKEN, see(0, SECONDS))
    assert any(not each.spoken for each in decided)
    assert one.centring_["face"].clips == sum(each.final for each in decided) == 2


def test_hours_take_no_more_memory_than_an_utterance():
    history = FaceHistory()
    for sight in see(0, 60, every=0.01):
        history.put(sight)
    assert len(history._seen) == MOST
    history.forget(59.0)
    assert len(history._seen) == pytest.approx(100, abs=1)
    assert history.cut(0.0, 59.0) is None


def test_a_stream_remembers_no_pictures_that_nothing_needs(trained):
    stream, held = trained.stream(modality="both"), []
    for number in range(40):
        for sight in see(number, number + 1):
            stream.feed_sight(sight)
        stream.feed(np.zeros(RATE, np.float32))
        held.append(len(stream._faces._seen))
    assert max(held) < 10 * (GLANCE + 1.5)
    stream.reset()
    assert len(stream._faces._seen) == 0


def test_pictures_that_come_late_or_at_no_time_are_passed_over(trained):
    stream = trained.stream(modality="both")
    sights = see(0, SECONDS)
    stream.feed_sight(Sight(float("nan"), []))
    odd = [sights[3], *sights[:2], *sights[4:]]
    assert strip(feed(stream, SPOKEN, odd)) == strip(feed(stream, SPOKEN, sights[3:]))


def test_models_that_cannot_see_say_so_in_a_line(small, faced, speech, trained):
    with pytest.raises(InputError, match="this model perceives audio: load one that hears and sees"):
        small(EXCube2, "default").fit(*speech).stream(modality="both")
    with pytest.raises(InputError, match="unknown modality of a stream 'eyes'"):
        trained.stream(modality="eyes")
    with pytest.raises(InputError, match="this stream hears alone"):
        trained.stream().feed_sight(see(0, 1)[0])
    looks = small(CrossModal, "default", "both")
    assert looks.follows_faces
    looks.set_params(pathways=tuple(replace(pathway, pictures=Contours()) for pathway in looks.pathways))
    assert not looks.follows_faces


@pytest.mark.parametrize(
    ("image", "said"),
    [
        (np.zeros((8, 8, 3), np.uint8), "pictures at least 16 pixels wide and high"),
        (np.zeros((100, 100), np.uint8), "a picture of shape .height, width, 3. in uint8 expected, got uint8 of shape"),
        (np.zeros((100, 100, 3), np.float32), "in uint8 expected, got float32"),
        ("a.jpg", "in uint8 expected, got 'a.jpg'"),
        (np.broadcast_to(np.uint8(0), (9000, 9000, 3)), "of at most 35389440 pixels expected, got 9000 x 9000"),
    ],
)
def test_what_is_no_picture(trained, image, said):
    with pytest.raises(InputError, match=said):
        trained.stream(modality="both").feed_picture(0.0, image)


@pytest.mark.parametrize("time", [float("nan"), float("inf"), -1.0])
def test_what_is_no_second(trained, time):
    with pytest.raises(InputError, match="second of a picture must"):
        trained.stream(modality="both").feed_picture(time, np.zeros((64, 64, 3), np.uint8))


def test_a_face_model_that_is_missing(trained, monkeypatch, tmp_path):
    pytest.importorskip("mediapipe")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "gone.task"))
    stream = trained.stream(modality="both")
    with pytest.raises(InputError, match="there is no face model at"):
        stream.feed_picture(0.0, np.zeros((64, 64, 3), np.uint8))
    assert [one.final for one in stream.feed(SPOKEN)].count(True) == 2


@pytest.mark.usefixtures("landmarker")
def test_a_real_film_in_pieces_is_decided_as_a_film(data_dir):
    """Of the shipped model, which has heard this actor."""
    model = store.load("excube2-both")
    clip = Clip(data_dir / FILM)
    frames, sound = list(clip.frames()), clip.sound
    with model.stream(modality="both") as stream:
        decided = []
        for at in range(0, len(sound), 1600):
            while frames and frames[0].time < (at + 1600) / RATE:
                frame = frames.pop(0)
                stream.feed_picture(frame.time, frame.image)
            decided += stream.feed(sound[at : at + 1600])
        decided += stream.flush()
    final = decided[-1]
    film = model.decide(Clip(data_dir / FILM, final.start, final.stop))
    assert [(one.look, {*one.decision.share}) for one in decided] == [
        *((look, {"audio"}) for look in model.early_),
        (2.0, {"audio", "face"}),
        (None, {"audio", "face"}),
    ]
    assert final.decision.label == film.label
    for name, probability in film.probabilities.items():
        assert final.decision.probabilities[name] == pytest.approx(probability, abs=0.002)
    assert final.decision.share == pytest.approx(film.share, abs=0.01)
    assert final.decision.label == model.decide(clip).label
