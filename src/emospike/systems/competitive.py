"""What systems of competitive layers share: what the layers see, how they fare, and how they are stored."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from jaxtyping import Float, Float32

from emospike.activity import Activity
from emospike.energy.counting import count_layer_once, sum_layers
from emospike.energy.operations import LayerCost, Operations
from emospike.explain.panels.raster import Raster, RasterPanel
from emospike.explain.panels.weights import LearntFeatures
from emospike.explain.wording import WORDS
from emospike.features import Feature
from emospike.networks.cells import Link
from emospike.networks.competitive import CompetitiveLayer, CompetitiveNetwork
from emospike.networks.diagnostics import LayerDiagnostics
from emospike.networks.windows import Windows
from emospike.schema import check_arrays
from emospike.systems.pathways import Lines, Pathway, Range, Raw
from emospike.systems.perception import BOTH, Perceived
from emospike.validation import InputError

Networks = Mapping[str, CompetitiveNetwork]
"""Layers by the names that they are stored under."""

Stored = tuple[Mapping[str, np.ndarray], Mapping[str, Any]]
"""Arrays and facts of a model file."""


@dataclass
class LayerInputs:
    """From features to the input lines of competitive layers, each of which sees one feature through its pathway.

    Attributes
    ----------
    pathways : from a feature to its layer; first those of sound, then those of the face
    ranges : low and high of the channels of each pathway, from the training clips
    """

    pathways: tuple[Pathway, ...]
    ranges: list[Range] = field(default_factory=list)

    @property
    def features(self) -> tuple[Feature, ...]:
        """What is taken from a clip, one a pathway."""
        return tuple(pathway.feature for pathway in self.pathways)

    def look(self, seen: Perceived, modalities: Sequence[str] = BOTH) -> list[Raw | None]:
        """Return what each layer is to see, before scaling; None where its modality is missing or not asked for."""
        return [
            None if series is None or pathway.modality not in modalities else pathway.look(seen.clip, series)
            for pathway, series in zip(self.pathways, seen.series, strict=True)
        ]

    def fit(self, raws: Sequence[Sequence[Raw | None]]) -> None:
        """Take the range of every channel from what the layers are to see of the training clips."""
        self.ranges = []
        for i, pathway in enumerate(self.pathways):
            own = [raw for one in raws if (raw := one[i]) is not None]
            if not own:
                needed = " and ".join(dict.fromkeys(pathway.modality for pathway in self.pathways))
                raise InputError(f"clips with {needed} expected to train on, got none with {pathway.modality}")
            self.ranges.append(pathway.fit(own))

    def scale(self, raws: Sequence[Raw | None]) -> list[Lines | None]:
        """Return the values of the input lines of every layer."""
        triples = zip(self.pathways, raws, self.ranges, strict=True)
        return [None if raw is None else pathway.scale(raw, span) for pathway, raw, span in triples]

    def lines(self, seen: Perceived, modalities: Sequence[str] = BOTH) -> list[Lines | None]:
        """Return the values of the input lines of every layer, None where its modality is missing or not asked for."""
        return self.scale(self.look(seen, modalities))

    def silence(self) -> list[Any]:
        """Return values of every channel that tell a layer nothing."""
        return [span[0] for span in self.ranges]


def diagnose(name: str, network: CompetitiveNetwork, responses: Sequence[Activity]) -> LayerDiagnostics:
    """Return how a layer fared in training, and warn of what is not well."""
    found = LayerDiagnostics.examine(network, responses)
    for line in found.warnings():
        warnings.warn(f"layer {name}: {line}", stacklevel=2)
    return found


def round_to_stored(networks: Iterable[CompetitiveNetwork]) -> None:
    """Round weights and thresholds to what is stored, so that a stored model decides as this one."""
    for network in networks:
        for weights in (network.weights, *network.heard_weights):
            weights[:] = weights.astype(np.float16)
        network.theta[:] = network.theta.astype(np.float32)


def state_of(inputs: LayerInputs, networks: Networks) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Return the arrays of layers and their inputs, and the facts that JSON can hold."""
    arrays: dict[str, np.ndarray] = {f"range.{i}": span for i, span in enumerate(inputs.ranges)}
    facts: dict[str, Any] = {}
    for name, network in networks.items():
        arrays[f"layer.{name}.weights"] = network.weights.astype(np.float16)
        arrays[f"layer.{name}.theta"] = network.theta.astype(np.float32)
        for k, weights in enumerate(network.heard_weights):
            arrays[f"layer.{name}.heard.{k}"] = weights.astype(np.float16)
        facts[f"layer.{name}.gains"] = [link.gain for link in network.links]
    return arrays, facts


