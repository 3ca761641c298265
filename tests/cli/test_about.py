import json

import emospike
from emospike import datasets


def test_version(run):
    assert run("--version").out == f"emospike {emospike.__version__}\n"


def test_no_command_is_help(run):
    outcome = run()
    assert "recognise" in outcome.out + outcome.err


def test_datasets(run):
    outcome = run("datasets")
    assert outcome.code == 0
    assert "zenodo.org/records/1188976" in outcome.out.replace("\n", "")


def test_systems(run):
    outcome = run("systems")
    assert outcome.code == 0
    assert "excube2" in outcome.out
    assert "published" in outcome.out


def test_info_of_no_model(run, wav):
    outcome = run("info", wav)
    assert outcome.code == 2
    assert outcome.err.count("\n") == 1


def test_info_counts_bytes(run, model):
    assert json.loads(run("info", model, "--json").out)["bytes"] == model.stat().st_size


def test_fetch(run, tmp_path, monkeypatch):
    asked = []

    def fetch(folder, progress):
        asked.append(folder)
        return folder / "clips"

    monkeypatch.setattr(datasets, "fetch_ravdess_speech", fetch)
    assert run("fetch", "ravdess-speech", "--to", tmp_path).out == f"{tmp_path / 'clips'}\n"
    assert asked == [tmp_path]
    outcome = run("fetch", "ravdess", "--to", tmp_path)
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
