import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from emospike import store
from emospike.features.openface import INTENSITIES

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
    assert outcome.out.splitlines()[-2:] == [str(tmp_path / "r.json"), str(tmp_path / "r.png")]


@pytest.mark.parametrize(("protocol", "said"), [("published", "balanced by duplication"), ("random", "LEAKY")])
def test_other_protocols(run, data, tmp_path, protocol, said):
    outcome = evaluate(run, data, "--protocol", protocol, "--seeds", 1, "--json", tmp_path / "r.json")
    assert outcome.code == 0, outcome.err
    assert said in json.loads((tmp_path / "r.json").read_text())["note"]
    assert said in outcome.err


@pytest.fixture(scope="module")
def faces(data, tmp_path_factory):
    """The recordings with made-up face-tracking tables: smiles where they are happy; one table is cut short."""
    folder = tmp_path_factory.mktemp("faces")
    lines = ["path,label,speaker,face"]
    for row in (data / "manifest.csv").read_text().splitlines()[1:]:
        name, label, _ = row.split(",")
        rng, level = np.random.default_rng(list(name.encode())), 2.0 if label == "happy" else 0.5
        table = [",".join(["timestamp", *INTENSITIES])]
        for step in range(36):
            smile = level * (1 + 0.5 * np.sin(step / 5)) + 0.3 * rng.normal(size=len(INTENSITIES))
            table.append(",".join([f"{step / 30:.4f}", *(f"{max(value, 0):.2f}" for value in smile)]))
        text = "\n".join(table)
        (folder / f"{name}.csv").write_text(text[:-9] if name == "ben-3.wav" else text)
        lines.append(f"{data / name},{row.split(',', 1)[1]},{name}.csv")
    (folder / "manifest.csv").write_text("\n".join(lines))
    return folder


@pytest.mark.long
def test_both_senses_and_each_alone(run, faces, tmp_path):
    outcome = evaluate(run, faces, "--modality", "both", "--json", tmp_path / "r.json")
    assert outcome.code == 0, outcome.err
    result = json.loads((tmp_path / "r.json").read_text())
    assert result["clips"] == 31
    assert "1 of 32 recordings cannot be used and are left out; the first: row 37 of" in outcome.err
    assert result["senses"]["both"]["accuracy"] == result["accuracy"]
    assert result["senses"]["face"]["accuracy"] > 0.9
    assert result["gain"]["better"]["sense"] in {"audio", "face"}
    assert "note: face adds " in outcome.err
    assert "note: both over the better sense alone (" in outcome.err
    assert {"sound alone", "face alone"} <= {line[:11].strip() for line in outcome.out.splitlines()}


def test_sound_without_a_face_trains_and_does_not_test(run, faces, tmp_path):
    header, *rows = (faces / "manifest.csv").read_text().splitlines()
    cut = [row.rsplit(",", 1)[0] + "," if number % 4 == 0 else row for number, row in enumerate(rows)]
    (faces / "some.csv").write_text("\n".join([header, *cut]))
    outcome = evaluate(run, faces / "some.csv", "--modality", "both", "--json", tmp_path / "r.json")
    assert outcome.code == 0, outcome.err
    result = json.loads((tmp_path / "r.json").read_text())
    assert result["clips"] == sum(not row.endswith(",") for row in cut) - 1  # one table is cut short
    assert "8 recordings that lack a sense train the other, and do not test" in result["note"]


@pytest.mark.long
def test_bad_recordings_are_named_and_change_no_fold(run, data, tmp_path):
    rows = (data / "manifest.csv").read_text().splitlines()
    bad = ["text.wav,sad,ben", "empty.wav,happy,dan"]
    (tmp_path / "all.csv").write_text("\n".join([rows[0], *(f"{data}/{row}" for row in rows[1:]), *bad]))
    (tmp_path / "text.wav").write_bytes((data / "ben-3.wav").read_bytes() + bytes(2))
    (tmp_path / "empty.wav").write_bytes((data / "dan-2.wav").read_bytes() + bytes(2))
    good = evaluate_into(run, tmp_path)
    (tmp_path / "text.wav").write_text("no sound")
    (tmp_path / "empty.wav").write_bytes(b"")
    outcome = evaluate(run, tmp_path / "all.csv", "--json", tmp_path / "r.json")
    assert outcome.code == 0, outcome.err
    mixed = json.loads((tmp_path / "r.json").read_text())
    assert good["left_out"] == []
    assert [one["file"] for one in mixed["left_out"]] == [str(tmp_path / "empty.wav"), str(tmp_path / "text.wav")]
    assert mixed["left_out"][0]["why"].endswith("empty.wav is empty (0 bytes): record or copy it again")
    assert "note: 2 of 34 recordings cannot be used and are left out; the first: " in outcome.err
    assert outcome.err.splitlines()[-1].startswith(f"      {tmp_path}/text.wav cannot be read as sound or video")
    assert "2 recordings cannot be used and are left out" in mixed["note"]
    assert [fold["speakers"] for fold in mixed["folds"]] == [fold["speakers"] for fold in good["folds"]]
    assert (good["clips"], mixed["clips"]) == (34, 32)


