"""Systems: one file each, reading like the method section of its paper; all keep `contract.System`."""

from __future__ import annotations

from emospike.registry import Registry

SYSTEMS = Registry(
    "system",
    {
        "excube2": "emospike.systems.excube2:EXCube2",
        "cross_modal": "emospike.systems.cross_modal:CrossModal",
        "baseline": "emospike.systems.baseline:Baseline",
    },
)
