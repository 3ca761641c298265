"""The numba kernel of the reservoir: leaky integration, firing, delivery and pair STDP, event by event.

It computes in 32-bit floats, or in integers (fixed point, see `emospike.networks.fixed_point`): the arrays tell.

One call advances the network until its event buffer is full or the input ends, so that memory stays constant
however long the recording is; all arrays belong to the caller and nothing is allocated per step.
"""

# ruff: noqa: PLR0917 - a kernel takes all that it changes
from __future__ import annotations

from typing import Any, NamedTuple, no_type_check

import numpy as np

from emospike.compiling import compile_kernel

Array = np.ndarray[Any, np.dtype[Any]]
FAST = {"contract", "nsz"}  # not "ninf": the floor may be minus infinity
TINY = np.float32(1e-30)  # a trace below it changes no weight; left to fade on, it would become a slow denormal number
index = np.uint32  # an unsigned index spares the test for a negative one, which counts from the end


class Events(NamedTuple):
    """Input spikes: those of step t lie at ``offsets[t]:offsets[t + 1]``."""

    offsets: Array
    lines: Array
    gains: Array


class Wires(NamedTuple):
    """Synapses: those of source i lie at ``offsets[i]:offsets[i + 1]``; `weights` count in `unit`."""

    offsets: Array
    targets: Array
    weights: Array
    unit: np.float32 | int


class Neurons(NamedTuple):
    """The neurons of a reservoir: their constants, then their potentials `v` and the currents that wait for them.

    Who is refractory is held at `reset`: `held` is a ring of the neurons that fired in the last `refractory` steps, so
    that they alone are touched.
    """

    decay: Array
    threshold: np.float32 | int
    reset: np.float32 | int
    floor: np.float32 | int
    refractory: int
    v: Array
    current: Array
    held: Array
    held_counts: Array


class Side(NamedTuple):
    """One half of pair STDP: what a spike of neuron i does to the plastic synapses on one side of it.

    They lie at ``offsets[i]:offsets[i + 1]``; `slots` says where in the weights. Each changes by the trace of its
    partner, which is set to `jump` by a spike and decays, and stays within `low` and `high`.
    """

    offsets: Array
    partners: Array
    slots: Array
    trace: Array
    jump: np.float32
    decay: np.float32
    low: np.float32
    high: np.float32


@compile_kernel(fastmath=FAST, nogil=True)
@no_type_check
def integrate(cells: Neurons, fraction: int | None) -> None:
    """Leak and add the current of this step: v <- max(v * decay + current, floor); keep back who is refractory.

    In integers, decays have `fraction` binary places, and what is left of a potential is rounded towards 0.
    """
    v, current, decay = cells.v, cells.current, cells.decay
    for i in range(v.size):
        if fraction is None:
            v[i] = max(v[i] * decay[i] + current[i], cells.floor)
        else:
            left = np.int64(v[i]) * decay[i]
            if left < 0:
                left += (1 << fraction) - 1
            v[i] = max((left >> fraction) + current[i], cells.floor)
        current[i] = 0
    for r in range(cells.refractory):
        for k in range(cells.held_counts[r]):
            v[cells.held[r, k]] = cells.reset


@compile_kernel(nogil=True)
@no_type_check
def fire(v: Array, threshold: float, out: Array) -> int:
    """Write the neurons at the threshold or above to `out`, ascending, and return how many there are."""
    count = 0
    for i in range(index(v.size)):
        out[count] = i  # unless it fires, the next one takes its place: a branch would be guessed wrong too often
        count += v[i] >= threshold
    return count


@compile_kernel(fastmath=FAST, nogil=True)
@no_type_check
def deliver(source: int, gain: float, wires: Wires, current: Array) -> None:
    """Add `gain` times the outgoing weights of `source` to its targets' current."""
    for s in range(index(wires.offsets[source]), index(wires.offsets[source + 1])):
        current[index(wires.targets[s])] += gain * wires.weights[s]


@compile_kernel(fastmath=FAST, nogil=True)
@no_type_check
def fade(trace: Array, decay: float) -> None:
    """Let a trace decay by one step, in place."""
    for i in range(trace.size):
        left = trace[i] * decay
        trace[i] = left if abs(left) > TINY else np.float32(0)


@compile_kernel(fastmath=FAST, nogil=True)
@no_type_check
def change(neuron: int, side: Side, weights: Array) -> None:
    """Change the weights on one side of a neuron that fired."""
    for k in range(index(side.offsets[neuron]), index(side.offsets[neuron + 1])):
        s = index(side.slots[k])
        weights[s] = min(max(weights[s] + side.trace[index(side.partners[k])], side.low), side.high)


@compile_kernel(fastmath=FAST, nogil=True)
@no_type_check
def learn(t: int, fired: Array, outgoing: Side, incoming: Side, weights: Array) -> None:
    """Apply pair STDP for the neurons that fired at step `t`: each pairs with earlier spikes only."""
    if t > 0:  # nothing comes before step 0, whatever the traces begin with
        fade(outgoing.trace, outgoing.decay)
        fade(incoming.trace, incoming.decay)
        for i in fired:
            change(i, outgoing, weights)
            change(i, incoming, weights)
    for i in fired:
        outgoing.trace[i] = outgoing.jump
        incoming.trace[i] = incoming.jump


@compile_kernel(nogil=True)
@no_type_check
def advance(
    first: int, events: Events, inputs: Wires, recurrent: Wires, cells: Neurons,
    outgoing: Side | None, incoming: Side | None, fraction: int | None, out_step: Array, out_neuron: Array,
) -> tuple[int, int]:  # fmt: skip
    """Advance from step `first`; return the step to go on from and the number of spikes written.

    A spike of step t reaches its targets at step t + 1. Without learning, `outgoing` and `incoming` are None; in
    floats, `fraction` is.
    """
    v, current, written = cells.v, cells.current, 0
    for t in range(first, events.offsets.size - 1):
        if written + v.size > out_step.size:
            return t, written
        for e in range(events.offsets[t], events.offsets[t + 1]):
            deliver(events.lines[e], events.gains[e] * inputs.unit, inputs, current)
        integrate(cells, fraction)
        fired = out_neuron[written : written + fire(v, cells.threshold, out_neuron[written:])]
        out_step[written : written + fired.size] = t
        written += fired.size
        if outgoing is not None:
            learn(t, fired, outgoing, incoming, recurrent.weights)
        for i in fired:
            v[i] = cells.reset
            deliver(i, recurrent.unit, recurrent, current)
        if cells.refractory > 0:
            slot = t % cells.refractory
            cells.held_counts[slot] = fired.size
            cells.held[slot, : fired.size] = fired
    return events.offsets.size - 1, written
