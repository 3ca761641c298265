"""Spiking Emotions: an event camera looks at a face, and two groups of neurons vote."""

from __future__ import annotations

from emospike.systems.info import PublishedSplit, SystemInfo

SYSTEM = SystemInfo(
    name="spiking_emotions",
    model=f"{__name__}.model:SpikingEmotions",
    what="Pictures of the face -> events -> PLIF network, a few times over -> votes -> calibrated probabilities.",
    presets=f"{__name__}.presets:PRESETS",
    modalities=("face",),
    paper="Wang, Dong, Zhao, Li, Yang, Yin and Liang 2022, CEUR Workshop Proceedings 3331",
    claim="0.654 by the face: sentiment, CMU-MOSI, split not told",
    split=PublishedSplit(
        "LEAKY: 20 % of the recordings test and 80 % train, at random, so test speakers also train; the paper does "
        "not say how it split, and its test is about a fifth",
        "emospike.datasets:random_split",
    ),
    reproductions={name: f"{__name__}.paper:{name}" for name in ("table1", "figure2", "figure3", "latency")},
    rank=4,
)
