"""Cross-modal enhancement: competitive layers learn speech and faces by STDP, and what is seen helps what is heard.

Mansouri-Benssassi and Ye 2019, "Speech Emotion Recognition With Early Visual Cross-modal Enhancement Using Spiking
Neural Networks", IJCNN. The methods below stand in the order of the paper's sections IV and V.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from zlib import crc32

import numpy as np

from emospike.activity import Activity
from emospike.augmentation.voice import VirtualSpeakers
from emospike.clip import Clip
from emospike.energy.counting import dense_layer, readout_weights
from emospike.energy.operations import LayerCost, Operations
from emospike.networks.competitive import CompetitiveLayer, CompetitiveNetwork, Link
from emospike.networks.windows import Windows
from emospike.progress import Progress, Stopwatch
from emospike.readout.contract import Classifier
from emospike.readout.scaling import SoftScaler
from emospike.readout.spike_counts import READS, Counts, read
from emospike.readout.training_rows import Rows
from emospike.systems.base import Explanation
from emospike.systems.competitive_system import CompetitiveSystem
from emospike.systems.cross_modal import presets as cross_modal_presets
from emospike.systems.cross_modal.panels import explanation_of, operations_of
from emospike.systems.pathways import Lines, Pathway
from emospike.systems.perception import MODALITIES, Perceived
from emospike.systems.vector_system import Labels, Vector
from emospike.validation import InputError, one_of, within

FUSIONS = {
    "enhancement": "the auditory layers hear the visual ones through plastic links, and are read alone",
    "joint": "a group of multisensory neurons, fed by all layers, is read alone: the paper's early fusion",
    "convergence": "the same group is read beside the layers that feed it",
    "concatenation": "the layers do not meet; their counts are read side by side",
}
"""How sound and face come together."""


@dataclass
class CrossModal(CompetitiveSystem):
    """Features -> Poisson spikes -> competitive layers that learn by STDP -> spike counts -> readout.

    Attributes
    ----------
    pathways : a competitive layer for each feature, of sound, then of the face (sections IV.A, IV.B, V.C)
    modality : ``"audio"``, ``"face"`` or ``"both"``
    fusion : how both come together, one of `FUSIONS` (sections IV.C, V.D)
    conductance : mean excitatory conductance that the face brings to an auditory layer; its input brings 0.3 to 1
    meeting : the multisensory group of ``"joint"`` and ``"convergence"``
    drive : mean excitatory conductance that the layers bring to that group
    passes : presentations of each training clip to learn from; 0 leaves the weights as they were born
    looks : presentations whose spikes are counted together, so that a clip is read with less Poisson noise
    reads : what is read from the layers, of `READS`
    scaler, classifier : the readout
    voices : virtual speakers added to the training clips of the readout, or None
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
    meeting: CompetitiveLayer = field(default_factory=CompetitiveLayer)
    drive: float = 0.6
    passes: int = 1
    looks: int = 1
    reads: tuple[str, ...] = ("neurons", "stretches", "moments")
    scaler: SoftScaler = field(default_factory=SoftScaler)
    voices: VirtualSpeakers | None = None
    finer_labels: bool = False
    normalise: str = "none"
    coverage: float = 0.78
    seed: int = 0

    def __post_init__(self) -> None:
        one_of("fusion", self.fusion, FUSIONS)
        for name in self.reads:
            one_of("read", name, READS)
        within("passes", self.passes, 0, 1000)
        within("looks", self.looks, 1, 1000)
        senses = [pathway.sense for pathway in self.pathways]
        if senses != sorted(senses) or set(senses) != set(MODALITIES[self.modality]):
            raise InputError(f"pathways of {' then '.join(MODALITIES[self.modality])} expected, got {senses}")

    @classmethod
    def presets(cls) -> tuple[str, ...]:
        """Names of the presets."""
        return tuple(cross_modal_presets.PRESETS)

    @classmethod
    def preset(cls, name: str, seed: int = 0, modality: str = "audio") -> CrossModal:
        """Return the unfitted system of a preset."""
        one_of("modality", modality, MODALITIES)
        parameters = cross_modal_presets.PRESETS[one_of("preset", name, cls.presets())](modality)
        return cls(**parameters, modality=modality, seed=seed)

    def _own(self, sense: str) -> list[int]:
        """Return the pathways of a sense."""
        return [i for i, pathway in enumerate(self.pathways) if pathway.sense == sense]

    @property
    def _meets(self) -> bool:
        """Whether there is a multisensory group."""
        return self.modality == "both" and self.fusion in ("joint", "convergence")

    # -- training, in the paper's order: what needs no labels, and then the readouts of the base class ----------

    training_stage = "spike counts"

    def _build(self) -> None:
        """Build the layers: the visual ones first, so that the auditory ones can hear them."""
        self.networks_: list[CompetitiveNetwork] = [None] * len(self.pathways)  # type: ignore[list-item]
        hears = self.modality == "both" and self.fusion == "enhancement"
        for i in (*self._own("face"), *self._own("audio")):
            pathway, heard = self.pathways[i], self._own("face") if hears and self.pathways[i].sense == "audio" else []
            links = [Link(self.networks_[k].neurons) for k in heard]
            windows = pathway.windows(self.ranges_[i].shape[1])
            self.networks_[i] = pathway.layer.build(windows, links, seed=self.seed + i)
        if self._meets:
            links = [Link(network.neurons) for network in self.networks_]
            self.meeting_ = self.meeting.build(Windows.none(), links, seed=self.seed + len(self.networks_))

    def _learn(self, seen: Sequence[Sequence[Lines | None]], progress: Progress | None) -> None:
        """Let STDP change the weights: of the visual layers first, then of the auditory ones, then of the group."""
        quiet = [[self.networks_[i].silence() for i in range(len(self.pathways))] for _ in seen]
        self._learn_pathways(self._own("face"), seen, quiet, progress)
        linked = [i for i in self._own("audio") if self.networks_[i].links]
        if linked or self._meets:
            quiet = self._answered(self._own("face"), seen, quiet)
        for i in linked:
            seen_by = [[one[k] for k in self._own("face")] for one in quiet]
            self._calibrate(self.networks_[i], seen_by, self.conductance)
        self._learn_pathways(self._own("audio"), seen, quiet, progress)
        if self._meets:
            heard = self._answered(self._own("audio"), seen, quiet)
            self._calibrate(self.meeting_, heard, self.drive)
            self._watched("meeting", self.meeting_, [self._met(one, learning=True) for one in heard * self.passes])

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
                        responses.append(self.networks_[i].learn(values, self.seed_of(values), self.heard(i, others)))
                    if progress and i == own[0]:
                        progress(f"STDP, {self.pathways[i].sense}", done, len(seen))
            return responses

        # Threads: the kernel releases the interpreter lock, and nothing is copied.
        for i, responses in zip(own, Parallel(n_jobs=-1, prefer="threads")(delayed(one)(i) for i in own), strict=True):
            self._watched(f"{self.pathways[i].sense} {i}", self.networks_[i], responses)

    def _answered(
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

    def _training_rows(self, clips: Sequence[Clip], y: Labels, progress: Progress | None) -> dict[str, Rows]:
        """Return the spike counts of the training clips and of their virtual copies."""
        rows = super()._training_rows(clips, y, progress)
        for view, own in rows.items():
            if len(own.source) and not own.vectors.any():
                raise InputError(f"no neuron that {view} is read from ever fired: raise drive, or max_rate of a layer")
        return rows

    # -- from a clip to its vector -----------------------------------------------------------------------------

    def seed_of(self, values: Lines) -> int:
        """Return the seed of a clip's Poisson spikes: the same clip gives the same spikes, in any company."""
        return crc32(np.ascontiguousarray(values).tobytes(), self.seed)

    def heard(self, i: int, responses: Sequence[Activity]) -> list[Activity]:
        """Return the responses at the other ends of a layer's links."""
        return [responses[k] for k in self._own("face")] if self.networks_[i].links else []

    def _response(self, i: int, values: Lines | None, responses: Sequence[Activity], look: int = 0) -> Activity:
        """Return what a layer does with a clip, nothing where its sense is missing."""
        network = self.networks_[i]
        heard = self.heard(i, responses)
        if values is None and not any(len(one) for one in heard):
            return self.networks_[i].silence()
        values = np.zeros(network.windows.shape, np.float32) if values is None else values
        return network.respond(values, self.seed_of(values) + look, heard)

    def _met(self, responses: Sequence[Activity], *, learning: bool = False) -> Activity:
        """Return what the multisensory group does with the spikes of all layers."""
        present = self.meeting_.learn if learning else self.meeting_.respond
        return present(np.zeros(0, np.float32), self.seed, responses)

    def responses(self, seen: Perceived, senses: Sequence[str], look: int = 0) -> list[Activity]:
        """Return what the layers do when these senses alone are there: first those of the face, then of sound."""
        return self.responses_to(self.lines(seen, senses), look)

    def responses_to(self, lines: Sequence[Lines | None], look: int = 0) -> list[Activity]:
        """Return what the layers do with these values of their input lines; None is a sense that is missing."""
        there = {pathway.sense for pathway, values in zip(self.pathways, lines, strict=True) if values is not None}
        out = [self.networks_[i].silence() for i in range(len(self.pathways))]
        for i in (*self._own("face"), *self._own("audio")):
            if self.pathways[i].sense in there:
                out[i] = self._response(i, lines[i], out, look)
        return out

    def counted(self, responses: Sequence[Activity], senses: Sequence[str]) -> list[Counts]:
        """Return the counts that are read where these senses decide."""
        if len(senses) == 1 or self.fusion == "concatenation":
            return [responses[i].counts for sense in senses for i in self._own(sense)]
        if self.fusion == "enhancement":
            return [responses[i].counts for i in self._own("audio")]
        met = self._met(responses).counts
        return [met] if self.fusion == "joint" else [*(one.counts for one in responses), met]

    def vector(self, seen: Perceived, senses: Sequence[str], watch: Stopwatch | None = None) -> Vector:
        """Return the spike counts that these senses alone give."""
        watch = watch or Stopwatch()
        with watch("layers"):
            looks = [self.counted(self.responses(seen, senses, look), senses) for look in range(self.looks)]
            counts = [np.sum(each_look, axis=0) for each_look in zip(*looks, strict=True)]
        with watch("spike counts"):
            return read(counts, self.reads)

    # -- looking inside ----------------------------------------------------------------------------------------

    def detailed(self, shown: Explanation, seen: Perceived) -> Explanation:
        """Return the explanation with what only this system can tell."""
        return explanation_of(self, shown, seen)

    def operations(self, clip: Clip, modality: str | None = None) -> Operations:
        """Return what one decision on this clip costs."""
        return operations_of(self, self.perceive(clip, modality))

    def readout_cost(self, view: str) -> LayerCost:
        """Return what the readout of a modality costs, which reads real numbers."""
        weights = readout_weights(self.readouts_[view].classifier)
        return dense_layer("readout", weights, weights)

    # -- storing -----------------------------------------------------------------------------------------------

    def _all_networks(self) -> dict[str, CompetitiveNetwork]:
        """Return the layers by the names that they are stored under."""
        networks = {str(i): network for i, network in enumerate(self.networks_)}
        return networks | ({"meeting": self.meeting_} if self._meets else {})
