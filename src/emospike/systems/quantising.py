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
    InputError : other bits, a system none of whose steps has a parameter ``bits``, or a trained one
    """
    check_bits(bits)
    if "labels_" in vars(system):
        raise InputError("an untrained system expected: quantise a trained one")
    return system.set_params(**dict.fromkeys(list_bits(system), bits))


def quantise_parameters(system: AnyParameters, bits: int | None) -> AnyParameters:
    """Set the bits of a trained system, whose fitted parts are yet to be quantised; errors as `set_bits`.

    Raises
    ------
    InputError : no bits, or no fewer than its weights have
    """
    check_bits(bits)
    own = {one for one in list_bits(system).values() if one is not None}
    if bits is None or (own and min(own) <= bits):
        have = f"{min(own)} bits" if own else "floats"
        raise InputError(f"this model's weights are {have} already: give fewer bits")
    return system.set_params(**dict.fromkeys(list_bits(system), bits))


def list_bits(system: Parameters) -> dict[str, int | None]:
    """Return the parameters that say how many bits weights have; raise `InputError` if there are none."""
    found = {name: value for name, value in system.get_params().items() if name.endswith("__bits")}
    if not found:
        raise InputError(f"the weights of {type(system).__name__} cannot be integers: those of excube2 can")
    return found
