"""Recordings that a page shows, over real sockets."""

import http.client
import json
import os
from functools import partial

import made_up
import numpy as np
import pytest
import soundfile

from emospike.features.openface import PICTURE, read_table
from emospike.server import recordings as recordings_room
from emospike.server.recordings import MOST_SENT, ShownRecording, follow, open_recordings, trace_outline
from emospike.server.rest import RequestLimits


@pytest.fixture(scope="module")
def files(talk, tmp_path_factory):
    folder = tmp_path_factory.mktemp("recordings")
    soundfile.write(folder / "talk.flac", talk, 16_000)
    soundfile.write(folder / "silent.wav", np.zeros(32_000), 16_000)
    (folder / "no.wav").write_text("no sound")
    return [folder / name for name in ("talk.flac", "silent.wav", "no.wav")]


@pytest.fixture(scope="module")
def recordings(shown, files):
    named = [ShownRecording(str(path), path) for path in files]
    with open_recordings(shown, named, RequestLimits(upload=2**20)) as recordings:
        yield recordings


@pytest.fixture(scope="module")
def ask(serve, recordings):
    with serve(recordings.routes()) as port:
        yield partial(ask_at, port)


def ask_at(port, path, method="GET", body=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request(method, path, body, headers | {"Authorization": "Bearer a-token"})
    answer = connection.getresponse()
    return answer.status, answer.read(), dict(answer.getheaders())


@pytest.fixture(scope="module")
def ids(ask):
    return [row["id"] for row in read_lines(ask("/v1/recordings"))[1:]]


def send(ask, data, name="a.wav"):
    head = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    status, said, _ = ask("/v1/recordings", "POST", head + data + b"\r\n--x--\r\n", **kind)
    return status, json.loads(said)


def read_lines(answer):
    return [json.loads(line) for line in answer[1].decode().splitlines()]


def test_recordings_are_listed_with_what_is_wrong(ask, files):
    model, *found = read_lines(ask("/v1/recordings"))
    assert (model["model"], model["kept"]) == ("excube2-arousal", False)
    assert [row["name"] for row in found] == [str(path) for path in files]
    assert [row.get("seconds") for row in found] == [pytest.approx(7.0), pytest.approx(2.0), None]
    assert "cannot be read as sound or video" in found[2]["error"]


def test_a_timeline_is_what_the_stream_decides(ask, ids, system, talk):
    rows = read_lines(ask(f"/v1/recordings/{ids[0]}/timeline"))
    told = [(one["start"], one["stop"], one["probabilities"]) for row in rows for one in row["decisions"]]
    stream = system.stream(early=False)
    expected = [*stream.feed(np.round(talk * 32768).clip(-32768, 32767).astype(np.int16)), *stream.flush()]
    assert [one[:2] for one in told] == [(one.start, one.stop) for one in expected]
    for (_, _, found), one in zip(told, expected, strict=True):
        assert found == pytest.approx(one.decision.probabilities, abs=1e-3)
    levels = [level for row in rows for level in row["levels"]]
    assert len(levels) == 70
    assert max(levels[:9]) == -100
    assert min(levels[11:20]) > -40
    assert rows[-1]["over"]
    assert rows[-1]["until"] == pytest.approx(7.0)


def test_a_silent_recording_has_a_timeline_too(ask, ids):
    rows = read_lines(ask(f"/v1/recordings/{ids[1]}/timeline"))
    assert [one for row in rows for one in row.get("decisions", [])] == []


def test_what_cannot_be_read_is_the_last_line(ask, ids):
    (row,) = read_lines(ask(f"/v1/recordings/{ids[2]}/timeline"))
    assert "no.wav cannot be read as sound or video" in row["error"]


def test_a_moment_is_explained(ask, ids):
    status, said, headers = ask(f"/v1/recordings/{ids[0]}/explanation?start=0.4&stop=2.8")
    assert status == 200
    assert b"<title>Arousal:" in said
    assert headers["content-security-policy"] == "frame-ancestors 'none'"


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("", "a moment has a start and a stop, in seconds"),
        ("?start=a&stop=b", "a moment has a start and a stop, in seconds"),
        ("?start=2&stop=1", "a moment of up to 10 s expected, got 2 to 1 s"),
        ("?start=0&stop=100", "a moment of up to 10 s expected, got 0 to 100 s"),
        ("?start=nan&stop=1", "a moment of up to 10 s expected, got nan to 1 s"),
        ("?start=100&stop=101", "talk.flac"),
    ],
)
def test_a_moment_that_is_not_there(ask, ids, query, why):
    status, said, _ = ask(f"/v1/recordings/{ids[0]}/explanation{query}")
    assert status == 422
    assert why in json.loads(said)["error"]


