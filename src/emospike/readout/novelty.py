"""Novelty: how far a recording lies from all that was learnt from; too far, and no answer can be trusted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float32

from emospike.readout.primal import Projection

SIZE = 256
"""Dimensions that distances are measured in."""

QUANTILE, MARGIN = 0.99, 1.5
"""Strange is what lies `MARGIN` times as far as this share of the recordings of held-out speakers: windows of running
speech, whose pauses are fewer than those of the clips that train, lie up to so far, and are decided as well."""

FEWEST, MOST = 500, 8192
"""Training rows below which the tail of their distances is unknown, and those that are looked at of more."""

Scaled = Float32[np.ndarray, "rows kept"]


@dataclass
class Novelty:
    """Squared Mahalanobis distance from the training rows, in units of what is answered.

        d(z) = (y - m)^T C^-1 (y - m) / limit,    y = P z

    P is a count sketch of a scaled vector z to `SIZE` dimensions, m and C are mean and covariance of the training rows
    (shrunk as Ledoit and Wolf 2004 have it), and the limit is `MARGIN` times the `QUANTILE` of the distances of
    speakers from the others. Above 1 a recording is strange. Of fewer than `FEWEST` training rows nothing is learnt,
    and nothing is strange.

    Sources: Lee et al. 2018, arXiv 1807.03888 (Mahalanobis distance for what a network has not met), here without
    classes.
    """

    mean_: Float32[np.ndarray, " size"] | None = field(default=None, repr=False, compare=False)
    whitening_: Float32[np.ndarray, "size size"] | None = field(default=None, repr=False, compare=False)

    def fit(self, blocks: Iterator[Scaled], dims: int, folds: Sequence[tuple[Any, Any]]) -> Novelty:
        """Learn from scaled training rows, which come in blocks; `folds` are indices of rows that train and
        that test, of other speakers.
        """
        projection = Projection(dims, SIZE)
        found = [projection.project(block) for block in blocks]
        if sum(map(len, found)) < FEWEST:
            self.mean_ = self.whitening_ = None
            return self
        rows = np.concatenate(found)
        distances = np.concatenate([_measure(rows[test], *_fit_gaussian(rows[train])) for train, test in folds])
        self.mean_, whitening = _fit_gaussian(rows)
        limit = MARGIN * float(np.quantile(distances, QUANTILE))
        self.whitening_ = (whitening / np.sqrt(limit)).astype(np.float16).astype(np.float32)
        return self

    def measure(self, scaled: Scaled) -> Float32[np.ndarray, " rows"]:
        """Return the distance of each row; 0 where nothing was learnt."""
        if self.mean_ is None or self.whitening_ is None:
            return np.zeros(len(scaled), np.float32)
        projected = Projection(scaled.shape[1], SIZE).project(scaled)
        # Row by row: a matrix product may round a clip differently in another company.
        return np.array([_measure(row[None], self.mean_, self.whitening_)[0] for row in projected], np.float32)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one measurement, without the additions of the projection."""
        return 0 if self.whitening_ is None else self.whitening_.size

    def state(self) -> dict[str, Any]:
        """Return the fitted arrays."""
        if self.mean_ is None or self.whitening_ is None:
            return {}
        return {"mean": self.mean_, "whitening": self.whitening_.astype(np.float16)}

    def restore(self, arrays: Mapping[str, Any]) -> Novelty:
        """Take back what `state` returned."""
        if arrays:
            self.mean_, self.whitening_ = arrays["mean"], arrays["whitening"].astype(np.float32)
        return self


def _fit_gaussian(rows: Scaled) -> tuple[Float32[np.ndarray, " size"], Float32[np.ndarray, "size size"]]:
    """Return the mean m, and W with C^-1 = W W^T."""
    from scipy.linalg import solve_triangular
    from sklearn.covariance import ledoit_wolf

    mean = rows.mean(axis=0)
    covariance, _ = ledoit_wolf((rows - mean).astype(float), assume_centered=True)
    root = np.linalg.cholesky(covariance + np.eye(len(covariance)) * 1e-6 * np.trace(covariance) / len(covariance))
    return mean, solve_triangular(root, np.eye(len(root)), lower=True).T.astype(np.float32)


def _measure(
    rows: Scaled, mean: Float32[np.ndarray, " size"], whitening: Float32[np.ndarray, "size size"]
) -> Float32[np.ndarray, " rows"]:
    distances: Float32[np.ndarray, " rows"] = np.square((rows - mean) @ whitening).sum(axis=1)
    return distances
