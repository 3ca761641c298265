"""Which features follow each other in the network: eXCube2's Figure 12, for this clip and against each class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from emospike.explain.graph import ARCS, CircleGraph, GraphPanel, Strength, place_on_circle, view_classes


@dataclass(frozen=True, eq=False)
class InteractionsPanel(GraphPanel):
    """Interactions between nodes, each a group of channels in one hemisphere.

    Attributes
    ----------
    compare : what busy nodes ask to be compared
    """

    compare: str = "the clip with the class means"

    name = "interactions"
    title = "Which features follow each other"

    @property
    def caption(self) -> str:
        """How to read the arcs, and how many there are."""
        arcs, most = len(self.graph.nodes) * (len(self.graph.nodes) - 1), self.graph.most
        strongest = f"Of each network's {arcs:,} arcs the {most} strongest are drawn. " if arcs > most else ""
        return (
            f"{ARCS}\n{strongest}Counts include coincidences: busy nodes follow each other often, so compare "
            f"{self.compare}. A node in the brain is a few neurons near its channels' sites; they hear other channels "
            "too, and its channels reach other neurons too."
        )

    @property
    def alt(self) -> str:
        """What the picture shows."""
        return f"Interactions of {len(self.graph.nodes)} nodes, as arcs in a circle: {self.views[0].title}, and others."


def circle_nodes(nodes: tuple[str, ...]) -> CircleGraph:
    """Return the nodes on a circle, each in its hemisphere (``"A1 L"`` on the left)."""
    return CircleGraph(nodes, place_on_circle([name[-1] if name[-2:-1] == " " else "" for name in nodes]))


def show_interactions(
    nodes: tuple[str, ...], clip: Strength, means: Mapping[str, Strength], probabilities: Mapping[str, float]
) -> InteractionsPanel:
    """Return the interactions (see `readout.interactions`) in a clip, and their mean over the clips of each class."""
    return InteractionsPanel(circle_nodes(nodes), view_classes(clip, means, probabilities))
