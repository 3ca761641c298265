"""Reading ahead: what comes next is made in a thread, while what came last is still in use."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")


def read_ahead(items: Iterator[Item], most: int = 3) -> Iterator[Item]:
    """Yield the same items, of which a thread makes up to `most` ahead; errors come in their place.

    >>> list(read_ahead(iter("abcde")))
    ['a', 'b', 'c', 'd', 'e']
    """
    end = object()
    pending: deque[Future[Item | object]] = deque()
    with ThreadPoolExecutor(1, "ahead") as thread:
        try:
            while True:
                while len(pending) < most:
                    pending.append(thread.submit(next, items, end))
                item = pending.popleft().result()
                if item is end:
                    return
                yield item  # type: ignore[misc]
        finally:
            for one in pending:
                one.cancel()
