import pytest

from emospike.evaluation import choosing
from emospike.evaluation.choosing import choose_shipped, score_on_strangers
from emospike.validation import InputError


def make_card(data, clips, found=None, modality="audio", **measured):
    classes = ["high", "low"]
    measured = {"protocol": "test", "note": "", "balanced_by_corpus": found} | measured
    return {"data": data, "clips": clips, "modality": modality, "classes": classes, "measured": measured}


@pytest.fixture
def cards(monkeypatch):
    made = {}
    monkeypatch.setattr(choosing, "read_shipped_cards", lambda: made)
    monkeypatch.delenv("EMOSPIKE_LICENCE", raising=False)
    return made


def test_those_shipped_for_use_are_the_default(monkeypatch):
    monkeypatch.delenv("EMOSPIKE_LICENCE", raising=False)
    chosen = {modality: choose_shipped(modality) for modality in ("audio", "face", "both")}
    assert chosen == {"audio": "excube2-arousal", "face": "excube2-both", "both": "excube2-both"}


def test_the_best_on_strangers_is_chosen(cards):
    cards["good"] = make_card("ravdess", 10, {"emovo": 0.8, "tess": 0.7})
    cards["fair"] = make_card("ravdess", 99, {"emovo": 0.6, "tess": 0.7})
    cards["unmeasured"] = make_card("ravdess", 999)
    assert choose_shipped("audio") == "good"


def test_of_those_not_measured_the_one_of_most_clips(cards):
    cards["few"] = make_card("ravdess", 10, modality="face")
    cards["many"] = make_card("ravdess", 99, {"emovo": 0.9}, modality="both")
    cards["deaf"] = make_card("ravdess", 999)
    assert choose_shipped("face") == "many"


def test_accuracy_is_counted_from_chance():
    card = make_card("ravdess", 1, {"emovo": 0.7, "tess": 0.8})
    assert score_on_strangers(card, "audio") == pytest.approx(0.5)
    assert score_on_strangers(card | {"classes": list("abcd")}, "audio") == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    "change", [{"protocol": "speaker-folds"}, {"note": "LEAKY: 3 clips"}, {"balanced_by_corpus": None}]
)
def test_speakers_of_a_known_corpus_are_no_strangers(change):
    assert score_on_strangers(make_card("ravdess", 1, {"emovo": 0.7}) | {"measured": None}, "audio") == 0
    assert score_on_strangers(make_card("ravdess", 1, **{"found": {"emovo": 0.7}} | change), "audio") == 0
    assert score_on_strangers(make_card("ravdess", 1, {"emovo": 0.7}), "face") == 0


def test_commercial_use_keeps_to_what_is_free_for_it(cards, monkeypatch):
    cards["best"] = make_card("ravdess", 10, {"emovo": 0.9})
    cards["open"] = make_card("cremad", 5, {"emovo": 0.6})
    cards["whose"] = make_card("manifest", 5, {"emovo": 0.7})
    assert choose_shipped("audio") == "best"
    monkeypatch.setenv("EMOSPIKE_LICENCE", "commercial")
    assert choose_shipped("audio") == "open"
    with pytest.raises(
        InputError, match=r"no shipped model that decides by face is free .*\(cremad, .*--model"
    ) as caught:
        choose_shipped("face")
    assert "\n" not in str(caught.value)
