"""Schemas: whether a value, or the arrays of a fitted step, are what their annotations say.

A class's own annotations are its schema, so that a file from a stranger is checked against what the code relies on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np
from jaxtyping import Shaped, jaxtyped

from emospike.validation import InputError, show

LOCAL = {"local": True}
"""Metadata of a field that names a file of this machine: no model file keeps it, or has it read."""

WHOLE = 2**63
"""Below it lie whole numbers that arrays can hold."""


def is_of(value: Any, kind: Any) -> bool:
    """Tell whether a value is of the kind that an annotation says; a whole number is a float too, a truth is neither.

    >>> is_of((1, 2.5), tuple[float, ...]), is_of(True, int), is_of(None, int | None), is_of("2", float)
    (True, False, True, False)
    """
    origin, args = get_origin(kind), get_args(kind)
    if kind is Any:
        return True
    if origin is Literal:
        return isinstance(value, str | int) and value in args
    if origin in (Union, UnionType):
        return any(is_of(value, one) for one in args)
    if origin in (tuple, list, Sequence):
        whole = args if origin is tuple and Ellipsis not in args else None
        return isinstance(value, tuple | list) and _is_sequence_of(value, whole or args[:1] * len(value))
    if origin in (dict, Mapping):
        return isinstance(value, Mapping) and all(is_of(k, args[0]) and is_of(v, args[1]) for k, v in value.items())
    return _is_one(value, kind)


def _is_sequence_of(values: Sequence[Any], kinds: Sequence[Any]) -> bool:
    return len(values) == len(kinds) and all(map(is_of, values, kinds))


def _is_one(value: Any, kind: Any) -> bool:
    if kind in (int, float):
        whole = isinstance(value, int) and not isinstance(value, bool) and abs(value) < WHOLE
        return whole or (kind is float and isinstance(value, float) and not math.isnan(value))
    try:
        return isinstance(value, kind)
    except TypeError:  # a protocol, which says what a step can do
        able = {*vars(kind), *vars(kind).get("__annotations__", {})}
        return is_dataclass(value) and all(hasattr(value, name) for name in able if not name.startswith("_"))


def check_parameters(kind: type[Any], values: Mapping[str, Any]) -> None:
    """Raise `InputError` unless these parameters of a dataclass are of the kinds that it declares."""
    hints = get_type_hints(kind)
    for name, value in values.items():
        if name in hints and not is_of(value, hints[name]):
            raise InputError(f"{name} of {kind.__name__} has a value of another kind than expected: {show(value)}")


def check_fitted(step: Any) -> None:
    """Raise `InputError` unless the fitted arrays of a step have the types and the shapes, in common, that it declares.

    Fitted is what has a name that ends in an underscore; axes of the same name are equally long.
    """
    hints = get_type_hints(type(step))
    with jaxtyped("context"):
        for name in (one.name for one in fields(step) if one.name.endswith("_") and one.name in vars(step)):
            check_array(f"{name[:-1]} of {type(step).__name__}", getattr(step, name), hints[name])


def check_array(name: str, value: Any, kind: Any) -> None:
    """Raise `InputError` unless a value is an array of the type and shape that an annotation says."""
    if value is None and not is_of(value, kind):
        raise InputError(f"{name} is missing")
    if not is_of(value, kind):
        came = f"{value.dtype} of shape {value.shape}" if isinstance(value, np.ndarray) else type(value).__name__
        raise InputError(f"{name} has another type or shape than expected: {came}")


def check_arrays(arrays: Mapping[str, np.ndarray], kinds: Mapping[str, Any], **sizes: int) -> None:
    """Raise `InputError` unless arrays have these types and shapes in common; `sizes` says how long axes are.

    >>> check_arrays({"a": np.zeros((3, 2))}, {"a": Shaped[np.ndarray, "neurons 2"]}, neurons=3)
    >>> check_arrays({"a": np.zeros((3, 1))}, {"a": Shaped[np.ndarray, "neurons 2"]}, neurons=3)
    Traceback (most recent call last):
    emospike.validation.InputError: a has another type or shape than expected: float64 of shape (3, 1)
    """
    with jaxtyped("context"):
        is_of(np.broadcast_to(np.int8(0), tuple(sizes.values())), Shaped[np.ndarray, " ".join(sizes)])
        for name, kind in kinds.items():
            check_array(name, arrays.get(name), kind)
