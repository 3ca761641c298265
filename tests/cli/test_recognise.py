import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import made_up
import numpy as np
import pytest
import soundfile
from made_up import speak

from emospike import store
from emospike.cli.recognise import find_clips
from emospike.clip import Clip
from emospike.decision import verdict
from emospike.recognition import recognise_clips
from emospike.validation import InputError

KEYS = ["file", "label", "answered", "confidence", "probabilities", "reason", "seconds"]


def recognise(run, model, *arguments):
    return run("recognise", "--model", model, "--json", *arguments)


def sound(seconds=2.0, rate=16_000):
    """Vowels of a gliding pitch in syllables: enough to be taken for speech."""
    t = np.arange(round(seconds * rate)) / rate
    voice = speak(180 + 14 * np.sin(2 * np.pi * 1.5 * t), rate=rate)
    return (0.4 * voice * (0.5 - 0.5 * np.cos(2 * np.pi * 4 * t))).astype(np.float32)


def test_json_has_the_promised_keys(run, model, wav):
    outcome = recognise(run, model, wav)
    (row,) = outcome.rows
    assert outcome.code == 0
    assert list(row) == KEYS
    assert row["file"] == str(wav)
    assert row["confidence"] == row["probabilities"][row["label"]] == max(row["probabilities"].values())
    assert sum(row["probabilities"].values()) == pytest.approx(1)
    assert {"decode", "features", "encoding", "reservoir", "classifier"} <= set(row["seconds"])


def test_table(run, model, wav):
    outcome = run("recognise", "--model", model, "--threshold", 0, wav)
    assert outcome.code == 0
    assert wav.name in outcome.out
    assert "reaches the threshold" in outcome.out


def test_aroused_and_calm_voices_differ(run, model, data):
    rows = recognise(run, model, data).rows
    truth = ["high" if int(Path(row["file"]).stem[-1]) % 2 == 0 else "low" for row in rows]
    assert len(rows) == 32
    assert sum(row["label"] == right for row, right in zip(rows, truth, strict=True)) >= 30


def test_files_come_in_order(run, model, data):
    files = sorted(str(file) for file in data.glob("*.wav"))[::-1]
    assert [row["file"] for row in recognise(run, model, *files).rows] == files


def test_do_not_know_below_the_threshold(run, model, wav):
    (row,) = recognise(run, model, "--threshold", 1, wav).rows
    assert row["answered"] is False
    assert row["reason"].startswith("don't know")
    assert row["label"] in ("high", "low")
    assert "don't know" in run("recognise", "--model", model, "--threshold", 1, wav).out


@pytest.mark.parametrize("threshold", [-0.1, 1.1])
def test_threshold_out_of_range(run, model, wav, threshold):
    outcome = recognise(run, model, "--threshold", threshold, wav)
    assert (outcome.code, outcome.err) == (2, f"error: threshold must lie in 0 to 1, got {threshold}\n")


@pytest.mark.parametrize(
    ("confidence", "shown"),
    [(0.994, "0.99"), (0.996, ">0.99"), (1 - 1e-12, ">0.99"), (1.0, "1.00"), (0.006, "0.01"), (0.004, "<0.01")],
)
def test_no_confidence_is_rounded_to_certainty(confidence, shown):
    for threshold in (0.0, 1.1):
        assert f"confidence {shown} " in verdict(confidence, threshold)[1]


def test_a_risk_in_place_of_a_threshold(run, model, wav):
    (row,) = recognise(run, model, "--risk", 0.5, wav).rows
    risk = row["risk"]
    assert (row["answered"], risk["promised"], list(risk)) == (
        True,
        0.5,
        ["promised", "threshold", "method", "assumption"],
    )
    assert "conformal risk control" in risk["method"]
    assert "exchangeable" in risk["assumption"]
    assert row["confidence"] >= risk["threshold"]


def test_a_risk_that_nothing_keeps(run, model, wav):
    (row,) = recognise(run, model, "--risk", 0, wav).rows
    assert (row["answered"], row["risk"]["threshold"]) == (False, None)
    assert row["reason"] == "don't know: no threshold keeps the risk that is asked for"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--risk", 0.1, "--threshold", 0.5], "--threshold and --risk both say when to answer: give one of them"),
        (["--risk", 10], "risk must lie in 0 to 1, got 10.0"),
    ],
)
def test_risks_that_cannot_be(run, model, wav, options, said):
    outcome = run("recognise", "--model", model, *options, wav)
    assert (outcome.code, outcome.err) == (2, f"error: {said}\n")


