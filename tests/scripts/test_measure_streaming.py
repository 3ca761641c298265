"""Streams of recordings, and what the tables show of them."""

import fill_docs
import measure_streaming as measuring
import numpy as np
import pytest

from emospike import store
from emospike.datasets import load, relabel
from emospike.files import format_json


@pytest.fixture(scope="module")
def some(ravdess):
    recordings = relabel(load(ravdess), "arousal")
    return recordings.subset(np.random.default_rng(0).permutation(len(recordings))[:8])


@pytest.fixture(scope="module")
def model():
    return store.load("excube2-arousal")


def test_sounds_are_joined_with_pauses():
    sound, spans = measuring.join_sounds([np.ones(16_000, np.float32)] * 2, np.random.default_rng(0))
    assert spans[0] == (0.0, 1.0)
    assert 1.8 <= spans[1][0] <= 3.0
    assert sound.sum() == 32_000


def test_what_a_stream_gives_becomes_tables(model, some, tmp_path, monkeypatch):
    rows, seconds, spent = measuring.measure_stream(model, some, np.random.default_rng(0))
    told = measuring.summarise(rows)
    assert (told["recordings"], told["missed"]) == (8, 0)
    assert told["final"]["accuracy"] == np.mean([row.final for row in rows])
    assert seconds > 30
    assert spent > 0
    assert measuring.summarise_looks(rows)[0]["look"] == 2.0
    voices = measuring.summarise_voices(list(measuring.get_used(model, some, None)))
    few = measuring.summarise_voices(list(measuring.get_used(model, some, 2)))
    result = {"streams": {"all": told}, "looks": measuring.summarise_looks(rows)}
    result |= {"hours": 0.5, "ms_per_100_ms": 1.234, "memory_mb": [400.0, 410.0, 411.0, 412.0, 412.0, 412.25]}
    result |= {"voices": voices, "voices_of_two_emotions": few}
    (tmp_path / "s.json").write_text(format_json(result))
    monkeypatch.setattr(fill_docs, "RESULTS", tmp_path)
    assert "| 8 of " in fill_docs.of_file("streams", "s")
    assert "\n| 2 | " in fill_docs.of_file("looks", "s")
    assert "one core, over 0.5 h | 1.23 ms |" in fill_docs.of_file("listening", "s")
    assert "| memory after 6 minutes, above that after 5 | 0.2 MB |" in fill_docs.of_file("listening", "s")
    assert "| all emotions | none | " in fill_docs.of_file("voices", "s")
    assert "| two emotions alone | all | " in fill_docs.of_file("voices", "s")


def test_the_first_utterance_of_a_voice_is_decided_as_any(model, some):
    found = list(measuring.get_used(model, some, None))
    assert {heard for heard, *_ in found} >= {0}
    assert all(plain == used for heard, _, plain, used in found if heard == 0)


def test_utterances_heard_are_counted_in_parts():
    found = [(heard, "a", True, heard > 4) for heard in range(12)]
    rows = measuring.summarise_voices(found)
    assert [(row["from"], row.get("decisions"), row["with"]) for row in rows] == [
        (0, 1, 0.0),
        (1, 4, 0.0),
        (5, 5, 1.0),
        (10, 2, 1.0),
        (0, None, 7 / 12),
    ]
