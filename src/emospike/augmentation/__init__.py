"""Augmentation: how training varies recordings: other voices, other channels, masked and mixed tokens."""

from __future__ import annotations

from emospike.registry import Registry

AUGMENTATIONS = Registry(
    "augmentation",
    {
        "virtual_speakers": "emospike.augmentation.voice:VirtualSpeakers",
        "channel_variation": "emospike.augmentation.channel:ChannelVariation",
        "masks": "emospike.augmentation.masks:Augmentation",
    },
)
