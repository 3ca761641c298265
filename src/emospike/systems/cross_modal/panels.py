"""Why competitive layers decided as they did: something is left out, and they decide again; and what they did."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from emospike.activity import Activity
from emospike.explain.panel import Panel
from emospike.explain.panels.weights import WeightsPanel
from emospike.networks.competitive import CompetitiveNetwork
from emospike.systems.competitive import LayerInputs, average_links, name_layer, show_features, show_presentation
from emospike.systems.cross_modal.cost import record_inputs
from emospike.systems.explaining import Attributions, attribute_series
from emospike.systems.pathways import Lines, Pathway
from emospike.systems.perception import Perceived


@runtime_checkable
class Layers(Protocol):
    """What is looked into: the trained system (see `CrossModal`)."""

    pathways: tuple[Pathway, ...]
    inputs_: LayerInputs
    networks_: list[CompetitiveNetwork]

    def answer(self, seen: Perceived, modalities: Sequence[str]) -> Float[np.ndarray, " classes"]:
        """Return the calibrated probabilities that these modalities alone give."""

    def respond(self, lines: Sequence[Lines | None]) -> list[Activity]:
        """Return what the layers do with these values of their input lines."""


def make_panels(system: Layers, seen: Perceived, target: int) -> tuple[Attributions, list[Panel]]:
    """Return what parts of a clip do to a class, and the pictures of what the layers do with it."""
    silent = system.inputs_.silence()
    attributions = attribute_series(lambda one: system.answer(one, one.modalities), seen, silent, target)
    responses = system.respond(system.inputs_.lines(seen))
    activities, features, links = {}, [], {}
    faces = [i for i, pathway in enumerate(system.pathways) if pathway.modality == "face"]
    for i, (pathway, network) in enumerate(zip(system.pathways, system.networks_, strict=True)):
        if pathway.modality not in seen.modalities:
            continue
        name = name_layer(pathway)
        activities[name] = record_inputs(system, i, seen, responses[i])
        features.append(show_features(pathway, network, responses[i]))
        for k, weights in zip(faces, network.heard_weights, strict=False):  # sound hears the face
            other = system.networks_[k].layer.features
            heard = f"{name} hears {name_layer(system.pathways[k])}"
            links[heard] = average_links(weights, network.layer.features, other)
    return attributions, [show_presentation(activities), WeightsPanel(features, links)]
