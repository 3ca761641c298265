"""Linear readout: ridge regression on class indicators, solved in the space of clips."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Bool, Float16, Float32, Int, Int8, Shaped

from emospike.quantisation import check_bits, largest_integer, round_weights
from emospike.readout.primal import fit_primal
from emospike.readout.scaling import ScaledRows
from emospike.validation import InputError, positive, within

Vectors = Float32[np.ndarray, "clips dims"]
Labels = Shaped[np.ndarray, " clips"]
Scores = Float32[np.ndarray, "clips classes"]

FITTED = ("classes", "weights", "bias", "memory", "unit", "penalty", "expected", "bolder", "met")

PRIOR_CLIPS = 2
"""Labelled clips of new speakers that count as much as all training speakers for where their scores lie."""

CAUTIOUS_CLIPS = 4
"""Labelled clips of new speakers after which half of the caution that virtual copies taught is dropped.

Both numbers were the best of 1 to 16, or as good as the best, on speakers held out of the training part of RAVDESS."""

TOO_COARSE = "weights of 4 bits lose what few clips change: adapt the model in floats, and quantise it then"


@dataclass
class LinearReadout:
    """Ridge regression from state vectors to class indicators.

        scores = X W + b,    W = X^T (X X^T + alpha I)^-1 (Y - mean Y),    b = mean Y

    Y holds 1 for a clip's class and 0 elsewhere. There are far fewer clips than neurons, so the system is solved
    in its dual form; X must be centred (see `SoftScaler`).

    Attributes
    ----------
    alpha : strength of the penalty on W, in units of squared length of a scaled state vector
    relative : alpha is a share of the mean squared length of the training vectors instead, so that it suits few
        dimensions as well as many
    per_row : alpha is counted once for each training row, so that it suits few clips as well as many
    memory : training clips that are kept (in 8 bits), evenly over the classes, so that what is learnt later does
        not overwrite what was learnt first
    bits : None: weights are floats; 8 or 4: integers of so many bits times a unit of each class (`units_`). What
        held-out clips score, and with it the calibration, is of weights before they are rounded

    Virtual copies that train beside recorded clips make the weights look past all that tells speakers apart. Where a
    speaker has become known that is too cautious. So it is kept what weights and bias would be more without the copies
    (`bolder_`, the bias in its last row; no rows where there were none), to be added as labelled clips come.
    """

    alpha: float = 3000.0
    memory: int = 48
    relative: bool = False
    per_row: bool = False
    bits: int | None = None
    classes_: Shaped[np.ndarray, " classes"] = field(init=False, repr=False, compare=False)
    weights_: Float32[np.ndarray, "dims classes"] = field(init=False, repr=False, compare=False)
    bias_: Float32[np.ndarray, " classes"] = field(init=False, repr=False, compare=False)
    memory_: Int8[np.ndarray, "kept dims"] = field(init=False, repr=False, compare=False)
    unit_: Float32[np.ndarray, ""] = field(init=False, repr=False, compare=False)
    penalty_: Float32[np.ndarray, ""] = field(init=False, repr=False, compare=False)
    expected_: Float32[np.ndarray, "classes classes"] = field(init=False, repr=False, compare=False)
    bolder_: Float16[np.ndarray, "dims_and_bias classes"] = field(init=False, repr=False, compare=False)
    met_: Float32[np.ndarray, ""] = field(init=False, repr=False, compare=False)
    units_: Float32[np.ndarray, " classes"] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_bits(self.bits)
        positive("alpha", self.alpha)
        within("memory", self.memory, 0, 10_000)

    def fit(self, X: Vectors, y: Labels, weights: Float32[np.ndarray, " clips"] | None = None) -> LinearReadout:
        """Fit to training clips; `weights` counts a clip more or less than once."""
        indicators = self._indicators(y)
        root = _take_root(weights, len(X))
        rows = X * root[:, None]
        gram = rows @ rows.T
        self._weigh(np.diag(gram), len(X))
        self._fit(rows, gram, indicators, root)
        self._remember(X, y)
        self._compare(X, indicators, np.arange(len(X)), root)
        self._round()
        self._expect(self.scores(X), y)
        return self

    def fit_holding_out(
        self,
        X: Vectors,
        y: Labels,
        folds: Sequence[tuple[Any, Any]],
        weights: Float32[np.ndarray, " clips"] | None = None,
    ) -> Scores:
        """Fit to all clips, and return the scores that they get from readouts fitted without them.

        `folds` holds (train, test) indices; clips that no fold tests keep NaN. The products X X^T, which cost most,
        are computed once for all. `weights` counts a clip more or less than once.
        """
        indicators, root = self._indicators(y), _take_root(weights, len(X))
        rows = X * root[:, None]
        gram = rows @ rows.T
        self._weigh(np.diag(gram), len(X))
        out = np.full(indicators.shape, np.nan, np.float32)
        for train, test in folds:
            bias = np.average(indicators[train], axis=0, weights=root[train] ** 2).astype(np.float32)
            wanted = (indicators[train] - bias) * root[train, None]
            dual = solve(gram[np.ix_(train, train)], wanted, self.penalty_)
            out[test] = gram[np.ix_(test, train)] @ dual / root[test, None] + bias
        self._fit(rows, gram, indicators, root)
        self._remember(X, y)
        tested = np.flatnonzero(np.isfinite(out).all(axis=1))
        self._expect(out[tested], y[tested])
        self._compare(X, indicators, tested, root)
        self._round()
        return out

    def _fit(self, rows: Vectors, gram: Any, indicators: Scores, root: Float32[np.ndarray, " clips"]) -> None:
        self.bias_ = np.average(indicators, axis=0, weights=root**2).astype(np.float32)
        self.weights_ = rows.T @ solve(gram, (indicators - self.bias_) * root[:, None], self.penalty_)

    def fit_rows(
        self,
        X: ScaledRows,
        y: Labels,
        folds: Sequence[tuple[Any, Any]],
        recorded: Bool[np.ndarray, " clips"],
        weights: Float32[np.ndarray, " clips"] | None = None,
    ) -> Scores:
        """Do what `fit_holding_out` does with more rows than fit in memory, in the primal (see `fit_primal`).

        Weights are rounded to half precision, which moves scores less than the projection does.
        `recorded` marks the rows that are no copies, `weights` counts rows more or less than once.
        """
        indicators = self._indicators(y)
        some = np.linspace(0, len(X) - 1, min(len(X), 1000)).astype(int)
        self._weigh(np.square(X[some]).sum(axis=1), len(X))
        counted = np.ones(len(X), np.float32) if weights is None else (weights / weights.mean()).astype(np.float32)
        penalty = float(self.penalty_)
        found = fit_primal(X, indicators, folds, penalty=penalty, weights=counted, recorded=recorded)
        self.weights_, self.bias_ = found.weights.astype(np.float16).astype(np.float32), found.bias
        self.bolder_ = np.zeros((0, len(self.classes_)), np.float16)
        if not recorded.all():
            more = np.vstack([found.recorded_weights - found.weights, found.recorded_bias - found.bias])
            self.bolder_ = more.astype(np.float16)
        self._remember(X, y)
        tested = np.flatnonzero(np.isfinite(found.held_out).all(axis=1))
        self._expect(found.held_out[tested], y[tested])
        self._round()
        return found.held_out

    def _weigh(self, squares: Float32[np.ndarray, " clips"], rows: int) -> None:
        """Set the penalty in the units of the squared lengths of vectors."""
        unit = (squares.mean() if self.relative else 1) * (rows if self.per_row else 1)
        self.penalty_ = np.array(self.alpha * unit, np.float32)

    def _remember(self, X: Vectors | ScaledRows, y: Labels) -> None:
        """Keep clips of every class, evenly spaced among the training clips."""
        each = -(-self.memory // len(self.classes_))
        own = [np.flatnonzero(y == name) for name in self.classes_]
        rows = [of[np.linspace(0, len(of) - 1, min(each, len(of))).astype(int)] for of in own] if self.memory else []
        kept = X[np.concatenate(rows) if rows else slice(0)]
        self.unit_ = np.array(np.abs(kept).max(initial=1e-9) / 127, np.float32)
        self.memory_ = np.round(kept / self.unit_).astype(np.int8)

    def _expect(self, scores: Scores, y: Labels) -> None:
        """Note the mean scores that clips of each class get, NaN for a class without clips."""
        self.expected_ = np.full((len(self.classes_),) * 2, np.nan, np.float32)
        for row, name in enumerate(self.classes_):
            if (y == name).any():
                self.expected_[row] = scores[y == name].mean(axis=0)
        self.met_ = np.array(0, np.float32)

    def _compare(self, X: Vectors, indicators: Scores, recorded: Int[np.ndarray, " recorded"], root: Any) -> None:
        """Note what weights and bias would be more if the copies, those clips that no fold tests, did not train."""
        self.bolder_ = np.zeros((0, len(self.classes_)), np.float16)
        if len(recorded) in (0, len(X)):
            return
        counts, own = root[recorded, None], X[recorded]
        middle, mean = ((one * counts**2).sum(axis=0) / (counts**2).sum() for one in (own, indicators[recorded]))
        rows = (own - middle) * counts
        weights = rows.T @ solve(rows @ rows.T, (indicators[recorded] - mean) * counts, self.penalty_)
        self.bolder_ = np.vstack([weights - self.weights_, mean - middle @ weights - self.bias_]).astype(np.float16)

    def scores(self, X: Vectors) -> Scores:
        """Return one score a class; larger is likelier.

        Some ten thousand products are summed up in double precision: in single, probabilities are off in the 6th digit.
        """
        weights = self.weights_.astype(float)
        # Row by row: a matrix product may round a clip differently in another company.
        scores: Scores = np.stack([x.astype(float) @ weights + self.bias_ for x in X]).astype(np.float32)
        return scores

    def stop_learning(self) -> LinearReadout:
        """Drop what later clips would be learnt with, two thirds of its size: `memory_` and `bolder_`."""
        self.memory_, self.bolder_ = self.memory_[:0], self.bolder_[:0]
        return self

    def state(self) -> dict[str, Any]:
        """Return the fitted arrays; weights of half precision take half the room, integers a quarter."""
        arrays = {name: getattr(self, f"{name}_") for name in FITTED}
        if self.bits is not None:
            return arrays | {"weights": round_weights(self.weights_, self.bits, self.units_), "units": self.units_}
        half = self.weights_.astype(np.float16)
        return arrays | ({"weights": half} if np.array_equal(half, self.weights_) else {})

    def partial_fit(self, X: Vectors, y: Labels) -> LinearReadout:
        """Take the new speakers' offset from the scores, then move the weights as little as the new clips ask for.

        With n clips of known classes so far, a share n / (n + `CAUTIOUS_CLIPS`) of `bolder_` is added. What they now
        score above clips of their classes that were held out in training, on average, is taken for a trait of who
        speaks, and believed to the share t:

            b <- b - t mean(Z W + b - E_class),    t = n / (n + `PRIOR_CLIPS` + clips of earlier calls)

        Ridge regression towards the old weights follows, about the point m = t mean(Z):

            W <- W + D,    b <- b - m D,    D = (Z - m)^T ((Z - m) (Z - m)^T + alpha I)^-1 R

        Z holds the new clips, with residuals R = Y - Z W - b, and the remembered ones, whose scores should stay for the
        old classes (R = 0) and be 0 for those that training did not have (R = - M W - b). A class not seen before
        begins with W = 0 and the mean b of the others.

        Raises
        ------
        InputError : weights of 4 bits, whose rounding loses what few clips change
        """
        if self.bits == 4:
            raise InputError(TOO_COARSE)
        known = np.isin(y, self.classes_[np.isfinite(self.expected_).any(axis=1)])
        self._extend(np.unique(y))
        trust = known.sum() / (known.sum() + PRIOR_CLIPS + self.met_)
        self._dare(int(known.sum()))
        middle = np.float32(trust) * X[known].mean(axis=0) if known.any() else np.zeros_like(X[0])
        self.bias_ = self.bias_ - np.float32(trust) * self._surplus(X[known], y[known])
        rows, remembered = np.concatenate([X, self.memory_ * self.unit_]), slice(len(X), None)
        residuals = -self.scores(rows)
        residuals[: len(X)] += y[:, None] == self.classes_
        residuals[remembered, np.isfinite(self.expected_).any(axis=0)] = 0
        rows -= middle
        change = rows.T @ solve(rows @ rows.T, residuals, self.penalty_)
        self.weights_, self.bias_ = self.weights_ + change, self.bias_ - middle @ change
        self._round()
        return self

    def quantise(self, bits: int) -> LinearReadout:
        """Make the weights integers of `bits` bits, 8 or 4, times a unit of each class, in place; return the readout.

            w = q u,    u = max|w| / (2^(bits - 1) - 1)

        State vectors and the bias stay real numbers.
        """
        check_bits(bits)
        self.bits = bits
        self._round()
        return self

    def _round(self) -> None:
        if self.bits is not None:
            largest = np.abs(self.weights_).max(axis=0, initial=0)
            self.units_ = np.where(largest > 0, largest / largest_integer(self.bits), 1).astype(np.float32)
            self.weights_ = round_weights(self.weights_, self.bits, self.units_) * self.units_

    def _dare(self, clips: int) -> None:
        """Add what `clips` more of known classes allow of the bolder weights."""
        before, after = (n / (n + CAUTIOUS_CLIPS) for n in (float(self.met_), float(self.met_) + clips))
        self.met_ = np.array(self.met_ + clips, np.float32)
        if len(self.bolder_):
            step = np.float32(after - before) * self.bolder_.astype(np.float32)
            self.weights_, self.bias_ = self.weights_ + step[:-1], self.bias_ + step[-1]

    def keep_caution(self) -> LinearReadout:
        """Return a copy that learns on without `bolder_`, for speakers who stay strangers."""
        cautious = deepcopy(self)
        cautious.bolder_ = np.zeros((0, len(self.classes_)), np.float16)
        return cautious

    def _extend(self, names: Labels) -> None:
        """Make room for classes that are new."""
        classes = np.unique(np.concatenate([self.classes_, names]))
        old = np.searchsorted(classes, self.classes_)
        weights = np.zeros((len(self.weights_), len(classes)), np.float32)
        bias = np.full(len(classes), self.bias_.mean(), np.float32)
        expected = np.full((len(classes),) * 2, np.nan, np.float32)
        bolder = np.zeros((len(self.bolder_), len(classes)), np.float16)
        weights[:, old], bias[old], bolder[:, old] = self.weights_, self.bias_, self.bolder_
        expected[np.ix_(old, old)] = self.expected_
        self.classes_, self.weights_, self.bias_ = classes, weights, bias
        self.expected_, self.bolder_ = expected, bolder

    def _surplus(self, X: Vectors, y: Labels) -> Float32[np.ndarray, " classes"]:
        """Return what clips score above those of their classes in training; 0 for what training does not tell."""
        if not len(X):
            return np.zeros_like(self.bias_)
        above: Scores = self.scores(X) - self.expected_[np.searchsorted(self.classes_, y)]
        mean: Float32[np.ndarray, " classes"] = np.nan_to_num(above).mean(axis=0)
        return mean

    @classmethod
    def restore(cls, parameters: dict[str, Any], state: dict[str, Any]) -> LinearReadout:
        """Return the readout that `state` was taken from."""
        readout = cls(**parameters)
        for name in FITTED:
            setattr(readout, f"{name}_", state[name])
        if readout.bits is not None:
            readout.units_ = check_whole(readout.weights_, state.get("units"), readout.bits)
            readout.weights_ = readout.weights_ * readout.units_
        elif readout.weights_.dtype.kind != "f":
            raise InputError("weights in floats expected")
        readout.weights_ = readout.weights_.astype(np.float32, copy=False)
        if len(readout.bolder_) not in (0, 1 + len(readout.weights_)):
            raise InputError(f"weights of {len(readout.weights_)} dimensions and a bias to be added expected")
        return readout

    def _indicators(self, y: Labels) -> Scores:
        """Return 1 for each clip's class, 0 elsewhere, and note the classes."""
        self.classes_ = np.unique(y)
        if len(self.classes_) < 2:
            raise InputError(f"at least 2 classes are needed to train, got only {self.classes_.tolist()}")
        indicators: Scores = (y[:, None] == self.classes_).astype(np.float32)
        return indicators


