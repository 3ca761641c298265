"""``emospike live`` on what is piped in, and timelines of recordings."""

import csv
import json
import subprocess
import sys
from contextlib import nullcontext

import made_up
import numpy as np
import pytest
import soundfile

from emospike import store
from emospike.streaming import microphone
from emospike.streaming.piped import PipedSound
from emospike.validation import InputError

COMMAND = [sys.executable, "-c", "from emospike.cli import main; main()", "live"]


@pytest.fixture(scope="module")
def talk(tmp_path_factory):
    """Two utterances, and what follows."""
    pause = np.zeros(16_000, np.float32)
    parts = [pause, made_up.voice(1.2, 120.0), pause, made_up.voice(0.8, 220.0, seed=1), pause]
    path = tmp_path_factory.mktemp("talk") / "talk.wav"
    soundfile.write(path, np.concatenate(parts), 16_000)
    return path


def hear(data, *arguments):
    command = [*COMMAND, *map(str, arguments)]
    found = subprocess.run(command, input=data, capture_output=True, timeout=400, check=False)
    return found.returncode, found.stdout.decode(), found.stderr.decode()


def test_a_line_of_json_a_decision(model, talk, tmp_path):
    code, out, err = hear(talk.read_bytes(), model, "--stdin", "--timeline", tmp_path / "t.csv")
    assert (code, err) == (0, "")
    rows = [json.loads(line) for line in out.splitlines()]
    assert [row["final"] for row in rows] == [True, True]
    assert rows[0]["start"] == pytest.approx(0.4, abs=0.1)
    assert rows[0]["stop"] == pytest.approx(2.7, abs=0.2)
    assert set(rows[0]["probabilities"]) == {"high", "low"}
    told = list(csv.DictReader((tmp_path / "t.csv").open()))
    assert [float(row["start"]) for row in told] == pytest.approx([row["start"] for row in rows], abs=1e-3)


@pytest.mark.parametrize("spoken", [True, False])
def test_a_microphone_that_is_gone_leaves_what_was_heard_alone(run, model, talk, tmp_path, *, monkeypatch, spoken):
    """Where nothing was, there is no empty timeline in the way of the next run."""

    def record():
        yield soundfile.read(talk, dtype="float32")[0] if spoken else np.zeros(16_000, np.float32)
        raise InputError("no sound comes from the microphone any more")

    monkeypatch.setattr(microphone, "open_microphone", lambda _: nullcontext(PipedSound(16_000.0, record())))
    found = run("live", model, "--terminal", "--timeline", tmp_path / "t.csv")
    assert found.code != 0
    assert "no sound comes" in found.err
    assert (tmp_path / "t.csv").exists() == spoken


def test_samples_alone_are_heard_alike(model, talk):
    _, out, _ = hear(talk.read_bytes(), model, "--stdin")
    code, raw, _ = hear(talk.read_bytes()[44:], model, "--stdin", "--rate", 16_000)
    strip = [[{**json.loads(line), "seconds": None} for line in text.splitlines()] for text in (out, raw)]
    assert code == 0
    assert strip[0] == strip[1]


def test_one_who_has_learnt_to_decide_early(run, data, talk, tmp_path):
    path = tmp_path / "early.safetensors"
    found = run("train", "excube2", "--data", data, "--preset", "tiny", "-o", path, "--early")
    assert found.code == 0, found.err
    assert list(store.load(path).early_) == [0.5, 1.0]
    _, out, _ = hear(talk.read_bytes(), path, "--stdin", "--same-speaker")
    rows = [json.loads(line) for line in out.splitlines()]
    assert [row["final"] for row in rows] == [False, False, True, False, False, True]
    assert "after 0.5 s" in rows[0]["reason"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["--stdin", "--terminal"],
            "--stdin (a recording is piped in) or --terminal (the microphone) expected, not bot",
        ),
        (["--port", "70000", "--no-browser"], "port must lie in 0 to 65535, got 70000"),
        (["--timeline", "t.csv"], "--timeline is of --stdin and --terminal: the page stores nothing"),
        (["--device", "1"], "--device is of --terminal"),
        (["--stdin"], "no sound comes through the pipe that can be read"),
        (["--terminal", "--rate", "16000"], "--rate is of --stdin"),
        (["--stdin", "--device", "0"], "--device is of --terminal"),
        (["--stdin", "--timeline", "t.txt"], "a timeline ends in .csv, .eaf, .TextGrid or .srt, got t.txt"),
        (["--stdin", "--rate", "3"], "sample rate in Hz must lie in 8000 to 192000, got 3"),
        (["--terminal", "--device", "no such microphone"], "microphone"),
    ],
)
def test_what_cannot_be_heard_is_one_line(model, arguments, said):
    code, out, err = hear(b"talk", model, *arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert err.startswith("error: ")
    assert err.count("\n") == 1


def test_the_timeline_of_a_recording(run, model, wav, tmp_path):
    rows = run("recognise", wav, "--model", model, "--json", "--window", "0.5", "--timeline", tmp_path / "t.csv").rows
    told = list(csv.DictReader((tmp_path / "t.csv").open()))
    windows = rows[0]["windows"]
    assert [float(row["stop"]) for row in told] == [one["stop"] for one in windows]
    known = [one["answered"] or one["confidence"] is None for one in windows]
    expected = [one["label"] if sure else "don't know" for one, sure in zip(windows, known, strict=True)]
    assert [row["label"] for row in told] == expected


def test_the_timeline_of_a_short_recording_is_one_segment(run, model, wav, tmp_path):
    assert run("recognise", wav, "--model", model, "--timeline", tmp_path / "t.srt").code == 0
    assert (tmp_path / "t.srt").read_text().startswith("1\n00:00:00,000 --> 00:00:02,000\n")


def test_no_timeline_takes_the_place_of_a_file(run, model, wav, data, tmp_path):
    there = tmp_path / "mine.eaf"
    there.write_text("years of work")
    found = run("recognise", wav, "--model", model, "--timeline", there)
    assert (found.code, found.out) == (2, "")
    assert "is there already: name another file" in found.err
    assert there.read_text() == "years of work"
    found = run("recognise", data, "--model", model, "--timeline", tmp_path / "t.csv")
    assert "--timeline is of one recording, got 32: name one" in found.err
