"""Spreading: whole folds over the processes of a cluster, each trained and tested by one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from emospike.cluster import Cluster, find_cluster
from emospike.datasets import Dataset, Fold
from emospike.evaluation.results import Predictions
from emospike.evaluation.resuming import describe_run, restore_run
from emospike.evaluation.study import Study
from emospike.progress import Progress
from emospike.systems.base import System


def choose_cluster(study: Study, folds: int) -> Cluster | None:
    """Return the cluster over which folds go whole, or None.

    One is used, has no more processes than there are folds, and no study gathers here what it measures in each.
    Otherwise the recordings of one fold after the other are spread (see `map_clips`).
    """
    cluster = find_cluster()
    fits = cluster is not None and type(study) is Study and folds >= max(cluster.processes, 2)
    return cluster if fits else None


def spread_folds(
    cluster: Cluster,
    run_fold: Callable[..., Predictions],
    make: Callable[[int], System],
    planned: Sequence[tuple[int, int, Fold]],
    dataset: Dataset,
    *,
    progress: Progress | None = None,
) -> Iterator[Predictions]:
    """Yield what ``run_fold(make(seed), dataset, fold, Study(), number=..., seed=...)`` returns, in order.

    `planned` holds number, seed and fold. In its process a fold works by threads on all cores of that machine,
    which processes beside it share; networks that learn by gradients keep no checkpoints there.
    """

    def run(_: int, one: tuple[int, int, Fold]) -> Any:
        number, seed, fold = one
        return describe_run(run_fold(make(seed), dataset, fold, Study(), number=number, seed=seed), dataset)

    for done, told in enumerate(cluster.map(run, planned, most=1), start=1):
        if progress:
            progress("folds", done, len(planned))
        yield restore_run(told, dataset, Predictions)
