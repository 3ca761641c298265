from collections import Counter
from itertools import product

import numpy as np
import pytest

from emospike.datasets import inner_folds, published_split, random_folds, relabel, speaker_folds
from emospike.datasets import ravdess as ravdess_set
from emospike.datasets.folds import keep_whole_tests
from emospike.validation import InputError


@pytest.fixture(scope="module")
def real(ravdess):
    return ravdess_set.load(ravdess)


def crossed(speakers, labels, repeats=1):
    return [(speaker, label) for speaker, label, _ in product(speakers, labels, range(repeats))]


def disjoint(dataset, folds):
    return all(not set(dataset.speakers[f.train]) & set(dataset.speakers[f.test]) for f in folds)


def each_row_tested_once(dataset, folds):
    return sorted(np.concatenate([f.test for f in folds])) == list(range(len(dataset)))


def test_real_recordings_get_the_folds_of_the_literature(real):
    folds = speaker_folds(real)
    assert [tuple(map(int, f.speakers)) for f in folds] == [
        (2, 5, 14, 15, 16),
        (3, 6, 7, 13, 18),
        (10, 11, 12, 19, 20),
        (8, 17, 21, 23, 24),
    ]
    assert [(len(f.train), len(f.test)) for f in folds] == [(900, 300)] * 4
    assert disjoint(real, folds)
    assert each_row_tested_once(real, folds)


def test_whole_ravdess_has_five_folds(table):
    dataset = table(crossed([f"{a:02d}" for a in range(1, 25)], ["sad", "happy"]), name="ravdess")
    folds = speaker_folds(dataset)
    assert [len(f.speakers) for f in folds] == [5, 5, 5, 5, 4]
    assert folds[4].speakers == ("01", "04", "09", "22")


def test_actors_of_one_literature_fold_only_are_dealt_out(real):
    few = real.subset(np.isin(real.speakers, ["02", "05", "14"]))
    folds = speaker_folds(few)
    assert sorted(f.speakers for f in folds) == [("02",), ("05",), ("14",)]


def test_other_data_get_up_to_five_folds_always_the_same(table):
    dataset = table(crossed([f"s{n}" for n in range(13)], ["low", "high"], 3))
    folds = speaker_folds(dataset)
    assert len(folds) == 5
    assert disjoint(dataset, folds)
    assert each_row_tested_once(dataset, folds)
    assert [f.speakers for f in speaker_folds(dataset)] == [f.speakers for f in folds]


@pytest.mark.parametrize("speakers", [2, 3, 5])
def test_few_speakers_are_left_out_one_by_one(table, speakers):
    dataset = table(crossed(map(str, range(speakers)), ["low", "high"]))
    assert sorted(f.speakers for f in speaker_folds(dataset)) == [(str(n),) for n in range(speakers)]


def test_uneven_speakers_are_left_out_one_by_one(table):
    rows = crossed("a", ["low"], 20) + crossed("b", ["high"], 20) + crossed("cde", ["low", "high"], 2)
    assert [len(f.speakers) for f in speaker_folds(table(rows))] == [1] * 5


def test_rare_labels_leave_no_fold_empty(table):
    rows = [*crossed(map(str, range(9)), ["low", "high"]), ("0", "rare"), ("1", "rare")]
    folds = speaker_folds(table(rows))
    assert len(folds) == 5
    assert min(len(f.test) for f in folds) > 0


def test_inner_folds_are_disjoint_and_balanced(real):
    train = speaker_folds(real)[0].train
    part = relabel(real, "arousal").subset(train)
    folds = inner_folds(part.labels, part.speakers, 3)
    assert len(folds) == 3
    assert disjoint(part, folds)
    assert each_row_tested_once(part, folds)
    for fold in folds:
        assert Counter(part.labels[fold.test].tolist())["low"] / len(fold.test) == pytest.approx(1 / 3)
    with pytest.raises(InputError, match="at least 2 folds"):
        inner_folds(part.labels, part.speakers, 1)


def test_published_split_of_the_real_recordings(real):
    dataset = relabel(real, "arousal")
    split = published_split(dataset, seed=0)
    assert len(split.speakers) == 5
    assert disjoint(dataset, [split])
    assert Counter(dataset.labels[split.test].tolist()) == {"low": 100, "high": 200}  # the paper's test set
    assert Counter(dataset.labels[split.train].tolist()) == {"low": 600, "high": 600}
    repeats = Counter(split.train.tolist())
    assert {dataset.labels[row]: n for row, n in repeats.items()} == {"low": 2, "high": 1}
    assert len(repeats) == 900


