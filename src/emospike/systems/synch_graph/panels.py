"""Why a synchrony graph was classified as it was, and the graph itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from emospike.activity import Activity
from emospike.explain.panel import Panel
from emospike.explain.panels.synchrony import show_synchrony
from emospike.explain.panels.weights import WeightsPanel
from emospike.networks.competitive import CompetitiveNetwork
from emospike.networks.synchrony_graph import Graph, SynchronyGraph
from emospike.spikes import Spikes
from emospike.systems.competitive import LayerInputs, name_layer, show_features, show_presentation
from emospike.systems.explaining import Attributions, attribute_series
from emospike.systems.pathways import Lines, Pathway
from emospike.systems.perception import Perceived


@runtime_checkable
class Groups(Protocol):
    """What is looked into: the trained system (see `SynchGraph`)."""

    pathways: tuple[Pathway, ...]
    inputs_: LayerInputs
    groups_: list[CompetitiveNetwork]
    class_graphs_: dict[str, Graph]
    labels_: tuple[str, ...]

    def answer(self, seen: Perceived, modalities: Sequence[str]) -> Float[np.ndarray, " classes"]:
        """Return the calibrated probabilities that these modalities alone give."""

    def present(self, lines: Sequence[Lines | None]) -> list[Activity | None]:
        """Return what the groups do with a clip."""

    def draw(self, i: int, values: Lines | None, look: int = 0, repeat: int = 0) -> Spikes:
        """Return the Poisson spikes that a group gets."""

    def graph(self, seen: Perceived, modalities: Sequence[str]) -> Graph:
        """Return the graph of synchrony that these modalities alone give."""


def make_panels(system: Groups, seen: Perceived, target: int) -> tuple[Attributions, list[Panel]]:
    """Return what parts of a clip do to a class, and the pictures of what the groups do with it."""
    silent = system.inputs_.silence()
    attributions = attribute_series(lambda one: system.answer(one, one.modalities), seen, silent, target)
    probabilities = dict(zip(system.labels_, system.answer(seen, seen.modalities).tolist(), strict=True))
    lines = system.inputs_.lines(seen)
    activities, features = {}, []
    for i, one in enumerate(system.present(lines)):
        if one is not None:
            pathway = system.pathways[i]
            inputs = system.draw(i, lines[i], 0, one.repeats).pad(one.steps)
            activities[name_layer(pathway)] = replace(one, inputs=inputs)
            features.append(show_features(pathway, system.groups_[i], one))
    synchrony = show_synchrony(synchrony_of(system, seen), probabilities)
    return attributions, [show_presentation(activities), WeightsPanel(features), synchrony]


def synchrony_of(system: Groups, seen: Perceived) -> SynchronyGraph:
    """Return the clip's graph beside the mean graph of each class, of the senses that decide."""
    senses = np.repeat([pathway.modality for pathway in system.pathways], [group.neurons for group in system.groups_])
    place = [np.divmod(np.arange(group.neurons), group.layer.features) for group in system.groups_]
    position, feature = (np.concatenate(parts) for parts in zip(*place, strict=True))
    own = np.isin(senses, seen.modalities)
    return SynchronyGraph(
        tuple(senses[own].tolist()),
        position[own],
        feature[own],
        system.graph(seen, seen.modalities),
        {label: graph.select(own) for label, graph in system.class_graphs_.items()},
    )
