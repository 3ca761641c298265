import json
import os
import signal
import subprocess
import sys
import time

import pytest

PROMISED = [
    "system", "modality", "labels", "protocol", "normalise", "accuracy", "balanced_accuracy", "majority", "ci95",
    "folds", "coverage", "confusion", "seconds",
]  # fmt: skip


def evaluate(run, data, *arguments):
    return run("evaluate", "excube2", "--data", data, "--preset", "tiny", *arguments)


def test_evaluate_by_speaker_folds(run, data, tmp_path):
    outcome = evaluate(run, data, "--json", tmp_path / "r.json", "--normalise", "speaker")
    assert outcome.code == 0, outcome.err
    result = json.loads((tmp_path / "r.json").read_text())
    assert set(PROMISED) <= set(result)
    assert result["complete"] is True
    assert sorted(fold["speakers"] for fold in result["folds"]) == [["anna"], ["ben"], ["carla"], ["dan"]]
    assert sum(map(sum, result["confusion"]["matrix"])) == 32
    assert result["accuracy"] > 0.9  # 31 of 32 are told apart by loudness alone
    assert {"fit", "predict", "features", "reservoir"} <= set(result["seconds"])
    assert {"threshold", "coverage", "accuracy"} == set(result["coverage"][0])
    assert (tmp_path / "r.png").read_bytes().startswith(b"\x89PNG")
    assert "speaker-folds" in outcome.out
    assert "fold 4: accuracy" in outcome.err
    assert "note: each speaker is tested once" in outcome.err


@pytest.mark.parametrize(("protocol", "said"), [("published", "seeds"), ("random", "LEAKY")])
def test_other_protocols(run, data, tmp_path, protocol, said):
    outcome = evaluate(run, data, "--protocol", protocol, "--seeds", 1, "--json", tmp_path / "r.json")
    assert outcome.code == 0, outcome.err
    assert said in json.loads((tmp_path / "r.json").read_text())["note"]
    assert said in outcome.err


def test_no_speakers(run, data, tmp_path):
    rows = [row.rsplit(",", 1)[0] for row in (data / "manifest.csv").read_text().splitlines()]
    (tmp_path / "a.csv").write_text("\n".join([rows[0], *(f"{data}/{row}" for row in rows[1:])]))
    outcome = evaluate(run, tmp_path / "a.csv")
    assert outcome.code == 2
    assert outcome.err.startswith("error: speakers are unknown")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--protocol", "speaker-fold"], "did you mean 'speaker-folds'?"),
        (["--seeds", "0"], "seeds must be above 0"),
        (["--json", "nowhere/r.json"], "there is no folder"),
        (["--modality", "both"], "use --modality audio"),
    ],
)
def test_unknown_options(run, data, options, said):
    outcome = evaluate(run, data, *options)
    assert outcome.code == 2
    assert said in outcome.err
    assert outcome.err.count("\n") == 1


def test_the_figure_alone(run, model, data, tmp_path):
    assert run("test", model, "--data", data, "--figure", tmp_path / "f.png").code == 0
    assert [file.name for file in tmp_path.iterdir()] == ["f.png"]


def test_test_says_that_it_knows_the_speakers(run, model, data, tmp_path):
    outcome = run("test", model, "--data", data, "--json", tmp_path / "r.json")
    assert outcome.code == 0, outcome.err
    result = json.loads((tmp_path / "r.json").read_text())
    assert set(PROMISED) <= set(result)
    assert result["folds"] == []
    assert "LEAKY: the model was trained on speakers anna, ben, carla, dan" in outcome.err


def test_test_with_unknown_labels(run, model, data, tmp_path):
    text = (data / "manifest.csv").read_text().replace("happy", "gloomy")
    (tmp_path / "a.csv").write_text("\n".join(row.replace(",", ",", 1) for row in _absolute(text, data)))
    outcome = run("test", model, "--data", tmp_path / "a.csv")
    assert outcome.code == 2
    assert "unknown emotion 'gloomy'" in outcome.err


def _absolute(text, folder):
    header, *rows = text.splitlines()
    return [header, *(f"{folder}/{row}" for row in rows)]


def test_a_table_or_recording_is_never_overwritten(run, model, data, wav):
    for mine in (data / "manifest.csv", wav):
        before = mine.read_bytes()
        outcome = run("test", model, "--data", data, "--figure", mine)
        assert outcome.code == 2
        assert "a recording or a table of yours" in outcome.err
        assert mine.read_bytes() == before


def test_finished_folds_are_kept_when_stopped(data, tmp_path):
    code = (
        "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a background job ignores Ctrl-C
        "from emospike.cli import main\nfrom emospike.systems import excube2_presets as p\n"
        "p.PRESETS['tiny'] = lambda: p.default() | {'neurons': 500, 'voices': None}\nmain()"
    )
    file = tmp_path / "r.json"
    command = ["evaluate", "excube2", "--data", data, "--preset", "tiny", "--seeds", "50", "--json", file]
    process = subprocess.Popen(
        [sys.executable, "-c", code, *map(os.fspath, command)], stderr=subprocess.PIPE, text=True
    )
    assert process.stderr.readline().startswith("fold 1: accuracy")
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    result = json.loads(file.read_text())
    assert result["complete"] is False
    assert len(result["folds"]) >= 1
