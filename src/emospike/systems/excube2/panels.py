"""Why eXCube2 decided as it did: every effect is measured by leaving something out and deciding again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool

from emospike.activity import Activity
from emospike.encoding.contract import Decoder
from emospike.encoding.error import reconstruction_error
from emospike.encoding.levels import Levels
from emospike.explain.attribution import stretches
from emospike.readout.interactions import channel_groups, interactions
from emospike.readout.traffic import Learning, learning, traffic
from emospike.series import Series
from emospike.spikes import Spikes
from emospike.systems.base import Effect, Explanation
from emospike.systems.outline import sense_of
from emospike.systems.perception import MODALITIES, Perceived, modality_of
from emospike.systems.sensing_system import log_odds

if TYPE_CHECKING:
    from emospike.systems.excube2.model import EXCube2


def explanation_of(system: EXCube2, shown: Explanation, seen: Perceived) -> Explanation:
    """Return an outline (see `outline`) with what only this system can tell."""
    activity, template, wires = system.activity(seen, seen.senses), system.template_, system.network_.recurrent
    view, target, regions = modality_of(seen.senses), system.classes_.index(shown.about), len(template.regions)
    return replace(
        shown,
        decoded=dict(rebuilt(system, shown.series, seen)),
        spikes=activity.inputs,
        activity=activity,
        positions=template.positions,
        region=template.region,
        regions=template.regions,
        sites=system.sites_,
        nodes=tuple(system.nodes_),
        interactions=interactions(activity, system.nodes_),
        class_interactions=system.class_interactions_,
        traffic=traffic(activity, wires, template.region, regions),
        learning=learnt(system),
        bands=list(band_effects(system, view, activity, target)),
        moments=list(moment_effects(system, view, activity, target)),
        areas=list(area_effects(system, view, activity, target)),
    )


def learnt(system: EXCube2) -> Learning | None:
    """Return what STDP changed in the cube: its synapses beside those that it was born with."""
    if system.reservoir.stdp is None:
        return None
    template = system.template_
    born = system.wiring.connect(template, system.seed)
    return learning(born, system.network_.recurrent, template.region, len(template.regions))


def rebuilt(
    system: EXCube2, shown: Mapping[str, Series], seen: Perceived
) -> Iterator[tuple[str, tuple[Series, float]]]:
    """Yield each drawn feature as rebuilt from its spikes, with its normalised error (the paper's Figure 5).

    Of several levels or encoders the one that rebuilds best is taken; without a decoder the feature is left out.
    """
    for name, one in shown.items():
        encoders = [encoder for encoder, own in zip(system.encoders_, seen.series, strict=True) if own is one]
        levels = [level for own in encoders for level in (own.encoders if isinstance(own, Levels) else (own,))]
        attempts = [level.decode(level.encode(one), one.values[0]) for level in levels if isinstance(level, Decoder)]
        errors = [reconstruction_error(one, attempt).overall for attempt in attempts]
        if attempts:
            best = int(np.argmin(errors))
            yield name, (attempts[best], float(errors[best]))


def evidence(system: EXCube2, view: str, activity: Activity, target: int) -> float:
    """Return the log-odds of a class that the readout of a modality gives an activity."""
    vector = system.read(activity)
    return log_odds(system.read_out(view, vector), target)


def band_effects(system: EXCube2, view: str, activity: Activity, target: int) -> Iterator[Effect]:
    """Yield what silencing the input spikes of each band of sound and part of the face changes."""
    whole, spikes = evidence(system, view, activity, target), activity.inputs
    for name, members in channel_groups(spikes.channels).items():
        if sense_of(spikes.channels[members[0]]) not in MODALITIES[view]:
            continue
        rest = system.network_.run(kept(spikes, ~np.isin(spikes.channel, members)))
        yield Effect(name, whole - evidence(system, view, rest, target))


def moment_effects(system: EXCube2, view: str, activity: Activity, target: int) -> Iterator[Effect]:
    """Yield what silencing the input spikes of each stretch of time changes."""
    whole, spikes = evidence(system, view, activity, target), activity.inputs
    for name, start, stop in stretches(spikes.steps, spikes.rate):
        rest = system.network_.run(kept(spikes, (spikes.step < start) | (spikes.step >= stop)))
        yield Effect(name, whole - evidence(system, view, rest, target))


def area_effects(system: EXCube2, view: str, activity: Activity, target: int) -> Iterator[Effect]:
    """Yield what hiding the spikes of each brain region from the readout changes."""
    whole = evidence(system, view, activity, target)
    here = system.template_.region[activity.neuron]
    for region, name in enumerate(system.template_.regions):
        seen = here != region
        rest = replace(activity, step=activity.step[seen], neuron=activity.neuron[seen])
        yield Effect(name, whole - evidence(system, view, rest, target))


def kept(spikes: Spikes, mask: Bool[np.ndarray, " events"]) -> Spikes:
    """Return the events that `mask` keeps, on the same grid."""
    return replace(spikes, step=spikes.step[mask], channel=spikes.channel[mask], sign=spikes.sign[mask])
