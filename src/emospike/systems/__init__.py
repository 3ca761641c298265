"""Systems: one file each, reading like the method section of its paper; all keep `contract.System`."""

from __future__ import annotations

from emospike.registry import Registry

SYSTEMS = Registry(
    "system",
    {
        "excube2": "emospike.systems.excube2.model:EXCube2",
        "cross_modal": "emospike.systems.cross_modal.model:CrossModal",
        "synch_graph": "emospike.systems.synch_graph.model:SynchGraph",
        "eavs_tf": "emospike.systems.eavs_tf.model:EAVSTransformer",
        "spiking_emotions": "emospike.systems.spiking_emotions.model:SpikingEmotions",
        "baseline": "emospike.systems.baseline.model:Baseline",
    },
)
