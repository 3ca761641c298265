"""``emospike reproduce``: what there is, tables and figures, going on, and what it refuses."""

import json

import numpy as np
import pytest

from emospike.systems import SYSTEMS
from emospike.systems.info import SystemInfo
from emospike.systems.paper import Claim, Found, Reproduction, Trial

FAILS = []


def made() -> Reproduction:
    """Two trials: one knows, the other guesses or fails."""
    return Reproduction(
        "A toy table",
        "Nobody 1999, Table 1",
        (Trial((Claim("knows", {"vote": 0.8}),), "a", knows), Trial((Claim("guesses"),), "b", guesses)),
        ("vote",),
    )


def knows(split):
    return Found({"knows": {"vote": split.test.labels}})


def guesses(split):
    if FAILS:
        raise KeyboardInterrupt
    return Found({"guesses": {"vote": np.full(len(split.test), "happy")}})


@pytest.fixture(autouse=True)
def toy(monkeypatch):
    info = SystemInfo("toys", "toys:Toys", "Nothing", presets={}, reproductions={"table1": made})
    monkeypatch.setitem(SYSTEMS, "toys", info)
    FAILS.clear()


def test_nothing_lists_what_there_is(run):
    outcome = run("reproduce")
    assert outcome.code == 0
    assert "cross-modal" in outcome.out
    assert "A toy table" in outcome.out
    assert "cross-modal" not in run("reproduce", "toys").out


def test_the_table_and_the_files(run, data, tmp_path):
    outcome = run("reproduce", "toys", "table1", "--data", data, "--json", tmp_path / "r.json")
    assert outcome.code == 0, outcome.err
    assert "random, LEAKY" in outcome.out
    assert "0.800" in outcome.out
    assert "Nobody 1999" in outcome.err
    result = json.loads((tmp_path / "r.json").read_text())
    assert result["reproduces"] == ["toys", "table1"]
    assert result["complete"]
    assert (tmp_path / "r.png").stat().st_size > 5000


def test_an_interrupted_run_is_gone_on_with(run, data, tmp_path):
    file = tmp_path / "r.json"
    FAILS.append(1)
    assert run("reproduce", "toys", "table1", "--data", data, "--json", file).code == 130
    so_far = json.loads(file.read_text())
    assert [row["what"] for row in so_far["rows"]] == ["knows"]
    assert not so_far["complete"]
    FAILS.clear()
    assert run("reproduce", "toys", "table1", "--data", data, "--json", file).code == 0
    now = json.loads(file.read_text())
    assert now["rows"][0]["seconds"] == so_far["rows"][0]["seconds"]
    assert len(now["rows"]) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("toys", "table1"), "reproducing toys table1 needs recordings: give --data too"),
        (("toy", "table1"), "did you mean 'toys'"),
        (("cross-modal", "table9"), "unknown reproduction of cross-modal 'table9'"),
    ],
)
def test_what_is_refused(run, arguments, said):
    outcome = run("reproduce", *arguments)
    assert outcome.code == 2
    assert said in outcome.err


def test_a_file_of_something_else_is_left_alone(run, data, tmp_path):
    file = tmp_path / "mine.json"
    file.write_text('{"folds": []}')
    outcome = run("reproduce", "toys", "table1", "--data", data, "--json", file)
    assert outcome.code == 2
    assert "holds no result of emospike reproduce" in outcome.err
    assert file.read_text() == '{"folds": []}'
