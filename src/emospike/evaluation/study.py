"""Study: what a protocol measures on the trained system of each fold, beyond its decisions."""

from __future__ import annotations

from typing import Any

from emospike.datasets import Dataset
from emospike.evaluation.results import Predictions
from emospike.progress import Progress
from emospike.systems.base import System


class Study:
    """Measures nothing; a protocol that measures more has a study that overrides all this."""

    def check(self, system: System) -> None:
        """Raise `InputError` if it cannot be measured on such a system, trained or not."""

    def prepare(self, dataset: Dataset) -> None:
        """Look at the whole data set before the first fold; raise `InputError` if it will not do."""

    def add(self, system: System, train: Dataset, run: Predictions, progress: Progress | None = None) -> None:
        """Measure on the system of a fold, which was trained on `train` and tested in `run`."""

    def summarise(self) -> dict[str, Any]:
        """Return what was found so far, ready for JSON."""
        return {}

    def describe(self) -> list[str]:
        """Say it in words."""
        return []
