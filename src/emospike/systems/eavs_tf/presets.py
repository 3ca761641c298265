"""The presets of EAVS-TF: `default` is tuned on training speakers, `published` follows a relative of the paper.

`eeg` adds EEG to `default`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from emospike.augmentation.masks import Augmentation
from emospike.augmentation.voice import VirtualSpeakers
from emospike.features import Feature
from emospike.features.action_units import ActionUnits
from emospike.features.constant_q import ConstantQ
from emospike.features.eeg import EEG
from emospike.features.mel import Mel
from emospike.features.prosody import Prosody
from emospike.networks.spiking_transformer import SpikingTransformer
from emospike.networks.training import Training
from emospike.systems.perception import MODALITIES


class TokenSource(NamedTuple):
    """A feature, and what it becomes."""

    feature: Feature
    kind: str
    tokens: int


PARTS: dict[str, tuple[TokenSource, ...]] = {
    "audio": (
        TokenSource(Mel(bands=64), "picture", 4),
        TokenSource(Prosody(), "tracks", 2),
        TokenSource(ConstantQ(), "tracks", 2),
    ),
    "face": (TokenSource(ActionUnits(), "tracks", 4),),
    "eeg": (TokenSource(EEG(), "tracks", 4),),
}
"""What is taken from each sense."""


def taking(modality: str, parts: Mapping[str, tuple[TokenSource, ...]] = PARTS) -> dict[str, Any]:
    """Return the parameters that say what is taken from the senses of a modality."""
    features, kinds, tokens = zip(*(part for sense in MODALITIES[modality] for part in parts[sense]), strict=True)
    return {"features": features, "kinds": kinds, "tokens": tokens}


def default(modality: str) -> dict[str, Any]:
    """Return the settings that were best on speakers held out of the training folds of RAVDESS."""
    return taking(modality) | {
        "network": SpikingTransformer(depth=1, random_features=1000),
        "training": Training(epochs=8, batch=32, rate=6e-3),
        "augmentation": Augmentation(),
    }


def published(modality: str) -> dict[str, Any]:
    """Return the nearest published relative, since only the title of EAVS-TF is known: S-CMRL.

    A spectrum as the only sound, attention across senses with residual weight 1.5, a supervised contrast between the
    senses (temperature 0.07), four times as many neurons in perceptrons, AdamW with weight decay 1e-4, no
    augmentation. Dimensions are scaled down to a processor, and time is the clip's own in place of repeated pictures.
    """
    made = default(modality)
    return (
        made
        | taking(modality, PARTS | {"audio": PARTS["audio"][:1]})
        | {
            "network": replace(made["network"], widening=4, random_features=0, alpha=1.5, dropout=0.0),
            "training": replace(
                made["training"], epochs=30, decay=1e-4, smoothing=0.0, contrast=1.0, modality_dropout=0.0
            ),
            "penalty": None,
            "augmentation": Augmentation(VirtualSpeakers(copies=0), masks=0, noise=0.0, drop=0.0, mirror=0.0, mix=0.0),
        }
    )


def non_spiking(modality: str) -> dict[str, Any]:
    """Return the non-spiking equivalent of `default`: the same synapses, rectified units for neurons."""
    made = default(modality)
    return made | {"network": replace(made["network"], spiking=False)}


def eeg(modality: str) -> dict[str, Any]:
    """Return `default` with EEG, which joins where all senses decide and a clip has it; untuned."""
    return default(modality) | {"auxiliary": None if modality == "eeg" else EEG()}


PRESETS: dict[str, Callable[[str], dict[str, Any]]] = {
    "default": default,
    "published": published,
    "non_spiking": non_spiking,
    "eeg": eeg,
}
