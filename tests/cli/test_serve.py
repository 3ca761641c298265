"""``emospike serve`` as a process: the decision that recognise prints, and its end."""

import http.client
import json
import os
import signal
import subprocess
import sys

import pytest
import soundfile

pytest.importorskip("uvicorn")
pytest.importorskip("python_multipart")

from emospike.cli import serve as command
from emospike.validation import InputError

COMMAND = [sys.executable, "-c", "from emospike.cli import main; main()", "serve"]


@pytest.fixture(scope="module")
def served(model):
    """The port of a server of the small model."""
    process = subprocess.Popen(
        [*COMMAND, str(model), "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    line = process.stdout.readline()
    assert line.startswith("http://127.0.0.1:"), process.stderr.read()
    assert line.endswith(" serves tiny; Ctrl-C ends it\n")
    yield int(line.split()[0].rsplit(":", 1)[1])
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode in (0, 130)
    assert "Traceback" not in err


def send(port, data, name):
    head = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request(
        "POST", "/v1/recognise", head + data + b"\r\n--x--\r\n", {"Content-Type": "multipart/form-data; boundary=x"}
    )
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def test_it_decides_as_recognise_does(served, run, model, wav):
    status, found = send(served, wav.read_bytes(), "speech.wav")
    (row,) = run("recognise", wav, "--model", model, "--json").rows
    assert status == 200
    assert {**found, "seconds": None} == {**row, "seconds": None, "file": "speech.wav", "model": "tiny"}


def test_what_is_wrong_with_a_recording_is_one_line(served):
    status, found = send(served, b"this is no sound", "talk.wav")
    assert status == 422
    assert found["error"].startswith("talk.wav ")
    assert "emospike-" not in found["error"]


def test_a_recording_that_lasts_too_long(served, monkeypatch, tmp_path):
    path = tmp_path / "hours.flac"
    with soundfile.SoundFile(path, "w", 8_000, 1) as file:
        for _ in range(70):
            file.write([[0.0]] * 480_000)
    status, found = send(served, path.read_bytes(), "hours.flac")
    assert (status, found["error"]) == (422, "hours.flac lasts 70 minutes, 60 at most are taken")


def test_other_machines_need_a_token(model, wav):
    token = "a token of 24 characters"
    with subprocess.Popen(
        [*COMMAND, str(model), "--port", "0", "--host", "0.0.0.0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"EMOSPIKE_TOKEN": token},
    ) as process:
        port = int(process.stdout.readline().split()[0].rsplit(":", 1)[1])
        bearer = {"Host": "recogniser.example", "Authorization": f"Bearer {token}"}
        found = [ask(port, *one) for one in (("/healthz", {}), ("/v1/models", {}), ("/v1/models", bearer))]
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert [status for status, _ in found] == [200, 403, 200]
    assert found[1][1] == {"error": "a wrong token, or none: Authorization: Bearer TOKEN"}
    assert found[2][1]["models"][0]["name"] == "tiny"
    assert "nothing is encrypted" in err
    assert token not in err


def ask(port, path, headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def test_a_token_is_made_up_for_other_machines_alone(monkeypatch):
    monkeypatch.delenv("EMOSPIKE_TOKEN", raising=False)
    assert command.choose_token("127.0.0.1") is None
    assert len(command.choose_token("0.0.0.0")) > 24
    monkeypatch.setenv("EMOSPIKE_TOKEN", "short")
    with pytest.raises(InputError, match="EMOSPIKE_TOKEN must have 16 characters at least"):
        command.choose_token("127.0.0.1")
    monkeypatch.delenv("EMOSPIKE_TOKEN")
    with pytest.raises(InputError, match=r"host 'here': an address such as 127\.0\.0\.1"):
        command.choose_token("here")


def test_what_cannot_be_served_is_one_line(run, model, monkeypatch):
    assert run("serve", model, model, "--port", "0").err == "error: two models have one name: give each file another\n"
    assert "port must lie in 0 to 65535, got 70000" in run("serve", model, "--port", "70000").err
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(InputError, match=r"needs starlette and uvicorn .*: pip install 'emospike\[serve\]'"):
        command.check_server()
