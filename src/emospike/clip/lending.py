"""Lending: what all windows of a recording need and what is costly to open, such as a model, opened once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from threading import RLock
from typing import Any, TypeAlias, TypeVar

Tool = TypeVar("Tool")
Lent: TypeAlias = AbstractContextManager[Tool]
"""A tool while it is lent."""


class Lender:
    """Opens a tool for the first who asks, lends it to one at a time, and closes all when its block ends.

    >>> from contextlib import closing
    >>> from io import StringIO
    >>> with Lender() as lender:
    ...     with lender.lend("text", lambda: closing(StringIO())) as first:
    ...         pass
    ...     with lender.lend("text", lambda: closing(StringIO())) as second:
    ...         print(second is first, first.closed)
    True False
    >>> first.closed
    True
    """

    def __init__(self) -> None:
        self._stack, self._tools, self._lock = ExitStack(), dict[Hashable, Any](), RLock()
        self._open = True

    def __enter__(self) -> Lender:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._open = False
            self._tools.clear()
            self._stack.close()

    @contextmanager
    def lend(self, key: Hashable, open_tool: Callable[[], AbstractContextManager[Tool]]) -> Iterator[Tool]:
        """Lend the tool of this name; once all is closed, one that is opened for this borrower alone."""
        with self._lock:
            if self._open:
                if key not in self._tools:
                    self._tools[key] = self._stack.enter_context(open_tool())
                yield self._tools[key]
                return
        with open_tool() as tool:
            yield tool
