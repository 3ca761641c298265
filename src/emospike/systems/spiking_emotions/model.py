"""Spiking Emotions: an event camera looks at a face, and two groups of neurons vote on what they see.

Wang, Dong, Zhao, Li, Yang, Yin and Liang 2022, "Spiking Emotions: Dynamic Vision Emotion Recognition Using Spiking
Neural Networks", CEUR Workshop Proceedings 3331. The methods below stand in the order of the paper's section 2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float32, Float64

from emospike.clip import Clip, is_events
from emospike.clip.batch import map_clips
from emospike.datasets.folds import inner_folds
from emospike.encoding.frame_difference import FrameDifference
from emospike.energy.operations import Operations
from emospike.explain.panel import Panel
from emospike.features import Feature
from emospike.features.contours import Contours
from emospike.features.event_rate import EventRate
from emospike.networks.plif_net import PlifNet, Seen
from emospike.networks.training import Training, require_torch
from emospike.progress import Stopwatch, tell_share
from emospike.readout.early import Votes, count_votes
from emospike.readout.readout import ScoreReadout
from emospike.systems.base import System
from emospike.systems.checkpoints import open_checkpoint
from emospike.systems.explaining import Attributions
from emospike.systems.perception import Perceived
from emospike.systems.spiking_emotions.cost import count_equivalent, count_operations
from emospike.systems.spiking_emotions.panels import make_panels
from emospike.systems.spiking_emotions.voters import Hidden, VoteReadout
from emospike.systems.training import Labels, TrainingSet, Weights
from emospike.validation import InputError, positive, within

if TYPE_CHECKING:
    from emospike.networks.torch.plif import PlifNetwork

Events = Float32[np.ndarray, "steps _ size size"]
Times = Float64[np.ndarray, " steps"]


@dataclass
class SpikingEmotions(System):
    """Pictures of the face -> events -> PLIF network, a few times over -> votes -> calibrated probabilities.

    The networks train on all training speakers, and their votes are averaged. Before them, as many others as there are
    parts of speakers train without one part each; what they say of it calibrates the probabilities and sets the
    threshold, and they are dropped.

    Attributes
    ----------
    features : what the face does, for the figures; it also tells whether there is a face
    pictures : how the face is cut out of a film, or drawn from a table
    camera : the event camera that looks at these pictures (section 2.1)
    network : the neurons (sections 2.2, 2.3)
    training, momentum : how it is trained: AdamW, or plain gradients with this momentum, as in the paper
    members : networks that vote
    parts : parts of the training speakers that are held out in turn
    lead : how far a class must lead for counting to stop (see `early.stops`); None counts all steps
    modality : ``"face"``
    normalise : ``"none"``, or ``"speaker"``: each speaker's mean votes are removed, without labels
    coverage : share of held-out training clips that the stored threshold lets through
    seed : of every random draw
    """

    features: tuple[Feature, ...]
    pictures: Contours
    camera: FrameDifference
    network: PlifNet
    training: Training
    momentum: float | None = None
    members: int = 1
    parts: int = 3
    lead: float | None = None
    modality: str = "face"
    normalise: str = "none"
    coverage: float = 0.78
    seed: int = 0

    def __post_init__(self) -> None:
        positive("members", self.members)
        within("parts", self.parts, 2, 20)
        if (self.pictures.size, self.camera.steps) != (self.network.size, self.network.steps):
            raise InputError(
                f"pictures of {self.network.size} pixels at {self.network.steps} steps expected by the network, got "
                f"{self.pictures.size} and {self.camera.steps}"
            )

    @property
    def abilities(self) -> frozenset[str]:
        """What it can do; only spiking networks read events, and run elsewhere."""
        able = super().abilities
        return able | {"events"} if self.network.spiking else able - {"export"}

    # -- from a clip to events (section 2.1) -------------------------------------------------------------------

    def features_of(self, clip: Clip) -> tuple[Feature, ...]:
        """Return `features`, or for what an event camera recorded the rate of its events."""
        recorded = "events" in self.abilities and clip.face is not None and is_events(clip.face)
        return (EventRate(),) if recorded else self.features

    def look(self, clip: Clip) -> tuple[Times, Events]:
        """Return the time of each step, s, and what the networks see of a clip.

        That is events, or for an equivalent without spikes the grey pictures. Each picture that is taken is made once;
        the camera then shows those of a short film more than once. What an event camera recorded is only binned.
        """
        if EventRate() in self.features_of(clip):
            recorded = clip.events()
            steps = self.camera.bin_events(recorded, self.network.size)
            return np.linspace(recorded.t[0], recorded.t[-1], len(steps)), steps
        times, greys = self.pictures.greys(clip, self.camera.choose_frames)
        shown = self.camera.choose_frames(len(greys))
        return times[shown], self.camera.encode(greys) if self.network.spiking else greys[shown, None]

    def events(self, seen: Perceived) -> Events:
        """Return what the networks see of a clip."""
        return self.look(seen.clip)[1]

    def represent(self, seen: Perceived, modalities: Sequence[str], timer: Stopwatch | None = None) -> Hidden:
        """Return the hidden spikes of each network (section 2.2)."""
        timer = timer or Stopwatch()
        with timer("events"):
            events = self.events(seen)
        with timer("network"):
            return [network.read_hidden(events[None])[0] for network in self.voters_.networks]

    # -- training (section 2.3) --------------------------------------------------------------------------------

    def _fit(self, training: TrainingSet) -> None:
        """Train the networks, and calibrate on speakers that others like them did not train on."""
        require_torch()

        def one(index: int, clip: Clip) -> Events | None:
            seen = self.perceive_training(index, clip)
            return None if seen is None else self.events(seen)

        found = list(map_clips(one, training.clips, "events", training.progress))
        used = np.array([i for i, own in enumerate(found) if own is not None], np.int64)
        events, y, who = (
            np.stack([own for own in found if own is not None]),
            training.labels[used],
            training.speakers[used],
        )
        weights = None if training.weights is None else training.weights[used]
        networks, votes = self._train(events, y, who, tell_share(training.progress, len(training.clips)), weights)
        calibrated = ScoreReadout(self.normalise, self.coverage).fit(count_votes(votes, self.lead), y, who, weights)
        self.voters_ = VoteReadout(self.network, networks, self.lead, calibrated)
        self.voters_.keep([network.read_hidden(events) for network in networks], np.searchsorted(np.unique(y), y))
        self.held_out_ = {self.modality: np.full((len(training.clips), len(calibrated.classes)), np.nan)}
        self.held_out_[self.modality][used] = calibrated.held_out_
        self._set_readouts()

    def _train(
        self, events: Seen, y: Labels, who: Labels, tell: Callable[[float], None], weights: Weights | None = None
    ) -> tuple[list[PlifNetwork], Votes]:
        """Return the networks, and how others voted on each clip, which had trained without its speaker."""
        from emospike.networks.torch.plif import train

        names, target = np.unique(y, return_inverse=True)
        folds = inner_folds(y, who, self.parts)
        parts = [fold.train for fold in folds] + [np.arange(len(y))] * self.members
        networks: list[PlifNetwork] = []
        for number, rows in enumerate(parts):

            def told(epoch: int, epochs: int, number: int = number) -> None:
                tell((number + epoch / epochs) / len(parts))

            seen, wanted, seed = events[rows], target[rows], self.seed + number
            counted = None if weights is None else weights[rows]
            settings = [self.network, self.training, self.momentum, names.tolist(), seed]
            networks.append(
                train(
                    self.network,
                    seen,
                    wanted,
                    len(names),
                    training=self.training,
                    momentum=self.momentum,
                    weights=counted,
                    seed=seed,
                    checkpoint=open_checkpoint(settings, [seen, wanted, counted]),
                    progress=told,
                )
            )
        votes = np.zeros((len(y), self.network.steps if self.network.spiking else 1, len(names)), np.float32)
        for fold, network in zip(folds, networks, strict=False):
            votes[fold.test] = network.vote(events[fold.test])
        return networks[len(folds) :], votes

    def _set_readouts(self) -> None:
        self.readouts_ = {self.modality: self.voters_}

    # -- voting and mapping to emotions (section 2.3) ----------------------------------------------------------

    def votes(self, events: Seen) -> Votes:
        """Return the share of each class's voters that fired at each step, averaged over the networks."""
        return np.asarray(np.mean([network.vote(events) for network in self.voters_.networks], axis=0), np.float32)

    def export(self, clip: Clip) -> tuple[Sequence[PlifNetwork], Events, dict[str, Any]]:
        """Return the networks, what they see of a clip, and what their voters stand for."""
        facts = {"labels": self.voters_.classes, "voters": self.network.voters}
        return self.voters_.networks, self.events(self._perceive_whole(clip)), facts

    # -- looking inside ----------------------------------------------------------------------------------------

    def _panels(self, seen: Perceived, target: int) -> tuple[Attributions, list[Panel]]:
        """Return what parts of a clip do to a class, and the pictures that only this system has."""
        return make_panels(self, seen, target)

    def _operations(self, seen: Perceived) -> Operations:
        """Return what one decision on this clip costs."""
        return count_operations(self, self.events(seen))

    def equivalent(self) -> Operations:
        """Return what the paper's non-spiking equivalent costs: all frames are channels of one picture."""
        return count_equivalent(self.network, len(self.labels_), len(self.voters_.networks))

    # -- storing -----------------------------------------------------------------------------------------------

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return the fitted arrays, and the fitted facts that JSON can hold."""
        return self.voters_.state()

    def restore(self, arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any]) -> SpikingEmotions:
        """Take back what `state` returned."""
        require_torch()
        own = facts["readout"]
        if "learnt" not in own:  # files of version 0.1
            own = own | {"learnt": facts["classes"], "groups": facts["classes"]}
        calibrated = ScoreReadout(self.normalise, self.coverage)
        self.voters_ = VoteReadout(self.network, [], self.lead, calibrated).restore(arrays, {"readout": own})
        self._set_readouts()
        return self
