"""What systems share that turn a clip into one vector and read it out: training readouts, deciding, adapting."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from copy import copy, deepcopy
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Float32, Shaped

from emospike.clip import Clip
from emospike.features import Feature
from emospike.features.face_track import NoFaceError
from emospike.readout.contract import Classifier, IncrementalClassifier
from emospike.readout.readout import Readout
from emospike.readout.scaling import SoftScaler
from emospike.systems.clips import Stopwatch, each
from emospike.systems.contract import Decision, Progress, System, as_clip, decision, undecided, unheard_speech
from emospike.systems.rows import Rows
from emospike.systems.senses import MODALITIES, Perceived, modality_of, perceive, shares
from emospike.validation import InputError

Vector = Float32[np.ndarray, " dims"]


class VectorSystem(System):
    """A system whose answer follows from one vector a clip.

    A system of both senses has three readouts: one of vectors from sound and face together, and one for each sense
    alone, by which a clip that lacks the other is decided. The difference that a sense makes is its share.

    Attributes
    ----------
    modality, features, scaler, classifier, normalise, coverage : parameters that every such system has
    readouts_ : from vectors to calibrated probabilities, by modality
    left_out_ : why training clips, by index, could not be used: no face was found where faces decide
    held_out_ : what readouts fitted without their speakers say of the training clips, by modality; NaN for those that
        lack a sense. Gone from a model that was stored
    """

    modality: str
    features: tuple[Feature, ...]
    scaler: SoftScaler
    classifier: Classifier
    normalise: str
    coverage: float
    readouts_: dict[str, Readout]
    left_out_: dict[int, str]
    held_out_: dict[str, Float[np.ndarray, "clips classes"]]

    @classmethod
    def modalities(cls) -> tuple[str, ...]:
        """What the system can perceive."""
        return tuple(MODALITIES)

    @property
    def views(self) -> tuple[str, ...]:
        """The modalities that have a readout of their own."""
        return ("both", "audio", "face") if self.modality == "both" else (self.modality,)

    def by(self, modality: str) -> VectorSystem:
        """Return the same trained system, deciding by this modality alone; its readout is shared, not copied."""
        if modality not in self.views:
            raise InputError(f"this model perceives {self.modality}, not {modality}: name another model, or modality")
        alone = copy(self)
        alone.modality, alone.readouts_ = modality, {modality: self.readouts_[modality]}
        alone.threshold_ = alone.readout_.threshold_
        alone.card = {**getattr(self, "card", {}), "modality": modality}
        return alone

    @property
    def readout_(self) -> Readout:
        """The readout of clips that lack nothing."""
        return self.readouts_[self.modality]

    # -- from a clip to its vector -----------------------------------------------------------------------------

    def perceive(self, clip: Clip, modality: str | None = None) -> Perceived:
        """Return the clip's features, of one sense alone if asked for."""
        if modality is not None and not set(MODALITIES[modality]) <= set(MODALITIES[self.modality]):
            raise InputError(f"this model perceives {self.modality}, not {modality}: name another model, or modality")
        return perceive(self.features, clip, modality or self.modality)

    @abstractmethod
    def vector(self, seen: Perceived, senses: Sequence[str], watch: Stopwatch | None = None) -> Vector:
        """Return the vector that these senses alone give."""

    def views_in(self, seen: Perceived) -> list[str]:
        """Return the modalities with a readout whose senses a clip has."""
        return [view for view in self.views if set(MODALITIES[view]) <= set(seen.senses)]

    def viewed(
        self, clips: Sequence[Clip], modality: str | None = None, progress: Progress | None = None
    ) -> list[tuple[str, Vector]]:
        """Return the modality that decides on each clip, and the clip's vector."""

        def one(_: int, clip: Clip) -> tuple[str, Vector]:
            seen = self.perceive(clip, modality)
            return modality_of(seen.senses), self.vector(seen, seen.senses)

        return list(each(one, clips, "state vectors", progress))

    def state_vectors(
        self, clips: Sequence[Clip], progress: Progress | None = None
    ) -> Float32[np.ndarray, "clips dims"]:
        """Return the vector of every clip, from all senses that it has."""
        return np.stack([vector for _, vector in self.viewed(clips, None, progress)])

    # -- training ----------------------------------------------------------------------------------------------

    def trained_on(self, index: int, clip: Clip) -> Perceived | None:
        """Return the features of a training clip, or None and note it in `left_out_` where no face is found.

        That shows only once all pictures were searched, and one such film should not stop hours of training.
        """
        try:
            return self.perceive(clip)
        except NoFaceError as error:
            self.left_out_[index] = str(error)
            return None

    def _readout(self) -> Readout:
        """Return an unfitted readout that shares nothing with the parameters."""
        return Readout(deepcopy(self.scaler), deepcopy(self.classifier), self.normalise, self.coverage)

    def _fit_readouts(
        self,
        rows: dict[str, Rows],
        y: Shaped[np.ndarray, " clips"],
        who: Shaped[np.ndarray, " clips"],
        finer: Shaped[np.ndarray, " clips"] | None,
    ) -> None:
        """Fit a readout for each modality; its rows are dropped afterwards, as they are large."""
        self.readouts_, self.held_out_ = {}, {}
        for view in self.views:
            own = rows.pop(view)
            learnt = None if finer is None else finer[own.source]
            readout = self._readout().fit(own.vectors, y[own.source], who[own.source], own.recorded, learnt)
            self.held_out_[view] = np.full((len(y), len(readout.classes)), np.nan)
            self.held_out_[view][own.source[own.recorded]] = readout.held_out_
            self.readouts_[view] = readout
        self.classes_, self.threshold_ = self.readout_.classes, self.readout_.threshold_

    # -- deciding ----------------------------------------------------------------------------------------------

    def predict_proba(
        self,
        clips: Sequence[Clip],
        speakers: Sequence[str] | None = None,
        progress: Progress | None = None,
        modality: str | None = None,
    ) -> Float[np.ndarray, "clips classes"]:
        """Return calibrated probabilities, columns in the order of `classes_`; of one sense alone if asked for."""
        who = None if speakers is None else np.asarray(speakers)
        views, vectors = zip(*self.viewed(clips, modality, progress), strict=True)
        out = np.empty((len(clips), len(self.classes_)))
        for view in set(views):
            own = np.flatnonzero(np.array(views) == view)
            out[own] = self.readouts_[view].probabilities(
                np.stack([vectors[i] for i in own]), None if who is None else who[own]
            )
        return out

    def limit(self, view: str, threshold: float | None = None) -> float:
        """Return the confidence that an answer by a modality needs: that of its readout, unless one is given."""
        return self.readouts_[view].threshold_ if threshold is None else threshold

    def attend(
        self, clip: Clip, modality: str | None = None, watch: Stopwatch | None = None
    ) -> tuple[Perceived, str | None]:
        """Return what is decided on, and why its sound is no speech, if so.

        Sound without speech is left to the face where there is one.
        """
        watch = watch or Stopwatch()
        with watch("features"):
            seen = self.perceive(clip, modality)
        if "audio" not in seen.senses:
            return seen, None
        with watch("speech check"):
            unheard = unheard_speech(clip)
        if unheard and len(seen.senses) > 1:
            return seen.without(self.features, "audio", unheard), None
        return seen, unheard

    def decide(self, clip: Clip | Path | str, threshold: float | None = None, modality: str | None = None) -> Decision:
        """Return the decision on one clip, with the time that each stage took (Table 7)."""
        clip, watch = as_clip(clip), Stopwatch()
        with watch("decode"):
            decoded(clip, modality or self.modality)
        try:
            seen, unheard = self.attend(clip, modality, watch)
        except NoFaceError as error:
            return undecided(self.classes_, str(error), watch.seconds)
        view = modality_of(seen.senses)
        vector = self.vector(seen, seen.senses, watch)
        with watch("classifier"):
            probabilities = self.readouts_[view].probabilities(vector[None])[0]
        return decision(
            clip,
            self.classes_,
            probabilities,
            threshold=self.limit(view, threshold),
            share=self._share(seen, probabilities, watch),
            seconds=watch.seconds,
            missing=seen.missing,
            unheard=unheard,
        )

    def _share(
        self, seen: Perceived, probabilities: Float[np.ndarray, " classes"], watch: Stopwatch
    ) -> dict[str, float]:
        """Return the share of each sense, measured by deciding without it."""
        if len(seen.senses) == 1:
            return {seen.senses[0]: 1.0}
        target = int(probabilities.argmax())
        with watch("shares"):
            alone = {
                sense: self.readouts_[sense].probabilities(self.vector(seen, (sense,))[None])[0]
                for sense in seen.senses
            }
        first, second = seen.senses
        whole = log_odds(probabilities, target)
        return shares({first: whole - log_odds(alone[second], target), second: whole - log_odds(alone[first], target)})

    # -- adapting ----------------------------------------------------------------------------------------------

    def adapt(self, clips: Sequence[Clip], labels: Sequence[str] | None = None) -> VectorSystem:
        """Learn a new speaker (without labels: its mean), or new clips and classes if the classifier can."""
        if labels is not None:
            self.check_learns()
        y = None if labels is None else np.asarray(labels, dtype=str)

        def one(_: int, clip: Clip) -> dict[str, Vector]:
            seen = self.perceive(clip)
            return {view: self.vector(seen, MODALITIES[view]) for view in self.views_in(seen)}

        found = list(each(one, clips, "state vectors"))
        for view, readout in self.readouts_.items():
            own = [i for i, vectors in enumerate(found) if view in vectors]
            if own:
                readout.adapt(np.stack([found[i][view] for i in own]), None if y is None else y[own])
        self.classes_ = self.readout_.classes
        return self

    def check_learns(self) -> None:
        """Raise `InputError` unless the classifier can learn more clips; name the presets whose classifier can."""
        if isinstance(self.readout_.classifier, IncrementalClassifier):
            return
        classifiers = {name: self.preset(name).get_params().get("classifier") for name in self.presets()}
        able = [name for name, one in classifiers.items() if isinstance(one, IncrementalClassifier)]
        raise InputError(
            f"the classifier of this {type(self).__name__} cannot learn more clips: train another model with "
            f"{'preset ' + ' or '.join(able) if able else 'a classifier that can'}, or adapt without labels"
        )

    # -- storing -----------------------------------------------------------------------------------------------

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return the fitted arrays of the readouts, and their fitted facts."""
        arrays: dict[str, np.ndarray] = {}
        facts: dict[str, Any] = {}
        for view, readout in self.readouts_.items():
            own, known = readout.state()
            arrays |= {f"readout.{view}.{name}": array for name, array in own.items()}
            facts |= {f"readout.{view}": known}
        return arrays, facts

    def restore(self, arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any]) -> VectorSystem:
        """Take back what `state` returned."""
        self.readouts_ = {}
        for view in self.views:
            head = f"readout.{view}."
            own = {name.removeprefix(head): array for name, array in arrays.items() if name.startswith(head)}
            self.readouts_[view] = self._readout().restore(own, facts[f"readout.{view}"])
        return self


def decoded(clip: Clip, modality: str) -> None:
    """Decode the sound now, so that its time is told apart; what is wrong with it, the features will say."""
    if "audio" in MODALITIES[modality] and clip.hears:
        try:
            clip.sound  # noqa: B018 - kept by the clip
        except InputError:
            return


def log_odds(probabilities: Float[np.ndarray, " classes"], target: int) -> float:
    """Return ln p / (1 - p) of a class.

    >>> log_odds(np.array([0.5, 0.5]), 0)
    0.0
    """
    p = float(np.clip(probabilities[target], 1e-9, 1 - 1e-9))
    return float(np.log(p / (1 - p)))
