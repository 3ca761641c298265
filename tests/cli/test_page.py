"""``emospike live`` and ``emospike view`` as processes: the browser that they open, and what is one line."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from urllib.parse import urlsplit

import numpy as np
import pytest

pytest.importorskip("uvicorn")
pytest.importorskip("websockets")

from emospike import store
from emospike.cli.page import choose_live_model, describe_model, warm_up_eyes
from emospike.cli.serve import listen
from emospike.clip import Clip
from emospike.features.face_landmarker import VARIABLE

COMMAND = [sys.executable, "-c", "from emospike.cli import main; main()"]


def begin(*arguments, **more):
    command = [*COMMAND, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)


def end(process):
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode in (0, 130)
    return out, err


@pytest.mark.parametrize("command", ["live", "view"])
def test_the_page_is_opened_in_the_browser(command, model, tmp_path):
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/opened\n')
    browser.chmod(0o755)
    which = [model] if command == "live" else ["--model", model]
    process = begin(command, *which, "--port", "0", env=os.environ | {"BROWSER": str(browser)})
    address = process.stdout.readline().split()[0]
    for _ in range(300):
        if (tmp_path / "opened").exists() and (tmp_path / "opened").read_text():
            break
        time.sleep(0.1)
    assert (tmp_path / "opened").read_text() == f"{address}\n"
    assert end(process) == ("", "stopped\n")


def test_where_there_is_no_browser_a_note_says_so(model, tmp_path):
    bare = {"PATH": str(tmp_path), "BROWSER": str(tmp_path / "none"), "HOME": str(tmp_path)}
    process = begin("live", model, "--port", "0", env=bare | {"PYTHONPATH": os.environ.get("PYTHONPATH", "")})
    process.stdout.readline()
    assert process.stderr.readline() == "note: no browser could be opened: open the address yourself\n"
    end(process)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_nothing_that_was_sent_stays_when_it_is_ended(model, wav, tmp_path, number):
    process = begin("view", "--model", model, "--no-browser", "--port", "0", env=os.environ | {"TMPDIR": str(tmp_path)})
    address = urlsplit(process.stdout.readline().split()[0])
    connection = http.client.HTTPConnection(address.netloc, timeout=60)
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n' + wav.read_bytes()
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    connection.request("POST", f"/v1/recordings?{address.query}", body + b"\r\n--x--\r\n", kind)
    assert connection.getresponse().status == 200
    connection.close()
    assert len(list(tmp_path.glob("emospike-*/*/a.wav"))) == 1
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (128 + signal.SIGTERM, "")
    assert list(tmp_path.glob("emospike-*")) == []


def test_a_port_in_use_is_one_line(run, model):
    with listen(0) as place:
        port = place.getsockname()[1]
        for command in (["live", model], ["view", "--model", model]):
            found = run(*command, "--no-browser", "--port", port)
            assert (found.code, found.out) == (2, "")
            assert found.err.startswith(f"error: cannot listen at port {port} (")
            assert found.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["view", "nowhere.wav"], "nowhere.wav does not exist: check the path"),
        (["view", "--port", "-1"], "port must lie in 0 to 65535, got -1"),
        (["view", "--model", "spiking_emotions-face"], "streams are of sound, and this model perceives face"),
        (["view", "--threshold", "2"], "threshold must lie in 0 to 1, got 2"),
        (
            ["live", "--record", "{}"],
            "--record asks for consent in a terminal: where all who are heard agree, give --cons",
        ),
        (["live", "--consent"], "--consent is of --record"),
        (["live", "--record", "{}/not/made"], "--record asks for consent in a terminal"),
        (["live", "--record", "/dev/null/kept", "--consent"], "cannot make the folder"),
        (["live", "--stdin", "--record", "{}"], "--record is of the page"),
        (["live", "spiking_emotions-face"], "streams are of sound, and this model perceives face"),
    ],
)
def test_what_cannot_be_shown_is_one_line(run, arguments, said, tmp_path):
    found = run(*(one.format(tmp_path) for one in arguments), "--no-browser")
    assert (found.code, found.out) == (2, "")
    (line,) = [line for line in found.err.splitlines() if not line.startswith("note: all sound that the page hears")]
    assert said in line
    assert list(tmp_path.iterdir()) == []


def test_what_was_kept_is_shown_again(tmp_path):
    process = begin("replay", tmp_path)
    _, err = process.communicate(timeout=60)
    assert err == f"error: {tmp_path} holds nothing that emospike live --record kept\n"
    keep(tmp_path)
    process = begin("replay", tmp_path, "--port", "0", "--no-browser")
    address = urlsplit(process.stdout.readline().split()[0])
    connection = http.client.HTTPConnection(address.netloc, timeout=60)
    connection.request("GET", f"/v1/recordings?{address.query}")
    model, recording = (json.loads(line) for line in connection.getresponse().read().decode().splitlines())
    assert (model["model"], recording["name"]) == ("excube2-arousal", "then.flac")
    connection.request("GET", f"/v1/recordings/{recording['id']}/timeline?{address.query}")
    rows = [json.loads(line) for line in connection.getresponse().read().decode().splitlines()]
    assert [one["reason"] for row in rows for one in row["decisions"]] == ["as it was then"]
    end(process)


@pytest.mark.parametrize(("name", "by"), [("excube2-both", "both"), ("excube2-arousal", "audio")])
def test_a_face_that_was_kept_is_explained_by_who_can_see_it(name, by, monkeypatch):
    monkeypatch.setattr("emospike.explain.format_explanation", lambda explained: explained)
    system = store.load(name)
    monkeypatch.setattr(type(system), "explain", lambda self, clip, threshold, modality: modality)
    explain = describe_model(system, name, None).explain
    assert explain(Clip("then.flac", 1.0, 2.0, face="then.csv.gz")) == by
    assert explain(Clip("film.mp4", 1.0, 2.0)) == "audio"  # as view decides


def keep(folder):
    import soundfile

    soundfile.write(folder / "then.flac", np.zeros(48_000), 16_000)
    row = {"start": 0.5, "stop": 1.5, "label": "low", "answered": True, "confidence": 0.9, "reason": "as it was then"}
    told = {"model": "excube2-arousal", "decisions": [row | {"probabilities": {"low": 0.9, "high": 0.1}}]}
    (folder / "then.json").write_text(json.dumps(told))


def test_the_page_asks_the_model_of_both_senses_where_it_may(monkeypatch):
    assert choose_live_model() == "excube2-both"
    monkeypatch.setenv("EMOSPIKE_LICENCE", "commercial")
    assert choose_live_model() == "excube2-open"


def test_nothing_is_fetched_for_a_page(monkeypatch, tmp_path):
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert warm_up_eyes(store.load("excube2-both")).startswith("no face can be found: pip install")
    assert list(tmp_path.iterdir()) == []


def test_why_faces_cannot_be_seen_is_one_line(monkeypatch, tmp_path):
    pytest.importorskip("mediapipe")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "gone.task"))
    assert warm_up_eyes(store.load("excube2-arousal")) == "this model perceives audio: load one that hears and sees"
    assert warm_up_eyes(store.load("excube2-both")).startswith(f"there is no face model at {tmp_path}")


@pytest.mark.usefixtures("landmarker")
def test_eyes_are_warm_before_the_first_picture():
    assert warm_up_eyes(store.load("excube2-both")) == ""
