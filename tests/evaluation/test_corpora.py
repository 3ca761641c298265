"""Protocols over several corpora, with a system whose answers stand in the names of files."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from emospike.datasets import Dataset, join
from emospike.datasets.table import COPY
from emospike.evaluation.emobox import PUBLISHED, SPEAKERS, emobox_folds, read_splits
from emospike.evaluation.protocols import check_settings, evaluate
from emospike.evaluation.report import tabulate_corpora, tabulate_emobox
from emospike.evaluation.splitting import split_folds
from emospike.validation import InputError


@pytest.fixture
def corpus(table_of):
    """Make a corpus of three speakers, each label recognised by a share of takes."""

    def make(name: str, labels: dict[str, float], speakers: str = "abc") -> Dataset:
        other = {"happy": "sad", "sad": "happy", "calm": "sad"}
        rows = [
            (label, label if i < 4 * share else other[label], 0.6 + 0.05 * i, speaker)
            for speaker in speakers
            for label, share in labels.items()
            for i in range(4)
        ]
        return table_of(rows, name)

    return make


@pytest.fixture
def two(corpus):
    return join(
        [corpus("cremad", {"happy": 1.0, "sad": 0.5}), corpus("nemo", {"happy": 0.75, "sad": 0.75, "calm": 0.0})],
        [Path("x"), Path("y")],
    )


def test_each_corpus_is_tested_by_the_others(heard, two):
    result = evaluate("stub", two, "emotion", protocol="corpus-folds")
    assert [fold["corpora"] for fold in result["folds"]] == [["cremad"], ["nemo"]]
    assert [len(one["names"]) for one in heard] == [36, 24]
    assert {name.partition(":")[0] for name in heard[0]["speakers"]} == {"nemo"}
    assert (result["balance"], result["complete"], result["protocol"]) == ("corpora", True, "corpus-folds")
    assert "the other corpora trained" in result["note"]


def test_what_a_corpus_lacks_is_not_a_class_it_gets_wrong(heard, two):
    result = evaluate("stub", two, "emotion", protocol="corpus-folds")
    cremad, nemo = result["corpora"]["cremad"], result["corpora"]["nemo"]
    assert cremad["recall"] == {"happy": 1.0, "sad": 0.5}
    assert cremad["balanced_accuracy"] == pytest.approx(0.75)
    assert nemo["recall"] == {"calm": 0.0, "happy": 0.75, "sad": 0.75}
    assert nemo["balanced_accuracy"] == pytest.approx(0.5)
    assert result["corpora_mean"]["balanced_accuracy"] == pytest.approx(0.625)
    assert (cremad["clips"], cremad["speakers"], cremad["majority"]) == (24, 3, 0.5)
    assert 0 < cremad["answered"] < 1
    table = tabulate_corpora(result)
    assert [*table.columns[0].cells] == ["cremad", "nemo", "mean"]
    assert table.row_count == 3


def test_one_corpus_has_no_rows_of_corpora(heard, corpus):
    result = evaluate("stub", corpus("cremad", {"happy": 1.0, "sad": 0.5}), "emotion")
    assert "corpora" not in result
    assert tabulate_corpora(result) is None
    assert result["balance"] == "none"
    with pytest.raises(InputError, match="at least 2 corpora expected"):
        evaluate("stub", corpus("cremad", {"happy": 1.0, "sad": 0.5}), "emotion", protocol="corpus-folds")


def test_labels_that_are_left_out_are_said(heard, two):
    result = evaluate("stub", two, "big4", protocol="corpus-folds")
    assert "12 recordings have no label of big4 and are left out: 12 calm" in result["note"]
    assert result["corpora"]["nemo"]["clips"] == 24


def test_weights_reach_training(toy, takes_of):
    few, many = (takes_of([f"{name}{i}" for i in range(3)], takes) for name, takes in (("x", 3), ("y", 20)))
    both = join([replace(few, name="cremad"), replace(many, name="nemo")], [Path("x"), Path("y")])
    weights = both.weights
    assert weights[both.corpora == "cremad"].sum() == pytest.approx(weights[both.corpora == "nemo"].sum())
    results = [evaluate("toy", one, "emotion", modality="both") for one in (both, replace(both, balanced=False))]
    said = [[row["probabilities"]["happy"] for row in result["predictions"]] for result in results]
    assert 0 < np.abs(np.subtract(*said)).max() < 0.5


def test_what_tests_under_another_name_does_not_train(heard, table_of):
    rows = [(label, label, 0.9, speaker) for speaker in "abc" for label in ("happy", "sad", "sad")]
    dataset = table_of(rows)
    same = {1: "x", 4: "x", 7: "y", 8: "y"}  # a's second and b's second are one sound; so are two of c
    recordings = tuple(
        replace(one, tags={COPY: same[i]}) if i in same else one for i, one in enumerate(dataset.recordings)
    )
    folds = split_folds(replace(dataset, recordings=recordings), "speaker-folds", "stub", 1)
    assert [fold.speakers for _, fold in folds] == [("a",), ("b",), ("c",)]
    assert [fold.train.tolist() for _, fold in folds] == [[3, 5, 6, 7, 8], [0, 2, 6, 7, 8], [0, 1, 2, 3, 4, 5]]
    assert [len(fold.train) for _, fold in folds] == [5, 5, 6]


# -- EmoBox ----------------------------------------------------------------------------------------------------


def test_folds_that_leak_have_honest_ones_beside_them(heard, corpus, tmp_path):
    dataset = corpus("cremad", {"happy": 1.0, "sad": 0.5})
    tested = [one.path.stem for one in dataset.recordings[::4]]
    file = tmp_path / "splits.csv"
    file.write_text("corpus,fold,test_file\n" + "".join(f"cremad,1,{name.upper()}\n" for name in [*tested, "absent"]))
    splits = read_splits(file)
    result = evaluate("stub", dataset, "emotion", protocol="emobox", splits=splits)
    leaky, honest = result["emobox"]
    assert (leaky["split"], leaky["leaky"], leaky["folds"], leaky["clips"]) == ("emobox", True, 1, 6)
    assert (leaky["at_hand"], leaky["in_all"], leaky["of"]) == (6, 7, "recordings")
    assert leaky["published_ua"]["HuBERT base"] == 0.711
    assert (leaky["ua"], leaky["wa"], leaky["f1"]) == (1.0, 1.0, 1.0)
    assert (honest["split"], honest["leaky"], honest["folds"], honest["clips"]) == ("speaker-disjoint", False, 3, 24)
    assert honest["ua"] == pytest.approx(0.75)
    assert result["note"].startswith("LEAKY on cremad: EmoBox's folds, in which test speakers also train")
    assert result["clips"] == 6  # what is pooled is EmoBox's
    assert [fold["split"] for fold in result["folds"]] == ["emobox"] + ["speaker-disjoint"] * 3
    cells = [*tabulate_emobox(result).columns[0].cells]
    assert cells[0] == "cremad, emobox, LEAKY\n(in part: 6 of 7 recordings that test)"
    assert cells[1] == "cremad, speaker-disjoint"


def test_two_speakers_are_not_split_by_speaker(heard, table_of):
    rows = [(label, label, 0.9, who) for who in "ab" for label in ("happy", "sad") for _ in range(3)]
    dataset = table_of(rows, "tess")
    splits = {"tess": [frozenset(one.path.stem.lower() for one in dataset.recordings[::4])]}
    result = evaluate("stub", dataset, "emotion", protocol="emobox", splits=splits)
    assert [(row["split"], row["leaky"]) for row in result["emobox"]] == [("emobox", True)]
    assert "beside them speaker-disjoint ones, but not of tess: fewer than 3 speakers" in result["note"]


def test_folds_by_speakers_do_not_leak(heard, table_of):
    rows = [(label, label, 0.9, f"{actor:02d}") for actor in (1, 4, 10, 11, 2) for label in ("happy", "sad")]
    result = evaluate("stub", table_of(rows, "ravdess"), "emotion", protocol="emobox")
    (row,) = result["emobox"]
    assert (row["leaky"], row["folds"], row["at_hand"], row["in_all"], row["of"]) == (False, 3, 5, 24, "speakers")
    assert [fold["speakers"] for fold in result["folds"]] == [["01", "11"], ["04", "10"], ["02"]]
    assert result["note"].startswith("EmoBox's folds, within each corpus; nobody who tests trains")


def test_speakers_of_joined_corpora_are_theirs(corpus, table_of):
    emovo = table_of([(label, label, 0.9, who) for who in ("f1", "m3") for label in ("happy", "sad")], "emovo")
    ravdess = table_of([(label, label, 0.9, who) for who in ("01", "04") for label in ("happy", "sad")], "ravdess")
    dataset = join([emovo, ravdess], [Path("x"), Path("y")])
    folds = emobox_folds(dataset, {})
    assert [fold.speakers for fold in folds] == [("emovo:m3",), ("emovo:f1",), ("ravdess:01",), ("ravdess:04",)]
    for fold in folds:
        assert len({*dataset.corpora[fold.train], *dataset.corpora[fold.test]}) == 1


def test_what_emobox_cannot_be_asked(corpus, tmp_path):
    dataset = corpus("nemo", {"happy": 1.0, "sad": 0.5})
    with pytest.raises(
        InputError, match="EmoBox's folds of nemo are not known, those of emovo, ravdess are: name a file"
    ):
        emobox_folds(dataset, {})
    with pytest.raises(InputError, match="none of the recordings of nemo that test in EmoBox is at hand"):
        emobox_folds(dataset, {"nemo": [frozenset({"x"})]})
    with pytest.raises(InputError, match="of emotions, not of arousal: use --labels emotion"):
        check_settings("baseline", "arousal", protocol="emobox")
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="lists no folds: expected the columns corpus,fold,test_file"):
        read_splits(tmp_path / "a.csv")
    with pytest.raises(InputError, match="cannot read"):
        read_splits(tmp_path / "none.csv")


def test_known_folds_test_everybody_once():
    for folds, speakers in zip(SPEAKERS.values(), (24, 6), strict=True):
        everybody = [one for fold in folds for one in fold]
        assert len(everybody) == len(set(everybody)) == speakers
    assert all(len(rows) == 4 and max(rows.values()) <= 100 for rows in PUBLISHED.values())


def test_real_folds(data_dir):
    file = data_dir / "corpora" / "emobox_splits.csv"
    if not file.is_file():
        pytest.skip("no folds of EmoBox at hand")
    splits = read_splits(file)
    assert {corpus: [len(fold) for fold in folds] for corpus, folds in splits.items()} == {
        "cremad": [1856], "turevdb": [432], "ased": [616], "tess": [700]
    }  # fmt: skip
    from emospike.datasets import load, relabel
    from emospike.datasets.folds import is_leaky

    for corpus, count in {"cremad": 1536, "turevdb": 213, "ased": 350, "tess": 186}.items():
        if not (folder := data_dir / "corpora" / corpus).is_dir():
            continue
        dataset = relabel(load(folder), "emotion")
        folds = emobox_folds(dataset, splits)
        assert len(folds[0].test) == count
        assert is_leaky(dataset, folds[0])
        assert not any(is_leaky(dataset, fold) for fold in folds[1:])
        assert (len(folds) > 1) == (corpus != "tess")  # whose two speakers cannot train, calibrate and test
