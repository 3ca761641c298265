"""The REST interface over real sockets: what is answered, refused and bounded."""

import http.client
import json
import threading
import time
from pathlib import Path

import pytest

uvicorn = pytest.importorskip("uvicorn")
pytest.importorskip("starlette")
pytest.importorskip("python_multipart")

from emospike.cli.serve import listen  # noqa: E402
from emospike.server.guard import Guard  # noqa: E402
from emospike.server.rest import RequestLimits, make_app  # noqa: E402
from emospike.validation import InputError  # noqa: E402

CARDS = {"first": {"labels": "arousal", "accuracy": float("nan")}, "second": {"labels": "emotion"}}


def tell(name, path):
    """What a model might say: how large a file is."""
    data = path.read_bytes()
    if data == b"odd":
        return {"file": str(path), "error": f"{path} is odd"}
    if data == b"broken":
        raise RuntimeError("a fault of ours")
    if data.startswith(b"slow"):
        time.sleep(1.0)
    return {"file": str(path), "label": "high", "bytes": len(data), "suffix": path.suffix, "reason": f"of {path}"}


class Running:
    """A server that runs in a thread."""

    def __init__(self, limits):
        self.place = listen(0)
        self.port = self.place.getsockname()[1]
        app = make_app(tell, CARDS, self.port, limits)
        self.server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.place]})
        self.thread.start()
        while not self.server.started:
            time.sleep(0.01)

    def stop(self):
        self.server.should_exit = True
        self.thread.join()
        self.place.close()

    def ask(self, method, path, body=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, {"Host": f"localhost:{self.port}"} | named)
        answer = connection.getresponse()
        found = answer.status, json.loads(answer.read()), dict(answer.getheaders())
        connection.close()
        return found

    def send(self, data, name="a b.wav", path="/v1/recognise", field="file", **headers):
        head = f'--x\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n\r\n'
        body = head.encode() + data + b"\r\n--x--\r\n"
        return self.ask("POST", path, body, Content_Type="multipart/form-data; boundary=x", **headers)


@pytest.fixture(scope="module")
def server():
    running = Running(RequestLimits(upload=2**20, seconds=2.0, at_once=1, waiting=1))
    yield running
    running.stop()


def test_a_recording_is_decided_under_its_own_name(server):
    status, found, headers = server.send(b"12345")
    assert status == 200
    assert found == {
        "file": "a b.wav", "label": "high", "bytes": 5, "suffix": ".wav", "reason": "of a b.wav", "model": "first"
    }  # fmt: skip
    assert headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in headers


def test_a_fault_of_the_server_is_told_and_the_next_is_decided(server):
    status, found, _ = server.send(b"broken")
    assert (status, found) == (500, {"error": "the server failed on this recording: its own output says why"})
    assert server.send(b"12345")[0] == 200


def test_nothing_stays_of_it(server, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for data in (b"1" * 10, b"odd", b"1" * 2**19):
        server.send(data)
    assert list(Path(tmp_path).iterdir()) == []


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "x.wav/../y", "a.w/v", "é.mp3", ".", "a.b;rm", "a" * 300 + ".wav", "a." + "b" * 300]
)
def test_names_lead_nowhere(server, name):
    status, found, _ = server.send(b"1", name)
    assert status == 200
    assert "/" not in found["suffix"]
    assert "emospike-" not in found["reason"]


def test_a_model_is_chosen(server):
    assert server.send(b"1", path="/v1/recognise?model=second")[1]["model"] == "second"
    status, found, _ = server.send(b"1", path="/v1/recognise?model=third")
    assert (status, found) == (404, {"error": "no model 'third' is served: there is first, second"})


def test_what_is_wrong_with_a_recording_is_told(server):
    status, found, _ = server.send(b"odd")
    assert (status, found["error"]) == (422, "a b.wav is odd")


