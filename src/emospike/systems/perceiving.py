"""What every system perceives of clips, to learn from and to decide on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from copy import copy
from typing import Any, TypeVar

from emospike.augmentation.channel import ChannelVariation
from emospike.clip import Clip
from emospike.features import Feature
from emospike.features.face_landmarks import Tracker
from emospike.features.face_quality import describe_face_of
from emospike.features.face_track import NoFaceError
from emospike.progress import Stopwatch
from emospike.systems.perception import MODALITIES, Perceived, hear_again, perceive
from emospike.validation import InputError, show

AnySystem = TypeVar("AnySystem", bound="PerceivingSystem")


class PerceivingSystem(ABC):
    """A system as far as it looks at clips (see `emospike.systems.base.System`).

    Attributes
    ----------
    features : what is heard, then what is seen
    modality : ``"audio"``, ``"face"``, ``"both"``, or another that the system has
    channel_variation : copies of the training clips over other channels, which the readouts learn too, or None
    level : active level that every sound is brought to before any feature, dBFS; None takes sound as recorded
    seed : of every random draw
    left_out_ : why training clips, by index, could not be used: no face was found where faces decide, or, where `fit`
        was not strict, they cannot be read
    """

    features: tuple[Feature, ...]
    modality: str
    channel_variation: ChannelVariation | None = None
    level: float | None = None
    seed: int = 0

    left_out_: dict[int, str]
    refuses_damaged_: bool = False

    @abstractmethod
    def represent(self, seen: Perceived, modalities: Sequence[str], timer: Stopwatch | None = None) -> Any:
        """Return what the readout of these modalities, which alone are looked at, reads of a clip."""

    @property
    def fuses_late(self) -> bool:
        """Whether each sense is read on its own and the answers are joined; then clips that lack one train the others.

        Otherwise one representation of all senses is read.
        """
        return False

    @property
    def follows_faces(self) -> bool:
        """Whether it sees what moves in a face that is followed, and no more of its pictures."""
        return all(isinstance(one, Tracker) for one in self.features if one.modality == "face")

    @property
    def deciders(self) -> tuple[str, ...]:
        """The modalities by which it can decide, its own first."""
        own = MODALITIES[self.modality]
        return (self.modality, *own) if len(own) > 1 else (self.modality,)

    def _check_modality(self, modality: str | None) -> None:
        if modality is not None and not (isinstance(modality, str) and modality in self.deciders):
            other = modality if isinstance(modality, str) else show(modality)
            raise InputError(f"this model perceives {self.modality}, not {other}: name another model, or modality")

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
