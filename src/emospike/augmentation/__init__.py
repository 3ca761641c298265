"""Augmentation: how training varies recordings: other voices, masked and mixed tokens, noise."""

from __future__ import annotations

from emospike.registry import Registry

AUGMENTATIONS = Registry(
    "augmentation",
    {
        "virtual_speakers": "emospike.augmentation.voice:VirtualSpeakers",
        "masks": "emospike.augmentation.masks:Augmentation",
    },
)
