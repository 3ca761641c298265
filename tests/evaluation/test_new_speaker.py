from dataclasses import replace

import numpy as np
import pytest

from emospike.evaluation import new_speaker, protocols
from emospike.evaluation.new_speaker import Examples, NewSpeakers
from emospike.systems import SYSTEMS
from emospike.validation import InputError

SPEAKERS = [f"s{i}" for i in range(8)]


@pytest.fixture
def apart(toy, monkeypatch):
    """Systems whose speakers differ so much that adapting to them helps."""
    return with_settings(toy, monkeypatch, apart=1.5)


def with_settings(toy, monkeypatch, **settings):
    presets = {"default": lambda modality: settings}
    monkeypatch.setitem(SYSTEMS, "toy", replace(SYSTEMS["toy"], presets=presets))
    return toy


def rows_of(result, **wanted):
    return [row for row in result["new_speaker"] if all(row[name] == value for name, value in wanted.items())]


def test_a_few_clips_help(apart, takes_of):
    result = protocols.evaluate(
        "toy", takes_of(SPEAKERS, takes=12), "emotion", modality="audio", protocol="new-speaker"
    )
    assert [(row["k"], row["mode"]) for row in result["new_speaker"]] == [
        (0, "none"), *((k, mode) for k in (1, 2, 4, 8) for mode in ("labels", "mean", "both"))
    ]  # fmt: skip
    (before,) = rows_of(result, k=0)
    assert before["gain"] == 0
    for row in rows_of(result, k=8):
        assert row["gain"] > 5
        assert row["gain"] == pytest.approx(100 * (row["accuracy"] - before["accuracy"]))
        assert row["gain_ci95"][0] < row["gain"] < row["gain_ci95"][1]
    assert rows_of(result, k=8, mode="labels")[0]["gain"] > rows_of(result, k=1, mode="labels")[0]["gain"]
    assert (
        "new speakers who give 4 recordings of each class: adapted to the clips with their labels +" in result["note"]
    )
    assert result["accuracy"] == pytest.approx(
        protocols.evaluate("toy", takes_of(SPEAKERS, takes=12), "emotion", modality="audio")["accuracy"]
    )


def test_what_is_given_is_drawn_and_the_rest_tested(apart, takes_of, monkeypatch):
    pairs = []

    def spy(self, before, adapted, panel):
        pairs.append(panel)

    learnt = []
    monkeypatch.setattr(new_speaker._Tally, "add", spy)
    monkeypatch.setattr(new_speaker, "adapt_readout", lambda readout, clips, mode: learnt.append(clips) or readout)
    study, data = NewSpeakers(modes=("labels",)), takes_of(SPEAKERS, takes=9)
    study.prepare(data)
    takes = np.array([one.take for one in data.recordings])
    everyone = Examples(list(np.zeros((len(data), 4), np.float32)), data.labels, data.speakers, takes)
    system = apart(modality="audio", apart=0.0).fit(data.clips(), data.labels.tolist(), data.speakers.tolist())
    study._add_speaker(system.readout_, everyone, "s3", everyone)
    panels = pairs[1::5]
    assert len(learnt) == 5 * 4
    for draw in range(5):
        four = learnt[4 * draw : 4 * draw + 4]
        given = [set(clips.takes) for clips in four]
        assert [len(one) for one in given] == [2, 4, 8, 16]
        assert given[0] < given[1] < given[2] < given[3]
        assert set(panels[draw].own.takes) == set(takes[data.speakers == "s3"]) - given[3]
        assert set(panels[draw].others.speakers) == set(SPEAKERS) - {"s3"}
    assert len({frozenset(clips.takes) for clips in learnt[3::4]}) > 1


def test_speakers_with_few_recordings(apart, takes_of):
    from dataclasses import replace

    data = takes_of(SPEAKERS, takes=5)
    few = data.subset(~np.isin(np.arange(len(data)), range(10, 18)))  # two left of the second speaker
    result = protocols.evaluate("toy", few, "emotion", modality="audio", protocol="new-speaker")
    assert sorted({row["k"] for row in result["new_speaker"]}) == [0, 1, 2, 4]
    assert "1 speakers have too few recordings to adapt to and are left out" in result["note"]
    once = replace(data, recordings=tuple(one for one in data.recordings if one.take.endswith("-0")))
    with pytest.raises(InputError, match="most speakers have one recording of a class"):
        protocols.evaluate("toy", once, "emotion", modality="audio", protocol="new-speaker")


def test_forgetting_is_measured_on_old_and_other_speakers(apart, takes_of):
    result = protocols.evaluate("toy", takes_of(SPEAKERS, takes=6), "emotion", modality="audio", protocol="new-speaker")
    (before,) = rows_of(result, k=0)
    after = rows_of(result, k=4, mode="labels")[0]
    assert before["old_speakers"] > before["accuracy"]  # they trained
    assert after["old_speakers"] != before["old_speakers"]
    assert after["other_speakers"] != before["other_speakers"]


def test_a_speaker_alone_in_a_fold_has_no_others(apart, takes_of):
    result = protocols.evaluate("toy", takes_of("abc", takes=6), "emotion", modality="both", protocol="new-speaker")
    assert [row["other_speakers"] for row in result["new_speaker"]] == [None] * 10


def test_it_is_the_same_every_time(apart, takes_of):
    data = takes_of(SPEAKERS[:4], takes=6)
    one, two = (
        protocols.evaluate("toy", data, "emotion", modality="face", protocol="new-speaker")["new_speaker"] for _ in "12"
    )
    assert one == two


def test_a_classifier_that_learns_once_adapts_without_labels(apart, takes_of, monkeypatch):
    from emospike.readout.classifiers import SklearnClassifier

    with_settings(apart, monkeypatch, classifier=SklearnClassifier("logistic_regression"))
    result = protocols.evaluate("toy", takes_of(SPEAKERS[:4]), "emotion", modality="audio", protocol="new-speaker")
    assert {row["mode"] for row in result["new_speaker"]} == {"none", "mean"}
