from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from emospike.datasets import Dataset, corpus_folds, join, load_joined, relabel, sample_corpora
from emospike.validation import InputError


@pytest.fixture
def two(touch):
    """Paths of a little CREMA-D and a little nEMO."""
    folder = touch(
        *(f"a/{who}_IEO_{label}_XX.wav" for who in (1001, 1002) for label in ("ANG", "SAD", "NEU")),
        *(f"b/{who}_{label}_{i}.wav" for who in ("SM0", "WR0") for label in ("anger", "sadness") for i in (1, 2)),
        "b/talk.wav",
    )
    return folder / "a", folder / "b"


def test_speakers_and_takes_know_their_corpus(two):
    dataset = load_joined(two)
    assert (dataset.name, len(dataset), dataset.balanced) == ("cremad+nemo", 14, True)
    assert {*dataset.speakers.tolist()} == {"cremad:1001", "cremad:1002", "nemo:SM0", "nemo:WR0"}
    assert Counter(dataset.corpora.tolist()) == {"cremad": 6, "nemo": 8}
    assert all(one.take.startswith(f"{one.corpus}:") for one in dataset.recordings)
    assert dataset.notes == ("nemo: 1 file with other names ignored",)
    assert {*dataset.subset(dataset.corpora == "nemo").corpora.tolist()} == {"nemo"}


def test_one_data_set_is_as_it_was(two):
    (alone,) = (load_joined(two[:1]),)
    assert (alone.name, alone.balanced, alone.weights) == ("cremad", False, None)
    assert {*alone.corpora.tolist()} == {"cremad"}
    assert {*alone.speakers.tolist()} == {"1001", "1002"}


def test_one_corpus_in_two_folders_is_one(touch):
    folder = touch("a/1001_IEO_ANG_XX.wav", "b/1001_IEO_SAD_XX.wav", "b/1001_IEO_ANG_XX.wav")
    dataset = load_joined([folder / "a", folder / "b"])
    assert (dataset.name, len(dataset), dataset.balanced) == ("cremad", 2, False)
    assert dataset.speakers.tolist() == ["cremad:1001"] * 2


def test_manifests_are_told_apart_by_their_names(touch):
    folder = touch("x/calls/a.wav", "y/calls/a.wav", "y/other.wav")
    for name, path in {
        "x/calls/manifest.csv": "a.wav",
        "y/calls/manifest.csv": "a.wav",
        "y/own.csv": "other.wav",
    }.items():
        (folder / name).write_text(f"path,label,speaker\n{path},sad,anna\n")
    dataset = load_joined([folder / "x/calls", folder / "y/calls/manifest.csv", folder / "y/own.csv"])
    assert dataset.speakers.tolist() == ["calls:anna", "calls-2:anna", "own:anna"]
    assert dataset.name == "calls+calls-2+own"


def test_speakers_that_nobody_named_stay_unknown(table):
    dataset = join([table([(None, "sad")]), table([("anna", "sad")])], [Path("a.csv"), Path("b.csv")])
    assert dataset.speakers.tolist() == ["", "b:anna"]
    assert dataset.known_speakers is None


def test_corpora_and_labels_within_weigh_alike(two):
    dataset = relabel(load_joined(two), "arousal")
    weights = dataset.weights
    assert weights.mean() == pytest.approx(1)
    for corpus in ("cremad", "nemo"):
        own = dataset.corpora == corpus
        assert weights[own].sum() == pytest.approx(len(dataset) / 2)
        per_label = [weights[own & (dataset.labels == label)].sum() for label in np.unique(dataset.labels[own])]
        assert np.ptp(per_label) < 1e-4
    assert replace(dataset, balanced=False).weights is None
    part = dataset.subset(np.arange(6))  # of one corpus: its labels weigh alike
    assert part.weights.sum() == pytest.approx(6)


def test_samples_keep_the_shares_of_labels_and_speakers(table):
    rows = [(f"s{i % 4}", label) for label, count in (("sad", 80), ("happy", 40)) for i in range(count)]
    dataset = Dataset("big", table(rows).recordings)
    found = sample_corpora(dataset, 30, seed=1)
    assert Counter(found.labels.tolist()) == {"sad": 20, "happy": 10}
    assert set(Counter(found.speakers.tolist()).values()) <= {7, 8}
    assert found.notes == ("30 of 120 recordings are taken, at most 30 of a corpus",)
    assert sample_corpora(dataset, 30, seed=1) == found
    assert sample_corpora(dataset, 30, seed=2) != found
    assert sample_corpora(dataset, 200) == dataset


def test_samples_are_of_each_corpus(two):
    found = sample_corpora(load_joined(two), 4)
    assert Counter(found.corpora.tolist()) == {"cremad": 4, "nemo": 4}


def test_each_corpus_is_left_out_once(two):
    dataset = relabel(load_joined(two), "arousal")
    folds = corpus_folds(dataset)
    assert [{*dataset.corpora[fold.test].tolist()} for fold in folds] == [{"cremad"}, {"nemo"}]
    for fold in folds:
        assert not set(dataset.corpora[fold.train]) & set(dataset.corpora[fold.test])
        assert len(fold.train) + len(fold.test) == len(dataset)
    with pytest.raises(
        InputError, match=r"at least 2 corpora expected, .* got only 'cremad': give --data once for each"
    ):
        corpus_folds(load_joined(two[:1]))
