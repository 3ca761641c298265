"""Where the face model comes from."""

import hashlib
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from emospike.features import face_landmarker as module
from emospike.features.face_landmarker import find_model
from emospike.validation import InputError


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache, and no model named."""
    monkeypatch.delenv(module.VARIABLE, raising=False)
    monkeypatch.setattr("pooch.os_cache", lambda _: tmp_path / "cache")
    return tmp_path / "cache"


@pytest.fixture
def served(tmp_path, monkeypatch):
    """A server that has the model, and its checksum."""
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / module.NAME).write_bytes(b"model")

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "web"))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(module, "ADDRESS", f"http://127.0.0.1:{server.server_port}/{module.NAME}")
        monkeypatch.setattr(module, "SHA256", hashlib.sha256(b"model").hexdigest())
        yield server
        server.shutdown()


def test_a_file_named_comes_first(tmp_path, monkeypatch, cache):
    given, other = tmp_path / "given.task", tmp_path / "other.task"
    given.touch()
    other.touch()
    monkeypatch.setenv(module.VARIABLE, str(other))
    assert find_model(given) == find_model(str(given)) == given
    assert find_model() == other
    with pytest.raises(InputError, match="there is no face model at nowhere"):
        find_model("nowhere")
    monkeypatch.setenv(module.VARIABLE, str(tmp_path))
    with pytest.raises(InputError, match="there is no face model"):
        find_model()
    assert not cache.exists()


def test_it_is_fetched_once(cache, served):
    assert find_model().read_bytes() == b"model"
    served.shutdown()
    assert find_model() == cache / module.NAME


def test_what_has_another_checksum_is_thrown_away(cache, served, monkeypatch):
    monkeypatch.setattr(module, "SHA256", "0" * 64)
    with pytest.raises(InputError, match="another checksum") as caught:
        find_model()
    assert "\n" not in str(caught.value)
    assert not list(cache.glob("*"))


def test_no_network(cache, served):
    served.shutdown()
    served.server_close()
    with pytest.raises(InputError, match=r"ConnectionError\): connect .* EMOSPIKE_FACE_MODEL"):
        find_model()
    assert not list(cache.glob("*"))


def test_a_cache_that_cannot_be_written(cache, served):
    cache.write_text("in the way")
    with pytest.raises(InputError, match="could not be fetched into"):
        find_model()
