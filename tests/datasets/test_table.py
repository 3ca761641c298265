import numpy as np
import pytest


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
