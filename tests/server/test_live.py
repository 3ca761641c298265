"""The page's socket over real connections: what is decided, refused and bounded."""

import http.client
import json
import re
import socket
import time
from contextlib import ExitStack
from dataclasses import replace
from functools import partial

import made_up
import numpy as np
import pytest

pytest.importorskip("websockets")

from websockets.client import ClientProtocol
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.protocol import State
from websockets.sync.client import connect
from websockets.uri import parse_uri

from emospike.clip import Clip
from emospike.explain.html import name_source
from emospike.server.live import NOT_KEPT, PICTURE, SOUND, SUBPROTOCOL, LiveEndpoint
from emospike.server.page import make_page
from emospike.server.session import LiveLimits

GREY = made_up.pack_picture(np.full((360, 640, 3), 90, np.uint8))
LIMITS = LiveLimits(pages=2, held=30.0, silence=1.0, hello=0.5)


class Page:
    """What a page does, in Python."""

    def __init__(self, stack, port, **more):
        options = {"subprotocols": [SUBPROTOCOL], "origin": f"http://127.0.0.1:{port}", "token": "a-token"} | more
        address = f"ws://127.0.0.1:{port}/v1/live?token={options.pop('token')}"
        self.socket = stack.enter_context(connect(address, max_size=None, **options))

    def hello(self, **more):
        self.socket.send(json.dumps({"type": "hello", "rate": 16_000, "form": "float32"} | more))

    def send(self, sound):
        for at in range(0, len(sound), 16_000):
            self.socket.send(bytes([SOUND]) + sound[at : at + 16_000].astype("<f4").tobytes())

    def show(self, picture, age=0):
        self.socket.send(bytes([PICTURE]) + age.to_bytes(2, "little") + picture)

    def hear(self, until):
        """Messages until one that is the last."""
        told = []
        while not told or not until(told[-1]):
            told.append(json.loads(self.socket.recv(timeout=60)))
        return told

    def turned_away(self):
        """The code and the reason that it is closed with, and the error that it is told."""
        told = []
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                told.append(json.loads(self.socket.recv(timeout=60)))
        error = next((row["error"] for row in told if row["type"] == "error"), None)
        return closed.value.rcvd.code, closed.value.rcvd.reason, error


@pytest.fixture(scope="module")
def endpoint(shown):
    return LiveEndpoint(shown, LIMITS)


@pytest.fixture(scope="module")
def port(serve, endpoint):
    with serve(endpoint.routes()) as port:
        yield port


@pytest.fixture
def visit(port, endpoint):
    """What opens a page, for as long as the test lasts."""
    with ExitStack() as stack:
        yield partial(Page, stack, port)
    wait_until(lambda: not endpoint._connected)


def wait_until(condition):
    for _ in range(100):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("it did not come to that")


@pytest.fixture(scope="module")
def seeing_port(serve, seeing):
    with serve(LiveEndpoint(seeing, LIMITS).routes()) as port:
        yield port


@pytest.fixture
def look(seeing_port):
    """What opens a page of a model that sees, which has said hello."""
    with ExitStack() as stack:

        def look():
            page = Page(stack, seeing_port)
            page.hello()
            return page

        yield look


