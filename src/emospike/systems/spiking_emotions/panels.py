"""Why the voters of Spiking Emotions voted so: events are left out, and they vote again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32, Float64

from emospike.clip import Clip
from emospike.encoding.frame_difference import FrameDifference
from emospike.explain.attribution import attribute, cut_moments
from emospike.explain.panel import Panel
from emospike.explain.panels.film import is_filmed
from emospike.explain.panels.raster import Raster, RasterPanel
from emospike.explain.panels.vote import VotePanel
from emospike.features.contours import Contours
from emospike.networks.plif_net import PlifNet, Seen
from emospike.readout.early import Votes, VoteTrace, count_votes, stops
from emospike.systems.explaining import Attributions
from emospike.systems.perception import Perceived
from emospike.systems.spiking_emotions.voters import VoteReadout

Events = Float32[np.ndarray, "steps _ size size"]

MIDDLE = 0.45
"""Where a picture parts into the upper face (eyes and brows) and the lower (nose and mouth), from the top."""

PARTS = {
    "upper left": (slice(None, MIDDLE), slice(None, 0.5)),
    "upper right": (slice(None, MIDDLE), slice(0.5, None)),
    "lower left": (slice(MIDDLE, None), slice(None, 0.5)),
    "lower right": (slice(MIDDLE, None), slice(0.5, None)),
    "upper": (slice(None, MIDDLE), slice(None)),
    "lower": (slice(MIDDLE, None), slice(None)),
    "left": (slice(None), slice(None, 0.5)),
    "right": (slice(None), slice(0.5, None)),
}
"""Parts of the picture as shares of its height and width; left is the picture's left."""


@runtime_checkable
class Voting(Protocol):
    """What is looked into: the trained system (see `SpikingEmotions`)."""

    pictures: Contours
    camera: FrameDifference
    network: PlifNet
    lead: float | None
    voters_: VoteReadout
    labels_: tuple[str, ...]

    def look(self, clip: Clip) -> tuple[Float64[np.ndarray, " steps"], Events]:
        """Return the time of each step, s, and what the networks see of a clip."""

    def votes(self, events: Seen) -> Votes:
        """Return the share of each class's voters that fired at each step."""


def make_panels(system: Voting, seen: Perceived, target: int) -> tuple[Attributions, list[Panel]]:
    """Return what parts of a clip do to a class, and the pictures of what the voters do with it."""
    times, look = system.look(seen.clip)
    still, voters = background(system, look), system.voters_

    def evidence(one: Events) -> float:
        return float(voters.calibrated.log_odds(count_votes(system.votes(one[None]), voters.lead), target))

    kinds = {"face": occlude_parts(look, still), "moments": occlude_moments(look, still, times, len(seen.present[0]))}
    filmed = is_filmed(seen.clip) and not system.pictures.drawn
    panels: list[Panel] = [VotePanel(trace_votes(system, look, times), filmed)]
    if system.network.spiking:
        panels.insert(0, show_layers(system, look, times))
    return {**attribute(evidence, look, kinds)}, panels


def show_layers(system: Voting, look: Events, times: Float64[np.ndarray, " steps"]) -> RasterPanel:
    """Return the events, and the spikes of the layers of the first network; those of voters by their class."""
    rate = (len(times) - 1) / max(float(times[-1] - times[0]), 1e-3)
    activities = system.voters_.networks[0].record(look, rate)
    *inner, (votes, last) = activities.items()
    each = last.neurons // len(system.labels_)
    rasters = [
        Raster(
            "events",
            "pixels",
            last.inputs,
            (("on", last.inputs.units // 2), ("off", last.inputs.units // 2)),
            signed=True,
        )
    ]
    rasters += [Raster(name, "neurons", one.spikes) for name, one in inner]
    rasters.append(Raster(votes, "neurons", last.spikes, tuple((name, each) for name in system.labels_)))
    return RasterPanel(rasters, start=float(times[0]))


def trace_votes(system: Voting, look: Events, times: Float64[np.ndarray, " steps"]) -> VoteTrace:
    """Return what the network saw, and how its neurons voted."""
    votes = system.votes(look[None])
    until = len(look) if system.lead is None else int(stops(votes, system.lead)[0])
    first = system.network.spiking and system.camera.float_first
    return VoteTrace(look, first, np.asarray(times, np.float64), votes[0], system.labels_, until)


def occlude_parts(look: Events, still: Events) -> Iterator[tuple[str, Events]]:
    """Yield the name of each part of the face, and all but its events and its part of the first picture."""
    for name, (rows, columns) in PARTS.items():
        rest, here = look.copy(), (..., _pixels(rows, look.shape[2]), _pixels(columns, look.shape[3]))
        rest[here] = still[here]
        yield f"face {name}", rest


def occlude_moments(
    look: Events, still: Events, times: Float64[np.ndarray, " steps"], grid: int
) -> Iterator[tuple[str, Events]]:
    """Yield the name of each moment, and all events but its own; `times` of the steps in s, `grid` of 10 ms."""
    for name, steps in cut_moments(grid, 100.0):
        rest, here = look.copy(), (times >= steps.start / 100) & (times < steps.stop / 100)
        rest[here] = still[here]
        yield name, rest


def background(system: Voting, look: Events) -> Events:
    """Return a clip that tells nothing: no event, and white where pictures are seen."""
    still = np.zeros_like(look)
    if not system.network.spiking:
        still[:] = look.max()
    elif system.camera.float_first:
        still[0] = look[0].max()
    return still


def _pixels(part: slice, size: int) -> slice:
    ends = (None if end is None else round(end * size) for end in (part.start, part.stop))
    return slice(*ends)