def evaluate_into(run, folder):
    outcome = evaluate(run, folder / "all.csv", "--json", folder / "r.json")
    assert outcome.code == 0, outcome.err
    return json.loads((folder / "r.json").read_text())


def test_a_cascade(run, faces, tmp_path):
    outcome = run(
        "evaluate", "baseline", "--data", faces, "--preset", "ridge", "--modality", "both", "--protocol", "cascade",
        "--json", tmp_path / "r.json",
    )  # fmt: skip
    assert outcome.code == 0, outcome.err
    result = json.loads((tmp_path / "r.json").read_text())
    assert set(result["cascade"][0]) >= {"first", "limit", "looked", "accuracy", "operations_share"}
    assert set(result["cascade_chosen"]) == {"audio", "face"}
    assert "second needed" in outcome.out
    assert "cascade, sound first, limits set on training speakers" in outcome.err
    assert (tmp_path / "r.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("modality", ["audio", "face"])
def test_new_speakers(run, faces, tmp_path, modality):
    outcome = run(
        "evaluate", "baseline", "--data", faces, "--preset", "ridge", "--modality", modality, "--protocol",
        "new-speaker", "--json", tmp_path / "r.json",
    )  # fmt: skip
    assert outcome.code == 0, outcome.err
    rows = json.loads((tmp_path / "r.json").read_text())["new_speaker"]
    assert {row["k"] for row in rows} == {0, 1, 2}
    assert {"accuracy", "ci95", "gain", "gain_ci95", "old_speakers", "other_speakers"} <= set(rows[0])
    assert "clips a class" in outcome.out
    assert "new speakers who give 2 recordings of each class" in outcome.err


@pytest.fixture
def anonymous(data, tmp_path):
    """The recordings in a CSV that does not say who speaks."""
    rows = [row.rsplit(",", 1)[0] for row in (data / "manifest.csv").read_text().splitlines()]
    (tmp_path / "a.csv").write_text("\n".join([rows[0], *(f"{data}/{row}" for row in rows[1:])]))
    return tmp_path / "a.csv"


def test_no_speakers(run, anonymous):
    outcome = evaluate(run, anonymous)
    assert outcome.code == 2
    assert outcome.err.startswith("error: speakers are unknown")


def test_random_folds_of_unknown_speakers(run, anonymous):
    outcome = run("evaluate", "baseline", "--data", anonymous, "--protocol", "random")
    assert outcome.code == 0, outcome.err
    assert "recordings of unknown speakers\n" in outcome.err
    assert "Wilson's 95 % interval over recordings" in outcome.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--protocol", "speaker-fold"], "did you mean 'speaker-folds'?"),
        (["--seeds", "0"], "seeds must be above 0"),
        (["--labels", "arousel"], "did you mean 'arousal'?"),
        (["--preset", "best"], "unknown preset 'best'"),
        (["--normalise", "all"], "unknown normalisation 'all'"),
        (["--json", "nowhere/r.json"], "there is no folder"),
        (["--modality", "all"], "unknown modality of excube2 'all'"),
        (["--protocol", "cascade"], "protocol cascade needs sound and face: use --modality both"),
    ],
)
def test_unknown_options_are_said_before_anything_is_read(run, options, said):
    outcome = evaluate(run, "nowhere", *options)
    assert outcome.code == 2
    assert said in outcome.err
    assert outcome.err.count("\n") == 1


def test_risks_and_centred_scores_of_a_model(run, model, data, tmp_path):
    outcome = run("test", model, "--data", data, "--risk", 0.3, "--normalise", "scores", "--json", tmp_path / "a.json")
    assert outcome.code == 0, outcome.err
    assert "wrong (of answered)" in outcome.out
    assert "risk 0.05" in outcome.out
    result = json.loads((tmp_path / "a.json").read_text())
    assert [row["promised"] for row in result["risk"]["rows"]] == [0.05, 0.1, 0.2, 0.3]
    assert result["normalise"] == "scores"
    assert "answered at risk 0.3" in result["note"]


