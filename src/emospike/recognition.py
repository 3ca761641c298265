"""Recognition: what is decided on recordings, as a table."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from emospike import store
from emospike.clip import Clip
from emospike.clip.batch import Recordings, as_clips, map_clips
from emospike.evaluation.choosing import choose_shipped_for
from emospike.frames import flatten, import_pandas
from emospike.progress import Progress
from emospike.systems.base import System
from emospike.systems.windows import check_window
from emospike.validation import InputError

if TYPE_CHECKING:
    from pandas import DataFrame


def recognise(
    recordings: Recordings,
    model: Path | str | System | None = None,
    threshold: float | None = None,
    *,
    window: float | None = None,
    modality: str | None = None,
    progress: Progress | None = None,
) -> DataFrame:
    """Return what is decided on recordings, a row each: label, whether it is the answer, confidence, probabilities.

    Recordings are what `as_clips` takes. Without a model a shipped one decides, of sound and face where a face is
    seen. With a `window`, in seconds, rows are of the windows of longer recordings (see `System.decide_windows`). The
    index is file, start and end, as audformat has it. What cannot be decided on has its ``error`` alone.

    Raises
    ------
    InputError : no such model, a threshold or window that cannot be, no recordings but something else, or no pandas
    """
    pandas = import_pandas()
    clips, load, loading = as_clips(recordings), cache(store.load), Lock()
    if window is not None:
        check_window(window)
    if model is not None and not isinstance(model, System):
        model = store.load(model)

    def recognise_one(_: int, clip: Clip) -> list[dict[str, Any]]:
        try:
            system = model
            if system is None:
                with loading:  # or else every thread would load a model of its own
                    system = load(choose_shipped_for(clip)[0])
            return [row | {"file": str(clip.path)} for row in decide(system, clip, threshold, modality, window)]
        except InputError as error:
            return [{"file": str(clip.path), "start": 0.0, "end": None, "error": str(error)}]

    rows = [flatten(row) for found in map_clips(recognise_one, clips, "recognising", progress) for row in found]
    columns = ("file", "start", "end", "label", "answered", "confidence", "reason")
    table = pandas.DataFrame(rows, columns=list(dict.fromkeys([*columns, *(name for row in rows for name in row)])))
    for end in ("start", "end"):
        table[end] = pandas.to_timedelta(table[end].astype(float), unit="s")
    indexed: DataFrame = table.set_index(["file", "start", "end"])
    return indexed


def decide(
    system: System, clip: Clip, threshold: float | None, modality: str | None, window: float | None
) -> list[dict[str, Any]]:
    """Return the decision on a recording, or, if windows are asked for and there are any, on each of them."""
    whole = (threshold, modality) if window is None else (threshold, modality, window)
    decision, windows = system.decide_windows(clip, *whole)
    if window is None or not windows:
        return [{"start": 0.0, "end": clip.seconds} | decision.to_dict()]
    spans = [({"start": one.start, "end": one.stop}, one.decision) for one in windows]
    return [span | ({"reason": "silent"} if own is None else own.to_dict()) for span, own in spans]
