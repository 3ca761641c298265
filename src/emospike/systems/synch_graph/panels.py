"""Why a synchrony graph was classified as it was, and the graph itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from emospike.explain.panel import Panel
from emospike.explain.panels.synchrony import show_synchrony
from emospike.networks.synchrony_graph import SynchronyGraph
from emospike.systems.explaining import Attributions, attribute_series
from emospike.systems.perception import Perceived


def make_panels(system: Any, seen: Perceived, target: int) -> tuple[Attributions, list[Panel]]:
    """Return what parts of a clip do to a class, and the pictures of what the groups do with it."""
    silent = system.inputs_.silence()
    attributions = attribute_series(lambda one: system.answer(one, one.modalities), seen, silent, target)
    told = synchrony_of(system, seen)
    probabilities = dict(zip(system.classes_, system.answer(seen, seen.modalities).tolist(), strict=True))
    return attributions, [show_synchrony(told, probabilities)]


def synchrony_of(system: Any, seen: Perceived) -> SynchronyGraph:
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
