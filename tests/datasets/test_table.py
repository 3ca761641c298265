from pathlib import Path

import numpy as np
import pytest

from emospike.datasets import Dataset, Recording
from emospike.validation import InputError


def test_columns_of_a_table(table):
    dataset = table([("anna", "sad"), (None, "happy"), ("bo", "sad")])
    assert len(dataset) == 3
    assert dataset.labels.tolist() == ["sad", "happy", "sad"]
    assert dataset.speakers.tolist() == ["anna", "", "bo"]
    assert [path.name for path in dataset.paths] == ["0.wav", "1.wav", "2.wav"]
    assert dataset.classes == ("happy", "sad")


@pytest.mark.parametrize(
    ("rows", "takes"),
    [
        (np.array([True, False, True]), ["0", "2"]),
        (np.array([2, 0, 0]), ["2", "0", "0"]),
        (np.zeros(3, bool), []),
    ],
)
def test_subset_takes_masks_and_repeated_indices(table, rows, takes):
    subset = table([("anna", "sad"), ("anna", "happy"), ("bo", "sad")]).subset(rows)
    assert [recording.take for recording in subset.recordings] == takes
    assert len(subset.labels) == len(takes)


@pytest.fixture
def senses():
    """Two takes that are heard, one of them also seen, and one that is only seen."""
    faces = {"a.wav": None, "b.wav": Path("b.mp4"), "c.csv": None}
    rows = (Recording(Path(name), "sad", None, name, face=face) for name, face in faces.items())
    return Dataset("mine", tuple(rows), ("a note",))


@pytest.mark.parametrize(
    ("modality", "takes", "notes"),
    [
        ("audio", ["a.wav", "b.wav"], ("1 recording without sound left out",)),
        ("face", ["b.wav", "c.csv"], ("1 recording without a face left out",)),
        ("both", ["b.wav"], ("1 recording without sound left out", "1 recording without a face left out")),
    ],
)
def test_rows_that_have_what_a_modality_needs(senses, modality, takes, notes):
    chosen = senses.select_modality(modality)
    assert [recording.take for recording in chosen.recordings] == takes
    assert chosen.notes == ("a note", *notes)
    assert chosen.select_modality(modality) == chosen


def test_rows_that_lack_what_a_modality_needs(senses):
    found = {modality: senses.find_lacking(modality).tolist() for modality in ("audio", "face", "both")}
    assert found == {"audio": [False, False, True], "face": [True, False, False], "both": [True, False, True]}


def test_no_row_with_what_a_modality_needs(senses):
    heard = senses.subset(np.array([0]))
    with pytest.raises(InputError, match="none of 1 recordings has a face: give films, or put face-tracking tables"):
        heard.select_modality("both")
    with pytest.raises(InputError, match="none of 1 recordings has sound: give recordings with a sound track"):
        senses.subset(np.array([2])).select_modality("audio")
    with pytest.raises(InputError, match="unknown modality 'faces': did you mean 'face'"):
        heard.select_modality("faces")
