"""Why eXCube2 decided as it did: spikes are left out, the network runs again, and the cube is looked into."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Float32, Int64

from emospike.activity import Activity
from emospike.brain.template import BrainTemplate
from emospike.brain.wiring import SmallWorld
from emospike.encoding.contract import Decoder, Encoder
from emospike.encoding.error import reconstruction_error
from emospike.encoding.levels import Levels
from emospike.explain.attribution import attribute, cut_moments, log_odds
from emospike.explain.panel import Panel
from emospike.explain.panels.animation import animate
from emospike.explain.panels.cross_modal import show_cross_modal
from emospike.explain.panels.cube import CubePanel
from emospike.explain.panels.encoding import EncodingPanel
from emospike.explain.panels.inputs import InputsPanel
from emospike.explain.panels.interactions import show_interactions
from emospike.explain.panels.learning import LearningPanel
from emospike.explain.panels.raster import Raster, RasterPanel
from emospike.explain.panels.region_flow import RegionFlowPanel
from emospike.features import Feature
from emospike.features.face_landmarks import find_landmarks
from emospike.networks.reservoir import Reservoir, ReservoirNetwork
from emospike.readout.interactions import interactions
from emospike.readout.readout import Readout
from emospike.readout.region_flow import Learning, measure_flow, measure_learning
from emospike.series import Channel, Series
from emospike.spikes import Spikes
from emospike.systems.explaining import FACE_MOMENTS, Attributions, choose_features, films_beside, group_channels
from emospike.systems.perception import Perceived

Runs = tuple[Activity, ...]
"""What the cube did with a clip: with all senses at once, or with one after the other."""


@runtime_checkable
class Cube(Protocol):
    """What is looked into: the trained system (see `EXCube2`)."""

    features: tuple[Feature, ...]
    encoders_: tuple[Encoder, ...]
    template_: BrainTemplate
    wiring: SmallWorld
    reservoir: Reservoir
    network_: ReservoirNetwork
    channels_: tuple[Channel, ...]
    sites_: Float32[np.ndarray, "channels sites 3"]
    nodes_: dict[str, Int64[np.ndarray, " _"]]
    class_interactions_: dict[str, Float[np.ndarray, "nodes nodes"]]
    readouts_: dict[str, Readout]
    labels_: tuple[str, ...]
    seed: int

    def activity(self, seen: Perceived, modalities: Sequence[str]) -> Activity:
        """Return what the cube does when it is given these modalities alone."""

    def list_runs(self, modalities: Sequence[str]) -> list[tuple[str, ...]]:
        """Return which of these modalities the cube is given together."""

    def read_runs(self, runs: Sequence[Activity], seen: Perceived, modalities: Sequence[str]) -> Any:
        """Return what the readout of these modalities reads, of what the cube did in each run."""


def make_panels(system: Cube, seen: Perceived, target: int) -> tuple[Attributions, list[Panel]]:
    """Return what parts of a clip do to a class, and the pictures of what the cube does with it."""
    activity, template = system.activity(seen, seen.modalities), system.template_
    readout, features = system.readouts_[seen.modality], choose_features(system.features, seen)

    def decide(runs: Runs) -> Float[np.ndarray, " classes"]:
        return np.asarray(readout.probabilities([system.read_runs(runs, seen, seen.modalities)])[0])

    def run(spikes: Spikes) -> Runs:
        senses = np.array([channel.modality for channel in spikes.channels])[spikes.channel]
        together = system.list_runs(seen.modalities)
        return tuple(system.network_.run(spikes.keep(np.isin(senses, own))) for own in together)

    def run_all(spikes: Iterator[tuple[str, Spikes]]) -> Iterator[tuple[str, Runs]]:
        return ((name, run(rest)) for name, rest in spikes)

    groups, whole = group_channels(activity.inputs.channels), run(activity.inputs)
    kinds = {one: run_all(silence_groups(activity.inputs, groups.get(one, {}))) for one in seen.modalities}
    kinds |= {"moments": run_all(silence_moments(activity.inputs)), "regions": hide_regions(whole, template)}
    if films_beside(seen):
        kinds[FACE_MOMENTS] = run_all(silence_moments(activity.inputs, "face"))
    attributions = attribute(lambda runs: log_odds(decide(runs), target), whole, kinds)
    probabilities = dict(zip(system.labels_, decide(whole).tolist(), strict=True))
    followed = tuple(system.nodes_), interactions(activity, system.nodes_), system.class_interactions_, probabilities
    modalities = {channel.group: channel.modality for channel in system.channels_}
    learnt, crossing = show_learning(system), show_cross_modal(*followed, modalities)
    counts = np.bincount(activity.neuron, minlength=activity.neurons)
    panels = [
        show_motion(system, seen, activity),
        *show_encodings(system, features, seen, activity.inputs),
        show_regions(activity, template),
        InputsPanel(template, system.channels_, system.sites_),
        CubePanel(template, counts, system.channels_, system.sites_),
        *([crossing] if crossing else []),
        show_interactions(*followed),
        RegionFlowPanel(
            measure_flow(activity, system.network_.recurrent, template.region, len(template.regions)), template.regions
        ),
        *([LearningPanel(learnt, template.regions)] if learnt else []),
    ]
    return {**attributions}, panels


# -- leaving out -----------------------------------------------------------------------------------------------


def silence_groups(spikes: Spikes, groups: Mapping[str, Sequence[int]]) -> Iterator[tuple[str, Spikes]]:
    """Yield the name of each band of sound or part of the face, and all input spikes but its own."""
    for name, members in groups.items():
        yield name, spikes.keep(~np.isin(spikes.channel, members))


def silence_moments(spikes: Spikes, only: str | None = None) -> Iterator[tuple[str, Spikes]]:
    """Yield the name of each stretch of time, and all input spikes but its own, or but its own of one sense."""
    other = np.array([only not in (None, channel.modality) for channel in spikes.channels])[spikes.channel]
    for name, steps in cut_moments(spikes.steps, spikes.rate):
        yield name, spikes.keep((spikes.step < steps.start) | (spikes.step >= steps.stop) | other)


def hide_regions(runs: Runs, template: BrainTemplate) -> Iterator[tuple[str, Runs]]:
    """Yield the name of each brain region, and the activity whose spikes there the readout does not see."""
    for region, name in enumerate(template.regions):
        kept = [template.region[one.neuron] != region for one in runs]
        pairs = zip(runs, kept, strict=True)
        yield name, tuple(replace(one, step=one.step[seen], neuron=one.neuron[seen]) for one, seen in pairs)


# -- pictures --------------------------------------------------------------------------------------------------


def show_motion(system: Cube, seen: Perceived, activity: Activity) -> Panel:
    """Return the clip in motion."""
    present = [feature for feature, one in zip(system.features, seen.series, strict=True) if one is not None]
    sound = seen.clip.sound if "audio" in seen.modalities else np.zeros(0, np.float32)
    return animate(activity, system.template_, sound, find_landmarks(seen.clip, present))


def show_encodings(
    system: Cube, features: Mapping[str, Series], seen: Perceived, spikes: Spikes
) -> Iterator[EncodingPanel]:
    """Yield each feature with its spikes, and as rebuilt from them (the paper's Figure 5).

    Of several levels or encoders the one that rebuilds best is taken; without a decoder nothing is rebuilt.
    """
    for name, series in features.items():
        encoders = [encoder for encoder, own in zip(system.encoders_, seen.series, strict=True) if own is series]
        levels = [level for own in encoders for level in (own.encoders if isinstance(own, Levels) else (own,))]
        rebuilt = [one.decode(one.encode(series), series.values[0]) for one in levels if isinstance(one, Decoder)]
        errors = [float(reconstruction_error(series, one).overall) for one in rebuilt]
        best = min(zip(errors, rebuilt, strict=True), key=lambda pair: pair[0], default=(np.nan, None))
        yield EncodingPanel(name, series, spikes, best[1], best[0])


def show_regions(activity: Activity, template: BrainTemplate) -> RasterPanel:
    """Return the spikes of the neurons, region by region; what went in is shown with each feature."""
    order = np.argsort(template.region, kind="stable")
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    sizes = np.bincount(template.region, minlength=len(template.regions))
    groups = tuple((name, int(size)) for name, size in zip(template.regions, sizes, strict=True) if size)
    spikes = replace(activity.spikes, channel=place[activity.neuron].astype(np.int32))
    return RasterPanel([Raster("reservoir", "neurons", spikes, groups)])


def show_learning(system: Cube) -> Learning | None:
    """Return what STDP changed in the cube: its synapses beside those that it was born with."""
    if system.reservoir.stdp is None:
        return None
    template = system.template_
    born = system.wiring.connect(template, system.seed)
    return measure_learning(born, system.network_.recurrent, template.region, len(template.regions))
