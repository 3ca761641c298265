"""System: what every published system does, from clips to explained decisions; a system fills in four hooks."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar, final

import numpy as np

from emospike.clip import SAMPLE_RATE, Clip
from emospike.clip.batch import Recordings, as_clips, map_clips
from emospike.decision import Decision, make_decision
from emospike.progress import Progress, Stopwatch
from emospike.readout.readout import Readout
from emospike.systems import SYSTEMS
from emospike.systems.early import EARLIEST_AND_LATEST, LATER, LOOKS, name_look
from emospike.systems.estimator import find_whole_numbers
from emospike.systems.evidence import Answers
from emospike.systems.perception import MODALITIES
from emospike.systems.predicting import PredictingSystem
from emospike.systems.streaming import SpeechStream
from emospike.systems.training import Given, Labels, TrainingSet, Weights
from emospike.validation import InputError, as_classes, one_of, within

AnySystem = TypeVar("AnySystem", bound="System")

ABILITIES: Final = {
    "learn": "goes on learning from further labelled clips, of known and of new classes",
    "one_modality": "decides by each of several modalities alone",
    "transduce": "can do its paper's experiment in which the test recordings are there in training",
    "equivalent": "tells what a non-spiking network of another shape costs: its paper's, or the same weights used once",
    "events": "decides on what an event camera recorded of a face",
    "eeg": "reads EEG, alone or beside other modalities",
    "export": "has a spiking network that other simulators can be given (see `emospike.exchange`)",
    "locate": "tells where in a brain its neurons lie, and which of them fire on a clip",
    "quantise": "can have weights that are integers of 8 or 4 bits",
    "early": "learns to decide on speech before an utterance is over",
    "learn_vectors": "makes its vectors without labels, so that numbers can be read from them (`emospike.regression`)",
}
"""What some systems can do and others cannot; whoever needs an ability asks for it, and never for a class."""


class System(PredictingSystem):
    """One published system; scikit-learn's conventions over lists of clips (see `Estimator`).

    A subclass is a dataclass of parameters (plain values and registered steps) whose fitted attributes end in an
    underscore; its folder's `SYSTEM`, a `SystemInfo`, names it and its presets. It fills in `_fit`, `represent`,
    `_panels` and `_operations`, and what else it stores in `state` and `restore`; all other verbs are the same for all.
    Any of its modalities can decide alone.

    Attributes
    ----------
    normalise : ``"none"``, or ``"speaker"``: what is each speaker's own is removed, without labels
    coverage : share of held-out training clips that the stored threshold lets through
    finer_labels : learn finer labels where they are known (emotions for arousal), and sum their probabilities
    held_out_ : what was said of the training clips, by modality, before their speakers were learnt (see `Readout`)

    What it perceives, what it decides on one recording and on many, stand in `PerceivingSystem`, `DecidingSystem` and
    `PredictingSystem`, with the attributes that they take; here is how it learns, and what it is.
    """

    normalise: str
    coverage: float
    finer_labels: bool = False
    held_out_: dict[str, Answers]

    # -- hooks -------------------------------------------------------------------------------------------------

    @abstractmethod
    def _fit(self, training: TrainingSet) -> None:
        """Learn from labelled clips: set `readouts_` and `held_out_`, and all that `represent` needs."""

    @property
    def abilities(self) -> frozenset[str]:
        """What it can do, of `ABILITIES`."""
        able = {
            name for name in ("transduce", "equivalent", "locate", "export", "quantise") if hasattr(type(self), name)
        }
        if "eeg" in MODALITIES[self.modality]:
            able.add("eeg")
        return frozenset({"learn", *able} | ({"one_modality"} if len(self.deciders) > 1 else set()))

    # -- presets -----------------------------------------------------------------------------------------------

    @classmethod
    def preset(cls: type[AnySystem], name: str | None = None, seed: int = 0, modality: str | None = None) -> AnySystem:
        """Return the unfitted system of a preset, by default the first, for one of its `modalities`."""
        made: AnySystem = SYSTEMS.info_of(cls).make(name, seed, modality)
        return made

    @classmethod
    def presets(cls) -> tuple[str, ...]:
        """Names of the presets, the default one first."""
        return tuple(SYSTEMS.info_of(cls).load_presets())

    @classmethod
    def modalities(cls) -> tuple[str, ...]:
        """What the system can perceive, the default one first: of ``"audio"``, ``"face"``, ``"both"``, ``"eeg"``."""
        return SYSTEMS.info_of(cls).modalities

    # -- training ----------------------------------------------------------------------------------------------

    @final
    def fit(
        self: AnySystem,
        clips: Recordings,
        labels: Given,
        speakers: Given | None = None,
        progress: Progress | None = None,
        finer: Sequence[str] | None = None,
        *,
        weights: Sequence[float] | Weights | None = None,
        strict: bool = True,
    ) -> AnySystem:
        """Train on labelled clips; `speakers` keep calibration honest by holding out whole speakers.

        `finer` labels, each within one label, are learnt in place of `labels` by a system with `finer_labels`; what is
        decided stays the same. `weights` count a clip more or less than once where labels are learnt. Unless `strict`,
        clips that cannot be read are left out, and `left_out_` tells why.
        """
        training = self._check_training(clips, labels, speakers, finer, weights=weights, progress=progress)
        self.whole_numbers_ = find_whole_numbers(labels)
        self.left_out_, self.held_out_, self.early_, self.refuses_damaged_ = {}, {}, {}, not strict
        try:
            self._fit(training)
        except Exception:
            training.check_without(self.left_out_)  # what is left may be too little, which fails in many ways
            raise
        self._settle()
        return self

    @final
    def fit_early(
        self: AnySystem,
        clips: Recordings,
        labels: Given,
        speakers: Given | None = None,
        progress: Progress | None = None,
        finer: Sequence[str] | None = None,
        *,
        weights: Sequence[float] | Weights | None = None,
        looks: Sequence[float] = LOOKS,
    ) -> AnySystem:
        """Learn to decide before an utterance is over, from the beginnings of the clips that trained (see `stream`).

        Each of `looks`, in seconds since the onset, gets a readout and a calibration of its own: half a second tells
        less than a sentence. Nothing else changes. A clip counts by its longest utterance, once as recorded and once
        over each other channel that training sends it over; one that cannot be read, or is over sooner, does not. Looks
        that few clips reach are left out. What is learnt later (`adapt`) makes it forget.

        Raises
        ------
        InputError : a system without the ability, labels other than those it was trained on, or as `fit`
        """
        if "early" not in self.abilities:
            raise InputError(f"this {type(self).__name__} of {self.modality} does not learn to decide on speech early")
        for look in looks:
            within("seconds of an early decision", look, *EARLIEST_AND_LATEST)
        training = self._check_training(clips, labels, speakers, finer, weights=weights, progress=progress)
        if {*training.labels.tolist()} != {*self.labels_}:
            raise InputError(f"recordings of the classes {', '.join(self.labels_)} expected, as they trained")
        self.early_ = self._fit_early(training, [round(look, 2) for look in looks])
        return self

    def _fit_early(self, training: TrainingSet, looks: Sequence[float]) -> Mapping[float, Readout]:
        """Return readouts of what is heard until each look; none of a system without the ability ``"early"``."""
        return {}

    def _check_training(
        self,
        clips: Recordings,
        labels: Given,
        speakers: Given | None,
        finer: Sequence[str] | None,
        **more: Any,
    ) -> TrainingSet:
        """Return the training set of clips, with finer labels if they are learnt (see `TrainingSet.check`)."""
        learnt = finer if self.finer_labels else None
        return TrainingSet.check(as_clips(clips), labels, speakers, normalise=self.normalise, finer=learnt, **more)

    def _settle(self) -> None:
        """Take classes and threshold from the readout of clips that lack nothing."""
        self.labels_, self.threshold_ = self.readout_.classes, self.readout_.threshold_

    @property
    def readout_(self) -> Readout:
        """The readout of clips that lack nothing."""
        return self.readouts_[self.modality]

    # -- deciding on sound as it comes -------------------------------------------------------------------------

    @final
    def stream(
        self, rate: float = SAMPLE_RATE, threshold: float | None = None, *, early: bool = True, modality: str = "audio"
    ) -> SpeechStream:
        """Return what decides on sound at `rate` Hz as it comes: by the sound alone, or by a face too.

        Each utterance gets one final decision when it is over, that of `decide` on its samples. Before, it is decided
        on what was heard so far, unless `early` is False: by a system that learnt to (see `fit_early`) half a second
        and a second after the onset, by its sound; by all every second from the second one on. Where one speaker is
        heard (see `for_one_speaker`), final decisions teach it whom.

        With modality ``"both"`` pictures may be fed as well (`SpeechStream.feed_picture`). An utterance during which
        some were taken is decided as a film of it is; another by its sound. While nobody speaks, a face that is seen is
        decided on alone.

        Raises
        ------
        InputError : a system that does not hear, or that does not see by what follows a face, or a rate that is not
            within 8 to 192 kHz
        """
        one_of("modality of a stream", modality, ("audio", "both"))
        if "audio" not in self.deciders:
            raise InputError(f"streams are of sound, and this model perceives {self.modality}: load one that hears")
        if modality == "both":
            self.check_follows_faces()
        self.limit("audio", threshold)
        return SpeechStream(
            rate,
            (*self.early_, *LATER) if early else (),
            lambda clip, modality: self._decide_whole(clip, threshold, modality)[0],
            lambda clip, look, modality: self._decide_early(clip, look, threshold, modality),
            sees=modality == "both",
        )

    def check_follows_faces(self) -> None:
        """Raise `InputError` unless it decides on faces that are followed as they come."""
        if not {"both", "face"} <= {*self.deciders}:
            raise InputError(f"this model perceives {self.modality}: load one that hears and sees")
        if not self.follows_faces:
            raise InputError("this model looks at whole pictures, not at what moves in a face")

    def _decide_early(self, clip: Clip, look: float | None, threshold: float | None, modality: str) -> Decision:
        """Return the decision on the beginning of an utterance, or on a face; it teaches nothing about who speaks."""
        if look is None or look not in self.early_:
            return self._look_without_learning()._decide_whole(clip, threshold, modality)[0]
        timer, readout = Stopwatch(), self.early_[look]
        seen, unheard = self.attend(clip, "audio", timer)
        represented = [self.represent(seen, ("audio",), timer)]
        with timer("classifier"):
            answer, novelty = readout.probabilities(represented)[0], float(readout.measure_novelty(represented)[0])
        limit = self._limit_of(readout) if threshold is None else threshold
        return make_decision(
            self.labels_,
            answer,
            limit,
            share={"audio": 1.0},
            seconds=timer.seconds,
            remarks=[f"after {look:g} s"],
            unheard=unheard,
            novelty=novelty,
        )

    # -- adapting ----------------------------------------------------------------------------------------------

    @final
    def adapt(self: AnySystem, clips: Recordings, labels: Given | None = None) -> AnySystem:
        """Learn a new speaker (without labels: its mean), or new clips and classes, keeping the old ones.

        Raises
        ------
        InputError : a system that does not learn, labels that are not one a clip, or a new class of which no clip has
            all that the system perceives; nothing is learnt then
        """
        if labels is not None:
            self.check_learns()
        clips = as_clips(clips)
        if not clips:
            raise InputError("clips to adapt to expected, got none")
        if labels is not None and len(labels := as_classes(labels)) != len(clips):
            raise InputError(f"one label a clip expected, got {len(labels)} for {len(clips)} clips")
        found = list(map_clips(lambda _, clip: self.represent_parts(clip), clips, "adapting"))
        told = [(i, part.read) for i, parts in enumerate(found) for part in parts if part.spoken or len(parts) == 1]
        rows = [i for i, _ in told]
        self._adapt([read for _, read in told], None if labels is None else np.asarray(labels, dtype=str)[rows])
        self.early_ = {}  # they know nothing of it
        self._settle()
        return self

    def _adapt(self, found: Sequence[Mapping[str, Any]], labels: Labels | None) -> None:
        """Adapt every readout to what it reads of the clips that have its modality."""
        if labels is not None:
            self._check_new_classes(found, labels)
        for decider, readout in self.readouts_.items():
            rows = [i for i, own in enumerate(found) if decider in own]
            if rows:
                readout.adapt([found[i][decider] for i in rows], None if labels is None else labels[rows])

    def _check_new_classes(self, found: Sequence[Mapping[str, Any]], labels: Labels) -> None:
        """Raise `InputError` for a new class that not every readout is shown, for all have to know the same."""
        learnt = (one.calibration_.learnt for one in self.readouts_.values())
        new = {*labels.tolist()}.difference(self.labels_, *learnt)
        for decider in self.readouts_:
            shown = {str(label) for own, label in zip(found, labels, strict=True) if decider in own}
            if missing := sorted(new - shown):
                senses = " and ".join(MODALITIES[self.modality])
                raise InputError(f"no recording of the new class {missing[0]!r} can be decided on by {senses}: add one")

    def check_learns(self) -> None:
        """Raise `InputError` if it cannot learn further labelled clips; name the presets that can."""
        if "learn" in self.abilities:
            return
        able = [name for name in self.presets() if "learn" in self.preset(name).abilities]
        raise InputError(
            f"the classifier of this {type(self).__name__} cannot learn more clips: train another model with "
            f"{'preset ' + ' or '.join(able) if able else 'a classifier that can'}, or adapt without labels"
        )

    # -- storing -----------------------------------------------------------------------------------------------

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return the fitted arrays of the readouts, and the fitted facts that JSON can hold; a system adds its own."""
        arrays: dict[str, np.ndarray] = {}
        facts: dict[str, Any] = {}
        readouts = {f"readout.{decider}": one for decider, one in self.readouts_.items()}
        for place, readout in (readouts | {name_look(look): one for look, one in self.early_.items()}).items():
            own, known = readout.state()
            arrays |= {f"{place}.{name}": array for name, array in own.items()}
            facts |= {place: known}
        return arrays, facts

    @abstractmethod
    def restore(self: AnySystem, arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any]) -> AnySystem:
        """Take back what `state` returned; afterwards it decides bit for bit as before."""
