"""Polled scores: from a trained network's own scores to probabilities, without a classifier in between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float, Float32, Int64, Shaped

from emospike.readout.readout import PRIOR_CLIPS
from emospike.readout.selective import Calibration, threshold_for
from emospike.validation import one_of, within

Scores = Float32[np.ndarray, "clips classes"]
Probabilities = Float[np.ndarray, "clips classes"]
Labels = Shaped[np.ndarray, " clips"]


@dataclass
class Polled:
    """Calibration of scores, an optional removal of speaker means, and a threshold.

    Attributes
    ----------
    normalise : ``"none"``; or ``"speaker"``: the mean scores of each speaker are removed, without looking at labels
    coverage : share of held-out training clips that the threshold lets through
    calibration_, threshold_ : fitted to scores of speakers that the network did not train on
    population_ : mean scores of these
    shift_ : what is taken from the scores of a clip whose speaker is not told
    """

    normalise: str = "none"
    coverage: float = 0.78
    calibration_: Calibration = field(init=False, repr=False)
    population_: Float32[np.ndarray, " classes"] = field(init=False, repr=False)
    shift_: Float32[np.ndarray, " classes"] = field(init=False, repr=False)
    threshold_: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        one_of("normalise", self.normalise, ("none", "speaker"))
        within("coverage", self.coverage, 0, 1)

    def fit(self, scores: Scores, y: Labels, speakers: Labels) -> Polled:
        """Fit to scores of held-out clips; columns are the sorted labels."""
        self.population_ = scores.mean(axis=0)
        self.shift_ = np.zeros_like(self.population_)
        self.calibration_ = Calibration().fit(self.centred(scores, speakers), y, np.unique(y))
        self.threshold_ = threshold_for(self.probabilities(scores, speakers), self.coverage)
        return self

    def centred(self, scores: Scores, speakers: Labels | None = None) -> Scores:
        """Return the scores without what is the speaker's own."""
        if self.normalise == "none" or speakers is None:
            return np.asarray(scores - self.shift_, np.float32)
        out = scores.copy()
        for name in np.unique(speakers):
            out[speakers == name] += self.population_ - scores[speakers == name].mean(axis=0)
        return out

    def probabilities(self, scores: Scores, speakers: Labels | None = None) -> Probabilities:
        """Return calibrated probabilities."""
        return self.calibration_.probabilities(self.centred(scores, speakers))

    def log_odds(self, scores: Scores, target: int) -> float:
        """Return ln p / (1 - p) of a class for one clip, also where p rounds to 0 or 1."""
        calibration, (row,) = self.calibration_, self.centred(scores)
        logits = (row.astype(float) - row.mean()) / calibration.temperature_ + calibration.bias_
        return float(logits[target] - np.logaddexp.reduce(np.delete(logits, target)))

    def adapt(self, scores: Scores) -> Polled:
        """Adapt to a new speaker by the mean of its scores, believed the more the more clips there are."""
        trust = np.float32(len(scores) / (len(scores) + PRIOR_CLIPS))
        self.shift_ = trust * (scores.mean(axis=0) - self.population_)
        return self

    def extend(self, before: list[str], after: list[str], target: Int64[np.ndarray, " old"]) -> None:
        """Make room for classes that were learnt later; `target` has where each old one now stands."""
        self.calibration_.extend(before, after)
        for name in ("population_", "shift_"):
            wide = np.full(len(after), getattr(self, name).mean(), np.float32)
            wide[target] = getattr(self, name)
            setattr(self, name, wide)

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return the fitted arrays, and the facts that JSON can hold."""
        arrays = {"bias": self.calibration_.bias_, "population": self.population_, "shift": self.shift_}
        return arrays, {"temperature": self.calibration_.temperature_, "threshold": self.threshold_}

    def restore(self, arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any]) -> Polled:
        """Take back what `state` returned."""
        self.calibration_ = Calibration()
        self.calibration_.temperature_, self.calibration_.bias_ = facts["temperature"], arrays["bias"]
        self.population_, self.shift_, self.threshold_ = arrays["population"], arrays["shift"], facts["threshold"]
        return self
