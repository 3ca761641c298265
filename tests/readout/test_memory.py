"""What training takes is estimated before, and refused if it is not there."""

import tracemalloc

import numpy as np
import pytest

from emospike.readout import memory
from emospike.readout.linear import LinearReadout
from emospike.readout.memory import GIB, Size, check_memory, estimate_training_bytes, find_available_bytes
from emospike.readout.primal import WIDEST
from emospike.readout.readout import MOST_ROWS, VectorReadout
from emospike.readout.scaling import SoftScaler
from emospike.validation import InputError


def measure_fit(rows, dims):
    """Return the bytes that fitting a linear readout takes at its peak, its rows included; half of them recorded."""
    rng = np.random.default_rng(0)
    vectors = rng.integers(0, 3, (rows, dims), dtype=np.uint8)
    y = np.array(["high", "low"])[rng.integers(0, 2, rows)]
    speakers = np.array([f"{one % 5}" for one in range(rows)])
    readout = VectorReadout(SoftScaler(), LinearReadout(alpha=1.0, per_row=True))
    tracemalloc.start()
    readout.fit(vectors, y, speakers, np.arange(rows) % 2 == 0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return vectors.nbytes + peak


@pytest.mark.parametrize(("rows", "dims"), [(800, 4000), (2500, 500), (MOST_ROWS + 1, 400), (MOST_ROWS + 1, 1500)])
def test_the_estimate_is_what_fitting_takes(rows, dims):
    measure_fit(100, 20)  # what is imported on the way is not counted
    assert measure_fit(rows, dims) == pytest.approx(estimate_training_bytes([Size(rows, dims)], folds=5), rel=0.15)


def test_many_rows_are_projected():
    few, many = (estimate_training_bytes([Size(rows, 62_000)], folds=3) for rows in (20_000, 40_000))
    assert 20_000 * (62_000 + 4 * WIDEST) <= many - few <= 20_000 * (62_000 + 1.5 * 4 * WIDEST)
    assert estimate_training_bytes([Size(40_000, 62_000)], folds=5) - many == 2 * 4 * WIDEST**2
    assert estimate_training_bytes([Size(40_000, 62_000, width=4)], folds=3) - many == 40_000 * 62_000 * 3
    assert estimate_training_bytes([Size(40_000, 62_000)], folds=3, linear=False) > 3 * many


def test_one_readout_is_fitted_after_the_other():
    small, large = Size(1200, 3000), Size(1200, 6000)
    alone = estimate_training_bytes([large], folds=5)
    assert estimate_training_bytes([small, large], folds=5) == alone + small.stored


def test_what_does_not_fit_is_refused(monkeypatch):
    sizes = [Size(20_000, 62_000), Size(47_576, 62_000)]
    needed = estimate_training_bytes(sizes, folds=3)
    monkeypatch.setattr(memory, "find_available_bytes", lambda: needed)
    check_memory(sizes, folds=3)
    monkeypatch.setattr(memory, "find_available_bytes", lambda: 3 * GIB)
    said = (
        rf"training on 47,576 vectors .* about {needed / GIB:.1f} GiB of memory, 3\.0 GiB are free: take fewer copies"
    )
    with pytest.raises(InputError, match=said) as caught:
        check_memory(sizes, folds=3)
    assert "\n" not in str(caught.value)
    check_memory(sizes, folds=3, held=needed - 3 * GIB)
    monkeypatch.setattr(memory, "find_available_bytes", lambda: None)
    check_memory(sizes, folds=3)


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A machine of made-up files, by what they hold."""

    def make(**files):
        for name, text in files.items():
            (tmp_path / name.replace("__", ".")).write_text(text)

    monkeypatch.setattr(memory, "MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(memory, "CGROUPS", ((tmp_path, *memory.CGROUPS[0][1:]), (tmp_path, *memory.CGROUPS[1][1:])))
    return make


def test_the_machine_tells_what_is_there(machine):
    machine(meminfo="MemTotal:  9000 kB\nMemFree:  100 kB\nMemAvailable:  5000 kB\n")
    assert find_available_bytes() == 5000 * 1024


@pytest.mark.parametrize(
    "files",
    [
        {"memory__max": "4000\n", "memory__current": "3000\n", "memory__stat": "anon 1\ninactive_file 500\n"},
        {
            "memory__limit_in_bytes": "4000\n",
            "memory__usage_in_bytes": "3000\n",
            "memory__stat": "inactive_file 7\ntotal_inactive_file 500\n",
        },
    ],
)
def test_a_container_may_allow_less(machine, files):
    machine(meminfo="MemAvailable:  5000 kB\n", **files)
    assert find_available_bytes() == 1500


def test_a_container_without_a_limit_allows_all(machine):
    machine(
        meminfo="MemAvailable:  5 kB\n", memory__max="max\n", memory__current="3\n", memory__stat="inactive_file 5\n"
    )
    assert find_available_bytes() == 5 * 1024


def test_elsewhere_it_is_all_memory_or_unknown(machine, monkeypatch):
    monkeypatch.setattr(memory.os, "sysconf", {"SC_PAGE_SIZE": 10, "SC_PHYS_PAGES": 7}.__getitem__, raising=False)
    assert find_available_bytes() == 70
    monkeypatch.delattr(memory.os, "sysconf")
    assert find_available_bytes() is None


def test_this_machine_has_some():
    found = find_available_bytes()
    assert found is None or 0 < found < 2**50
