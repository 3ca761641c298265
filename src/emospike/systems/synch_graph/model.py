"""Synch-Graph: two groups of neurons hear each other, and a graph of who fires with whom is classified.

Mansouri-Benssassi and Ye 2020, "Synch-Graph: Multisensory Emotion Recognition Through Neural Synchrony via Graph
Convolutional Networks", AAAI. The methods below stand in the order of the paper's "Proposed Approach".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any
from zlib import crc32

import numpy as np
from jaxtyping import Bool, Float, Float32

from emospike.activity import Activity
from emospike.augmentation.channel import ChannelVariation
from emospike.clip import Clip
from emospike.clip.batch import map_clips
from emospike.energy.operations import Operations
from emospike.explain.panel import Panel
from emospike.features import Feature
from emospike.networks.cells import Link
from emospike.networks.competitive import CompetitiveNetwork, run_together
from emospike.networks.diagnostics import LayerDiagnostics
from emospike.networks.synchrony_graph import EDGES, Graph, Synchrony
from emospike.progress import Progress, Stopwatch
from emospike.readout.graph import GraphConvolution, Unscaled
from emospike.readout.readout import VectorReadout
from emospike.spikes import Spikes, join
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
from emospike.systems.explaining import Attributions
from emospike.systems.pathways import Lines, Pathway, Raw
from emospike.systems.perception import MODALITIES, Perceived
from emospike.systems.synch_graph.cost import convolution_cost, count_operations
from emospike.systems.synch_graph.panels import make_panels
from emospike.systems.training import TrainingSet
from emospike.systems.vectors import Vector, VectorSystem
from emospike.validation import InputError, one_of, within


@dataclass(frozen=True)
class TransductiveRun:
    """What the paper's experiment gives.

    Attributes
    ----------
    classes : sorted labels
    probabilities : of every clip, one column a class
    train_curve, validation_curve : loss by epoch; NaN where no clip validates
    """

    classes: tuple[str, ...]
    probabilities: Float[np.ndarray, "clips classes"]
    train_curve: Float32[np.ndarray, " epochs"]
    validation_curve: Float32[np.ndarray, " epochs"]


@dataclass
class SynchGraph(VectorSystem):
    """Features -> Poisson spikes -> two groups that hear each other -> graph of synchrony -> graph convolution.

    The vector of a clip is its graph, flattened: spikes and first spike of every neuron, then the edges.

    Attributes
    ----------
    pathways : a competitive layer for sound, then one for the face; one of them where one sense decides
    classifier : graph convolution
    modality : ``"audio"``, ``"face"`` or ``"both"``
    edges, window : which neurons are joined, one of `networks.synchrony_graph.EDGES`, and the ms that it is about
    conductance : mean excitatory conductance that each group brings to the other; their input brings 0.3 to 1
    delay : of sound, ms
    passes : presentations of each training clip to learn from; 0 leaves the weights as they were born
    presentations : presentations whose graphs are averaged, so that a clip is read with less Poisson noise
    channel_variation : copies of the training clips over other channels, which train the readout too, or None
    level : active level that every sound is brought to before any feature, dBFS; None takes sound as recorded
    normalise : ``"none"``, or ``"speaker"``: counts and edges are then those above the speaker's mean
    coverage : share of held-out training clips that the stored threshold lets through
    seed : of the weights and of the Poisson spikes, which also depend on what a clip holds, and on nothing else
    groups_ : the trained groups, in the order of `pathways`
    watch_ : how they fared
    """

    pathways: tuple[Pathway, ...]
    classifier: GraphConvolution
    modality: str = "both"
    edges: str = "share"
    window: float = 150.0
    conductance: float = 0.1
    delay: float = 5.0
    passes: int = 1
    presentations: int = 1
    channel_variation: ChannelVariation | None = None
    level: float | None = None
    normalise: str = "none"
    coverage: float = 0.78
    seed: int = 0

    def __post_init__(self) -> None:
        one_of("edges", self.edges, EDGES)
        within("passes", self.passes, 0, 1000)
        within("presentations", self.presentations, 1, 200)
        within("delay", self.delay, 0.0, 1000.0)
        senses = tuple(pathway.modality for pathway in self.pathways)
        if senses != MODALITIES[one_of("modality", self.modality, MODALITIES)]:
            raise InputError(f"a pathway of {' and one of '.join(MODALITIES[self.modality])} expected, got {senses}")

    @property
    def synchrony(self) -> Synchrony:
        """Which neurons are joined."""
        return Synchrony(self.window, self.edges)

    @property
    def features(self) -> tuple[Feature, ...]:  # type: ignore[override]
        """What is taken from a clip, one a pathway."""
        return LayerInputs(self.pathways).features

    @property
    def follows_faces(self) -> bool:
        """Whether it sees what moves in a face that is followed, and no more of its pictures."""
        return super().follows_faces and all(pathway.pictures is None for pathway in self.pathways)

    # -- multisensory integration and interaction: what needs no labels -----------------------------------------

    def _fit(self, training: TrainingSet) -> None:
        """Let the groups learn without labels, then fit the readouts; keep the mean graph of each class."""
        self.learn_groups(training.clips, training.progress)
        collected = self._fit_readouts(
            training,
            stage="synchrony graphs",
            collect=lambda _, vectors: vectors.get(self.modality),
        )
        whole = {i: vector for i, vector in collected.items() if vector is not None}
        self.class_graphs_ = {
            str(label): Graph.mean([Graph.unflatten(own) for i, own in whole.items() if training.labels[i] == label])
            for label in np.unique(training.labels[list(whole)])
        }

    def learn_groups(self, clips: Sequence[Clip], progress: Progress | None = None) -> SynchGraph:
        """Fit scales to what the groups are to see of the training clips, and let the groups learn."""

        def look(index: int, clip: Clip) -> list[Raw | None] | None:
            seen = self.perceive_training(index, clip)
            return None if seen is None else LayerInputs(self.pathways).look(seen)

        self.left_out_ = {}
        self.diagnostics_: dict[str, LayerDiagnostics] = {}
        raws = [raws for raws in map_clips(look, clips, "features", progress) if raws is not None]
        self.inputs_ = LayerInputs(self.pathways)
        self.inputs_.fit(raws)
        self._build()
        self._learn([self.inputs_.scale(one) for one in raws], progress)
        round_to_stored(self.groups_)
        return self

    def _build(self, stored: Stored | None = None) -> None:
        """Build the groups, new or as they were stored; two hear each other through links, dead until calibrated."""
        windows = [p.windows(span.shape[1]) for p, span in zip(self.pathways, self.inputs_.ranges, strict=True)]
        sizes = [len(w.lines) * p.layer.features for w, p in zip(windows, self.pathways, strict=True)]
        links = [[Link(size, gain=0.0)] for size in sizes[::-1]] if len(sizes) > 1 else [[]]
        self.groups_: list[CompetitiveNetwork] = [
            build_layer(pathway.modality, pathway.layer, own, heard, self.seed + i, stored=stored)
            for i, (pathway, own, heard) in enumerate(zip(self.pathways, windows, links, strict=True))
        ]

    def _learn(self, seen: Sequence[Sequence[Lines | None]], progress: Progress | None) -> None:
        """Let STDP change weights, in both groups and in the links between them, while they hear each other."""
        if len(self.groups_) > 1 and self.conductance > 0:
            self._calibrate([self.present(lines) for lines in seen])
        told = []
        for turn in range(max(self.passes, 1)):
            for done, lines in enumerate(seen, start=1):
                told.append(self.present(lines, learning=self.passes > 0))
                if progress and turn == 0:
                    progress("STDP", done, len(seen))
        responses = [[own for both in told if (own := both[i]) is not None] for i in range(len(self.groups_))]
        for pathway, group, fared in zip(self.pathways, self.groups_, responses, strict=True):
            if fared:
                self.diagnostics_[pathway.modality] = diagnose(pathway.modality, group, fared)

    def _calibrate(self, responses: Sequence[Sequence[Activity | None]]) -> None:
        """Set the gain of each link so that the other group, as it was born, brings the conductance that is wanted."""
        for group, other in zip(self.groups_, (1, 0), strict=True):
            group.calibrate([one for both in responses if (one := both[other]) is not None], self.conductance)

    # -- from a clip to spikes ---------------------------------------------------------------------------------

    def present(self, lines: Sequence[Lines | None], look: int = 0, *, learning: bool = False) -> list[Activity | None]:
        """Return what the groups do with a clip, None where its sense is missing.

        Where any group fires too rarely, all are presented anew at a higher rate: no clip is to be without a node.
        """
        there = [i for i, values in enumerate(lines) if values is not None]
        asked = [self.pathways[i].layer for i in there]
        for repeat in range(max(layer.most_repeats for layer in asked) + 1):
            spikes = {i: self.draw(i, lines[i], look, repeat) for i in there}
            fired = self._run(spikes, learning=learning)
            if all(len(fired[i]) >= self.pathways[i].layer.least_spikes for i in there):
                break
        found = {i: replace(one.drop_inputs(), repeats=repeat) for i, one in fired.items()}
        return [found.get(i) for i in range(len(self.groups_))]

    def draw(self, i: int, values: Lines | None, look: int = 0, repeat: int = 0) -> Spikes:
        """Return the Poisson spikes that a group gets: the same for the same clip, in any company; sound later."""
        seed = crc32(np.ascontiguousarray(values).tobytes(), self.seed) + look
        spikes, pathway = self.groups_[i].draw(np.asarray(values), seed, repeat), self.pathways[i]
        return spikes.delay(round(self.delay / pathway.layer.dt)) if pathway.modality == "audio" else spikes

    def _run(self, spikes: Mapping[int, Spikes], *, learning: bool) -> dict[int, Activity]:
        """Present input spikes to both groups together, or to the one whose modality is there."""
        if len(spikes) > 1:
            first, second = self.groups_
            out = dict(enumerate(run_together((first, second), (spikes[0], spikes[1]), learning=learning)))
        else:
            ((i, own),) = spikes.items()
            others = [group.silence() for group in self.groups_ if group is not self.groups_[i]]
            out = {i: self.groups_[i].run(own, others, learning=learning)}
        if learning:
            for i in spikes:
                self.groups_[i].normalise()
        return out

    # -- modelling neural synchrony in a graph -----------------------------------------------------------------

    def graph(self, seen: Perceived, modalities: Sequence[str], timer: Stopwatch | None = None) -> Graph:
        """Return the graph of synchrony that these modalities alone give."""
        timer = timer or Stopwatch()
        lines = self.inputs_.lines(seen, modalities)
        with timer("groups"):
            looks = [self.present(lines, look) for look in range(self.presentations)]
        with timer("graph"):
            return Graph.mean([self._graph(responses) for responses in looks])

    def _graph(self, responses: Sequence[Activity | None]) -> Graph:
        """Return the graph of one presentation, of the groups that took part."""
        there = [one.spikes for one in responses if one is not None]
        steps = max(one.steps for one in there)
        return self.synchrony.connect(join([one.pad(steps) for one in there]))

    def represent(self, seen: Perceived, modalities: Sequence[str], timer: Stopwatch | None = None) -> Vector:
        """Return the flattened graph of synchrony that these modalities alone give."""
        return self.graph(seen, modalities, timer).flatten()

    # -- emotion recognition by graph convolution --------------------------------------------------------------

    def _new_readout(self, modality: str | None = None) -> VectorReadout:
        """Return an unfitted readout whose classifier knows how the neurons are laid out."""
        layers = tuple((group.positions, group.layer.features) for group in self.groups_)
        classifier = replace(deepcopy(self.classifier), layers=layers)
        return VectorReadout(Unscaled(), classifier, self.normalise, self.coverage)

    def transduce(
        self,
        clips: Sequence[Clip],
        labels: Sequence[str],
        train: Bool[np.ndarray, " clips"],
        validation: Bool[np.ndarray, " clips"],
        progress: Progress | None = None,
    ) -> TransductiveRun:
        """Do the paper's experiment: one graph of all clips, in which clips of the same label are joined.

        `labels` ARE THE EDGES, those of the test clips too: what the network is asked about the test clips, it has
        been told through the adjacency. Its accuracy says nothing about clips whose label nobody knows. Give other
        labels for the test clips, and the answers follow them. The loss takes the clips of `train` only; those of
        neither mask are the test clips. Groups and scaling learn from all clips, without labels.

        Source: "we compose each subgraph from videos in a complete graph, where neurons between subgraphs are connected
        if they share the same class label".
        """
        names, number = np.unique(np.asarray(labels, dtype=str), return_inverse=True)
        self.learn_groups(clips, progress)

        def one(index: int, clip: Clip) -> Vector:
            seen = self.perceive(clip)
            return self.represent(seen, seen.modalities)

        vectors = np.stack(list(map_clips(one, clips, "synchrony graphs", progress)))
        classifier: GraphConvolution = self._new_readout().classifier  # type: ignore[assignment]
        scores, curves = classifier.transduce(vectors, number, np.asarray(train), np.asarray(validation))
        return TransductiveRun(tuple(names.tolist()), np.exp(scores), *curves)

    # -- looking inside ----------------------------------------------------------------------------------------

    def _panels(self, seen: Perceived, target: int) -> tuple[Attributions, list[Panel]]:
        """Return what parts of a clip do to a class, and the pictures that only this system has."""
        return make_panels(self, seen, target)

    def _operations(self, seen: Perceived) -> Operations:
        """Return what one decision on this clip costs."""
        return count_operations(self, seen)

    def equivalent(self) -> Operations:
        """Return what the same weights cost as a non-spiking network that looks at a clip once."""
        own = {name: one for name, one in self._all_networks().items() if name in MODALITIES[self.modality]}
        here = np.repeat([path.modality in own for path in self.pathways], [group.neurons for group in self.groups_])
        mean = Graph.mean([*self.class_graphs_.values()]).select(here).flatten()
        return count_one_pass(own, convolution_cost(self.readouts_[self.modality], mean))

    # -- storing -----------------------------------------------------------------------------------------------

    def _all_networks(self) -> dict[str, CompetitiveNetwork]:
        """Return the groups by the names that they are stored under."""
        return {pathway.modality: group for pathway, group in zip(self.pathways, self.groups_, strict=True)}

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return the fitted arrays, and the fitted facts that JSON can hold."""
        (arrays, facts), (own, known) = super().state(), state_of(self.inputs_, self._all_networks())
        graphs = {f"class.{label}": graph.flatten() for label, graph in self.class_graphs_.items()}
        return arrays | own | graphs, facts | known

    def restore(self, arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any]) -> SynchGraph:
        """Take back what `state` returned."""
        self.inputs_ = LayerInputs(self.pathways, restore_ranges(arrays, self.pathways))
        self._build((arrays, facts))
        self._restore_readouts(arrays, facts)
        graphs = {name.removeprefix("class."): one for name, one in arrays.items() if name.startswith("class.")}
        self.class_graphs_ = {label: Graph.unflatten(one) for label, one in graphs.items()}
        neurons = sum(group.neurons for group in self.groups_)
        if any(len(graph.counts) != neurons for graph in self.class_graphs_.values()):
            raise InputError(f"graphs of {neurons} neurons expected, one for each class")
        return self
