"""Measure decisions over processes of dask beside threads, side by side, and write them to a file.

    python scripts/measure_cluster.py DATA docs/results/cluster.json

DATA is a folder of recordings, of which 100 and 1,200 are decided on, again from the first where they are fewer, by
threads and by 1, 2 and 4 processes on this machine. Processes are up, and have decided on something, before the clock
starts. `fill_docs.py` shows the file as the table ``processes``.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from emospike import store
from emospike.clip import Clip, find_recordings
from emospike.cluster import use_cluster
from emospike.files import format_json, write_atomically
from emospike.recognition import recognise_clips
from emospike.systems.base import System

AMOUNTS = (100, 1200)
WAYS = (None, "local:1", "local:2", "local:4")


def time_once(system: System, paths: Sequence[Path], address: str | None) -> float:
    """Return the seconds that decisions on these recordings take, one way."""
    with ExitStack() as stack:
        stack.enter_context(use_cluster(address))
        list(recognise_clips(system, [Clip(path) for path in paths[:16]]))
        start = time.perf_counter()
        rows = list(recognise_clips(system, [Clip(path) for path in paths]))
        seconds = time.perf_counter() - start
    if any("error" in row for row in rows):
        raise SystemExit("a recording cannot be read: name a folder without such files")
    return seconds


def main(data: str, output: str) -> None:
    """Measure all ways, and write what was found."""
    system, files = store.load("excube2-arousal"), find_recordings([Path(data)])
    rows: list[dict[str, Any]] = []
    for amount in AMOUNTS:
        paths = list(islice(cycle(files), amount))
        took = {way: time_once(system, paths, way) for way in WAYS}
        rows += [
            {"clips": amount, "way": way or "threads", "seconds": seconds, "ratio": seconds / took[None]}
            for way, seconds in took.items()
        ]
        print(*rows[-len(WAYS) :], sep="\n", flush=True)
    write_atomically(Path(output), format_json({"cores": os.cpu_count(), "rows": rows}, 1) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
