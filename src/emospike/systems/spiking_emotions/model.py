"""Spiking Emotions: an event camera looks at a face, and two groups of neurons vote on what they see.

Wang, Dong, Zhao, Li, Yang, Yin and Liang 2022, "Spiking Emotions: Dynamic Vision Emotion Recognition Using Spiking
Neural Networks", CEUR Workshop Proceedings 3331. The methods below stand in the order of the paper's section 2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float32, Int64, Shaped

from emospike.clip import Clip
from emospike.clip.batch import map_clips, try_clips
from emospike.datasets.folds import inner_folds
from emospike.encoding.frame_difference import FrameDifference
from emospike.energy.operations import Operations
from emospike.features import Feature
from emospike.features.contours import Contours
from emospike.networks.plif_net import PlifNet, Seen
from emospike.networks.training import Training, require_torch
from emospike.progress import Progress, Stopwatch, tell_share
from emospike.readout.early import Votes, counted
from emospike.readout.polled import Polled
from emospike.systems.base import Explanation
from emospike.systems.clips import training_labels
from emospike.systems.perception import Perceived
from emospike.systems.sensing_system import Answer, Answers, SensingSystem
from emospike.systems.spiking_emotions import presets as spiking_emotions_presets
from emospike.systems.spiking_emotions.panels import counterpart_of, explanation_of, operations_of
from emospike.validation import InputError, one_of, positive, within

if TYPE_CHECKING:
    from emospike.networks.torch.plif import LayerRates, PlifNetwork

Look = Float32[np.ndarray, "steps _ size size"]
Labels = Shaped[np.ndarray, " clips"]


@dataclass
class SpikingEmotions(SensingSystem):
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

    @classmethod
    def modalities(cls) -> tuple[str, ...]:
        """What the system can perceive."""
        return ("face",)

    @classmethod
    def presets(cls) -> tuple[str, ...]:
        """Names of the presets."""
        return tuple(spiking_emotions_presets.PRESETS)

    @classmethod
    def preset(cls, name: str, seed: int = 0, modality: str = "face") -> SpikingEmotions:
        """Return the unfitted system of a preset."""
        one_of("modality of spiking_emotions", modality, cls.modalities())
        return cls(**spiking_emotions_presets.PRESETS[one_of("preset", name, cls.presets())](), seed=seed)

    # -- from a clip to events (section 2.1) -------------------------------------------------------------------

    def look(self, seen: Perceived) -> Look:
        """Return what the network sees of a clip: events, or for a twin without spikes the grey pictures.

        Each picture that is taken is made once; the camera then shows those of a short film more than once.
        """
        _, greys = self.pictures.greys(seen.clip, self.camera.chosen)
        return self.camera.encode(greys) if self.network.spiking else greys[self.camera.chosen(len(greys)), None]

    # -- training (section 2.3) --------------------------------------------------------------------------------

    def fit(
        self,
        clips: Sequence[Clip],
        labels: Sequence[str],
        speakers: Sequence[str] | None = None,
        progress: Progress | None = None,
        finer: Sequence[str] | None = None,
    ) -> SpikingEmotions:
        """Train the networks, and calibrate on speakers that others like them did not train on."""
        require_torch()
        y, who = training_labels(clips, labels, speakers, self.normalise)
        self.left_out_ = {}

        def one(index: int, clip: Clip) -> Look | None:
            seen = self.trained_on(index, clip)
            return None if seen is None else self.look(seen)

        found = list(map_clips(one, clips, "events", progress))
        used = np.array([i for i, look in enumerate(found) if look is not None], np.int64)
        looks = np.stack([look for look in found if look is not None])
        self.classes_ = tuple(np.unique(y[used]).tolist())
        votes = self._train(looks, y[used], who[used], tell_share(progress, len(clips)))
        self.readout_ = Polled(self.normalise, self.coverage).fit(counted(votes, self.lead), y[used], who[used])
        self.threshold_ = self.readout_.threshold_
        self._remember(looks, np.searchsorted(self.classes_, y[used]))
        return self

    def _train(self, looks: Seen, y: Labels, who: Labels, done: Callable[[float], None]) -> Votes:
        """Train the networks; return how others voted on each clip, which had trained without its speaker."""
        from emospike.networks.torch.plif import train

        target, classes = np.searchsorted(self.classes_, y), len(self.classes_)
        folds = inner_folds(y, who, self.parts)
        lessons = [fold.train for fold in folds] + [np.arange(len(y))] * self.members
        networks: list[PlifNetwork] = []
        for number, rows in enumerate(lessons):

            def told(epoch: int, epochs: int, number: int = number) -> None:
                done((number + epoch / epochs) / len(lessons))

            networks.append(
                train(
                    self.network,
                    looks[rows],
                    target[rows],
                    classes,
                    training=self.training,
                    momentum=self.momentum,
                    seed=self.seed + number,
                    progress=told,
                )
            )
        self.networks_ = networks[len(folds) :]
        votes = np.zeros((len(y), self._votes, classes), np.float32)
        for fold, network in zip(folds, networks, strict=False):
            votes[fold.test] = network.vote(looks[fold.test])
        return votes

    def _remember(self, looks: Seen, target: Int64[np.ndarray, " clips"]) -> None:
        """Keep what the hidden neurons do with the training clips: a bit a neuron and step."""
        self.memory_: list[np.ndarray] = [self._packed(network.read_hidden(looks)) for network in self.networks_]
        self.remembered_: Int64[np.ndarray, " clips"] = target.astype(np.int64)

    def _packed(self, inner: Float32[np.ndarray, "clips looks hidden"]) -> np.ndarray:
        return np.packbits(inner > 0, axis=None) if self.network.spiking else inner

    def _recalled(self, member: int) -> Float32[np.ndarray, "clips looks hidden"]:
        if not self.network.spiking:
            return self.memory_[member]
        shape = (len(self.remembered_), self._votes, self.network.hidden)
        return np.unpackbits(self.memory_[member], count=int(np.prod(shape))).reshape(shape).astype(np.float32)

    @property
    def _votes(self) -> int:
        """How often a network votes: at each step, or once without spikes."""
        return self.network.steps if self.network.spiking else 1

    # -- voting and mapping to emotions (section 2.3) ----------------------------------------------------------

    def votes(self, looks: Seen) -> Votes:
        """Return the share of each class's voters that fired at each step, averaged over the networks."""
        return np.asarray(np.mean([network.vote(looks) for network in self.networks_], axis=0), np.float32)

    def scores(self, looks: Seen) -> Float32[np.ndarray, "clips classes"]:
        """Return the mean votes, counted until they are settled if a lead is given."""
        return counted(self.votes(looks), self.lead)

    def answer(self, seen: Perceived, senses: Sequence[str], watch: Stopwatch | None = None) -> Answer:
        """Return the calibrated probabilities that the face gives."""
        watch = watch or Stopwatch()
        with watch("events"):
            look = self.look(seen)
        with watch("network"):
            scores = self.scores(look[None])
        with watch("classifier"):
            return np.asarray(self.readout_.probabilities(scores)[0])

    def scored(self, clip: Clip) -> Float32[np.ndarray, " classes"]:
        """Return the mean votes of one clip."""
        return np.asarray(self.scores(self.look(self.perceive(clip))[None])[0])

    def predict_proba(
        self, clips: Sequence[Clip], speakers: Sequence[str] | None = None, progress: Progress | None = None
    ) -> Answers:
        """Return calibrated probabilities; a system that normalises speakers takes the mean of each."""
        found = list(map_clips(lambda _, clip: self.scored(clip), clips, "votes", progress))
        return self.readout_.probabilities(np.stack(found), None if speakers is None else np.asarray(speakers))

    def answers(
        self, clips: Sequence[Clip], speakers: Sequence[str] | None = None, progress: Progress | None = None
    ) -> tuple[dict[str, Answers], dict[int, str]]:
        """Return the probabilities of the clips that show a face, and why the others have none."""
        scores, left_out = try_clips(self.scored, clips, "votes", progress)
        out = np.full((len(clips), len(self.classes_)), np.nan)
        if own := list(scores):
            who = None if speakers is None else np.asarray(speakers)[own]
            out[own] = self.readout_.probabilities(np.stack(list(scores.values())), who)
        return {self.modality: out}, left_out

    # -- adapting ----------------------------------------------------------------------------------------------

    def adapt(self, clips: Sequence[Clip], labels: Sequence[str] | None = None) -> SpikingEmotions:
        """Learn a new speaker (without labels: its mean votes), or new clips and classes by the last layer alone.

        That layer rehearses the training clips, whose hidden spikes are kept, so that they stay known.
        """
        looks = np.stack(list(map_clips(lambda _, clip: self.look(self.perceive(clip)), clips, "events")))
        if labels is None:
            self.readout_.adapt(self.scores(looks))
            return self
        before, y = list(self.classes_), np.asarray(labels, dtype=str)
        self.classes_ = tuple(sorted({*before, *y.tolist()}))
        moved = np.searchsorted(self.classes_, before)
        self.readout_.extend(before, list(self.classes_), moved)
        self._teach(looks, np.searchsorted(self.classes_, y), moved)
        return self

    def _teach(self, looks: Seen, target: Int64[np.ndarray, " clips"], moved: Int64[np.ndarray, " old"]) -> None:
        """Let the voters learn clips beside those that are remembered."""
        from emospike.networks.torch.plif import teach, widen

        known: Int64[np.ndarray, " old"] = self.remembered_
        for member, network in enumerate(self.networks_):
            widen(network, len(self.classes_), moved)
            inner = np.concatenate([self._recalled(member), network.read_hidden(looks)])
            teach(network, inner, np.concatenate([moved[known], target]))
            self.memory_[member] = self._packed(inner)
        self.remembered_ = np.concatenate([moved[known], target])

    # -- looking inside ----------------------------------------------------------------------------------------

    def detailed(self, shown: Explanation, seen: Perceived) -> Explanation:
        """Return the explanation with what only this system can tell."""
        return explanation_of(self, shown, seen)

    def watched(self, clip: Clip) -> list[LayerRates]:
        """Return potentials and spikes of the voting neurons of each network (Figure 3)."""
        look = self.look(self.perceive(clip))
        return [network.measure(look) for network in self.networks_]

    def operations(self, clip: Clip, modality: str | None = None) -> Operations:
        """Return what one decision on this clip costs."""
        return operations_of(self, self.look(self.perceive(clip, modality)))

    def counterpart(self) -> Operations:
        """Return what the paper's counterpart without spikes costs: all frames are channels of one picture."""
        return counterpart_of(self.network, len(self.classes_), len(self.networks_))

    # -- storing -----------------------------------------------------------------------------------------------

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return the fitted arrays, and the fitted facts that JSON can hold."""
        own, facts = self.readout_.state()
        arrays = {f"readout.{name}": array for name, array in own.items()} | {"remembered": self.remembered_}
        for member, (network, memory) in enumerate(zip(self.networks_, self.memory_, strict=True)):
            arrays |= {f"network.{member}.{name}": one.numpy() for name, one in network.state_dict().items()}
            arrays[f"memory.{member}"] = memory
        return arrays, {"readout": facts}

    def restore(self, arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any]) -> SpikingEmotions:
        """Take back what `state` returned."""
        require_torch()
        from emospike.networks.torch.plif import PlifNetwork

        own = {name[8:]: array for name, array in arrays.items() if name.startswith("readout.")}
        self.readout_ = Polled(self.normalise, self.coverage).restore(own, facts["readout"])
        members = sorted(int(name[7:]) for name in arrays if name.startswith("memory."))
        self.memory_, self.remembered_ = [arrays[f"memory.{i}"] for i in members], arrays["remembered"]
        self.networks_ = []
        for i in members:
            head = f"network.{i}."
            weights = {name.removeprefix(head): one for name, one in arrays.items() if name.startswith(head)}
            self.networks_.append(PlifNetwork.restore(self.network, len(self.classes_), weights))
        return self
