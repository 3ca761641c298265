"""eXCube2: a brain-shaped spiking reservoir that hears and sees emotion, says why, and says when it does not know.

Kasabov, Yang, Wang, Abouhassan, Kassabova and Lappas 2026, Biomimetics 11(3), 208,
doi 10.3390/biomimetics11030208. The methods below stand in the order of the paper's section 2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from inspect import signature
from typing import Any

import numpy as np
from jaxtyping import Float, Float32, Int32, UInt

from emospike.activity import Activity, LocatedSpikes
from emospike.augmentation.channel import ChannelVariation
from emospike.augmentation.voice import VirtualSpeakers
from emospike.brain.synapses import Synapses, stack_synapses
from emospike.brain.template import BrainTemplate
from emospike.brain.tonotopy import Tonotopy
from emospike.brain.topography import Topography
from emospike.brain.wiring import InputWiring, NearInputWiring, SmallWorld
from emospike.clip import Clip
from emospike.clip.batch import map_clips
from emospike.encoding.contract import Encoder
from emospike.energy.counting import count_readout, count_reservoir, join_operations
from emospike.energy.operations import Operations
from emospike.explain.panel import Panel
from emospike.features import Feature
from emospike.features.prosody import Prosody
from emospike.features.spectrum import RATE
from emospike.networks.reservoir import Reservoir, ReservoirNetwork
from emospike.progress import Progress, Stopwatch
from emospike.readout.contract import Classifier
from emospike.readout.interactions import channel_groups, interactions, neurons_near
from emospike.readout.readout import VectorReadout
from emospike.readout.scaling import SoftScaler
from emospike.readout.state_vectors import StateVector, locate_shares, name_dims, read_all
from emospike.readout.training_rows import Rows
from emospike.schema import check_arrays
from emospike.series import Channel, Series, frequencies_of, from_table, tabulate
from emospike.spikes import Spikes, join
from emospike.systems.excube2.panels import make_panels
from emospike.systems.explaining import Attributions
from emospike.systems.perception import MODALITIES, Perceived, modality_of
from emospike.systems.quantising import quantise_parameters
from emospike.systems.training import Labels, TrainingSet
from emospike.systems.vectors import Vector, VectorSystem
from emospike.validation import InputError, one_of, within


@dataclass
class EXCube2(VectorSystem):
    """Features -> spikes -> 3D reservoir on a brain template -> state vector -> classifier.

    Sound enters along Heschl's gyrus and the face in the superior temporal sulcus of one reservoir, so that activity
    crosses between them.

    Attributes
    ----------
    modality : ``"audio"``, ``"face"`` or ``"both"``
    features : what is heard (section 2.4, Table 1), then what is seen (section 2.6)
    encoders : one a feature; `encoder_rule` fits their thresholds to the training clips
    encoder_rule : a of the NeuCube rule mean|d| + a * std|d|, or None for the encoders' own thresholds
    tonotopy, input_wiring : where channels of sound enter the brain (section 2.5, Table 2)
    topography, face_wiring : where channels of the face enter it (section 2.6, Figure 7)
    neurons, wiring, reservoir : the cube: its size, small-world synapses, neurons and STDP (section 2.8)
    passes : STDP passes over the training clips
    vectors : state vectors, joined (section 2.9, Table 5)
    scaler, classifier : the readout (Table 4)
    augmentation : virtual speakers added to the training clips, or None
    fusion : of sound and face: ``"early"``, one state vector of a cube that is given both; or ``"late"``, each is read
        on its own and the answers are joined in log-odds (see `LateFusion`)
    face_vectors, face_classifier, face_augmentation : how the face is read where fusion is late, as `vectors`,
        `classifier` and `augmentation` tell it for sound
    channel_variation : copies of the training clips over other channels, which train the readout too, or None
    level : active level that every sound is brought to before any feature, dBFS; None takes sound as recorded
    finer_labels : learn finer labels where they are known (emotions for arousal), and sum their probabilities
    normalise : ``"none"``, or ``"speaker"``: each speaker's mean state vector is removed, without labels
    coverage : share of held-out training clips that the stored threshold lets through
    seed : of every random draw
    """

    features: tuple[Feature, ...]
    encoders: tuple[Encoder, ...]
    input_wiring: InputWiring | NearInputWiring
    wiring: SmallWorld
    reservoir: Reservoir
    vectors: tuple[StateVector, ...]
    scaler: SoftScaler
    classifier: Classifier
    modality: str = "audio"
    tonotopy: Tonotopy = field(default_factory=Tonotopy)
    topography: Topography = field(default_factory=Topography)
    face_wiring: InputWiring | NearInputWiring = field(default_factory=InputWiring)
    encoder_rule: float | None = None
    neurons: int = 3108
    passes: int = 1
    augmentation: VirtualSpeakers | None = None
    channel_variation: ChannelVariation | None = None
    level: float | None = None
    finer_labels: bool = False
    normalise: str = "none"
    coverage: float = 0.78
    fusion: str = "early"
    face_vectors: tuple[StateVector, ...] = ()
    face_classifier: Classifier | None = None
    face_augmentation: VirtualSpeakers | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if len(self.features) != len(self.encoders):
            raise InputError(f"one encoder a feature expected, got {len(self.encoders)} for {len(self.features)}")
        senses = [feature.modality for feature in self.features]
        if senses != sorted(senses) or set(senses) != set(MODALITIES[self.modality]):
            raise InputError(f"features of {' then '.join(MODALITIES[self.modality])} expected, got {senses}")
        one_of("fusion", self.fusion, ("early", "late"))
        if self.fusion == "late" and (self.modality != "both" or not self.face_vectors or self.face_classifier is None):
            raise InputError("late fusion needs modality 'both', face_vectors and a face_classifier")

    # -- training, in the paper's order: what needs no labels, and then the readouts ---------------------------

    def _fit(self, training: TrainingSet) -> None:
        """Let the cube learn, without labels; then fit the readouts."""
        rows, collected = self.learn_vectors(training)
        self._fit_each(rows, training)
        self._average_interactions(collected, training.labels)

    def learn_vectors(self, training: TrainingSet) -> tuple[dict[str, Rows], dict[int, Any]]:
        """Let the cube learn, without labels; return the vectors and the interactions of the training clips."""
        self.learn_cube(training.clips, training.progress)
        return self.make_rows(training, stage="reservoir", collect=lambda seen, _: self._measure_interactions(seen))

    def learn_cube(self, clips: Sequence[Clip], progress: Progress | None = None) -> EXCube2:
        """Fit the encoders, build the cube and let it learn, all without labels; then it has an `activity`."""
        self.left_out_ = {}
        self._fit_encoders(clips, progress)
        self._build_cube(self._whole(clips))
        self._learn(clips, progress)
        return self

    def _whole(self, clips: Sequence[Clip]) -> Perceived:
        """Return what is perceived of the first clip that lacks no sense."""
        for i, clip in enumerate(clips):
            seen = self.perceive_training(i, clip)
            if seen is not None and not seen.missing:
                return seen
        raise InputError(f"modality {self.modality} needs clips with {' and '.join(MODALITIES[self.modality])}")

    def _fit_encoders(self, clips: Sequence[Clip], progress: Progress | None) -> None:
        """Take thresholds from the training clips if a rule is given."""
        self.encoders_ = self.encoders
        if self.encoder_rule is not None:
            for encoder in self.encoders:
                rule = signature(type(encoder).fit).parameters.get("a")
                if rule is None or not isinstance(rule.default, float):
                    raise InputError(
                        f"encoders with a threshold expected for encoder_rule={self.encoder_rule}, got "
                        f"{type(encoder).__name__}: use another encoder, or encoder_rule=None"
                    )
            found = list(map_clips(self.perceive_training, clips, "thresholds", progress))
            seen = [one.series for one in found if one is not None]
            self.encoders_ = tuple(
                type(encoder).fit((one for series in seen if (one := series[i]) is not None), a=self.encoder_rule)
                for i, encoder in enumerate(self.encoders)
            )

    def encode(self, series: Sequence[Series | None]) -> Spikes:
        """Return the spikes of all features on one grid of channels; a feature that is missing is silent."""
        grid = next(one for one in series if one is not None)
        parts = [
            Spikes.silent(len(grid), grid.rate, channels) if one is None else encoder.encode(one)
            for encoder, one, channels in zip(self.encoders_, series, self.parts_, strict=True)
        ]
        return join(parts)

    def _build_cube(self, seen: Perceived) -> None:
        """Place the neurons in the brain and wire them: every channel enters where its sense does."""
        self.parts_ = self._encode_channels([one.channels for one in seen.present])
        self._place(BrainTemplate.mni152(self.neurons, self.seed))
        self.nodes_ = neurons_near(self.sites_, channel_groups(self.channels_), self.template_.positions)
        inputs = self._inputs()
        recurrent = self.wiring.connect(self.template_, self.seed)
        self.network_ = self.reservoir.build(inputs, recurrent, self.seed)

    def _encode_channels(self, channels: Sequence[tuple[Channel, ...]]) -> tuple[tuple[Channel, ...], ...]:
        """Return the channels of spikes that the encoders make of the channels of each feature."""
        still = [Series(np.zeros((1, len(own)), np.float32), RATE, own) for own in channels]
        return tuple(encoder.encode(one).channels for encoder, one in zip(self.encoders_, still, strict=True))

    def _inputs(self) -> Synapses:
        """Return the synapses of all input lines."""
        ways, lines = {"audio": self.input_wiring, "face": self.face_wiring}, self.reservoir.lines(1)
        senses = [(ways[sense], np.repeat(self._sites_of(sense), lines, axis=0)) for sense in MODALITIES[self.modality]]
        return stack_synapses([wiring.connect(sites, self.template_, self.seed) for wiring, sites in senses])

    def _channels_of(self, modality: str) -> tuple[Channel, ...]:
        """Return the input channels of a modality."""
        return tuple(channel for part in self.parts_ for channel in part if channel.modality == modality)

    def _sites_of(self, sense: str) -> Float32[np.ndarray, "channels sites 3"]:
        """Return where the channels of a sense enter: four sites each, two a hemisphere (one twice for the face)."""
        channels = self._channels_of(sense)
        if sense == "audio":
            return self.tonotopy.sites(frequencies_of(channels))
        return np.repeat(self.topography.sites(channels), 2, axis=1)

    def _place(self, template: BrainTemplate) -> None:
        """Set what follows from the template and the channels: sites and regions."""
        self.template_ = template
        self.channels_ = tuple(channel for part in self.parts_ for channel in part)
        self.sites_ = np.concatenate([self._sites_of(sense) for sense in MODALITIES[self.modality]])
        sides = {name: np.flatnonzero(template.in_region(name)) for name in template.regions}
        wholes = {name[:-2]: np.flatnonzero(template.in_region(name[:-2])) for name in template.regions}
        self.regions_ = sides | wholes

    def _learn(self, clips: Sequence[Clip], progress: Progress | None) -> None:
        """Let STDP change the recurrent synapses, sample by sample (section 2.8, equation 1)."""
        if self.reservoir.stdp is None:
            return

        def encode(index: int, clip: Clip) -> Spikes | None:
            seen = self.perceive_training(index, clip)
            return None if seen is None else self.encode(seen.series)

        for _ in range(self.passes):
            for spikes in map_clips(encode, clips, "STDP", progress):
                if spikes is not None:
                    self.network_.learn(spikes)

    def _measure_interactions(self, seen: Perceived) -> Float[np.ndarray, "nodes nodes"] | None:
        """Return the interactions in a clip; None of one that lacks a sense, whose nodes would be silent."""
        return None if seen.missing else interactions(self.activity(seen, seen.modalities), self.nodes_)

    def _average_interactions(self, found: Mapping[int, Any], labels: Labels) -> None:
        """Average the interactions of the training clips, by index, over each class (section 3.3)."""
        by_class: dict[str, list[Any]] = {str(label): [] for label in np.unique(labels)}
        for i, one in found.items():
            if one is not None:
                by_class[str(labels[i])].append(one)
        nothing = np.zeros((1, len(self.nodes_), len(self.nodes_)))
        self.class_interactions_ = {label: np.mean(own or nothing, axis=0) for label, own in by_class.items()}

    # -- from a clip to its state vector -----------------------------------------------------------------------

    def activity(self, seen: Perceived, modalities: Sequence[str], timer: Stopwatch | None = None) -> Activity:
        """Return what the cube does when it is given these modalities alone."""
        timer = timer or Stopwatch()
        pairs = zip(self.features, seen.series, strict=True)
        kept = [one if feature.modality in modalities else None for feature, one in pairs]
        with timer("encoding"):
            spikes = self.encode(kept)
        with timer("reservoir"):
            return self.network_.run(spikes)

    def locate(self, clip: Clip | None = None) -> LocatedSpikes:
        """Return where the neurons lie in the brain, and how often each fires on a clip, by all that it perceives."""
        counts = np.zeros(self.neurons, np.int64)
        if clip is not None:
            seen = self._perceive_whole(clip)
            for own in self.list_runs(seen.modalities):
                counts += self.activity(seen, own).counts
        return LocatedSpikes(self.template_.positions, counts)

    def export(self, clip: Clip) -> tuple[ReservoirNetwork, Spikes, dict[str, Any]]:
        """Return the reservoir, what it is given of a clip, and what its lines and neurons are."""
        spikes = self.encode(self._perceive_whole(clip).series)
        facts = {"channels": [channel.label for channel in self.channels_], "regions": list(self.template_.regions)}
        facts |= {"region_of_neuron": self.template_.region.tolist()}
        return self.network_, spikes, facts

    def read(self, activity: Activity, seen: Perceived, vectors: tuple[StateVector, ...] | None = None) -> Vector:
        """Return the state vector of an activity (section 2.9), or other `vectors`; contexts are those of the clip."""
        pairs = zip(self.features, seen.series, strict=True)
        prosody = next((one for feature, one in pairs if isinstance(feature, Prosody) and feature.bridge), None)
        return read_all(self.vectors if vectors is None else vectors, activity, self.regions_, prosody)

    @property
    def fuses_late(self) -> bool:
        """Whether sound and face are read on their own."""
        return self.fusion == "late" and self.modality == "both"

    def list_runs(self, modalities: Sequence[str]) -> list[tuple[str, ...]]:
        """Return which of these modalities the cube is given together: all at once, or one after the other."""
        return [(one,) for one in modalities] if self.fuses_late else [tuple(modalities)]

    def read_runs(self, runs: Sequence[Activity], seen: Perceived, modalities: Sequence[str]) -> Any:
        """Return what the readout of these modalities reads, of what the cube did in each run (see `list_runs`)."""
        senses = self.list_runs(modalities)
        apart = [self.read(one, seen, self._vectors_of(*own)) for one, own in zip(runs, senses, strict=True)]
        return apart[0] if len(senses) == 1 else dict(zip(modalities, apart, strict=True))

    def _vectors_of(self, *modalities: str) -> tuple[StateVector, ...]:
        return self.face_vectors if self.fusion == "late" and modalities == ("face",) else self.vectors

    def represent(self, seen: Perceived, modalities: Sequence[str], timer: Stopwatch | None = None) -> Any:
        """Return the state vector that these modalities alone give, or that of each where fusion is late."""
        timer = timer or Stopwatch()
        runs = [self.activity(seen, own, timer) for own in self.list_runs(modalities)]
        with timer("state vector"):
            return self.read_runs(runs, seen, modalities)

    def _name_dims(self, seen: Perceived, modality: str) -> list[str]:
        """Return the readings of inputs and neurons by name."""
        return name_dims(self._vectors_of(*MODALITIES[modality]), self.channels_, self.neurons, self.regions_)

    def _new_readout(self, modality: str | None = None) -> VectorReadout:
        """Return an unfitted readout, whose scaler knows where readings that have a share of the vector stand."""
        readout, vectors = super()._new_readout(), self._vectors_of(modality or self.modality)
        if self.fusion == "late" and modality == "face" and self.face_classifier is not None:
            readout.classifier = deepcopy(self.face_classifier)
        if any(vector.share for vector in vectors):
            readout.scaler.shares = locate_shares(vectors, self.channels_, self.neurons, self.regions_)
        return readout

    def _augmentation_of(self, modality: str) -> VirtualSpeakers | None:
        """Return the virtual speakers that the readout of a modality trains with, or None."""
        return self.face_augmentation if self.fusion == "late" and modality == "face" else self.augmentation

    def describe_vectors(self) -> str | None:
        """Return the parameters that state vectors depend on, or None where cube or encoders learn from the clips."""
        if self.reservoir.stdp is not None or self.encoder_rule is not None:
            return None
        reading = ("scaler", "classifier", "face_classifier", "normalise", "coverage", "finer_labels")
        return repr({name: value for name, value in self.get_params(deep=False).items() if name not in reading})

    def quantise(self, bits: int) -> EXCube2:
        """Return a copy of the trained system with weights that are integers of `bits` bits, 8 or 4.

        Those of the cube (see `ReservoirNetwork.quantise`) and of linear readouts. Nothing is learnt anew.
        """
        whole = quantise_parameters(deepcopy(self), bits)
        whole.network_ = self.network_.quantise(bits)
        whole.quantise_readouts(bits)
        return whole

    # -- looking inside ----------------------------------------------------------------------------------------

    def _panels(self, seen: Perceived, target: int) -> tuple[Attributions, list[Panel]]:
        """Return what parts of a clip do to a class, and the pictures that only this system has (section 3.3)."""
        return make_panels(self, seen, target)

    def _operations(self, seen: Perceived) -> Operations:
        """Return what one decision on this clip costs."""
        if self.fuses_late and len(seen.modalities) > 1:
            return join_operations({one: self._count(seen, (one,)) for one in seen.modalities})
        return self._count(seen, seen.modalities)

    def _count(self, seen: Perceived, modalities: Sequence[str]) -> Operations:
        """Return what one run of the cube and its readout cost."""
        readout = count_readout(self.readouts_[modality_of(modalities)])
        return count_reservoir(self.network_, self.activity(seen, modalities), readout)

    # -- storing -----------------------------------------------------------------------------------------------

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return the fitted arrays, and the fitted facts that JSON can hold."""
        stored, facts = super().state()
        stored |= self.network_.to_arrays()
        stored |= {"positions": self.template_.positions, "region": self.template_.region}
        averages, nodes = vars(self).get("class_interactions_", {}), len(self.nodes_)  # none without labels
        stored["class_interactions"] = np.array([*averages.values()], np.float32).reshape(len(averages), nodes, nodes)
        stored["nodes"] = np.stack(list(self.nodes_.values())).astype(np.uint32)
        facts |= {"averaged": list(averages), "nodes": list(self.nodes_)}
        facts |= {"regions": self.template_.regions, "encoders": self.encoders_}
        facts["channels"] = [tabulate(dict.fromkeys(one.source for one in part)) for part in self.parts_]
        return stored, facts

    def restore(self, arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any]) -> EXCube2:
        """Take back what `state` returned."""
        check_arrays(arrays, ARRAYS, neurons=self.neurons)
        self.network_ = ReservoirNetwork.from_arrays(self.reservoir, arrays, self.neurons)
        self.encoders_ = tuple(facts["encoders"])
        channels = [from_table(table) for table in facts["channels"]]
        within("channels of all features", sum(map(len, channels)), 1, len(arrays["inputs.counts"]))
        if len(channels) != len(self.features):
            raise InputError(f"channels of {len(self.features)} features expected, got those of {len(channels)}")
        self.parts_ = self._encode_channels(channels)
        self._place(BrainTemplate(arrays["positions"], arrays["region"], tuple(facts["regions"])))
        self._restore_readouts(arrays, facts)
        if self.reservoir.lines(len(self.channels_)) != len(arrays["inputs.counts"]):
            raise InputError(f"{len(arrays['inputs.counts'])} input lines expected, got {len(self.channels_)} channels")
        if arrays["nodes"].size and arrays["nodes"].max() >= self.neurons:
            raise InputError(f"nodes of neurons 0 to {self.neurons - 1} expected")
        self.nodes_ = dict(zip(facts["nodes"], arrays["nodes"].astype(np.int64), strict=True))
        self.class_interactions_ = dict(zip(facts["averaged"], arrays["class_interactions"].astype(float), strict=True))
        return self


ARRAYS = {
    "positions": Float32[np.ndarray, "neurons 3"],
    "region": Int32[np.ndarray, " neurons"],
    "nodes": UInt[np.ndarray, "nodes near"],
    "class_interactions": Float32[np.ndarray, "classes nodes nodes"],
}
"""What a model file holds beside network and readouts."""
