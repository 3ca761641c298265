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
