"""Numbers instead of classes, by the command line."""

import json

import made_up
import numpy as np
import pytest

from emospike.cli.numbers import predict_rows
from emospike.clip import Clip
from emospike.regression import load_regressor


@pytest.fixture(scope="module")
def numbered(tmp_path_factory):
    """Four recordings of each of four speakers, with two numbers, one of which is their label."""
    folder, rng = tmp_path_factory.mktemp("numbered"), np.random.default_rng(0)
    lines = ["path,label,speaker,Liveliness"]
    for speaker, pitch in made_up.PITCHES.items():
        for take in range(4):
            degree, name = rng.random(), f"{speaker}-{take}.wav"
            made_up.write(folder / name, made_up.voice(0.8, pitch, degree, seed=take))
            lines.append(f"{name},{-degree:.3f},{speaker},{degree:.3f}")
    (folder / "manifest.csv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="module")
def model_of_numbers(run, numbered, tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "lively.safetensors"
    targets = ("--target", "liveliness", "--target", "label")
    outcome = run("train", "baseline", "--preset", "ridge", "--data", numbered, *targets, "-o", path)
    assert outcome.code == 0, outcome.err
    assert f"{path}: 0.01 MB, predicts liveliness ± " in outcome.out
    return path


def test_numbers_as_labels_are_refused_and_the_way_is_told(run, numbered, tmp_path):
    for command in (("train", "baseline", "-o", tmp_path / "m.safetensors"), ("evaluate", "baseline")):
        outcome = run(*command, "--data", numbered, "--labels", "emotion")
        assert outcome.code == 2
        assert outcome.err.startswith("error: the labels of ")
        assert "are numbers on a scale" in outcome.err
        assert "to train on numbers, name their column with --target" in outcome.err
        assert len(outcome.err.splitlines()) == 1


def test_evaluate(run, numbered, tmp_path):
    asked = ("--target", "Liveliness", "--json", tmp_path / "r.json")
    outcome = run("evaluate", "baseline", "--preset", "ridge", "--data", numbered, *asked)
    assert outcome.code == 0, outcome.err
    result = json.loads((tmp_path / "r.json").read_text())
    found = result["targets"]["Liveliness"]
    head, row, protocol, file, picture = outcome.out.splitlines()
    assert head.split()[:5] == ["system", "target", "CCC", "95", "%"]
    assert row.split()[:4] == ["baseline", "ridge", "Liveliness", f"{found['ccc']:.3f}"]
    assert f"{found['ci95'][0]:.3f} to {found['ci95'][1]:.3f}" in row
    assert (protocol.strip(), file) == ("speaker-folds", str(tmp_path / "r.json"))
    assert picture == str(tmp_path / "r.png")
    assert (tmp_path / "r.png").read_bytes().startswith(b"\x89PNG")
    assert "95 % intervals of the CCC over speakers" in outcome.err
    assert found["ccc"] > 0.5
    assert len(result["folds"]) == 4


def test_recognise(run, model_of_numbers, numbered, tmp_path):
    files = [numbered / "anna-0.wav", numbered / "ben-1.wav"]
    outcome = run("recognise", *files, "--model", model_of_numbers, "--json", "-o", tmp_path / "found.csv")
    assert outcome.code == 0, outcome.err
    expected = load_regressor(model_of_numbers).predict(files)
    for row, file, values in zip(outcome.rows, files, expected, strict=True):
        assert row["file"] == str(file)
        assert row["numbers"] == pytest.approx(dict(zip(["liveliness", "label"], values, strict=True)))
        assert row["errors"]["liveliness"] > 0
    assert "numbers_liveliness" in (tmp_path / "found.csv").read_text().splitlines()[0]
    lines = run("recognise", *files, "--model", model_of_numbers).out.splitlines()
    assert lines[0].split()[1:4] == ["liveliness", f"{expected[0, 0]:.3g}", "±"]


def test_rows_come_as_they_are_found(model_of_numbers, numbered, tmp_path):
    (tmp_path / "empty.wav").touch()
    clips, seen = [Clip(tmp_path / "empty.wav"), *map(Clip, sorted(numbered.glob("*.wav")))], []
    rows = predict_rows(load_regressor(model_of_numbers), clips, lambda *told: seen.append(told))
    assert "error" in next(rows)
    assert next(rows)["file"] == str(clips[1].path)
    assert seen == [("numbers", 1, len(clips)), ("numbers", 2, len(clips))]
    assert len(list(rows)) == len(clips) - 2


def test_what_is_no_speech_is_not_told_as_if_it_were(run, model_of_numbers, tmp_path):
    made_up.write(tmp_path / "noise.wav", np.random.default_rng(0).normal(0, 0.1, 32_000).astype(np.float32))
    (tmp_path / "empty.wav").touch()
    outcome = run("recognise", tmp_path / "empty.wav", tmp_path / "noise.wav", "--model", model_of_numbers)
    assert outcome.code == 2
    empty, noise = outcome.out.splitlines()
    assert "empty.wav  error: " in empty
    assert "don't know (liveliness " in noise
    assert "no speech was heard" in noise


def test_test_and_info(run, model_of_numbers, numbered):
    outcome = run("test", model_of_numbers, "--data", numbered)
    assert outcome.code == 0, outcome.err
    assert "LEAKY: the model was trained on 16 of these 16 recordings" in outcome.err
    assert [line.split()[-10] for line in outcome.out.splitlines()[1::2]] == ["liveliness", "label"]
    card = json.loads(run("info", model_of_numbers, "--json").out)
    assert card["targets"] == ["liveliness", "label"]
    assert card["clips"] == 16
    assert card["speakers"] == sorted(made_up.PITCHES)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("evaluate", "baseline", "--target", "pleasure"), "no column 'pleasure' of numbers: those of numbers are"),
        (("evaluate", "baseline", "--target", "label", "--labels", "emotion"), "--labels is for classes alone"),
        (("evaluate", "baseline", "--target", "label", "--protocol", "random"), "protocol random is of classes"),
        (("evaluate", "eavs_tf", "--target", "label"), "has none: take excube2 or baseline"),
        (("evaluate", "excube2", "--target", "label", "--modality", "both"), "take preset early"),
    ],
)
def test_what_cannot_be_asked_of_numbers(run, numbered, asked, said):
    outcome = run(*asked, "--data", numbered)
    assert outcome.code == 2
    assert said in outcome.err
    assert len(outcome.err.splitlines()) == 1


def test_a_model_of_numbers_has_no_decisions(run, model_of_numbers, numbered):
    for more, said in ((("explain", "-o", numbered / "m.html"), "predicts numbers: use emospike recognise"),
                       (("recognise", "--threshold", "0.5"), "--threshold is for classes alone")):  # fmt: skip
        outcome = run(*more, numbered / "anna-0.wav", "--model", model_of_numbers)
        assert outcome.code == 2
        assert said in outcome.err
