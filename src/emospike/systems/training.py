"""Training sets: labelled clips, checked before the work begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Float32, Shaped

from emospike.clip import Clip
from emospike.datasets.folds import inner_folds
from emospike.progress import Progress
from emospike.validation import InputError, as_classes, as_labels, as_list, show

Labels = Shaped[np.ndarray, " clips"]
Given: TypeAlias = Any
"""Labels, or speakers, as they may be given: a list, an array or a column of a table (see `as_labels`)."""

Weights = Float32[np.ndarray, " clips"]
Vector = Float32[np.ndarray, " dims"]


@dataclass(frozen=True)
class TrainingSet:
    """Labelled clips.

    Attributes
    ----------
    clips : the recordings
    labels : what is decided of each
    speakers : who speaks in each; where nobody is named, each clip is a speaker
    learnt : what is learnt of each: its label, or a finer one within it (emotions for arousal)
    weights : how much each clip counts, 1 on average; None if all count alike
    progress : told how far each stage is
    """

    clips: Sequence[Clip]
    labels: Labels
    speakers: Labels
    learnt: Labels
    weights: Weights | None = None
    progress: Progress | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Travel to another process without what tells of progress here."""
        return vars(self) | {"progress": None}

    @classmethod
    def check(
        cls,
        clips: Sequence[Clip],
        labels: Given,
        speakers: Given | None,
        *,
        normalise: str,
        finer: Sequence[str] | None = None,
        weights: Sequence[float] | Weights | None = None,
        progress: Progress | None = None,
    ) -> TrainingSet:
        """Return the training set of these clips.

        Raises
        ------
        InputError : not a label, a speaker and a weight above 0 for each clip, labels that are numbers on a scale,
            fewer than two classes, no speakers where speakers are normalised, or none that could be held out (see
            `inner_folds`)
        """
        if speakers is None and normalise == "speaker":
            raise InputError("normalise 'speaker' needs to know who speaks: give the speaker of each clip")
        y = np.array(as_classes(labels), dtype=str)
        who = np.array(range(len(y)) if speakers is None else as_labels("speakers", speakers), dtype=str)
        learnt = y if finer is None else np.array(as_labels("finer labels", finer), dtype=str)
        if not len(clips) == len(y) == len(who):
            raise InputError(
                f"one label and one speaker a clip expected, got {len(y)} labels, {len(who)} speakers for "
                f"{len(clips)} clips"
            )
        if len(known := np.unique(y)) < 2:
            raise InputError(f"at least 2 classes are needed to train, got {len(known)} class: {known.tolist()}")
        inner_folds(y, who)
        if len(learnt) != len(y):
            raise InputError(f"one finer label a clip expected, got {len(learnt)} for {len(y)} clips")
        for weight in () if weights is None else as_list("weights", weights):
            if not isinstance(weight, Real):
                raise InputError(f"one weight above 0 a clip expected, got {show(weight)} among them")
        own = None if weights is None else np.asarray(weights, np.float32)
        if own is not None and not (own.shape == y.shape and (own > 0).all() and np.isfinite(own).all()):
            raise InputError(f"one weight above 0 a clip expected, got {len(own)} weights for {len(y)} clips")
        return cls(clips, y, who, learnt, own, progress)

    def check_without(self, left_out: Mapping[int, str]) -> None:
        """Raise `InputError` if what is left without some clips, by index with the reason, is too little to train."""
        if not left_out:
            return
        first = left_out[min(left_out)]
        kept = np.setdiff1d(np.arange(len(self.clips)), list(left_out))
        if not len(kept):
            raise InputError(f"none of {len(self.clips)} recordings can be used; the first: {first}")
        try:
            self.check([self.clips[i] for i in kept], self.labels[kept], self.speakers[kept], normalise="none")
        except InputError as error:
            said = f"{len(left_out)} of {len(self.clips)} recordings cannot be used, the first: {first}"
            raise InputError(f"{error} ({said})") from error
