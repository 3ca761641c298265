"""Who fires with whom: Synch-Graph's graph of the neurons of sound and face, of this clip and of each class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from emospike.explain.graph import CircleGraph, GraphPanel, Strength, place_on_circle, view_classes
from emospike.explain.panels.cross_modal import MOST_ARCS, choose_strongest
from emospike.networks.synchrony_graph import Graph, SynchronyGraph

MOST_NEURONS = 10  # of a modality


@dataclass(frozen=True, eq=False)
class SynchronyPanel(GraphPanel):
    """The neurons that fired most, and how strongly each pair fired together."""

    name = "synchrony"
    title = "Who fires with whom"

    caption = (
        f"Neurons of the competitive groups, sound on the left and face on the right: the {MOST_NEURONS} of each "
        "modality that fire most, named by the window of the input that they see. A disc's area is a neuron's spikes "
        "in a presentation. A line joins two that fire together, as wide as the weight of the edge times the geometric "
        f"mean of their spikes; of each kind the {MOST_ARCS} strongest are shown. A presentation shows the whole clip "
        "at once: its time is not the clip's."
    )

    @property
    def alt(self) -> str:
        """What the picture shows."""
        return f"Graph of {len(self.graph.nodes)} neurons that fire together, sound on the left, the face on the right."


def show_synchrony(told: SynchronyGraph, probabilities: Mapping[str, float]) -> SynchronyPanel:
    """Return the neurons with the most spikes over this clip and the mean of each class, and their graphs."""
    spikes = np.sum([graph.counts for graph in (told.clip, *told.classes.values())], axis=0)
    own = np.array(told.senses)
    chosen = np.concatenate([choose_strongest(spikes, own == one, MOST_NEURONS) for one in ("audio", "face")])
    graph = CircleGraph(
        tuple(f"window {told.position[i] + 1}, neuron {told.feature[i] + 1}" for i in chosen),
        place_on_circle(["L" if told.senses[i] == "audio" else "R" for i in chosen]),
        modalities=tuple(told.senses[i] for i in chosen),
        most=MOST_ARCS,
        unit="spikes together",
        own="{name}: {value:.1f} spikes",
        directed=False,
    )
    means = {label: weigh_together(one.select(chosen)) for label, one in told.classes.items()}
    return SynchronyPanel(graph, view_classes(weigh_together(told.clip.select(chosen)), means, probabilities))


def weigh_together(graph: Graph) -> Strength:
    """Return how strongly neurons fired together, each pair once: edge · sqrt(spikes · spikes); spikes on the diagonal.

    >>> graph = Graph(np.float32([4, 1]), np.float32([0, 0]), np.float32([[0, 0.5], [0.5, 0]]))
    >>> weigh_together(graph).tolist()
    [[4.0, 1.0], [0.0, 1.0]]
    """
    return np.triu(np.sqrt(np.outer(graph.counts, graph.counts)) * (graph.edges + np.eye(len(graph.counts))))
