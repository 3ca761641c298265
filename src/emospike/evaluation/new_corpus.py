"""New corpora: what a few labelled recordings of some of its speakers are worth for all the others of a corpus."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Int

from emospike.datasets import Dataset
from emospike.evaluation import metrics
from emospike.evaluation.new_speaker import DRAWS, MODES, Examples, adapt_readout, represent
from emospike.evaluation.results import Predictions
from emospike.evaluation.study import Study
from emospike.progress import Progress
from emospike.readout.readout import Readout
from emospike.systems.base import System
from emospike.validation import InputError

COUNTS = (5, 20)
"""Recordings of each class that a corpus gives; fewer where it has not as many."""


@dataclass
class NewCorpora(Study):
    """Adapts copies of the readout to recordings of half of a corpus's speakers, and tests them on the other half.

    Halves and recordings are drawn at random, `DRAWS` times; those of a smaller number are among those of a larger one.
    A corpus of one speaker is left out.
    """

    seed: int = 0
    modes: tuple[str, ...] = tuple(MODES)
    rows: dict[tuple[str, int, str], list[tuple[float, float]]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    def check(self, system: System) -> None:
        """Adapt without labels alone if the system cannot go on learning."""
        if "learn" not in system.abilities:
            self.modes = ("mean",)

    def prepare(self, dataset: Dataset) -> None:
        """Raise `InputError` if nobody tells who speaks."""
        if dataset.known_speakers is None:
            raise InputError("adapting to a corpus needs to know who speaks: add a speaker column to the manifest")

    def add(self, system: System, train: Dataset, run: Predictions, progress: Progress | None = None) -> None:
        """Adapt copies of the readout to each corpus that is tested."""
        for corpus in np.unique(run.recordings.corpora):
            own = represent(system, run.recordings.subset(run.recordings.corpora == corpus), progress)
            if own is None or len(np.unique(own.speakers)) < 2:
                self.left_out.append(str(corpus))
                continue
            for draw in range(DRAWS):
                rng = np.random.default_rng([self.seed, draw, *str(corpus).encode()])
                self._add_draw(str(corpus), system.readout_, own, rng)
                if progress:
                    progress(f"adapting to {corpus}", draw + 1, DRAWS)

    def _add_draw(self, corpus: str, readout: Readout, own: Examples, rng: np.random.Generator) -> None:
        """Adapt to what half of the speakers give, and test the others."""
        names = rng.permutation(np.unique(own.speakers))
        givers = np.isin(own.speakers, names[: len(names) // 2])
        test = own.subset(np.flatnonzero(~givers))
        by_class = [rng.permutation(np.flatnonzero(givers & (own.truth == label))) for label in np.unique(own.truth)]
        for count, mode, adapted in self._adapt(readout, own, by_class):
            decided = np.array(adapted.classes)[adapted.probabilities(test.represented).argmax(axis=1)]
            measured = (metrics.accuracy(test.truth, decided), metrics.balanced_accuracy(test.truth, decided))
            self.rows.setdefault((corpus, count, mode), []).append(measured)

    def _adapt(
        self, readout: Readout, own: Examples, by_class: list[Int[np.ndarray, " rows"]]
    ) -> Iterator[tuple[int, str, Readout]]:
        """Yield the readout as it is, and as it is after each number of recordings used in each way."""
        yield 0, "none", readout
        for count in COUNTS:
            given = own.subset(np.concatenate([rows[:count] for rows in by_class]))
            for mode in self.modes:
                yield count, mode, adapt_readout(readout, given, mode)

    def summarise(self) -> dict[str, Any]:
        """Return a row for each corpus, number of recordings and mode; number 0 is the unadapted system."""
        found = []
        for (corpus, count, mode), measured in self.rows.items():
            accuracy, balanced = np.mean(measured, axis=0).tolist()
            before = float(np.mean(self.rows[corpus, 0, "none"], axis=0)[1])
            row = {"corpus": corpus, "k": count, "mode": mode, "accuracy": accuracy, "balanced_accuracy": balanced}
            found.append(row | {"gain": 100 * (balanced - before)})
        return {"new_corpus": found}

    def describe(self) -> list[str]:
        """Say where adapting helps least."""
        rows = [row for row in self.summarise()["new_corpus"] if row["k"]]
        said = [f"{', '.join(self.left_out)}: one speaker, nobody is left to test"] if self.left_out else []
        if rows:
            worst = min(rows, key=lambda row: row["gain"])
            said.append(
                f"adapting to half of a corpus's speakers gains least on {worst['corpus']}: {worst['gain']:+.1f} "
                f"points of balanced accuracy with {worst['k']} recordings a class, {MODES[worst['mode']]}"
            )
        return said
