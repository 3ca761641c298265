"""Training vectors are kept in as few bytes as hold all of them, whichever comes when."""

import numpy as np
import pytest

from emospike.readout.scaling import SoftScaler
from emospike.readout.training_rows import Rows

BLOCKS = {
    "uint8": np.float32([[0, 3, 255], [1, 0, 2]]),
    "uint16": np.float32([[0, 256, 1], [65_535, 0, 2]]),
    "float32": np.float32([[0.5, -3, 70_000], [1, 0, 2]]),
}


def fill(*kinds):
    rows = Rows(len(kinds) + 1, 2)
    for clip, kind in enumerate(kinds):
        rows.add(clip, BLOCKS[kind])
    return rows


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        (("uint8", "uint8"), "uint8"),
        (("uint8", "uint16", "uint8"), "uint16"),
        (("uint16", "uint8"), "uint16"),
        (("uint8", "float32", "uint16"), "float32"),
    ],
)
def test_all_numbers_are_kept_as_they_are(kinds, expected):
    rows = fill(*kinds)
    assert rows.vectors.dtype == expected
    np.testing.assert_array_equal(rows.vectors, np.concatenate([BLOCKS[kind] for kind in kinds]))
    assert rows.source.tolist() == np.repeat(np.arange(len(kinds)), 2).tolist()
    assert rows.stored == 6 * len(kinds) * np.dtype(expected).itemsize


def test_a_few_large_counts_widen_what_is_kept():
    rows = fill("uint8")
    assert [rows.widens(BLOCKS[kind]) for kind in BLOCKS] == [False, True, True]
    assert not fill().widens(BLOCKS["float32"])
    assert not fill("float32").widens(BLOCKS["uint16"])


def test_what_all_clips_will_take_is_known_before_a_block_is_added():
    rows = fill("uint8")
    assert [rows.plan(BLOCKS[kind]) for kind in BLOCKS] == [(4, 3, 1), (4, 3, 2), (4, 3, 4)]
    assert rows.plan(None) == (4, 3, 1)
    assert fill("uint16").plan(BLOCKS["uint8"]) == (4, 3, 2)
    assert fill().plan(BLOCKS["uint16"]) == (2, 3, 2)


@pytest.mark.parametrize("kind", ["uint8", "uint16"])
def test_roots_of_counts_are_those_of_the_same_floats(kind):
    counts = np.arange(np.iinfo(kind).max + 1, dtype=kind)[None]
    roots = SoftScaler().take_root(counts)
    assert roots.dtype == np.float32
    np.testing.assert_array_equal(roots, SoftScaler().take_root(counts.astype(np.float32)))
