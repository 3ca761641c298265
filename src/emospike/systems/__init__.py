"""Systems: a folder each, whose `SYSTEM` says what it is; other packages add theirs by an entry point."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from functools import cached_property
from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import iter_modules
from typing import Any
from warnings import warn

from emospike.systems.info import SystemInfo
from emospike.validation import InputError, one_of

GROUP = "emospike.systems"
"""Entry points of this group, which load to a `SystemInfo`, are systems of other packages."""


def find_systems() -> dict[str, SystemInfo]:
    """Return what every system says of itself, by name: those of the folders here, and of installed packages.

    A system of another package that cannot be loaded, or whose name is taken, is warned of and passed over.
    """
    folders = [import_module(f"{__name__}.{one.name}") for one in iter_modules(__path__) if one.ispkg]
    found: dict[str, SystemInfo] = {folder.SYSTEM.name: folder.SYSTEM for folder in folders}
    for point in sorted(entry_points(group=GROUP)):
        try:
            info = load_entry_point(point)
            if info.name in found and info is not found[info.name]:
                raise InputError(f"the name {info.name!r} is taken, choose another")  # noqa: TRY301 - told below
            found[info.name] = info
        except Exception as error:  # whatever another package does, the others work
            package = f" of package {point.dist.name}" if point.dist else ""
            warn(f"system {point.name!r}{package} is left out: {' '.join(str(error).split())}", stacklevel=2)
    return {info.name: info for info in sorted(found.values(), key=lambda info: (info.rank, info.name))}


def load_entry_point(point: Any) -> SystemInfo:
    """Return what an entry point says of a system; raise `InputError` if it says something else.

    The point may be of the backport's class: `importlib_metadata`, once imported by anybody, finds for both.
    """
    info = point.load()
    if not isinstance(info, SystemInfo):
        raise InputError(f"a SystemInfo expected at {point.value}, got {type(info).__name__}")
    return info


class Systems(MutableMapping[str, SystemInfo]):
    """Every system by name, found when one is first asked for (see `find_systems`).

    >>> SYSTEMS.load("baseline").__name__, SYSTEMS.find("baseline").modalities
    ('Baseline', ('audio', 'face', 'both'))
    """

    @cached_property
    def _found(self) -> dict[str, SystemInfo]:
        return find_systems()

    def __getitem__(self, name: str) -> SystemInfo:
        return self._found[name]

    def __setitem__(self, name: str, info: SystemInfo) -> None:
        self._found[name] = info

    def __delitem__(self, name: str) -> None:
        del self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def find(self, name: str) -> SystemInfo:
        """Return the system of that name; raise `InputError` naming the known ones if there is none."""
        return self[one_of("system", name, self)]

    def load(self, name: str) -> type[Any]:
        """Return the class of the system of that name; errors as `find`."""
        return self.find(name).load()

    def info_of(self, kind: type[Any]) -> SystemInfo:
        """Return the system that a class is of; raise `InputError` if it is of none."""
        for info in self.values():
            if info.is_of(kind):
                return info
        raise InputError(f"{kind.__module__}:{kind.__name__} is of no system: give it a SystemInfo (see CONTRIBUTING)")

    def name_of(self, kind: type[Any]) -> str:
        """Return the name of a system by its class; errors as `info_of`."""
        return self.info_of(kind).name


SYSTEMS = Systems()
