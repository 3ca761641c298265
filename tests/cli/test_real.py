"""The commands on real recordings: RAVDESS, as sound and film."""

import json
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def actors(ravdess: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 80 of the clips of four actors of two of the literature's folds."""
    folder = tmp_path_factory.mktemp("ravdess")
    for actor in ("02", "05", "03", "06"):
        for clip in sorted((ravdess / "audio" / f"Actor_{actor}").glob("*.opus"))[::3]:
            (folder / clip.name).symlink_to(clip)
    return folder


@pytest.fixture(scope="module")
def real_model(run, actors, tiny_offered, tmp_path_factory):
    path = tmp_path_factory.mktemp("real") / "real.safetensors"
    with tiny_offered():
        outcome = run("train", "excube2", "--data", actors, "--preset", "tiny", "-o", path)
    assert outcome.code == 0, outcome.err
    return path


@pytest.mark.long
def test_evaluate_uses_the_folds_of_the_literature(run, actors, tmp_path):
    file = tmp_path / "r.json"
    assert run("evaluate", "excube2", "--data", actors, "--preset", "tiny", "--json", file).code == 0
    result = json.loads(file.read_text())
    assert [fold["speakers"] for fold in result["folds"]] == [["02", "05"], ["03", "06"]]
    assert 0.6 < result["majority"] < 0.7
    assert result["balanced_accuracy"] > 0.55


def test_recognise_sound_and_film(run, real_model, data_dir):
    outcome = run("recognise", "--model", real_model, "--json", data_dir / "samples")
    assert outcome.code == 0
    assert {Path(row["file"]).suffix for row in outcome.rows} == {".wav", ".mp4"}
    assert all(0.5 <= row["confidence"] <= 1 for row in outcome.rows)


def test_explain_film(run, real_model, data_dir, tmp_path):
    film = data_dir / "samples" / "video" / "01-01-01-01-01-01-01.mp4"
    assert run("explain", film, "--model", real_model, "-o", tmp_path / "why").code == 0
    assert (tmp_path / "why" / "index.html").is_file()


@pytest.fixture(scope="module")
def takes(ravdess: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight takes of one actor, each a sound and a face-tracking table."""
    folder = tmp_path_factory.mktemp("takes")
    for table in sorted((ravdess / "face" / "openface").glob("*-02.csv.gz"))[::2]:
        (folder / table.name).symlink_to(table)
        sound = f"03{table.name[2:20]}.opus"
        (folder / sound).symlink_to(ravdess / "audio" / "Actor_02" / sound)
    return folder


@pytest.mark.parametrize("modality", ["audio", "face", "both"])
def test_a_model_of_both_is_tested_and_taught_by_each_sense(run, takes, tmp_path, modality):
    file, model = tmp_path / "r.json", tmp_path / "m.safetensors"
    assert run("test", "excube2-both", "--data", takes, "--modality", modality, "--json", file).code == 0
    result = json.loads(file.read_text())
    assert (result["modality"], result["clips"], result["leaks"]["clips"]) == (modality, 8, 8)
    assert ("senses" in result) == (modality == "both")
    assert run("adapt", "excube2-both", "--data", takes, "--modality", modality, "-o", model).code == 0
    assert json.loads(run("info", model, "--json").out)["modality"] == "both"


def test_a_sense_that_a_model_lacks_is_an_error(run, takes):
    outcome = run("test", "excube2-arousal", "--data", takes, "--modality", "face")
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert "this model perceives audio, not face" in outcome.err
