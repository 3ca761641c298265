import pytest

from emospike.datasets import EMOTIONS, LABELS, finer_labels, read_map, relabel
from emospike.datasets.labels import LEVELS
from emospike.validation import InputError


def test_arousal_is_that_of_excube2():
    arousal = LABELS["arousal"]
    low = {emotion for emotion in EMOTIONS if arousal.map(emotion) == "low"}
    assert low == {"neutral", "calm", "sad"}
    assert {arousal.map(emotion) for emotion in set(EMOTIONS) - low} == {"high"}
    assert [arousal.map(label) for label in ("bored", "excited", *LEVELS)] == ["low", "high", "low", "low", "high"]


def test_relabel_by_arousal_keeps_low_and_high(table):
    dataset = table([("a", "sad"), ("a", "angry"), ("b", "low"), ("b", "high")])
    assert relabel(dataset, "arousal").labels.tolist() == ["low", "high", "low", "high"]
    assert dataset.labels.tolist() == ["sad", "angry", "low", "high"]


def test_relabel_by_emotion_keeps_any_label(table):
    assert relabel(table([("a", "bored"), ("b", "excited")]), "emotion").classes == ("bored", "excited")


def test_valence_leaves_out_what_is_neither_good_nor_bad(table):
    dataset = relabel(table([("a", label) for label in (*EMOTIONS, "bored", "positive")]), "valence")
    assert {one.tags["label before relabelling"]: one.label for one in dataset.recordings} == {
        "neutral": "neutral", "calm": "neutral", "happy": "positive", "sad": "negative", "angry": "negative",
        "fearful": "negative", "disgust": "negative", "positive": "positive",
    }  # fmt: skip
    assert dataset.notes == ("2 recordings have no label of valence and are left out: 1 bored, 1 surprised",)
    assert len(set(finer_labels(dataset))) > 3


def test_four_emotions(table):
    dataset = relabel(table([("a", label) for label in (*EMOTIONS, "bored")]), "big4")
    assert dataset.classes == ("angry", "happy", "neutral", "sad")
    assert dataset.notes[0].startswith("5 recordings have no label of big4")
    assert relabel(table([("a", "sad"), ("b", "sad")]), "big4").notes == ()


@pytest.mark.parametrize("scheme", ["emotion", "valence", "big4"])
def test_levels_of_arousal_are_no_emotions(table, scheme):
    with pytest.raises(InputError, match=f"^no recording has a label of {scheme}; .*levels of arousal: use --labels a"):
        relabel(table([("a", level) for level in LEVELS]), scheme)
    joined = relabel(table([("a", "happy"), *(("b", level) for level in LEVELS)]), scheme)
    assert len(joined) == 1
    assert joined.notes[0].startswith(f"3 recordings have no label of {scheme} and are left out: 1 level 0")


def test_arousal_of_an_unknown_label_names_file_and_nearest(table):
    with pytest.raises(InputError, match=r"^1\.wav has no arousal: .*'hapy': did you mean 'happy'\?.*'emotion'$"):
        relabel(table([("a", "sad"), ("a", "hapy")]), "arousal")


def test_unknown_scheme(table):
    with pytest.raises(InputError, match="unknown label scheme 'arousel': did you mean 'arousal'"):
        relabel(table([("a", "sad")]), "arousel")


# -- a map of one's own ----------------------------------------------------------------------------------------


def test_a_map_leaves_out_and_counts_what_it_lacks(table, tmp_path):
    file = tmp_path / "calls.csv"
    file.write_text("From , TO\nAngry,complaint\nfrustrated,complaint\ncalm,fine\nhappy,fine\n")
    scheme = read_map(file)
    dataset = relabel(table([("a", "angry"), ("a", "frustrated"), ("b", "calm"), ("b", "sad")]), scheme)
    assert (scheme.name, dataset.labels.tolist()) == ("map:calls", ["complaint", "complaint", "fine"])
    assert dataset.notes == ("1 recordings have no label of map:calls and are left out: 1 sad",)


def test_a_typo_in_a_map(table, tmp_path):
    file = tmp_path / "calls.csv"
    file.write_text("from,to\nangy,bad\n")
    with pytest.raises(InputError, match=r"^unknown label in .*calls.csv 'angy': did you mean 'angry'\? known are"):
        relabel(table([("a", "angry"), ("b", "sad")]), read_map(file))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\nx,y\n", "lacks rows, or the columns from and to"),
        ("from,to\n", "lacks rows, or the columns from and to"),
        ("from,to\nangry,\n", "row 2 of .* lacks a label"),
        ("from,to\nangry\n", "row 2 of .* lacks a label"),
        ("from,to\nangry,bad\nAngry,good\n", "has 'angry' twice"),
        (b"from,to\n\xff,bad\n", "cannot read .* as CSV in UTF-8"),
    ],
)
def test_maps_that_cannot_be_used(tmp_path, text, said):
    file = tmp_path / "map.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InputError, match=said):
        read_map(file)
    with pytest.raises(InputError, match="cannot read"):
        read_map(tmp_path / "none.csv")
