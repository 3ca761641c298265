"""Readout: from a network's activity to state vectors, scores, and decisions that know when they do not know."""

from __future__ import annotations

from typing import Any

from emospike.registry import Registry

CLASSIFIERS = Registry(
    "classifier",
    {
        "linear": "emospike.readout.linear:LinearReadout",
        "prototype": "emospike.readout.prototype:LearnedPrototype",
        "evolving_desnn": "emospike.readout.evolving:EvolvingDeSNN",
        "vote": "emospike.readout.vote:Vote",
        "graph_convolution": "emospike.readout.graph:GraphConvolution",
        "sklearn": "emospike.readout.classifiers:SklearnClassifier",
    },
    "emospike.classifiers",
)

READOUTS = Registry(
    "part of a readout",
    {
        "state_vector": "emospike.readout.state_vectors:StateVector",
        "scaler": "emospike.readout.scaling:SoftScaler",
    },
)
"""What becomes of an activity before it is classified."""


def __getattr__(name: str) -> Any:
    """Import what this room has registered when it is asked for: ``from emospike.readout import ...``."""
    try:
        return CLASSIFIERS.load_class(name)
    except AttributeError:
        return READOUTS.load_class(name)
