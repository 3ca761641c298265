"""Ridge regression: numbers, such as valence, from vectors; how strong its penalty is, training speakers decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import add
from typing import Any, Protocol

import numpy as np
from jaxtyping import Float, Float32, Float64

from emospike.readout.contract import check_vectors
from emospike.readout.primal import Moments, Projection
from emospike.readout.readout import MOST_NUMBERS
from emospike.readout.scaling import ScaledRows, SoftScaler, Stored
from emospike.schema import check_fitted
from emospike.validation import InputError, positive

Numbers = Float64[np.ndarray, "rows targets"]
Weights = Float[np.ndarray, "kept targets"]
Folds = Sequence[tuple[Any, Any]]

PENALTIES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
"""Those that are tried, in units of the mean squared length of a scaled training vector."""

MOST_ROWS = 5_000
"""Of which the dual is solved: their products take 0.2 GB in double precision, those of a fold as much again."""

SAMPLE = 1000
"""Rows by which that length is found."""


@dataclass
class RidgeReadout:
    """Scaling of vectors, and ridge regression to one number or several:

        W = (Z^T Z + p u I)^-1 Z^T (Y - mean Y),    b = mean Y,    y = z W + b

    Z holds the scaled vectors, whose mean is 0, u is their mean squared length. Each number gets that penalty p with
    which those who were held out of training are predicted with the smallest squared error. Up to `MOST_ROWS` rows the
    dual is solved (scikit-learn's KernelRidge on Z Z^T, the same solution), beyond the primal, on a random projection
    (see `Moments`).

    Attributes
    ----------
    scaler : what is done to each dimension
    penalties : those that are tried
    penalties_ : those that were chosen
    errors_ : root mean squared error of each number on those held out, with these penalties

    Source: Hoerl and Kennard 1970, Technometrics 12:55.
    """

    scaler: SoftScaler = field(default_factory=SoftScaler)
    penalties: tuple[float, ...] = PENALTIES
    weights_: Float32[np.ndarray, "kept targets"] = field(init=False, repr=False, compare=False)
    bias_: Float64[np.ndarray, " targets"] = field(init=False, repr=False, compare=False)
    penalties_: Float32[np.ndarray, " targets"] = field(init=False, repr=False, compare=False)
    errors_: Float32[np.ndarray, " targets"] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for penalty in self.penalties:
            positive("penalty", penalty)
        if not self.penalties:
            raise InputError("at least one penalty expected, got none")

    def fit(self, vectors: Stored, Y: Numbers, folds: Folds) -> RidgeReadout:
        """Fit to training rows; `folds` hold (train, test) indices: whom a fold does not train, it may test."""
        rows = ScaledRows(vectors, self.scaler, None, np.zeros(len(vectors), int)).fit_scaler()
        some = np.linspace(0, len(rows) - 1, min(len(rows), SAMPLE)).astype(int)
        unit = float(np.square(rows[some]).sum(axis=1).mean())
        if unit == 0:
            raise InputError("the vectors of all training recordings are alike: nothing is heard or seen in them")
        large = len(vectors) > MOST_ROWS or vectors.size > MOST_NUMBERS
        mean = Y.mean(axis=0)  # taken away in double precision: it may be large beside what varies
        solver: _Solver = (_Primal if large else _Dual)(rows, Y - mean, folds)
        held_out = solver.hold_out([penalty * unit for penalty in self.penalties])
        squares = np.nanmean(np.square(held_out - (Y - mean)), axis=1)
        best, columns = squares.argmin(axis=0), np.arange(Y.shape[1])
        solved = {one: solver.solve(self.penalties[one] * unit) for one in np.unique(best)}
        self.weights_ = np.stack([solved[one][:, k] for k, one in enumerate(best)], axis=1).astype(np.float32)
        self.bias_ = mean
        self.penalties_ = np.array(self.penalties, np.float32)[best]
        self.errors_ = np.sqrt(squares[best, columns]).astype(np.float32)
        return self

    def predict(self, vectors: Float32[np.ndarray, "rows dims"]) -> Numbers:
        """Return the numbers that vectors are read as; row by row, so that company does not change the rounding."""
        X = self.scaler.transform(self.scaler.take_root(check_vectors(np.asarray(vectors), len(self.scaler.kept_))))
        weights = self.weights_.astype(float)
        return np.stack([x.astype(float) @ weights + self.bias_ for x in X])

    def state(self) -> dict[str, np.ndarray]:
        """Return the fitted arrays."""
        arrays = {f"scaler.{name}": getattr(self.scaler, f"{name}_") for name in ("kept", "mean", "scale")}
        return arrays | {name: getattr(self, f"{name}_") for name in ("weights", "bias", "penalties", "errors")}

    def restore(self, arrays: dict[str, Any], targets: int) -> RidgeReadout:
        """Take back what `state` returned; raise `InputError` unless all parts fit each other and so many numbers."""
        for name in ("kept", "mean", "scale"):
            setattr(self.scaler, f"{name}_", arrays[f"scaler.{name}"])
        for name in ("weights", "bias", "penalties", "errors"):
            setattr(self, f"{name}_", arrays[name])
        check_fitted(self.scaler)
        check_fitted(self)
        if self.weights_.shape != (int(self.scaler.kept_.sum()), targets) or len(self.scaler.mean_) != len(
            self.weights_
        ):
            raise InputError(f"weights of {targets} numbers and as many dimensions as the scaler keeps expected")
        return self


class _Solver(Protocol):
    """Ridge regression of all training rows, with any penalty."""

    def hold_out(self, penalties: Sequence[float]) -> Float64[np.ndarray, "penalties rows targets"]:
        """Return what each tested row is predicted as without its fold; NaN where no fold tests it."""
        ...

    def solve(self, penalty: float) -> Weights:
        """Return the weights of all rows."""
        ...


class _Dual(_Solver):
    """By the products of rows, which are computed once."""

    def __init__(self, rows: ScaledRows, Y: Numbers, folds: Folds) -> None:
        self.Z, self.Y, self.folds = rows[slice(None)], Y, folds
        self.products = (self.Z @ self.Z.T).astype(float)

    def hold_out(self, penalties: Sequence[float]) -> Float64[np.ndarray, "penalties rows targets"]:
        from sklearn.preprocessing import KernelCenterer

        out = np.full((len(penalties), *self.Y.shape), np.nan)
        for train, test in self.folds:
            mean, own = self.Y[train].mean(axis=0), self.products[np.ix_(train, train)]
            centre = KernelCenterer().fit(own)
            own, other = centre.transform(own), centre.transform(self.products[np.ix_(test, train)])
            for number, penalty in enumerate(penalties):
                out[number, test] = other @ self._fit(own, self.Y[train] - mean, penalty) + mean
        return out

    def solve(self, penalty: float) -> Weights:
        weights: Weights = self.Z.T @ self._fit(self.products, self.Y - self.Y.mean(axis=0), penalty)
        return weights

    @staticmethod
    def _fit(products: Any, wanted: Numbers, penalty: float) -> Numbers:
        from sklearn.kernel_ridge import KernelRidge

        dual: Numbers = KernelRidge(alpha=penalty, kernel="precomputed").fit(products, wanted).dual_coef_
        return dual


class _Primal(_Solver):
    """By the products of dimensions, of which those of each fold are computed once."""

    def __init__(self, rows: ScaledRows, Y: Numbers, folds: Folds) -> None:
        self.projection, self.folds = Projection(rows.dims), folds
        self.X, self.shape = self.projection.apply(rows), Y.shape
        every, y = np.arange(len(rows)), Y.astype(np.float32)
        parts = [np.setdiff1d(every, train) for train, _ in folds]
        parts.append(np.setdiff1d(every, np.concatenate(parts)))  # those that all folds train
        self.parts = [Moments.of(self.X[own], y[own], np.ones(len(own), np.float32)) for own in parts]
        self.total = reduce(add, self.parts)

    def hold_out(self, penalties: Sequence[float]) -> Float64[np.ndarray, "penalties rows targets"]:
        out = np.full((len(penalties), *self.shape), np.nan)
        for (_, test), without in zip(self.folds, self.parts, strict=False):
            rest = self.total - without
            for number, penalty in enumerate(penalties):
                weights, bias = rest.solve_centred(penalty)
                out[number, test] = self.X[test] @ weights + bias
        return out

    def solve(self, penalty: float) -> Weights:
        return self.projection.unfold(self.total.solve_centred(penalty)[0])
