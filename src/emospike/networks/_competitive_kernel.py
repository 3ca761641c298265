"""The numba kernel of competitive layers: conductance neurons, lateral inhibition and trace STDP.

Input, links and learning are event-driven; only the neurons' states are updated at every step. Excitatory neuron f at
position p is number p * features + f. Within a step the order is that of a clock-driven simulator: integrate, find who
fires, deliver, learn, reset; a spike of step t therefore acts from step t + 1 on.
"""

from __future__ import annotations

from typing import Any, NamedTuple, no_type_check

import numpy as np

from emospike.compiling import compile_kernel
from emospike.networks._power_kernel import power

Array = np.ndarray[Any, np.dtype[Any]]
FAST = {"contract", "nsz", "arcp"}
TINY = 1e-30  # a conductance below it moves no potential; left to fade on, it would become a slow denormal number
index = np.uint32  # an unsigned index spares the test for a negative one, which counts from the end


class SpikeTrain(NamedTuple):
    """Spikes by step: those of step t are ``units[offsets[t]:offsets[t + 1]]``, input lines or neurons."""

    offsets: Array
    units: Array


class Membranes(NamedTuple):
    """The neurons of one population: their constants, then their state.

    `share` is dt / tau, and `whole` is 1 + share. `bar` is the threshold of each neuron. `held` is a ring of the
    neurons that fired in the last steps of the refractory time, so that they alone are touched; `held_counts` tells how
    many each of its slots holds.
    """

    share: float
    whole: float
    rest: float
    reset: float
    e_exc: float
    e_inh: float
    exc_decay: float
    inh_decay: float
    euler: bool
    v: Array
    exc: Array
    inh: Array
    bar: Array
    held: Array
    held_counts: Array
    fired: Array


class Inputs(NamedTuple):
    """Windows onto the input: line i is seen at entries ``offsets[i]:offsets[i + 1]``, each a position and a place.

    ``weights[position, place, feature]`` has one position only where it is shared (`own` is 0 then, else 1).
    """

    train: SpikeTrain
    offsets: Array
    positions: Array
    places: Array
    lines: Array
    last: Array
    own: int
    weights: Array
    trace: Array
    column: Array


class Afferents(NamedTuple):
    """Plastic synapses from all neurons of another layer, ``weights[target, source]``, `delay` steps long."""

    train: SpikeTrain
    delay: int
    gain: float
    sources: Array
    last: Array
    weights: Array
    trace: Array


class Rule(NamedTuple):
    """Constants of `TraceSTDP`, and its traces: by age for the pre units, by neuron for the post neurons."""

    eta: float
    eta_pre: float
    x_tar: float
    mu: float
    low: float
    high: float
    pre: Array
    post1: Array
    post2: Array
    decay1: float
    decay2: float
    one: float


class Competition(NamedTuple):
    """What holds between the two populations: their weights, and the homeostasis of the thresholds."""

    features: int
    scope: int
    excite: float
    inhibit: float
    threshold: float
    theta: Array
    theta_plus: float
    theta_decay: float
    learning: bool


class Layer(NamedTuple):
    """A layer as the kernel sees it; it writes its spikes to `out`."""

    exc: Membranes
    inh: Membranes
    between: Competition
    inputs: Inputs
    links: tuple[Afferents, ...]
    rule: Rule
    out: SpikeTrain


@compile_kernel(fastmath=FAST, error_model="numpy", nogil=True)  # else each division would ask for a zero
@no_type_check
def integrate(cells: Membranes) -> None:
    """Advance equations 1 and 2 by one step, keeping back who is refractory."""
    v, exc, inh, a, whole = cells.v, cells.exc, cells.inh, cells.share, cells.whole
    rest, e_exc, e_inh, exc_decay, inh_decay = cells.rest, cells.e_exc, cells.e_inh, cells.exc_decay, cells.inh_decay
    none = v.dtype.type(0)
    tiny = v.dtype.type(TINY)
    if cells.euler:
        for i in range(v.size):
            v[i] += a * ((rest - v[i]) + (exc[i] * (e_exc - v[i]) + inh[i] * (e_inh - v[i])))
            left = exc[i] * exc_decay
            exc[i] = left if left > tiny else none
            left = inh[i] * inh_decay
            inh[i] = left if left > tiny else none
    else:
        for i in range(v.size):
            drive = rest + exc[i] * e_exc + inh[i] * e_inh
            v[i] = (v[i] + a * drive) / (whole + a * (exc[i] + inh[i]))
            left = exc[i] * exc_decay
            exc[i] = left if left > tiny else none
            left = inh[i] * inh_decay
            inh[i] = left if left > tiny else none
    for r in range(cells.held_counts.size):
        for k in range(cells.held_counts[r]):
            v[cells.held[r, k]] = cells.reset


