"""Parameters of steps by name, as scikit-learn's tools get and set them, nested ones too.

Nothing is inherited from scikit-learn, for importing it takes as long as loading a model does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from emospike.validation import one_of

Holder = TypeVar("Holder", bound="Parameters")


class Parameters:
    """A dataclass whose constructor's parameters can be asked for and changed."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the constructor's parameters; if `deep`, those of its steps too (``classifier__alpha``).

        Steps that come several at once are counted from 0 (``encoders__1__threshold``).
        """
        own = list_parts(self)
        return own | (list_nested(own) if deep else {})

    def set_params(self: Holder, **parameters: Any) -> Holder:
        """Change constructor parameters in place, those of its steps too (see `get_params`).

        Raises
        ------
        InputError : a parameter that is unknown, or a value that cannot be; nothing is changed then
        """
        wanted = change_parts(self.get_params(deep=False), parameters)
        type(self)(**wanted)  # what its constructor forbids
        for name, value in wanted.items():
            setattr(self, name, value)
        return self


def list_parts(value: Any) -> dict[str, Any]:
    """Return the parameters of a step, or several steps by their number; of anything else nothing."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: getattr(value, f.name) for f in fields(value) if f.init}
    if isinstance(value, tuple) and all(is_dataclass(one) for one in value):
        return {str(number): one for number, one in enumerate(value)}
    return {}


def list_nested(parts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of steps, and of their own, by names joined with two underscores."""
    found: dict[str, Any] = {}
    for name, value in parts.items():
        inner = list_parts(value)
        found |= {f"{name}__{own}": one for own, one in (inner | list_nested(inner)).items()}
    return found


def change_parts(parts: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters with others in place of some, by names as `list_nested` gives them."""
    changed, inner = dict(parts), defaultdict[str, dict[str, Any]](dict)
    for name, value in wanted.items():
        first, _, rest = name.partition("__")
        one_of("parameter", first, parts)
        if rest:
            inner[first][rest] = value
        else:
            changed[first] = value
    for name, more in inner.items():
        own = change_parts(list_parts(changed[name]), more)
        if isinstance(changed[name], tuple):
            changed[name] = tuple(own.values())
        else:
            changed[name] = replace(changed[name], **own)
    return changed