def check_whole(weights: Any, units: Any, bits: int) -> Any:
    """Return the units of weights that are integers of so many bits; raise `InputError` for others."""
    most = largest_integer(bits)
    if weights.dtype != np.int8 or weights.size == 0 or not -most <= weights.min() <= weights.max() <= most:
        raise InputError(f"weights of {bits} bits expected, -{most} to {most}")
    if units is None or units.dtype != np.float32 or not (units > 0).all():
        raise InputError("a unit above 0 for the weights of each class expected")
    return units


def _take_root(weights: Float32[np.ndarray, " clips"] | None, clips: int) -> Float32[np.ndarray, " clips"]:
    """Return what each row is multiplied by to count by its weight: 1 on average of the squares, or for all."""
    return np.ones(clips, np.float32) if weights is None else np.sqrt(weights / weights.mean())


def solve(
    gram: Float32[np.ndarray, "clips clips"], targets: Float32[np.ndarray, "clips classes"], penalty: Any
) -> Float32[np.ndarray, "clips classes"]:
    """Return (gram + penalty I)^-1 targets by Cholesky decomposition."""
    from scipy.linalg import solve as solve_symmetric

    damped = gram + np.float32(penalty) * np.eye(len(gram), dtype=np.float32)
    out: Float32[np.ndarray, "clips classes"] = solve_symmetric(
        damped, targets.astype(np.float32), assume_a="pos", overwrite_a=True
    )
    return out
