"""Cross-modal enhancement: competitive layers learn speech and faces by STDP, and what is seen helps what is heard.

Mansouri-Benssassi and Ye 2019, "Speech Emotion Recognition With Early Visual Cross-modal Enhancement Using Spiking
Neural Networks", IJCNN. The methods below stand in the order of the paper's sections IV and V.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

import numpy as np

from emospike.activity import Activity
from emospike.augmentation.channel import ChannelVariation
from emospike.augmentation.voice import VirtualSpeakers
from emospike.clip import Clip
from emospike.clip.batch import map_clips
from emospike.energy.counting import count_readout
from emospike.energy.operations import LayerCost, Operations
from emospike.explain.panel import Panel
from emospike.features import Feature
from emospike.networks.cells import Link
from emospike.networks.competitive import CompetitiveLayer, CompetitiveNetwork
from emospike.networks.diagnostics import LayerDiagnostics
from emospike.networks.windows import Windows
from emospike.progress import Progress, Stopwatch
from emospike.readout.contract import Classifier
from emospike.readout.scaling import SoftScaler
from emospike.readout.spike_counts import READS, Counts, read
from emospike.systems.competitive import (
    LayerInputs,
    Stored,
    build_layer,
    count_one_pass,
    diagnose,
    restore_ranges,
    round_to_stored,
    state_of,
)
from emospike.systems.cross_modal.cost import count_operations
from emospike.systems.cross_modal.panels import make_panels
from emospike.systems.explaining import Attributions
from emospike.systems.pathways import Lines, Pathway, Raw
from emospike.systems.perception import MODALITIES, Perceived
from emospike.systems.training import TrainingSet
from emospike.systems.vectors import Vector, VectorSystem
from emospike.validation import InputError, one_of, within

FUSIONS = {
    "enhancement": "the auditory layers hear the visual ones through plastic links, and are read alone",
    "joint": "a group of multisensory neurons, fed by all layers, is read alone: the paper's early fusion",
    "convergence": "the same group is read beside the layers that feed it",
    "concatenation": "the layers do not meet; their counts are read side by side",
}
"""How sound and face come together."""

MULTISENSORY = "meeting"
"""What model files call the multisensory group."""


@dataclass
class CrossModal(VectorSystem):
    """Features -> Poisson spikes -> competitive layers that learn by STDP -> spike counts -> readout.

    Attributes
    ----------
    pathways : a competitive layer for each feature, of sound, then of the face (sections IV.A, IV.B, V.C)
    modality : ``"audio"``, ``"face"`` or ``"both"``
    fusion : how both come together, one of `FUSIONS` (sections IV.C, V.D)
    conductance : mean excitatory conductance that the face brings to an auditory layer; its input brings 0.3 to 1
    multisensory : the multisensory group of ``"joint"`` and ``"convergence"``
    drive : mean excitatory conductance that the layers bring to that group
    passes : presentations of each training clip to learn from; 0 leaves the weights as they were born
    presentations : presentations whose spikes are counted together, so that a clip is read with less Poisson noise
    reads : what is read from the layers, of `READS`
    scaler, classifier : the readout
    augmentation : virtual speakers added to the training clips of the readout, or None
    channel_variation : copies of the training clips over other channels, which train the readout too, or None
    level : active level that every sound is brought to before any feature, dBFS; None takes sound as recorded
    finer_labels : learn finer labels where they are known (emotions for arousal), and sum their probabilities
    normalise : ``"none"``, or ``"speaker"``: each speaker's mean vector is removed, without labels
    coverage : share of held-out training clips that the stored threshold lets through
    seed : of the weights and of the Poisson spikes, which also depend on what a clip holds, and on nothing else
    """

    pathways: tuple[Pathway, ...]
    classifier: Classifier
    modality: str = "audio"
    fusion: str = "enhancement"
    conductance: float = 0.1
    multisensory: CompetitiveLayer = field(default_factory=CompetitiveLayer)
    drive: float = 0.6
    passes: int = 1
    presentations: int = 1
    reads: tuple[str, ...] = ("neurons", "stretches", "moments")
    scaler: SoftScaler = field(default_factory=SoftScaler)
    augmentation: VirtualSpeakers | None = None
    channel_variation: ChannelVariation | None = None
    level: float | None = None
    finer_labels: bool = False
    normalise: str = "none"
    coverage: float = 0.78
    seed: int = 0

    def __post_init__(self) -> None:
        one_of("fusion", self.fusion, FUSIONS)
        for name in self.reads:
            one_of("read", name, READS)
        within("passes", self.passes, 0, 1000)
        within("presentations", self.presentations, 1, 200)
        senses = [pathway.modality for pathway in self.pathways]
        if senses != sorted(senses) or set(senses) != set(MODALITIES[self.modality]):
            raise InputError(f"pathways of {' then '.join(MODALITIES[self.modality])} expected, got {senses}")

    def _own(self, sense: str) -> list[int]:
        """Return the pathways of a sense."""
        return [i for i, pathway in enumerate(self.pathways) if pathway.modality == sense]

    @property
    def _meets(self) -> bool:
        """Whether there is a multisensory group."""
        return self.modality == "both" and self.fusion in ("joint", "convergence")

    @property
    def features(self) -> tuple[Feature, ...]:  # type: ignore[override]
        """What is taken from a clip, one a pathway."""
        return LayerInputs(self.pathways).features

    @property
    def follows_faces(self) -> bool:
        """Whether it sees what moves in a face that is followed, and no more of its pictures."""
        return super().follows_faces and all(pathway.pictures is None for pathway in self.pathways)

    # -- training, in the paper's order: what needs no labels, and then the readouts ---------------------------

    def _fit(self, training: TrainingSet) -> None:
        """Let the layers learn without labels, then fit the readouts."""

        def look(index: int, clip: Clip) -> list[Raw | None] | None:
            seen = self.perceive_training(index, clip)
            return None if seen is None else LayerInputs(self.pathways).look(seen)

        found = map_clips(look, training.clips, "features", training.progress)
        self.learn_layers([raws for raws in found if raws is not None], training.progress)
        self._fit_readouts(training, stage="spike counts")

    def learn_layers(self, raws: Sequence[Sequence[Raw | None]], progress: Progress | None = None) -> CrossModal:
        """Fit scales to what the layers are to see of the training clips, and let the layers learn."""
        self.diagnostics_: dict[str, LayerDiagnostics] = {}
        self.inputs_ = LayerInputs(self.pathways)
        self.inputs_.fit(raws)
        self._build()
        self._learn([self.inputs_.scale(one) for one in raws], progress)
        round_to_stored(self._all_networks().values())
        return self

    def _build(self, stored: Stored | None = None) -> None:
        """Build the layers, new or as they were stored: the visual ones first, so that the auditory ones hear them."""
        self.networks_: list[CompetitiveNetwork] = [None] * len(self.pathways)  # type: ignore[list-item]
        hears = self.modality == "both" and self.fusion == "enhancement"
        for i in (*self._own("face"), *self._own("audio")):
            pathway, heard = (
                self.pathways[i],
                self._own("face") if hears and self.pathways[i].modality == "audio" else [],
            )
            links = [Link(self.networks_[k].neurons) for k in heard]
            windows = pathway.windows(self.inputs_.ranges[i].shape[1])
            self.networks_[i] = build_layer(str(i), pathway.layer, windows, links, self.seed + i, stored=stored)
        if self._meets:
            links = [Link(network.neurons) for network in self.networks_]
            seed = self.seed + len(self.networks_)
            self.multisensory_ = build_layer(
                MULTISENSORY, self.multisensory, Windows.none(), links, seed, stored=stored
            )

    def _learn(self, seen: Sequence[Sequence[Lines | None]], progress: Progress | None) -> None:
        """Let STDP change the weights: of the visual layers first, then of the auditory ones, then of the group."""
        quiet = [[self.networks_[i].silence() for i in range(len(self.pathways))] for _ in seen]
        self._learn_pathways(self._own("face"), seen, quiet, progress)
        linked = [i for i in self._own("audio") if self.networks_[i].links]
        if linked or self._meets:
            quiet = self._respond_all(self._own("face"), seen, quiet)
        for i in linked:
            seen_by = [[one[k] for k in self._own("face")] for one in quiet]
            self._calibrate(self.networks_[i], seen_by, self.conductance)
        self._learn_pathways(self._own("audio"), seen, quiet, progress)
        if self._meets:
            heard = self._respond_all(self._own("audio"), seen, quiet)
            self._calibrate(self.multisensory_, heard, self.drive)
            met = [self._respond_together(one, learning=True) for one in heard * self.passes]
            if met:
                self.diagnostics_["multisensory"] = diagnose("multisensory", self.multisensory_, met)

    def _learn_pathways(
        self,
        own: Sequence[int],
        seen: Sequence[Sequence[Lines | None]],
        answers: Sequence[Sequence[Activity]],
        progress: Progress | None,
    ) -> None:
        """Present every clip in turn; layers that do not hear each other learn side by side."""
        from joblib import Parallel, delayed

        def one(i: int) -> list[Activity]:
            responses = []
            for _ in range(self.passes):
                for done, (lines, others) in enumerate(zip(seen, answers, strict=True), start=1):
                    if (values := lines[i]) is not None:
                        responses.append(self.networks_[i].learn(values, self.seed_of(values), self.listen(i, others)))
                    if progress and i == own[0]:
                        progress(f"STDP, {self.pathways[i].modality}", done, len(seen))
            return responses

        # Threads: the kernel releases the interpreter lock, and nothing is copied.
        for i, responses in zip(own, Parallel(n_jobs=-1, prefer="threads")(delayed(one)(i) for i in own), strict=True):
            if responses:
                name = f"{self.pathways[i].modality} {i}"
                self.diagnostics_[name] = diagnose(name, self.networks_[i], responses)

    def _respond_all(
        self, own: Sequence[int], seen: Sequence[Sequence[Lines | None]], answers: Sequence[Sequence[Activity]]
    ) -> list[list[Activity]]:
        """Return the responses to all clips, with those of these layers filled in."""
        from joblib import Parallel, delayed

        def one(lines: Sequence[Lines | None], others: Sequence[Activity]) -> list[Activity]:
            filled = list(others)
            for i in own:
                filled[i] = self._response(i, lines[i], others)
            return filled

        tasks = (delayed(one)(lines, others) for lines, others in zip(seen, answers, strict=True))
        return list(Parallel(n_jobs=-1, prefer="threads")(tasks))

    def _calibrate(self, network: CompetitiveNetwork, heard: Sequence[Sequence[Activity]], conductance: float) -> None:
        """Set the gains of all links so that together they bring this conductance, each the same part."""
        for link in range(len(network.links)):
            there = [one[link] for one in heard if len(one[link])]
            if there:
                network.calibrate(there, conductance / len(network.links), link)

    # -- from a clip to its vector -----------------------------------------------------------------------------

    def seed_of(self, values: Lines) -> int:
        """Return the seed of a clip's Poisson spikes: the same clip gives the same spikes, in any company."""
        return crc32(np.ascontiguousarray(values).tobytes(), self.seed)

    def listen(self, i: int, responses: Sequence[Activity]) -> list[Activity]:
        """Return the responses at the other ends of a layer's links."""
        return [responses[k] for k in self._own("face")] if self.networks_[i].links else []

    def _response(self, i: int, values: Lines | None, responses: Sequence[Activity], look: int = 0) -> Activity:
        """Return what a layer does with a clip, nothing where its sense is missing."""
        network = self.networks_[i]
        heard = self.listen(i, responses)
        if values is None and not any(len(one) for one in heard):
            return self.networks_[i].silence()
        values = np.zeros(network.windows.shape, np.float32) if values is None else values
        return network.respond(values, self.seed_of(values) + look, heard)

    def _respond_together(self, responses: Sequence[Activity], *, learning: bool = False) -> Activity:
        """Return what the multisensory group does with the spikes of all layers."""
        present = self.multisensory_.learn if learning else self.multisensory_.respond
        return present(np.zeros(0, np.float32), self.seed, responses)

    def respond(self, lines: Sequence[Lines | None], look: int = 0) -> list[Activity]:
        """Return what the layers do with these values of their input lines; None is a sense that is missing."""
        there = {pathway.modality for pathway, values in zip(self.pathways, lines, strict=True) if values is not None}
        out = [self.networks_[i].silence() for i in range(len(self.pathways))]
        for i in (*self._own("face"), *self._own("audio")):
            if self.pathways[i].modality in there:
                out[i] = self._response(i, lines[i], out, look)
        return out

    def count(self, responses: Sequence[Activity], modalities: Sequence[str]) -> list[Counts]:
        """Return the counts that are read where these modalities decide."""
        if len(modalities) == 1 or self.fusion == "concatenation":
            return [responses[i].counts for one in modalities for i in self._own(one)]
        if self.fusion == "enhancement":
            return [responses[i].counts for i in self._own("audio")]
        met = self._respond_together(responses).counts
        return [met] if self.fusion == "joint" else [*(one.counts for one in responses), met]

    def represent(self, seen: Perceived, modalities: Sequence[str], timer: Stopwatch | None = None) -> Vector:
        """Return the spike counts that these modalities alone give."""
        timer = timer or Stopwatch()
        with timer("layers"):
            lines = self.inputs_.lines(seen, modalities)
            each = [self.count(self.respond(lines, look), modalities) for look in range(self.presentations)]
            counts = [np.sum(own, axis=0) for own in zip(*each, strict=True)]
        with timer("spike counts"):
            return read(counts, self.reads)

    # -- looking inside ----------------------------------------------------------------------------------------

    def _panels(self, seen: Perceived, target: int) -> tuple[Attributions, list[Panel]]:
        """Return what parts of a clip do to a class, and the pictures that only this system has."""
        return make_panels(self, seen, target)

    def _operations(self, seen: Perceived) -> Operations:
        """Return what one decision on this clip costs."""
        return count_operations(self, seen)

    def equivalent(self) -> Operations:
        """Return what the same weights cost as a non-spiking network that looks at a clip once."""
        own = [i for modality in MODALITIES[self.modality] for i in self._own(modality)]
        left_out = {str(i) for i in range(len(self.pathways)) if i not in own}
        networks = {name: one for name, one in self._all_networks().items() if name not in left_out}
        return count_one_pass(networks, self.count_readout(self.modality))

    def count_readout(self, modality: str) -> LayerCost:
        """Return what the readout of a modality costs, which reads real numbers."""
        return count_readout(self.readouts_[modality])

    # -- storing -----------------------------------------------------------------------------------------------

    def _all_networks(self) -> dict[str, CompetitiveNetwork]:
        """Return the layers by the names that they are stored under."""
        networks = {str(i): network for i, network in enumerate(self.networks_)}
        return networks | ({MULTISENSORY: self.multisensory_} if self._meets else {})

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return the fitted arrays, and the fitted facts that JSON can hold."""
        (arrays, facts), (own, known) = super().state(), state_of(self.inputs_, self._all_networks())
        return arrays | own, facts | known

    def restore(self, arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any]) -> CrossModal:
        """Take back what `state` returned."""
        self.inputs_ = LayerInputs(self.pathways, restore_ranges(arrays, self.pathways))
        self._build((arrays, facts))
        self._restore_readouts(arrays, facts)
        return self
