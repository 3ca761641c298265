"""Published: each system evaluated as its own paper did, and what is leaky about that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from emospike.datasets import Dataset, Fold, published_split, random_split
from emospike.evaluation.results import Tested
from emospike.progress import Progress


@dataclass(frozen=True)
class Published:
    """How a paper split its recordings.

    Attributes
    ----------
    says : what the numbers then mean; begins with LEAKY where the split is
    split : from all recordings and a seed to a fold
    transductive : test recordings are there in training, and the system decides on them while it learns
    """

    says: str
    split: Callable[[Dataset, int], Fold]
    transductive: bool = False


HELD_OUT_SPEAKERS = Published(
    "as in the eXCube2 paper: each seed holds out other speakers, and training classes are balanced by duplication "
    "after the split",
    published_split,
)
PUBLISHED = {
    "excube2": HELD_OUT_SPEAKERS,
    "baseline": HELD_OUT_SPEAKERS,
    "cross_modal": Published(
        "LEAKY, as in the cross-modal paper: 80 % of the recordings train and 20 % test, at random, so test speakers "
        "also train",
        random_split,
    ),
    "spiking_emotions": Published(
        "LEAKY: 20 % of the recordings test and 80 % train, at random, so test speakers also train; the paper does "
        "not say how it split, and its test is about a fifth",
        random_split,
    ),
    "synch_graph": Published(
        "LEAKY, as in the Synch-Graph paper: 60 % train, 20 % validate and 20 % test, at random, in one graph whose "
        "edges join recordings of the same label; so test speakers also train, test recordings are there in training, "
        "and their labels are in the graph that decides on them",
        partial(random_split, validation=0.2),
        transductive=True,
    ),
}
"""The split of each system's paper, by the system's name."""


def published(system_name: str) -> Published:
    """Return how a system's paper evaluated it; held-out speakers where that is not known."""
    return PUBLISHED.get(system_name, HELD_OUT_SPEAKERS)


def transduced(
    system: Any, dataset: Dataset, split: Fold, progress: Progress | None = None, **run: Any
) -> tuple[Tested, Any]:
    """Return what a system decides on the test rows of a fold, all recordings being there in training; and its run.

    `system.transduce` gets all clips with all labels, and masks of the rows that train and that validate; its run has
    ``probabilities`` of all clips, columns in the order of the sorted labels. There is no threshold, so all is
    answered.
    """
    train, validation = (np.isin(np.arange(len(dataset)), rows) for rows in (split.train, split.validation))
    whole = system.transduce(dataset.clips(), dataset.labels.tolist(), train, validation, progress)
    return Tested(dataset.subset(split.test), dataset.classes, whole.probabilities[split.test], 0.0, **run), whole
