"""State vectors: from a network's activity over a clip to one vector of fixed length."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int, Shaped

from emospike.activity import Activity
from emospike.readout.contexts import CONTEXTS, PARTS, take_contours
from emospike.series import Channel, Series
from emospike.spikes import Spikes
from emospike.validation import one_of, within

Steps = Int[np.ndarray, " spikes"]
Units = Int[np.ndarray, " spikes"]
Vector = Float32[np.ndarray, " dims"]


@dataclass(frozen=True)
class StateVector:
    """One reading of an activity: which spikes (`source`), summarised how (`kind`).

    Attributes
    ----------
    kind : one of `KINDS`: ``"count"``, ``"bins"``, ``"rate"``, ``"desnn"``, ``"rank_order"``, ``"isi"``; or one of
        `CONTEXTS`: ``"loudness"``, ``"pitch"``, ``"level"``, ``"slopes"``, counts in each part of a prosodic context
    source : ``"I"`` (input channels), ``"I split"`` (their positive and negative spikes apart), ``"R"`` (all
        neurons), or the name of a region such as ``"A1"`` or ``"STS L"``; I + R is two readings, joined;
        ``"I fields"``: those input channels that are fields of a population code
    span : ``"clip"``, or ``"speech"``: from where 1 % of the input spikes have come to where 99 % have
    bins : equal stretches of the span that ``"bins"`` counts in
    alpha, mod, up, down : constants of ``"desnn"`` (eXCube2: 5, 0.8, 0.8, 0.01); ``"rank_order"`` takes mod and down
    share : of the squared length of a scaled vector that this reading gets (see `SoftScaler`); 0 gives each of its
        numbers the weight that the others have

    Source
    ------
    Kasabov et al. 2026 (eXCube2), section 2.9 and the legend of Table 5; NeuCube-Py for mean rate, bins and ISI.
    """

    kind: str = "count"
    source: str = "R"
    span: str = "clip"
    bins: int = 4
    alpha: float = 5.0
    mod: float = 0.8
    up: float = 0.8
    down: float = 0.01
    share: float = 0.0

    def __post_init__(self) -> None:
        one_of("state vector", self.kind, (*KINDS, *CONTEXTS))
        one_of("span", self.span, ("clip", "speech"))
        within("bins", self.bins, 1, 1000)
        within("share", self.share, 0.0, 0.99)

    def read(
        self,
        activity: Activity,
        regions: Mapping[str, Shaped[np.ndarray, " members"]] | None = None,
        prosody: Series | None = None,
    ) -> Vector:
        """Return the vector; `regions` gives the neurons of each region that a source may name.

        A context needs the `prosody` of the clip, on the steps of the activity; without one nothing is counted.
        """
        step, unit, units = self._spikes(activity, regions or {})
        start, stop = (0, activity.steps) if self.span == "clip" else speech_span(activity.inputs)
        inside = (step >= start) & (step < stop)
        step, unit = step[inside] - start, unit[inside]
        if self.kind in KINDS:
            return KINDS[self.kind](self, step, unit, units, stop - start)
        if prosody is None:
            return np.zeros(PARTS * units, np.float32)
        part = CONTEXTS[self.kind](take_contours(prosody, start, stop))
        return np.bincount(part[step].astype(np.int64) * units + unit, minlength=PARTS * units).astype(np.float32)

    def _spikes(
        self, activity: Activity, regions: Mapping[str, Shaped[np.ndarray, " members"]]
    ) -> tuple[Steps, Units, int]:
        """Return step and unit of the chosen spikes, and the number of units."""
        inputs = activity.inputs
        if self.source == "I":
            return inputs.step, inputs.channel, inputs.units
        if self.source == "I split":
            return inputs.step, inputs.channel * 2 + (inputs.sign < 0), 2 * inputs.units
        if self.source == "I fields":
            members = np.flatnonzero([channel.field is not None for channel in inputs.channels])
            return _take(members, inputs.step, inputs.channel, inputs.units)
        if self.source == "R":
            return activity.step, activity.neuron, activity.neurons
        members = regions[one_of("source", self.source, regions)]
        return _take(members, activity.step, activity.neuron, activity.neurons)

    def name_units(
        self, channels: Sequence[Channel], neurons: int, regions: Mapping[str, Shaped[np.ndarray, " members"]]
    ) -> list[str]:
        """Return the names of what is read, in order: channels by their labels, neurons by their numbers."""
        if self.source == "R":
            return [f"neuron {number}" for number in range(neurons)]
        if self.source == "I split":
            return [f"{channel.label} {sign}" for channel in channels for sign in "+-"]
        if self.source in ("I", "I fields"):
            return [one.label for one in channels if self.source == "I" or one.field is not None]
        return [f"neuron {number}" for number in regions[one_of("source", self.source, regions)]]


def _take(
    members: Shaped[np.ndarray, " members"], step: Steps, unit: Units, units: int
) -> tuple[Int[np.ndarray, " kept"], Int[np.ndarray, " kept"], int]:
    """Return the spikes of some of the units, which are numbered anew, and how many these are."""
    place = np.full(units, -1)
    place[members] = np.arange(len(members))
    new = place[unit]
    return step[new >= 0], new[new >= 0], len(members)


def speech_span(inputs: Spikes) -> tuple[int, int]:
    """Return first and last step (exclusive) of the speech: where 1 % and 99 % of the input spikes have come.

    Silence around the words gives no spikes, so their timing then does not depend on how the clip was cut.
    """
    if not len(inputs):
        return 0, inputs.steps
    return int(inputs.step[len(inputs) // 100]), int(inputs.step[-1 - len(inputs) // 100]) + 1


def spike_count(how: StateVector, step: Steps, unit: Units, units: int, steps: int) -> Vector:
    """Return the number of spikes of each unit: r_i = sum_t s_i[t]."""
    return np.bincount(unit, minlength=units).astype(np.float32)


def binned_count(how: StateVector, step: Steps, unit: Units, units: int, steps: int) -> Vector:
    """Return the counts in equal stretches of the clip, one stretch after the other."""
    stretch = step.astype(np.int64) * how.bins // max(steps, 1)
    return np.bincount(stretch * units + unit, minlength=how.bins * units).astype(np.float32)


def mean_rate(how: StateVector, step: Steps, unit: Units, units: int, steps: int) -> Vector:
    """Return the spikes per step of each unit."""
    return spike_count(how, step, unit, units, steps) / np.float32(max(steps, 1))


def first_spike(step: Steps, unit: Units, units: int, never: int) -> Int[np.ndarray, " units"]:
    """Return the step of each unit's first spike, `never` for silent units."""
    first = np.full(units, never, np.int64)
    np.minimum.at(first, unit, step)
    return first


