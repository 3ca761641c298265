"""The whole bench: all groups of measurements in one run, the report of them, and tables for a terminal."""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import soundfile

from benchmarks import decision, peers, reservoir
from benchmarks.measurement import CLIP_SECONDS, Measurement
from emospike import __version__, datasets, store
from emospike.cli.terminal import format_number
from emospike.clip import SAMPLE_RATE, Clip
from emospike.clip.synthetic import synthesise_speech
from emospike.progress import Progress
from emospike.validation import InputError, within

if TYPE_CHECKING:
    from rich.table import Table

Groups = Mapping[str, Sequence[Measurement]]


@dataclass(frozen=True)
class Suite:
    """What is measured.

    Attributes
    ----------
    model : the trained model whose decisions are timed
    data : a data set to take the clip, and the baseline's training, from; None takes synthetic speech
    runs : of everything that is warm; the median counts
    quick : fewer points of the curves
    large : a reservoir of 1,000,000 neurons too
    train : training on the whole data set too
    brian2 : Python of an environment that has Brian 2
    film : a film of somebody who speaks, to time a decision by sound and face

    Raises
    ------
    InputError : no such model, training without data, no run at all, or no file where one is named
    """

    model: str
    data: Path | None = None
    runs: int = 20
    quick: bool = False
    large: bool = False
    train: bool = False
    brian2: Path | None = None
    film: Path | None = None

    def __post_init__(self) -> None:
        store.locate(self.model)
        within("runs", self.runs, 1, 10_000)
        if self.train and self.data is None:
            raise InputError("training needs recordings: give --data too")
        if self.brian2 and not self.brian2.is_file():
            raise InputError(f"no Python at {self.brian2}: give the interpreter of an environment that has brian2")

    def measure(self, progress: Progress | None = None) -> dict[str, list[Measurement]]:
        """Return every group of measurements by its name."""
        found = {}
        with tempfile.TemporaryDirectory() as folder:
            works = self.works(find_recording(self.data, Path(folder)))
            for done, (name, work) in enumerate(works.items()):
                if progress:
                    progress(name, done, len(works))
                found[name] = work()
        return found

    def works(self, clip: Path) -> dict[str, Callable[[], list[Measurement]]]:
        """Return what measures each group."""
        recipe, runs = reservoir.Recipe.of(Clip(clip, 0, CLIP_SECONDS)), self.runs
        works: dict[str, Callable[[], list[Measurement]]] = {
            "reservoir": partial(reservoir.measure, recipe, runs),
            "one decision": partial(decision.measure, self.model, clip, runs),
            "decision and peers": partial(decision.measure_baseline, self.model, clip, runs, self.data),
            "reservoir and peers": partial(peers.measure, recipe, runs, self.brian2),
        }
        if self.film:
            works["a film, sound and face"] = partial(decision.measure_film, self.film, 1 + runs // 4)
        if self.train and (data := self.data):
            labels = store.load(self.model).card.get("labels", "arousal")
            works["training"] = lambda: [*decision.measure_training(data, labels), decision.measure_layers(data)]
        for name, points in reservoir.vary(recipe, self.quick, self.large).items():
            works[name] = partial(reservoir.measure_growth, points, runs)
        return works


def find_recording(data: Path | None, folder: Path) -> Path:
    """Return the first recording of a data set that lasts 4 s; without data, synthetic speech written to `folder`.

    Raises
    ------
    InputError : no data set at that path, or no recording of 4 s in it
    """
    if data is None:
        path = folder / "speech.wav"
        soundfile.write(path, synthesise_speech(CLIP_SECONDS), SAMPLE_RATE)
        return path
    for clip in datasets.load(data).clips():
        if clip.seconds >= CLIP_SECONDS:
            return clip.path
    raise InputError(f"no recording of at least {CLIP_SECONDS:g} s in {data}: leave --data out for synthetic speech")


def report(suite: Suite, groups: Groups) -> dict[str, Any]:
    """Return everything that was measured, where and how, ready for JSON."""
    settings = {name: value.name if isinstance(value, Path) else value for name, value in asdict(suite).items()}
    return {
        "machine": describe_machine(),
        "settings": settings | {"clip": "recorded" if suite.data else "synthetic"},
        "groups": {name: [asdict(one) for one in rows] for name, rows in groups.items()},
    }


def describe_machine(cpuinfo: Path = Path("/proc/cpuinfo")) -> dict[str, Any]:
    """Return what the numbers depend on: processor, as far as the system tells it, system and versions."""
    import numba
    import numpy as np

    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": names[0] if names else platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "emospike": __version__,
        "numpy": np.__version__,
        "numba": numba.__version__,
    }


def make_table(title: str, rows: Sequence[Measurement]) -> Table:
    """Return a group as a table: a row for each measurement; of curves one for each value that was varied."""
    from rich.table import Table

    values = sorted({one.at for one in rows if one.at is not None})
    table = Table(box=None, pad_edge=False, title=title, title_justify="left", show_header=bool(values))
    if not values:
        table.add_column("what", overflow="fold")
        table.add_column("value", justify="right", no_wrap=True)
        table.add_column("unit", no_wrap=True)
        table.add_column("note", overflow="fold")
        for one in rows:
            table.add_row(one.name, format_number(one.value), one.unit, one.note)
        return table
    curves = list(dict.fromkeys(f"{one.name}, {one.unit}" for one in rows))
    for name in (title, *curves):
        table.add_column(name, justify="right")
    for at in values:
        cells = {f"{one.name}, {one.unit}": format_number(one.value) for one in rows if one.at == at}
        table.add_row(format_number(at), *(cells.get(name, "") for name in curves))
    return table
