"""One place for the errors that a user's input can cause, and for the checks that raise them.

Every message says what was expected, what came, and what to do; it fits on one line, because the command
line prints it as it is.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


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


def _number(name: str, value: float) -> None:
    try:
        _ = value > 0
    except TypeError:
        raise InputError(f"{name} must be a number, got {value!r}") from None


def one_of(name: str, value: str, known: Iterable[str]) -> str:
    """Return `value` if it is one of `known`; else raise `InputError` naming the nearest and all known ones."""
    known = sorted(known)
    if value in known:
        return value
    near = difflib.get_close_matches(value, known, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise InputError(f"unknown {name} {value!r}: {hint}known are {', '.join(known)}")
