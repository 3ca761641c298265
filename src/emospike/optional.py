"""Optional parts of the installation: libraries that only some of the work needs."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from emospike.validation import InputError


def import_optional(module: str, why: str, part: str, otherwise: str = "") -> Any:
    """Return a module that one part of the installation brings.

    >>> import_optional("json", "tables need json", "tables").dumps([1])
    '[1]'
    >>> import_optional("no_such_module", "tables need it", "tables", ", or write .csv")
    Traceback (most recent call last):
    emospike.validation.InputError: tables need it (No module named 'no_such_module'): pip install 'emospike[tables]',
    or write .csv

    Raises
    ------
    InputError : it, or what it needs, is not installed
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise InputError(f"{why} ({error}): pip install 'emospike[{part}]'{otherwise}") from None