@compile_kernel(nogil=True)
@no_type_check
def fire(cells: Membranes) -> Array:
    """Return the neurons above their threshold, ascending."""
    v, bar, fired, count = cells.v, cells.bar, cells.fired, 0
    for first in range(index(0), index(v.size), index(64)):
        last = min(first + index(64), index(v.size))
        above = np.int32(0)
        for i in range(first, last):
            above += np.int32(v[i] > bar[i])
        if above:  # most blocks have none: only then is it worth looking who
            for i in range(first, last):
                if v[i] > bar[i]:
                    fired[count] = i
                    count += 1
    return fired[:count]


@compile_kernel(nogil=True)
@no_type_check
def settle(cells: Membranes, fired: Array, t: int) -> None:
    """Reset who fired, and hold them."""
    for i in fired:
        cells.v[i] = cells.reset
    if cells.held_counts.size:
        slot = t % cells.held_counts.size
        cells.held_counts[slot] = fired.size
        cells.held[slot, : fired.size] = fired


@compile_kernel(fastmath=FAST, nogil=True)
@no_type_check
def depress(weights: Array, post: Array, rule: Rule) -> None:
    """Change the outgoing weights of a unit that fired."""
    for f in range(weights.size):
        weights[f] = max(weights[f] - rule.eta_pre * post[f], rule.low)


@compile_kernel(fastmath=FAST, nogil=True)
@no_type_check
def recall(trace: Array, units: Array, last: Array, t: int, rule: Rule) -> None:
    """Write the traces of units to `trace`, by the time since their last spike."""
    oldest = rule.pre.size - 1
    for k in range(units.size):
        trace[k] = rule.pre[min(t - last[units[k]], oldest)]


@compile_kernel(fastmath=FAST, error_model="numpy", nogil=True)
@no_type_check
def potentiate(weights: Array, trace: Array, rule: Rule, eta: float) -> None:
    """Change the incoming weights of a neuron that fired by the traces of the units that they come from."""
    x_tar, mu, low, high = rule.x_tar, rule.mu, rule.low, rule.high
    for k in range(weights.size):
        w = weights[k]
        room = power(max(high - w, low), mu) if mu != 0 else rule.one  # normalised, w may be above high
        weights[k] = min(max(w + eta * (trace[k] - x_tar) * room, low), high)


@compile_kernel(fastmath=FAST, nogil=True)
@no_type_check
def hear(t: int, inputs: Inputs, rule: Rule, between: Competition, conductance: Array) -> None:
    """Deliver the input spikes of step t; each sees its depression after it has acted."""
    features, train, learns = between.features, inputs.train, between.learning and rule.eta_pre != 0
    for e in range(train.offsets[t], train.offsets[t + 1]):
        line = index(train.units[e])
        inputs.last[line] = t
        for entry in range(index(inputs.offsets[line]), index(inputs.offsets[line + index(1)])):
            first = inputs.positions[entry] * features
            weights = inputs.weights[inputs.positions[entry] * inputs.own, inputs.places[entry]]
            target = conductance[first : first + features]
            for f in range(features):
                target[f] += weights[f]
            if learns:
                depress(weights, rule.post1[first : first + features], rule)


