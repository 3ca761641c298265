"""Speaker means: what is a speaker's own is removed, without looking at labels."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float32, Shaped

from emospike.validation import one_of

Rows = Float32[np.ndarray, "clips dims"]
Labels = Shaped[np.ndarray, " clips"]

PRIOR_CLIPS = 8
"""Clips of a new speaker that count as much as the mean over training speakers."""


@dataclass
class SpeakerMean:
    """Takes from every row how far its speaker lies from an origin.

    A row whose speaker is not told loses `shift_`: what was learnt of the present speaker.

    Attributes
    ----------
    normalise : ``"none"``; or ``"speaker"``: the mean over a speaker's rows is taken where speakers are told
    to_zero : rows of a told speaker are left with mean 0; else with the mean of the training rows
    population_ : mean of the training rows
    shift_ : what a row loses if its speaker is not told
    """

    normalise: str = "none"
    to_zero: bool = False
    population_: Float32[np.ndarray, " dims"] = field(init=False, repr=False, compare=False)
    shift_: Float32[np.ndarray, " dims"] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        one_of("normalise", self.normalise, ("none", "speaker"))

    def fit(self, rows: Rows) -> SpeakerMean:
        """Learn the mean of training rows; nothing is known of a speaker yet."""
        self.population_ = rows.mean(axis=0)
        self.shift_ = self.population_ - self._origin
        return self

    @property
    def _origin(self) -> Float32[np.ndarray, " dims"]:
        zero = self.to_zero and self.normalise == "speaker"
        return np.zeros_like(self.population_) if zero else self.population_

    def offset(self, rows: Rows) -> Float32[np.ndarray, " dims"]:
        """Return how far the mean of one speaker's rows lies from the origin."""
        offset: Float32[np.ndarray, " dims"] = rows.mean(axis=0) - self._origin
        return offset

    def remove(
        self, rows: Rows, speakers: Labels | None = None, counted: Bool[np.ndarray, " clips"] | None = None
    ) -> Rows:
        """Return the rows without what is the speaker's own.

        `counted` marks the rows that enter the means: recorded clips, not their copies.
        """
        if self.normalise == "none" or speakers is None:
            return np.asarray(rows - self.shift_, np.float32)
        out = rows.copy()
        counted = np.ones(len(rows), bool) if counted is None else counted
        for speaker in np.unique(speakers):
            own = speakers == speaker
            out[own] -= self.offset(rows[own & counted])
        return out

    def adapt(self, rows: Rows) -> SpeakerMean:
        """Learn the mean of a new speaker, in place.

        The mean of n clips is believed to n / (n + `PRIOR_CLIPS`), the training speakers' mean for the rest, since a
        few clips tell of their emotions as much as of their speaker.
        """
        trust = np.float32(len(rows) / (len(rows) + PRIOR_CLIPS))
        self.shift_ = trust * (rows.mean(axis=0) - self.population_) + (self.population_ - self._origin)
        return self
