"""Counting: operations of computing a feature, as plain numbers that know nothing of what is computed from it.

Two real operations, a multiplication and an addition, make a multiply-accumulate; a comparison counts as one. Words are
counted without caches: each operand that is read, and each result that is written.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32

ELEMENTARY = 10
"""Multiply-accumulates of a logarithm or a root: a polynomial of nine coefficients (Moshier 1992, Cephes), scaled."""

OPERANDS = 3
"""Words of an operation on two operands: both, and the result; of a weight of a bank it, its place, and the power."""


@dataclass(frozen=True)
class FeatureCount:
    """What computing a feature of one clip takes.

    Attributes
    ----------
    key : what is computed; features of the same key are computed once, whatever each makes of it
    macs : multiply-accumulates
    words_moved : words read and written, without caches
    words_held : words that are needed all the time: tables, and what is worked on at one step
    """

    key: Hashable
    macs: int
    words_moved: int
    words_held: int


@runtime_checkable
class Counted(Protocol):
    """A feature that tells what computing it takes; one that does not is left out of estimates, which say so."""

    def count_operations(self, steps: int) -> FeatureCount:
        """Return what computing so many steps takes."""
        ...


@dataclass(frozen=True)
class StepCount:
    """Multiply-accumulates, words moved and words held of a computation that is done at every step; they add up."""

    macs: float
    words: float
    held: float = 0.0

    def __add__(self, other: StepCount) -> StepCount:
        return StepCount(self.macs + other.macs, self.words + other.words, self.held + other.held)

    def repeat(self, steps: int, key: Hashable) -> FeatureCount:
        """Return the cost of so many steps."""
        return FeatureCount(key, round(self.macs * steps), round(self.words * steps), round(self.held))


def count_elements(count: int, each: float = 1.0, words: float = OPERANDS) -> StepCount:
    """Return the cost of as many independent results, with so many multiply-accumulates and words each."""
    return StepCount(each * count, words * count, count)


def count_transform(size: int) -> StepCount:
    """Return the cost of a fast Fourier transform of real numbers: 5/2 N log2 N real operations.

    That is half of the 5 N log2 N of a complex one of radix 2 (Cooley and Tukey 1965), whose N/2 log2 N butterflies
    have 10 operations, and move 10 words: two numbers in, two out, and a root of unity. Numbers and roots are held.

    >>> count_transform(512)
    StepCount(macs=5760.0, words=11520.0, held=1024)
    """
    operations = 2.5 * size * float(np.log2(size))
    return StepCount(operations / 2, operations, 2 * size)


def count_spectrogram(window: int, n_fft: int) -> StepCount:
    """Return the cost of a step of `spectrum.compute_spectrogram`: window, transform, and the power of every bin."""
    return count_elements(window) + count_transform(n_fft) + count_elements(n_fft // 2 + 1, 2)


def count_bands(bank: Float32[np.ndarray, "bins bands"], window: int) -> StepCount:
    """Return the cost of a step of `spectrum.measure_bands`; `window` in samples.

    The bank is sparse: a multiply-accumulate for each weight that is not 0. A band takes a comparison and a logarithm.
    """
    weights = int(np.count_nonzero(bank))
    product = StepCount(weights, OPERANDS * weights, 2 * weights)
    return count_spectrogram(window, 2 * (len(bank) - 1)) + product + count_elements(bank.shape[1], ELEMENTARY + 1, 2)
