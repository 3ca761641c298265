"""Baseline: what one would try first, without spikes."""

from __future__ import annotations

from emospike.systems.info import SystemInfo

SYSTEM = SystemInfo(
    name="baseline",
    model=f"{__name__}.model:Baseline",
    what="Features -> mean, deviation and mean absolute change of each channel -> z-scores -> classifier.",
    presets=f"{__name__}.presets:PRESETS",
    sights=f"{__name__}.presets:SIGHTS",
    paper="the comparison without spikes of the eXCube2 paper, Table A1; features and statistics are ours",
    rank=5,
)
