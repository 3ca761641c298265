"""Training labels and speakers, checked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Shaped

from emospike.clip import Clip
from emospike.datasets.folds import inner_folds
from emospike.validation import InputError

Labels = Shaped[np.ndarray, " clips"]


def training_labels(
    clips: Sequence[Clip], labels: Sequence[str], speakers: Sequence[str] | None, normalise: str
) -> tuple[Labels, Labels]:
    """Return labels and speakers as arrays, checked before the work begins; nobody named, each clip is a speaker.

    Raises
    ------
    InputError : not a label and a speaker for each clip, fewer than two classes, no speakers where speakers are
        normalised, or none that could be held out (see `inner_folds`)
    """
    if speakers is None and normalise == "speaker":
        raise InputError("normalise 'speaker' needs to know who speaks: give the speaker of each clip")
    y = np.asarray(labels, dtype=str)
    who = np.asarray(range(len(y)) if speakers is None else speakers, dtype=str)
    if not len(clips) == len(y) == len(who):
        raise InputError(
            f"one label and one speaker a clip expected, got {len(y)} labels, {len(who)} speakers for "
            f"{len(clips)} clips"
        )
    if len(np.unique(y)) < 2:
        raise InputError(f"at least 2 classes are needed to train, got only {np.unique(y).tolist()}")
    inner_folds(y, who)
    return y, who
