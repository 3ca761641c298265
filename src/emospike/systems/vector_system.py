"""What systems share that turn a clip into one vector and read it out: training readouts, deciding, adapting."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float, Float32, Shaped

from emospike.augmentation.voice import VirtualSpeakers, Voice
from emospike.clip import Clip
from emospike.clip.batch import map_clips, try_clips
from emospike.progress import Progress, Stopwatch
from emospike.readout.contract import Classifier, IncrementalClassifier
from emospike.readout.readout import Readout
from emospike.readout.scaling import SoftScaler
from emospike.readout.training_rows import Rows
from emospike.systems.clips import training_labels
from emospike.systems.perception import MODALITIES, Perceived, modality_of
from emospike.systems.sensing_system import Answer, Answers, SensingSystem
from emospike.validation import InputError

Vector = Float32[np.ndarray, " dims"]
Labels = Shaped[np.ndarray, " clips"]


class VectorSystem(SensingSystem):
    """A system whose answer follows from one vector a clip.

    A system of both senses has three readouts: one of vectors from sound and face together, and one for each sense
    alone, by which a clip that lacks the other is decided. The difference that a sense makes is its share.

    Attributes
    ----------
    scaler, classifier, normalise, coverage : parameters that every such system has
    voices, finer_labels, seed : parameters that some have: virtual speakers added to the training clips, whether
        finer labels are learnt where they are known, and the seed of every random draw
    readouts_ : from vectors to calibrated probabilities, by modality
    held_out_ : what readouts fitted without their speakers say of the training clips, by modality; NaN for those that
        lack a sense. Gone from a model that was stored
    """

    scaler: SoftScaler
    classifier: Classifier
    normalise: str
    coverage: float
    voices: VirtualSpeakers | None = None
    finer_labels: bool = False
    seed: int = 0
    readouts_: dict[str, Readout]
    held_out_: dict[str, Answers]

    training_stage: ClassVar[str] = "state vectors"
    """What progress calls the making of the training vectors."""

    def by(self, modality: str) -> VectorSystem:
        """Return the same trained system, deciding by this modality alone; its readout is shared, not copied."""
        alone: VectorSystem = super().by(modality)  # type: ignore[assignment]
        alone.readouts_ = {modality: self.readouts_[modality]}
        return alone

    @property
    def readout_(self) -> Readout:
        """The readout of clips that lack nothing."""
        return self.readouts_[self.modality]

    def limit(self, view: str, threshold: float | None = None) -> float:
        """Return the confidence that an answer by a modality needs: that of its readout, unless one is given."""
        return self.readouts_[view].threshold_ if threshold is None else threshold

    # -- from a clip to its vector -----------------------------------------------------------------------------

    @abstractmethod
    def vector(self, seen: Perceived, senses: Sequence[str], watch: Stopwatch | None = None) -> Vector:
        """Return the vector that these senses alone give."""

    def answer(self, seen: Perceived, senses: Sequence[str], watch: Stopwatch | None = None) -> Answer:
        """Return the calibrated probabilities that these senses alone give."""
        watch = watch or Stopwatch()
        vector = self.vector(seen, senses, watch)
        with watch("classifier"):
            return self.read_out(modality_of(senses), vector)

    def read_out(self, view: str, vector: Vector) -> Answer:
        """Return the calibrated probabilities that a modality's readout gives a vector."""
        found: Answer = self.readouts_[view].probabilities(vector[None])[0]
        return found

    def viewed(
        self, clips: Sequence[Clip], modality: str | None = None, progress: Progress | None = None
    ) -> list[tuple[str, Vector]]:
        """Return the modality that decides on each clip, and the clip's vector."""

        def one(_: int, clip: Clip) -> tuple[str, Vector]:
            seen = self.perceive(clip, modality)
            return modality_of(seen.senses), self.vector(seen, seen.senses)

        return list(map_clips(one, clips, "state vectors", progress))

    def state_vectors(
        self, clips: Sequence[Clip], progress: Progress | None = None
    ) -> Float32[np.ndarray, "clips dims"]:
        """Return the vector of every clip, from all senses that it has."""
        return np.stack([vector for _, vector in self.viewed(clips, None, progress)])

    # -- training ----------------------------------------------------------------------------------------------

    def fit(
        self,
        clips: Sequence[Clip],
        labels: Sequence[str],
        speakers: Sequence[str] | None = None,
        progress: Progress | None = None,
        finer: Sequence[str] | None = None,
    ) -> VectorSystem:
        """Train on labelled clips: first what needs no labels, then readouts and calibration.

        `finer` labels are used by a system with `finer_labels`.
        """
        y, who = training_labels(clips, labels, speakers, self.normalise)
        self.prepare(clips, progress)
        learnt = np.asarray(finer, dtype=str) if finer is not None and self.finer_labels else None
        self._fit_readouts(self._training_rows(clips, y, progress), y, who, learnt)
        return self

    def prepare(self, clips: Sequence[Clip], progress: Progress | None = None) -> VectorSystem:
        """Do what needs no labels; afterwards it gives vectors."""
        self.left_out_ = {}
        return self

    def _training_rows(self, clips: Sequence[Clip], y: Labels, progress: Progress | None) -> dict[str, Rows]:
        """Return the vectors of the clips and of their virtual copies, for every modality that has a readout."""
        rng = np.random.default_rng(self.seed)
        voices = [self.voices.draw(rng) if self.voices else [Voice()] for _ in clips]
        rows = {view: Rows(len(clips), len(voices[0])) for view in self.views}
        witnessed = {}

        def one(index: int, clip: Clip) -> tuple[dict[str, list[Vector]], Any]:
            seen = None if index in self.left_out_ else self.trained_on(index, clip)
            if seen is None:
                return {}, None
            spoken = [self._spoken(voice, seen) for voice in voices[index]]
            views = {view: [self.vector(own, MODALITIES[view]) for own in spoken] for view in self.views_in(seen)}
            return views, self.witness(seen)

        for i, (found, witness) in enumerate(map_clips(one, clips, self.training_stage, progress)):
            if found:
                witnessed[i] = witness
            for view, vectors in found.items():
                rows[view].add(i, vectors)
        self.remember(witnessed, y)
        return rows

    def _spoken(self, voice: Voice, seen: Perceived) -> Perceived:
        """Return the features as another voice would have given them."""
        pairs = zip(self.features, seen.series, strict=True)
        return replace(seen, series=tuple(one and feature.respeak(voice, one) for feature, one in pairs))

    def witness(self, seen: Perceived) -> Any:
        """Return what else is wanted of a training clip, beside its vectors."""
        return None

    def remember(self, witnessed: Mapping[int, Any], y: Labels) -> None:
        """Keep what was witnessed of the training clips, by index; `y` are the labels of all."""

    def new_readout(self) -> Readout:
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
            readout = self.new_readout().fit(own.vectors, y[own.source], who[own.source], own.recorded, learnt)
            self.held_out_[view] = np.full((len(y), len(readout.classes)), np.nan)
            self.held_out_[view][own.source[own.recorded]] = readout.held_out_
            self.readouts_[view] = readout
        self.classes_, self.threshold_ = self.readout_.classes, self.readout_.threshold_

    # -- many clips --------------------------------------------------------------------------------------------

    def predict_proba(
        self,
        clips: Sequence[Clip],
        speakers: Sequence[str] | None = None,
        progress: Progress | None = None,
        modality: str | None = None,
    ) -> Answers:
        """Return calibrated probabilities, columns in the order of `classes_`; of one sense alone if asked for."""
        who = None if speakers is None else np.asarray(speakers)
        views, vectors = zip(*self.viewed(clips, modality, progress), strict=True)
        out = np.empty((len(clips), len(self.classes_)))
        for view in set(views):
            own = np.flatnonzero(np.array(views) == view).tolist()
            out[own] = self._read_all(view, [vectors[i] for i in own], own, who)
        return out

    def answers(
        self, clips: Sequence[Clip], speakers: Sequence[str] | None = None, progress: Progress | None = None
    ) -> tuple[dict[str, Answers], dict[int, str]]:
        """Return the probabilities by every readout, and why some clips have none."""

        def one(clip: Clip) -> dict[str, Vector]:
            seen = self.perceive(clip)
            return {view: self.vector(seen, MODALITIES[view]) for view in self.views_in(seen)}

        found, reasons = try_clips(one, clips, "state vectors", progress)
        who = None if speakers is None else np.asarray(speakers)
        out = {view: np.full((len(clips), len(self.classes_)), np.nan) for view in self.views}
        for view, probabilities in out.items():
            own = [i for i, vectors in found.items() if view in vectors]
            if own:
                probabilities[own] = self._read_all(view, [found[i][view] for i in own], own, who)
        return out, reasons

    def _read_all(
        self, view: str, vectors: Sequence[Vector], own: Sequence[int], who: Labels | None
    ) -> Float[np.ndarray, "own classes"]:
        """Return what a readout says of the vectors of these clips together, so that speakers can be normalised."""
        speakers = None if who is None else who[own]
        return self.readouts_[view].probabilities(np.stack(vectors), speakers)

    # -- adapting ----------------------------------------------------------------------------------------------

    def adapt(self, clips: Sequence[Clip], labels: Sequence[str] | None = None) -> VectorSystem:
        """Learn a new speaker (without labels: its mean), or new clips and classes if the classifier can."""
        if labels is not None:
            self.check_learns()
        y = None if labels is None else np.asarray(labels, dtype=str)

        def one(_: int, clip: Clip) -> dict[str, Vector]:
            seen = self.perceive(clip)
            return {view: self.vector(seen, MODALITIES[view]) for view in self.views_in(seen)}

        found = list(map_clips(one, clips, "state vectors"))
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
            self.readouts_[view] = self.new_readout().restore(own, facts[f"readout.{view}"])
        return self