def test_files_of_the_same_speaker_are_decided_in_order(run, model, data):
    files = sorted(data.glob("anna*.wav"))
    plain = recognise(run, model, *files).rows
    rows = recognise(run, model, "--same-speaker", *files).rows
    assert [row["same_speaker"] for row in rows] == list(range(len(files)))
    assert rows[0]["probabilities"] == plain[0]["probabilities"]
    assert any(row["probabilities"] != own["probabilities"] for row, own in zip(rows, plain, strict=True))
    again = recognise(run, model, "--same-speaker", *files).rows
    assert [row["probabilities"] for row in again] == [row["probabilities"] for row in rows]


def test_what_is_no_speech_tells_nothing_of_the_speaker(run, model, data, tmp_path):
    files = sorted(data.glob("anna*.wav"))
    soundfile.write(tmp_path / "noise.wav", 0.1 * np.random.default_rng(0).standard_normal(32_000), 16_000)
    rows = recognise(run, model, "--same-speaker", *files).rows
    more = recognise(run, model, "--same-speaker", tmp_path / "noise.wav", *files).rows
    assert not more[0]["answered"]
    assert [row["probabilities"] for row in more[1:]] == [row["probabilities"] for row in rows]


def test_several_files_are_preceded_by_a_warm_up(model, wav):
    system, heard = store.load(model), []
    decide = system._decide_whole
    system._decide_whole = lambda clip, *given: heard.append((clip.name, clip.seconds)) or decide(clip, *given)
    assert len(list(recognise_clips(system, [Clip(wav)], None, 4.0))) == 1
    assert heard == [("speech.wav", 2.0)]
    heard.clear()
    assert len(list(recognise_clips(system, [Clip(wav)] * 2, None, 4.0))) == 2
    assert heard == [("array", 0.5), ("speech.wav", 2.0), ("speech.wav", 2.0)]


def test_what_has_no_sound_is_decided_by_its_face_where_no_model_is_named(run, tmp_path):
    made_up.write_face(tmp_path / "face.csv", 2.0, smile=2.0)
    made_up.write(tmp_path / "voice.wav", made_up.voice(2.0, 150.0))
    rows = run("recognise", "--json", tmp_path / "face.csv", tmp_path / "voice.wav").rows
    assert rows[0]["share"] == {"face": 1.0}
    assert "share" not in rows[1]
    assert not any("--modality both" in row["reason"] for row in rows)


# -- bad and odd input -------------------------------------------------------------------------------------------


def test_stereo_is_as_mono(run, model, tmp_path):
    soundfile.write(tmp_path / "mono.wav", sound(), 16_000)
    soundfile.write(tmp_path / "stereo.wav", np.stack([sound(), sound()], axis=1), 16_000)
    mono, stereo = recognise(run, model, tmp_path / "mono.wav", tmp_path / "stereo.wav").rows
    assert stereo["probabilities"] == pytest.approx(mono["probabilities"], abs=0.02)


@pytest.mark.parametrize("rate", [8_000, 11_025, 44_100, 48_000, 96_000, 192_000])
def test_sample_rates(run, model, tmp_path, rate):
    soundfile.write(tmp_path / "a.wav", sound(rate=rate), rate)
    outcome = recognise(run, model, tmp_path / "a.wav")
    assert outcome.code == 0
    assert list(outcome.rows[0]) == KEYS


def test_sample_rates_out_of_range_are_told_in_hertz(run, model, tmp_path):
    soundfile.write(tmp_path / "a.wav", sound(rate=4_000), 4_000)
    (row,) = recognise(run, model, tmp_path / "a.wav").rows
    assert row["error"] == f"sample rate of {tmp_path / 'a.wav'} in Hz must lie in 8000 to 192000, got 4000.0"


