"""Extraction: features, spikes and state vectors of recordings, as tables with named columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float64

from emospike import store
from emospike.clip import Clip
from emospike.clip.batch import Recordings, as_clips, try_clips
from emospike.features import FEATURES
from emospike.frames import import_pandas
from emospike.networks.reservoir import ReservoirNetwork
from emospike.progress import Progress
from emospike.systems.base import System
from emospike.systems.vectors import VectorSystem
from emospike.validation import InputError, one_of

if TYPE_CHECKING:
    from pandas import DataFrame

SPIKES, STATE = "spikes", "state"
OF_MODELS = (SPIKES, STATE)
"""What is a model's own: the spikes that its reservoir is given, and the vector that its readout reads."""

MODEL = "excube2-arousal"
"""Whose spikes and state vectors these are where no model is named."""

FUNCTIONALS = ("mean", "std", "p5", "p50", "p95", "change")
"""What describes a channel over a whole recording: moments, percentiles, and the mean absolute change of a step."""

INDEX = ["file", "start", "end"]

Times = Float64[np.ndarray, " rows"]
Extractor = Callable[[Clip], "DataFrame"]


def extract(
    recordings: Recordings,
    what: str = "mel",
    model: Path | str | System | None = None,
    *,
    functionals: bool = False,
    progress: Progress | None = None,
) -> DataFrame:
    """Return what is heard or seen in recordings as one pandas table.

    Its index is file, start and end, as audformat and openSMILE have it.

    Parameters
    ----------
    recordings : what `as_clips` takes
    what : a feature by name (``"mel"``, ``"prosody"``, ``"action_units"`` ...): a row a step, a column a channel, of
        the recording as it stands; ``"spikes"``: a row an event of those that the reservoir of `model` is given, with
        its channel and its sign; ``"state"``: a row a recording, the vector that the readout of `model` reads
    functionals : describe each channel of a feature over the whole recording (see `FUNCTIONALS`), a row each

    Raises
    ------
    InputError : something unknown is asked for, a model that cannot give it, a recording that cannot be used, no pandas
    """
    extractor, clips = make_extractor(what, model, functionals=functionals), as_clips(recordings)
    found, wrong = try_clips(extractor, clips, "extracting", progress, spread=True)
    if wrong:
        raise InputError(next(iter(wrong.values())))
    return join_tables(list(found.values()))


def join_tables(tables: Sequence[DataFrame]) -> DataFrame:
    """Return the tables of several recordings as one; raise `InputError` if there are none."""
    if not tables:
        raise InputError("no recordings, and so nothing to extract")
    joined: DataFrame = import_pandas().concat(tables)
    return joined


def make_extractor(what: str, model: Path | str | System | None = None, *, functionals: bool = False) -> Extractor:
    """Return the function from a clip to its table; arguments and errors as `extract`."""
    import_pandas()
    one_of("feature", what, (*FEATURES, *OF_MODELS))
    if what not in OF_MODELS:
        if model is not None:
            raise InputError(f"a model has {' and '.join(OF_MODELS)}; {what} is of the recording alone")
        return _FeatureTable(what, functionals=functionals)
    if functionals:
        raise InputError(f"functionals describe a feature, {what} is none")
    system = model if isinstance(model, System) else store.load(model or MODEL)
    if what == SPIKES:
        return _SpikeTable(system)
    return _StateTable(system)


class _FeatureTable:
    def __init__(self, name: str, *, functionals: bool) -> None:
        self.functionals = functionals
        try:
            self.feature = FEATURES.load(name)()
        except TypeError as error:
            raise InputError(f"feature {name!r} has parameters without defaults: {error}") from None

    def __call__(self, clip: Clip) -> DataFrame:
        series = self.feature.extract(clip)
        table = series.to_frame()
        if self.functionals:
            values = {f"{name} {what}": one for what, row in _describe(table).items() for name, one in row.items()}
            return _index_rows(import_pandas().DataFrame([values]), clip, np.zeros(1), np.array([series.seconds]))
        start = np.arange(len(series)) / series.rate
        return _index_rows(table, clip, start, start + 1 / series.rate)


class _SpikeTable:
    def __init__(self, system: System) -> None:
        if not isinstance(getattr(system, "network_", None), ReservoirNetwork):
            raise InputError(f"{type(system).__name__} is no reservoir: spikes are those of excube2")
        self.export = system.export

    def __call__(self, clip: Clip) -> DataFrame:
        _, spikes, _ = self.export(clip)
        table = spikes.to_frame()
        start = table.pop("time").to_numpy()
        return _index_rows(table, clip, start, start + 1 / spikes.rate)


class _StateTable:
    def __init__(self, system: System) -> None:
        if not isinstance(system, VectorSystem):
            raise InputError(f"{type(system).__name__} reads no state vector: take excube2, cross_modal or baseline")
        self.system = system

    def __call__(self, clip: Clip) -> DataFrame:
        names, vector = self.system.name_vector(clip)
        return _index_rows(
            import_pandas().DataFrame(vector[None], columns=names), clip, np.zeros(1), np.array([clip.seconds])
        )


def _describe(table: DataFrame) -> dict[str, DataFrame]:
    values = {"mean": table.mean(), "std": table.std(ddof=0)}
    values |= {f"p{percent}": table.quantile(percent / 100) for percent in (5, 50, 95)}
    return values | {"change": table.diff().abs().mean().fillna(0.0)}


def _index_rows(table: DataFrame, clip: Clip, start: Times, end: Times) -> DataFrame:
    pandas = import_pandas()
    times = [pandas.to_timedelta(one, unit="s") for one in (start, end)]
    table.index = pandas.MultiIndex.from_arrays([[str(clip.path)] * len(table), *times], names=INDEX)
    return table
