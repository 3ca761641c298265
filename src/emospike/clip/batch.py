"""Many clips: work over them in parallel and in order, with progress."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import numpy as np

from emospike.clip.clip import Clip
from emospike.clip.decoding import SAMPLE_RATE
from emospike.cluster import find_cluster
from emospike.progress import Progress
from emospike.validation import InputError, as_list

Output = TypeVar("Output")
Recording: TypeAlias = Clip | Path | str | tuple[Any, float]
"""A recording, where it is, or its samples and their rate, Hz."""

Recordings: TypeAlias = Any
"""Several recordings (see `as_clips`)."""


def as_clip(recording: Any) -> Clip:
    """Return a recording that may be given by its path, or as samples and their rate, as a clip.

    >>> as_clip("a.wav").name, as_clip((np.ones(8000, np.float32), 8000)).seconds
    ('a.wav', 1.0)

    Raises
    ------
    InputError : none of these
    """
    if isinstance(recording, str | os.PathLike):
        return Clip(Path(recording))
    if isinstance(recording, Clip):
        return recording
    if isinstance(recording, tuple) and len(recording) == 2:
        return Clip.from_array(*recording)
    raise InputError(
        f"a clip or the path of a recording expected, got {type(recording).__name__}: of samples give a tuple "
        "(samples, rate), or Clip.from_array(samples, rate)"
    )


def as_clips(recordings: Any) -> list[Clip]:
    """Return several recordings as clips: a list or array of what `as_clip` takes, or a table with a column ``path``.

    In an array of numbers with two axes, as scikit-learn's tools hand on, each row is sound at 16 kHz.

    >>> [clip.name for clip in as_clips(["a.wav", Clip("b.wav")])]
    ['a.wav', 'b.wav']

    Raises
    ------
    InputError : a single recording, a table without that column, or as `as_clip`
    """
    if isinstance(recordings, str | os.PathLike | Clip):
        raise InputError(f"a list of clips or paths expected, got one {type(recordings).__name__}: put it in a list")
    if isinstance(recordings, np.ndarray) and recordings.ndim == 2 and recordings.dtype.kind in "fiu":
        return [Clip.from_array(row, SAMPLE_RATE) for row in recordings]
    if hasattr(recordings, "columns"):
        if "path" not in recordings.columns:
            raise InputError(f"a table with a column 'path' expected, got {', '.join(map(str, recordings.columns))}")
        recordings = recordings["path"]
    return [as_clip(one) for one in as_list("clips or paths", recordings)]


def map_clips(
    work: Callable[[int, Clip], Output],
    clips: Sequence[Clip],
    stage: str,
    progress: Progress | None = None,
    *,
    one_by_one: bool = False,
    spread: bool = False,
) -> Iterator[Output]:
    """Yield ``work(index, clip)`` for every clip, in order; decoded sound is dropped after use.

    Clips run on all cores; work that leaves nothing behind but its result may `spread` over a cluster, where one is
    used (see `emospike.cluster`). One clip runs here and now, and so do all where each needs what the one before left.
    """

    def one(index: int, clip: Clip) -> Output:
        try:
            return work(index, clip)
        finally:
            clip.forget()

    results: Iterator[Output] = map(one, range(len(clips)), clips)
    cluster = find_cluster() if spread and len(clips) > 1 and not one_by_one else None
    if cluster:
        results = cluster.map(one, clips)
    elif len(clips) > 1 and not one_by_one:
        from joblib import Parallel, delayed

        # Threads: decoding, transforms and the kernel release the interpreter lock, and nothing is copied.
        tasks = (delayed(one)(index, clip) for index, clip in enumerate(clips))
        results = Parallel(n_jobs=-1, prefer="threads", return_as="generator")(tasks)
    for done, result in enumerate(results, start=1):
        if progress:
            progress(stage, done, len(clips))
        yield result


def try_each(
    work: Callable[[Clip], Output],
    clips: Sequence[Clip],
    stage: str,
    progress: Progress | None = None,
    *,
    spread: bool = False,
) -> Iterator[Output | InputError]:
    """Yield ``work(clip)`` for every clip, in order, or the error where that cannot be done (see `map_clips`)."""

    def one(_: int, clip: Clip) -> Output | InputError:
        try:
            return work(clip)
        except InputError as error:
            return error
        except OSError as error:  # of a drive that is gone, say
            return InputError(f"{clip.path} cannot be read: {error.strerror or error}")

    return map_clips(one, clips, stage, progress, spread=spread)


def try_clips(
    work: Callable[[Clip], Output],
    clips: Sequence[Clip],
    stage: str,
    progress: Progress | None = None,
    *,
    spread: bool = False,
) -> tuple[dict[int, Output], dict[int, str]]:
    """Return by index what `try_each` yields for the clips that work can be done on, and what is wrong with others."""
    found: dict[int, Output] = {}
    reasons: dict[int, str] = {}
    for i, result in enumerate(try_each(work, clips, stage, progress, spread=spread)):
        if isinstance(result, InputError):
            reasons[i] = str(result)
        else:
            found[i] = result
    return found, reasons
