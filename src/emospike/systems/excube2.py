"""eXCube2: a brain-shaped spiking reservoir that hears emotion, says why, and says when it does not know.

Kasabov, Yang, Wang, Abouhassan, Kassabova and Lappas 2026, Biomimetics 11(3), 208,
doi 10.3390/biomimetics11030208. The methods below stand in the order of the paper's section 2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Float32, Int, Shaped

from emospike.brain.template import BrainTemplate
from emospike.brain.tonotopy import Tonotopy
from emospike.brain.wiring import InputWiring, NearInputWiring, SmallWorld, Synapses
from emospike.clip import Clip
from emospike.encoding.contract import Encoder
from emospike.features import Feature
from emospike.features.virtual_speakers import VirtualSpeakers, Voice
from emospike.networks.activity import Activity
from emospike.networks.reservoir import Network, Reservoir
from emospike.readout.contract import Classifier
from emospike.readout.interactions import frequency_groups, interactions, neurons_near
from emospike.readout.readout import Readout
from emospike.readout.scaling import SoftScaler
from emospike.readout.state_vectors import StateVector, read_all
from emospike.series import Series, frequencies_of
from emospike.spikes import Spikes, joined
from emospike.systems import excube2_presets, explained
from emospike.systems.clips import Stopwatch, each, training_labels
from emospike.systems.contract import Decision, Explanation, Operations, Progress, as_clip
from emospike.systems.cost import readout_weights, reservoir_operations
from emospike.systems.vector_system import VectorSystem
from emospike.validation import InputError, one_of

Vectors = Float32[np.ndarray, "clips dims"]


@dataclass
class EXCube2(VectorSystem):
    """Sound features -> spikes -> 3D reservoir on a brain template -> state vector -> classifier.

    Attributes
    ----------
    features : what is heard (section 2.4, Table 1)
    encoders : one a feature; `encoder_rule` fits their thresholds to the training clips
    encoder_rule : a of the NeuCube rule mean|d| + a * std|d|, or None for the encoders' own thresholds
    tonotopy, input_wiring : where channels enter the brain (section 2.5, Table 2)
    neurons, wiring, reservoir : the cube: its size, small-world synapses, neurons and STDP (section 2.8)
    passes : STDP passes over the training clips
    vectors : state vectors, joined (section 2.9, Table 5)
    scaler, classifier : the readout (Table 4)
    voices : virtual speakers added to the training clips, or None
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
    tonotopy: Tonotopy = field(default_factory=Tonotopy)
    encoder_rule: float | None = None
    neurons: int = 3108
    passes: int = 1
    voices: VirtualSpeakers | None = None
    finer_labels: bool = False
    normalise: str = "none"
    coverage: float = 0.78
    seed: int = 0

    def __post_init__(self) -> None:
        if len(self.features) != len(self.encoders):
            raise InputError(f"one encoder a feature expected, got {len(self.encoders)} for {len(self.features)}")

    @classmethod
    def presets(cls) -> tuple[str, ...]:
        """Names of the presets."""
        return tuple(excube2_presets.PRESETS)

    @classmethod
    def preset(cls, name: str, seed: int = 0) -> EXCube2:
        """Return the unfitted system of a preset."""
        return cls(**excube2_presets.PRESETS[one_of("preset", name, cls.presets())](), seed=seed)

    # -- training, in the paper's order ------------------------------------------------------------------------

    def fit(
        self,
        clips: Sequence[Clip],
        labels: Sequence[str],
        speakers: Sequence[str] | None = None,
        progress: Progress | None = None,
        finer: Sequence[str] | None = None,
    ) -> EXCube2:
        """Train on labelled clips: encoders, reservoir (unsupervised), readout and calibration (supervised)."""
        y, who = training_labels(clips, labels, speakers, self.normalise)
        self.prepare(clips, progress)
        vectors, source, recorded = self._training_vectors(clips, y, progress)
        learnt = np.asarray(finer, dtype=str)[source] if finer is not None and self.finer_labels else None
        self.readout_ = self._readout().fit(vectors, y[source], who[source], recorded, learnt)
        self.classes_, self.threshold_ = self.readout_.classes, self.readout_.threshold_
        return self

    def prepare(self, clips: Sequence[Clip], progress: Progress | None = None) -> EXCube2:
        """Do what needs no labels: fit the encoders, build the cube, let it learn; then it gives state vectors."""
        self._fit_encoders(clips, progress)
        self._build_cube(self.series(clips[0]))
        self._learn(clips, progress)
        return self

    def series(self, clip: Clip) -> list[Series]:
        """Return the clip's features (section 2.4); one that several encoders read is extracted once."""
        extracted = {feature: feature.extract(clip) for feature in dict.fromkeys(self.features)}
        return [extracted[feature] for feature in self.features]

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
            heard = list(each(lambda _, clip: self.series(clip), clips, "thresholds", progress))
            self.encoders_ = tuple(
                type(encoder).fit((one[i] for one in heard), a=self.encoder_rule)
                for i, encoder in enumerate(self.encoders)
            )

    def encode(self, series: Sequence[Series]) -> Spikes:
        """Return the spikes of all features on one grid of channels."""
        return joined([encoder.encode(one) for encoder, one in zip(self.encoders_, series, strict=True)])

    def _build_cube(self, series: Sequence[Series]) -> None:
        """Place the neurons in the brain and wire them (section 2.5): every channel enters along Heschl's gyrus."""
        spikes = self.encode(series)
        self._place(BrainTemplate.mni152(self.neurons, self.seed), spikes.channels)
        self.nodes_ = neurons_near(self.sites_, frequency_groups(spikes.channels), self.template_.positions)
        lines = np.repeat(self.sites_, self.reservoir.lines(1), axis=0)
        inputs = self.input_wiring.connect(lines, self.template_, self.seed)
        recurrent = self.wiring.connect(self.template_, self.seed)
        self.network_ = self.reservoir.build(inputs, recurrent, self.seed)

    def _place(self, template: BrainTemplate, channels: tuple[str, ...]) -> None:
        """Set what follows from the template and the channels: sites and regions."""
        self.template_, self.channels_ = template, channels
        self.sites_ = self.tonotopy.sites(frequencies_of(channels))
        sides = {name: np.flatnonzero(template.in_region(name)) for name in template.regions}
        wholes = {name[:-2]: np.flatnonzero(template.in_region(name[:-2])) for name in template.regions}
        self.regions_ = sides | wholes

    def _learn(self, clips: Sequence[Clip], progress: Progress | None) -> None:
        """Let STDP change the recurrent synapses, sample by sample (section 2.8, equation 1)."""
        if self.reservoir.stdp is None:
            return
        for _ in range(self.passes):
            for spikes in each(lambda _, clip: self.encode(self.series(clip)), clips, "STDP", progress):
                self.network_.learn(spikes)

    def _training_vectors(
        self, clips: Sequence[Clip], y: Shaped[np.ndarray, " clips"], progress: Progress | None
    ) -> tuple[Float32[np.ndarray, "vectors dims"], Int[np.ndarray, " vectors"], Bool[np.ndarray, " vectors"]]:
        """Return vectors of the clips and of their virtual copies, the clip of each, and which were recorded."""
        rng = np.random.default_rng(self.seed)
        voices = [self.voices.voices(rng) if self.voices else [Voice()] for _ in clips]
        copies = len(voices[0])
        totals = {str(label): np.zeros((len(self.nodes_),) * 2) for label in np.unique(y)}

        def heard(index: int, clip: Clip) -> tuple[Vectors, Float[np.ndarray, "nodes nodes"]]:
            series = self.series(clip)
            activities = [self.network_.run(self.encode(self._spoken(voice, series))) for voice in voices[index]]
            return np.stack([self.vector(one) for one in activities]), interactions(activities[0], self.nodes_)

        vectors = np.empty((0, 0), np.float32)
        for i, (rows, followed) in enumerate(each(heard, clips, "reservoir", progress)):
            if i == 0:  # one array for all, filled as clips come: they are gigabytes for large cubes
                vectors = np.empty((len(clips) * copies, rows.shape[1]), np.float32)
            vectors[i * copies : (i + 1) * copies] = rows
            totals[str(y[i])] += followed
        self.class_interactions_ = {label: total / (y == label).sum() for label, total in totals.items()}
        return vectors, np.repeat(np.arange(len(clips)), copies), np.tile(np.arange(copies) == 0, len(clips))

    def _spoken(self, voice: Voice, series: Sequence[Series]) -> list[Series]:
        """Return the features as another voice would have given them."""
        return [feature.spoken_by(voice, one) for feature, one in zip(self.features, series, strict=True)]

    def vector(self, activity: Activity) -> Float32[np.ndarray, " dims"]:
        """Return the state vector of an activity (section 2.9)."""
        return read_all(self.vectors, activity, self.regions_)

    def _readout(self) -> Readout:
        """Return an unfitted readout (section 2.9, Table 4) that shares nothing with the parameters."""
        return Readout(deepcopy(self.scaler), deepcopy(self.classifier), self.normalise, self.coverage)

    # -- deciding ----------------------------------------------------------------------------------------------

    def state_vectors(self, clips: Sequence[Clip], progress: Progress | None = None) -> Vectors:
        """Return the state vector of every clip."""
        heard = each(lambda _, clip: self.vector(self.hear(clip)), clips, "reservoir", progress)
        return np.stack(list(heard))

    def hear(self, clip: Clip) -> Activity:
        """Return what the cube does with a clip."""
        return self.network_.run(self.encode(self.series(clip)))

    def decide(self, clip: Clip | Path | str, threshold: float | None = None) -> Decision:
        """Return the decision on one clip, with the time that each stage took (Table 7)."""
        clip, watch = as_clip(clip), Stopwatch()
        with watch("decode"):
            clip.sound  # noqa: B018 - decoded here, used by the features
        with watch("features"):
            series = self.series(clip)
        with watch("encoding"):
            spikes = self.encode(series)
        with watch("reservoir"):
            activity = self.network_.run(spikes)
        with watch("state vector"):
            vector = self.vector(activity)
        return self._answer(clip, vector, threshold, watch)

    def explain(self, clip: Clip | Path | str, threshold: float | None = None) -> Explanation:
        """Return what the figures of one decision draw (section 3.3)."""
        return explained.explain(self, as_clip(clip), self.threshold_ if threshold is None else threshold)

    def operations(self, clip: Clip) -> Operations:
        """Return what one decision on this clip costs."""
        return reservoir_operations(self.network_, self.hear(clip), readout_weights(self.readout_.classifier))

    # -- storing -----------------------------------------------------------------------------------------------

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return the fitted arrays, and the fitted facts that JSON can hold."""
        network, (arrays, facts) = self.network_, self.readout_.state()
        stored = {f"readout.{name}": array for name, array in arrays.items()}
        for name, synapses in (("inputs", network.inputs), ("recurrent", network.recurrent)):
            stored |= {
                f"{name}.counts": np.diff(synapses.offsets).astype(np.uint32),
                f"{name}.targets": synapses.targets.astype(np.uint16 if self.neurons <= 2**16 else np.uint32),
                f"{name}.weights": synapses.weights,
            }
        stored |= {"tau": network.tau, "positions": self.template_.positions, "region": self.template_.region}
        stored["class_interactions"] = np.stack(list(self.class_interactions_.values())).astype(np.float32)
        stored["nodes"] = np.stack(list(self.nodes_.values())).astype(np.uint32)
        facts |= {"averaged": list(self.class_interactions_), "nodes": list(self.nodes_)}
        facts |= {"regions": self.template_.regions, "channels": self.channels_, "encoders": self.encoders_}
        return stored, facts

    def restore(self, arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any]) -> EXCube2:
        """Take back what `state` returned."""
        readout = {name[8:]: array for name, array in arrays.items() if name.startswith("readout.")}
        self.readout_ = self._readout().restore(readout, facts, self.threshold_)
        self.encoders_ = tuple(facts["encoders"])
        self._place(
            BrainTemplate(arrays["positions"], arrays["region"], tuple(facts["regions"])), tuple(facts["channels"])
        )
        synapses = [
            Synapses(
                np.concatenate([[0], np.cumsum(arrays[f"{name}.counts"], dtype=np.int64)]),
                arrays[f"{name}.targets"].astype(np.int32),
                arrays[f"{name}.weights"],
            )
            for name in ("inputs", "recurrent")
        ]
        self.network_ = Network(self.reservoir, synapses[0], synapses[1], arrays["tau"])
        self.nodes_ = dict(zip(facts["nodes"], arrays["nodes"].astype(np.int64), strict=True))
        averages = arrays["class_interactions"].astype(float)
        self.class_interactions_ = dict(zip(facts["averaged"], averages, strict=True))
        return self
