import pytest

from emospike.datasets import EMOTIONS, arousal, relabel
from emospike.validation import InputError


def test_arousal_is_that_of_excube2():
    low = {emotion for emotion in EMOTIONS if arousal(emotion) == "low"}
    assert low == {"neutral", "calm", "sad"}
    assert {arousal(emotion) for emotion in set(EMOTIONS) - low} == {"high"}


def test_relabel_by_arousal_keeps_low_and_high(table):
    dataset = table([("a", "sad"), ("a", "angry"), ("b", "low"), ("b", "high")])
    assert relabel(dataset, "arousal").labels.tolist() == ["low", "high", "low", "high"]
    assert dataset.labels.tolist() == ["sad", "angry", "low", "high"]


def test_relabel_by_emotion_keeps_any_label(table):
    assert relabel(table([("a", "bored"), ("b", "excited")]), "emotion").classes == ("bored", "excited")


def test_arousal_of_an_unknown_label_names_file_and_nearest(table):
    with pytest.raises(InputError, match=r"^1\.wav has no arousal: .*'hapy': did you mean 'happy'\?.*'emotion'$"):
        relabel(table([("a", "sad"), ("a", "hapy")]), "arousal")


def test_unknown_scheme(table):
    with pytest.raises(InputError, match="unknown label scheme 'arousel': did you mean 'arousal'"):
        relabel(table([("a", "sad")]), "arousel")