def build_layer(
    name: str, layer: CompetitiveLayer, windows: Windows, links: Sequence[Link], seed: int, *, stored: Stored | None
) -> CompetitiveNetwork:
    """Return a new layer, or the one that `state_of` kept under this name."""
    if stored is None:
        return layer.build(windows, links, seed)
    arrays, facts = stored
    heard = [arrays[f"layer.{name}.heard.{k}"] for k in range(len(links))]
    pairs = zip(links, facts[f"layer.{name}.gains"], strict=True)
    links = [replace(link, gain=float(gain)) for link, gain in pairs]
    return layer.restore(windows, links, arrays[f"layer.{name}.weights"], heard, arrays[f"layer.{name}.theta"])


def restore_ranges(arrays: Mapping[str, np.ndarray], pathways: Sequence[Pathway]) -> list[Range]:
    """Return the ranges that `state_of` kept of the inputs of layers."""
    check_arrays(arrays, {f"range.{i}": Float32[np.ndarray, "2 _"] for i in range(len(pathways))})
    return [arrays[f"range.{i}"] for i in range(len(pathways))]


def count_one_pass(networks: Networks, readout: LayerCost) -> Operations:
    """Return what the same weights cost as a non-spiking network that looks at a clip once."""
    layers = [count_layer_once(name, network) for name, network in networks.items()]
    return sum_layers([*layers, readout], spikes=0, spike_rate=0.0)


# -- pictures --------------------------------------------------------------------------------------------------


def name_layer(pathway: Pathway) -> str:
    """Return what a layer is called: its feature, and the modality that it is of."""
    return f"{type(pathway.feature).__name__} ({WORDS[pathway.modality]})"


def show_presentation(activities: Mapping[str, Activity]) -> RasterPanel:
    """Return the spikes that layers got and fired in one presentation, by their names, the neurons window by window."""
    rasters = []
    for name, one in activities.items():
        positions, features = one.shape
        windows = tuple((f"window {place + 1}", features) for place in range(positions)) if positions > 1 else ()
        rasters += [Raster(name, "lines", one.inputs)] * bool(one.inputs.units)
        rasters.append(Raster(name, "neurons", one.spikes, windows))
    return RasterPanel(rasters, presented=True)


def show_features(pathway: Pathway, network: CompetitiveNetwork, activity: Activity) -> LearntFeatures:
    """Return what the features of a layer have learnt to see, beside how often each fired.

    Where places have weights of their own, those of the place at which a feature fired most are shown.
    """
    place = activity.counts.argmax(axis=0) * (len(network.weights) > 1)
    weights = network.weights[place, :, np.arange(network.layer.features)]  # features, inputs
    weights = weights.reshape(len(weights), pathway.size, -1)
    counts, name = activity.counts.sum(axis=0), name_layer(pathway)
    if pathway.pictures is not None:
        return LearntFeatures(name, weights[:, ::-1], counts, ("across", "up"))
    weights, signed = weights.swapaxes(1, 2), pathway.code == "on-off"
    if signed:
        high, low = np.split(weights, 2, axis=1)
        weights = high - low
    return LearntFeatures(name, weights, counts, ("time", "channels"), signed)


def average_links(
    weights: Float[np.ndarray, "neurons heard"], features: int, sources: int
) -> Float[np.ndarray, "of_this of_other"]:
    """Return the mean weight from each feature of another layer to each feature of a layer, over all their places.

    >>> average_links(np.float32([[1, 3], [5, 7]]), features=1, sources=2).tolist()
    [[3.0, 5.0]]
    """
    places = weights.reshape(-1, features, weights.shape[1] // sources, sources)
    return np.asarray(places.mean(axis=(0, 2)))
