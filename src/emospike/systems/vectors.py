"""Systems that read one vector a clip: the vectors of training clips, and the readouts that are fitted to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Float32

from emospike.augmentation.voice import VirtualSpeakers, Voice
from emospike.clip import SAMPLE_RATE, Clip
from emospike.clip.batch import map_clips
from emospike.datasets.folds import calibration_folds
from emospike.features import Feature
from emospike.readout.contract import Classifier, IncrementalClassifier
from emospike.readout.fusion import LateFusion
from emospike.readout.linear import TOO_COARSE, LinearReadout
from emospike.readout.memory import Size, check_memory
from emospike.readout.readout import Readout, VectorReadout, take_part
from emospike.readout.scaling import SoftScaler
from emospike.readout.training_rows import Rows
from emospike.systems.base import System
from emospike.systems.early import ENOUGH, find_beginnings, name_look, read_looks
from emospike.systems.perception import MODALITIES, Perceived
from emospike.systems.training import TrainingSet
from emospike.systems.vector_cache import Kept, VectorCache
from emospike.validation import InputError

Vector = Float32[np.ndarray, " dims"]


class VectorSystem(System):
    """A system whose readouts read one vector a clip, which `represent` gives.

    Attributes
    ----------
    scaler, classifier : parameters that every such system has: the readout
    read_elsewhere_ : it has no readouts of its own, others read its vectors (see `emospike.regression`)
    """

    scaler: SoftScaler
    classifier: Classifier
    readouts_: dict[str, Any]
    read_elsewhere_: bool = False

    @property
    def abilities(self) -> frozenset[str]:
        """What it can do; only some classifiers learn on."""
        more = {"early"} if "audio" in self.deciders else set()
        more |= {"learn_vectors"} if hasattr(type(self), "learn_vectors") and not self.fuses_late else set()
        learns = isinstance(self.classifier, IncrementalClassifier) and not self._is_coarse
        return super().abilities - (set() if learns else {"learn"}) | more

    @property
    def _is_coarse(self) -> bool:
        """Whether its readouts have weights of too few bits to learn on (see `LinearReadout.partial_fit`)."""
        return isinstance(self.classifier, LinearReadout) and self.classifier.bits == 4

    def check_learns(self) -> None:
        """Raise `InputError` if it cannot learn further labelled clips; say what can."""
        if self._is_coarse:
            raise InputError(TOO_COARSE)
        super().check_learns()

    def describe_vectors(self) -> str | None:
        """Return all that a clip's vectors depend on besides the clip, or None where what was learnt is part of it.

        Such vectors can be kept for other folds and runs (see `emospike.systems.vector_cache`).
        """
        return None

    @property
    def readers(self) -> list[str]:
        """The modalities that have a vector of their own, and a readout that is fitted to it."""
        return [own for own in self.deciders if not self.fuses_late or len(MODALITIES[own]) == 1]

    def represent_clip(self, clip: Clip) -> dict[str, Any]:
        """Return the vector that the readout of every modality reads; one that training kept is not made again."""
        cache = VectorCache.open(self.describe_vectors())
        kept = None if cache is None else cache.read(clip)
        if kept is not None:
            found: dict[str, Any] = {own: vectors[0].astype(np.float32) for own, vectors in kept.vectors.items()}
        else:
            seen = self._perceive_whole(clip)
            there = [own for own in self.deciders_of(seen) if own in self.readers]
            found = {own: self.represent(seen, MODALITIES[own]) for own in there}
        senses = MODALITIES[self.modality]
        if self.fuses_late and set(senses) <= set(found):
            found[self.modality] = {sense: found[sense] for sense in senses}
        return found

    def name_vector(self, clip: Clip) -> tuple[list[str], Float32[np.ndarray, " dims"]]:
        """Return the vectors that readouts read of a clip, joined, and what each number is: modality and dimension."""
        seen, names, vectors = self._perceive_whole(clip), list[str](), []
        for own in (one for one in self.deciders_of(seen) if one in self.readers):
            vectors.append(self.represent(seen, MODALITIES[own]))
            names += [f"{own} {name}" for name in self._name_dims(seen, own) or range(len(vectors[-1]))]
        return names, np.concatenate(vectors)

    def _name_dims(self, seen: Perceived, modality: str) -> Sequence[str] | None:
        """Return what the numbers of the vector of a modality are, or None if they have no names of their own."""
        return None

    def _new_readout(self, modality: str | None = None) -> VectorReadout:
        """Return an unfitted readout, of the vectors of a modality, that shares nothing with the parameters."""
        return VectorReadout(deepcopy(self.scaler), deepcopy(self.classifier), self.normalise, self.coverage)

    def new_scaler(self, modality: str) -> SoftScaler:
        """Return the unfitted scaler of the vectors of a modality."""
        return self._new_readout(modality).scaler

    def _augmentation_of(self, modality: str) -> VirtualSpeakers | None:
        """Return the virtual speakers that the readout of a modality trains with, or None."""
        return getattr(self, "augmentation", None)

    def _fit_readouts(
        self,
        training: TrainingSet,
        *,
        stage: str,
        collect: Callable[[Perceived, Mapping[str, Vector]], Any] | None = None,
    ) -> dict[int, Any]:
        """Make the vectors of all training clips and of their copies, and fit a readout for each modality.

        A system of two modalities has three readouts: one of vectors from both together (or of both answers, see
        `fuses_late`), and one for each alone, by which a clip that lacks the other is decided. Returned is what
        `collect` gave of the clips (see `make_rows`).
        """
        rows, collected = self.make_rows(training, stage=stage, collect=collect)
        self._fit_each(rows, training)
        return collected

    def make_rows(
        self,
        training: TrainingSet,
        *,
        stage: str,
        collect: Callable[[Perceived, Mapping[str, Vector]], Any] | None = None,
    ) -> tuple[dict[str, Rows], dict[int, Any]]:
        """Return the vectors of all training clips and of their copies, by the modality that they are read from.

        Copies are those by virtual speakers, which train and never test, and those over other channels (see
        `System.channel_variation`), which calibrate too. `collect` is asked on the way for something of every clip, by
        what was perceived and the vectors by modality; what it gave is returned too, by the index of the clip.
        """
        voices = {own: voices.copies if (voices := self._augmentation_of(own)) else 0 for own in self.readers}
        over = {own: self.channel_copies * ("audio" in MODALITIES[own]) for own in self.readers}
        rows = {own: Rows(len(training.clips), 1 + voices[own] + over[own], over[own]) for own in self.readers}
        cache, collected = VectorCache.open(self.describe_vectors()), dict[int, Any]()

        def one(index: int, clip: Clip) -> tuple[Kept, str | None]:
            made = cache.read(clip) if cache else None
            if made is None:
                made = self._make_vectors(index, clip, collect)
                if cache and made.vectors:
                    cache.write(clip, made)
            if index == 0:
                self._check_memory(training, rows, made.vectors)
            return made, self.left_out_.get(index)

        results = map_clips(one, training.clips, stage, training.progress, spread=True)
        for i, (found, why) in enumerate(results):
            if why is not None:  # noted by another process, it may be
                self.left_out_[i] = why
            if found.vectors:
                collected[i] = found.statistic
            self._add_vectors(rows, i, found.vectors, training)
        return rows, collected

    def _make_vectors(
        self,
        index: int,
        clip: Clip,
        collect: Callable[[Perceived, Mapping[str, Vector]], Any] | None,
    ) -> Kept:
        """Return the vectors of a training clip and its copies, by modality; none where no face is found."""
        seen = None if index in self.left_out_ else self.perceive_training(index, clip)
        if seen is None:
            return Kept({})
        over, vectors = self.perceive_copies(seen), {}
        for own in (one for one in self.deciders_of(seen) if one in self.readers):
            augmentation = self._augmentation_of(own)
            voices = augmentation.draw_for(clip, self.seed)[1:] if augmentation else []
            copies = [*(_respeak(voice, seen, self.features) for voice in voices)]
            copies += over if "audio" in MODALITIES[own] else []
            vectors[own] = np.stack([self.represent(one, MODALITIES[own]) for one in (seen, *copies)])
        return Kept(vectors, collect(seen, {own: one[0] for own, one in vectors.items()}) if collect else None)

    def _add_vectors(
        self, rows: Mapping[str, Rows], index: int, vectors: Mapping[str, Any], training: TrainingSet
    ) -> None:
        """Add the vectors of a clip to the rows of each modality.

        Where all numbers take more bytes from then on, `InputError` is raised if they will not fit.
        """
        if any(rows[own].widens(block) for own, block in vectors.items()):
            self._check_memory(training, rows, vectors)
        for own, block in vectors.items():
            rows[own].add(index, block)

    def _check_memory(self, training: TrainingSet, rows: Mapping[str, Rows], vectors: Mapping[str, Any]) -> None:
        """Raise `InputError` if the vectors of all clips will not fit, where these are added to the rows there are."""
        sizes = [Size(*one.plan(vectors.get(own))) for own, one in rows.items() if one.stored or own in vectors]
        if sizes:
            folds = len(calibration_folds(training.labels, training.speakers))
            held, linear = sum(one.stored for one in rows.values()), isinstance(self.classifier, LinearReadout)
            check_memory(sizes, folds=folds, linear=linear, held=held)

    def _fit_each(self, rows: dict[str, Rows], training: TrainingSet) -> None:
        """Fit a readout to the rows of each modality, which are dropped afterwards, as they are large."""
        self.readouts_ = {}
        for modality in list(rows):
            own = rows.pop(modality)
            if len(own.source) and not own.vectors.any():
                raise InputError(f"no neuron that {modality} is read from ever fired: raise its drive or its rates")
            readout = self._fit_readout(own, training, modality)
            self.held_out_[modality] = np.full((len(training.clips), len(readout.classes)), np.nan)
            self.held_out_[modality][own.source[own.recorded]] = readout.held_out_
            self.readouts_[modality] = readout
        if self.fuses_late:
            fused = self._new_fusion().fit(self.held_out_, training.labels, training.weights)
            self.held_out_[self.modality], self.readouts_[self.modality] = fused.held_out_, fused

    def _new_fusion(self) -> LateFusion:
        """Return what joins the answers of the senses, whose readouts are there."""
        return LateFusion({sense: self.readouts_[sense] for sense in MODALITIES[self.modality]}, self.coverage)

    def _fit_readout(self, rows: Rows, training: TrainingSet, modality: str) -> VectorReadout:
        """Return a readout that is fitted to rows of a modality."""
        y, who, learnt = (part[rows.source] for part in (training.labels, training.speakers, training.learnt))
        weights = None if training.weights is None else training.weights[rows.source]
        readout = self._new_readout(modality)
        return readout.fit(rows.vectors, y, who, rows.recorded, learnt, weights=weights, heard=rows.heard)

    def quantise_readouts(self, bits: int) -> None:
        """Make the weights of linear readouts integers of `bits` bits, 8 or 4, in place."""
        for readout in (*self.readouts_.values(), *self.early_.values()):
            readout.quantise(bits)

    # -- deciding early ----------------------------------------------------------------------------------------

    def _fit_early(self, training: TrainingSet, looks: Sequence[float]) -> dict[float, Readout]:
        """Return a readout, with a calibration, of what is heard until each look that enough clips last to.

        One look after the other: the vectors of each are gigabytes.
        """
        found = {look: self._fit_look(training, look) for look in looks}
        return {look: readout for look, readout in found.items() if readout is not None}

    def _fit_look(self, training: TrainingSet, look: float) -> VectorReadout | None:
        """Return a readout of what is heard until a look, or None if too few clips last so long."""
        copies = 1 + self.channel_copies
        rows = Rows(len(training.clips), copies, self.channel_copies)
        made = map_clips(
            lambda _, clip: self._represent_beginning(clip, look),
            training.clips,
            f"first {look:g} s",
            training.progress,
        )
        for i, vectors in enumerate(made):
            if vectors is not None:
                self._add_vectors({"audio": rows}, i, {"audio": vectors}, training)
        if len(rows.source) < ENOUGH * copies * len(training.clips):
            return None
        readout = self._fit_readout(rows, training, "audio")
        if isinstance(readout.classifier, LinearReadout):
            readout.classifier.stop_learning()  # whatever is learnt later drops early decisions
        return readout

    def _represent_beginning(self, clip: Clip, look: float) -> Float32[np.ndarray, "copies dims"] | None:
        """Return the vectors of a clip's sound until a look, as recorded and over other channels, or None."""
        try:
            lines = [clip, *(self.channel_variation.draw(clip, self.seed) if self.channel_variation else ())]
            part = find_beginnings(clip.sound, (look,)).get(look)
            heard = [] if part is None else [Clip.from_array(line.sound[part], SAMPLE_RATE) for line in lines]
            seen = [self.perceive(one, "audio") for one in heard]
        except InputError:
            return None
        return np.stack([self.represent(one, ("audio",)) for one in seen]) if seen else None

    # -- storing -----------------------------------------------------------------------------------------------

    def _restore_readouts(self, arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any]) -> None:
        """Take back what `System.state` kept of the readouts."""
        if self.read_elsewhere_:
            self.readouts_ = {}
            return

        def restore(place: str, readout: Readout) -> Readout:
            return readout.restore(take_part(arrays, place), facts[place])

        self.readouts_ = {}
        for decider in (*self.readers, *(one for one in self.deciders if one not in self.readers)):
            fresh = self._new_readout(decider) if decider in self.readers else self._new_fusion()
            self.readouts_[decider] = restore(f"readout.{decider}", fresh)
        self.early_ = {look: restore(name_look(look), self._new_readout("audio")) for look in read_looks(facts)}


def _respeak(voice: Voice, seen: Perceived, features: Sequence[Feature]) -> Perceived:
    """Return the features as another voice would have given them."""
    pairs = zip(features, seen.series, strict=True)
    return replace(seen, series=tuple(one and feature.respeak(voice, one) for feature, one in pairs))
