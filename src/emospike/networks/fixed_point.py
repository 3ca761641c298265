"""Fixed point: a reservoir's constants in integers, as microcontrollers and neuromorphic chips compute with them."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Int32

from emospike.quantisation import largest_integer

FRACTION = 16
"""Binary places of potentials and decays."""

ONE = 1 << FRACTION
"""What 1 is: a potential of that size, a decay that loses nothing."""

LOWEST = -(1 << 30)
"""Where potentials end that have no floor."""

MOST = (1 << 30) - 1
"""Of what may come in at once; with a potential of as much it fits in 32 bits."""


def choose_unit(weights: Float32[np.ndarray, " synapses"], bits: int) -> int:
    """Return the unit, in 2^-16, in which the largest of `weights` is an integer of so many bits.

        unit = ceil(2^16 max|w| / (2^(bits - 1) - 1)),    at least 1

    >>> choose_unit(np.array([0.5, -1.0], np.float32), bits=8)
    517
    """
    return max(int(np.ceil(ONE * float(np.abs(weights).max(initial=0.0)) / largest_integer(bits))), 1)


def to_fixed(value: float) -> int:
    """Return a potential in units of 2^-16, within what 31 bits hold.

    >>> to_fixed(1.0), to_fixed(-0.5), to_fixed(-np.inf) == LOWEST
    (65536, -32768, True)
    """
    return int(np.clip(np.round(value * ONE), LOWEST, MOST))


def fix_decays(decay: Float32[np.ndarray, " neurons"]) -> Int32[np.ndarray, " neurons"]:
    """Return what is left of potentials after a step, in units of 2^-16."""
    return np.round(decay.astype(float) * ONE).astype(np.int32)
