"""Calibration: from scores to probabilities of labels, and the confidence that an answer needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Float32, Shaped

from emospike.readout.risk import RiskTable
from emospike.schema import check_fitted
from emospike.validation import InputError, within

Scores = Float32[np.ndarray, "clips learnt"]
Probabilities = Float[np.ndarray, "clips classes"]
Labels = Shaped[np.ndarray, " clips"]
Weights = Float32[np.ndarray, " clips"]


SHARPEST = 12.0
"""Logits change by at most so much for one standard deviation of the scores."""


@dataclass
class Calibration:
    """Turns scores into probabilities by one temperature and one bias a class, and sets the threshold of an answer.

        p_k = softmax_k(s_k / T + b_k),    P_label = sum of p_k over the classes k of that label

    T and b minimise the cross-entropy of scores of training speakers that the scorer had not seen (Guo et al.
    2017: temperature scaling, with biases so that each class is predicted as often as it occurs). A weak quadratic
    penalty on b keeps rare classes finite, and 1 / T is at most `SHARPEST`, in units of the spread of s, so that
    scores that part the classes without an error do not pass for certainty. Classes may be finer than labels
    (emotions, where the label is arousal): a sad cry and a calm word are both low, and no straight line tells them
    from the rest together. Where the classes are uncertain, as among strangers, P favours the label that has more of
    them; the sum of their scores S_label does not. Both are then joined, by further numbers fitted in the same way:

        P_label <- softmax_label(u ln P_label + v S_label + c_label),    u, v >= 0

    Attributes
    ----------
    coverage : share of the held-out clips that the threshold lets through
    penalty : weight of the squared biases, per clip
    label_of_ : the label of each class that has scores, in the order of the scores
    joint_ : u, v and c of each label; None where every class is a label, and in models of an older emospike
    threshold_ : confidence below which the answer is "don't know"
    risks_ : from which threshold on errors are how rare; None in models of an older emospike
    class_means_ : mean held-out scores of the clips of each class, a row a class; None likewise
    prior_ : mean held-out probability of each class that has scores; None likewise
    """

    coverage: float = 0.78
    penalty: float = 1e-3
    label_of_: dict[str, str] = field(init=False, repr=False, compare=False)
    temperature_: float = field(default=1.0, init=False, compare=False)
    bias_: Float[np.ndarray, " learnt"] = field(init=False, repr=False, compare=False)
    joint_: Float[np.ndarray, " numbers"] | None = field(default=None, init=False, repr=False, compare=False)
    threshold_: float = field(default=0.0, init=False, compare=False)
    risks_: RiskTable | None = field(default=None, init=False, repr=False, compare=False)
    class_means_: Float32[np.ndarray, "learnt learnt"] | None = field(
        default=None, init=False, repr=False, compare=False
    )
    prior_: Float32[np.ndarray, " learnt"] | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        within("coverage", self.coverage, 0, 1)

    @property
    def learnt(self) -> tuple[str, ...]:
        """The classes that have scores, in the order of the scores."""
        return tuple(self.label_of_)

    @property
    def classes(self) -> tuple[str, ...]:
        """Sorted labels."""
        return tuple(sorted(set(self.label_of_.values())))

    def fit(
        self,
        scores: Scores,
        learnt: Labels,
        label_of: Mapping[str, str],
        recorded: Bool[np.ndarray, " clips"] | None = None,
        weights: Weights | None = None,
        *,
        for_strangers: bool = False,
    ) -> Probabilities:
        """Fit to held-out scores, and return their probabilities; a clip that was not held out has NaN in both.

        Parameters
        ----------
        learnt : the class of each clip
        label_of : the label of each class, in the order of the scores
        recorded : clips that threshold and risks are set by: those that were recorded, or their copies too
        weights : how much each clip counts in T and b, and in the means of scores
        for_strangers : what decides is to be a corpus that is not at hand: then u = 0, as what finer classes a corpus
            has, and how they sound there, is the corpus's own; and c = 0, as a few corpora do not tell an offset from
            chance
        """
        self.label_of_ = dict(label_of)
        tested = np.isfinite(scores).all(axis=1)
        known = None if weights is None else weights[tested]
        self._minimise(scores[tested], learnt[tested], known)
        self.joint_ = None
        if len(self.classes) < len(self.learnt):
            self._join(scores[tested], learnt[tested], known, for_strangers=for_strangers)
        held_out = self.probabilities(scores)
        own = tested if recorded is None else tested & recorded
        self.threshold_ = threshold_for(held_out[own], self.coverage)
        decided = np.array(self.classes)[held_out[own].argmax(axis=1)]
        truth = np.array([self.label_of_[str(name)] for name in learnt[own]])
        self.risks_ = RiskTable.fit(held_out[own].max(axis=1), decided == truth)
        self._average(scores[own], learnt[own], None if weights is None else weights[own])
        return held_out

    def _average(self, scores: Scores, learnt: Labels, weights: Weights | None) -> None:
        """Note mean scores and probabilities; a class without clips has the mean scores of all."""
        mean = np.average(scores, axis=0, weights=weights)
        means = [mean] * len(self.learnt)
        for row, name in enumerate(self.learnt):
            if (own := learnt == name).any():
                means[row] = np.average(scores[own], axis=0, weights=None if weights is None else weights[own])
        self.class_means_ = np.array(means, np.float32)
        self.prior_ = np.average(self.finer_probabilities(scores), axis=0, weights=weights).astype(np.float32)

    def threshold_at(self, risk: float) -> float:
        """Return the confidence from which answers are wrong at most that often (see `RiskTable`); infinity if none.

        Raises
        ------
        InputError : a risk that is no share, or a model of an emospike that did not keep this
        """
        if self.risks_ is None:
            raise InputError(
                "this model was trained before models kept which threshold has which risk: train it again, or use "
                "a threshold"
            )
        return self.risks_.find_threshold(risk)

    def _minimise(self, scores: Scores, learnt: Labels, weights: Weights | None = None) -> None:
        from scipy.optimize import minimize

        target = (learnt[:, None] == np.array(self.learnt)).astype(float)
        centred = scores.astype(float) - scores.mean(axis=1, keepdims=True)
        unit = centred.std() or 1.0
        # 1 for each clip where there are no weights: products with it change no bit
        share = np.ones((len(target), 1)) if weights is None else (weights / weights.mean()).astype(float)[:, None]

        def loss(x: Any) -> tuple[float, Any]:
            logits = np.exp(x[0]) * centred / unit + x[1:]
            log_p = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
            error = share * (np.exp(log_p) - target) / len(target)
            slope = (error * np.exp(x[0]) * centred / unit).sum()
            value = -(share * target * log_p).sum() / len(target) + self.penalty * (x[1:] ** 2).sum()
            return value, np.concatenate([[slope], error.sum(axis=0) + 2 * self.penalty * x[1:]])

        bounds = [(None, np.log(SHARPEST)), *[(None, None)] * len(self.learnt)]
        best = minimize(loss, np.zeros(1 + len(self.learnt)), jac=True, method="L-BFGS-B", bounds=bounds).x
        self.temperature_, self.bias_ = float(unit / np.exp(best[0])), best[1:]

    def _join(self, scores: Scores, learnt: Labels, weights: Weights | None, *, for_strangers: bool) -> None:
        """Fit what joins the probabilities of labels and the sums of their scores."""
        from scipy.optimize import minimize

        target = np.array([self.label_of_[str(name)] for name in learnt])[:, None] == np.array(self.classes)
        first, second = self._sum_labels(scores)
        share = np.full((len(target), 1), 1 / len(target))
        share = share if weights is None else share * (weights / weights.mean()).astype(float)[:, None]

        def loss(x: Any) -> tuple[float, Any]:
            logits = x[0] * first + x[1] * second + x[2:]
            log_p = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
            error = share * (np.exp(log_p) - target)
            slopes = [(error * first).sum(), (error * second).sum()]
            value = -(share * target * log_p).sum() + self.penalty * (x[2:] ** 2).sum()
            return value, np.concatenate([slopes, error.sum(axis=0) + 2 * self.penalty * x[2:]])

        free = 0 if for_strangers else None
        offsets = [(free, free)] * len(self.classes)
        bounds = [(0, 0 if for_strangers else SHARPEST), (0, None), *offsets]
        start = np.array([float(not for_strangers), 1.0, *[0.0] * len(self.classes)])
        self.joint_ = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x

    def _sum_labels(self, scores: Scores) -> tuple[Probabilities, Probabilities]:
        """Return ln of the summed probabilities of each label's classes, and their summed scores."""
        member = np.array(list(self.label_of_.values()))[:, None] == np.array(self.classes)
        return np.log(np.maximum(self.finer_probabilities(scores) @ member, 1e-12)), scores.astype(float) @ member

    def finer_probabilities(self, scores: Scores) -> Float[np.ndarray, "clips learnt"]:
        """Return the calibrated probability of each class that has scores."""
        logits = (scores - scores.mean(axis=1, keepdims=True)) / self.temperature_ + self.bias_
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        out: Float[np.ndarray, "clips learnt"] = odds / odds.sum(axis=1, keepdims=True)
        return out

    def probabilities(self, scores: Scores) -> Probabilities:
        """Return the calibrated probability of each label, in the order of `classes`."""
        if self.joint_ is None:
            member = np.array(list(self.label_of_.values()))[:, None] == np.array(self.classes)
            summed: Probabilities = self.finer_probabilities(scores) @ member
            return summed
        first, second = self._sum_labels(scores)
        logits = self.joint_[0] * first + self.joint_[1] * second + self.joint_[2:]
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        joined: Probabilities = odds / odds.sum(axis=1, keepdims=True)
        return joined

    def log_odds(self, scores: Scores, target: int) -> float:
        """Return ln p / (1 - p) of the class with this index, for one clip, also where p rounds to 0 or 1."""
        (row,) = scores
        logits = (row.astype(float) - row.mean()) / self.temperature_ + self.bias_
        return float(logits[target] - np.logaddexp.reduce(np.delete(logits, target)))

    def name_finer(self, scores: Scores, labels: Labels) -> Labels:
        """Return the likeliest of the classes that each clip's label stands for, or the label itself if it has none.

        Not knowing which class of its label a clip belongs to, a scorer would learn the label as a new class.
        """
        names, own = np.array(self.learnt), np.array(list(self.label_of_.values()))
        inside = own == np.asarray(labels, dtype=str)[:, None]
        best = names[np.where(inside, self.finer_probabilities(scores), -1).argmax(axis=1)]
        return np.where(inside.any(axis=1) & ~np.isin(labels, names), best, labels)

    def extend(self, learnt: Labels) -> None:
        """Make room for classes that were learnt later, in this new order of scores; they take the mean old bias."""
        before, bias = self.learnt, np.full(len(learnt), self.bias_.mean())
        names = [str(name) for name in learnt]
        place = [names.index(name) for name in before]
        bias[place] = self.bias_
        if self.class_means_ is not None and self.prior_ is not None:
            means, prior = np.full((len(names),) * 2, self.class_means_.mean(), np.float32), np.zeros(len(names))
            means[:, place] = self.class_means_.mean(axis=0)
            means[np.ix_(place, place)], prior[place] = self.class_means_, self.prior_
            self.class_means_, self.prior_ = means, prior.astype(np.float32)
        labels = self.classes
        self.label_of_ = {name: self.label_of_.get(name, name) for name in names}
        self.bias_ = bias
        if self.joint_ is not None:
            more = np.full(len(self.classes), self.joint_[2:].mean())
            more[[self.classes.index(name) for name in labels]] = self.joint_[2:]
            self.joint_ = np.concatenate([self.joint_[:2], more])

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return the fitted arrays, and the facts that JSON can hold."""
        facts = {"learnt": list(self.learnt), "groups": list(self.label_of_.values())}
        arrays: dict[str, np.ndarray] = {"bias": self.bias_} | ({} if self.joint_ is None else {"joint": self.joint_})
        if self.risks_ is not None and self.class_means_ is not None and self.prior_ is not None:
            arrays |= {"risk": np.stack([self.risks_.thresholds, self.risks_.risks])}
            arrays |= {"class_means": self.class_means_, "prior": self.prior_}
        return arrays, facts | {"temperature": self.temperature_, "threshold": self.threshold_}

    def restore(self, arrays: Mapping[str, Any], facts: Mapping[str, Any]) -> Calibration:
        """Take back what `state` returned; an older emospike kept the bias alone."""
        self.label_of_ = dict(zip(facts["learnt"], facts["groups"], strict=True))
        self.bias_, self.temperature_ = arrays["bias"], float(facts["temperature"])
        self.threshold_, self.joint_ = float(facts["threshold"]), arrays.get("joint")
        self.risks_ = RiskTable(*arrays["risk"]) if "risk" in arrays else None
        self.class_means_, self.prior_ = arrays.get("class_means"), arrays.get("prior")
        check_fitted(self)
        if len(self.bias_) != len(facts["learnt"]) or self.temperature_ <= 0:
            raise InputError("a bias for each class that was learnt and a temperature above 0 expected")
        if self.joint_ is not None and len(self.joint_) != 2 + len(self.classes):
            raise InputError(f"{2 + len(self.classes)} numbers expected that join classes, got {len(self.joint_)}")
        return self

    def check(self, scores: Scores) -> None:
        """Raise `InputError` unless these scores, of any one clip, lead to finite probabilities."""
        if scores.shape != (1, len(self.learnt)) or not np.isfinite(self.probabilities(scores)).all():
            raise InputError(f"finite scores of {len(self.learnt)} classes expected")


def threshold_for(probabilities: Probabilities, coverage: float) -> float:
    """Return the confidence that a share `coverage` of the clips reaches.

    >>> threshold_for(np.array([[0.9, 0.1], [0.6, 0.4], [0.3, 0.7], [0.45, 0.55]]), coverage=0.5)
    0.7
    """
    within("coverage", coverage, 0, 1)
    confidence = np.sort(probabilities.max(axis=1))[::-1]
    return float(confidence[max(round(coverage * len(confidence)) - 1, 0)])


def group_labels(finer: Labels, labels: Labels) -> dict[str, str]:
    """Return the label of each finer label, sorted; raise `InputError` if one has two.

    >>> group_labels(np.array(["sad", "calm", "angry"]), np.array(["low", "low", "high"]))
    {'angry': 'high', 'calm': 'low', 'sad': 'low'}
    """
    pairs = sorted({(str(one), str(label)) for one, label in zip(finer, labels, strict=True)})
    if len(dict(pairs)) < len(pairs):
        twice = next(one for one, _ in pairs if sum(one == other for other, _ in pairs) > 1)
        raise InputError(f"each finer label must lie within one label, {twice!r} lies in several: check the labels")
    return dict(pairs)
