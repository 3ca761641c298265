"""Measurements: what is reported, and how time and memory are taken."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import numpy as np
from jaxtyping import Float

from emospike.validation import InputError

Seconds = Float[np.ndarray, " runs"]
Result = TypeVar("Result")

CLIP_SECONDS = 4.0
"""Length of the clip that everything is measured on: 400 steps of 10 ms."""

BUDGET = 20.0
"""Seconds after which no further round is begun, so that slow things are run less often."""


CAN_PIN = hasattr(os, "sched_setaffinity")
"""Whether this system can keep a process to some of its cores (Linux does)."""


@dataclass(frozen=True)
class Measurement:
    """One number of a report.

    Attributes
    ----------
    name : what was measured
    value : the number; None where it could not be measured, and the note says why
    unit : of the value: ms, s, MB, times, ...
    note : how it came about
    at : the number that was varied, for a point of a curve
    """

    name: str
    value: float | None
    unit: str
    note: str = ""
    at: float | None = None


def time_rounds(works: Mapping[str, Callable[[], object]], runs: int, budget: float = BUDGET) -> dict[str, Seconds]:
    """Return the seconds that each work took in each round, all of them warmed up before.

    A round runs every work once, so that what else the machine does falls on all alike.

    >>> taken = time_rounds({"nothing": lambda: None, "sum": lambda: sum(range(9))}, runs=3)
    >>> sorted(taken), len(taken["sum"])
    (['nothing', 'sum'], 3)
    """
    for work in works.values():
        work()
    taken: dict[str, list[float]] = {name: [] for name in works}
    end = time.perf_counter() + budget
    for _ in range(runs):
        for name, work in works.items():
            start = time.perf_counter()
            work()
            taken[name].append(time.perf_counter() - start)
        if time.perf_counter() > end:
            break
    return {name: np.array(seconds) for name, seconds in taken.items()}


def summarise(name: str, seconds: Seconds, note: str = "", at: float | None = None) -> Measurement:
    """Return the median of some runs; the note tells the fastest, which a busy machine disturbs least.

    >>> summarise("forward", np.array([0.003, 0.001, 0.002]))
    Measurement(name='forward', value=2.0, unit='ms', note='fastest of 3: 1.00', at=None)
    """
    runs = f"fastest of {len(seconds)}: {seconds.min() * 1e3:.2f}"
    return Measurement(name, float(np.median(seconds)) * 1e3, "ms", "; ".join(filter(None, (runs, note))), at)


def compare(name: str, seconds: Seconds | float, reference: Seconds | float, note: str) -> Measurement:
    """Return how many times the time of the reference something took: the median over rounds.

    >>> compare("slow", np.array([4.0, 6.0, 9.0]), np.array([2.0, 2.0, 3.0]), "the time of fast")
    Measurement(name='slow', value=3.0, unit='times', note='the time of fast', at=None)
    """
    return Measurement(name, float(np.median(seconds / reference)), "times", note)


@contextmanager
def use_one_core() -> Iterator[None]:
    """Keep linear algebra to one thread; of what is measured so, nothing else has more."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with threadpool_limits(1):
        yield


@contextmanager
def use_cores(count: int) -> Iterator[None]:
    """Keep this thread, and all that it starts, to so many cores.

    Raises
    ------
    InputError : fewer cores than that, or a system that keeps no process to some
    """
    if not CAN_PIN:
        raise InputError("this system keeps no process to some of its cores")
    before = os.sched_getaffinity(0)
    if len(before) < count:
        raise InputError(f"{len(before)} cores are there, not {count}")
    os.sched_setaffinity(0, sorted(before)[-count:])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def run_in_fresh_process(work: Callable[..., Result], *args: object) -> tuple[Result, float | None]:
    """Return what a work returns in a process of its own, and the peak memory of that process (MB)."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(work, *args).result(), pool.submit(read_peak_memory).result()


def read_peak_memory() -> float | None:
    """Return the most memory (resident set) that this process has had, MB; None where the system does not tell.

    Linux is asked in /proc: there `getrusage` of a young process still tells the peak of the one that started it.
    """
    status = Path("/proc/self/status")
    if status.exists():
        fields = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        return int(fields["VmHWM"].split()[0]) * 1024 / 1e6 if "VmHWM" in fields else None
    try:
        import resource
    except ImportError:  # Windows
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6
