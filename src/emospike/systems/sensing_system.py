"""What systems share that hear, see, or both: perceiving a clip, deciding on it, and saying what each sense gave."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from emospike.clip import Clip
from emospike.clip.batch import map_clips, try_clips
from emospike.features import Feature
from emospike.features.face_track import NoFaceError
from emospike.progress import Progress, Stopwatch
from emospike.systems.base import Decision, Explanation, System, as_clip, decision, undecided, unheard_speech
from emospike.systems.perception import MODALITIES, Perceived, modality_of, perceive, shares
from emospike.validation import InputError

Answer = Float[np.ndarray, " classes"]
Answers = Float[np.ndarray, "clips classes"]


@dataclass(frozen=True)
class Considered:
    """What a system makes of one clip.

    Attributes
    ----------
    seen : the features that it decides on
    unheard : why the sound that it decides on is no speech, if so
    whole : the answer by all senses that are there
    alone : the answer by each of several senses
    """

    seen: Perceived
    unheard: str | None
    whole: Answer
    alone: Mapping[str, Answer]

    @property
    def view(self) -> str:
        """The modality that decides."""
        return modality_of(self.seen.senses)

    def effects(self, target: int) -> dict[str, float]:
        """Return what leaving out each of several senses takes from a class, in log-odds."""
        if not self.alone:
            return {}
        whole, others = log_odds(self.whole, target), reversed(list(self.alone.values()))
        return {sense: whole - log_odds(other, target) for sense, other in zip(self.alone, others, strict=True)}

    @property
    def share(self) -> dict[str, float]:
        """How much each sense contributed to what is decided."""
        return shares(self.effects(int(self.whole.argmax()))) if self.alone else {self.seen.senses[0]: 1.0}


class SensingSystem(System):
    """A system whose features are of sound, of the face, or of both; any of its senses can decide alone.

    Attributes
    ----------
    modality, features : parameters that every such system has
    left_out_ : why training clips, by index, could not be used: no face was found where faces decide
    """

    modality: str
    features: tuple[Feature, ...]
    left_out_: dict[int, str]

    @property
    def views(self) -> tuple[str, ...]:
        """The modalities by which it can decide."""
        return ("both", "audio", "face") if self.modality == "both" else (self.modality,)

    def _check(self, modality: str | None) -> None:
        """Raise `InputError` for a modality that this system does not have."""
        if modality is not None and modality not in self.views:
            raise InputError(f"this model perceives {self.modality}, not {modality}: name another model, or modality")

    def by(self, modality: str) -> SensingSystem:
        """Return the same trained system, deciding by this modality alone; what it learnt is shared, not copied."""
        self._check(modality)
        alone = copy(self)
        alone.modality, alone.threshold_ = modality, self.limit(modality)
        alone.card = {**getattr(self, "card", {}), "modality": modality}
        return alone

    # -- perceiving --------------------------------------------------------------------------------------------

    def perceive(self, clip: Clip, modality: str | None = None) -> Perceived:
        """Return the clip's features, of one sense alone if asked for."""
        self._check(modality)
        return perceive(self.features, clip, modality or self.modality)

    def trained_on(self, index: int, clip: Clip) -> Perceived | None:
        """Return the features of a training clip, or None and note it in `left_out_` where no face is found.

        That shows only once all pictures were searched, and one such film should not stop hours of training.
        """
        try:
            return self.perceive(clip)
        except NoFaceError as error:
            self.left_out_[index] = str(error)
            return None

    def views_in(self, seen: Perceived) -> list[str]:
        """Return the modalities whose senses a clip has."""
        return [view for view in self.views if set(MODALITIES[view]) <= set(seen.senses)]

    def attend(
        self, clip: Clip, modality: str | None = None, watch: Stopwatch | None = None
    ) -> tuple[Perceived, str | None]:
        """Return what is decided on, and why its sound is no speech, if so.

        Sound without speech is left to the face where there is one.
        """
        watch = watch or Stopwatch()
        with watch("decode"):
            decoded(clip, modality or self.modality)
        with watch("features"):
            seen = self.perceive(clip, modality)
        if "audio" not in seen.senses:
            return seen, None
        with watch("speech check"):
            unheard = unheard_speech(clip)
        if unheard and len(seen.senses) > 1:
            return seen.without(self.features, "audio", unheard), None
        return seen, unheard

    # -- deciding ----------------------------------------------------------------------------------------------

    @abstractmethod
    def answer(self, seen: Perceived, senses: Sequence[str], watch: Stopwatch | None = None) -> Answer:
        """Return the calibrated probabilities that these senses alone give."""

    def limit(self, view: str, threshold: float | None = None) -> float:
        """Return the confidence that an answer by a modality needs: the model's own, unless one is given."""
        return self.threshold_ if threshold is None else threshold

    def consider(self, clip: Clip, modality: str | None = None, watch: Stopwatch | None = None) -> Considered:
        """Return the answers to one clip: by all senses that it has, and by each alone.

        Raises
        ------
        NoFaceError : faces decide, and there is none
        """
        watch = watch or Stopwatch()
        seen, unheard = self.attend(clip, modality, watch)
        whole = self.answer(seen, seen.senses, watch)
        with watch("shares"):
            alone = {sense: self.answer(seen, (sense,)) for sense in seen.senses} if len(seen.senses) > 1 else {}
        return Considered(seen, unheard, whole, alone)

    def decide(self, clip: Clip | Path | str, threshold: float | None = None, modality: str | None = None) -> Decision:
        """Return the decision on one clip, with the time that each stage took."""
        clip, watch = as_clip(clip), Stopwatch()
        try:
            found = self.consider(clip, modality, watch)
        except NoFaceError as error:
            return undecided(self.classes_, str(error), watch.seconds)
        return self.decision_on(found, threshold, watch.seconds)

    def decision_on(self, found: Considered, threshold: float | None, seconds: Mapping[str, float]) -> Decision:
        """Return the decision that the answers to a clip mean."""
        return decision(
            found.seen.clip,
            self.classes_,
            found.whole,
            threshold=self.limit(found.view, threshold),
            share=found.share,
            seconds={stage: spent for stage, spent in seconds.items() if stage != "shares" or found.alone},
            missing=found.seen.missing,
            unheard=found.unheard,
        )

    def explain(
        self,
        clip: Clip | Path | str,
        threshold: float | None = None,
        modality: str | None = None,
        label: str | None = None,
    ) -> Explanation:
        """Return what the figures of one decision draw; see `outline` for the senses and the label."""
        from emospike.systems.outline import outline

        shown, seen = outline(self, as_clip(clip), threshold, modality, label)
        return shown if seen is None else self.detailed(shown, seen)

    @abstractmethod
    def detailed(self, shown: Explanation, seen: Perceived) -> Explanation:
        """Return an explanation with what only this system can tell, such as the effects of parts."""

    # -- many clips --------------------------------------------------------------------------------------------

    def predict_proba(
        self, clips: Sequence[Clip], speakers: Sequence[str] | None = None, progress: Progress | None = None
    ) -> Answers:
        """Return calibrated probabilities, columns in the order of `classes_`.

        A clip is decided by what it has; one that shows nothing to decide on raises its `InputError`.
        """

        def one(_: int, clip: Clip) -> Answer:
            seen = self.perceive(clip)
            return self.answer(seen, seen.senses)

        return np.stack(list(map_clips(one, clips, "answers", progress)))

    def answers(
        self, clips: Sequence[Clip], speakers: Sequence[str] | None = None, progress: Progress | None = None
    ) -> tuple[dict[str, Answers], dict[int, str]]:
        """Return the probabilities by every modality, and why some clips have none.

        A clip that lacks a sense of a modality has NaN there; one that lacks all is among those with a reason.
        """

        def one(clip: Clip) -> dict[str, Answer]:
            seen = self.perceive(clip)
            return {view: self.answer(seen, MODALITIES[view]) for view in self.views_in(seen)}

        found, reasons = try_clips(one, clips, "answers", progress)
        out = {view: np.full((len(clips), len(self.classes_)), np.nan) for view in self.views}
        for i, by_view in found.items():
            for view, probabilities in by_view.items():
                out[view][i] = probabilities
        return out, reasons


def decoded(clip: Clip, modality: str) -> None:
    """Decode the sound now, so that its time is told apart; what is wrong with it, the features will say."""
    if "audio" in MODALITIES[modality] and clip.hears:
        try:
            clip.sound  # noqa: B018 - kept by the clip
        except InputError:
            return


def log_odds(probabilities: Answer, target: int) -> float:
    """Return ln p / (1 - p) of a class.

    >>> log_odds(np.array([0.5, 0.5]), 0)
    0.0
    """
    p = float(np.clip(probabilities[target], 1e-9, 1 - 1e-9))
    return float(np.log(p / (1 - p)))
