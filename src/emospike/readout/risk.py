"""Risk: from which confidence on answers are wrong no more often than asked for, with a guarantee."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float64

from emospike.validation import within

PROMISED = (0.05, 0.1, 0.2, 0.3)
"""Risks that evaluations report."""

STEPS = 20
"""Thresholds that are tried: those that 5, 10, ... 100 % of the calibrating clips reach."""

FIRST = 50
"""Clips that the first of them needs: of fewer, none wrong would prove little."""

SURENESS = 0.9
"""Probability, over calibrations, that a promise is kept."""

METHOD = (
    "conformal risk control of errors among answers (learn then test: Angelopoulos et al. 2021, arXiv 2110.01052; "
    "selection with guaranteed risk: Geifman and El-Yaniv 2017, arXiv 1705.08500): thresholds are lowered as long as a "
    f"binomial bound on the errors stays below the risk; the promise is kept with probability {SURENESS}"
)
ASSUMPTION = (
    "recordings are exchangeable with those that the model was calibrated on: training recordings, decided by readouts "
    "fitted without their speakers (without their corpora where several trained a system that reads one vector a clip)"
)

Confidence = Float[np.ndarray, " clips"]


@dataclass(frozen=True)
class RiskTable:
    """Thresholds, the most cautious first, and the smallest risk that each may be promised for.

    With e errors among the k calibrating clips that reach a threshold, decided by a scorer that had met neither them
    nor their speakers, the error rate of answers is below b with probability `SURENESS`, where

        P(Binomial(k, b) <= e) = 1 - SURENESS.

    A risk is promised from the last threshold before the first whose b exceeds it. Tested in this fixed order, the
    promise is broken with probability 1 - `SURENESS` at most, whatever the distribution, if recordings are exchangeable
    with the calibrating clips. Nothing is promised for one speaker, corpus or channel that is unlike all of these;
    clips that are alike (of one speaker, copies of one clip) count as if they were not, so that b is too small.

    The bound in the mean of conformal risk control (Angelopoulos et al. 2022, arXiv 2208.02814) is for losses that only
    fall as the threshold rises, which the share of errors among answers need not.

    Source: Angelopoulos, Bates, Candès, Jordan and Lei 2021, arXiv 2110.01052 (fixed sequence testing); Geifman and
    El-Yaniv 2017, arXiv 1705.08500 (the binomial bound).

    Attributes
    ----------
    thresholds : confidence from which is answered
    risks : the largest b so far
    """

    thresholds: Float64[np.ndarray, " steps"]
    risks: Float64[np.ndarray, " steps"]

    @classmethod
    def fit(cls, confidence: Confidence, correct: Bool[np.ndarray, " clips"]) -> RiskTable:
        """Return the table of calibrating clips.

        >>> table = RiskTable.fit(np.linspace(0.5, 1, 1000), np.arange(1000) > 300)
        >>> [round(table.find_threshold(risk), 3) for risk in (0.01, 0.1, 0.2, 0.5)]
        [inf, 0.625, 0.575, 0.5]
        """
        from scipy.stats import beta

        clips, most_first = len(confidence), np.sort(confidence)[::-1]
        reached = np.ceil(np.arange(1, STEPS + 1) / STEPS * clips).astype(int)
        thresholds = most_first[reached[reached >= min(FIRST, clips)] - 1].astype(np.float64)
        said = confidence[:, None] >= thresholds
        answered, wrong = said.sum(axis=0), (said & ~correct[:, None]).sum(axis=0)
        bounds = np.ones(len(thresholds))
        some = wrong < answered
        bounds[some] = beta.ppf(SURENESS, wrong[some] + 1, (answered - wrong)[some])
        return cls(thresholds, np.maximum.accumulate(bounds))

    def find_threshold(self, risk: float) -> float:
        """Return the lowest threshold that a risk may be promised from; infinity where there is none.

        Raises
        ------
        InputError : a risk that is no share
        """
        within("risk", risk, 0, 1)
        kept = self.thresholds[self.risks <= risk]
        return float(kept[-1]) if len(kept) else np.inf
