"""What systems share that turn a clip into one vector and read it out: deciding, and adapting."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Float32

from emospike.clip import Clip
from emospike.readout.readout import Readout
from emospike.systems.clips import Stopwatch
from emospike.systems.contract import Decision, Progress, System, decision


class VectorSystem(System):
    """A system whose answer follows from one vector a clip.

    Attributes
    ----------
    readout_ : from vectors to calibrated probabilities
    """

    readout_: Readout

    @abstractmethod
    def state_vectors(
        self, clips: Sequence[Clip], progress: Progress | None = None
    ) -> Float32[np.ndarray, "clips dims"]:
        """Return the vector of every clip."""

    def predict_proba(
        self, clips: Sequence[Clip], speakers: Sequence[str] | None = None, progress: Progress | None = None
    ) -> Float[np.ndarray, "clips classes"]:
        """Return calibrated probabilities, columns in the order of `classes_`."""
        who = None if speakers is None else np.asarray(speakers)
        return self.readout_.probabilities(self.state_vectors(clips, progress), who)

    def adapt(self, clips: Sequence[Clip], labels: Sequence[str] | None = None) -> VectorSystem:
        """Learn a new speaker (without labels: its mean), or new clips and classes if the classifier can."""
        self.readout_.adapt(self.state_vectors(clips), None if labels is None else np.asarray(labels, dtype=str))
        self.classes_ = self.readout_.classes
        return self

    def _answer(
        self, clip: Clip, vector: Float32[np.ndarray, " dims"], threshold: float | None, watch: Stopwatch
    ) -> Decision:
        """Return the decision on the vector of a clip; the last stage of `decide`."""
        with watch("classifier"):
            probabilities = self.readout_.probabilities(vector[None])[0]
        limit = self.threshold_ if threshold is None else threshold
        return decision(
            clip, self.classes_, probabilities, threshold=limit, share={"audio": 1.0}, seconds=watch.seconds
        )
