"""One place for the errors that a user's input can cause, and for the checks that raise them.

Every message says what was expected, what came, and what to do; it fits on one line, because the command
line prints it as it is.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Mapping
from numbers import Integral, Real
from pathlib import Path
from typing import Any

_SHOWN = 60  # characters

MOST_NUMBERS = 10
"""Different whole numbers that may be labels of classes, such as levels; more are a scale."""

_HOW_NUMBERS = "to train on numbers, name their column with --target, or use emospike.Regressor"
_NUMBER = re.compile(r"[+-]?(\d+[.,]?\d*|[.,]\d+)(e[+-]?\d+)?", re.IGNORECASE)


class InputError(ValueError):
    r"""A file, folder, label or parameter that cannot be used; the message is one line for the user.

    >>> str(InputError("no file a\nb.wav"))
    'no file a b.wav'
    """

    def __str__(self) -> str:
        """Return the message in one line, whatever names and values it quotes."""
        return " ".join(super().__str__().splitlines())

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.splitlines()))  # what it quotes may have several


class NotTrainedError(InputError, AttributeError):
    """Something that only a trained system has was asked of one that is not."""


def show(value: object) -> str:
    """Return a value as an error quotes it: what it is where that is short, else of what type it is.

    >>> show(3), show([1] * 99)
    ('3', 'a list')
    """
    written = repr(value)
    return written if len(written) <= _SHOWN and "\n" not in written else f"a {type(value).__name__}"


def as_path(name: str, value: Any) -> Path:
    """Return a path; raise `InputError` unless it is one, or text.

    >>> as_path("a model", "a.safetensors").name
    'a.safetensors'
    """
    if not isinstance(value, str | os.PathLike) or not isinstance(text := os.fspath(value), str) or not text:
        raise InputError(f"the path of {name} expected, got {show(value)}")
    return Path(value)


def as_list(name: str, value: Any) -> list[Any]:
    """Return the entries of a list, tuple or array; raise `InputError` for what is none, or is text.

    >>> as_list("labels", ("sad", "happy"))
    ['sad', 'happy']
    """
    if isinstance(value, str | bytes | os.PathLike | Mapping) or not isinstance(value, Iterable):
        raise InputError(f"a list of {name} expected, got {show(value)}")
    try:
        return list(value)
    except TypeError:  # an array without a dimension
        raise InputError(f"a list of {name} expected, got {show(value)}") from None


def as_labels(name: str, values: Any) -> list[str]:
    """Return one label, or one speaker, a clip; raise `InputError` unless they are text or whole numbers, in a list.

    >>> as_labels("labels", ["sad", 3])
    ['sad', '3']
    """
    found = as_list(name, values)
    for one in found:
        if not isinstance(one, str | Integral):
            hint = f": continuous values are no classes; {_HOW_NUMBERS}" if isinstance(one, Real) else ""
            raise InputError(f"{name} are text or whole numbers, got {show(one)} among them{hint}")
    return [str(one) for one in found]


def as_classes(values: Any) -> list[str]:
    """Return the label of the class of each clip; raise `InputError` where they are numbers, as on a scale.

    >>> as_classes([0, 1, 2]), as_classes(["1.0", "2.0"])
    (['0', '1', '2'], ['1.0', '2.0'])
    >>> as_classes(["0.31", "-0.2"])
    Traceback (most recent call last):
    emospike.validation.InputError: labels are numbers on a scale (-0.2, 0.31 ...), and classes are learnt here: to
    train on numbers, name their column with --target, or use emospike.Regressor
    """
    labels = as_labels("labels", values)
    check_classes("labels", labels)
    return labels


def check_classes(name: str, labels: Iterable[str]) -> None:
    """Raise `InputError` if all labels are numbers, and some not whole or more than `MOST_NUMBERS` of them differ."""
    known = {*labels}
    if not known or not all(map(_NUMBER.fullmatch, known)):
        return
    values = {float(label.replace(",", ".")) for label in known}
    if len(values) > MOST_NUMBERS or not all(value.is_integer() for value in values):
        some = ", ".join(sorted(known)[:3])
        raise InputError(f"{name} are numbers on a scale ({some} ...), and classes are learnt here: {_HOW_NUMBERS}")


def positive(name: str, value: float) -> None:
    """Raise `InputError` unless `value` is a number above zero."""
    _number(name, value)
    if not value > 0:
        raise InputError(f"{name} must be above 0, got {value}")


def within(name: str, value: float, low: float, high: float) -> None:
    """Raise `InputError` unless `value` is a number, and `low <= value <= high`."""
    _number(name, value)
    if not low <= value <= high:
        raise InputError(f"{name} must lie in {low} to {high}, got {value}")


def _number(name: str, value: Any) -> None:
    if not isinstance(value, Real):
        raise InputError(f"{name} must be a number, got {show(value)}")


def one_of(name: str, value: str, known: Iterable[str]) -> str:
    """Return `value` if it is one of `known`; else raise `InputError` naming the nearest and all known ones."""
    known = sorted(known)
    if not isinstance(value, str):
        raise InputError(f"the name of a {name} expected, got {show(value)}: known are {', '.join(known)}")
    if value in known:
        return value
    near = difflib.get_close_matches(value, known, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise InputError(f"unknown {name} {value!r}: {hint}known are {', '.join(known)}")
