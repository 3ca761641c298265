"""What models may be used for, by what they learnt from."""

from pathlib import Path

import pytest

import emospike
from emospike import datasets, store
from emospike.licences import allows_commercial_use, asks_for_commercial_use, check_commercial_use
from emospike.validation import InputError

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("card", "allowed"),
    [
        ({"data": "cremad"}, True),
        ({"data": "cremad+emodb"}, True),
        ({"data": "cremad+nemo"}, False),
        ({"data": "cremad", "adapted": [{"data": "ravdess"}]}, False),
        ({"data": "manifest"}, None),
        ({"data": "cremad+calls"}, None),
        ({"data": "calls+ravdess"}, False),
        ({"data": "cremad", "adapted": [{"data": "recordings"}]}, None),
        ({}, None),
    ],
    ids=str,
)
def test_all_that_a_model_learnt_from_must_allow_it(card, allowed):
    assert allows_commercial_use(card) is allowed


def test_no_data_set_allows_it_whose_licence_says_otherwise():
    for source in datasets.DATASETS.values():
        forbids = any(word in source.licence for word in ("NC", "research", "academic", "see its"))
        assert bool(source.commercial) is not forbids or source.commercial is None, source.name


def test_what_forbids_it_is_named():
    check_commercial_use("open", {"data": "cremad"})
    check_commercial_use("mine", {"data": "manifest"})
    with pytest.raises(
        InputError, match=r"mine is not free .*learnt from nemo: CC BY-NC-SA 4\.0: name another"
    ) as caught:
        check_commercial_use("mine", {"data": "cremad+nemo+calls"})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("value", "asked"), [(None, False), ("", False), ("any", False), ("commercial", True)])
def test_the_environment_asks(monkeypatch, value, asked):
    monkeypatch.delenv("EMOSPIKE_LICENCE", raising=False)
    if value is not None:
        monkeypatch.setenv("EMOSPIKE_LICENCE", value)
    assert asks_for_commercial_use() is asked


def test_an_unknown_value_is_refused(monkeypatch):
    monkeypatch.setenv("EMOSPIKE_LICENCE", "comercial")
    with pytest.raises(InputError, match="unknown EMOSPIKE_LICENCE 'comercial': did you mean 'commercial'"):
        asks_for_commercial_use()


def test_the_table_of_shipped_models_tells_their_licences():
    text = (store.SHIPPED / "README.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| `")]
    cards = {name: store.read_card(name) for name in store.list_shipped_models()}
    told = {name.strip("`"): (data.replace(", ", "+"), use) for name, data, _, use in rows}
    words = {True: "yes", False: "no"}
    assert told == {name: (card["data"], words[allows_commercial_use(card)]) for name, card in cards.items()}


def test_the_wheel_tells_the_licences():
    tomllib = pytest.importorskip("tomllib")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {*project["license"].split(" AND ")} == {"Apache-2.0", "CC-BY-NC-SA-4.0", "ODbL-1.0", "MIT"}
    assert all((ROOT / file).is_file() for file in project["license-files"])
    assert "src/emospike/models/README.md" in project["license-files"]


def test_what_is_to_be_cited_has_the_version_of_the_package():
    cited = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {emospike.__version__}\n" in cited
    assert "\nlicense: Apache-2.0\n" in cited
