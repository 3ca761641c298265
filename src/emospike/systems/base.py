"""System: what every published system does, from clips to explained decisions; a system fills in four hooks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from copy import copy, deepcopy
from dataclasses import fields
from types import MappingProxyType
from typing import Any, Final, TypeVar, final

import numpy as np

from emospike.augmentation.channel import ChannelVariation
from emospike.clip import SAMPLE_RATE, Clip
from emospike.clip.batch import Recording, as_clip, as_clips, map_clips, try_clips
from emospike.decision import Decision, make_decision, make_no_decision
from emospike.energy.operations import Operations
from emospike.explain.attribution import Attribution
from emospike.explain.explanation import Explanation
from emospike.explain.panel import Panel
from emospike.features import Feature
from emospike.features.face_quality import describe_face_of
from emospike.features.face_track import NoFaceError
from emospike.progress import Progress, Stopwatch
from emospike.readout.readout import Readout
from emospike.readout.score_centring import ScoreCentring, centre_by_speaker
from emospike.systems import SYSTEMS
from emospike.systems.early import EARLIEST_AND_LATEST, LATER, LOOKS, name_look
from emospike.systems.evidence import Answer, Answers, Evidence, Part, Verdicts
from emospike.systems.explaining import (
    Attributions,
    choose_features,
    explain_decision,
    explain_nothing,
    explain_windows,
)
from emospike.systems.perception import (
    MODALITIES,
    Perceived,
    check_long_enough,
    explain_no_speech,
    hear_again,
    modality_of,
    perceive,
    remark_on,
)
from emospike.systems.streaming import SpeechStream
from emospike.systems.training import Labels, TrainingSet, Weights
from emospike.systems.windows import (
    WINDOW,
    WindowDecision,
    check_window,
    decide_parts,
    is_long,
    join_answers,
    join_windows,
    list_voters,
    represent_windows,
)
from emospike.validation import InputError, NotTrainedError, as_labels, one_of, show, within

AnySystem = TypeVar("AnySystem", bound="System")

ABILITIES: Final = {
    "learn": "goes on learning from further labelled clips, of known and of new classes",
    "one_modality": "decides by each of several modalities alone",
    "transduce": "can do its paper's experiment in which the test recordings are there in training",
    "equivalent": "tells what a non-spiking network of another shape costs: its paper's, or the same weights used once",
    "events": "decides on what an event camera recorded of a face",
    "eeg": "reads EEG, alone or beside other modalities",
    "early": "learns to decide on speech before an utterance is over",
}
"""What some systems can do and others cannot; whoever needs an ability asks for it, and never for a class."""


class System(ABC):
    """One published system; scikit-learn's conventions over lists of clips.

    A subclass is a dataclass of parameters (plain values and registered steps) whose fitted attributes end in an
    underscore; its folder's `SYSTEM`, a `SystemInfo`, names it and its presets. It fills in `_fit`, `represent`,
    `_panels` and `_operations`, and what else it stores in `state` and `restore`; all other verbs are the same for all.
    Any of its modalities can decide alone.

    Attributes
    ----------
    features : what is heard, then what is seen
    modality : ``"audio"``, ``"face"``, ``"both"``, or another that the system has
    normalise : ``"none"``, or ``"speaker"``: what is each speaker's own is removed, without labels
    coverage : share of held-out training clips that the stored threshold lets through
    finer_labels : learn finer labels where they are known (emotions for arousal), and sum their probabilities
    channel_variation : copies of the training clips over other channels, which the readouts learn too, or None
    level : active level that every sound is brought to before any feature, dBFS; None takes sound as recorded
    seed : of every random draw
    classes_ : sorted labels
    threshold_ : confidence below which the answer is "don't know"
    readouts_ : from what `represent` gives to calibrated probabilities, by modality
    held_out_ : what was said of the training clips, by modality, before their speakers were learnt (see `Readout`)
    left_out_ : why training clips, by index, could not be used: no face was found where faces decide, or, where `fit`
        was not strict, they cannot be read
    risk_ : how often answers may be wrong (see `at_risk`), or None for the stored thresholds
    centring_ : what was found of the one speaker that is heard, by modality (see `for_one_speaker`); else nothing
    early_ : readouts of the beginnings of utterances, by seconds since the onset; else nothing (see `stream`)
    card : what the model is, was trained on, and reached (see `emospike.store`)
    """

    features: tuple[Feature, ...]
    modality: str
    normalise: str
    coverage: float
    finer_labels: bool = False
    channel_variation: ChannelVariation | None = None
    level: float | None = None
    seed: int = 0

    classes_: tuple[str, ...]
    threshold_: float
    readouts_: Mapping[str, Readout]
    held_out_: dict[str, Answers]
    left_out_: dict[int, str]
    card: dict[str, Any]
    risk_: float | None = None
    refuses_damaged_: bool = False
    centring_: Mapping[str, ScoreCentring] = MappingProxyType({})
    early_: Mapping[float, Readout] = MappingProxyType({})

    # -- hooks -------------------------------------------------------------------------------------------------

    @abstractmethod
    def _fit(self, training: TrainingSet) -> None:
        """Learn from labelled clips: set `readouts_` and `held_out_`, and all that `represent` needs."""

    @abstractmethod
    def represent(self, seen: Perceived, modalities: Sequence[str], timer: Stopwatch | None = None) -> Any:
        """Return what the readout of these modalities, which alone are looked at, reads of a clip."""

    @abstractmethod
    def _panels(self, seen: Perceived, target: int) -> tuple[Attributions, list[Panel]]:
        """Return what parts of a clip do to a class, by kind of part, and the pictures that only this system has."""

    @abstractmethod
    def _operations(self, seen: Perceived) -> Operations:
        """Return what one decision on this clip costs."""

    @property
    def abilities(self) -> frozenset[str]:
        """What it can do, of `ABILITIES`."""
        able = {name for name in ("transduce", "equivalent") if hasattr(type(self), name)}
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

    # -- perceiving --------------------------------------------------------------------------------------------

    @property
    def fuses_late(self) -> bool:
        """Whether each sense is read on its own and the answers are joined; then clips that lack one train the others.

        Otherwise one representation of all senses is read.
        """
        return False

    @property
    def deciders(self) -> tuple[str, ...]:
        """The modalities by which it can decide, its own first."""
        own = MODALITIES[self.modality]
        return (self.modality, *own) if len(own) > 1 else (self.modality,)

    def _check_modality(self, modality: str | None) -> None:
        if modality is not None and not (isinstance(modality, str) and modality in self.deciders):
            other = modality if isinstance(modality, str) else show(modality)
            raise InputError(f"this model perceives {self.modality}, not {other}: name another model, or modality")

    def _check_speakers(self, clips: Sequence[Clip], speakers: Sequence[str] | None) -> None:
        if speakers is not None and len(as_labels("speakers", speakers)) != len(clips):
            raise InputError(f"one speaker a clip expected, got {len(speakers)} for {len(clips)} clips")

    def perceive(self, clip: Clip, modality: str | None = None) -> Perceived:
        """Return the clip's features, of one modality alone if asked for."""
        self._check_modality(modality)
        return perceive(self.features_of(clip), clip, modality or self.modality, self.level)

    def features_of(self, clip: Clip) -> tuple[Feature, ...]:
        """Return what is looked for in a clip: `features`, unless what recorded it asks for others."""
        return self.features

    def perceive_training(self, index: int, clip: Clip) -> Perceived | None:
        """Return the features of a training clip, or None and note it in `left_out_` where it cannot be used.

        That no face is found shows only once all pictures were searched, and one such film should not stop hours of
        training; nor should a damaged file, unless `fit` is strict.
        """
        try:
            return self._perceive_whole(clip)
        except InputError as error:
            if not (self.refuses_damaged_ or isinstance(error, NoFaceError)):
                raise
            self.left_out_[index] = str(error)
            return None

    def _perceive_whole(self, clip: Clip) -> Perceived:
        """Return a clip's features as they train and test; raise `InputError` for a damaged part, if it is refused."""
        seen = self.perceive(clip)
        if self.refuses_damaged_ and seen.damaged:
            raise InputError(seen.missing[seen.damaged[0]])
        return self._leave_unclear(seen)

    def _leave_unclear(self, seen: Perceived) -> Perceived:
        """Return what is perceived without a face that cannot be read, where there is something else."""
        several = len(seen.modalities) > 1 and "face" in seen.modalities
        unclear = describe_face_of(seen.clip) if several else None
        return seen.without(self.features_of(seen.clip), "face", unclear) if unclear else seen

    def refuse_damaged(self: AnySystem) -> AnySystem:
        """Return the same trained system, for which a recording with a damaged part is none, whatever else it has.

        What it learnt is shared, not copied.
        """
        strict = copy(self)
        strict.refuses_damaged_ = True
        return strict

    @property
    def channel_copies(self) -> int:
        """How many copies over other channels each training clip gets."""
        hears = "audio" in MODALITIES[self.modality]
        return self.channel_variation.copies if self.channel_variation is not None and hears else 0

    def perceive_copies(self, seen: Perceived) -> list[Perceived]:
        """Return a training clip's features as other channels would have brought its sound (see `channel_variation`).

        What is seen is that of the clip, and so is what is heard where a channel leaves no sound.
        """
        if self.channel_variation is None or not self.channel_copies:
            return []
        drawn = self.channel_variation.draw(seen.clip, self.seed)
        return [hear_again(self.features, seen, clip, self.level) for clip in drawn]

    def deciders_of(self, seen: Perceived) -> list[str]:
        """Return the modalities by which a clip can be decided."""
        return [one for one in self.deciders if set(MODALITIES[one]) <= set(seen.modalities)]

    def by(self, modality: str) -> System:
        """Return the same trained system, deciding by this modality alone; what it learnt is shared, not copied."""
        if modality is None:
            raise InputError("a modality to decide by expected, got None")
        self._check_modality(modality)
        alone = copy(self)
        alone.modality, alone.readouts_ = modality, {modality: self.readouts_[modality]}
        alone.threshold_ = self.limit(modality)
        alone.early_ = self.early_ if "audio" in alone.deciders else {}
        alone.card = {**getattr(self, "card", {}), "modality": modality}
        return alone

    # -- training ----------------------------------------------------------------------------------------------

    @final
    def fit(
        self: AnySystem,
        clips: Sequence[Recording],
        labels: Sequence[str],
        speakers: Sequence[str] | None = None,
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
        finer = finer if self.finer_labels else None
        training = TrainingSet.check(
            as_clips(clips), labels, speakers, normalise=self.normalise, finer=finer, weights=weights, progress=progress
        )
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
        clips: Sequence[Recording],
        labels: Sequence[str],
        speakers: Sequence[str] | None = None,
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
        finer = finer if self.finer_labels else None
        training = TrainingSet.check(
            as_clips(clips), labels, speakers, normalise=self.normalise, finer=finer, weights=weights, progress=progress
        )
        if {*training.labels.tolist()} != {*self.classes_}:
            raise InputError(f"recordings of the classes {', '.join(self.classes_)} expected, as they trained")
        self.early_ = self._fit_early(training, [round(look, 2) for look in looks])
        return self

    def _fit_early(self, training: TrainingSet, looks: Sequence[float]) -> Mapping[float, Readout]:
        """Return readouts of what is heard until each look; of systems with the ability ``"early"``."""
        raise NotImplementedError

    def _settle(self) -> None:
        """Take classes and threshold from the readout of clips that lack nothing."""
        self.classes_, self.threshold_ = self.readout_.classes, self.readout_.threshold_

    @property
    def readout_(self) -> Readout:
        """The readout of clips that lack nothing."""
        return self.readouts_[self.modality]

    # -- deciding on one clip ----------------------------------------------------------------------------------

    def limit(self, modality: str, threshold: float | None = None) -> float:
        """Return the confidence that an answer by a modality needs: that of its readout, unless one is given."""
        if threshold is not None:
            within("threshold", threshold, 0.0, np.inf)
            return threshold
        return self._limit_of(self.readouts_[modality])

    def _limit_of(self, readout: Readout) -> float:
        """Return the confidence that an answer by a readout needs."""
        return readout.threshold_ if self.risk_ is None else readout.calibration_.threshold_at(self.risk_)

    def at_risk(self: AnySystem, risk: float) -> AnySystem:
        """Return the same trained system, answering so seldom that at most that share of its answers is wrong.

        The promise, its method and its assumption are those of `emospike.readout.risk.RiskTable`; where it cannot be
        kept, nothing is answered. What it learnt is shared, not copied.

        Raises
        ------
        InputError : a risk that is no share, or a model of an older emospike
        """
        within("risk", risk, 0, 1)
        promised = copy(self)
        promised.risk_ = risk
        for modality in self.readouts_:
            promised.limit(modality)
        return promised

    def for_one_speaker(self: AnySystem) -> AnySystem:
        """Return the same trained system for recordings of one speaker, whose scores it centres as they come.

        It remembers a few numbers of what it decided on, without labels (see `ScoreCentring`), so that each decision
        depends on those before; `explain` and occlusion look without learning. Many clips at once are those of the
        speakers that are named, each on their own and in random order. What it learnt is shared, not copied.

        Raises
        ------
        InputError : a model of an older emospike
        """
        alone = copy(self)
        alone.centring_ = {modality: ScoreCentring(one.calibration_) for modality, one in self.readouts_.items()}
        return alone

    def forget_speaker(self) -> None:
        """Forget what was found of the one speaker that is heard, where another takes over (see `for_one_speaker`)."""
        for centring in self.centring_.values():
            centring.reset()

    def answer(
        self, seen: Perceived, modalities: Sequence[str], timer: Stopwatch | None = None, *, learn: bool = False
    ) -> Answer:
        """Return the calibrated probabilities that these modalities alone give.

        Where one speaker is heard (see `for_one_speaker`), `learn` takes the clip into what is known of the speaker.
        """
        timer = timer or Stopwatch()
        return self._judge(self.represent(seen, modalities, timer), modality_of(modalities), timer, learn=learn)

    def _judge(self, represented: Any, decider: str, timer: Stopwatch, *, learn: bool) -> Answer:
        """Return the calibrated probabilities that a readout gives to a representation."""
        readout, centring = self.readouts_[decider], self.centring_.get(decider)
        with timer(readout.stage):
            scores = readout.scores([represented])
        with timer("classifier"):
            if centring:
                scores = (centring.update if learn else centring.centre)(scores[0])[None]
            answer: Answer = readout.calibration_.probabilities(scores)[0]
        return answer

    def _answer_alone(self, seen: Perceived, modality: str, represented: Any, *, learn: bool) -> Answer:
        """Return the answer by one of the modalities of a clip, all of which were `represented`, together or apart."""
        if isinstance(represented, Mapping):
            return self._judge(represented[modality], modality, Stopwatch(), learn=learn)
        return self.answer(seen, (modality,), learn=learn)

    def attend(
        self, clip: Clip, modality: str | None = None, timer: Stopwatch | None = None
    ) -> tuple[Perceived, str | None]:
        """Return what is decided on, and why its sound is no speech, if so.

        Sound without speech is left to the face where there is one, and a face that cannot be read to the sound.

        Raises
        ------
        NoFaceError : faces decide, and there is none, or too little of one
        """
        timer = timer or Stopwatch()
        with timer("decode"):
            _decode(clip, modality or self.modality)
        with timer("features"):
            seen = self.perceive(clip, modality)
        if "audio" not in seen.modalities:
            check_long_enough(seen)
            return seen, None
        with timer("speech check"):
            unheard = explain_no_speech(clip)
        if unheard and len(seen.modalities) > 1:
            return seen.without(self.features_of(clip), "audio", unheard), None
        return self._leave_unclear(seen), unheard

    def consider(self, clip: Clip, modality: str | None = None, timer: Stopwatch | None = None) -> Evidence:
        """Return the answers to one clip: by all modalities that it has, and by each alone.

        Raises
        ------
        NoFaceError : faces decide, and there is none
        """
        timer = timer or Stopwatch()
        seen, unheard = self.attend(clip, modality, timer)
        unclear = describe_face_of(clip) if "face" in seen.modalities else None
        learn, decider = unheard is None and unclear is None, seen.modality
        represented = self.represent(seen, seen.modalities, timer)
        whole = self._judge(represented, decider, timer, learn=learn)
        with timer("classifier"):
            novelty = float(self.readouts_[decider].measure_novelty([represented])[0])
        with timer("shares"):
            several = seen.modalities if len(seen.modalities) > 1 else ()
            alone = {one: self._answer_alone(seen, one, represented, learn=learn) for one in several}
        return Evidence(seen, unheard, whole, alone, novelty, unclear)

    @final
    def decide(self, clip: Recording, threshold: float | None = None, modality: str | None = None) -> Decision:
        """Return the decision on one clip, or on the recording at a path, with the time that each stage took.

        `threshold` replaces the model's own. A system of two modalities decides by one alone if `modality` says so, or
        if the clip lacks the other. What is longer than `LONGEST` is decided window by window (see `decide_windows`).
        """
        return self.decide_windows(clip, threshold, modality)[0]

    @final
    def decide_windows(
        self,
        clip: Recording,
        threshold: float | None = None,
        modality: str | None = None,
        window: float = WINDOW,
    ) -> tuple[Decision, list[WindowDecision]]:
        """Return the decision on a recording, and on each of its windows if it is longer than two of them.

        Windows lie end to end and are read one at a time. A recording of up to `LONGEST` seconds is decided in one
        piece; a longer one by its windows of `WINDOW` seconds in which speech is heard, whatever `window` is asked for:

            p_k = softmax_k(mean_w ln p_wk)

        Windows that are unlike all that was learnt from are passed over. If there is no other, or no speech at all, the
        whole is not answered.

        Raises
        ------
        InputError : as `Clip` does for a recording that cannot be used; it is silent throughout; or `window` is not
            within 0.5 to 60 s
        """
        check_window(window)
        self._check_modality(modality)
        clip, watch = as_clip(clip), Stopwatch()
        if is_long(clip):
            found = self._decide_parts(clip, WINDOW, threshold, modality, watch)
            whole = join_windows(clip, found, watch.seconds)
        else:
            found, whole = [], self._decide_whole(clip, threshold, modality)[0]
        if not is_long(clip, 2 * window):
            return whole, []
        if window == WINDOW:
            return whole, found
        return whole, self._look_without_learning()._decide_parts(clip, window, threshold, modality, Stopwatch())

    def _look_without_learning(self: AnySystem) -> AnySystem:
        """Return the same system for windows that are only shown: they teach it nothing about who speaks."""
        onlooker = copy(self)
        onlooker.centring_ = {modality: deepcopy(one) for modality, one in self.centring_.items()}
        return onlooker

    def _decide_parts(
        self, clip: Clip, seconds: float, threshold: float | None, modality: str | None, watch: Stopwatch
    ) -> list[WindowDecision]:
        """Return what is decided on each window of a recording."""
        sees = (modality or self.modality) != "audio"
        return list(
            decide_parts(
                clip, seconds, lambda part: self._decide_whole(part, threshold, modality), sees=sees, watch=watch
            )
        )

    def _decide_whole(self, clip: Clip, threshold: float | None, modality: str | None) -> tuple[Decision, float]:
        """Return the decision on a clip in one piece, and the confidence that it needed."""
        timer = Stopwatch()
        try:
            found = self.consider(clip, modality, timer)
        except NoFaceError as error:
            nothing = make_no_decision(self.classes_, str(error), timer.seconds)
            return nothing, self.limit(modality or self.modality, threshold)
        return self.decide_on(found, threshold, timer.seconds), self.limit(found.seen.modality, threshold)

    def decide_on(self, found: Evidence, threshold: float | None, seconds: Mapping[str, float]) -> Decision:
        """Return the decision that the answers to a clip mean."""
        return make_decision(
            self.classes_,
            found.whole,
            self.limit(found.seen.modality, threshold),
            share=found.share,
            seconds={stage: spent for stage, spent in seconds.items() if stage != "shares" or found.alone},
            remarks=remark_on(found.seen.clip, found.share, self._missing(found.seen), heard=found.unheard is None),
            unheard=found.unheard,
            unclear=found.unclear,
            novelty=found.novelty,
            alone=found.alone,
        )

    def _missing(self, seen: Perceived) -> Mapping[str, str]:
        """Return why modalities that could have decided on a clip are not there."""
        return seen.missing

    @final
    def explain(
        self,
        clip: Recording,
        threshold: float | None = None,
        modality: str | None = None,
        label: str | None = None,
    ) -> Explanation:
        """Return the decision on one clip with the pictures that tell how it came about.

        `modality` names what to decide by (default: all that the system has), `label` the class whose evidence is
        measured (default: the decided one). Of a recording that is longer than `LONGEST`, the timeline is shown, and
        the window that says most of that class is explained.
        """
        clip = as_clip(clip)
        self._check_modality(modality)
        if label is not None:
            one_of("class", label, self.classes_)
        if not is_long(clip):
            return self._explain_whole(clip, threshold, modality, label)
        whole, windows = self.decide_windows(clip, threshold, modality)
        target = label or whole.label
        voters = list_voters(windows)
        if not voters:
            limit = self.limit(modality or self.modality, threshold)
            return explain_nothing(clip.name, whole, limit, str(getattr(self, "card", {}).get("labels", "")), target)
        chosen, _ = max(voters, key=lambda one: one[1].probabilities[target])
        part = next(one for one in clip.windows(WINDOW) if one.start == chosen.start)
        onlooker = self._look_without_learning()
        return explain_windows(clip, whole, windows, chosen, onlooker._explain_whole(part, threshold, modality, target))

    def _explain_whole(
        self, clip: Clip, threshold: float | None, modality: str | None, label: str | None
    ) -> Explanation:
        """Return the explanation of a clip in one piece."""
        timer, task = Stopwatch(), str(getattr(self, "card", {}).get("labels", ""))
        try:
            found = self.consider(clip, modality, timer)
        except NoFaceError as error:
            decided = make_no_decision(self.classes_, str(error), timer.seconds)
            limit = self.limit(modality or self.modality, threshold)
            return explain_nothing(clip.name, decided, limit, task, label or decided.label)
        decided = self.decide_on(found, threshold, timer.seconds)
        target = label or decided.label
        number = self.classes_.index(target)
        attributions, panels = self._panels(found.seen, number)
        changes = [Attribution(*one) for one in found.changes(number).items()]
        return explain_decision(
            decided,
            self.limit(found.seen.modality, threshold),
            found.seen,
            choose_features(self.features_of(clip), found.seen),
            task=task,
            target=target,
            alone=decided.alone,
            attributions=({"modalities": changes} if changes else {}) | attributions,
            panels=panels,
        )

    @final
    def operations(self, clip: Recording, modality: str | None = None) -> Operations:
        """Return what one decision on this clip costs, by one modality alone if asked for."""
        return self._operations(self.perceive(as_clip(clip), modality))

    # -- deciding on sound as it comes -------------------------------------------------------------------------

    @final
    def stream(self, rate: float = SAMPLE_RATE, threshold: float | None = None, *, early: bool = True) -> SpeechStream:
        """Return what decides on sound at `rate` Hz as it comes, by the sound alone.

        Each utterance gets one final decision when it is over, that of `decide` on its samples. Before, it is decided
        on what was heard so far, unless `early` is False: by a system that learnt to (see `fit_early`) half a second
        and a second after the onset, by all every second from the second one on. Where one speaker is heard (see
        `for_one_speaker`), final decisions teach it whom.

        Raises
        ------
        InputError : a system that does not hear, or a rate that is not within 8 to 192 kHz
        """
        if "audio" not in self.deciders:
            raise InputError(f"streams are of sound, and this model perceives {self.modality}: load one that hears")
        self.limit("audio", threshold)
        return SpeechStream(
            rate,
            (*self.early_, *LATER) if early else (),
            lambda clip: self._decide_whole(clip, threshold, "audio")[0],
            lambda clip, look: self._decide_early(clip, look, threshold),
        )

    def _decide_early(self, clip: Clip, look: float, threshold: float | None) -> Decision:
        """Return the decision on the beginning of an utterance; it teaches nothing about who speaks."""
        if look not in self.early_:
            return self._look_without_learning()._decide_whole(clip, threshold, "audio")[0]
        timer, readout = Stopwatch(), self.early_[look]
        seen, unheard = self.attend(clip, "audio", timer)
        represented = [self.represent(seen, ("audio",), timer)]
        with timer("classifier"):
            answer, novelty = readout.probabilities(represented)[0], float(readout.measure_novelty(represented)[0])
        limit = self._limit_of(readout) if threshold is None else threshold
        return make_decision(
            self.classes_,
            answer,
            limit,
            share={"audio": 1.0},
            seconds=timer.seconds,
            remarks=[f"after {look:g} s"],
            unheard=unheard,
            novelty=novelty,
        )

    # -- many clips --------------------------------------------------------------------------------------------

    def represent_clip(self, clip: Clip) -> dict[str, Any]:
        """Return what the readout of every modality that can decide on a clip reads of it."""
        seen = self._perceive_whole(clip)
        return {own: self.represent(seen, MODALITIES[own]) for own in self.deciders_of(seen)}

    def _represent_parts(self, clip: Clip) -> list[Part]:
        """Return what the readouts read of a recording, or of each of its windows if it is longer than `LONGEST`."""
        if not is_long(clip):
            return [Part(self.represent_clip(clip))]
        return represent_windows(clip, self.represent_clip, MODALITIES[self.modality])

    @final
    def predict_proba(
        self,
        clips: Sequence[Recording],
        speakers: Sequence[str] | None = None,
        progress: Progress | None = None,
        modality: str | None = None,
    ) -> Answers:
        """Return calibrated probabilities, columns in the order of `classes_`; of one modality alone if asked for.

        `speakers` are used by a system that normalises speakers, and only to tell whose clip is whose. A clip is
        decided by what it has; one that shows nothing to decide on raises its `InputError`.
        """
        self._check_modality(modality)
        system = self if modality is None or modality == self.modality else self.by(modality)
        clips = as_clips(clips)
        self._check_speakers(clips, speakers)
        found = dict(enumerate(map_clips(lambda _, clip: system._represent_parts(clip), clips, "answers", progress)))
        out = np.full((len(clips), len(self.classes_)), np.nan)
        for decider in reversed(system.deciders):
            for row, (answer, _) in system._read_recordings(decider, found, speakers).items():
                out[row] = answer
        return out

    @final
    def predict(self, clips: Sequence[Recording], speakers: Sequence[str] | None = None) -> list[str]:
        """Return the most probable label of each clip."""
        best = self.predict_proba(clips, speakers).argmax(axis=1)
        return [self.classes_[i] for i in best]

    @final
    def predict_by_modality(
        self, clips: Sequence[Recording], speakers: Sequence[str] | None = None, progress: Progress | None = None
    ) -> Verdicts:
        """Return what every modality that can decide says of clips."""
        clips = as_clips(clips)
        self._check_speakers(clips, speakers)
        found, reasons = try_clips(self._represent_parts, clips, "answers", progress)
        out = {decider: np.full((len(clips), len(self.classes_)), np.nan) for decider in self.deciders}
        novelty = np.zeros(len(clips), np.float32)
        for decider, probabilities in reversed(out.items()):
            for row, (answer, distance) in self._read_recordings(decider, found, speakers).items():
                probabilities[row], novelty[row] = answer, distance
        return Verdicts(out, reasons, novelty)

    def _read_recordings(
        self, decider: str, found: Mapping[int, Sequence[Part]], speakers: Sequence[str] | None
    ) -> dict[int, tuple[Answer, float]]:
        """Return by row what a readout says of the recordings that it can decide on, and how strange they are.

        Windows of a long recording decide together, as in `decide_windows`.
        """
        parts = [(row, part) for row, own in found.items() for part in own if decider in part.read]
        if not parts:
            return {}
        rows, read = np.array([row for row, _ in parts]), [part.read[decider] for _, part in parts]
        answers = self._read_out(decider, read, rows.tolist(), speakers)
        who = None if speakers is None else np.asarray(speakers)[rows]
        novelty = self.readouts_[decider].measure_novelty(read, who)
        spoken = np.array([part.spoken or "audio" not in MODALITIES[decider] for _, part in parts])
        return join_answers(rows, answers, spoken, novelty)

    def _read_out(
        self, decider: str, represented: Sequence[Any], rows: Sequence[int], speakers: Sequence[str] | None
    ) -> Answers:
        """Return what a readout says of these clips together, so that speakers can be normalised."""
        who = None if speakers is None else np.asarray(speakers)[list(rows)]
        if decider not in self.centring_:
            return self.readouts_[decider].probabilities(represented, who)
        readout, one = self.readouts_[decider], np.zeros(len(rows), int)
        scores = readout.scores(represented, who)
        centred = centre_by_speaker(self.centring_[decider], scores, one if who is None else who, self.seed)
        return readout.calibration_.probabilities(centred)

    # -- adapting ----------------------------------------------------------------------------------------------

    @final
    def adapt(self: AnySystem, clips: Sequence[Recording], labels: Sequence[str] | None = None) -> AnySystem:
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
        if labels is not None and len(labels := as_labels("labels", labels)) != len(clips):
            raise InputError(f"one label a clip expected, got {len(labels)} for {len(clips)} clips")
        found = list(map_clips(lambda _, clip: self._represent_parts(clip), clips, "adapting"))
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
        new = {*labels.tolist()}.difference(self.classes_, *learnt)
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

    def __getattr__(self, name: str) -> Any:
        """Say of a fitted attribute (`classes_`) that is not there that the system is not trained."""
        if name.endswith("_") and not name.startswith("_"):
            raise NotTrainedError(f"this {type(self).__name__} is not trained: fit it, or load a model")
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the constructor's parameters (scikit-learn's convention)."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.init}  # type: ignore[arg-type]

    def set_params(self: AnySystem, **parameters: Any) -> AnySystem:
        """Change constructor parameters in place (scikit-learn's convention).

        Raises
        ------
        InputError : a parameter that is unknown, or a value that cannot be; nothing is changed then
        """
        known = self.get_params()
        wanted = known | {one_of("parameter", name, known): value for name, value in parameters.items()}
        within("coverage", wanted.get("coverage", 0.0), 0, 1)
        one_of("normalisation", wanted.get("normalise", "none"), ("none", "speaker"))
        type(self)(**wanted)  # what its constructor forbids
        for name, value in parameters.items():
            setattr(self, name, value)
        return self


def _decode(clip: Clip, modality: str) -> None:
    """Decode the sound now, so that its time is told apart; what is wrong with it, the features will say."""
    if "audio" in MODALITIES[modality] and clip.hears:
        try:
            clip.sound  # noqa: B018 - kept by the clip
        except InputError:
            return
