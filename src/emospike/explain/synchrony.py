"""Synchrony: the neurons of sound and face that fired most, and which of them fired together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from emospike.explain.crossing import Crossing
from emospike.explain.geometry import View
from emospike.networks.synchrony_graph import Graph, SynchronyGraph
from emospike.systems.base import Explanation

MOST_NEURONS = 10  # of a sense

Strength = Float[np.ndarray, "neurons neurons"]


def synchrony_of(explanation: Explanation) -> Crossing | None:
    """Return the neurons that fired most, and how strongly each pair fired together; None where that is not known."""
    told = explanation.synchrony
    if told is None:
        return None
    probability = explanation.decision.probabilities
    labels = sorted(told.classes, key=lambda label: -probability.get(label, 0.0))
    graphs = {"This clip": told.clip} | {f"Mean of “{label}” clips": told.classes[label] for label in labels}
    chosen = _busiest(told, list(graphs.values()))
    shown = {title: together(graph.select(chosen)) for title, graph in graphs.items()}
    most = max(float(one.max(initial=0.0)) for one in shown.values()) or 1.0
    views = [View(title, one, most, False) for title, one in shown.items()]
    if len(labels) > 1:
        apart = views[1].counts - views[2].counts
        views.append(View(f"“{labels[0]}” − “{labels[1]}”", apart, float(np.abs(apart).max()) or 1.0, True))
    names = tuple(f"window {told.position[i] + 1}, neuron {told.feature[i] + 1}" for i in chosen)
    return Crossing(names, tuple(told.senses[i] for i in chosen), views)


def together(graph: Graph) -> Strength:
    """Return how strongly neurons fired together, each pair once: edge · sqrt(spikes · spikes); spikes on the diagonal.

    >>> graph = Graph(np.float32([4, 1]), np.float32([0, 0]), np.float32([[0, 0.5], [0.5, 0]]))
    >>> together(graph).tolist()
    [[4.0, 1.0], [0.0, 1.0]]
    """
    return np.triu(np.sqrt(np.outer(graph.counts, graph.counts)) * (graph.edges + np.eye(len(graph.counts))))


def _busiest(told: SynchronyGraph, graphs: Sequence[Graph]) -> Int[np.ndarray, " chosen"]:
    """Return the neurons of each sense with the most spikes, over this clip and the mean of each class."""
    spikes, senses = np.sum([graph.counts for graph in graphs], axis=0), np.array(told.senses)
    found = []
    for sense in ("audio", "face"):
        order = np.argsort(np.where(senses == sense, -spikes, np.inf), kind="stable")
        found.append(np.sort(order[: min(MOST_NEURONS, int((senses == sense).sum()))]))
    return np.concatenate(found)


def scale_of(view: View) -> str:
    """Return what an edge of full width stands for."""
    if view.difference:
        return f"full width: {view.scale:.2g} spikes more (blue) or less (orange)"
    return f"full width: {view.scale:.2g} spikes, all of them together"
