import json

import pytest

from emospike.evaluation.protocols import STUDIES
from emospike.evaluation.splitting import PROTOCOLS


def test_audit_prints_a_line_a_check_and_a_verdict(run, data, tmp_path):
    outcome = run("audit", "baseline", "--data", data, "--preset", "ridge", "--json", tmp_path / "a.json")
    assert outcome.code == 0, outcome.err
    result = json.loads((tmp_path / "a.json").read_text())
    lines = outcome.out.splitlines()
    assert [line.split()[0] for line in lines[:7]] == [check["outcome"] for check in result["checks"]]
    assert lines[7:] == [f"verdict: {result['verdict']}", str(tmp_path / "a.json")]
    by_name = {check["name"]: check["outcome"] for check in result["checks"]}
    assert {by_name[name] for name in ("speakers", "test recordings", "statistics", "alone", "test labels")} == {"pass"}
    assert "tested once a seed" in outcome.err


def test_a_leaky_protocol_is_no_error(run, data):
    outcome = run("audit", "baseline", "--data", data, "--preset", "ridge", "--protocol", "random")
    assert outcome.code == 0, outcome.err
    assert "FAIL       speakers         3 of 3 test speakers also train: anna, ben, dan" in outcome.out
    assert "may reach 1.000 (before: 1.000); too few test recordings to tell" in outcome.out
    assert "verdict: LEAKY" in outcome.out


def test_help_names_every_protocol_that_can_be_audited(run):
    said = run("audit", "--help").out
    for protocol in PROTOCOLS.keys() - STUDIES.keys():
        assert f"{protocol}:" in said or f"{protocol};" in said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--protocol", "cascade"], "use --modality both"),
        (["--protocol", "new-speaker"], "audit that"),
        (["--folds", "0"], "folds must be above 0"),
        (["--json", "nowhere/a.json"], "there is no folder"),
    ],
)
def test_what_cannot_be_audited_is_said_at_once(run, options, said):
    outcome = run("audit", "baseline", "--data", "nowhere", *options)
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert said in outcome.err
