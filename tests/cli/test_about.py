import json
import re

import pytest

import emospike
from emospike import datasets
from emospike.validation import one_of


def test_version(run):
    assert run("--version").out == f"emospike {emospike.__version__}\n"


def test_no_command_is_help(run):
    outcome = run()
    assert (outcome.code, outcome.err) == (0, "")
    assert "recognise" in outcome.out


@pytest.mark.parametrize(
    ("words", "said", "command"),
    [
        (["--nope"], "no such option: --nope", ""),
        (["recognse", "a.wav"], "no such command 'recognse'. Did you mean 'recognise', 'recognize'?", ""),
        (["recognise"], "missing argument", " recognise"),
        (["recognise", "a.wav", "--windo", "3"], "no such option: --windo (Possible options: --window)", " recognise"),
        (["recognise", "a.wav", "--window", "long"], "invalid value for '--window'", " recognise"),
        (["evaluate", "excube2", "--data", "x", "--seeds", "1.5"], "invalid value for '--seeds'", " evaluate"),
        (["train", "excube2", "--data"], "option '--data' requires an argument", ""),
        (["test", "m", "--data", "x", "y"], "got unexpected extra argument", " test"),
    ],
)
def test_words_that_no_command_knows(run, words, said, command):
    outcome = run(*words)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(f"error: {said}")
    assert outcome.err.endswith(f"{command} --help)\n")
    assert outcome.err.count("\n") == 1


def test_datasets(run):
    outcome = run("datasets")
    assert outcome.code == 0
    assert "zenodo.org/records/1188976" in outcome.out.replace("\n", "")
    rows = json.loads(run("datasets", "--json").out)
    assert [row["name"] for row in rows] == list(datasets.DATASETS)
    assert all(row["citation"] for row in rows if row["name"] != "manifest")


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


def test_info_leaves_out_what_only_machines_read(run, model):
    hashes = json.loads(run("info", model, "--json").out)["clip_hashes"]
    outcome = run("info", model)
    assert len(hashes.split()) == 32
    assert "clip_hashes" not in outcome.out
    assert hashes[:12] not in outcome.out


def test_info_lists_shipped_models_and_their_licences(run, shipped_open):
    rows = json.loads(run("info", "--json").out)
    assert [row["model"] for row in rows] == ["excube2-arousal", "excube2-open"]
    assert [row["commercial_use"] for row in rows] == [False, True]
    assert "ODbL" in rows[1]["licence"]
    header, closed, free = run("info").out.splitlines()
    assert "commercial_use" in header
    assert (" no " in closed, " yes " in free) == (True, True)


def test_info_tells_commercial_use(run, model, shipped_open):
    for name, said in (
        ("excube2-arousal", "no"),
        ("excube2-open", "yes"),
        (model, "as the licence of your recordings"),
    ):
        assert re.search(rf"commercial_use +{said}", run("info", name).out)
    assert json.loads(run("info", model, "--json").out)["commercial_use"] is None


def test_fetch(run, tmp_path, monkeypatch):
    asked = []

    def fetch(what, folder, progress):
        one_of("data set to fetch", what, datasets.ARCHIVES)
        asked.append(folder)
        return folder / "clips"

    monkeypatch.setattr(datasets, "fetch_archive", fetch)
    assert run("fetch", "ravdess-speech", "--to", tmp_path).out == f"{tmp_path / 'clips'}\n"
    assert asked == [tmp_path]
    outcome = run("fetch", "ravdess", "--to", tmp_path)
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
