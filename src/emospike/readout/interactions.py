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

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float, Float32, Int64

from emospike.activity import Activity
from emospike.features.movements import MOVEMENTS
from emospike.series import Channel
from emospike.validation import InputError, within

Members = Mapping[str, Int64[np.ndarray, " _"]]
Frequencies = Float[np.ndarray, "nodes nodes"]


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


def channel_groups(channels: Sequence[Channel]) -> dict[str, Int64[np.ndarray, " _"]]:
    """Return the channels of each group: bands of sound from low to high, what has neither frequency nor movement in
    its order, and parts of the face from the brow down to the jaw.

    >>> jaw = Channel("AU26 jaw drop", "face", "jaw", movement="jawOpen")
    >>> high, low = Channel("a", "audio", "400–650 Hz", hz=440.0), Channel("b", "audio", "50–200 Hz", hz=90.0)
    >>> {name: own.tolist() for name, own in channel_groups([jaw, high, Channel("flux", "audio"), low]).items()}
    {'50–200 Hz': [3], '400–650 Hz': [1], 'flux': [2], 'jaw': [0]}
    """
    first, members = dict[str, Channel](), dict[str, list[int]]()
    for i, channel in enumerate(channels):
        first.setdefault(channel.group, channel)
        members.setdefault(channel.group, []).append(i)
    ordered = sorted(first, key=lambda group: _rank(first[group]))
    return {group: np.array(members[group]) for group in ordered}


def _rank(channel: Channel) -> tuple[int, float]:
    """Return what the group of a channel is sorted by; groups of equal rank keep their order."""
    if channel.hz is not None:
        return 0, channel.hz
    return (2, MOVEMENTS.index(channel.movement)) if channel.movement else (1, 0)


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