def test_published_split_of_whole_ravdess_has_the_papers_counts(table):
    rows = crossed([f"{a:02d}" for a in range(1, 25)], ["low"], 20)
    rows += crossed([f"{a:02d}" for a in range(1, 25)], ["high"], 40)
    split = published_split(table(rows), seed=3)
    assert (len(split.train), len(split.test)) == (1520, 300)


def test_published_split_depends_on_the_seed_alone(real):
    splits = [published_split(real, seed) for seed in (1, 1, 2)]
    assert np.array_equal(splits[0].train, splits[1].train)
    assert splits[0].speakers == splits[1].speakers != splits[2].speakers


@pytest.mark.parametrize(("speakers", "held_out"), [(2, 1), (5, 1), (8, 2), (19, 4), (20, 5), (40, 5)])
def test_published_split_of_smaller_sets(table, speakers, held_out):
    dataset = table(crossed(map(str, range(speakers)), ["low", "high"]))
    assert len(published_split(dataset, 0).speakers) == held_out


def test_uneven_labels_are_balanced_in_part(table):
    rows = crossed("abcd", ["low"], 2) + crossed("abcd", ["high"], 5)
    dataset = table(rows)
    split = published_split(dataset, 0)
    assert Counter(dataset.labels[split.train].tolist()) == {"low": 15, "high": 15}
    assert set(Counter(split.train[dataset.labels[split.train] == "low"].tolist()).values()) == {2, 3}


def test_any_row_may_be_repeated_once_more(table):
    dataset = table(crossed("ab", ["low"], 3) + crossed("ab", ["high"], 4))
    splits = [published_split(dataset, seed) for seed in range(40)]
    trained = [split.train[dataset.labels[split.train] == "low"].tolist() for split in splits]
    assert {Counter(rows).most_common(1)[0][0] for rows in trained} == set(range(6))


def test_random_folds_leak_and_are_stratified(real):
    folds = random_folds(real, real.labels, seed=0)
    assert len(folds) == 5
    assert each_row_tested_once(real, folds)
    assert not disjoint(real, folds)
    assert all(Counter(real.labels[f.test].tolist())["neutral"] == 16 for f in folds)
    assert not np.array_equal(folds[0].test, random_folds(real, real.labels, seed=1)[0].test)
    assert np.array_equal(folds[0].test, random_folds(real, real.labels, seed=0)[0].test)


def test_random_folds_are_no_more_than_the_rarest_label_allows(table):
    dataset = table([("a", "low")] * 3 + [("a", "high")] * 9)
    assert len(random_folds(dataset, dataset.labels, seed=0)) == 3
    dataset = table([("a", "low")] + [("a", "high")] * 9)
    with pytest.raises(InputError, match="label 'low' has one recording"):
        random_folds(dataset, dataset.labels, seed=0)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([(None, "sad"), (None, "happy")], "speakers are unknown, .*add a speaker column"),
        ([("a", "sad"), (None, "happy")], "speakers are unknown"),
        ([("a", "sad"), ("a", "happy")], "at least 2 speakers expected, .*got only 'a'"),
        ([], "at least 2 speakers expected"),
        ([("a", "sad"), ("b", "sad")], "at least 2 labels expected, .*all recordings are 'sad'"),
        ([("a", "sad"), ("b", "happy")], "held out, all others are '(sad|happy)'"),
    ],
)
@pytest.mark.parametrize("split", [speaker_folds, lambda dataset: published_split(dataset, 0)])
def test_data_that_cannot_be_split_by_speaker(table, split, rows, message):
    with pytest.raises(InputError, match=message):
        split(table(rows))


def test_random_folds_need_two_labels(table):
    dataset = table([("a", "sad")] * 4)
    with pytest.raises(InputError, match="at least 2 labels expected"):
        random_folds(dataset, dataset.labels, seed=0)


def test_recordings_that_lack_a_sense_train_and_do_not_test(table):
    dataset = table(crossed("abcd", ("sad", "happy"), 2))
    planned = [(0, fold) for fold in speaker_folds(dataset)]
    lacking = np.array(
        [speaker == "a" or (speaker == "b" and i % 2 == 0) for i, speaker in enumerate(dataset.speakers)]
    )
    kept = [fold for _, fold in keep_whole_tests(planned, dataset, lacking)]
    assert sorted(np.concatenate([fold.test for fold in kept])) == np.flatnonzero(~lacking).tolist()
    assert [fold.speakers for fold in kept] == [("b",), ("c",), ("d",)]
    assert disjoint(dataset, kept)
    before = {fold.speakers: fold.train.tolist() for _, fold in planned}
    assert all(fold.train.tolist() == before[fold.speakers] for fold in kept)
    assert keep_whole_tests(planned, dataset, np.zeros(len(dataset), bool)) == planned
    with pytest.raises(InputError, match="no recording has both sound and a face"):
        keep_whole_tests(planned, dataset, np.ones(len(dataset), bool))
