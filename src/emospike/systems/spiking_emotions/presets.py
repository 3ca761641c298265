"""Presets of Spiking Emotions: the default, the paper's, and the rows of its Table I."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from emospike.encoding.frame_difference import FrameDifference
from emospike.features.action_units import ActionUnits
from emospike.features.contours import Contours
from emospike.networks.plif_net import PlifNet
from emospike.networks.training import Training

Parameters = dict[str, Any]


def default(modality: str = "face") -> Parameters:
    """Return what trains on one core within minutes."""
    network = PlifNet()
    return {
        "features": (ActionUnits(),),
        "pictures": Contours(size=network.size, drawn=True),
        "camera": FrameDifference(sensitivity=0.05, steps=network.steps),
        "network": network,
        "training": Training(epochs=40, batch=8, rate=0.006, decay=0.0, average=0.96),
    }


def published(modality: str = "face") -> Parameters:
    """Return the paper's constants (sections 2 and 3.2): slow without a GPU. Epochs are not told there."""
    network = PlifNet.published()
    return {
        "features": (ActionUnits(stride=1),),
        "pictures": Contours(size=network.size, stride=1),
        "camera": FrameDifference(),
        "network": network,
        "training": Training(epochs=64, batch=8, rate=0.01, decay=0.0, average=0.0),
        "momentum": 0.0,
        "members": 1,
    }


def change_network(**network: Any) -> Parameters:
    """Return the default with another network."""
    parameters = default()
    return parameters | {"network": replace(parameters["network"], **network)}


PRESETS: dict[str, Callable[[str], Parameters]] = {
    "default": default,
    "published": published,
    "non_spiking": lambda modality: change_network(spiking=False),
    "lif": lambda modality: change_network(learn_tau=False, threshold=1.0),
    "early": lambda modality: default() | {"lead": 5.0},
}
