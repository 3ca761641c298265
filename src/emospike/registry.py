"""Registries: what a room offers, by name, imported only when it is asked for."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

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


class Registry(dict[str, str]):
    """Names and where their classes live, as ``{"mel": "emospike.features.mel:Mel"}``.

    A new part of a room is one new file and one line in the room's registry.

    Examples
    --------
    >>> known = Registry("feature", {"mel": "emospike.features.mel:Mel"})
    >>> known.load("mel").__name__, known.name_of(known.load("mel"))
    ('Mel', 'mel')
    >>> known.load("mell")
    Traceback (most recent call last):
    emospike.validation.InputError: unknown feature 'mell': did you mean 'mel'? known are mel
    """

    def __init__(self, kind: str, entries: Mapping[str, str]) -> None:
        super().__init__(entries)
        self.kind = kind

    def load(self, name: str) -> Any:
        """Return the class of that name; raise `InputError` naming the known ones if there is none."""
        return load_object(self[one_of(self.kind, name, self)])

    def name_of(self, registered: type[Any]) -> str:
        """Return the name of a registered class; raise `InputError` if it is not registered."""
        path = f"{registered.__module__}:{registered.__name__}"
        for name, known in self.items():
            if known == path:
                return name
        raise InputError(f"{path} is not a registered {self.kind}: add a line for it to the registry of its room")

    def load_class(self, name: str) -> Any:
        """Return the class that has this name itself; raise `AttributeError` if none is registered.

        >>> Registry("feature", {"mel": "emospike.features.mel:Mel"}).load_class("Mel").__name__
        'Mel'
        """
        for target in self.values():
            if target.endswith(f":{name}"):
                return load_object(target)
        raise AttributeError(f"no {self.kind} is called {name}")
