"""Work over many clips: in parallel, in order, with progress."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import numpy as np
from jaxtyping import Shaped

from emospike.clip import Clip
from emospike.datasets.folds import inner_folds
from emospike.systems.contract import Progress
from emospike.validation import InputError

Labels = Shaped[np.ndarray, " clips"]

Result = TypeVar("Result")


def each(
    work: Callable[[int, Clip], Result], clips: Sequence[Clip], stage: str, progress: Progress | None = None
) -> Iterator[Result]:
    """Yield ``work(index, clip)`` for every clip, in order; decoded sound is dropped after use.

    Clips run on all cores through joblib, so that ``joblib.parallel_config(backend="dask")`` spreads them over
    machines; one clip runs here and now.
    """

    def one(index: int, clip: Clip) -> Result:
        try:
            return work(index, clip)
        finally:
            clip.forget()

    for done, result in enumerate(_results(one, clips), start=1):
        if progress:
            progress(stage, done, len(clips))
        yield result


def attempted(
    work: Callable[[Clip], Result], clips: Sequence[Clip], stage: str, progress: Progress | None = None
) -> tuple[dict[int, Result], dict[int, str]]:
    """Return ``work(clip)`` by index for the clips that it can be done on, and what is wrong with the others."""

    def one(_: int, clip: Clip) -> Result | InputError:
        try:
            return work(clip)
        except InputError as error:
            return error

    found: dict[int, Result] = {}
    reasons: dict[int, str] = {}
    for i, result in enumerate(each(one, clips, stage, progress)):
        if isinstance(result, InputError):
            reasons[i] = str(result)
        else:
            found[i] = result
    return found, reasons


def _results(one: Callable[[int, Clip], Result], clips: Sequence[Clip]) -> Iterator[Result]:
    """Yield results in order, from joblib's threads if there is more than one clip."""
    if len(clips) == 1:
        yield one(0, clips[0])
        return
    from joblib import Parallel, delayed

    # Threads: decoding, transforms and the kernel release the interpreter lock, and nothing is copied.
    tasks = (delayed(one)(index, clip) for index, clip in enumerate(clips))
    yield from Parallel(n_jobs=-1, prefer="threads", return_as="generator")(tasks)


def training_labels(
    clips: Sequence[Clip], labels: Sequence[str], speakers: Sequence[str] | None, normalise: str
) -> tuple[Labels, Labels]:
    """Return labels and speakers as arrays, checked before the work begins; nobody named, each clip is a speaker.

    Raises
    ------
    InputError : not a label and a speaker for each clip, fewer than two classes, no speakers where speakers are
        normalised, or none that could be held out (see `inner_folds`)
    """
    if speakers is None and normalise == "speaker":
        raise InputError("normalise 'speaker' needs to know who speaks: give the speaker of each clip")
    y = np.asarray(labels, dtype=str)
    who = np.asarray(range(len(y)) if speakers is None else speakers, dtype=str)
    if not len(clips) == len(y) == len(who):
        raise InputError(
            f"one label and one speaker a clip expected, got {len(y)} labels, {len(who)} speakers for "
            f"{len(clips)} clips"
        )
    if len(np.unique(y)) < 2:
        raise InputError(f"at least 2 classes are needed to train, got only {np.unique(y).tolist()}")
    inner_folds(y, who)
    return y, who


def ticks(progress: Progress | None, clips: int) -> Callable[[float], None]:
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
