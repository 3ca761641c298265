"""Progress of long work, and the time that its stages take."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[str, int, int], None]
"""Called with the stage's name, the clips done and the clips in all."""


def prefix_stages(progress: Progress | None, prefix: str) -> Progress | None:
    """Return what tells of the same stages, with a prefix to their names."""
    return progress and (lambda stage, done, total: progress(prefix + stage, done, total))


def tell_share(progress: Progress | None, clips: int) -> Callable[[float], None]:
    """Return what tells `progress` of training, as if it went from clip to clip, of the share that is done."""
    told = 0

    def done(share: float) -> None:
        nonlocal told
        while progress and told < round(share * clips):
            told += 1
            progress("training", told, clips)

    return done


class Stopwatch:
    """Measures stages: ``with watch("features"): ...`` adds the seconds it took to ``watch.seconds``."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Time the block as part of `stage`."""
        start = time.perf_counter()
        yield
        self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - start
