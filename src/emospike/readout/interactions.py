"""Feature interactions: how often a spike at one group of channels is followed by one at another.

    F[a, b] = 1 / T · Σ_t m_a[t] · m_b[t + 1],    m_a[t] = spikes of node a in step t / members of node a

with T the seconds of the clip. So F is a frequency in 1/s: of how many times a second a spike at a member of `a`
is followed, one step (10 ms) later, by a spike at a member of `b`, averaged over all pairs of members. With one
member a node it is the plain count per second; the average makes nodes of different sizes comparable. Nothing is
subtracted for what chance would give: busy nodes follow each other often.

Source: Kasabov et al. 2026 (eXCube2), section 3.3, Figures 12 and 13. The paper draws the counts without saying how
they are normalised: the average over pairs and the division by seconds are ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
from jaxtyping import Float, Float32, Int64

from emospike.activity import Activity
from emospike.brain.topography import PARTS as PARTS_OF_FACE
from emospike.brain.topography import part_of
from emospike.series import frequencies_of
from emospike.validation import InputError, within

Members = Mapping[str, Int64[np.ndarray, " _"]]
Frequencies = Float[np.ndarray, "nodes nodes"]

EDGES = (50, 200, 400, 650, 1000, 1500, 2500, 4000, 8000)
"""Borders of the bands, Hz; the four lowest bands are those that eXCube2 names in its section 3.3."""

PARTS = 8
"""Groups that channels without a frequency are cut into."""


def interactions(activity: Activity, members: Members) -> Frequencies:
    """Return F [from, to] of nodes that are groups of neurons, in 1/s (see the head of this file).

    `members` gives the neurons of each node, in the order of the result's rows and columns.
    """
    steps, nodes = activity.steps, len(members)
    share = np.zeros((activity.neurons, nodes))
    for node, own in enumerate(members.values()):
        share[own, node] = 1 / max(len(own), 1)
    used = np.any(share > 0, axis=1)[activity.neuron]  # few neurons are members: the spikes of others are dropped first
    step, neuron = activity.step[used], activity.neuron[used]
    means = [np.bincount(step, weights=share[neuron, node], minlength=steps) for node in range(nodes)]
    mean = np.reshape(means, (nodes, steps))
    return np.asarray(mean[:, :-1] @ mean[:, 1:].T * activity.inputs.rate / max(steps, 1))


def channel_groups(channels: tuple[str, ...]) -> dict[str, Int64[np.ndarray, " _"]]:
    """Return the channels of each band of sound (see `frequency_groups`) and of each part of the face.

    >>> groups = channel_groups(("mel 90 Hz", "AU12 lip corner puller", "AU26 jaw drop"))
    >>> {name: own.tolist() for name, own in groups.items()}
    {'50–200 Hz': [0], 'upper mouth': [1], 'jaw': [2]}
    """
    part = np.array([part_of(name) or "" for name in channels])
    heard = np.flatnonzero(part == "")
    groups = {name: heard[own] for name, own in frequency_groups(tuple(channels[i] for i in heard)).items()}
    return groups | {name: np.flatnonzero(part == name) for name in PARTS_OF_FACE if name in part}


def frequency_groups(channels: tuple[str, ...]) -> dict[str, Int64[np.ndarray, " _"]]:
    """Return the channels of each frequency band, from low to high; bands without channels are left out.

    The frequency is read from the name. Channels without one are cut, kind by kind, into `PARTS` stretches of equal
    length in their order if they are numbered, and grouped by their first word if they are not (``"timbre flux"``); the
    levels (``"mfcc 3 @0.5"``) and the fields (``"timbre flux #2"``) of one channel stay together.

    >>> groups = frequency_groups(("mel 90 Hz @0.5", "mel 440 Hz @0.5", "mel 90 Hz @1", "mfcc 0", "mfcc 1"))
    >>> {name: own.tolist() for name, own in groups.items()}
    {'50–200 Hz': [0, 2], '400–650 Hz': [1], 'mfcc 0': [3], 'mfcc 1': [4]}
    """
    hertz = frequencies_of(channels)
    pitched = np.flatnonzero(~np.isnan(hertz))
    band = np.searchsorted(EDGES, hertz[pitched], side="right")
    groups = {_band_name(one): pitched[band == one] for one in np.unique(band).tolist()}
    names = {i: re.split(" [@#]", name)[0] for i, name in enumerate(channels) if np.isnan(hertz[i])}
    return groups | _rank_groups(names)


def _band_name(band: int) -> str:
    """Return the name of the band below EDGES[band]."""
    if band == 0:
        return f"below {EDGES[0]} Hz"
    if band == len(EDGES):
        return f"from {EDGES[-1] / 1000:g} kHz"
    low, high = EDGES[band - 1], EDGES[band]
    if high < 1000:
        return f"{low}–{high} Hz"
    return f"{low} Hz–{high / 1000:g} kHz" if low < 1000 else f"{low / 1000:g}–{high / 1000:g} kHz"


def _rank_groups(names: Mapping[int, str]) -> dict[str, Int64[np.ndarray, " members"]]:
    """Return groups of channels that have no frequency; `names` gives their names, without level or field.

    Numbered channels (``"mfcc 3"``) are cut by rank; others (``"timbre flux"``) go by their first word.
    """
    groups: dict[str, Int64[np.ndarray, " members"]] = {}
    for kind in dict.fromkeys(name.partition(" ")[0] for name in names.values()):
        own = {i: name for i, name in names.items() if name.partition(" ")[0] == kind}
        ranked = list(dict.fromkeys(own.values()))
        numbered = all(name.rpartition(" ")[2].isdigit() for name in ranked)
        for part in np.array_split(ranked, min(PARTS, len(ranked)) if numbered else 1):
            last = part[-1].removeprefix(f"{kind} ")
            label = kind if not numbered else str(part[0]) if len(part) == 1 else f"{part[0]}–{last}"
            groups[label] = np.array([i for i, name in own.items() if name in part])
    return groups


def neurons_near(
    sites: Float32[np.ndarray, "channels sites 3"],
    groups: Members,
    positions: Float32[np.ndarray, "neurons 3"],
    count: int = 6,
) -> dict[str, Int64[np.ndarray, " _"]]:
    """Return the neurons nearest to the sites of each group of channels, in each hemisphere.

    Nodes are called ``"50–200 Hz L"``, ``"50–200 Hz R"`` and so on: first all of the left hemisphere (x < 0), then
    all of the right. Each has `count` neurons of its own, chosen together so that the summed squared distance of
    the neurons to the nearest site of their group is least: neighbouring bands lie closer than neurons do, and
    would otherwise share theirs.

    Raises
    ------
    InputError : a hemisphere has fewer neurons than its nodes need
    """
    within("count", count, 1, len(positions))
    nodes: dict[str, Int64[np.ndarray, " _"]] = {}
    for side, sign in (("L", -1), ("R", 1)):
        here = np.flatnonzero(positions[:, 0] * sign > 0)
        distance = {
            f"{name} {side}": _distances(own[own[:, 0] * sign > 0], positions[here])
            for name, group in groups.items()
            if np.any((own := sites[group].reshape(-1, 3))[:, 0] * sign > 0)
        }
        if distance:
            chosen = _assigned(np.stack(list(distance.values())), count)
            nodes |= {name: here[own] for name, own in zip(distance, chosen, strict=True)}
    return nodes


def _distances(
    sites: Float32[np.ndarray, "sites 3"], positions: Float32[np.ndarray, "neurons 3"]
) -> Float[np.ndarray, " neurons"]:
    """Return the squared distance of each neuron to the nearest site, mm²."""
    apart = [np.square(positions - site).sum(axis=1) for site in np.unique(sites, axis=0)]
    return np.asarray(np.min(apart, axis=0))


def _assigned(distance: Float[np.ndarray, "nodes neurons"], count: int) -> Int64[np.ndarray, "nodes count"]:
    """Return `count` neurons for each node, none twice, with the least total distance."""
    from scipy.optimize import linear_sum_assignment

    nodes, neurons = distance.shape
    if nodes * count > neurons:
        raise InputError(f"{nodes} nodes with {count} neurons each expected, got {neurons} neurons: lower count")
    # No node ever needs a neuron farther than its nodes * count nearest.
    near = np.unique(np.argsort(distance, axis=1, kind="stable")[:, : nodes * count])
    _, column = linear_sum_assignment(np.repeat(distance[:, near], count, axis=0))
    return np.sort(near[column].reshape(nodes, count), axis=1)