def desnn(how: StateVector, step: Steps, unit: Units, units: int, steps: int) -> Vector:
    """Return alpha mod^t_first + up n - down (T - n), with n spikes in T steps (eXCube2, section 2.9).

    A silent unit has no first spike, hence no alpha term.
    """
    n = spike_count(how, step, unit, units, steps)
    first = first_spike(step, unit, units, steps)
    order = np.where(first < steps, how.alpha * how.mod ** first.astype(np.float64), 0.0)
    return (order + how.up * n - how.down * (steps - n)).astype(np.float32)


def rank_order(how: StateVector, step: Steps, unit: Units, units: int, steps: int) -> Vector:
    """Return mod^rank + drift, the rank counted from 1 in the order of first spikes (Kasabov et al. 2013).

    After its first spike a unit gains `down` with every spike and loses as much with every silent step.
    """
    first = first_spike(step, unit, units, steps)
    fired = first < steps
    rank = np.zeros(units)
    rank[np.argsort(first, kind="stable")] = np.arange(1, units + 1)
    later = spike_count(how, step, unit, units, steps) - 1
    drift = how.down * (later - (steps - 1 - first - later))
    return np.where(fired, how.mod**rank + drift, 0.0).astype(np.float32)


def interspike(how: StateVector, step: Steps, unit: Units, units: int, steps: int) -> Vector:
    """Return mean and standard deviation of each unit's inter-spike intervals in steps, -1 where there is none."""
    order = np.lexsort((step, unit))
    gaps = np.diff(step[order])
    owner = unit[order][1:]
    same = np.diff(unit[order]) == 0
    gaps, owner = gaps[same], owner[same]
    n = np.bincount(owner, minlength=units)
    mean = np.bincount(owner, gaps, units) / np.maximum(n, 1)
    deviation = np.sqrt(np.bincount(owner, (gaps - mean[owner]) ** 2, units) / np.maximum(n, 1))
    return np.concatenate([np.where(n > 0, mean, -1), np.where(n > 0, deviation, -1)]).astype(np.float32)


Reading = Callable[[StateVector, Steps, Units, int, int], Vector]
KINDS: dict[str, Reading] = {
    "count": spike_count,
    "bins": binned_count,
    "rate": mean_rate,
    "desnn": desnn,
    "rank_order": rank_order,
    "isi": interspike,
}
"""How spikes are summarised, by name; a new summary is one function and one line here."""


def read_all(
    vectors: tuple[StateVector, ...],
    activity: Activity,
    regions: Mapping[str, Shaped[np.ndarray, " members"]] | None = None,
    prosody: Series | None = None,
) -> Vector:
    """Return several readings of one activity, joined (see `StateVector.read`)."""
    return np.concatenate([vector.read(activity, regions, prosody) for vector in vectors])


def name_dims(
    vectors: tuple[StateVector, ...],
    channels: tuple[Channel, ...],
    neurons: int,
    regions: Mapping[str, Shaped[np.ndarray, " members"]],
) -> list[str]:
    """Return what the numbers of joined readings are: kind, source, part if there are several, and channel or neuron.

    >>> name_dims((StateVector("isi", "I"),), (Channel("mel 1", "audio"),), 2, {})
    ['isi I 0 mel 1', 'isi I 1 mel 1']
    """
    names: list[str] = []
    for vector, length in zip(vectors, _measure(vectors, channels, neurons, regions), strict=True):
        units = vector.name_units(channels, neurons, regions)
        parts = length // len(units)
        ahead = [f"{vector.kind} {vector.source}{f' {part}' if parts > 1 else ''}" for part in range(parts)]
        names += [f"{one} {unit}" for one in ahead for unit in units]
    return names


def _measure(
    vectors: tuple[StateVector, ...],
    channels: tuple[Channel, ...],
    neurons: int,
    regions: Mapping[str, Shaped[np.ndarray, " members"]],
) -> list[int]:
    """Return how long each reading is."""
    none = np.empty(0, np.int32)
    silence = Activity(Spikes.silent(0, 100.0, channels, len(channels)), none, none, neurons)
    return [len(vector.read(silence, regions)) for vector in vectors]


def locate_shares(
    vectors: tuple[StateVector, ...],
    channels: tuple[Channel, ...],
    neurons: int,
    regions: Mapping[str, Shaped[np.ndarray, " members"]],
) -> tuple[tuple[int, int, float], ...]:
    """Return where joined readings that have a `share` stand, as `SoftScaler` takes it."""
    ends = np.cumsum(_measure(vectors, channels, neurons, regions)).tolist()
    starts = [0, *ends[:-1]]
    return tuple((a, b, one.share) for a, b, one in zip(starts, ends, vectors, strict=True) if one.share)
