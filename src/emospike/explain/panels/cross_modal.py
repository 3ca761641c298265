"""Sound and face: interactions between their strongest nodes, both hemispheres together (eXCube2's Figure 13)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from emospike.explain.graph import ARCS, CircleGraph, GraphPanel, Strength, place_on_circle, view_classes
from emospike.explain.panels.cube import whole_region

MOST_NODES = 6  # of a modality
MOST_ARCS = 8  # of a kind: within sound, within the face, between them


@dataclass(frozen=True, eq=False)
class CrossModalPanel(GraphPanel):
    """Interactions of the strongest nodes of sound and face."""

    name = "cross-modal"
    title = "Sound and face"

    caption = (
        "The strongest nodes of sound (left) and of the face (right), both hemispheres together, with the "
        f"{MOST_ARCS} strongest arcs within sound, the {MOST_ARCS} strongest within the face, and the {MOST_ARCS} "
        f"strongest that cross.\n{ARCS}"
    )

    @property
    def alt(self) -> str:
        """What the picture shows."""
        return f"Interactions of {len(self.graph.nodes)} nodes, sound on the left, the face on the right."


def show_cross_modal(
    nodes: tuple[str, ...],
    clip: Strength,
    means: Mapping[str, Strength],
    probabilities: Mapping[str, float],
    modalities: Mapping[str, str],
) -> CrossModalPanel | None:
    """Return the interactions of the strongest nodes of both modalities; None where the network has only one.

    `modalities` names that of each node, without its hemisphere.
    """
    bases = list(dict.fromkeys(whole_region(node) for node in nodes))
    modality = np.array([modalities.get(name, "") for name in bases])
    if not {"audio", "face"} <= set(modality.tolist()):
        return None
    merge = np.array([[whole_region(node) == name for node in nodes] for name in bases], float)
    merge /= merge.sum(axis=1, keepdims=True)
    whole = {label: merge @ one @ merge.T for label, one in means.items()}
    here = merge @ clip @ merge.T
    total = np.sum([*whole.values()] or [here], axis=0)
    strength = total.sum(axis=0) + total.sum(axis=1)
    chosen = np.concatenate([choose_strongest(strength, modality == one, MOST_NODES) for one in ("audio", "face")])
    among = np.ix_(chosen, chosen)
    own = tuple(modality[chosen].tolist())
    graph = CircleGraph(
        tuple(bases[i] for i in chosen),
        place_on_circle(["L" if one == "audio" else "R" for one in own]),
        modalities=own,
        most=MOST_ARCS,
    )
    return CrossModalPanel(graph, view_classes(here[among], {k: v[among] for k, v in whole.items()}, probabilities))


def choose_strongest(strength: Float[np.ndarray, " nodes"], own: np.ndarray, most: int) -> np.ndarray:
    """Return the strongest nodes among some, in their order."""
    order = np.argsort(np.where(own, -strength, np.inf), kind="stable")
    return np.sort(order[: min(most, int(own.sum()))])
