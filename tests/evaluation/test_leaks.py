from pathlib import Path

import pytest

from emospike.datasets import Dataset, Recording
from emospike.evaluation.leaks import describe_copies, describe_leaks, drop_hashes, find_leaks, hash_clips, hash_content
from emospike.validation import InputError


@pytest.fixture
def recordings(tmp_path):
    """Make a data set of files with the given contents, said by a speaker."""

    def make(*contents: str, speaker: str | None = "anna", name: str = "manifest") -> Dataset:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        for i, content in enumerate(contents):
            (folder / f"{i}.wav").write_text(content)
        rows = tuple(Recording(folder / f"{i}.wav", "sad", speaker, f"{i}") for i in range(len(contents)))
        return Dataset(name, rows)

    return make


def card_of(dataset: Dataset) -> dict:
    speakers = sorted({*dataset.speakers.tolist()} - {""})
    return {"data": dataset.name, "speakers": speakers, "clip_hashes": hash_clips(dataset)}


def said(card: dict, dataset: Dataset) -> str:
    return describe_leaks(find_leaks(card, dataset), card, dataset)


def test_hashes_tell_contents_apart_whatever_the_name(recordings, tmp_path):
    one, two, again, *others = hash_clips(recordings("b", "a", "c")).split()
    assert not others
    assert all(len(found) == 12 for found in (one, two, again))
    assert [one, two, again] == sorted({one, two, again})
    assert hash_clips(recordings("c", "b", "a", "a")) == f"{one} {two} {again}"
    (tmp_path / "long").write_bytes(bytes(3_000_000))
    (tmp_path / "longer").write_bytes(bytes(3_000_001))
    assert hash_content(tmp_path / "long") != hash_content(tmp_path / "longer")


def test_a_file_that_is_gone(tmp_path):
    with pytest.raises(InputError, match=r"cannot read .*gone.wav: No such file"):
        hash_content(tmp_path / "gone.wav")


def test_renamed_copies_are_found(recordings):
    card, test = card_of(recordings("a", "b", "c")), recordings("x", "b", "c", speaker="someone")
    found = find_leaks(card, test)
    assert found == {"clips": 2, "unlabelled_clips": 0, "speakers": [], "clips_compared": True}
    assert said(card, test) == "LEAKY: the model was trained on 2 of these 3 recordings"


def test_what_it_was_adapted_to_counts(recordings):
    first, later, mean = recordings("a"), recordings("b", speaker="ben"), recordings("c", speaker="carla")
    steps = [card_of(later) | {"labelled": True}, card_of(mean) | {"labelled": False}]
    card = card_of(first) | {"adapted": steps}
    assert find_leaks(card, recordings("b", "x", speaker="eve"))["clips"] == 1
    assert find_leaks(card, recordings("x", speaker="carla"))["speakers"] == ["carla"]
    test = recordings("c", "x", speaker="eve")
    assert (find_leaks(card, test)["clips"], find_leaks(card, test)["unlabelled_clips"]) == (0, 1)
    assert said(card, test).endswith("; it was adapted to 1 of these 2 recordings, without labels")
    assert "LEAKY" not in said(card, test)


def test_nothing_in_common(recordings):
    card = card_of(recordings("a"))
    assert said(card, recordings("x", speaker="eve")) == (
        "a trained model; it shares no speaker's name with these recordings; none of these files trained it"
    )
    assert said(card, recordings("x", speaker=None)) == (
        "a trained model; none of these files trained it; whether it heard these speakers is not known"
    )


def test_names_alone_are_proof_for_ravdess_only(recordings):
    assert "if they are the same people, this is LEAKY" in said(card_of(recordings("a")), recordings("x"))
    actors = recordings("a", speaker="01", name="ravdess")
    test = recordings("x", speaker="01", name="ravdess")
    assert said(card_of(actors), test) == "LEAKY: the model was trained on speakers 01, who also test it"
    mine = card_of(recordings("b", speaker="01"))
    assert "if they are the same people" in said(mine, recordings("x", speaker="01", name="ravdess"))
    assert "it shares no speaker's name" in said(card_of(actors), recordings("x", speaker="01", name="ased"))


def test_speakers_of_joined_corpora_are_found(recordings):
    joined = card_of(recordings("a", speaker="cremad:1001", name="cremad+nemo"))
    assert said(joined, recordings("x", speaker="1001", name="cremad")).startswith("LEAKY: the model was trained on sp")
    assert "it shares no speaker's name" in said(joined, recordings("x", speaker="nemo:1001", name="cremad+nemo"))
    alone = card_of(recordings("a", speaker="1001", name="cremad"))
    assert "cremad:1001, who also test it" in said(alone, recordings("x", speaker="cremad:1001", name="cremad+emodb"))


def test_an_old_card_is_compared_by_names_and_says_so(recordings):
    old = {"data": "manifest", "speakers": ["anna"]}
    gone = Dataset("manifest", (Recording(Path("gone.wav"), "sad", "eve", "gone"),))
    assert find_leaks(old, gone) == {"clips": 0, "unlabelled_clips": 0, "speakers": [], "clips_compared": False}
    assert said(old, gone).endswith("; files could not all be compared")
    later = old | {"adapted": [card_of(recordings("b")) | {"labelled": True}]}
    assert find_leaks(later, recordings("b", speaker="eve"))["clips"] == 1
    assert find_leaks(later, recordings("x", speaker="eve"))["clips_compared"] is False
    assert "not known" in said({}, recordings("x"))


def test_hashes_are_not_for_reading(recordings):
    card = card_of(recordings("a"))
    shown = drop_hashes(card | {"adapted": [card]})
    assert shown == {"data": "manifest", "speakers": ["anna"], "adapted": [{"data": "manifest", "speakers": ["anna"]}]}
    assert "adapted" not in drop_hashes(card)


def test_the_same_bytes_under_two_speakers_are_leaky(recordings):
    one, other = recordings("a", "b", "b"), recordings("c", "b", "d", speaker="ben")
    assert describe_copies(one) == describe_copies(other) == ""
    joined = Dataset("manifest", one.recordings + other.recordings)
    said = describe_copies(joined)
    assert said.startswith("LEAKY: the same bytes are there under two speakers, 1.wav of speaker anna and 1.wav of")
    assert "of speaker ben: list each recording once" in said
