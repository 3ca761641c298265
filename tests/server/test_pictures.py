"""Pictures that a page sends: what is seen in them, and what is refused."""

import time
from contextlib import contextmanager

import made_up
import numpy as np
import pytest

from emospike.clip import Clip
from emospike.features.live_face import Sight
from emospike.server.pictures import MOST_PIXELS, Pictures, read_jpeg
from emospike.server.session import Session
from emospike.validation import InputError

FILM = "samples/video/01-01-02-01-01-02-01.mp4"


GREY = made_up.pack_picture(np.full((360, 640, 3), 90, np.uint8))
GARBAGE = {
    "nothing": b"",
    "text": b"no picture at all",
    "cut off": GREY[: len(GREY) // 2],
    "a header alone": GREY[:20],
    "another format": b"\x89PNG\r\n\x1a\n" + bytes(99),
    "noise after the header": GREY[:200] + bytes(np.random.default_rng(0).integers(0, 256, 4000, np.uint8)),
}


@pytest.fixture(scope="module")
def film(data_dir):
    return Clip(data_dir / FILM)


@pytest.mark.parametrize("data", GARBAGE.values(), ids=GARBAGE)
def test_what_is_no_picture_is_one_line(data):
    try:
        assert read_jpeg(data).ndim == 3  # a decoder may make something of noise
    except InputError as error:
        assert "no JPEG, or is cut off" in str(error)


def test_a_picture_beyond_all_bounds_is_not_decoded():
    huge = made_up.pack_picture(np.zeros((8, 8, 3), np.uint8))
    at = huge.index(b"\xff\xc0") + 5
    claimed = huge[:at] + (60_000).to_bytes(2, "big") * 2 + huge[at + 4 :]
    before = time.process_time()
    with pytest.raises(InputError, match=r"no JPEG, or is cut off|60000 x 60000 came"):
        read_jpeg(claimed)
    large = made_up.pack_picture(np.zeros((1000, MOST_PIXELS // 1000 + 1, 3), np.uint8))
    with pytest.raises(InputError, match=f"922 x 1000 came, at most {MOST_PIXELS} pixels expected"):
        read_jpeg(large)
    assert time.process_time() - before < 30
    assert read_jpeg(made_up.pack_picture(np.full((20, 30), 9, np.uint8))).shape == (20, 30, 3)  # grey


def test_the_newest_picture_wins_and_complaints_come_once():
    @contextmanager
    def nothing():
        raise InputError("there is no face model here")
        yield

    pictures = Pictures(nothing)
    for number in range(3):
        pictures.put(number, GREY)
    waiting = pictures.take()
    assert (waiting.time, pictures.take(), pictures.passed) == (2, None, 2)
    said = {"type": "note", "text": "there is no face model here"}
    assert pictures.look(waiting) == (None, said)
    assert pictures.look(waiting) == (None, None)
    pictures.close()


@pytest.mark.usefixtures("landmarker")
def test_a_face_is_outlined_and_what_is_wrong_with_it_said(film, seeing):
    pictures = Pictures(seeing.open_watcher)
    frames = list(film.frames(3))[:14]
    try:
        for frame in frames:
            pictures.put(frame.time, made_up.pack_picture(frame.image))
            seen, row = pictures.look(pictures.take())
        assert len(seen.faces) == 1
        assert (row["type"], row["note"], len(row["points"])) == ("face", "", 2 * 68)
        x, y, width, height = seen.faces[0].box
        points = np.reshape(row["points"], (-1, 2))
        assert (points >= [x - 0.01, y - 0.01]).all()
        assert (points <= [x + width + 0.01, y + height + 0.01]).all()
        for number, frame in enumerate(frames):
            pictures.put(10 + number / 10, made_up.pack_picture((frame.image * 0.12).astype(np.uint8)))
            _, row = pictures.look(pictures.take())
        assert row["note"] in ("No face is seen.", "the face is dark in 100 % of the pictures")
    finally:
        pictures.close()


def test_what_was_seen_belongs_to_the_stream_that_goes_on(seeing):
    session = Session(seeing, None)
    session.begin(16_000, "float32")
    session.put(np.zeros(16_000, "<f4").tobytes())
    session.see(Sight(0.5, []))
    session.decide(session.take())
    assert [seen.time for seen in session._stream._faces._seen] == [0.5]
    session.lose(3.0)
    session.put(np.zeros(16_000, "<f4").tobytes())
    session.see(Sight(0.9, []))  # of before
    session.see(Sight(1.25, []))
    session.decide(session.take())
    assert [seen.time for seen in session._stream._faces._seen] == [0.25]
