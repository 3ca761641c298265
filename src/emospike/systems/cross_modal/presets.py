"""The presets of cross-modal enhancement: `default` learns best, `published` says what the paper says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emospike.augmentation.voice import VirtualSpeakers
from emospike.features.action_units import ActionUnits
from emospike.features.constant_q import ConstantQ
from emospike.features.contours import Contours
from emospike.features.mel import Mel
from emospike.features.mfcc import MFCC
from emospike.networks.competitive import CompetitiveLayer
from emospike.readout.linear import LinearReadout
from emospike.readout.scaling import SoftScaler
from emospike.readout.vote import Vote
from emospike.systems.pathways import Pathway
from emospike.systems.perception import MODALITIES


def default(modality: str) -> dict[str, Any]:
    """Return the settings that learn best: shared weights, local inhibition, slow homeostasis, a linear readout.

    Three layers hear: cepstrum and mel bands smooth the harmonics of a voice away, semitone bands show its pitch.
    Features, copies and penalty were chosen by held-out speakers inside the training parts of folds F0 and F1 of
    RAVDESS.
    """
    layer = CompetitiveLayer.default()
    pathways = {
        "audio": (Pathway(MFCC(), layer), Pathway(Mel(), layer, "on-off"), Pathway(ConstantQ(), layer)),
        "face": (Pathway(ActionUnits(), CompetitiveLayer.default(20), steps=100, fill="stretch"),),
    }
    return {
        "pathways": tuple(pathway for sense in MODALITIES[modality] for pathway in pathways[sense]),
        "classifier": LinearReadout(alpha=3.0, relative=True),
        "reads": ("stretches", "moments"),
        "augmentation": VirtualSpeakers(copies=2) if modality == "audio" else None,
        "finer_labels": True,
    }


def published(modality: str) -> dict[str, Any]:
    """Return the text of the paper: 60 features a layer, global inhibition, own weights, and the vote.

    Of the face it takes pictures of 100 x 100, of which it does not say how many; here the mean of 8.
    """
    layer = CompetitiveLayer.published()
    looks = Pathway(ActionUnits(), layer, pictures=Contours(most=8))
    pathways = {"audio": (Pathway(MFCC(), layer),), "face": (looks,)}
    return {
        "pathways": tuple(pathway for sense in MODALITIES[modality] for pathway in pathways[sense]),
        "multisensory": layer,
        "reads": ("neurons",),
        "scaler": SoftScaler(root=False, rare=0.0, soft=1000.0),
        "classifier": Vote(),
    }


def untrained(modality: str) -> dict[str, Any]:
    """Return `default` with the weights that it was born with, to show what STDP adds."""
    return default(modality) | {"passes": 0}


PRESETS: dict[str, Callable[[str], dict[str, Any]]] = {
    "default": default,
    "published": published,
    "untrained": untrained,
}
