import json

import pytest


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("compared") / "own"


@pytest.fixture(scope="module")
def compare(run, data, folder):
    def command(*arguments):
        return run("compare", "--data", data, "--modality", "audio", "-o", folder, *arguments)

    return command


def test_compare(compare, folder):
    outcome = compare("--systems", "baseline, spiking_emotions")
    assert outcome.code == 0, outcome.err
    assert "spiking_emotions is left out: it perceives face, not audio" in outcome.err
    (row,) = json.loads((folder / "comparison.json").read_text())
    assert row["system"] == "baseline"
    assert row["total_uj"] == row["twin_total_uj"] > 0
    assert f"{row['accuracy']:.3f}" in outcome.out
    assert (folder / "comparison.png").read_bytes().startswith(b"\x89PNG")
    before = (folder / "baseline-svm-audio-arousal-speaker-folds.json").stat().st_mtime_ns
    assert "kept" in compare("--systems", "baseline").err
    assert (folder / "baseline-svm-audio-arousal-speaker-folds.json").stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--systems", "nothing"], "unknown system 'nothing'"),
        (["--labels", "mood"], "unknown label scheme 'mood'"),
        (["--systems", "spiking_emotions"], "no system could be evaluated"),
        (["-o", "{file}"], "is a file: name a folder"),
        (["-o", "{file}/folder"], "error: cannot make the folder {file}/folder: Not a directory: name another one"),
    ],
)
def test_errors_are_one_line(compare, tmp_path, arguments, said):
    (tmp_path / "file").write_text("")
    outcome = compare(*[one.format(file=tmp_path / "file") for one in arguments])
    assert outcome.code == 2
    assert said.format(file=tmp_path / "file") in outcome.err.splitlines()[-1]
