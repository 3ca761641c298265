import json
from dataclasses import replace

import pytest

from emospike.evaluation import compare as comparing
from emospike.evaluation.compare import Entry, compare, find_kept, make_row, plan
from emospike.systems import SYSTEMS
from emospike.validation import InputError

ENTRY = Entry("toy", "default", "both", "emotion", "speaker-folds")


def test_who_takes_part():
    parts, notes = plan(["excube2", "baseline"], "both", "arousal")
    assert parts == [
        Entry("excube2", "default", "both", "arousal", "speaker-folds"),
        Entry("excube2", "published", "both", "arousal", "published"),
        Entry("baseline", "svm", "both", "arousal", "speaker-folds"),
    ]
    assert notes == []
    assert len(plan(["excube2"], "both", "arousal", published=False)[0]) == 1
    with pytest.raises(InputError, match="unknown system 'excube'"):
        plan(["excube"], "both", "arousal")


def test_a_preset_can_be_named():
    parts, _ = plan(["excube2:large", "synch_graph:published", "eavs_tf:published"], "both", "arousal")
    assert [(one.preset, one.protocol) for one in parts] == [
        ("large", "speaker-folds"),
        ("published", "published"),
        ("published", "speaker-folds"),
    ]
    with pytest.raises(InputError, match="unknown preset 'small'"):
        plan(["excube2:small"], "both", "arousal")


def test_a_system_of_one_sense(toy, monkeypatch):
    monkeypatch.setitem(SYSTEMS, "toy", replace(SYSTEMS["toy"], modalities=("face",)))
    (part,), _ = plan(["toy"], "both", "arousal")
    assert part.modality == "face"
    parts, notes = plan(["toy"], "audio", "arousal")
    assert (parts, notes) == ([], ["toy is left out: it perceives face, not audio"])


def test_what_is_complete_is_kept(toy, takes_of, tmp_path):
    said, data = [], takes_of("abcd")
    (first,) = compare(data, [ENTRY], tmp_path, said.append)
    assert first["complete"]
    assert json.loads((tmp_path / ENTRY.file).read_text())["accuracy"] == first["accuracy"]
    (again,) = compare(data, [ENTRY], tmp_path, said.append)
    assert again["accuracy"] == first["accuracy"]
    assert [line.endswith("kept") for line in said] == [False, True]
    assert find_kept(ENTRY, takes_of("abce"), tmp_path) is None
    (tmp_path / ENTRY.file).write_text(json.dumps({**first, "complete": False}))
    assert find_kept(ENTRY, data, tmp_path) is None
    (tmp_path / ENTRY.file).write_text("{")
    assert find_kept(ENTRY, data, tmp_path) is None


def test_one_that_cannot_be_evaluated_does_not_stop_the_others(toy, takes_of, tmp_path, monkeypatch):
    evaluate = comparing.evaluate

    def first_fails(name, dataset, labels, *args, **rest):
        if labels == "arousal":
            raise InputError("torch is missing: pip install 'emospike[deep]'")
        return evaluate(name, dataset, labels, *args, **rest)

    monkeypatch.setattr(comparing, "evaluate", first_fails)
    said = []
    broken = Entry("toy", "default", "both", "arousal", "speaker-folds")
    (found,) = compare(takes_of("abcd"), [broken, ENTRY], tmp_path, said.append)
    assert found["labels"] == "emotion"
    assert "left out: torch is missing: pip install 'emospike[deep]'" in said


def test_a_row(toy, takes_of, tmp_path):
    (found,) = compare(takes_of("abcd"), [ENTRY], tmp_path, lambda line: None)
    told = make_row(found)
    assert (told["macs"], told["accumulates"], told["bytes_moved"]) == (30, 30, 0)
    assert told["total_uj"] == pytest.approx(30 * (4.6 + 0.9) * 1e-6)
    assert told["model_bytes"] > 1000
    assert told["milliseconds"] == 1000 * (4 + 9)
    assert told["training_seconds"] == pytest.approx(found["seconds"]["fit"] / len(found["folds"]))
    assert not told["leaky"]
    assert make_row({**found, "note": "LEAKY: x", "cost": {}})["total_uj"] is None
