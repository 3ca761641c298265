"""Systems: one file each, reading like the method section of its paper; all keep `contract.System`."""

from __future__ import annotations

from emospike.registry import Registry

SYSTEMS = Registry(
    "system",
    {
        "excube2": "emospike.systems.excube2:EXCube2",
        "cross_modal": "emospike.systems.cross_modal:CrossModal",
        "synch_graph": "emospike.systems.synch_graph:SynchGraph",
        "eavs_tf": "emospike.systems.eavs_tf:EAVSTransformer",
        "spiking_emotions": "emospike.systems.spiking_emotions:SpikingEmotions",
        "baseline": "emospike.systems.baseline:Baseline",
    },
)
