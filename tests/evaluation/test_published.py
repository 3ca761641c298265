from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from emospike.datasets import random_split
from emospike.datasets.table import PART
from emospike.evaluation import protocols
from emospike.systems import SYSTEMS
from emospike.validation import InputError


@pytest.fixture
def many(table_of):
    return table_of([(label, label, 0.8, who) for who in "abcde" for label in ("happy", "sad") for _ in range(10)])


def test_every_system_has_a_split_that_says_what_it_means(many):
    for name, info in SYSTEMS.items():
        way = info.published_split
        fold = way.split(many, 3)
        parts = [set(rows.tolist()) for rows in (fold.train, fold.validation, fold.test)]
        assert parts[0] and parts[2] and not parts[0] & parts[2] and not parts[1] & (parts[0] | parts[2])
        shared = set(many.speakers[fold.train]) & set(many.speakers[fold.test])
        assert way.says.startswith("LEAKY") == bool(shared), name


def test_shares_of_a_random_split(many):
    fold = SYSTEMS["synch_graph"].split.split(many, 0)
    assert [len(rows) for rows in (fold.train, fold.validation, fold.test)] == [60, 20, 20]
    assert all((many.labels[rows] == "sad").mean() == 0.5 for rows in (fold.train, fold.validation, fold.test))
    assert (fold.test != SYSTEMS["synch_graph"].split.split(many, 1).test).any()
    assert [len(rows) for rows in (random_split(many, 0).train, random_split(many, 0).validation)] == [80, 0]


def test_too_few_for_a_random_split(table_of):
    with pytest.raises(InputError, match="label 'sad' has 2 recordings, too few to split"):
        random_split(table_of([("happy", "happy", 0.9, "a")] * 9 + [("sad", "sad", 0.9, "a")] * 2), 0)


def test_a_transductive_system_is_evaluated_in_one_go(heard, many, monkeypatch):
    asked = []

    def transduce(self, clips, labels, train, *more):
        validation, _progress = more
        asked.append((len(clips), train.sum(), validation.sum(), (train & validation).any()))
        right = np.array(labels)[:, None] == np.unique(labels)
        return SimpleNamespace(probabilities=np.where(right, 0.9, 0.1))

    monkeypatch.setattr(SYSTEMS.load("stub"), "transduce", transduce, raising=False)
    monkeypatch.setitem(SYSTEMS, "stub", replace(SYSTEMS["stub"], split=SYSTEMS["synch_graph"].split))
    result = protocols.evaluate("stub", many, "emotion", protocol="published", seeds=2)
    assert asked == [(100, 60, 20, False)] * 2
    assert not heard
    assert result["accuracy"] == 1
    assert "their labels are in the graph" in result["note"]
    assert [fold["n"] for fold in result["folds"]] == [20, 20]
    assert result["at_own_threshold"]["coverage"] == 1


def test_only_data_with_a_split_of_their_own_have_a_standard(heard, many):
    with pytest.raises(InputError, match="manifest has no standard split"):
        protocols.evaluate("stub", many, "emotion", protocol="standard")


@pytest.mark.parametrize(("parts", "leaky"), [(("train", "test"), True), (("train", "train"), False)])
def test_a_standard_split_says_if_it_leaks(heard, many, parts, leaky):
    """Either every speaker has a part of each kind, as in EAV, or the last speaker alone tests, as in CMU-MOSI."""
    rows = [
        replace(one, tags={PART: "test" if one.speaker == "e" and not leaky else parts[i % 2]})
        for i, one in enumerate(many.recordings)
    ]
    result = protocols.evaluate("stub", replace(many, recordings=tuple(rows)), "emotion", protocol="standard")
    assert result["note"].startswith("LEAKY: the data set's own split, in which test speakers") == leaky
    assert result["folds"][0]["n"] == (50 if leaky else 20)
