"""Clusters: work over many recordings on the processes of several machines, by dask.distributed."""

from __future__ import annotations

import logging
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from importlib import import_module
from itertools import islice
from typing import Any, TypeVar

from emospike.validation import InputError, within

Item = TypeVar("Item")
Output = TypeVar("Output")
Work = Callable[[int, Item], Output]

LOCAL = re.compile(r"local:(\d+)")
CHUNK = 8
"""Recordings that a process gets at once: enough that sending them costs little beside deciding on them."""

AHEAD = 4
"""Chunks a process that are under way before the first result is asked for; it bounds what waits in memory."""

RETRIES = 3
"""How often a chunk is begun again whose worker was lost."""


class Cluster:
    """Processes that are reached through a scheduler of dask.

    The work, with the model that it holds, is sent to every process once; recordings go in chunks, and results come
    back in order. What a lost process had under way is done again by another.
    """

    def __init__(self, client: Any) -> None:
        self.client = client

    @property
    def processes(self) -> int:
        """How many there are now."""
        return len(self.client.scheduler_info(n_workers=-1)["workers"])

    @property
    def link(self) -> str:
        """Address of the dashboard, which shows what every process does (it needs bokeh)."""
        return str(self.client.dashboard_link)

    def map(self, work: Work[Item, Output], items: Sequence[Item]) -> Iterator[Output]:
        """Yield ``work(index, item)`` for every item, in order.

        Raises
        ------
        InputError : the processes are lost, or never came; and whatever `work` raises
        """
        from cloudpickle import dumps
        from distributed import CancelledError, KilledWorker

        workers = max(self.processes, 1)
        size = max(1, min(CHUNK, len(items) // (AHEAD * workers)))
        sent = self.client.scatter(dumps(work), broadcast=True, hash=False)
        chunks = (list(enumerate(items))[start : start + size] for start in range(0, len(items), size))
        submit = self.client.submit
        tasks = (submit(_work_through, sent, chunk, pure=False, retries=RETRIES) for chunk in chunks)
        waiting = deque(islice(tasks, AHEAD * workers))
        try:
            while waiting:
                found = waiting.popleft().result()
                waiting.extend(islice(tasks, 1))
                yield from found
        except (CancelledError, KilledWorker) as error:
            raise InputError(f"the cluster lost its processes: {' '.join(str(error).split())[:200]}") from None
        finally:
            self.client.cancel(list(waiting))


@lru_cache(maxsize=2)
def _unpack(work: bytes) -> Any:
    from cloudpickle import loads

    return loads(work)  # sent by this program through its own scheduler, never read from a file


def _work_through(work: bytes, chunk: Sequence[tuple[int, Any]]) -> list[Any]:
    one = _unpack(work)
    return [one(index, item) for index, item in chunk]


_ACTIVE: ContextVar[Cluster | None] = ContextVar("cluster", default=None)


def find_cluster() -> Cluster | None:
    """Return the cluster that work is to go over, or None."""
    return _ACTIVE.get()


@contextmanager
def use_cluster(address: str | None, seconds: float = 30.0) -> Iterator[Cluster | None]:
    """Send what is done with many recordings over a cluster, until the block ends.

    Parameters
    ----------
    address : of a scheduler of dask, ``tcp://host:8786``; or ``local:N``, N processes on this machine; None: here
    seconds : how long to wait for it

    Raises
    ------
    InputError : no dask, no such scheduler, or a number of processes below 1
    """
    if address is None:
        yield None
        return
    try:
        distributed: Any = import_module("distributed")
    except ImportError as error:
        raise InputError(f"a cluster needs dask ({error}): pip install 'emospike[cluster]'") from None
    local, own = LOCAL.fullmatch(address), None
    if local:
        within("processes", int(local[1]), 1, 1024)
        ways = {"threads_per_worker": 1, "dashboard_address": ":0", "silence_logs": logging.ERROR}
        own = distributed.LocalCluster(n_workers=int(local[1]), **ways)
    try:
        client = distributed.Client(own or address, timeout=seconds, set_as_default=False)
    except (OSError, ValueError) as error:
        why = " ".join(str(error).split())
        raise InputError(f"no cluster answers at {address}, tcp://HOST:PORT or local:N expected: {why}") from None
    active = Cluster(client)
    token = _ACTIVE.set(active)
    try:
        yield active
    finally:
        _ACTIVE.reset(token)
        client.close()
        if own is not None:
            own.close()