def get(port, path, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.read().decode(), dict(answer.getheaders())


def test_speech_is_decided_and_explained_until_the_page_leaves(visit, port, talk, system):
    page = visit()
    page.hello()
    page.send(talk)
    page.socket.send('{"type": "pause"}')
    told = page.hear(lambda row: row["type"] == "state" and row["heard"] > 6.9)
    assert told[0]["type"] == "welcome"
    assert told[0]["classes"] == list(system.classes_)
    final = [row for row in told if row["type"] == "decision" and row["final"]]
    stream = system.stream()
    expected = [one.decision.probabilities for one in stream.feed(talk) if one.final]
    assert [row["probabilities"] for row in final] == expected
    path = f"/v1/utterances/{final[0]['id']}/explanation?token=a-token"
    status, html, headers = get(port, path)
    assert status == 200
    assert "<title>Arousal:" in html
    assert headers["content-security-policy"] == "frame-ancestors 'none'"
    page.socket.close()
    time.sleep(0.3)
    status, said, _ = get(port, path)
    assert (status, json.loads(said)["error"].split(":")[0]) == (404, "that utterance is no longer in memory")


def test_each_page_is_heard_alone(visit, talk):
    one, other = visit(), visit()
    one.hello()
    other.hello()
    one.send(talk[:40_000])
    other.send(np.zeros(40_000, np.float32))
    heard = [page.hear(lambda row: row["type"] == "state" and row["heard"] >= 2.5) for page in (one, other)]
    assert heard[0][-1]["speaking"]
    assert not heard[1][-1]["speaking"]
    third = visit()
    assert third.turned_away() == (4429, "2 pages listen already: close one", "2 pages listen already: close one")
    one.socket.close()
    other.socket.close()


def test_a_page_that_is_killed_ends_its_stream(visit, endpoint, talk):
    page = visit()
    page.hello()
    page.send(talk[:20_000])
    page.hear(lambda row: row["type"] == "state")
    assert len(endpoint._connected) == 1
    page.socket.socket.shutdown(socket.SHUT_RDWR)  # without a word
    wait_until(lambda: not endpoint._connected)


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (["talk"], "a message is an object of JSON"),
        (["[" * 100_000], "a message is an object of JSON"),
        (['{"type": "hello"}'], "hello with a rate, pause, or lost with seconds expected"),
        (['{"type": "hello", "rate": 3}'], "sample rate in Hz must lie in 8000 to 192000, got 3"),
        (['{"type": "hello", "rate": 16000, "form": "mp3"}'], "unknown form of samples 'mp3'"),
        (['{"type": "lost", "seconds": -1}'], "hello with a rate, pause, or lost with seconds expected"),
        ([bytes(8)], "sound came before the page said hello"),
        ([b""], "0 and sound expected in binary, or 1, an age and a picture"),
        ([bytes([2, 0, 0, 9])], "0 and sound expected in binary, or 1, an age and a picture"),
        ([bytes([1, 0])], "0 and sound expected in binary, or 1, an age and a picture"),
        (['{"type": "hello", "rate": 16000}', bytes(4)], "whole samples of 2 bytes expected, got 3 bytes"),
        (['{"type": "hello", "rate": 16000, "form": "float32"}', b"\x00" + b"\xff" * 40], "a chunk of sound holds NaN"),
    ],
)
def test_garbage_is_refused_in_one_line(visit, sent, why):
    page = visit()
    for one in sent:
        page.socket.send(one)
    code, reason, error = page.turned_away()
    assert code == 4400
    assert error.startswith(why)
    assert "\n" not in error
    assert error.startswith(reason)


def test_a_fault_of_the_server_is_told(serve, shown):
    def fail(rate, early):
        raise RuntimeError("a fault of ours")

    endpoint = LiveEndpoint(replace(shown, stream=fail), LIMITS)
    why = "the server failed: its own output says why"
    with serve(endpoint.routes()) as port, ExitStack() as stack:
        page = Page(stack, port)
        page.hello()
        page.send(np.zeros(1600, np.float32))
        assert page.turned_away() == (1011, why, why)
        assert Page(stack, port).hear(lambda row: True)[0]["type"] == "welcome"


def test_a_message_that_is_too_large_ends_it(visit):
    page = visit()
    page.hello()
    page.socket.send(bytes(2**18 + 4))
    assert page.turned_away()[0] == 1009


def test_who_says_nothing_is_sent_away(visit):
    assert visit().turned_away() == (4408, "nothing came for 0.5 s", "nothing came for 0.5 s")
    page = visit()
    page.hello()
    assert page.turned_away()[:2] == (4408, "nothing came for 1 s")
    page = visit()
    page.hello()
    page.socket.send('{"type": "pause"}')
    time.sleep(1.5)
    page.hello()
    page.send(np.zeros(1600, np.float32))
    assert page.hear(lambda row: row["type"] == "state")
    page.socket.close()


def test_a_page_that_takes_nothing_stops_nobody_and_is_given_up(serve, shown, talk):
    """Its first message is larger than all buffers on the way, so that the next must wait."""
    endpoint = LiveEndpoint(replace(shown, name="m" * 2**24), LiveLimits(held=30.0, stuck=1.0))
    with serve(endpoint.routes()) as port, socket.create_connection(("127.0.0.1", port)) as raw:
        page = ClientProtocol(parse_uri(f"ws://127.0.0.1:{port}/v1/live?token=a-token"), subprotocols=[SUBPROTOCOL])
        page.send_request(page.connect())
        raw.sendall(b"".join(page.data_to_send()))
        while page.state is not State.OPEN:
            page.receive_data(raw.recv(1))
        for told in (b'{"type": "hello", "rate": 16000}', b'{"type": "pause"}'):
            page.send_text(told)
        raw.sendall(b"".join(page.data_to_send()))
        with ExitStack() as stack:
            quick = Page(stack, port)
            quick.hello()
            quick.send(talk)
            quick.hear(lambda row: row["type"] == "decision" and row["final"])
            wait_until(lambda: len(endpoint._connected) == 1)
        wait_until(lambda: not endpoint._connected)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"token": "another"}, "a wrong token, or none: open the address that emospike printed"),
        ({"token": ""}, "a wrong token, or none: open the address that emospike printed"),
        ({"origin": "http://evil.example"}, "asked by a page of another site"),
        ({"additional_headers": {"Host": "evil.example"}}, "asked for another host than this machine"),
    ],
)
def test_strangers_are_refused_in_one_line(visit, port, more, why):
    if "additional_headers" in more:  # the client writes its own
        request = f"GET /v1/live?token=a-token HTTP/1.1\r\nHost: evil.example:{port}\r\nUpgrade: websocket\r\n"
        request += "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        with socket.create_connection(("127.0.0.1", port)) as raw:
            raw.sendall(request.encode() + b"\r\n")
            said = raw.recv(4096).decode()
        assert said.startswith("HTTP/1.1 403")
        return
    with pytest.raises(InvalidStatus) as refused:
        visit(**more)
    assert refused.value.response.status_code == 403
    assert json.loads(refused.value.response.body)["error"] == why