def test_it_is_played_in_parts(ask, ids, files):
    status, part, _ = ask(f"/v1/recordings/{ids[0]}/sound", Range="bytes=10-19")
    assert (status, part) == (206, files[0].read_bytes()[10:20])


@pytest.mark.parametrize("what", ["sound", "timeline", "explanation?start=0&stop=1"])
def test_no_other_file_is_reached(ask, what):
    for name in ("none", "..%2f..%2fetc%2fpasswd"):
        assert ask(f"/v1/recordings/{name}/{what}")[0] == 404


def test_a_recording_that_is_sent_is_shown_until_the_end(shown, serve, ask, recordings, files):
    status, row = send(ask, files[0].read_bytes(), "mine.flac")
    assert (status, row["name"], row["seconds"]) == (200, "mine.flac", pytest.approx(7.0))
    assert ask(f"/v1/recordings/{row['id']}/sound")[1] == files[0].read_bytes()
    assert [one.name for one in recordings._folder.iterdir()] == [row["id"]]
    assert b"<title>Arousal: " in (said := ask(f"/v1/recordings/{row['id']}/explanation?start=0.4&stop=2.8")[1])
    assert b" mine.flac</title>" in said
    assert row["id"].encode() not in said
    status, said, _ = ask(f"/v1/recordings/{row['id']}/explanation?start=100&stop=101")
    assert (status, str(recordings._folder).encode() in said) == (422, False)
    gone = [send(ask, files[1].read_bytes())[1]["gone"] for _ in range(MOST_SENT)]
    assert gone == [[]] * (MOST_SENT - 1) + [[row["id"]]]
    assert len(list(recordings._folder.iterdir())) == MOST_SENT
    assert ask(f"/v1/recordings/{row['id']}/sound")[0] == 404
    with open_recordings(shown, []) as others:
        folder = others._folder
        (folder / "x").write_text("")
    assert not folder.exists()


def test_a_file_that_is_gone_and_a_folder_that_takes_nothing(shown, serve, talk, tmp_path):
    soundfile.write(tmp_path / "talk.flac", talk, 16_000)
    with (
        open_recordings(shown, [ShownRecording("gone", tmp_path / "talk.flac")]) as recordings,
        serve(recordings.routes()) as port,
    ):
        ask = partial(ask_at, port)
        name = read_lines(ask("/v1/recordings"))[1]["id"]
        (tmp_path / "talk.flac").unlink()
        assert [ask(f"/v1/recordings/{name}/{what}")[0] for what in ("sound", "timeline")] == [404, 200]
        assert "does not exist" in read_lines(ask(f"/v1/recordings/{name}/timeline"))[0]["error"]
        recordings._folder.rmdir()
        status, row = send(ask, b"anything", "a.wav")
        assert (status, row["error"]) == (422, "a.wav cannot be kept: No such file or directory")


def test_what_is_sent_and_cannot_be_read_does_not_stay(ask, recordings):
    before = set(recordings._folder.iterdir())
    status, row = send(ask, b"no sound", "../odd.wav")
    assert status == 422
    assert row["error"].startswith("odd.wav cannot be read")
    assert set(recordings._folder.iterdir()) == before
    assert ask("/v1/recordings", "POST", bytes(2 * 2**20), **{"Content-Type": "multipart/form-data; boundary=x"})[
        0
    ] in (400, 413)


