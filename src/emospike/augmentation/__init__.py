"""Augmentation: how training varies recordings: other voices, other channels, masked and mixed tokens."""

from __future__ import annotations

from typing import Any

from emospike.registry import Registry

AUGMENTATIONS = Registry(
    "augmentation",
    {
        "virtual_speakers": "emospike.augmentation.voice:VirtualSpeakers",
        "channel_variation": "emospike.augmentation.channel:ChannelVariation",
        "masks": "emospike.augmentation.masks:Augmentation",
    },
    "emospike.augmentations",
)


def __getattr__(name: str) -> Any:
    """Import what this room has registered when it is asked for: ``from emospike.augmentation import ...``."""
    return AUGMENTATIONS.load_class(name)
