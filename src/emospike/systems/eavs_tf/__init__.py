"""EAVS-TF: a spiking transformer of sound, face and EEG."""

from __future__ import annotations

from emospike.systems.info import SystemInfo

SYSTEM = SystemInfo(
    name="eavs_tf",
    model=f"{__name__}.model:EAVSTransformer",
    what="Features -> token streams -> spiking transformer, several times over -> calibrated probabilities.",
    presets=f"{__name__}.presets:PRESETS",
    modalities=("audio", "face", "both", "eeg"),
    paper="EAVS-TF: a bio-inspired spiking neural network for energy-efficient multimodal emotion recognition",
    claim="only its title is public",
    reproductions={"baselines": f"{__name__}.paper:baselines"},
    rank=3,
)
