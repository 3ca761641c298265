"""The numba kernel of the reservoir: leaky integration, firing, delivery and pair STDP, event by event.

One call advances the network until its event buffer is full or the input ends, so that memory stays constant
however long the recording is; all arrays belong to the caller and nothing is allocated per step.
"""

# ruff: noqa: PLR0917 - a kernel takes bare arrays
from __future__ import annotations

from typing import Any, no_type_check

import numpy as np
from numba import njit

Array = np.ndarray[Any, np.dtype[Any]]
FAST = {"contract", "nsz"}  # not "ninf": the floor may be minus infinity


@njit(cache=True, fastmath=FAST, nogil=True)
@no_type_check
def integrate(v: Array, current: Array, decay: Array, floor: float) -> None:
    """Leak and add the current of this step, in place: v <- max(v * decay + current, floor)."""
    for i in range(v.size):
        v[i] = max(v[i] * decay[i] + current[i], floor)
        current[i] = np.float32(0)


@njit(cache=True, fastmath=FAST, nogil=True)
@no_type_check
def deliver(source: int, gain: float, offsets: Array, targets: Array, weights: Array, current: Array) -> None:
    """Add `gain` times the outgoing weights of `source` to its targets' current."""
    for s in range(offsets[source], offsets[source + 1]):
        current[targets[s]] += gain * weights[s]


@njit(cache=True, nogil=True)
@no_type_check
def learn_pairs(
    t: int, fired: Array, last: Array, rec_offsets: Array, rec_targets: Array, rec_weights: Array,
    in_offsets: Array, in_sources: Array, in_slots: Array, plastic: Array,
    potentiation: Array, depression: Array, w_min: float, w_max: float, own_depression: bool,
) -> None:  # fmt: skip
    """Apply pair STDP for the neurons that fired at step `t`; `last` still holds earlier spikes only."""
    for i in fired:
        for s in range(rec_offsets[i], rec_offsets[i + 1]):  # i as the presynaptic neuron: depress
            lag = t - (last[i] if own_depression else last[rec_targets[s]])
            if 0 < lag < depression.size and plastic[s]:
                rec_weights[s] = max(rec_weights[s] - depression[lag], w_min)
        for k in range(in_offsets[i], in_offsets[i + 1]):  # i as the postsynaptic neuron: potentiate
            s = in_slots[k]
            lag = t - last[in_sources[k]]
            if 0 < lag < potentiation.size and plastic[s]:
                rec_weights[s] = min(rec_weights[s] + potentiation[lag], w_max)


@njit(cache=True, nogil=True)
@no_type_check
def advance(
    first: int, step_offsets: Array, lines: Array, gains: Array,
    line_offsets: Array, line_targets: Array, line_weights: Array,
    rec_offsets: Array, rec_targets: Array, rec_weights: Array,
    in_offsets: Array, in_sources: Array, in_slots: Array, plastic: Array,
    decay: Array, threshold: float, reset: float, floor: float, refractory: int,
    learn: bool, potentiation: Array, depression: Array, w_min: float, w_max: float, own_depression: bool,
    v: Array, current: Array, last: Array, held: Array, held_counts: Array,
    out_step: Array, out_neuron: Array,
) -> tuple[int, int]:  # fmt: skip
    """Advance from step `first`; return the step to go on from and the number of spikes written.

    A spike of step t reaches its targets at step t + 1. `held` is a ring of the neurons that fired in the last
    `refractory` steps; they are kept at `reset` by touching them alone rather than by testing every neuron.
    """
    neurons, steps, written = v.size, step_offsets.size - 1, 0
    for t in range(first, steps):
        if written + neurons > out_step.size:
            return t, written
        for e in range(step_offsets[t], step_offsets[t + 1]):
            deliver(lines[e], gains[e], line_offsets, line_targets, line_weights, current)
        integrate(v, current, decay, floor)
        for r in range(refractory):
            for k in range(held_counts[r]):
                v[held[r, k]] = reset
        start = written
        for i in range(neurons):
            if v[i] >= threshold:
                out_step[written] = t
                out_neuron[written] = i
                written += 1
        fired = out_neuron[start:written]
        if learn:
            learn_pairs(
                t, fired, last, rec_offsets, rec_targets, rec_weights, in_offsets, in_sources, in_slots,
                plastic, potentiation, depression, w_min, w_max, own_depression,
            )  # fmt: skip
        for i in fired:
            v[i] = reset
            last[i] = t
            deliver(i, np.float32(1), rec_offsets, rec_targets, rec_weights, current)
        if refractory > 0:
            slot = t % refractory
            held_counts[slot] = fired.size
            held[slot, : fired.size] = fired
    return steps, written
