"""Recognition: what models decide on recordings, one row each, as a table or as JSON can hold it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from emospike import store
from emospike.clip import Clip
from emospike.clip.batch import Recordings, as_clips, map_clips
from emospike.decision import Decision
from emospike.evaluation.cards import find_card_scheme
from emospike.evaluation.choosing import choose_shipped, choose_shipped_for
from emospike.frames import flatten, import_pandas
from emospike.progress import Progress
from emospike.readout.risk import ASSUMPTION, METHOD
from emospike.systems.base import System
from emospike.systems.second_opinion import ask
from emospike.systems.windows import WINDOW, WindowDecision, check_window
from emospike.validation import InputError

if TYPE_CHECKING:
    from pandas import DataFrame

Row = dict[str, Any]


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
    seen. With a `window`, in seconds, rows are of the windows of longer recordings (see `System.decide_windows`),
    without their probabilities. The index is file, start and end, as audformat has it. What cannot be decided on has
    its ``error`` alone.

    Raises
    ------
    InputError : no such model, or a modality that it lacks; a threshold or window that cannot be; no recordings but
        something else; or no pandas
    """
    pandas, clips = import_pandas(), as_clips(recordings)
    choose = None if model is not None or modality is not None else Chooser()
    model = model if model is not None else choose_shipped(modality or "audio")
    system = model if isinstance(model, System) else store.load(model)
    (system if modality is None else system.by(modality)).limit(modality or system.modality, threshold)
    found = recognise_clips(
        system, clips, threshold, WINDOW if window is None else window, progress, modality=modality, choose=choose
    )
    apart = window is not None
    rows = [part for clip, row in zip(clips, found, strict=True) for part in split_row(row, clip, by_window=apart)]
    columns = ("file", "start", "end", "label", "answered", "confidence", "reason")
    table = pandas.DataFrame(rows, columns=list(dict.fromkeys([*columns, *(name for row in rows for name in row)])))
    for end in ("start", "end"):
        table[end] = pandas.to_timedelta(table[end].astype(float), unit="s")
    indexed: DataFrame = table.set_index(["file", "start", "end"])
    return indexed


def split_row(row: Row, clip: Clip, *, by_window: bool) -> list[Row]:
    """Return a row, or those of its windows if they are wanted and there are any, with start and end in seconds."""
    if by_window and "windows" in row:
        named = [{"file": row["file"], "end": one["stop"]} | one for one in row["windows"]]
        return [{name: value for name, value in one.items() if name != "stop"} for one in named]
    return [{"start": 0.0, "end": None if "error" in row else clip.seconds} | flatten(row)]


class Chooser:
    """Chooses among the shipped models for a recording (see `choose_shipped_for`), loading each once.

    Attributes
    ----------
    risk : that answers are to keep, or None
    same_speaker : all recordings are of one speaker
    """

    def __init__(self, risk: float | None = None, *, same_speaker: bool = False) -> None:
        self.risk, self.same_speaker = risk, same_speaker
        self._loaded: dict[str, System] = {}
        self._loading = Lock()  # or else every thread would load a model of its own

    def __call__(self, clip: Clip) -> tuple[System, str]:
        """Return the system for a recording, and what is to be said of that."""
        name, why = choose_shipped_for(clip)
        with self._loading:
            if name not in self._loaded:
                loaded = store.load(name) if self.risk is None else store.load(name).at_risk(self.risk)
                self._loaded[name] = loaded.for_one_speaker() if self.same_speaker else loaded
            return self._loaded[name], why

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel without models, which another process loads itself."""
        return partial(Chooser, self.risk, same_speaker=self.same_speaker), ()


def recognise_clips(
    system: System,
    clips: Sequence[Clip],
    threshold: float | None = None,
    window: float = WINDOW,
    progress: Progress | None = None,
    *,
    modality: str | None = None,
    same_speaker: bool = False,
    second_opinion: bool = False,
    choose: Callable[[Clip], tuple[System, str]] | None = None,
) -> Iterator[Row]:
    """Yield what was recognised in each recording, in order; one that cannot be used gives its error.

    Those of the `same_speaker` are decided one after the other (see `System.for_one_speaker`). `choose` gives the
    system for a recording that shows a face, and what is to be said of that, where `system` was not asked for by name.
    A `second_opinion` is that of a network without spikes (see `emospike.systems.second_opinion`).
    """
    check_window(window)
    if len(clips) > 1:
        warm_up(system)
    if same_speaker:
        system = system.for_one_speaker()

    def row(index: int, clip: Clip) -> Row:
        file = {"file": str(clip.path)}
        try:
            own, said = choose(clip) if choose and clip.sees else (system, "")
            decision, windows = own.decide_windows(clip, threshold, modality, window)
            row: Row = file | decision.to_dict()
            row |= {"windows": [make_window_row(one) for one in windows]} if windows else {}
            row |= describe_risk(own, modality)
            row["reason"] += f"; {said}" if said else ""
            if second_opinion:
                row["second_opinion"], opinion = ask_again(own, clip, decision)
                row["reason"] += f"; {opinion}"
            return row | ({"same_speaker": index} if same_speaker else {})
        except InputError as error:
            return file | {"error": str(error)}
        except OSError as error:  # of a drive that is gone, say
            return file | {"error": f"{clip.path} cannot be read: {error.strerror or error}"}

    yield from map_clips(row, clips, "recognising", progress, one_by_one=same_speaker, spread=True)


def ask_again(system: System, clip: Clip, decision: Decision) -> tuple[Row | None, str]:
    """Return a second opinion on a film as JSON can hold it, and in a sentence; None, and why, where there is none."""
    try:
        found = ask(clip, find_card_scheme(system.card))
    except InputError as error:
        return None, f"no second opinion: {error}"
    told: Row = {"label": found.label, "agrees": found.agrees(decision), "spiking": False, "pictures": found.pictures}
    told |= {"probabilities": dict(found.probabilities), "expressions": dict(found.expressions)}
    return told, found.describe(decision)


def describe_risk(system: System, modality: str | None) -> Row:
    """Return the risk that a model was asked to keep, how, and what that assumes; nothing if none was asked for."""
    if system.risk_ is None:
        return {}
    limit = system.limit(modality or system.modality)
    threshold = limit if limit <= 1 else None
    return {"risk": {"promised": system.risk_, "threshold": threshold, "method": METHOD, "assumption": ASSUMPTION}}


def warm_up(system: System) -> None:
    """Decide on half a second of a buzz, so that the first file's seconds hold no compilation and no imports."""
    rate, pitch = 16_000, 150
    buzz = (np.arange(rate // 2, dtype=np.float32) * pitch / rate) % 1 - 0.5
    with suppress(InputError):  # who neither hears nor sees
        system.decide(Clip.from_array(buzz, rate))


def make_window_row(window: WindowDecision) -> Row:
    """Return the decision on a window; without sound or speech its label says so, and there is no confidence."""
    decision = window.decision
    if decision and decision.speech:
        label, confidence = decision.label, decision.confidence
    else:
        label, confidence = "no speech" if decision else "silent", None
    return {
        "start": window.start,
        "stop": window.stop,
        "label": label,
        "answered": decision is not None and decision.answered,
        "confidence": confidence,
    }
