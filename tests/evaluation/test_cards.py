import pytest

from emospike.evaluation import protocols
from emospike.evaluation.cards import measured, model_card
from emospike.validation import InputError


@pytest.fixture
def card(heard, four_speakers, monkeypatch):
    monkeypatch.setattr("emospike.systems.SYSTEMS.name_of", lambda kind: "stub")
    model = protocols.new_system("stub").fit(four_speakers.clips(), four_speakers.labels.tolist())
    return model_card(model, four_speakers, "emotion", "default")


@pytest.fixture
def result(card, four_speakers):
    return protocols.evaluate("stub", four_speakers, "emotion")


def test_card(card):
    assert (card["system"], card["data"], card["licence"], card["clips"]) == ("stub", "manifest", "yours", 12)
    assert card["speakers"] == ["a", "b", "c", "d"]
    assert card["classes"] == ["happy", "sad"]
    assert "held-out" in card["calibration"] or "training speakers" in card["calibration"]


def test_measured(card, result):
    filled = measured(card, result)
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
        measured(card, result | change)
    with pytest.raises(InputError, match="no evaluation"):
        measured(card, {})
