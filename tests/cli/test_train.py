import json

import numpy as np
import pytest
import soundfile

import emospike
from emospike import store


def test_train_says_what_it_wrote(run, data, tmp_path):
    path = tmp_path / "m.safetensors"
    outcome = run(
        "train", "excube2", "--data", data, "--preset", "tiny", "--labels", "emotion", "--seed", 3, "-o", path
    )
    assert outcome.code == 0
    assert "classes happy, sad" in outcome.out
    assert path.is_file()
    card = json.loads(run("info", path, "--json").out)
    assert (card["system"], card["preset"], card["seed"], card["labels"]) == ("excube2", "tiny", 3, "emotion")
    assert card["speakers"] == ["anna", "ben", "carla", "dan"]
    assert (card["clips"], card["classes"], card["measured"]) == (32, ["happy", "sad"], None)
    assert {"licence", "date", "emospike", "calibration", "data", "threshold"} <= set(card)


def test_card_as_table(run, model):
    outcome = run("info", model)
    assert outcome.code == 0
    for word in ("excube2", "anna, ben, carla, dan", "not measured", "high, low"):
        assert word in outcome.out


def test_same_seed_same_model(run, data, model, tmp_path):
    path = tmp_path / "again.safetensors"
    run("train", "excube2", "--data", data, "--preset", "tiny", "-o", path)
    (first, header), (again, header_again) = store.read(model), store.read(path)
    assert header == header_again
    assert all(np.array_equal(first[name], again[name]) for name in first | again)


def test_load_from_python(model, wav):
    decision = emospike.load(model).decide(str(wav))
    assert decision.label in ("high", "low")
    with pytest.raises(emospike.InputError, match="no model"):
        emospike.load("no-such-model")


def test_unreadable_recordings_are_left_out(run, data, tmp_path):
    rows = (data / "manifest.csv").read_text().splitlines()
    (tmp_path / "silent.wav").touch()
    soundfile.write(tmp_path / "nan.wav", np.full(16_000, np.nan, np.float32), 16_000, subtype="FLOAT")
    lines = [f"{data}/{row}" for row in rows[1:]] + ["silent.wav,sad,ben", "nan.wav,sad,ben"]
    (tmp_path / "all.csv").write_text("\n".join([rows[0], *lines]))
    path = tmp_path / "m.safetensors"
    outcome = run("train", "excube2", "--data", tmp_path / "all.csv", "--preset", "tiny", "-o", path)
    assert outcome.code == 0
    assert "note: 2 of 34 recordings cannot be used and are left out; the first: " in outcome.err
    assert json.loads(run("info", path, "--json").out)["clips"] == 32


def manifest(folder, rows):
    """Write silent recordings and their manifest: what is checked first needs no sound."""
    lines = ["path,label,speaker"]
    for i, (label, speaker) in enumerate(rows):
        tone = np.sin(np.arange(16_000) * (0.1 + 0.01 * i)).astype(np.float32) * 0.3
        soundfile.write(folder / f"{i}.wav", tone, 16_000)
        lines.append(f"{i}.wav,{label},{speaker}")
    (folder / "manifest.csv").write_text("\n".join(lines))
    return folder


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("happy", "a"), ("sad", "a"), ("happy", "a"), ("sad", "a")], "at least 2 speakers"),
        ([("happy", "a"), ("happy", "b"), ("happy", "c")], "at least 2 classes"),
        ([("happy", "a"), ("gloomy", "b"), ("gloomy", "c")], "unknown emotion 'gloomy'"),
    ],
)
def test_data_that_cannot_train(run, tmp_path, rows, said):
    outcome = run("train", "excube2", "--data", manifest(tmp_path, rows), "--preset", "tiny", "-o", tmp_path / "m")
    assert outcome.code == 2
    assert outcome.err.startswith("error: ")
    assert said in outcome.err
    assert outcome.err.count("\n") == 1
    assert not (tmp_path / "m").exists()


def test_all_unreadable(run, tmp_path):
    folder = manifest(tmp_path, [("happy", "a"), ("sad", "b")])
    for file in folder.glob("*.wav"):
        file.write_text("no sound")
    outcome = run("train", "excube2", "--data", folder, "-o", tmp_path / "m")
    assert outcome.code == 2
    assert "none of 2 recordings can be read" in outcome.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--modality", "face"], "use --modality audio"),
        (["--modality", "smell"], "unknown modality 'smell'"),
        (["--labels", "arousel"], "did you mean 'arousal'?"),
        (["--preset", "best"], "unknown preset 'best'"),
        (["--normalise", "all"], "unknown normalisation 'all'"),
        (["--seed", "-1"], "seed must lie in 0"),
        (["--data", "nowhere"], "nothing at nowhere"),
        (["-o", "nowhere/m"], "there is no folder"),
        (["--evaluate", "nowhere.json"], "cannot read nowhere.json"),
    ],
)
def test_unknown_options(run, data, tmp_path, options, said):
    outcome = run("train", "excube2", "--data", data, "-o", tmp_path / "m", *options)
    assert outcome.code == 2
    assert outcome.err.startswith("error: ")
    assert said in outcome.err
    assert outcome.err.count("\n") == 1


def test_unknown_system(run, data, tmp_path):
    outcome = run("train", "excube", "--data", data, "-o", tmp_path / "m")
    assert (outcome.code, outcome.err[:45]) == (2, "error: unknown system 'excube': did you mean ")


def test_empty_data_folder(run, tmp_path):
    outcome = run("train", "excube2", "--data", tmp_path, "-o", tmp_path / "m")
    assert outcome.code == 2
    assert outcome.err.startswith(f"error: {tmp_path} holds no recording")


def test_measured_goes_into_the_card(run, data, tmp_path):
    settings = ("excube2", "--data", data, "--preset", "tiny")
    found, path = tmp_path / "found.json", tmp_path / "m.safetensors"
    assert run("evaluate", *settings, "--json", found).code == 0
    assert run("train", *settings, "-o", path, "--evaluate", found).code == 0
    measured = json.loads(run("info", path, "--json").out)["measured"]
    assert measured["protocol"] == "speaker-folds"
    assert measured["accuracy"] == json.loads(found.read_text())["accuracy"]
    other = run("train", *settings, "--labels", "emotion", "-o", path, "--evaluate", found)
    assert other.code == 2
    assert "evaluate the same" in other.err


# -- adapt -------------------------------------------------------------------------------------------------------


def test_adapt_to_labelled_recordings(run, model, data, tmp_path):
    path = tmp_path / "adapted.safetensors"
    outcome = run("adapt", model, "--data", data, "-o", path)
    assert outcome.code == 0, outcome.err
    card = json.loads(run("info", path, "--json").out)
    assert card["adapted"][0]["labelled"] is True
    assert card["adapted"][0]["clips"] == 32
    assert card["measured"] is None


def test_adapt_to_a_speaker_without_labels(run, model, wav, tmp_path):
    path = tmp_path / "adapted.safetensors"
    assert run("adapt", model, "--data", wav.parent, "--unlabelled", "-o", path).code == 0
    assert json.loads(run("info", path, "--json").out)["adapted"][0]["labelled"] is False
    before, after = (run("recognise", "--json", "--model", m, wav).rows[0]["probabilities"] for m in (model, path))
    assert before != after


def test_adapt_without_labels_needs_the_word(run, model, wav, tmp_path):
    outcome = run("adapt", model, "--data", wav.parent, "-o", tmp_path / "m")
    assert outcome.code == 2
    assert "no RAVDESS speech recordings" in outcome.err