@compile_kernel(fastmath=FAST, nogil=True)
@no_type_check
def overhear(t: int, link: Afferents, rule: Rule, learning: bool, conductance: Array) -> None:
    """Deliver the spikes of another layer that arrive at step t."""
    sent = t - link.delay
    if not 0 <= sent < link.train.offsets.size - 1:
        return
    for e in range(link.train.offsets[sent], link.train.offsets[sent + 1]):
        source = link.train.units[e]
        link.last[source] = t
        for i in range(conductance.size):
            conductance[i] += link.gain * link.weights[i, source]
        if learning and rule.eta_pre != 0:
            depress(link.weights[:, source], rule.post1, rule)


@compile_kernel(nogil=True)
@no_type_check
def compete(layer: Layer, fired: Array, silencing: Array) -> None:
    """Let each excitatory neuron excite its inhibitory one, and each of those inhibit all others in its scope."""
    between, conductance = layer.between, layer.exc.inh
    for i in fired:
        layer.inh.exc[i] += between.excite
    begin = 0
    while begin < silencing.size:  # those of one scope lie together
        first = silencing[begin] // between.scope * between.scope
        end = begin
        while end < silencing.size and silencing[end] < first + between.scope:
            end += 1
        total = between.inhibit * (end - begin)
        for i in range(first, first + between.scope):
            conductance[i] += total
        for k in range(begin, end):
            conductance[silencing[k]] -= between.inhibit
        begin = end


@compile_kernel(nogil=True)
@no_type_check
def learn(t: int, layer: Layer, fired: Array) -> None:
    """Apply STDP and homeostasis for the neurons that fired at step t."""
    rule, inputs, between = layer.rule, layer.inputs, layer.between
    for link in layer.links:
        recall(link.trace, link.sources, link.last, t, rule)
    for i in fired:
        position, feature = divmod(i, between.features)
        eta = rule.eta * rule.post2[i] if rule.decay2 < 1 else rule.eta
        for link in layer.links:
            potentiate(link.weights[i], link.trace, rule, eta)
        recall(inputs.trace, inputs.lines[position], inputs.last, t, rule)
        weights = inputs.weights[position * inputs.own, :, feature]
        inputs.column[:] = weights  # side by side, they are changed several at a time
        potentiate(inputs.column, inputs.trace, rule, eta)
        weights[:] = inputs.column
        rule.post1[i] = rule.one
        rule.post2[i] = rule.one
        between.theta[i] += between.theta_plus
        layer.exc.bar[i] = between.threshold + between.theta[i]


@compile_kernel(fastmath=FAST, nogil=True)
@no_type_check
def fade(layer: Layer) -> None:
    """Let post traces and thresholds decay by one step, where a rule or homeostasis asks for it."""
    rule, between = layer.rule, layer.between
    if rule.eta_pre != 0:
        for i in range(rule.post1.size):
            rule.post1[i] *= rule.decay1
    if rule.decay2 < 1:
        for i in range(rule.post2.size):
            rule.post2[i] *= rule.decay2
    if between.theta_decay < 1:
        for i in range(between.theta.size):
            between.theta[i] *= between.theta_decay
            layer.exc.bar[i] = between.threshold + between.theta[i]


@compile_kernel(nogil=True, inline="always")  # a call would count references to all that a layer holds
@no_type_check
def step(t: int, layer: Layer) -> None:
    """Advance one layer by one step."""
    exc, inh, between, out = layer.exc, layer.inh, layer.between, layer.out
    if between.learning:
        fade(layer)
    integrate(exc)
    integrate(inh)
    fired, silencing = fire(exc), fire(inh)
    if t < layer.inputs.train.offsets.size - 1:
        hear(t, layer.inputs, layer.rule, between, exc.exc)
    for link in layer.links:
        overhear(t, link, layer.rule, between.learning, exc.exc)
    compete(layer, fired, silencing)
    if between.learning and fired.size:
        learn(t, layer, fired)
    settle(exc, fired, t)
    settle(inh, silencing, t)
    begin = out.offsets[t]
    out.units[begin : begin + fired.size] = fired
    out.offsets[t + 1] = begin + fired.size


@compile_kernel(nogil=True)
@no_type_check
def present(steps: int, layers: tuple[Layer, ...]) -> None:
    """Advance layers together; one hears another's spikes through the other's `out`, at least a step later."""
    for t in range(steps):
        for layer in layers:
            step(t, layer)
