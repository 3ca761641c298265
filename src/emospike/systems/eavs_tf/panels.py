"""Why EAVS-TF decided as it did: something is left out, and it decides again; and what its first network did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int8

from emospike.activity import Activity
from emospike.explain.panel import Panel
from emospike.explain.panels.attention import AttentionMap, AttentionPanel
from emospike.explain.panels.raster import Raster, RasterPanel
from emospike.features import Feature
from emospike.series import Series
from emospike.systems.eavs_tf.cost import describe_layer
from emospike.systems.eavs_tf.ensemble import Ensemble
from emospike.systems.eavs_tf.streams import batch_of, find_speech
from emospike.systems.explaining import Attributions, attribute_series
from emospike.systems.perception import Perceived


@runtime_checkable
class Transformer(Protocol):
    """What is looked into: the trained system (see `EAVSTransformer`)."""

    ensemble_: Ensemble

    @property
    def read(self) -> tuple[Feature, ...]:
        """What the networks read."""

    def answer(self, seen: Perceived, modalities: Sequence[str]) -> Float[np.ndarray, " classes"]:
        """Return the calibrated probabilities that these modalities alone give."""

    def represent(self, seen: Perceived, modalities: Sequence[str]) -> Perceived:
        """Return what the networks read of these modalities, cut to speech."""


def make_panels(system: Transformer, seen: Perceived, target: int) -> tuple[Attributions, list[Panel]]:
    """Return what parts of a clip do to a class, and the pictures of what the networks do with it."""
    ensemble = system.ensemble_
    speaker = [mean + shift for mean, shift in zip(ensemble.scales.means, ensemble.shift, strict=True)]
    levels = speaker[: len(seen.series)]
    attributions = attribute_series(lambda one: system.answer(one, one.modalities), seen, levels, target)
    spoken = system.represent(seen, seen.modalities)
    activities = record(ensemble, spoken.series)
    if not activities:  # the non-spiking equivalent
        return attributions, []
    start = (find_speech(seen).start or 0) / 100
    attention = show_attention(activities, name_tokens(system), start)
    layers = show_layers(activities, [type(feature).__name__ for feature in system.read], start)
    return attributions, [layers, *([attention] if attention else [])]


def record(ensemble: Ensemble, series: Sequence[Series | None]) -> dict[str, Activity]:
    """Return the spikes of every layer of the first network."""
    batch = batch_of([ensemble.scales.arrays(series, ensemble.shift)], ensemble.streams, ensemble.length)
    found: dict[str, Activity] = ensemble.networks[0].record(batch)
    return found


def show_layers(activities: Mapping[str, Activity], features: Sequence[str], start: float) -> RasterPanel:
    """Return the spikes that each layer fired, below those that the channels send to the random features.

    A stream is called by its feature.
    """
    rasters = []
    titles = {name: describe_layer(name).removesuffix(", neurons") for name in activities}
    for number, feature in enumerate(features, start=1):
        titles = {name: title.replace(f"stream {number}", feature) for name, title in titles.items()}
    for name, one in activities.items():
        if name.startswith("random_features") and one.inputs.units:
            rasters.append(Raster(f"to the {titles[name]}", "channels", one.inputs, signed=True))
    rasters += [Raster(titles[name], "neurons", one.spikes) for name, one in activities.items()]
    return RasterPanel(rasters, start=start)


def name_tokens(system: Transformer) -> dict[str, tuple[str, ...]]:
    """Return the names of the tokens of each modality: their feature, and a number."""
    names: dict[str, tuple[str, ...]] = {}
    for feature, stream in zip(system.read, system.ensemble_.streams, strict=False):
        own = tuple(f"{type(feature).__name__} {number + 1}" for number in range(stream.tokens))
        names[stream.modality] = names.get(stream.modality, ()) + own
    return names


def show_attention(
    activities: Mapping[str, Activity], tokens: Mapping[str, tuple[str, ...]], start: float
) -> AttentionPanel | None:
    """Return where keys and values fire together in each block, and what its gate lets through; None without blocks."""
    maps, rate = [], 0.0
    for name, keys in activities.items():
        block, _, kind = name.rpartition(".")
        if kind == "k":
            met = fires(keys) * fires(activities[f"{block}.v"])
            shares = met.reshape(len(met), *keys.shape).mean(axis=2)
            gate = fires(activities[f"{block}.gate"]).mean(axis=1)
            modality = block.split("<")[1] if "<" in block else block.split(".")[1]
            maps.append(AttentionMap(describe_layer(block), tokens[modality], shares, gate))
            rate = keys.inputs.rate
    return AttentionPanel(maps, rate, start) if maps else None


def fires(activity: Activity) -> Int8[np.ndarray, "steps neurons"]:
    """Return whether each neuron fires at each step."""
    found: Int8[np.ndarray, "steps neurons"] = np.abs(activity.spikes.dense())
    return found
