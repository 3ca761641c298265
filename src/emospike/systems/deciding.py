"""What every trained system decides on one recording, and why."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from copy import copy, deepcopy
from dataclasses import replace
from types import MappingProxyType
from typing import Any, TypeVar, final

import numpy as np

from emospike.clip import Clip
from emospike.clip.batch import Recording, as_clip
from emospike.decision import Decision, make_decision, make_no_decision
from emospike.energy.counting import count_features
from emospike.energy.operations import Operations
from emospike.explain.attribution import Attribution
from emospike.explain.explanation import Explanation
from emospike.explain.panel import Panel
from emospike.features.face_quality import describe_face_of
from emospike.features.face_track import NoFaceError
from emospike.progress import Stopwatch
from emospike.readout.readout import Readout
from emospike.readout.score_centring import ScoreCentring
from emospike.systems.evidence import Answer, Evidence
from emospike.systems.explaining import (
    Attributions,
    choose_features,
    explain_decision,
    explain_nothing,
    explain_windows,
)
from emospike.systems.perceiving import PerceivingSystem
from emospike.systems.perception import (
    MODALITIES,
    Perceived,
    check_long_enough,
    explain_no_speech,
    modality_of,
    remark_on,
)
from emospike.systems.windows import (
    WINDOW,
    WindowDecision,
    check_window,
    decide_parts,
    is_long,
    join_windows,
    list_voters,
)
from emospike.validation import InputError, one_of, within

AnySystem = TypeVar("AnySystem", bound="DecidingSystem")


class DecidingSystem(PerceivingSystem):
    """A trained system as far as it decides on one recording (see `emospike.systems.base.System`).

    Attributes
    ----------
    labels_ : what can be decided, sorted, in the order of probabilities
    threshold_ : confidence below which the answer is "don't know"
    readouts_ : from what `represent` gives to calibrated probabilities, by modality
    risk_ : how often answers may be wrong (see `at_risk`), or None for the stored thresholds
    centring_ : what was found of the one speaker that is heard, by modality (see `for_one_speaker`); else nothing
    early_ : readouts of the beginnings of utterances, by seconds since the onset; else nothing (see `stream`)
    card : what the model is, was trained on, and reached (see `emospike.store`)
    """

    labels_: tuple[str, ...]
    threshold_: float
    readouts_: Mapping[str, Readout]
    card: dict[str, Any]
    risk_: float | None = None
    centring_: Mapping[str, ScoreCentring] = MappingProxyType({})
    early_: Mapping[float, Readout] = MappingProxyType({})

    @abstractmethod
    def _panels(self, seen: Perceived, target: int) -> tuple[Attributions, list[Panel]]:
        """Return what parts of a clip do to a class, by kind of part, and the pictures that only this system has."""

    @abstractmethod
    def _operations(self, seen: Perceived) -> Operations:
        """Return what one decision on this clip costs."""

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
            nothing = make_no_decision(self.labels_, str(error), timer.seconds)
            return nothing, self.limit(modality or self.modality, threshold)
        return self.decide_on(found, threshold, timer.seconds), self.limit(found.seen.modality, threshold)

    def decide_on(self, found: Evidence, threshold: float | None, seconds: Mapping[str, float]) -> Decision:
        """Return the decision that the answers to a clip mean."""
        return make_decision(
            self.labels_,
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
            one_of("class", label, self.labels_)
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
            decided = make_no_decision(self.labels_, str(error), timer.seconds)
            limit = self.limit(modality or self.modality, threshold)
            return explain_nothing(clip.name, decided, limit, task, label or decided.label)
        decided = self.decide_on(found, threshold, timer.seconds)
        target = label or decided.label
        number = self.labels_.index(target)
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
        clip = as_clip(clip)
        seen = self.perceive(clip, modality)
        features, uncounted = count_features(self.features_of(clip), seen.series)
        return replace(self._operations(seen), features=features, uncounted=uncounted)

    def by(self: AnySystem, modality: str) -> AnySystem:
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


def _decode(clip: Clip, modality: str) -> None:
    """Decode the sound now, so that its time is told apart; what is wrong with it, the features will say."""
    if "audio" in MODALITIES[modality] and clip.hears:
        try:
            clip.sound  # noqa: B018 - kept by the clip
        except InputError:
            return
