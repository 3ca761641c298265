"""Traffic: what passes between the regions of a brain over its synapses, and what learning changed there.

    P[a, b] = 1 / T · Σ_t Σ_{i in a, j in b, w_ij > 0} s_i[t] · s_j[t + 1]
    C[a, b] = 1 / T · Σ_{i in a, j in b, w_ij > 0} n_i · n_j / steps,    n_i = Σ_t s_i[t]

with T the seconds of the clip and w_ij the weight of the synapse from neuron i to neuron j. P counts, per second, the
spikes of region a that cross an excitatory synapse to region b, where they arrive one step (10 ms) later, and whose
target fires in that step. C is what P would be if every neuron kept its number of spikes and spread them over the
clip by chance. Neither says that the one spike caused the other: the target may have fired for its other inputs.

Source: Kasabov et al. 2026 (eXCube2), section 3.3, asks for the flow between regions; the equations are ours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, Int64

from emospike.activity import Activity
from emospike.brain.synapses import Synapses

Regions = Int[np.ndarray, " neurons"]
Between = Float[np.ndarray, "regions regions"]


@dataclass(frozen=True)
class Traffic:
    """What passes between regions, [from, to] each.

    Attributes
    ----------
    passed : P, spikes a second that cross a synapse and whose target fires in the next step
    chance : C, the same if the spikes were spread over the clip by chance
    synapses : number of excitatory synapses
    """

    passed: Between
    chance: Between
    synapses: Between


@dataclass(frozen=True)
class Learning:
    """What learning changed between regions, [from, to] each, over the synapses that excite.

    Attributes
    ----------
    change : sum of the changes of weight, in units of the neurons' threshold
    before : sum of the weights before
    stronger, weaker : number of synapses whose weight grew, or shrank
    synapses : number of synapses
    """

    change: Between
    before: Between
    stronger: Between
    weaker: Between
    synapses: Between


def traffic(activity: Activity, synapses: Synapses, region: Regions, regions: int) -> Traffic:
    """Return P and C (see the head of this file); `region` gives the index of each neuron's region."""
    excites = synapses.weights > 0
    source, target = synapses.sources(), synapses.targets
    counts = np.bincount(activity.neuron, minlength=activity.neurons).astype(float)
    seconds = max(activity.steps, 1) / activity.inputs.rate
    pairs = _pairs(region[source], region[target], regions)
    crossed = excites[at := _crossed(activity, synapses)]
    chance = excites * counts[source] * counts[target] / (max(activity.steps, 1) * seconds)
    passed = np.bincount(pairs[at[crossed]], minlength=regions**2) / seconds

    def between(weights: Float[np.ndarray, " synapses"] | Bool[np.ndarray, " synapses"]) -> Between:
        return np.bincount(pairs, weights, regions**2).reshape(regions, regions)

    return Traffic(passed.reshape(regions, regions), between(chance), between(excites))


def _crossed(activity: Activity, synapses: Synapses) -> Int64[np.ndarray, " crossings"]:
    """Return the synapse of each spike that was followed, one step later, by a spike of the synapse's target."""
    fan = np.diff(synapses.offsets)[activity.neuron]
    before = np.cumsum(fan) - fan
    synapse: Int64[np.ndarray, " spikes"] = np.arange(fan.sum()) + np.repeat(
        synapses.offsets[activity.neuron] - before, fan
    )
    grid = np.int64(activity.steps + 1)
    fired = activity.neuron * grid + activity.step
    arrived = synapses.targets[synapse] * grid + np.repeat(activity.step, fan) + 1
    return synapse[np.isin(arrived, fired)]


def learning(before: Synapses, after: Synapses, region: Regions, regions: int) -> Learning | None:
    """Return what changed from one set of synapses to the same ones later; None if they are not the same ones."""
    if not (np.array_equal(before.offsets, after.offsets) and np.array_equal(before.targets, after.targets)):
        return None
    excites = before.weights > 0
    change = (after.weights - before.weights).astype(float) * excites
    pairs = _pairs(region[before.sources()], region[before.targets], regions)
    weights = (change, before.weights * excites, change > 0, change < 0, excites)
    return Learning(*(np.bincount(pairs, one, regions**2).reshape(regions, regions) for one in weights))


def _pairs(a: Int[np.ndarray, " pairs"], b: Int[np.ndarray, " pairs"], regions: int) -> Int[np.ndarray, " pairs"]:
    """Return one number for each pair of regions."""
    return np.asarray(a.astype(np.int64) * regions + b)