def test_another_protocol_is_refused(visit):
    assert visit(subprotocols=None).turned_away()[:2] == (4400, f"a socket that speaks {SUBPROTOCOL} expected")


@pytest.mark.parametrize("path", ["/", "/?token=wrong", "/worklet.js", "/v1/models", "/openapi.json"])
def test_nothing_is_answered_without_the_token(port, path):
    status, said, _ = get(port, path)
    assert status == 403
    assert json.loads(said) == {"error": "a wrong token, or none: open the address that emospike printed"}


def test_programs_name_the_token_as_a_bearer(port):
    assert get(port, "/v1/models", Authorization="Bearer a-token")[0] == 200


def test_the_page_may_load_nothing_from_elsewhere(port):
    status, html, headers = get(port, "/?token=a-token")
    assert status == 200
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "http" not in policy
    (script,) = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    assert name_source(script) in policy
    assert name_source(style) in policy
    assert not re.search(r"(src|href)=(?!\"data:)", html.replace(script, ""))
    assert (html, policy) == make_page("live", NOT_KEPT, "pictures are not looked at")


@pytest.mark.usefixtures("landmarker")
def test_sound_and_pictures_over_a_socket_are_decided_together(look, data_dir, seeing):
    page, film, told = look(), Clip(data_dir / "samples/video/01-01-02-01-01-02-01.mp4"), []
    frames, sound = list(film.frames(3)), np.pad(film.sound, (0, 16_000))
    for at in range(0, len(sound), 1600):
        page.send(sound[at : at + 1600])
        while frames and frames[0].time < (at + 1600) / 16_000:
            page.show(made_up.pack_picture(frames.pop(0).image), age=20)
            told += page.hear(lambda row: row["type"] == "face")
    page.socket.send('{"type": "pause"}')
    told += page.hear(lambda row: row["type"] == "state" and row["heard"] >= len(sound) / 16_000)
    (final,) = [row for row in told if row["type"] == "decision" and row["final"]]
    assert {*final["share"]} == {*final["alone"]} == {"audio", "face"}
    assert final["threshold"] == seeing.thresholds["both"]
    assert final["label"] == "low"
    page.socket.close()


@pytest.mark.usefixtures("landmarker")
def test_garbage_among_pictures_is_told_once_and_sound_goes_on(look, talk):
    page = look()
    for data in [b"", b"no picture", GREY[:900], b"\x89PNG", GREY, b"again"]:
        page.show(data)
    page.send(talk)
    told = page.hear(lambda row: row["type"] == "state" and row["heard"] > 6.9)
    assert sum(row["type"] == "decision" and row["final"] for row in told) == 2
    assert sum(row["type"] == "note" for row in told) <= 1
    assert told[-1]["lost"] == 0
    page.socket.close()


@pytest.mark.usefixtures("landmarker")
def test_a_flood_of_pictures_loses_no_sound(look, talk):
    """Of pictures that come far too fast the newest are looked at."""
    page = look()
    for at in range(0, len(talk), 1600):
        page.send(talk[at : at + 1600])
        for _ in range(5):
            page.show(GREY)
    told = page.hear(lambda row: row["type"] == "state" and row["heard"] > 6.9)
    assert sum(row["type"] == "decision" and row["final"] for row in told) == 2
    assert told[-1]["lost"] == 0
    page.socket.close()


def test_a_model_that_hears_alone_passes_pictures_over(visit, port):
    page = visit()
    page.show(GREY)  # before hello as well
    page.hello()
    page.show(GREY)
    page.send(np.zeros(1600, np.float32))
    told = page.hear(lambda row: row["type"] == "state")
    assert (told[0]["type"], told[0]["sees"]) == ("welcome", False)
    assert not [row for row in told if row["type"] in ("face", "note", "error")]
    page.socket.close()
    assert 'data-blind="pictures are not looked at"' in get(port, "/?token=a-token")[1]
