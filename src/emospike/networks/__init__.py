"""Networks: from spikes to activity."""

from __future__ import annotations

from typing import Any

from emospike.registry import Registry

NETWORKS = Registry(
    "network",
    {
        "reservoir": "emospike.networks.reservoir:Reservoir",
        "stdp": "emospike.networks.reservoir:STDP",
        "competitive": "emospike.networks.competitive:CompetitiveLayer",
        "cell": "emospike.networks.cells:Cell",
        "trace_stdp": "emospike.networks.plasticity:TraceSTDP",
        "plif_net": "emospike.networks.plif_net:PlifNet",
        "spiking_transformer": "emospike.networks.spiking_transformer:SpikingTransformer",
        "training": "emospike.networks.training:Training",
    },
    "emospike.networks",
)
"""Networks, their neurons and how they learn."""


def __getattr__(name: str) -> Any:
    """Import what this room has registered when it is asked for: ``from emospike.networks import ...``."""
    return NETWORKS.load_class(name)
