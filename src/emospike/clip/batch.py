"""Many clips: work over them in parallel and in order, with progress."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from emospike.clip.clip import Clip
from emospike.progress import Progress
from emospike.validation import InputError

Output = TypeVar("Output")


def map_clips(
    work: Callable[[int, Clip], Output],
    clips: Sequence[Clip],
    stage: str,
    progress: Progress | None = None,
    *,
    one_by_one: bool = False,
) -> Iterator[Output]:
    """Yield ``work(index, clip)`` for every clip, in order; decoded sound is dropped after use.

    Clips run on all cores through joblib, so that ``joblib.parallel_config(backend="dask")`` spreads them over
    machines; one clip runs here and now, and so do all where each needs what the one before left.
    """

    def one(index: int, clip: Clip) -> Output:
        try:
            return work(index, clip)
        finally:
            clip.forget()

    results: Iterator[Output] = map(one, range(len(clips)), clips)
    if len(clips) > 1 and not one_by_one:
        from joblib import Parallel, delayed

        # Threads: decoding, transforms and the kernel release the interpreter lock, and nothing is copied.
        tasks = (delayed(one)(index, clip) for index, clip in enumerate(clips))
        results = Parallel(n_jobs=-1, prefer="threads", return_as="generator")(tasks)
    for done, result in enumerate(results, start=1):
        if progress:
            progress(stage, done, len(clips))
        yield result


def try_clips(
    work: Callable[[Clip], Output], clips: Sequence[Clip], stage: str, progress: Progress | None = None
) -> tuple[dict[int, Output], dict[int, str]]:
    """Return ``work(clip)`` by index for the clips that it can be done on, and what is wrong with the others."""

    def one(_: int, clip: Clip) -> Output | InputError:
        try:
            return work(clip)
        except InputError as error:
            return error

    found: dict[int, Output] = {}
    reasons: dict[int, str] = {}
    for i, result in enumerate(map_clips(one, clips, stage, progress)):
        if isinstance(result, InputError):
            reasons[i] = str(result)
        else:
            found[i] = result
    return found, reasons
