"""The contract of a reproduction: rows that claim something, and trials that find out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped

from emospike.datasets import Dataset
from emospike.progress import Progress

Labels = Shaped[np.ndarray, " clips"]
Numbers = Float[np.ndarray, " clips"]

PROTOCOLS = {
    "random": "a random 80/20 split, as in the papers. LEAKY: the test speakers also train",
    "published": "as the paper splits: each draw holds out other speakers, and training classes are balanced by "
    "duplication after the split",
    "speaker-folds": "each speaker is tested once, by a system that never heard them",
}
"""How recordings are split, from the papers' way to the honest one."""

UNANSWERED = ""
"""The label of a recording on which no decision is made: "don't know"."""


@dataclass(frozen=True)
class Claim:
    """One row.

    Attributes
    ----------
    what : what is measured, in words that no other row has
    paper : the paper's number, by column (how it is decided); empty where it tells none
    at : where the row lies in a figure: the numbers or names that were varied
    against : rows that the accuracy is compared with, clip by clip
    """

    what: str
    paper: Mapping[str, float] = field(default_factory=dict)
    at: Mapping[str, Any] = field(default_factory=dict)
    against: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """What one trained system answered on the test part of a split.

    Attributes
    ----------
    decided : for rows and columns the labels of the test recordings, in their order; `UNANSWERED` where it is not known
    curves : for each row, further series of numbers that a figure draws, by name (losses by epoch, say)
    measured : for other rows and columns a number of each test recording in place of a label; NaN where it has none
    """

    decided: Mapping[str, Mapping[str, Labels]] = field(default_factory=dict)
    curves: Mapping[str, Mapping[str, Sequence[float]]] = field(default_factory=dict)
    measured: Mapping[str, Mapping[str, Numbers]] = field(default_factory=dict)


@dataclass(frozen=True)
class Split:
    """What a trial gets: recordings to train on and to decide on, a seed, and whom to tell how far it is."""

    train: Dataset
    test: Dataset
    seed: int = 0
    progress: Progress | None = None


Answer = Callable[[Split], Found]


@dataclass(frozen=True)
class Trial:
    """What is trained once a split and answers for some rows.

    Attributes
    ----------
    claims : the rows
    settings : everything that decides the numbers, in text: rows are only kept from an earlier run if it is the same
    answer : trains and decides
    modality : what its recordings must have, where that is more than the reproduction asks for
    """

    claims: tuple[Claim, ...]
    settings: str
    answer: Answer
    modality: str | None = None


@dataclass(frozen=True)
class Reproduction:
    """A table or figure of a paper.

    Attributes
    ----------
    title : what it shows
    source : where it stands
    trials : what is trained, one after the other
    columns : how it is decided, or what is measured, in the order of the table
    labels : label scheme
    modality : what a recording must have: sound, a face, or both
    protocols : of `PROTOCOLS`, the honest one last
    draws : splits of protocol ``"published"``
    every : one in so many test recordings is tested
    figure : how it is drawn: ``"rows"``, or a name that `emospike.evaluation.figures.reproduction` knows
    notes : what to know when reading it
    """

    title: str
    source: str
    trials: tuple[Trial, ...]
    columns: tuple[str, ...]
    labels: str = "emotion"
    modality: str = "audio"
    protocols: tuple[str, ...] = ("random", "speaker-folds")
    draws: int = 1
    every: int = 1
    figure: str = "rows"
    notes: tuple[str, ...] = ()

    def needs(self, trial: Trial) -> str:
        """Return what the recordings of a trial must have."""
        return trial.modality or self.modality
