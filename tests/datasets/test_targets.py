import re
from pathlib import Path

import numpy as np
import pytest

from emospike.datasets import Dataset, Recording
from emospike.datasets.targets import as_targets, check_varied, label_parts, part_targets, read_targets
from emospike.validation import InputError, as_classes

pandas = pytest.importorskip("pandas")


def rows(**columns):
    """A data set with these tags, a recording for each of their values."""
    names = list(columns)
    tags = [dict(zip(names, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    return Dataset("mine", tuple(Recording(Path(f"{i}.wav"), "", "anna", str(i), one) for i, one in enumerate(tags)))


def test_numbers_are_read_in_the_order_that_is_asked_for():
    dataset = rows(valence=["0.5", "-1", "1e-1"], room=["a", "b", "c"], arousal=["0,25", "2", ".5"])
    np.testing.assert_array_equal(read_targets(dataset, ["arousal", "Valence"]), [[0.25, 0.5], [2, -1], [0.5, 0.1]])


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["valense"], "no column 'valense' of numbers: those of numbers are arousal, valence"),
        (["room"], "no column 'room' of numbers"),
        (["arousal"], "1.wav has no number in arousal, but 'high': fill it in or delete the row"),
        (["valence", "VALENCE"], "target 'valence' is named twice"),
    ],
)
def test_what_is_no_number_is_named(names, said):
    dataset = rows(valence=["0.5", "-1"], room=["a", "b"], arousal=["0.2", "high"])
    with pytest.raises(InputError, match=re.escape(said)):
        read_targets(dataset, names)


@pytest.mark.parametrize("blank", ["", "nan", "inf"])
def test_blanks_are_no_numbers(blank):
    with pytest.raises(InputError, match=r"1\.wav has no number in valence"):
        read_targets(rows(valence=["0.5", blank]), ["valence"])
    with pytest.raises(InputError, match="no column 'valence' of numbers: there is none of numbers"):
        read_targets(rows(valence=[blank]), ["valence"])


def test_numbers_as_they_may_be_given():
    table = pandas.DataFrame({"valence": [0.5, -1], "arousal": [1, 2]})
    np.testing.assert_array_equal(as_targets(table), [[0.5, 1], [-1, 2]])
    for given in (table["valence"], table["valence"].to_numpy(), [0.5, -1], ["0.5", "-1"]):
        np.testing.assert_array_equal(as_targets(given), [[0.5], [-1]])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["sad", "happy"], "numbers expected, one or several a recording"),
        ([0.5, np.nan], "a finite number a recording expected"),
        ([], "a finite number a recording expected"),
        (np.zeros((2, 2, 2)), r"of shape \(2, 2, 2\)"),
        ([1, 1e31], "a finite number a recording expected"),
        ("0.5", "a list of numbers expected"),
    ],
)
def test_no_numbers_are_refused(given, said):
    with pytest.raises(InputError, match=said):
        as_targets(given)


def test_what_never_varies_is_refused_by_its_name():
    with pytest.raises(InputError, match="arousal of all recordings is 3: there is nothing to learn"):
        check_varied(np.array([[1.0, 3.0], [2.0, 3.0]]), ["valence", "arousal"])


def test_parts_of_a_scale():
    normal = np.random.default_rng(0).normal(3, 2, (10_000, 1))
    names, counts = np.unique(part_targets(normal), return_counts=True)
    assert names.tolist() == ["high", "highest", "low", "lowest"]
    assert counts.tolist() == [2500] * 4
    assert {*part_targets(np.array([[1.0], [2.0], [3.0], [1e9]]))} == {*names}  # whatever lies far out
    for numbers in ([[0.0], [1.0]], [[1.0]] * 99 + [[2.0]], [[1.0]] * 99 + [[0.0]]):  # never one part alone
        assert len({*part_targets(np.array(numbers))}) == 2
    dataset = label_parts(rows(valence=["0", "1"]), np.array([[0.0], [1.0]]))
    assert dataset.labels.tolist() == ["low", "highest"]


@pytest.mark.parametrize(
    "labels",
    [["0.31", "-0.2"], ["1e-3", "2"], [".5", "1"], [str(one) for one in range(11)], list(range(11)), ["1,5", "2"]],
)
def test_numbers_on_a_scale_are_no_classes(labels):
    with pytest.raises(
        InputError, match=r"labels are numbers on a scale \(.*\), and classes are learnt here: .* --target"
    ):
        as_classes(labels)


@pytest.mark.parametrize(
    "labels", [["0", "1", "2"], ["1.0", "2.0"], list(range(10)), ["0.31", "low"], ["1_000", "0.5"]]
)
def test_levels_and_names_are_classes(labels):
    assert as_classes(labels) == [str(label) for label in labels]


def test_floats_are_no_classes():
    with pytest.raises(InputError, match=r"got 0\.5 among them: continuous values are no classes; .* with --target"):
        as_classes([0.5, 1.5])
