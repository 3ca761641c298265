"""Pairs of neurons drawn with a probability that falls with distance: exact, and without an N x N matrix.

The kernel of a pair at distance d is g = exp(-(d / reach)^2), where reach (mm) belongs to the postsynaptic neuron.
Neurons are sorted into cubic cells. A postsynaptic neuron proposes a cell, with a probability that bounds g for all
pairs of its own cell and that one, then any neuron there, and keeps it with the probability that turns the bound
into g (rejection sampling). So time and memory grow with the number of pairs drawn, not of pairs that exist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int

from emospike.validation import InputError

Positions = Float32[np.ndarray, "neurons 3"]
Reach = Float[np.ndarray, " neurons"]
Indices = Int[np.ndarray, " pairs"]
Pairs = tuple[Indices, Indices]

CELLS_ACROSS = 12  # along the brain's longest side: 15 mm, about 700 cells with neurons
PROPOSALS = 500_000  # at a time: about 100 MB
ROUNDS = 30


def draw_independent(
    positions: Positions, reach: Reach, peak: float, expected: float, rng: np.random.Generator
) -> Pairs:
    """Return (post, pre) of pairs that are connected independently with probability peak * g; none with itself.

    A pair hit by a Poisson number of proposals of mean -log(1 - p) is hit at least once with probability p.
    `expected` is about how many pairs will be drawn; it only sets how much memory is used.
    """
    most = -np.log1p(-peak)

    def draw(group: Group) -> Pairs:
        owner = np.repeat(np.arange(len(group.neurons)), rng.poisson(most * group.mass))
        owner, pre = group.propose(owner, lambda g: -np.log1p(-peak * g) / most, rng)
        return _unpack(np.unique(_pack(owner, pre)))

    return _collect(CellList.of(positions, reach), draw, expected)


def draw_fixed(positions: Positions, reach: Reach, fan_in: int, rng: np.random.Generator) -> Pairs:
    """Return (post, pre) with `fan_in` different partners for every postsynaptic neuron, drawn in proportion to g.

    Raises
    ------
    InputError : not enough partners within reach
    """

    def draw(group: Group) -> Pairs:
        """Take accepted proposals in order, repeats dropped, until no neuron misses any."""
        keys = np.empty(0, np.int64)
        missing = np.full(len(group.neurons), fan_in)
        for doubling in range(ROUNDS):
            tries = max(1, min(4 * 2**doubling, PROPOSALS // int(missing.sum())))
            owner, pre = group.propose(np.repeat(np.arange(len(missing)), missing * tries), lambda g: g, rng)
            proposed = _pack(owner, pre)
            new = proposed[np.sort(np.unique(proposed, return_index=True)[1])]
            new = new[~np.isin(new, keys)]
            owner = _unpack(new)[0]
            rank = np.arange(len(owner)) - np.searchsorted(owner, owner)
            keys = np.concatenate([keys, new[rank < missing[owner]]])
            missing = fan_in - np.bincount(_unpack(keys)[0], minlength=len(missing))
            if not missing.any():
                return _unpack(keys)
        raise InputError(f"too few neurons within reach for a fan-in of {fan_in}: raise length or lower fan_in")

    return _collect(CellList.of(positions, reach), draw, fan_in * len(positions))


def average_kernel(positions: Positions, reach: Reach, pairs: int = 4_000_000) -> float:
    """Return the mean of g over all pairs, 0 for a neuron with itself; from about `pairs` of them at most."""
    neurons = len(positions)
    sample = np.linspace(0, neurons - 1, min(neurons, max(pairs // neurons, 1))).astype(int)
    total = sum(compute_kernel(positions[i], positions, reach[i]).sum() - 1 for i in sample)
    return float(total) / (len(sample) * neurons)


def compute_kernel(
    post: Float32[np.ndarray, "*#pairs 3"],
    pre: Float32[np.ndarray, "*#pairs 3"],
    reach: Float[np.ndarray, "*#pairs"] | float,
) -> Float[np.ndarray, "*pairs"]:
    """Return g = exp(-(d / reach)^2) for each pair of positions."""
    return np.exp(-compute_square_distance(post, pre) / np.square(reach))


def compute_square_distance(
    a: Float32[np.ndarray, "*#points 3"], b: Float32[np.ndarray, "*#points 3"]
) -> Float32[np.ndarray, "*points"]:
    """Return the squared distance of each point of `a` to its point of `b`, mm²."""
    apart = a - b
    return np.asarray(np.einsum("...i,...i->...", apart, apart))


@dataclass(frozen=True)
class Group:
    """The neurons of a few cells, as postsynaptic neurons that propose partners.

    Attributes
    ----------
    cells : all cells, where the partners are
    neurons : the neurons of this group
    row : the row of `bound` for each of them
    bound : for each cell of the group (row) and each of all cells, at least the kernel of any pair
    cumulative : running sum of bound * neurons over all cells, row after row, from 0
    """

    cells: CellList
    neurons: Int[np.ndarray, " neurons"]
    row: Int[np.ndarray, " neurons"]
    bound: Float[np.ndarray, "rows cells"]
    cumulative: Float[np.ndarray, " rows_of_cells"]

    @property
    def mass(self) -> Float[np.ndarray, " neurons"]:
        """Sum of the bounds over everything that each neuron can propose."""
        return np.asarray(np.diff(self.cumulative[:: self.bound.shape[1]])[self.row])

    def propose(
        self,
        owner: Int[np.ndarray, " proposals"],
        keep: Callable[[Float[np.ndarray, " n"]], Float[np.ndarray, " n"]],
        rng: np.random.Generator,
    ) -> Pairs:
        """Let each owner (index into `neurons`) propose once; return (owner, pre) of those accepted, in order.

        The proposal is accepted with probability keep(g) / bound, so `keep` must not exceed g.
        """
        cells, post, row = self.cells, self.neurons[owner], self.row[owner]
        begin = row * self.bound.shape[1]
        aim = self.cumulative[begin] + rng.random(len(owner)) * self.mass[owner]
        place = np.searchsorted(self.cumulative, aim, side="right") - 1
        cell = np.minimum(place - begin, self.bound.shape[1] - 1)
        pre = cells.members[cells.start[cell] + rng.integers(np.diff(cells.start)[cell])]
        g = compute_kernel(cells.positions[post], cells.positions[pre], cells.reach[post])
        won = (rng.random(len(pre)) * self.bound[row, cell] < keep(g)) & (pre != post)
        return owner[won], pre[won]


@dataclass(frozen=True)
class CellList:
    """Neurons sorted into the cells of a cubic grid; only cells that hold neurons are kept.

    Attributes
    ----------
    members : all neurons, cell by cell
    start : where the members of each cell begin, and the end of the last
    low, high : corners of the box that the members of each cell span, mm
    """

    positions: Positions
    reach: Reach
    members: Int[np.ndarray, " neurons"]
    start: Int[np.ndarray, " cells_and_end"]
    low: Float32[np.ndarray, "cells 3"]
    high: Float32[np.ndarray, "cells 3"]

    @classmethod
    def of(cls, positions: Positions, reach: Reach) -> CellList:
        """Sort neurons into cells."""
        edge = np.ptp(positions, axis=0).max() / CELLS_ACROSS
        grid = ((positions - positions.min(axis=0)) / edge).astype(np.int64)
        flat = np.ravel_multi_index(tuple(grid.T), (CELLS_ACROSS + 1,) * 3)
        members = np.argsort(flat, kind="stable")
        first = np.flatnonzero(np.diff(flat[members], prepend=-1))
        ordered = positions[members]
        low, high = np.minimum.reduceat(ordered, first), np.maximum.reduceat(ordered, first)
        return cls(positions, reach, members, np.append(first, len(members)), low, high)

    def groups(self, size: int) -> Iterator[Group]:
        """Yield the neurons of `size` cells at a time, with their bounds."""
        counts = np.diff(self.start)
        longest = np.maximum.reduceat(self.reach[self.members], self.start[:-1])
        for own in np.split(np.arange(len(counts)), range(size, len(counts), size)):
            gap = np.maximum(self.low - self.high[own, None], self.low[own, None] - self.high).clip(min=0)
            bound = compute_kernel(gap, np.zeros(3, np.float32), longest[own, None])
            neurons = self.members[self.start[own[0]] : self.start[own[-1] + 1]]
            row = np.repeat(np.arange(len(own)), counts[own])
            cumulative = np.append(0, np.cumsum(bound * counts, dtype=float))
            yield Group(self, neurons, row, bound, cumulative)


def _collect(cells: CellList, draw: Callable[[Group], Pairs], expected: float) -> Pairs:
    """Return (post, pre) drawn group by group, so many cells at a time as keep memory bounded."""
    size = int(np.clip(PROPOSALS / 4 * len(cells.low) / expected, 1, 64))
    post, pre = [], []
    for group in cells.groups(size):
        owner, partner = draw(group)
        post.append(group.neurons[owner])
        pre.append(partner)
    return np.concatenate(post), np.concatenate(pre)


def _pack(owner: Indices, pre: Indices) -> Indices:
    """Return one sortable number a pair."""
    return np.asarray(owner << 32 | pre)


def _unpack(keys: Indices) -> Pairs:
    """Return (owner, pre) of packed pairs."""
    return keys >> 32, keys & 0xFFFFFFFF
