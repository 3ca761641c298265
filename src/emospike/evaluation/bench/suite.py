"""The whole bench: all groups of measurements in one run, and the report of them."""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from emospike import __version__, store
from emospike.clip import Clip
from emospike.evaluation.bench import functionals, peers, reservoir, scaling, stages, training
from emospike.evaluation.bench.material import CLIP_SECONDS, Recipe, recording
from emospike.evaluation.bench.measurement import Measurement
from emospike.progress import Progress
from emospike.validation import InputError, within

Groups = Mapping[str, Sequence[Measurement]]
Works = dict[str, Callable[[], list[Measurement]]]


@dataclass(frozen=True)
class Suite:
    """What is measured.

    Attributes
    ----------
    model : the trained model whose decisions are timed
    data : a data set to take the clip, and the baseline's training, from; None makes speech up
    runs : of everything that is warm; the median counts
    quick : fewer points of the curves
    large : a reservoir of 1,000,000 neurons too
    train : training on the whole data set too
    brian2 : Python of an environment that has Brian 2
    film : a film of somebody who speaks, to time a decision by sound and face

    Raises
    ------
    InputError : training without data, or no run at all
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
        within("runs", self.runs, 1, 10_000)
        if self.train and self.data is None:
            raise InputError("training needs recordings: give --data too")

    def measure(self, progress: Progress | None = None) -> dict[str, list[Measurement]]:
        """Return every group of measurements by its name."""
        found = {}
        with tempfile.TemporaryDirectory() as folder:
            works = self._works(recording(self.data, Path(folder)))
            for done, (name, work) in enumerate(works.items()):
                if progress:
                    progress(name, done, len(works))
                found[name] = work()
        return found

    def _works(self, clip: Path) -> Works:
        """Return what measures each group."""
        recipe, runs = Recipe.of(Clip(clip, 0, CLIP_SECONDS)), self.runs
        works: Works = {
            "reservoir": lambda: reservoir.measure(recipe, runs),
            "one decision": lambda: stages.measure(self.model, clip, runs),
            "decision and peers": lambda: functionals.measure(self.model, clip, runs, self.data),
            "reservoir and peers": lambda: peers.measure(recipe, runs, self.brian2),
        }
        if film := self.film:
            works["a film, sound and face"] = lambda: stages.film(film, 1 + runs // 4)
        if self.train and (data := self.data):
            labels = store.load(self.model).card.get("labels", "arousal")
            works["training"] = lambda: [*training.measure(data, labels), training.layers(data)]
        return works | self._curves(recipe)

    def _curves(self, recipe: Recipe) -> Works:
        """Return what measures how cost grows."""
        neurons, synapses, lengths = scaling.NEURONS, scaling.SYNAPSES, scaling.LENGTHS
        if self.quick:
            neurons, synapses, lengths = neurons[:3:2], synapses[1::3], lengths[:2]
        if self.large:
            neurons += (scaling.LARGE,)
        return {
            "neurons": lambda: scaling.against_neurons(recipe, neurons, self.runs),
            "synapses a neuron": lambda: scaling.against_synapses(recipe, synapses, self.runs),
            "seconds of sound": lambda: scaling.against_length(recipe, lengths, self.runs),
        }


def report(suite: Suite, groups: Groups) -> dict[str, Any]:
    """Return everything that was measured, where and how, ready for JSON."""
    settings = {name: value.name if isinstance(value, Path) else value for name, value in asdict(suite).items()}
    return {
        "machine": machine(),
        "settings": settings | {"clip": "recorded" if suite.data else "made up"},
        "groups": {name: [asdict(one) for one in rows] for name, rows in groups.items()},
    }


def machine() -> dict[str, Any]:
    """Return what the numbers depend on: processor, system and versions."""
    import numba
    import numpy as np

    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "emospike": __version__,
        "numpy": np.__version__,
        "numba": numba.__version__,
    }


def processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """Return the processor's name, as far as the system tells it."""
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