@pytest.mark.parametrize(
    "name", ["..", ".", "a" * 300 + ".wav", "ø\u202e" * 90, "a/../../b.wav", "", "<b>.flac", "\\..\\x"]
)
def test_a_name_leads_nowhere(ask, recordings, files, name):
    status, row = send(ask, files[0].read_bytes(), name)
    assert status == 200
    (kept,) = (recordings._folder / row["id"]).iterdir()
    assert kept.read_bytes() == files[0].read_bytes()


def test_what_was_decided_then_is_shown_again(shown, files):
    row = {"start": 1.0, "stop": 2.5, "label": "low", "answered": True, "confidence": 0.9, "reason": "then"}
    told = list(follow(shown, ShownRecording("talk", files[0], kept=(row,))))
    assert [one for line in told for one in line["decisions"]] == [row]
    assert 2.5 <= next(line for line in told if line["decisions"])["until"] < 3.5
    assert sum(len(line["levels"]) for line in told) == 70


@pytest.fixture(scope="module")
def seen(shown, serve, files):
    """What is told of the face beside three recordings: one that was seen, a table that is damaged, and none."""
    good, damaged = files[0].with_name("face.csv"), files[0].with_name("damaged.csv")
    made_up.write_drawn_face(good, 4.0, 0, smile=1.0, talk=1.0)
    damaged.write_text("timestamp")
    faces = (good, damaged, None)
    named = [ShownRecording("talk", files[0], kept=(), face=face) for face in faces]
    with open_recordings(shown, named) as recordings, serve(recordings.routes()) as port:
        model, *rows = read_lines(ask_at(port, "/v1/recordings"))
        assert model["kept"]
        assert [row["face"] for row in rows] == [True, True, False]
        paths = [f"/v1/recordings/{row['id']}/face" for row in rows]
        yield lambda number, query: ask_at(port, f"{paths[number]}?{query}")[:2]


def test_a_face_is_shown_as_it_was_seen(seen, files):
    track = read_table(files[0].with_name("face.csv"))
    status, said = seen(0, "start=1&stop=2.5")
    told = json.loads(said)
    shown = (track.time >= 1) & (track.time < 2.5)
    assert (status, told["times"]) == (200, pytest.approx(track.time[shown], abs=1e-3))
    points = np.array(told["points"]).reshape(-1, 68, 2)
    np.testing.assert_allclose(points, track.landmarks[shown] * PICTURE, atol=0.06)
    left, top, width, height = told["view"]
    inside = (points >= (left - 0.1, top - 0.1)) & (points <= (left + width + 0.1, top + height + 0.1))
    assert inside.all()
    assert 0 < width < 260
    assert (told["lines"][0], max(map(max, told["lines"]))) == (list(range(17)), 67)
    assert json.loads(seen(0, "start=50&stop=60")[1])["times"] == []


def test_a_face_that_cannot_be_shown_is_one_line(seen):
    for number, query, why in (
        (1, "start=0&stop=9", "damaged.csv lacks the column AU01_r"),
        (0, "start=0&stop=90", "a moment of up to 60 s expected, got 0 to 90 s"),
        (0, "start=a", "a moment has a start and a stop"),
    ):
        status, said = seen(number, query)
        assert status == 422
        assert json.loads(said)["error"].startswith(why)
    assert seen(2, "start=0&stop=9")[0] == 404


def test_a_table_is_read_once_until_it_changes(tmp_path, monkeypatch):
    table, read = tmp_path / "face.csv", []
    made_up.write_drawn_face(table, 2.0, 0, smile=1.0, talk=1.0)
    monkeypatch.setattr(recordings_room, "read_table", lambda path: (read.append(path), read_table(path))[1])
    first = trace_outline(table, 0.0, 1.0)
    assert trace_outline(table, 1.0, 2.0)["times"][0] >= 1.0 > first["times"][-1]
    assert len(read) == 1
    made_up.write_drawn_face(table, 4.0, 0, smile=1.0, talk=1.0)
    os.utime(table, (1.0, 1.0))
    assert trace_outline(table, 2.5, 4.0)["times"]
    assert len(read) == 2
