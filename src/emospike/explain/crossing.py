"""Sound and face: interactions between their strongest nodes, both hemispheres together (eXCube2's Figure 13)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from emospike.explain.geometry import View, circle, strongest_arcs, whole_region
from emospike.systems.base import Explanation

MOST_NODES = 6  # of a sense
MOST_ARCS = 8  # of a kind: within sound, within the face, between them


@dataclass(frozen=True, eq=False)
class Crossing:
    """The strongest nodes of both senses.

    Attributes
    ----------
    nodes : their names, first those of sound
    senses : the sense of each
    views : this clip, the mean of each class, and the difference of the two most probable classes
    """

    nodes: tuple[str, ...]
    senses: tuple[str, ...]
    views: list[View]

    @property
    def places(self) -> Float[np.ndarray, "nodes 2"]:
        """Where the nodes sit on a circle of radius 1: sound on the left, the face on the right."""
        return circle(tuple(f"{name} {'L' if sense == 'audio' else 'R'}" for name, sense in self._named))

    @property
    def _named(self) -> zip[tuple[str, str]]:
        return zip(self.nodes, self.senses, strict=True)

    def kind(self, a: int, b: int) -> str:
        """Return what an arc is within: ``"audio"``, ``"face"``, or ``"both"`` if it crosses between them."""
        return self.senses[a] if self.senses[a] == self.senses[b] else "both"

    def arcs(self, view: View) -> list[tuple[int, int, float]]:
        """Return (from, to, count) of the strongest arcs of each kind, the weakest first."""
        own = np.array(self.senses)
        alike = own[:, None] == own[None]
        parts = [alike & (own == sense)[:, None] for sense in ("audio", "face")] + [~alike]
        arcs = [arc for part in parts for arc in strongest_arcs(view.counts * part, MOST_ARCS)]
        return sorted(arcs, key=lambda arc: abs(arc[2]))


def crossing_of(explanation: Explanation) -> Crossing | None:
    """Return the strongest nodes of both senses; None where the network has only one."""
    bases = list(dict.fromkeys(whole_region(node) for node in explanation.nodes))
    of = {channel.group: channel.modality for channel in explanation.spikes.channels}
    senses = np.array([of.get(name, "") for name in bases])
    if not {"audio", "face"} <= set(senses):
        return None
    merge = np.array([[whole_region(node) == name for node in explanation.nodes] for name in bases], float)
    merge /= merge.sum(axis=1, keepdims=True)

    def merged(counts: Float[np.ndarray, "nodes nodes"]) -> Float[np.ndarray, "bases bases"]:
        return np.asarray(merge @ counts @ merge.T)

    probability = explanation.decision.probabilities
    labels = sorted(explanation.class_interactions, key=lambda label: -probability.get(label, 0.0))
    means = {label: merged(explanation.class_interactions[label]) for label in labels}
    clip = merged(explanation.interactions)
    total = np.sum([*means.values()] or [clip], axis=0)
    strength = total.sum(axis=0) + total.sum(axis=1)
    chosen = np.concatenate([_strongest(strength, senses == sense) for sense in ("audio", "face")])
    among = np.ix_(chosen, chosen)
    shown = {"This clip": clip[among]} | {f"Mean of “{label}” clips": means[label][among] for label in labels}
    return Crossing(tuple(bases[i] for i in chosen), tuple(senses[chosen].tolist()), _views(shown, labels))


def _strongest(strength: Float[np.ndarray, " bases"], own: np.ndarray) -> np.ndarray:
    """Return the strongest nodes of one sense, in their order."""
    order = np.argsort(np.where(own, -strength, np.inf), kind="stable")
    return np.sort(order[: min(MOST_NODES, int(own.sum()))])


def _views(shown: dict[str, Float[np.ndarray, "nodes nodes"]], labels: list[str]) -> list[View]:
    most = max(float(counts.max(initial=0.0)) for counts in shown.values()) or 1.0
    views = [View(title, counts, most, False) for title, counts in shown.items()]
    if len(labels) > 1:
        (first, second), (_, one, other, *_) = labels[:2], shown.values()
        apart = one - other
        views.append(View(f"“{first}” − “{second}”", apart, float(np.abs(apart).max()) or 1.0, True))
    return views