def test_clipped_sound_is_decided_and_said(run, model, tmp_path):
    soundfile.write(tmp_path / "a.wav", np.clip(sound() * 20, -1, 1), 16_000, subtype="PCM_16")
    (row,) = recognise(run, model, tmp_path / "a.wav").rows
    assert "clipped" in row["reason"]


def test_a_fifth_of_a_second_is_not_answered(run, model, tmp_path):
    soundfile.write(tmp_path / "a.wav", sound(0.2), 16_000)
    outcome = recognise(run, model, "--threshold", 0, tmp_path / "a.wav")
    (row,) = outcome.rows
    assert outcome.code == 0
    assert row["answered"] is False
    assert row["reason"].startswith("don't know: 0.20 s of sound")


TIME = np.arange(48_000) / 16_000
NOISES = {
    "white noise": np.random.default_rng(0).standard_normal(48_000),
    "brown noise": np.cumsum(np.random.default_rng(1).standard_normal(48_000)),
    "mains hum": sum(np.sin(2 * np.pi * 50 * k * TIME) / k for k in range(1, 9)),
    "tone": np.sin(2 * np.pi * 440 * TIME),
    "clicks": 1.0 * (np.arange(48_000) % 5_000 < 3),
    "notes": sum(np.sin(2 * np.pi * k * 220 * 2 ** (np.floor(3 * TIME) / 6) * TIME) / k for k in range(1, 7)),
}


@pytest.mark.parametrize("kind", NOISES)
def test_what_is_no_speech_is_not_answered(run, model, tmp_path, kind):
    noise = NOISES[kind]
    soundfile.write(tmp_path / "noise.wav", 0.5 * noise / np.abs(noise).max(), 16_000)
    outcome = recognise(run, model, "--threshold", 0, tmp_path / "noise.wav")
    (row,) = outcome.rows
    assert outcome.code == 0
    assert row["answered"] is False
    assert re.match(r"don't know: no speech was heard: .*\d+", row["reason"])
    assert sum(row["probabilities"].values()) == pytest.approx(1)


def test_speech_is_answered(run, model, wav, tmp_path):
    soundfile.write(tmp_path / "a.wav", sound(), 16_000)
    rows = recognise(run, model, "--threshold", 0, wav, tmp_path / "a.wav").rows
    assert [row["answered"] for row in rows] == [True, True]


def test_truncated_sound_is_decided_and_said(run, model, tmp_path):
    soundfile.write(tmp_path / "whole.wav", sound(3.0), 16_000)
    (tmp_path / "cut.wav").write_bytes((tmp_path / "whole.wav").read_bytes()[:64_000])
    outcome = recognise(run, model, tmp_path / "cut.wav")
    assert outcome.code == 0
    assert "cut short" in outcome.rows[0]["reason"]


def _silent(path):
    soundfile.write(path, np.zeros(32_000, np.float32), 16_000)


def _nan(path):
    broken = sound()
    broken[1000] = np.nan
    soundfile.write(path, broken, 16_000, subtype="FLOAT")


def _text(path):
    path.write_text("this is no sound\n" * 100)


def _empty(path):
    path.touch()


def _headless(path):
    soundfile.write(path, sound(), 16_000)
    path.write_bytes(path.read_bytes()[:20])


@pytest.mark.parametrize(
    ("make", "said"),
    [(_silent, "silent"), (_nan, "NaN"), (_text, "a.wav"), (_empty, "a.wav"), (_headless, "a.wav")],
)
def test_what_cannot_be_read_is_said_and_the_rest_goes_on(run, model, wav, tmp_path, *, make, said):
    bad = tmp_path / "a.wav"
    make(bad)
    outcome = recognise(run, model, bad, wav)
    first, second = outcome.rows
    assert outcome.code == 2
    assert list(first) == ["file", "error"]
    assert said in first["error"]
    assert "\n" not in first["error"]
    assert list(second) == KEYS
    assert bad.name in run("recognise", "--model", model, bad, wav).out


def test_missing_file(run, model, wav):
    outcome = recognise(run, model, "nowhere.wav", wav)
    assert outcome.code == 2
    assert [sorted(row)[0] for row in outcome.rows] == ["error", "answered"]


def test_empty_folder(run, model, tmp_path):
    outcome = recognise(run, model, tmp_path)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(f"error: {tmp_path} holds no recording")
    assert outcome.err.count("\n") == 1


