from pathlib import Path

import pytest

from emospike.datasets import DATASETS, join
from emospike.evaluation import protocols
from emospike.evaluation.cards import add_adaptation, add_evaluation, check_evaluation, cite, list_settings, make_card
from emospike.validation import InputError


@pytest.fixture
def card(heard, four_speakers):
    model = protocols.make_system("stub").fit(four_speakers.clips(), four_speakers.labels.tolist())
    return make_card(model, four_speakers, list_settings(model, "default", "emotion"), "0a 1b")


@pytest.fixture
def result(card, four_speakers):
    return protocols.evaluate("stub", four_speakers, "emotion")


def test_card(card):
    assert (card["system"], card["data"], card["licence"], card["clips"]) == ("stub", "manifest", "yours", 12)
    assert "cite" not in card
    assert card["speakers"] == ["a", "b", "c", "d"]
    assert card["classes"] == ["happy", "sad"]
    assert "held-out" in card["calibration"] or "training speakers" in card["calibration"]
    assert card["clip_hashes"] == "0a 1b"


def test_who_recorded_it_is_named(table_of):
    rows = [("happy", "happy", 0.9, "a"), ("sad", "sad", 0.9, "b")]
    both = join([table_of(rows, name) for name in ("cremad", "nemo")], [Path("x"), Path("y")])
    assert cite(both) == "; ".join(DATASETS[name].citation for name in ("cremad", "nemo"))
    assert "10.1109/TAFFC.2014.2336244" in cite(both)


def test_measured(card, result):
    filled = add_evaluation(card, result)
    assert filled["measured"]["accuracy"] == result["accuracy"]
    assert card["measured"] is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"complete": False}, "stopped before its last fold"),
        ({"labels": "arousal"}, "labels 'arousal', the model 'emotion'"),
        ({"normalise": "speaker"}, "normalise 'speaker'"),
    ],
)
def test_of_another_evaluation(card, result, change, said):
    with pytest.raises(InputError, match=said):
        add_evaluation(card, result | change)
    with pytest.raises(InputError, match="no evaluation"):
        add_evaluation(card, {})


def test_settings_are_compared_before_there_is_a_model(card, result):
    settings = list_settings(protocols.make_system("stub"), "default", "emotion")
    check_evaluation(result, settings)
    assert settings.items() <= card.items()
    for name in settings:
        with pytest.raises(InputError, match=f"the evaluation has {name} '?.*evaluate the same"):
            check_evaluation(result, settings | {name: "another"})
        with pytest.raises(InputError, match="no evaluation"):
            check_evaluation({key: value for key, value in result.items() if key != name}, settings)


def test_what_was_learnt_later_stands_apart(card, heard, table_of):
    system = heard[-1]["system"]
    later = add_adaptation(card, system, table_of([("sad", "sad", 0.9, "eve")]), "2c", labelled=False)
    assert later["clip_hashes"] == "0a 1b"
    assert later["speakers"] == ["a", "b", "c", "d", "eve"]
    (step,) = later["adapted"]
    assert (step["clip_hashes"], step["speakers"], step["labelled"]) == ("2c", ["eve"], False)
