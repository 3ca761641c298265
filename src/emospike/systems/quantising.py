"""Weights as integers: which systems can have them, and how they are asked for them."""

from __future__ import annotations

from typing import TypeVar

from emospike.parameters import Parameters
from emospike.quantisation import check_bits
from emospike.validation import InputError

AnyParameters = TypeVar("AnyParameters", bound=Parameters)


def set_bits(system: AnyParameters, bits: int | None) -> AnyParameters:
    """Let all weights of an unfitted system that may be integers be those of so many bits, 8 or 4; None: floats.

    Raises
    ------
    InputError : other bits, or a system none of whose steps has a parameter ``bits``
    """
    check_bits(bits)
    names = [name for name in system.get_params() if name.endswith("__bits")]
    if not names:
        raise InputError(f"the weights of {type(system).__name__} cannot be integers: those of excube2 can")
    return system.set_params(**dict.fromkeys(names, bits))
