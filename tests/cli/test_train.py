import json

import made_up
import numpy as np
import pytest
import soundfile

import emospike
from emospike import store
from emospike.cli.arguments import load_data
from emospike.clip import Clip
from emospike.features.blendshapes import BLENDSHAPES, SHAPES


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
    first, second = outcome.err.splitlines()[-2:]
    assert first == (
        f"note: 2 of 34 recordings cannot be used and are left out; the first: {tmp_path}/silent.wav is empty (0 bytes)"
        ": record or copy it again"
    )
    assert second == f"      {tmp_path}/nan.wav holds NaN or infinite samples: export it again"
    assert json.loads(run("info", path, "--json").out)["clips"] == 32


def test_strict_stops_at_the_first_that_cannot_be_read(run, data, tmp_path):
    rows = (data / "manifest.csv").read_text().splitlines()
    (tmp_path / "empty.wav").touch()
    lines = [f"{data}/{row}" for row in rows[1:]]
    (tmp_path / "all.csv").write_text("\n".join([rows[0], *lines, "empty.wav,sad,ben"]))
    for command in (
        ["train", "excube2", "-o", tmp_path / "m"],
        ["evaluate", "excube2"],
        ["compare", "--modality", "audio", "-o", tmp_path / "c"],
    ):
        outcome = run(*command, "--data", tmp_path / "all.csv", "--strict")
        said = f"error: {tmp_path}/empty.wav is empty (0 bytes): record or copy it again\n"
        assert (outcome.code, outcome.err.splitlines(keepends=True)[-1]) == (2, said)
    assert not (tmp_path / "m").exists()


def test_nothing_is_decoded_whole_only_to_be_checked(data, tmp_path, monkeypatch):
    decoded = []
    decode = Clip._decode
    monkeypatch.setattr(Clip, "_decode", lambda clip: decoded.append(clip.name) or decode(clip))
    assert len(load_data([data], strict=False)) == 32
    assert decoded == []
    (tmp_path / "copy.wav").write_bytes((data / "ben-3.wav").read_bytes())
    rows = [f"{data}/ben-3.wav,sad,ben", f"{data}/ben-2.wav,sad,ben", "copy.wav,sad,eve"]
    (tmp_path / "a.csv").write_text("\n".join(["path,label,speaker", *rows]))
    found = load_data([tmp_path / "a.csv"], strict=False)
    assert sorted(decoded) == ["ben-3.wav", "copy.wav"]
    assert found.notes[-1] == "2 recordings are 1 sound under several names: ben-3.wav = copy.wav"


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
        ([("happy", "a"), ("sad", "a"), ("happy", "a"), ("sad", "a")], "all recordings are of speaker 'a', and calib"),
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
    folder = manifest(tmp_path, [("happy", "a"), ("sad", "a"), ("happy", "b"), ("sad", "b")])
    for file in folder.glob("*.wav"):
        file.write_text("no sound")
    outcome = run("train", "excube2", "--data", folder, "-o", tmp_path / "m")
    assert outcome.code == 2
    assert "none of 4 recordings can be used; the first: " in outcome.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--modality", "face"], "none of 2 recordings has a face"),
        (["--modality", "smell"], "unknown modality of excube2 'smell'"),
        (["--labels", "arousel"], "did you mean 'arousal'?"),
        (["--preset", "best"], "unknown preset 'best'"),
        (["--normalise", "all"], "unknown normalisation 'all'"),
        (["--seed", "-1"], "seed must lie in 0"),
        (["--data", "nowhere"], "nothing at nowhere"),
        (["-o", "nowhere/m"], "there is no folder"),
        (["--evaluate", "nowhere.json"], "cannot read nowhere.json"),
    ],
)
def test_unknown_options_are_said_before_anything_is_read(run, tmp_path, options, said):
    unreadable = manifest(tmp_path, [("happy", "a"), ("sad", "b")])
    for file in unreadable.glob("*.wav"):
        file.write_text("no sound")
    outcome = run("train", "excube2", "--data", unreadable, "-o", tmp_path / "m", *options)
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
    mine = found.read_text()
    for change in (["--labels", "emotion"], ["--normalise", "speaker"], ["--preset", "default"]):
        nowhere = ("excube2", "--data", "nowhere", "--preset", "tiny", *change)
        other = run("train", *nowhere, "-o", path, "--evaluate", found)  # refused before the data are looked for
        assert (other.code, other.err.count("\n")) == (2, 1)
        assert "evaluate the same" in other.err
    for text, said in (("{}", "no evaluation"), (mine.replace('"complete": true', '"complete": false'), "stopped")):
        found.write_text(text)
        other = run("train", *settings[:1], "--data", "nowhere", *settings[3:], "-o", path, "--evaluate", found)
        assert other.code == 2
        assert said in other.err


