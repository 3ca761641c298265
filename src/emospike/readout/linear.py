"""Linear readout: ridge regression on class indicators, solved in the space of clips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float32, Int8, Shaped

from emospike.validation import InputError, positive, within

Vectors = Float32[np.ndarray, "clips dims"]
Labels = Shaped[np.ndarray, " clips"]
Scores = Float32[np.ndarray, "clips classes"]


@dataclass
class LinearReadout:
    """Ridge regression from state vectors to class indicators.

        scores = X W + b,    W = X^T (X X^T + alpha I)^-1 (Y - mean Y),    b = mean Y

    Y holds 1 for a clip's class and 0 elsewhere. There are far fewer clips than neurons, so the system is solved
    in its dual form; X must be centred (see `SoftScaler`).

    Attributes
    ----------
    alpha : strength of the penalty on W, in units of squared length of a scaled state vector
    memory : training clips that are kept (in 8 bits), evenly over the classes, so that what is learnt later does
        not overwrite what was learnt first
    """

    alpha: float = 3000.0
    memory: int = 48
    classes_: Shaped[np.ndarray, " classes"] = field(init=False, repr=False, compare=False)
    weights_: Float32[np.ndarray, "dims classes"] = field(init=False, repr=False, compare=False)
    bias_: Float32[np.ndarray, " classes"] = field(init=False, repr=False, compare=False)
    memory_: Int8[np.ndarray, "kept dims"] = field(init=False, repr=False, compare=False)
    unit_: Float32[np.ndarray, ""] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        positive("alpha", self.alpha)
        within("memory", self.memory, 0, 10_000)

    def fit(self, X: Vectors, y: Labels, weights: Float32[np.ndarray, " clips"] | None = None) -> LinearReadout:
        """Fit to training clips; `weights` counts a clip more or less than once."""
        indicators = self._indicators(y)
        root = np.ones(len(X), np.float32) if weights is None else np.sqrt(weights / weights.mean())
        rows = X * root[:, None]
        self._fit(rows, rows @ rows.T, indicators, root)
        self._remember(X, y)
        return self

    def fit_holding_out(self, X: Vectors, y: Labels, folds: Sequence[tuple[Any, Any]]) -> Scores:
        """Fit to all clips, and return the scores that they get from readouts fitted without them.

        `folds` holds (train, test) indices; clips that no fold tests keep NaN. The products X X^T, which cost most,
        are computed once for all.
        """
        indicators, gram = self._indicators(y), X @ X.T
        out = np.full(indicators.shape, np.nan, np.float32)
        for train, test in folds:
            bias = indicators[train].mean(axis=0)
            dual = solve(gram[np.ix_(train, train)], indicators[train] - bias, self.alpha)
            out[test] = gram[np.ix_(test, train)] @ dual + bias
        self._fit(X, gram, indicators, np.ones(len(X), np.float32))
        self._remember(X, y)
        return out

    def _fit(self, rows: Vectors, gram: Any, indicators: Scores, root: Float32[np.ndarray, " clips"]) -> None:
        self.bias_ = np.average(indicators, axis=0, weights=root**2).astype(np.float32)
        self.weights_ = rows.T @ solve(gram, (indicators - self.bias_) * root[:, None], self.alpha)

    def _remember(self, X: Vectors, y: Labels) -> None:
        """Keep clips of every class, evenly spaced among the training clips."""
        each = -(-self.memory // len(self.classes_))
        own = [np.flatnonzero(y == name) for name in self.classes_]
        rows = [of[np.linspace(0, len(of) - 1, min(each, len(of))).astype(int)] for of in own] if self.memory else []
        kept = X[np.concatenate(rows)] if rows else X[:0]
        self.unit_ = np.array(np.abs(kept).max(initial=1e-9) / 127, np.float32)
        self.memory_ = np.round(kept / self.unit_).astype(np.int8)

    def scores(self, X: Vectors) -> Scores:
        """Return one score a class; larger is likelier."""
        # Row by row: a matrix product may round a clip differently in another company.
        scores: Scores = np.stack([x @ self.weights_ + self.bias_ for x in X])
        return scores

    def state(self) -> dict[str, Any]:
        """Return the fitted arrays."""
        names = ("classes", "weights", "bias", "memory", "unit")
        return {name: getattr(self, f"{name}_") for name in names}

    def partial_fit(self, X: Vectors, y: Labels) -> LinearReadout:
        """Move the weights as little as the new clips ask for; classes not seen before get a column of their own.

            W <- W + Z^T (Z Z^T + alpha I)^-1 R

        which is ridge regression towards the old weights. Z holds the new clips, with residuals R = Y - Z W - b, and
        the remembered ones, whose scores should stay for the old classes (R = 0) and be 0 for new ones (R = -b). A new
        class begins with the mean b of the old.
        """
        classes = np.unique(np.concatenate([self.classes_, np.unique(y)]))
        old = np.searchsorted(classes, self.classes_)
        weights = np.zeros((self.weights_.shape[0], len(classes)), np.float32)
        bias = np.full(len(classes), self.bias_.mean(), np.float32)
        weights[:, old], bias[old] = self.weights_, self.bias_
        self.classes_, self.weights_, self.bias_ = classes, weights, bias
        residual = (y[:, None] == classes).astype(np.float32) - self.scores(X)
        rows = np.concatenate([X, self.memory_ * self.unit_])
        kept = np.zeros((len(self.memory_), len(classes)), np.float32)
        fresh = np.setdiff1d(np.arange(len(classes)), old)
        kept[:, fresh] = -bias[fresh]
        targets = np.concatenate([residual, kept])
        self.weights_ = self.weights_ + rows.T @ solve(rows @ rows.T, targets, self.alpha)
        return self

    @classmethod
    def restore(cls, parameters: dict[str, Any], state: dict[str, Any]) -> LinearReadout:
        """Return the readout that `state` was taken from."""
        readout = cls(**parameters)
        for name, array in state.items():
            setattr(readout, f"{name}_", array)
        return readout

    def _indicators(self, y: Labels) -> Scores:
        """Return 1 for each clip's class, 0 elsewhere, and note the classes."""
        self.classes_ = np.unique(y)
        if len(self.classes_) < 2:
            raise InputError(f"at least 2 classes are needed to train, got only {self.classes_.tolist()}")
        indicators: Scores = (y[:, None] == self.classes_).astype(np.float32)
        return indicators


def solve(
    gram: Float32[np.ndarray, "clips clips"], targets: Float32[np.ndarray, "clips classes"], alpha: float
) -> Float32[np.ndarray, "clips classes"]:
    """Return (gram + alpha I)^-1 targets by Cholesky decomposition."""
    from scipy.linalg import solve as solve_symmetric

    damped = gram + np.float32(alpha) * np.eye(len(gram), dtype=np.float32)
    out: Float32[np.ndarray, "clips classes"] = solve_symmetric(
        damped, targets.astype(np.float32), assume_a="pos", overwrite_a=True
    )
    return out
