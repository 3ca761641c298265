"""What training takes of memory, known once the first clip tells the length of its vector, and what is there."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from emospike.readout import novelty
from emospike.readout.primal import BLOCK, WIDEST
from emospike.readout.readout import MOST_NUMBERS, MOST_ROWS
from emospike.validation import InputError

GIB = 2**30
FLOAT = 4
"""Bytes of a float32."""

SCALED = 13
"""Bytes a number of vectors that are scaled and fitted all at once: three in float32, and whether one is 0."""

DUAL = 3
"""Matrices as large as the products of all rows that the dual holds at once."""

ADDED, SOLVED = 3, 6
"""Matrices of the primal beside those of the folds: of the other rows, of all, and what adding or solving takes."""

NOVELTY = 33
"""Bytes a projected number of the rows from which novelty is learnt: they, their squares and those of the folds."""

SAMPLE = 1000
"""Rows by which the primal finds its unit of length."""

MEMINFO = Path("/proc/meminfo")
CGROUPS = (
    (Path("/sys/fs/cgroup"), "memory.max", "memory.current", "inactive_file"),
    (Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)
"""Where Linux tells what a container may use (version 2, version 1): folder, limit, use, and what of it is cache."""


class Size(NamedTuple):
    """Training vectors of one readout: how many, how long, and the bytes of a number; a count takes one or two."""

    rows: int
    dims: int
    width: int = 1

    @property
    def stored(self) -> int:
        """Bytes of the vectors as they are kept while clips come."""
        return self.rows * self.dims * self.width


def estimate_training_bytes(sizes: Sequence[Size], *, folds: int, linear: bool = True) -> int:
    """Return about how many bytes training takes at its peak, beside what the process has already.

    All vectors are kept until the last clip has come; then one readout after the other is fitted.

    Parameters
    ----------
    sizes : one a readout
    folds : parts that calibrate in turn
    linear : whether the classifier is a `LinearReadout`, which is solved in the primal where rows are many
    """
    return sum(size.stored for size in sizes) + max(_estimate_fit(size, folds, linear) for size in sizes)


def _estimate_fit(size: Size, folds: int, linear: bool) -> int:
    rows, dims, numbers = size.rows, size.dims, size.rows * size.dims
    if linear and (rows > MOST_ROWS or numbers > MOST_NUMBERS):
        wide = min(dims, WIDEST)
        projected, gram, sample = FLOAT * rows * wide, FLOAT * wide**2, 3 * FLOAT * SAMPLE * dims
        adding = FLOAT * wide * (rows // 2 + BLOCK) + (folds + ADDED) * gram  # recorded rows are at most every second
        strange = NOVELTY * min(rows // 2, novelty.MOST) * min(dims, novelty.SIZE)
        return max(projected + max(adding, (folds + SOLVED) * gram), sample, strange)
    return SCALED * numbers + (FLOAT * DUAL * rows**2 if linear else 0)


def check_memory(sizes: Sequence[Size], *, folds: int, linear: bool = True, held: int = 0) -> None:
    """Raise `InputError`, with GiB, if training takes more than there is (see `estimate_training_bytes`).

    So many bytes are `held` by these vectors already. Where the system does not tell what there is, nothing is checked.
    """
    needed, there = estimate_training_bytes(sizes, folds=folds, linear=linear), find_available_bytes()
    if there is not None and needed > there + held:
        rows = max(size.rows for size in sizes)
        raise InputError(
            f"training on {rows:,} vectors (clips and their copies) needs about {needed / GIB:.1f} GiB of memory, "
            f"{(there + held) / GIB:.1f} GiB are free: take fewer copies (augmentation, channel_variation), fewer "
            "recordings (--per-corpus N) or fewer neurons"
        )


def find_available_bytes() -> int | None:
    """Return the bytes that this process can still get without swapping, within its container; None if unknown."""
    limits = [_read_meminfo(), *(_read_cgroup(*where) for where in CGROUPS)]
    known = [limit for limit in limits if limit is not None]
    return min(known) if known else None


def _read_meminfo() -> int | None:
    """Return what Linux calls available; elsewhere all memory that is built in."""
    try:
        lines = dict(line.split(":", 1) for line in MEMINFO.read_text(encoding="utf-8").splitlines())
        return int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        pass
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None


def _read_cgroup(folder: Path, limit: str, use: str, cache: str) -> int | None:
    try:
        most, used = (int((folder / name).read_text(encoding="utf-8")) for name in (limit, use))
        facts = dict(line.split() for line in (folder / "memory.stat").read_text(encoding="utf-8").splitlines())
        return max(most - used + int(facts[cache]), 0)
    except (OSError, KeyError, ValueError):  # no container, or one without a limit, which says "max"
        return None
