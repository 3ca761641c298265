"""Registries: what a room offers, by name, imported only when it is asked for; other packages add by entry points."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from typing import Any
from warnings import warn

from emospike.validation import InputError, one_of


def load_object(target: Any) -> Any:
    """Return what a ``"module:name"`` stands for; anything but text is returned as it is.

    >>> load_object("fractions:Fraction").__name__, load_object(int)
    ('Fraction', <class 'int'>)
    """
    if not isinstance(target, str):
        return target
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)


@cache
def _find_entry_points() -> Any:  # of another class from Python 3.12 on
    return entry_points()  # reads the records of all installed packages, some 10 ms


def _package_of(target: str) -> str:
    return target.partition(":")[0].partition(".")[0]


class Registry(dict[str, str]):
    """Names and where their classes live, as ``{"mel": "emospike.features.mel:Mel"}``.

    A new part of a room is one new file and one line in the room's registry. Installed packages add theirs by entry
    points of the registry's `group`; one whose name is taken is warned of and passed over.

    Examples
    --------
    >>> known = Registry("feature", {"mel": "emospike.features.mel:Mel"})
    >>> known.load("mel").__name__, known.name_of(known.load("mel"))
    ('Mel', 'mel')
    >>> known.load("mell")
    Traceback (most recent call last):
    emospike.validation.InputError: unknown feature 'mell': did you mean 'mel'? known are mel
    """

    def __init__(self, kind: str, entries: Mapping[str, str], group: str | None = None) -> None:
        super().__init__(entries)
        self.kind = kind
        for point in _find_entry_points().select(group=group) if group else ():
            target = f"{point.module}:{point.attr}"  # without the extras that it may name
            if self.setdefault(point.name, target) != target:
                package = f" of package {point.dist.name}" if point.dist else ""
                warn(f"{kind} {point.name!r}{package} is left out: the name is taken, choose another", stacklevel=3)

    def load(self, name: str) -> Any:
        """Return the class of that name.

        Raises
        ------
        InputError : an unknown name (known ones are named), or one of another package that cannot be imported
        """
        target = self[one_of(self.kind, name, self)]
        try:
            return load_object(target)
        except (Exception, SystemExit) as error:
            if _package_of(target) == "emospike":
                raise
            raise InputError(f"{self.kind} {name!r} cannot be had from {target}: {error}") from error

    def name_of(self, registered: type[Any]) -> str:
        """Return the name of a registered class; raise `InputError` if it is not registered.

        Another package may name a class by a module that only imports it.
        """
        path = f"{registered.__module__}:{registered.__name__}"
        for name, known in self.items():
            if known == path or (
                _package_of(known) == _package_of(path) != "emospike" and self.load(name) is registered
            ):
                return name
        raise InputError(
            f"{path} is not a registered {self.kind}: add a line to the registry of its room, or an entry point to "
            "your package (see CONTRIBUTING)"
        )

    def load_class(self, name: str) -> Any:
        """Return the class that has this name itself; raise `AttributeError` if none is registered.

        >>> Registry("feature", {"mel": "emospike.features.mel:Mel"}).load_class("Mel").__name__
        'Mel'
        """
        for target in self.values():
            if target.endswith(f":{name}"):
                return load_object(target)
        raise AttributeError(f"no {self.kind} is called {name}")
