"""Emotions from faces whose movements were borrowed, on faces that were tracked."""

import json
from pathlib import Path
from types import SimpleNamespace

import fill_docs
import measure_face_emotion as measuring
import numpy as np
import pytest

from emospike.datasets import Dataset, Recording
from emospike.datasets.folds import speaker_folds


@pytest.fixture
def some():
    """Two recordings of each of ten people."""
    takes = [(f"{who}-{label}", label, str(who)) for who in range(10) for label in ("happy", "sad")]
    return Dataset("mine", tuple(Recording(Path(f"{take}.csv"), label, who, take) for take, label, who in takes))


def test_means_are_classified_by_who_did_not_meet_the_speaker(some):
    """One mean tells the label of all; one for each speaker tells it of who was met, and of nobody else."""
    smile = np.where(some.labels == "happy", 1.0, -1.0)[:, None]
    said = measuring.classify_means(smile, some, speaker_folds(some))
    assert said.tolist() == some.labels.tolist()
    own = smile * (some.speakers[:, None] == np.unique(some.speakers))
    said = measuring.classify_means(own, some, speaker_folds(some))
    assert (said == some.labels).mean() == 0.5


def test_tracks_are_decided_by_who_met_neither_their_speaker(some, monkeypatch):
    """Each system says whom it learnt from."""

    class Told:
        def decide(self, clip):
            who, label = clip.path.stem.removeprefix("track-").split("-")
            assert who not in self.met
            own = clip.path.name.startswith("track-")
            return SimpleNamespace(label=label if own else "angry", answered=own or who == "0")

    def fit(system, train):
        system.met = set(train.speakers.tolist())
        return system

    monkeypatch.setattr(measuring, "make_system", lambda name, modality: Told())
    monkeypatch.setattr(measuring, "fit_system", fit)
    tracks = {one.take: Path(f"track-{one.take}.csv") for one in some.recordings if one.label == "sad"}
    made, tracked = measuring.decide_tracks(some, tracks, speaker_folds(some))
    assert (made["clips"], made["speakers"], made["accuracy"], made["recall"]) == (10, 10, 0.0, {"sad": 0.0})
    assert (made["answered"], made["right_of_answered"]) == (0.1, 0.0)
    assert (tracked["accuracy"], tracked["answered"], tracked["right_of_answered"]) == (1.0, 1.0, 1.0)


def test_those_that_were_tracked_are_told_from_others_of_their_labels(some, tmp_path):
    """Of one evaluation, in which all are taken for sad; the sad ones of two people were tracked."""
    rows = [{"file": path.name, "decided": "sad"} for path in some.paths]
    (tmp_path / "told.json").write_text(json.dumps({"predictions": rows[::-1]}))
    said = measuring.read_decided(tmp_path / "told.json", some)
    known = np.isin(some.speakers, ["0", "1"]) & (some.labels == "sad")
    tracked, others = measuring.compare_known("m", some, said, known)
    assert [(one["clips"], one["accuracy"], one["recall"]) for one in (tracked, others)] == [
        (2, 1.0, {"sad": 1.0}),
        (8, 1.0, {"sad": 1.0}),
    ]
    _, others = measuring.compare_known("m", some, said, some.speakers == "0")
    assert (others["clips"], others["recall"]) == (18, {"happy": 0.0, "sad": 1.0})


def test_what_is_shown():
    row = {"what": "tracks", "by": "excube2", "clips": 1200, "speakers": 9, "accuracy": 0.5, "ci95": [0.4, 0.6]}
    told = {"recall": {}, "answered": 0.7, "right_of_answered": 0.6}
    rows = [row | {"recall": {"happy": 0.75, "sad": 0.25}}, row | told]
    film = {"name": "a", "emotion": "sad", "label": "calm", "confidence": 0.31}
    films = [film | {"answered": True}, film | {"answered": False}]
    text = fill_docs.emotions({"rows": rows}).splitlines()
    assert text[2] == "| tracks | excube2 | **0.500** (0.400 to 0.600) |  |  | happy 0.75, sad 0.25 | 1,200 | 9 |"
    assert "| 0.700 | 0.600 |" in text[3]
    assert fill_docs.filmed({"model": "m", "films": films}).splitlines()[2:] == [
        "| a | sad | calm 0.31 |",
        "| a | sad | calm 0.31, don't know |",
    ]
