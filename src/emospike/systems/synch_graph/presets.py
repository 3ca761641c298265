"""The presets of Synch-Graph: `default` learns best, `published` says what the paper says, others leave things out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from emospike.features.action_units import ActionUnits
from emospike.features.contours import Contours
from emospike.features.mel import Mel
from emospike.features.mfcc import MFCC
from emospike.networks.competitive import CompetitiveLayer
from emospike.readout.graph import GraphConvolution
from emospike.systems.pathways import Pathway
from emospike.systems.perception import MODALITIES

FEATURES = 20
"""Features at each of four windows: 80 neurons a group, 160 in all, as the paper's 201,600 nodes of 1,260 clips."""


def default(modality: str) -> dict[str, Any]:
    """Return the settings that learn best without a label in the graph: see docs/systems/synch_graph.md."""
    layer = replace(CompetitiveLayer.default(FEATURES), inhibit=3.0)
    pathways = {
        "audio": Pathway(Mel(), replace(layer, theta_plus=0.02), "on-off", size=40, stride=116),
        "face": Pathway(ActionUnits(), layer, steps=100, fill="stretch", size=40, stride=20),
    }
    return {
        "pathways": tuple(pathways[sense] for sense in MODALITIES[modality]),
        "classifier": GraphConvolution(),
        "presentations": 4,
        "edges": "first",
    }


def no_edges(modality: str) -> dict[str, Any]:
    """Return `default` with the same nodes and no edge between them, to show what edges add."""
    return default(modality) | {"classifier": replace(default(modality)["classifier"], edges="none")}


def published(modality: str) -> dict[str, Any]:
    """Return the text of the paper: a node says which sense it is of, and Â = A + I; but clips are not joined.

    That clips of the same label are joined is `SynchGraph.transduce`. Of the face it takes pictures of 100 x 100, of
    which it does not say how many; here the mean of 8. Strides, which it does not say, give 4 windows a sense. Where
    one sense decides, which sense it is says nothing; then nodes say what else the paper records of a neuron: where it
    is, and when it fired.
    """
    layer = CompetitiveLayer.published(FEATURES)
    pathways = {
        "audio": Pathway(MFCC(), layer, size=40, stride=116),
        "face": Pathway(ActionUnits(), layer, pictures=Contours(most=8), size=40, stride=60),
    }
    return {
        "pathways": tuple(pathways[sense] for sense in MODALITIES[modality]),
        "classifier": GraphConvolution(
            nodes=("modality",) if modality == "both" else ("feature", "position", "first"),
            edges="plain",
            pooling="sum",
            learning_rate=1e-4,
            epochs=500,
            batch=0,
            early=False,
            smoothing=0.0,
        ),
        "edges": "any",
    }


PRESETS: dict[str, Callable[[str], dict[str, Any]]] = {
    "default": default,
    "published": published,
    "no_edges": no_edges,
}