def test_it_says_what_it_is(server):
    assert server.ask("GET", "/healthz")[:2] == (200, {"status": "ok"})
    models = server.ask("GET", "/v1/models")[1]["models"]
    assert models[0] == {"name": "first", "labels": "arousal", "accuracy": None}
    described = server.ask("GET", "/openapi.json")[1]
    assert described["openapi"] == "3.1.0"
    for path, methods in described["paths"].items():
        for method in methods:
            assert server.ask(method.upper(), path)[0] != 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/v1/recognise", 405), ("POST", "/healthz", 405), ("GET", "/", 404), ("GET", "/../etc/passwd", 404)],
)
def test_what_is_not_there(server, method, path, status):
    found = server.ask(method, path)
    assert found[0] == status
    assert "see /openapi.json" in found[1]["error"]


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "localhost:1", "", "127.0.0.1:{port}."]
)
def test_other_hosts_are_refused(server, host):
    status, found, _ = server.send(b"1", Host=host.format(port=server.port))
    assert (status, found) == (403, {"error": "asked for another host than this machine"})


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://localhost:{port}", "http://localhost:1"])
def test_pages_of_other_sites_are_refused(server, origin):
    status, found, _ = server.send(b"1", Origin=origin.format(port=server.port))
    assert (status, found) == (403, {"error": "asked by a page of another site"})


def test_pages_of_its_own_are_not(server):
    assert server.send(b"1", Origin=f"http://127.0.0.1:{server.port}", Host=f"127.0.0.1:{server.port}")[0] == 200


def test_too_much_is_refused_whatever_is_announced(server):
    status, found, _ = server.send(bytes(2 * 2**20))
    assert (status, found) == (413, {"error": "more than 1 MB: cut the recording"})
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    pieces = iter([b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n', *[bytes(2**16)] * 64])
    headers = {"Content-Type": "multipart/form-data; boundary=x", "Transfer-Encoding": "chunked"}
    try:
        connection.request("POST", "/v1/recognise", pieces, headers, encode_chunked=True)
        assert connection.getresponse().status == 413
    except (BrokenPipeError, ConnectionResetError):  # it was cut off while it still sent
        pass
    assert server.ask("GET", "/healthz")[0] == 200


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"", ""), (b"abc", "text/plain"), (b"abc", "multipart/form-data"), (b"abc", "multipart/form-data; boundary=x")],
)
def test_garbage_is_one_line(server, body, kind):
    status, found, _ = server.ask("POST", "/v1/recognise", body, Content_Type=kind)
    assert status == 400
    assert "\n" not in found["error"]


def test_a_field_that_is_no_file(server):
    assert server.send(b"1", field="other")[1] == {
        "error": "a form with a file named 'file' expected: curl -F file=@my.wav"
    }


def test_one_that_never_ends_is_given_up(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.putrequest("POST", "/v1/recognise")
    connection.putheader("Content-Type", "multipart/form-data; boundary=x")
    connection.putheader("Content-Length", "1000")
    connection.endheaders(b"--x\r\n")
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["error"]) == (408, "the recording did not come within 2 s")


def test_more_than_can_wait_are_sent_away(server):
    found = []
    threads = [threading.Thread(target=lambda: found.append(server.send(b"slow"))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted({status for status, _, _ in found}) == [200, 503]
    assert sum(status == 200 for status, _, _ in found) >= 2
    assert next(headers["retry-after"] for status, _, headers in found if status == 503) == "1"
    assert server.send(b"1")[0] == 200


def test_a_port_that_is_taken_is_told(server):
    with pytest.raises(InputError, match=rf"cannot listen at port {server.port} \(.*in use\): name another"):
        listen(server.port)


def test_clients_do_not_name_port_80():
    guard = Guard(print, 80, 1)
    assert guard.refuse({b"host": b"localhost", b"origin": b"http://localhost"}) is None
    assert guard.refuse({b"host": b"evil.example"}) == "asked for another host than this machine"
    assert Guard(print, 8765, 1).refuse({b"host": b"localhost"}) == "asked for another host than this machine"