def test_missing_and_damaged_models(run, model, wav, tmp_path):
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(model.read_bytes()[:5000])
    text = tmp_path / "text.safetensors"
    text.write_text("no model")
    for bad in ("no-such-model", damaged, text, tmp_path):
        outcome = recognise(run, bad, wav)
        assert outcome.code == 2
        assert outcome.err.startswith("error: ")
        assert outcome.err.count("\n") == 1


# -- long recordings ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def long(tmp_path_factory):
    """Four seconds of sound, five of silence, four and a half of sound."""
    path = tmp_path_factory.mktemp("long") / "long.wav"
    silence = np.zeros(5 * 16_000, np.float32)
    soundfile.write(path, np.concatenate([sound(4.0), silence, sound(4.5)]), 16_000)
    return path


def test_long_recording_is_decided_window_by_window(run, model, long):
    outcome = recognise(run, model, long)
    (row,) = outcome.rows
    assert outcome.code == 0
    assert list(row) == [*KEYS, "windows"]
    assert [(window["start"], window["stop"]) for window in row["windows"]] == [(0, 4), (4, 8), (8, 12), (12, 13.5)]
    assert [window["label"] == "silent" for window in row["windows"]] == [False, True, False, False]
    assert row["windows"][1]["confidence"] is None
    assert "over 4 windows, 1 silent" in row["reason"]
    assert sum(row["probabilities"].values()) == pytest.approx(1)


def test_window_length(run, model, long):
    (row,) = recognise(run, model, "--window", 2, long).rows
    assert [window["stop"] for window in row["windows"]] == [2, 4, 6, 8, 10, 12, 13.5]
    assert recognise(run, model, "--window", 0.1, long).code == 2


def test_windows_without_speech_do_not_vote(run, model, tmp_path):
    noise = 0.1 * np.random.default_rng(0).standard_normal(16_000 * 12).astype(np.float32)
    soundfile.write(tmp_path / "voice.wav", sound(12.0), 16_000)
    soundfile.write(tmp_path / "both.wav", np.concatenate([noise, sound(12.0), 0 * noise[:64_000]]), 16_000)
    soundfile.write(tmp_path / "noise.wav", noise, 16_000)
    voice, both, alone = recognise(
        run, model, "--threshold", 0, *(tmp_path / f"{name}.wav" for name in ("voice", "both", "noise"))
    ).rows
    heard = ["no speech"] * 3 + [voice["label"]] * 3 + ["silent"]
    assert [window["label"] for window in both["windows"]] == heard
    assert [window["answered"] for window in both["windows"]] == [False] * 3 + [True] * 3 + [False]
    assert both["windows"][0]["confidence"] is None
    assert both["probabilities"] == pytest.approx(voice["probabilities"], abs=0.05)
    assert both["answered"]
    assert both["reason"].endswith("over 7 windows, 1 silent, 3 without speech")
    assert not alone["answered"]
    assert alone["reason"] == "don't know: no speech was heard; over 3 windows, 3 without speech"
    assert sum(alone["probabilities"].values()) == pytest.approx(1)


def test_long_silence_is_an_error(run, model, tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(20 * 16_000, np.float32), 16_000)
    outcome = recognise(run, model, tmp_path / "a.wav")
    assert outcome.code == 2
    assert "silent" in outcome.rows[0]["error"]


def test_long_recording_with_a_damaged_part_is_an_error(run, model, tmp_path):
    broken = sound(20)
    broken[150_000] = 30_000
    soundfile.write(tmp_path / "a.wav", broken, 16_000, subtype="FLOAT")
    outcome = recognise(run, model, tmp_path / "a.wav")
    assert outcome.code == 2
    assert "from 8 s" in outcome.rows[0]["error"]


# -- as a process ------------------------------------------------------------------------------------------------


def test_an_empty_folder_does_not_stop_the_others(run, model, wav, tmp_path):
    (tmp_path / "empty").mkdir()
    outcome = run("recognise", "--json", "--model", model, tmp_path / "empty", wav)
    first, second = map(json.loads, outcome.out.splitlines())
    assert outcome.code == 2
    assert "error" in first
    assert list(second) == KEYS


MAIN = [sys.executable, "-c", "from emospike.cli import main; main()"]


