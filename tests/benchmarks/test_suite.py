"""The whole bench, as a person runs it, on tiny sizes."""

import json
import os
from pathlib import Path

import pytest
import soundfile

from benchmarks import reservoir, suite
from benchmarks.__main__ import main
from benchmarks.measurement import Measurement
from emospike.clip import Clip
from emospike.clip.synthetic import synthesise_speech
from emospike.validation import InputError

GROUPS = ["reservoir", "one decision", "decision and peers", "reservoir and peers"]
CURVES = ["neurons", "synapses a neuron", "seconds of sound"]


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EMOSPIKE_DATA", raising=False)
    for name, values in {"NEURONS": (500,), "SYNAPSES": (6, 12), "LENGTHS": (1,)}.items():
        monkeypatch.setattr(reservoir, name, values)


def test_command_writes_numbers_and_figures(model, tmp_path, capsys):
    figures = tmp_path / "new" / "figures"
    outputs = ["--json", str(tmp_path / "bench.json"), "--figures", str(figures)]
    assert main(["--quick", "--runs", "1", "--model", str(model), *outputs]) == 0
    written = json.loads((tmp_path / "bench.json").read_text())
    assert list(written["groups"]) == GROUPS + CURVES
    keys = {"name", "value", "unit", "note", "at"}
    assert all(set(row) == keys for rows in written["groups"].values() for row in rows)
    assert written["machine"]["cores"] == os.cpu_count()
    assert written["settings"]["clip"] == "synthetic"
    assert written["settings"]["runs"] == 1
    assert sorted(file.name for file in figures.iterdir()) == ["peers.png", "scaling.png", "stages.png"]
    printed = capsys.readouterr().out
    assert all(group in printed for group in written["groups"])
    assert "the same spikes" in printed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "no-such-model"], "no model 'no-such-model'"),
        (["--runs", "0"], "runs must lie in 1 to"),
        (["--train"], "training needs recordings"),
        (["--brian2", "nowhere"], "no Python at nowhere"),
        (["--json", "nowhere/bench.json"], "there is no folder"),
        (["--figures", "/dev/null/figures"], "cannot make the folder"),
        (["--data", "nowhere"], "nothing at nowhere"),
    ],
)
def test_wrong_arguments_are_told_before_the_work(arguments, message, model, capsys):
    assert main(["--model", str(model), *arguments]) == 2
    told = capsys.readouterr().err
    assert message in told
    assert len(told.splitlines()) == 1


def test_films_and_training_are_timed_when_asked_for(model, data):
    usual = suite.Suite(str(model), data).works(data / "15.wav")
    assert list(usual) == GROUPS + CURVES
    asked = suite.Suite(str(model), data, train=True, film=Path("film.mp4")).works(data / "15.wav")
    assert list(asked) == [*GROUPS, "a film, sound and face", "training", *CURVES]


def test_the_recording_is_synthetic_or_the_first_of_four_seconds(wav, data):
    assert Clip(wav).seconds == pytest.approx(4.0)
    assert suite.find_recording(data, Path("nowhere")).name == "15.wav"


def test_data_without_a_long_recording_is_an_error(tmp_path):
    soundfile.write(tmp_path / "a.wav", synthesise_speech(1.0), 16_000)
    (tmp_path / "manifest.csv").write_text("path,label,speaker\na.wav,sad,anna\n")
    with pytest.raises(InputError, match="no recording of at least 4 s"):
        suite.find_recording(tmp_path, tmp_path)


def test_a_report_names_files_and_no_folders(model, data, tmp_path):
    (tmp_path / "python").touch()
    asked = suite.Suite(str(model), data / "deep", brian2=tmp_path / "python")
    settings = suite.report(asked, {})["settings"]
    assert (settings["brian2"], settings["data"], settings["clip"]) == ("python", "deep", "recorded")


def test_tables_show_curves_by_value_and_missing_numbers_as_dashes():
    rows = [
        Measurement("forward", 1.234, "ms", at=1000),
        Measurement("forward", 12.34, "ms", at=10_000),
        Measurement("peak memory", None, "MB", at=1000),
    ]
    table = suite.make_table("neurons", rows)
    assert [list(column.cells) for column in table.columns] == [["1,000", "10,000"], ["1.23", "12.3"], ["-", ""]]
    other = suite.make_table("peers", [Measurement("x", None, "ms", "not installed")])
    assert [list(column.cells) for column in other.columns] == [["x"], ["-"], ["ms"], ["not installed"]]


def test_processor_is_named_as_far_as_the_system_tells(tmp_path):
    (tmp_path / "cpuinfo").write_text("vendor\t: x\nmodel name\t: Fast CPU\nmodel name\t: Fast CPU\n")
    assert suite.describe_machine(tmp_path / "cpuinfo")["processor"] == "Fast CPU"
    assert suite.describe_machine(tmp_path / "nothing")["processor"]
