"""Fusion of answers that several senses gave alone: the less certain an answer, the less it counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float, Float32, Shaped

from emospike.readout.calibration import Calibration
from emospike.readout.readout import Readout
from emospike.schema import check_fitted
from emospike.validation import InputError

Apart = Sequence[Mapping[str, Any]]
"""Of each clip, what the readout of each sense reads."""
Scores = Float32[np.ndarray, "clips classes"]
Labels = Shaped[np.ndarray, " clips"]
Weights = Float32[np.ndarray, " clips"]
Probabilities = Float[np.ndarray, "clips classes"]


def entropy(probabilities: Probabilities) -> Float[np.ndarray, " clips"]:
    """Return how uncertain each answer is: Shannon's entropy in nats, 0 to the logarithm of the number of classes.

        H = -sum_k p_k ln p_k

    >>> entropy(np.array([[1.0, 0.0], [0.5, 0.5]])).round(3).tolist()
    [0.0, 0.693]
    """
    log_p = np.log(probabilities, out=np.zeros_like(probabilities), where=probabilities > 0)
    out: Float[np.ndarray, " clips"] = np.abs((probabilities * log_p).sum(axis=1))  # abs: no -0
    return out


def log_linear(answers: Sequence[Probabilities]) -> Probabilities:
    """Return the joint answer of several, weighted by their certainty; there is nothing to fit.

        p_k ~ prod_s p_sk^w_s,    w_s = exp(-H_s) / sum_r exp(-H_r)

    H_s is the entropy of the answer of sense s. The weights sum to one, so senses that agree get no more certain than
    the most certain of them.

    >>> sure, unsure = np.array([[0.9, 0.1]]), np.array([[0.4, 0.6]])
    >>> log_linear([sure, unsure]).round(3).tolist(), log_linear([sure, sure]).round(3).tolist()
    ([[0.754, 0.246]], [[0.9, 0.1]])

    Source: UDC-SNN (Ran et al. 2026, Sensors 26(9), 2859), whose abstract gives it in words: log-linear aggregation,
    parameter-free, with weights from entropies by an exponential decay; that the weights sum to one is ours.
    """
    weights = np.exp([-entropy(answer) for answer in answers])
    weights /= weights.sum(axis=0)
    log_p = sum(weight[:, None] * np.log(np.maximum(p, 1e-12)) for weight, p in zip(weights, answers, strict=True))
    odds = np.exp(log_p - np.max(log_p, axis=1, keepdims=True))
    fused: Probabilities = odds / odds.sum(axis=1, keepdims=True)
    return fused


@dataclass
class LateFusion(Readout):
    """The answers of several senses, joined in log-odds, and calibrated again.

        s_k = sum_s ln (p_sk / q_sk) + ln q_k,    q_k ~ prod_s q_sk^(1 / S)

    p_sk is what the readout of sense s, one of S, says of class k, and q_sk its mean over held-out training clips.
    These are the joint odds if what one sense shows does not depend on what the other does, given the class. An answer
    counts as much as its calibrated odds: what is hardly known moves nothing. A sense that is given something unlike
    all that it learnt from (see `Novelty`) is passed over as long as another is given something that is not.

    Attributes
    ----------
    parts : the readout of each sense, fitted; they are shared with the system
    coverage : share of held-out training clips that the threshold lets through
    """

    stage: ClassVar[str] = "fusion"

    parts: Mapping[str, Readout]
    coverage: float = 0.78
    calibration_: Calibration = field(init=False, repr=False, compare=False)
    held_out_: Probabilities = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.calibration_ = Calibration(self.coverage)

    def fit(self, held_out: Mapping[str, Probabilities], y: Labels, weights: Weights | None = None) -> LateFusion:
        """Fit temperature, offsets and threshold to what each sense said of the training clips when they were held out.

        Clips of which one sense said nothing (NaN) are left out.

        Raises
        ------
        InputError : too few clips that all senses decided on
        """
        answers = [held_out[sense] for sense in self.parts]
        whole = np.isfinite(np.sum(answers, axis=0)).all(axis=1)
        classes = next(iter(self.parts.values())).classes
        if len(np.unique(y[whole])) < len(classes):
            raise InputError(f"clips of every class with {' and '.join(self.parts)} are needed to join their answers")
        scores = np.full((len(y), len(classes)), np.nan, np.float32)
        scores[whole] = self._join([one[whole] for one in answers], np.ones((len(answers), int(whole.sum())), bool))
        self.held_out_ = self.calibration_.fit(scores, y, {name: name for name in classes}, None, weights)
        return self

    def _join(self, answers: Sequence[Probabilities], counts: Shaped[np.ndarray, "senses clips"]) -> Scores:
        """Return the joint log-odds of those senses that count."""
        priors = [np.log(self._prior(readout)) for readout in self.parts.values()]
        total = np.tile(np.mean(priors, axis=0), (len(answers[0]), 1))
        for own, prior, trusted in zip(answers, priors, counts, strict=True):
            total += trusted[:, None] * (np.log(np.maximum(own, 1e-6)) - prior)
        return total.astype(np.float32)

    @staticmethod
    def _prior(readout: Readout) -> Float[np.ndarray, " classes"]:
        """Return the mean held-out probability of each label; a label learnt later has the mean of the others."""
        known = readout.calibration_
        if known.prior_ is None:
            raise InputError(
                "this model was trained before models kept how often each class is decided: train it again"
            )
        member = np.array(list(known.label_of_.values()))[:, None] == np.array(known.classes)
        prior: Float[np.ndarray, " classes"] = known.prior_ @ member
        if not prior.max() > 0:
            raise InputError("how often a class is decided is above 0 for one at least")
        prior = np.where(prior > 0, prior, prior[prior > 0].mean())
        return np.asarray(prior / prior.sum())

    def scores(self, X: Apart, speakers: Labels | None = None) -> Scores:
        """Return the joint log-odds of clips."""
        answers = [readout.probabilities([one[sense] for one in X], speakers) for sense, readout in self.parts.items()]
        familiar = self._measure_novelties(X, speakers) <= 1
        return self._join(answers, familiar | ~familiar.any(axis=0))

    def _measure_novelties(self, X: Apart, speakers: Labels | None) -> Float32[np.ndarray, "senses clips"]:
        each = [one.measure_novelty([row[sense] for row in X], speakers) for sense, one in self.parts.items()]
        return np.array(each, np.float32)

    def measure_novelty(self, X: Apart, speakers: Labels | None = None) -> Float32[np.ndarray, " clips"]:
        """Return how strange the least strange sense is."""
        least: Float32[np.ndarray, " clips"] = self._measure_novelties(X, speakers).min(axis=0)
        return least

    def adapt(self, X: Apart, labels: Labels | None = None) -> LateFusion:
        """Take over classes that the readouts of the senses, which adapt by themselves, have learnt."""
        self.calibration_.extend(np.array(next(iter(self.parts.values())).classes))
        return self

    def state(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the fitted arrays, and the facts that JSON can hold; the senses' readouts are kept on their own."""
        return self.calibration_.state()

    def restore(self, arrays: Mapping[str, Any], facts: Mapping[str, Any]) -> LateFusion:
        """Take back what `state` returned."""
        self.calibration_.restore(arrays, facts)
        check_fitted(self)
        for readout in self.parts.values():
            self._prior(readout)
        self.calibration_.check(np.zeros((1, len(self.calibration_.learnt)), np.float32))
        return self
