"""Networks: from spikes to activity."""

from __future__ import annotations

from emospike.registry import Registry

NETWORKS = Registry(
    "network",
    {
        "reservoir": "emospike.networks.reservoir:Reservoir",
        "stdp": "emospike.networks.reservoir:STDP",
        "competitive": "emospike.networks.competitive:CompetitiveLayer",
        "cell": "emospike.networks.competitive:Cell",
        "trace_stdp": "emospike.networks.plasticity:TraceSTDP",
        "plif_net": "emospike.networks.plif_net:PlifNet",
        "spiking_transformer": "emospike.networks.spiking_transformer:SpikingTransformer",
        "training": "emospike.networks.training:Training",
    },
)
"""Networks, their neurons and how they learn."""
