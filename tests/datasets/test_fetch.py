import hashlib
import io
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from emospike.datasets import DATASETS, fetch, ravdess
from emospike.datasets.fetch import ARCHIVES, BLOCK, Archive, fetch_archive
from emospike.validation import InputError

SOUND = bytes(range(256)) * 200
CLIPS = [f"Actor_{a:02d}/03-01-0{e}-01-01-01-{a:02d}.wav" for a in (1, 2) for e in (4, 5)]


def zipped(names):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            # an info without a date makes the same archive each time
            archive.writestr(zipfile.ZipInfo(name), SOUND)
    return file.getvalue()


def described(content, url):
    return Archive("Speech.zip", len(content), hashlib.md5(content).hexdigest(), url, "free")


class Server(ThreadingHTTPServer):
    """Serves one file at /Speech.zip; `drops` says after how many bytes the next answers break off."""

    def __init__(self, content):
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.drops, self.asked, self.ranges, self.page = content, [], [], True, b""

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self):
        asked = self.headers.get("Range", "bytes=0-")
        self.server.asked.append(asked)
        if self.server.page:
            self.send_response(200)
            self.send_header("Content-Length", str(len(self.server.page)))
            self.end_headers()
            self.wfile.write(self.server.page)
            return None
        if self.path != "/Speech.zip":
            return self.send_error(404)
        start = int(asked.removeprefix("bytes=").rstrip("-")) if self.server.ranges else 0
        content = self.server.content
        if start >= len(content):
            return self.send_error(416)
        self.send_response(206 if self.server.ranges else 200)
        if self.server.ranges:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        sent = self.server.drops.pop(0) if self.server.drops else len(content)
        self.wfile.write(content[start : start + sent])
        self.close_connection = True
        return None

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(fetch.time, "sleep", lambda seconds: None)
    server = Server(zipped(CLIPS))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def get(server, folder, progress=None):
    return fetch_archive(described(zipped(CLIPS), server.url), folder, progress)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_fetched_recordings_load(server, tmp_path):
    seen = []
    clips = get(server, tmp_path / "new" / "folder", lambda done, total: seen.append((done, total)))
    assert clips == tmp_path / "new" / "folder" / "Speech"
    dataset = ravdess.load(tmp_path)
    assert dataset.labels.tolist() == ["sad", "angry"] * 2
    assert dataset.paths[0].read_bytes() == SOUND
    assert seen[-1] == (len(server.content), len(server.content))
    assert names(clips.parent) == ["Speech", "Speech.zip"]


def test_a_second_fetch_does_nothing(server, tmp_path):
    get(server, tmp_path)
    get(server, tmp_path)
    (tmp_path / "Speech.zip").unlink()
    get(server, tmp_path)
    assert len(server.asked) == 1


def test_an_archive_that_is_there_is_checked_and_used(server, tmp_path):
    (tmp_path / "Speech.zip").write_bytes(server.content)
    assert len(ravdess.load(get(server, tmp_path))) == 4
    assert server.asked == []


def test_a_dropped_connection_is_resumed(server, tmp_path):
    server.drops = [4 * BLOCK, 0, 3 * BLOCK + 99]
    get(server, tmp_path)
    assert server.asked == [f"bytes={n * BLOCK}-" for n in (0, 4, 4, 7)]
    assert len(ravdess.load(tmp_path)) == 4


def test_a_later_call_goes_on_from_there(server, tmp_path):
    server.drops = [4 * BLOCK, 0, 0, 0, 0]
    with pytest.raises(InputError, match=r"0\.1 of 0\.2 MB of http.* came \(.*\): check the network and run"):
        get(server, tmp_path)
    assert names(tmp_path) == ["Speech.zip.part"]
    assert len(ravdess.load(get(server, tmp_path))) == 4
    assert server.asked[-1] == f"bytes={4 * BLOCK}-"
    assert names(tmp_path) == ["Speech", "Speech.zip"]


def test_a_page_of_the_network_does_not_take_the_place_of_what_came(server, tmp_path):
    server.drops = [4 * BLOCK, 0, 0, 0, 0]
    with pytest.raises(InputError, match="came"):
        get(server, tmp_path)
    before = (tmp_path / "Speech.zip.part").read_bytes()
    server.page = b"<!DOCTYPE html><html>Please log in</html>"
    with pytest.raises(InputError, match="a web page came instead, perhaps this network wants you to log in"):
        get(server, tmp_path)
    assert (tmp_path / "Speech.zip.part").read_bytes() == before
    server.page = b""
    assert len(ravdess.load(get(server, tmp_path))) == 4
    assert server.asked[-1] == f"bytes={4 * BLOCK}-"


def test_where_nothing_came_nothing_stays(server, tmp_path):
    for server.page, server.drops in ((b"<html>", []), (b"", [0, 0, 0, 0])):
        with pytest.raises(InputError, match="check the network"):
            get(server, tmp_path)
        assert names(tmp_path) == []


def test_a_server_without_ranges_starts_over(server, tmp_path):
    server.ranges, server.drops = False, [4 * BLOCK]
    assert len(ravdess.load(get(server, tmp_path))) == 4
    assert len(server.asked) == 2


@pytest.mark.parametrize("change", [lambda content: content[::-1], lambda content: content + b"more"])
def test_a_wrong_checksum_leaves_nothing_behind(server, tmp_path, change):
    server.content = change(server.content)
    with pytest.raises(InputError, match="another checksum"):
        get(server, tmp_path)
    assert names(tmp_path) == []


def test_a_part_of_another_file_is_discarded(server, tmp_path):
    (tmp_path / "Speech.zip.part").write_bytes(b"x" * 100)
    with pytest.raises(InputError, match="another checksum"):
        get(server, tmp_path)
    assert len(ravdess.load(get(server, tmp_path))) == 4


def test_a_file_that_is_too_short_is_refused(server, tmp_path):
    server.content = server.content[:-50]
    with pytest.raises(InputError, match=r"came \(the server answers 416 .*\)|came \(connection closed early\)"):
        get(server, tmp_path)
    assert not (tmp_path / "Speech").exists()
    server.content = b""
    with pytest.raises(InputError, match="the server answers 416"):
        get(server, tmp_path / "other")


def test_no_such_file_and_no_server(server, tmp_path):
    with pytest.raises(InputError, match="the server answers 404"):
        fetch_archive(described(server.content, f"{server.url}/elsewhere"), tmp_path)
    with pytest.raises(InputError, match="ConnectionError"):
        fetch_archive(described(server.content, "http://127.0.0.1:9"), tmp_path)


@pytest.mark.parametrize("name", ["../evil.wav", "Actor_01/../../evil.wav", "/evil.wav"])
def test_an_archive_that_points_outside_is_refused(server, tmp_path, name):
    server.content = zipped([*CLIPS, name])
    with pytest.raises(InputError, match="points outside"):
        fetch_archive(described(server.content, server.url), tmp_path / "data")
    assert list(tmp_path.rglob("*.wav")) == []


def test_a_folder_that_is_a_file(server, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot write to"):
        get(server, tmp_path / "file")


def test_archives_are_those_of_data_sets_that_are_known(tmp_path):
    for name, archive in ARCHIVES.items():
        assert archive.licence in DATASETS[name.split("-")[0]].licence
        assert (len(archive.md5), archive.name[-4:], archive.url[:8]) == (32, ".zip", "https://")
    with pytest.raises(InputError, match="unknown data set to fetch 'subeso': did you mean 'subesco'"):
        fetch_archive("subeso", tmp_path)
