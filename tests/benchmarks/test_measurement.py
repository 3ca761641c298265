"""How time and memory are taken; never how fast anything is."""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from benchmarks.measurement import (
    CAN_PIN,
    Measurement,
    compare,
    read_peak_memory,
    run_in_fresh_process,
    summarise,
    time_rounds,
    use_cores,
)
from emospike.validation import InputError


def test_rounds_run_every_work_once_after_a_warm_up():
    log: list[str] = []
    taken = time_rounds({"a": lambda: log.append("a"), "b": lambda: log.append("b")}, runs=3)
    assert "".join(log) == "ab" * 4
    assert [len(seconds) for seconds in taken.values()] == [3, 3]
    assert all((seconds >= 0).all() for seconds in taken.values())


def test_no_round_is_begun_when_the_budget_is_spent():
    assert len(time_rounds({"a": lambda: None}, runs=1000, budget=-1.0)["a"]) == 1


def test_medians_and_ratios():
    slow, fast = np.array([0.004, 0.006, 0.5]), np.array([0.002, 0.002, 0.1])
    row = summarise("slow", slow, "a note", at=7)
    assert row.value == pytest.approx(6.0)
    assert row == Measurement("slow", row.value, "ms", "fastest of 3: 4.00; a note", 7)
    assert compare("slow", slow, fast, "").value == pytest.approx(3.0)


@pytest.mark.skipif(not CAN_PIN, reason="this system keeps no process to some of its cores")
def test_threads_that_are_started_on_one_core_stay_there():
    before = os.sched_getaffinity(0)
    with use_cores(1), ThreadPoolExecutor(1) as pool:
        assert len(pool.submit(os.sched_getaffinity, 0).result()) == 1
    assert os.sched_getaffinity(0) == before
    with pytest.raises(InputError, match=r"cores are there, not 100000"), use_cores(100_000):
        pass


def test_peak_memory_is_that_of_the_fresh_process_alone():
    ballast = np.ones(60_000_000)  # 480 MB here, which a forked process would count as its own
    _, empty = run_in_fresh_process(len, "")
    _, full = run_in_fresh_process(np.ones, 40_000_000)
    assert empty < ballast.nbytes / 1e6 < read_peak_memory()
    assert full - empty > 300