def test_unknown_speakers_are_noted(run, data, tmp_path):
    rows = [row.rsplit(",", 1)[0] for row in (data / "manifest.csv").read_text().splitlines()]
    (tmp_path / "a.csv").write_text("\n".join([rows[0], *(f"{data}/{row}" for row in rows[1:])]))
    outcome = run("train", "baseline", "--data", tmp_path / "a.csv", "-o", tmp_path / "m")
    assert outcome.code == 0, outcome.err
    assert outcome.err.splitlines() == [
        "note: speakers are not known: calibration holds out clips, so confidence may be too high for new speakers"
    ]
    assert "training clips" in json.loads(run("info", tmp_path / "m", "--json").out)["calibration"]
    assert "note" not in run("train", "baseline", "--data", data, "-o", tmp_path / "m").err


# -- adapt -------------------------------------------------------------------------------------------------------


def test_adapt_to_labelled_recordings(run, model, data, tmp_path):
    path = tmp_path / "adapted.safetensors"
    outcome = run("adapt", model, "--data", data, "-o", path)
    assert outcome.code == 0, outcome.err
    card = json.loads(run("info", path, "--json").out)
    assert card["adapted"][0]["labelled"] is True
    assert card["adapted"][0]["clips"] == 32
    assert card["measured"] is None
    assert card["adapted"][0]["speakers"] == ["anna", "ben", "carla", "dan"]
    assert card["adapted"][0]["clip_hashes"] == card["clip_hashes"]
    assert card["clip_hashes"] not in run("info", path).out


def test_a_classifier_that_learns_once_is_refused_before_anything_is_read(run, data, tmp_path):
    model = tmp_path / "once.safetensors"
    assert run("train", "baseline", "--data", data, "-o", model).code == 0
    outcome = run("adapt", model, "--data", "nowhere", "-o", tmp_path / "m")
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert (
        "the classifier of this Baseline cannot learn more clips: train another model with preset ridge," in outcome.err
    )
    assert run("adapt", model, "--data", data / "ben-0.wav", "--unlabelled", "-o", tmp_path / "m").code == 0


def test_adapt_to_a_speaker_without_labels(run, model, wav, tmp_path):
    path = tmp_path / "adapted.safetensors"
    assert run("adapt", model, "--data", wav.parent, "--unlabelled", "-o", path).code == 0
    assert json.loads(run("info", path, "--json").out)["adapted"][0]["labelled"] is False
    before, after = (run("recognise", "--json", "--model", m, wav).rows[0]["probabilities"] for m in (model, path))
    assert before != after


def test_adapt_without_labels_needs_the_word(run, model, wav, tmp_path):
    outcome = run("adapt", model, "--data", wav.parent, "-o", tmp_path / "m")
    assert outcome.code == 2
    assert "is named as a data set that is known" in outcome.err