def test_the_figure_alone(run, model, data, tmp_path):
    assert run("test", model, "--data", data, "--figure", tmp_path / "f.png").code == 0
    assert [file.name for file in tmp_path.iterdir()] == ["f.png"]


def test_what_was_written_is_said(run, model, data, tmp_path):
    outcome = run("test", model, "--data", data, "--json", tmp_path / "r.json", "--figure", tmp_path / "f.png")
    assert outcome.out.splitlines()[-2:] == [str(tmp_path / "r.json"), str(tmp_path / "f.png")]


def test_degraded_recordings(run, model, data, tmp_path):
    outcome = run("test", model, "--data", data, "--degrade", "telephone,babble:10", "--json", tmp_path / "r.json")
    assert outcome.code == 0, outcome.err
    rows = json.loads((tmp_path / "r.json").read_text())["robustness"]
    assert [row["degradation"] for row in rows] == ["recorded", "telephone", "babble:10"]
    assert all(row["degradation"] in outcome.out for row in rows)
    assert f"{rows[1]['calibration_error']:.3f}" in outcome.out
    assert (tmp_path / "r.png").read_bytes().startswith(b"\x89PNG")


def test_a_degradation_that_is_not_known_is_said_before_anything_is_read(run):
    outcome = run("test", "nowhere", "--data", "nowhere", "--degrade", "fax")
    assert outcome.code == 2
    assert "unknown degradation 'fax'" in outcome.err


def test_test_says_that_it_knows_the_recordings(run, model, data, tmp_path):
    outcome = run("test", model, "--data", data, "--json", tmp_path / "r.json")
    assert outcome.code == 0, outcome.err
    result = json.loads((tmp_path / "r.json").read_text())
    assert set(PROMISED) <= set(result)
    assert result["folds"] == []
    assert result["leaks"]["clips"] == 32
    assert result["leaks"]["speakers"] == ["anna", "ben", "carla", "dan"]
    assert "note: LEAKY: the model was trained on 32 of these 32 recordings; " in outcome.err


def test_test_finds_renamed_copies_by_other_speakers(run, model, data, tmp_path):
    copied, fresh = tmp_path / "copied.wav", tmp_path / "fresh.wav"
    copied.write_bytes((data / "ben-3.wav").read_bytes())
    fresh.write_bytes((data / "ben-2.wav").read_bytes() + bytes(2))
    (tmp_path / "a.csv").write_text("path,label,speaker\ncopied.wav,sad,eve\nfresh.wav,happy,eve\n")
    outcome = run("test", model, "--data", tmp_path / "a.csv")
    assert outcome.code == 0, outcome.err
    assert "LEAKY: the model was trained on 1 of these 2 recordings" in outcome.err


def test_a_model_without_hashes_is_compared_by_names(run, model, data, tmp_path):
    old = store.load(model)
    del old.card["clip_hashes"]
    outcome = run("test", store.save(old, tmp_path / "old.safetensors"), "--data", data)
    assert outcome.code == 0, outcome.err
    assert "it heard speakers named anna, ben, carla, dan too: if they are the same people" in outcome.err


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


TINY = (
    "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a background job ignores Ctrl-C
    "from emospike.cli import main\nfrom emospike.systems.excube2 import presets as p\n"
    "from dataclasses import replace\n"
    "def tiny(modality):\n"
    "    ways = {n: replace(w, fan_out=10) for n, w in p.default(modality).items() if n.endswith('_wiring')}\n"
    "    return p.default(modality) | {'neurons': 500, 'augmentation': None} | ways\n"
    "p.PRESETS['tiny'] = tiny\nmain()"
)
"""The command line with the preset that the other tests have."""


def start(*command):
    return subprocess.Popen([sys.executable, "-c", TINY, *map(os.fspath, command)], stderr=subprocess.PIPE, text=True)


def test_finished_folds_are_kept_when_stopped(data, tmp_path):
    file = tmp_path / "r.json"
    process = start("evaluate", "excube2", "--data", data, "--preset", "tiny", "--seeds", "50", "--json", file)
    assert process.stderr.readline().startswith("fold 1: accuracy")
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    result = json.loads(file.read_text())
    assert result["complete"] is False
    assert len(result["folds"]) >= 1


def drop_times(value):
    """Return a result without how long anything took."""
    if isinstance(value, dict):
        return {name: drop_times(inner) for name, inner in value.items() if "seconds" not in name}
    return [drop_times(inner) for inner in value] if isinstance(value, list) else value


