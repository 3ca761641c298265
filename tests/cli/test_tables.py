"""What ``recognise -o`` writes."""

import csv
import json

import pytest

from emospike.cli.recognise import keep_rows


@pytest.fixture
def folder(wav, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.wav").write_bytes(wav.read_bytes())
    (tmp_path / "in" / "b.wav").write_text("this is no sound")
    return tmp_path / "in"


def test_csv_and_json_hold_what_was_printed(run, model, folder, tmp_path):
    printed = run("recognise", folder, "--model", model, "--json", "-o", tmp_path / "found.json").rows
    assert json.loads((tmp_path / "found.json").read_text()) == printed
    run("recognise", folder, "--model", model, "-o", tmp_path / "found.csv")
    with (tmp_path / "found.csv").open(newline="") as file:
        good, bad = csv.DictReader(file)
    assert good["label"] == printed[0]["label"]
    assert float(good["probabilities_high"]) == printed[0]["probabilities"]["high"]
    assert good["error"] == ""
    assert bad["error"] == printed[1]["error"]
    assert bad["label"] == ""


def test_parquet_holds_the_same(run, model, folder, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    run("recognise", folder, "--model", model, "-o", tmp_path / "found.parquet")
    good, bad = parquet.read_table(tmp_path / "found.parquet").to_pylist()
    assert good["answered"] in (True, False)
    assert bad["answered"] is None


def test_what_was_found_before_an_interruption_is_kept(tmp_path):
    with pytest.raises(KeyboardInterrupt), keep_rows(tmp_path / "found.csv") as rows:
        rows.append({"file": "a.wav", "label": "high"})
        raise KeyboardInterrupt
    assert (tmp_path / "found.csv").read_text() == "file,label\na.wav,high\n"


def test_other_names_are_refused_before_the_work(run, model, wav, tmp_path):
    err = run("recognise", wav, "--model", model, "-o", tmp_path / "found.xlsx").err
    assert err == "error: a name that ends in .csv, .json or .parquet expected, got found.xlsx\n"
    (tmp_path / "there.csv").write_text("mine")
    assert "it is a recording or a table of yours" in run("recognise", wav, "-o", tmp_path / "there.csv").err