@pytest.mark.parametrize("header", ["path,label,speaker", "path,mood,room", "path"])
def test_adapt_to_a_speaker_in_a_csv(run, model, data, tmp_path, header):
    rows = ["ben-0.wav,hapy,ben", "ben-1.wav,,ben"]
    columns = header.count(",") + 1
    lines = [",".join(f"{data}/{row}".split(",")[:columns]) for row in rows]
    (tmp_path / "ben.csv").write_text("\n".join([header, *lines]))
    path = tmp_path / "adapted.safetensors"
    outcome = run("adapt", model, "--data", tmp_path / "ben.csv", "--unlabelled", "-o", path)
    assert outcome.code == 0, outcome.err
    (step,) = json.loads(run("info", path, "--json").out)["adapted"]
    assert (step["clips"], step["speakers"]) == (2, ["ben"] if "speaker" in header else [])
    assert len(step["clip_hashes"].split()) == 2


def test_adapt_to_several_speakers_without_labels(run, model, data, tmp_path):
    for path in (data, data / "manifest.csv"):
        outcome = run("adapt", model, "--data", path, "--unlabelled", "-o", tmp_path / "m")
        assert (outcome.code, outcome.err.count("\n")) == (2, 1)
        assert "has 4 (anna, ben, carla, dan): give those of one" in outcome.err


# What the face is seen by


@pytest.fixture
def shapes(tmp_path):
    """Tables of blendshapes of four made-up speakers, who smile more and more or frown, and one of action units."""
    lines = ["path,label,speaker"]
    rng = np.random.default_rng(0)
    for speaker in "abcd":
        for take in range(4):
            label = ("happy", "sad")[take % 2]
            shown = {f"mouth{'Smile' if label == 'happy' else 'Frown'}{side}": 0.8 for side in ("Left", "Right")}
            rows = [
                [time, *(shown.get(name, 0.05) * (time + 0.2 * rng.random()) for name in BLENDSHAPES)]
                for time in np.arange(0, 1, 0.05)
            ]
            header = ",".join(["timestamp", *SHAPES.columns])
            np.savetxt(tmp_path / f"{speaker}{take}.csv", rows, "%.4f", ",", header=header, comments="")
            lines.append(f"{speaker}{take}.csv,{label},{speaker}")
    made_up.write_face(tmp_path / "units.csv", 1.0)
    manifest = tmp_path / "manifest.csv"
    manifest.write_text("\n".join([*lines, "units.csv,happy,a"]) + "\n")
    return manifest


@pytest.mark.usefixtures("landmarker")
def test_a_model_of_blendshapes_decides_on_films(run, shapes, data_dir, tmp_path):
    asked = ("excube2", "--data", shapes, "--preset", "tiny", "--modality", "face")
    seen, result, path = ("--features", "blendshapes"), tmp_path / "e.json", tmp_path / "m.safetensors"
    assert run("evaluate", *asked, *seen, "--json", result).code == 0
    told = json.loads(result.read_text())
    assert (told["features"], told["accuracy"], told["clips"]) == ("blendshapes", 1.0, 16)
    (lost,) = told["left_out"]
    assert "lacks the column blendshape__neutral" in lost["why"]
    outcome = run("train", *asked, "--evaluate", result, "-o", path)
    assert (outcome.code, outcome.err) == (
        2,
        "error: the evaluation has features 'blendshapes', the model 'as in the preset': evaluate the same\n",
    )
    outcome = run("train", *asked, *seen, "--evaluate", result, "-o", path)
    assert outcome.code == 0, outcome.err
    assert json.loads(run("info", path, "--json").out)["features"] == "blendshapes"
    film = data_dir / "samples" / "video" / "01-01-02-01-01-02-01.mp4"
    (decided,) = run("recognise", film, "--model", path, "--json").rows
    assert decided["probabilities"].keys() == {"high", "low"}


def test_features_that_do_not_fit(run, data, tmp_path):
    for command in ("train", "evaluate"):
        more = ("-o", tmp_path / "m") if command == "train" else ()
        outcome = run(command, "excube2", "--data", data, "--features", "blendshapes", *more)
        assert (outcome.code, outcome.err) == (
            2,
            "error: blendshapes are seen, and modality is 'audio': use face or both\n",
        )
