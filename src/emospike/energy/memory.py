"""Memory: what a byte that is read or written costs, by the memory that can hold what a stage of a decision needs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PricedMemory:
    """A memory in 45 nm CMOS whose energy is published.

    Attributes
    ----------
    name : its size in words
    size : bytes that it holds
    picojoule : energy of a byte read or written, pJ: an eighth of that of 64 bits
    """

    name: str
    size: float
    picojoule: float


MEMORIES = (
    PricedMemory("8 KB", 8 * 1024, 10 / 8),
    PricedMemory("32 KB", 32 * 1024, 20 / 8),
    PricedMemory("1 MB", 1024**2, 100 / 8),
    PricedMemory("DRAM", float("inf"), 1300 / 8),
)
"""Memories whose energy is published, the smallest first: caches, and DRAM by the lower end of its 1.3 to 2.6 nJ.

Source: Horowitz 2014 (ISSCC, figure 1.1.9), which tells of nothing between 1 MB and DRAM.
"""

DRAM = MEMORIES[-1]


def choose_memory(held: float | None) -> PricedMemory:
    """Return the smallest published memory that holds so many bytes; DRAM where it is not known how many (None).

    >>> [choose_memory(held).name for held in (8192, 8193, 400_000, 3_000_000, None)]
    ['8 KB', '32 KB', '1 MB', 'DRAM', 'DRAM']
    """
    return DRAM if held is None else next(one for one in MEMORIES if held <= one.size)
