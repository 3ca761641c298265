"""Clusters: work over many recordings on the processes of several machines, by dask.distributed."""

from __future__ import annotations

import logging
import os
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from contextvars import ContextVar
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from emospike.optional import import_optional
from emospike.validation import InputError, show, within

Item = TypeVar("Item")
Output = TypeVar("Output")
Work = Callable[[int, Item], Output]

LOCAL, SCHEDULER = re.compile(r"local:(\d+)"), re.compile(r"(tcp://)?[\w.-]+:\d+")

CHUNK = 8
"""Recordings that a process gets at once: enough that sending them costs little beside deciding on them."""

AHEAD = 4
"""Chunks a process that are under way before the first result is asked for; it bounds what waits in memory."""

AGAIN = 3
"""How often the work is sent anew after all processes that had it were lost."""


class Cluster:
    """Processes that are reached through a scheduler of dask.

    The work, with the model that it holds, is sent to every process once; recordings go in chunks, and results come
    back in order. What a lost process had under way is done again by another. Processes work in the folder of this one,
    if their machine has it, so that relative paths mean the same.
    """

    def __init__(self, client: Any, seconds: float) -> None:
        self.client, self.seconds = client, seconds

    @property
    def processes(self) -> int:
        """How many there are now."""
        return len(self.client.scheduler_info(n_workers=-1)["workers"])

    @property
    def link(self) -> str:
        """Address of the dashboard, which shows what every process does (it needs bokeh)."""
        return str(self.client.dashboard_link)

    def map(self, work: Work[Item, Output], items: Sequence[Item], most: int = CHUNK) -> Iterator[Output]:
        """Yield ``work(index, item)`` for every item, in order; a process gets so many at once at `most`.

        Raises
        ------
        InputError : there are no processes, or they are lost again and again; and whatever `work` raises
        """
        from distributed import CancelledError, KilledWorker

        ahead = AHEAD * self._count_processes()
        size = max(1, min(most, len(items) // ahead))
        starts, folder = iter(range(0, len(items), size)), str(Path.cwd())
        sent, sendings = self._send(work), 1

        def submit(start: int) -> tuple[int, Any]:
            chunk = items[start : start + size]
            return start, self.client.submit(_work_through, sent, folder, start, chunk, pure=False)

        waiting = deque(map(submit, islice(starts, ahead)))
        try:
            while waiting:
                start, future = waiting.popleft()
                try:
                    found, error = future.result()
                except CancelledError:  # nobody has the work any more
                    if sendings > AGAIN:
                        raise
                    sent, sendings = self._send(work), sendings + 1
                    waiting = deque(map(submit, [start, *(one for one, _ in waiting)]))
                    continue
                yield from found
                if error is not None:
                    raise error
                waiting.extend(map(submit, islice(starts, 1)))
        except (CancelledError, KilledWorker) as error:
            raise InputError(f"the cluster lost its processes: {' '.join(str(error).split())[:200]}") from None
        finally:
            self.client.cancel([future for _, future in waiting])

    def _count_processes(self) -> int:
        """Return how many processes there are, when the first has come; raise `InputError` if none comes."""
        with suppress(TimeoutError):
            self.client.wait_for_workers(1, timeout=self.seconds)
        if not self.processes:
            where = self.client.scheduler.address
            raise InputError(f"the scheduler at {where} has no processes: start some, dask worker {where}")
        return self.processes

    def _send(self, work: Work[Any, Any]) -> Any:
        from cloudpickle import dumps

        self._count_processes()
        return self.client.scatter(dumps(work), broadcast=True, hash=False)


@lru_cache(maxsize=2)
def _unpack(work: bytes) -> Any:
    from cloudpickle import loads

    return loads(work)  # sent by this program through its own scheduler, never read from a file


def _work_through(
    work: bytes, folder: str, start: int, chunk: Sequence[Any]
) -> tuple[list[Any], Exception | None]:  # an error that is raised here, dask would print
    with suppress(OSError):
        os.chdir(folder)
    one, found = _unpack(work), list[Any]()
    try:
        for index, item in enumerate(chunk, start):
            found.append(one(index, item))
    except Exception as error:
        return found, error
    return found, None


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
    local = LOCAL.fullmatch(address)
    if not local and (address.startswith("local:") or not SCHEDULER.fullmatch(address)):
        raise InputError(f"tcp://HOST:PORT of a scheduler, or local:N expected, got {show(address)}")
    distributed = import_optional("distributed", "a cluster needs dask", "cluster")
    with ExitStack() as stack:
        where: Any = address
        if local:
            within("processes", int(local[1]), 1, 1024)
            ways = {"threads_per_worker": 1, "dashboard_address": "127.0.0.1:0", "silence_logs": logging.ERROR}
            where = stack.enter_context(distributed.LocalCluster(n_workers=int(local[1]), **ways))
        try:
            client = stack.enter_context(distributed.Client(where, timeout=seconds, set_as_default=False))
        except (OSError, ValueError) as error:
            raise InputError(f"no cluster answers at {address}: {' '.join(str(error).split())}") from None
        token = _ACTIVE.set(active := Cluster(client, seconds))
        try:
            yield active
        finally:
            _ACTIVE.reset(token)