def test_an_evaluation_that_was_killed_goes_on_and_ends_the_same(run, data, tmp_path):
    file, whole = tmp_path / "r.json", tmp_path / "whole.json"
    process = start("evaluate", "excube2", "--data", data, "--preset", "tiny", "--seeds", "2", "--json", file)
    lines = [process.stderr.readline() for _ in range(2)]
    process.kill()
    process.wait()
    assert lines[1].startswith("fold 2: accuracy")
    assert (tmp_path / "r.json.folds").is_file()
    outcome = evaluate(run, data, "--seeds", 2, "--json", file)
    assert outcome.code == 0, outcome.err
    assert f"note: 2 finished folds are kept in {file}.folds" in outcome.err
    assert "fold 1:" not in outcome.err
    assert not (tmp_path / "r.json.folds").exists()
    assert evaluate(run, data, "--seeds", 2, "--json", whole).code == 0
    assert drop_times(json.loads(file.read_text())) == drop_times(json.loads(whole.read_text()))


@pytest.mark.long
def test_a_comparison_that_was_killed_goes_on_within_a_system(run, data, tmp_path):
    command = ["compare", "--data", data, "--systems", "excube2:tiny,baseline:ridge", "--modality", "audio"]
    process = start(*command, "-o", tmp_path / "a")
    folds = tmp_path / "a" / "excube2-tiny-audio-arousal-speaker-folds.json.folds"
    while not folds.is_file() and process.poll() is None:
        time.sleep(0.02)
    process.kill()
    process.wait()
    outcome = run(*command, "-o", tmp_path / "a")
    assert outcome.code == 0, outcome.err
    assert "finished folds are kept in" in outcome.err
    assert run(*command, "-o", tmp_path / "b").code == 0
    for name in ("excube2-tiny-audio-arousal-speaker-folds.json", "baseline-ridge-audio-arousal-speaker-folds.json"):
        one, other = (drop_times(json.loads((tmp_path / part / name).read_text())) for part in "ab")
        assert one == other
    assert not list((tmp_path / "a").glob("*.folds"))


def test_a_training_that_was_killed_goes_on_and_ends_the_same(run, data, tmp_path, monkeypatch):
    monkeypatch.delenv("EMOSPIKE_CACHE", raising=False)
    file, vectors = tmp_path / "a.safetensors", tmp_path / "a.safetensors.vectors"
    command = ["train", "excube2", "--data", data, "--preset", "tiny", "-o"]
    process = start(*command, file)
    while len(list(vectors.rglob("*.npz"))) < 5 and process.poll() is None:
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert not file.exists()
    outcome = run(*command, file)
    assert outcome.code == 0, outcome.err
    assert "recordings are there from a run that was stopped" in outcome.err
    assert not vectors.exists()
    assert run(*command, tmp_path / "b.safetensors").code == 0
    assert file.read_bytes() == (tmp_path / "b.safetensors").read_bytes()


SHORT = (
    "from emospike.cli import main\nfrom emospike.networks.torch import checkpoints\n"
    "from emospike.systems.eavs_tf import presets as p\nfrom dataclasses import replace\ncheckpoints.EVERY = 0.0\n"
    "def short(modality):\n"
    "    own = p.default(modality)\n"
    "    small = {'network': replace(own['network'], dim=16, random_features=60), 'copies': 1, 'members': 2}\n"
    "    return own | small | {'training': replace(own['training'], batch=8)}\n"
    "p.PRESETS['short'] = short\nmain()"
)
"""The command line with a small preset of eavs_tf, whose checkpoints are written after every epoch."""


def call_short(*command):
    return subprocess.Popen([sys.executable, "-c", SHORT, *map(os.fspath, command)], stderr=subprocess.PIPE, text=True)


@pytest.mark.long
@pytest.mark.parametrize("verb", ["train", "evaluate"])
def test_networks_whose_training_was_killed_go_on_and_end_the_same(verb, data, tmp_path):
    pytest.importorskip("torch")
    file, whole = tmp_path / "a.json", tmp_path / "b.json"
    command = [verb, "eavs_tf", "--data", data, "--preset", "short", "-o" if verb == "train" else "--json"]
    process, folder = call_short(*command, file), tmp_path / "a.json.checkpoints"
    while not list(folder.glob("*.checkpoint")) and process.poll() is None:
        time.sleep(0.01)
    process.kill()
    process.wait()
    again = call_short(*command, file)
    said = again.communicate()[1]
    assert again.returncode == 0, said
    assert "note: checkpoints of 1 networks are " in said
    assert not folder.exists()
    assert call_short(*command, whole).wait() == 0
    if verb == "train":
        assert file.read_bytes() == whole.read_bytes()
    else:
        assert drop_times(json.loads(file.read_text())) == drop_times(json.loads(whole.read_text()))
