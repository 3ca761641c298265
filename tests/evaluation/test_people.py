"""How women and men, and the young and the old, fare; and what is too strange to be answered."""

from pathlib import Path

import numpy as np
import pytest

from emospike.datasets import Dataset
from emospike.datasets.table import Recording
from emospike.evaluation.results import Predictions, compare_people, measure_part


def predictions(tags, right, strange=None):
    recordings = [
        Recording(Path(f"{i}.wav"), "high" if i % 2 else "low", f"s{i}", f"t{i}", own) for i, own in enumerate(tags)
    ]
    truth = np.array([one.label == "high" for one in recordings])
    high = np.where(truth == np.array(right), 0.8, 0.2)
    return Predictions(
        Dataset("mine", tuple(recordings)),
        ("high", "low"),
        np.stack([high, 1 - high], axis=1),
        0.6,
        strange=None if strange is None else np.array(strange),
    )


def test_each_part_has_its_numbers():
    tags = [{"gender": "female", "age": "25"}] * 4 + [{"gender": "male", "age": "70"}] * 4 + [{}] * 2
    found = compare_people([predictions(tags, [True] * 4 + [True, True, False, False] + [False] * 2)])["people"]
    assert {name: one["accuracy"] for name, one in found["gender"].items()} == {"female": 1.0, "male": 0.5}
    assert {name: one["clips"] for name, one in found["age"].items()} == {"under 30": 4, "60 and older": 4}
    assert found["age"]["under 30"]["calibration_error"] == pytest.approx(0.2)


@pytest.mark.parametrize("tags", [[{}] * 4, [{"gender": "female"}] * 4])
def test_one_kind_of_people_is_not_compared(tags):
    assert compare_people([predictions(tags, [True] * 4)]) == {}


def test_what_is_strange_is_not_answered():
    run = predictions([{}] * 4, [True, True, False, False], strange=[False, False, True, True])
    found = measure_part([run], np.ones(4, bool))
    assert (found["answered"], found["right_of_answered"], found["strange"]) == (0.5, 1.0, 0.5)
    assert found["accuracy"] == 0.5