def test_as_a_process(model, wav, tmp_path):
    bad = tmp_path / os.fsdecode(b"caf\xe9.wav")  # not UTF-8
    _text(bad)
    good = tmp_path / os.fsdecode(b"th\xe9.wav")
    good.write_bytes(wav.read_bytes())
    done = subprocess.run(
        [*MAIN, "recognise", "--model", model, "--json", good, bad], capture_output=True, text=True, check=False
    )
    first, second = map(json.loads, done.stdout.splitlines())
    assert done.returncode == 2
    assert list(first) == KEYS
    assert "error" in second
    assert "Traceback" not in done.stderr


LISTEN = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
"""A background job of a shell starts with Ctrl-C ignored."""

INTERRUPTIBLE = [sys.executable, "-c", f"{LISTEN}from emospike.cli import main; main()"]


def test_ctrl_c(model, data):
    files = [str(file) for file in data.glob("*.wav")] * 50
    process = subprocess.Popen(
        [*INTERRUPTIBLE, "recognise", "--model", str(model), "--json", *files],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline()  # it has begun
    process.send_signal(signal.SIGINT)
    started = time.monotonic()
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert time.monotonic() - started < 20


def test_help_needs_no_heavy_library():
    heavy = "numpy,numba,librosa,sklearn,matplotlib,plotly,av,soundfile,pooch,scipy,joblib"
    code = f"import sys, emospike.cli; print([name for name in '{heavy}'.split(',') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_memory_does_not_grow_with_the_recording(model, tmp_path):
    def peak(seconds):
        path = tmp_path / f"{seconds}.wav"
        soundfile.write(path, np.tile(sound(10.0), seconds // 10), 16_000)
        code = (
            "import resource, sys; from emospike.cli import app\n"
            "try: app()\nexcept SystemExit: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
        )
        command = [sys.executable, "-c", code, "recognise", "--model", model, path]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return int(done.stderr) / 1024

    assert peak(600) - peak(20) < 20  # MiB; ten minutes of sound are 37


def test_a_face_that_was_named_must_be_readable(run, model, wav, tmp_path):
    (tmp_path / "face.csv").write_text("no,table\n1,2\n")
    (tmp_path / "face.mp4").write_bytes(b"no film")
    for name in ("face.csv", "face.mp4", "nothing.mp4"):
        outcome = run("recognise", "--model", model, "--face", tmp_path / name, wav)
        assert outcome.code == 2
        assert re.fullmatch(rf"error: .*{re.escape(name)}.*\n", outcome.err)


def test_tables_of_a_folder_go_with_its_sounds(model, tmp_path):
    for name in ("a.wav", "b.wav"):
        (tmp_path / name).touch()
    for name in ("a.csv", "c.csv"):
        (tmp_path / name).write_text("timestamp,AU01_r\n")
    system, told = store.load(model), {}
    found = find_clips([tmp_path], system)
    assert [clip.path.name for clip in found] == ["a.wav", "b.wav"]
    assert not any(clip.sees for clip in found)
    clips = find_clips([tmp_path], system, "face")
    named = [(clip.path.name, clip.face and clip.face.name) for clip in clips]
    assert named == [("a.wav", "a.csv"), ("b.wav", None), ("c.csv", "c.csv")]

    def decide(clip, threshold, modality, window):
        told[clip.path] = clip.face
        raise InputError("enough")

    system.decide_windows = decide
    soundfile.write(tmp_path / "a.wav", sound(), 16_000)
    (row,) = recognise_clips(system, clips[:1], None, 4.0, modality="both")
    assert (told, row["error"]) == ({tmp_path / "a.wav": tmp_path / "a.csv"}, "enough")


def test_events_and_eeg_of_a_folder_go_with_its_recordings(tmp_path):
    for name in ("a.wav", "a.npz", "b.npz", "a.edf", "c.edf"):
        (tmp_path / name).touch()
    reads = SimpleNamespace(abilities={"events", "eeg"}, card={"modality": "both"})
    found = [(clip.path.name, clip.face, clip.eeg) for clip in find_clips([tmp_path], reads)]
    events, eeg = tmp_path / "a.npz", tmp_path / "a.edf"
    assert found == [
        ("a.wav", events, eeg),
        ("b.npz", tmp_path / "b.npz", None),
        ("c.edf", None, tmp_path / "c.edf"),
    ]
    deaf = SimpleNamespace(abilities=set(), card={"modality": "both"})
    assert [(clip.path.name, clip.face, clip.eeg) for clip in find_clips([tmp_path], deaf)] == [("a.wav", None, None)]


def test_a_film_without_sound_is_an_error_where_a_model_that_only_hears_is_named(run, model, write_film, tmp_path):
    path = write_film(tmp_path / "a.mp4", [np.zeros((48, 64, 3), np.uint8)] * 20)
    outcome = recognise(run, model, path)
    assert outcome.code == 2
    assert "has no sound track" in outcome.rows[0]["error"]


@pytest.mark.usefixtures("landmarker")
def test_pictures_that_cannot_be_shown_leave_the_sound(run, write_film, tmp_path):
    film = [np.zeros((48, 64, 3), np.uint8)]
    path = write_film(tmp_path / "a.mkv", film, codec="libx264", sar=40, sound=sound(2.0, rate=48_000))
    both = ["--model", "excube2-both", "--json", path]
    (row,) = run("recognise", *both).rows
    assert "sound alone: " in row["reason"]
    assert "has pixels of 40:1, at most 16:1 can be shown" in row["reason"]
    (row,) = run("recognise", *both, "--modality", "face").rows
    assert "has pixels of 40:1, at most 16:1 can be shown" in row["error"]


# -- licences --------------------------------------------------------------------------------------------------


def test_commercial_use_takes_the_open_model(run, wav, shipped_open, monkeypatch):
    asked = []
    load = store.load
    monkeypatch.setattr(store, "load", lambda name: asked.append(name) or load(name))
    assert run("recognise", wav).code == 0
    monkeypatch.setenv("EMOSPIKE_LICENCE", "commercial")
    assert run("recognise", wav).code == 0
    assert asked == ["excube2-arousal", "excube2-open"]


@pytest.mark.parametrize("named", [[], ["--model", "excube2-arousal"]])
def test_commercial_use_refuses_what_is_not_free_for_it(run, wav, shipped_open, monkeypatch, named):
    (shipped_open / "excube2-open.safetensors").unlink()
    monkeypatch.setenv("EMOSPIKE_LICENCE", "commercial")
    outcome = run("recognise", wav, *named)
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert "free for commercial use, which EMOSPIKE_LICENCE=commercial asks for" in outcome.err


def test_an_unknown_licence_is_refused(run, wav, monkeypatch):
    monkeypatch.setenv("EMOSPIKE_LICENCE", "commerce")
    outcome = run("recognise", wav)
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert "unknown EMOSPIKE_LICENCE 'commerce'" in outcome.err


def test_a_track_that_is_asked_for(run, model, wav):
    assert recognise(run, model, "--track", 0, wav).rows[0]["label"] == recognise(run, model, wav).rows[0]["label"]
    outcome = recognise(run, model, "--track", 3, wav)
    assert outcome.code == 2
    assert "has no track 3: it holds one, 0" in outcome.rows[0]["error"]


def test_channels_that_cancel_each_other_are_decided_on_one(run, model, tmp_path):
    soundfile.write(tmp_path / "one.wav", sound(), 16_000)
    soundfile.write(tmp_path / "two.wav", np.stack([sound(), -sound()], axis=1), 16_000)
    one, two = recognise(run, model, tmp_path / "one.wav", tmp_path / "two.wav").rows
    assert two["probabilities"] == one["probabilities"]
    assert "its 2 channels cancel each other: channel 1 was heard alone" in two["reason"]


def test_faces_that_are_decided_at_once_share_a_model(run, tmp_path, monkeypatch):
    paths, asked, load = [tmp_path / f"{name}.csv" for name in "abcd"], [], store.load
    for path in paths:
        made_up.write_face(path, 1.0, smile=2.0)

    def load_slowly(name):
        asked.append(name)
        time.sleep(0.3)
        return load(name)

    monkeypatch.setattr(store, "load", load_slowly)
    assert run("recognise", *paths).code == 0
    assert asked == ["excube2-arousal", "excube2-both"]
