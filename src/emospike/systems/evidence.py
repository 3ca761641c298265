"""What a system makes of clips, before it decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Float32

from emospike.explain.attribution import log_odds
from emospike.systems.perception import Perceived, contributions

Answer = Float[np.ndarray, " classes"]
Answers = Float[np.ndarray, "clips classes"]


@dataclass(frozen=True)
class Evidence:
    """What a system makes of one clip.

    Attributes
    ----------
    seen : the features that it decides on
    unheard : why the sound that it decides on is no speech, if so
    whole : the answer by all modalities that are there
    alone : the answer by each of several modalities
    novelty : how far it lies from all that was learnt from; above 1 it is strange (see `emospike.readout.novelty`)
    unclear : why the face that it decides on cannot be read, if so
    """

    seen: Perceived
    unheard: str | None
    whole: Answer
    alone: Mapping[str, Answer]
    novelty: float = 0.0
    unclear: str | None = None

    def changes(self, target: int) -> dict[str, float]:
        """Return what leaving out each of several modalities takes from a class, in log-odds."""
        if not self.alone:
            return {}
        whole, others = log_odds(self.whole, target), reversed(list(self.alone.values()))
        return {one: whole - log_odds(other, target) for one, other in zip(self.alone, others, strict=True)}

    @property
    def share(self) -> dict[str, float]:
        """How much each modality contributed to what is decided."""
        best = int(self.whole.argmax())
        return contributions(self.changes(best)) if self.alone else {self.seen.modalities[0]: 1.0}


class Part(NamedTuple):
    """What the readouts read of a recording, or of one of its windows, by modality; and whether speech is heard."""

    read: Mapping[str, Any]
    spoken: bool = True


class Verdicts(NamedTuple):
    """What a system says of many clips.

    Attributes
    ----------
    probabilities : by every modality that can decide; NaN where a clip lacks it
    reasons : why some clips, by index, have none at all
    novelty : how far each clip, by all that it has, lies from what was learnt from (see `emospike.readout.novelty`)
    """

    probabilities: dict[str, Answers]
    reasons: dict[int, str]
    novelty: Float32[np.ndarray, " clips"]
