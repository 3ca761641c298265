"""The reservoir: leaky integrate-and-fire neurons, sparsely and recurrently connected, with pair STDP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from jaxtyping import Float32, Int, Int8, Int32, UInt

from emospike.activity import Activity
from emospike.brain.synapses import Synapses
from emospike.networks.fixed_point import FRACTION, MOST, ONE, choose_unit, fix_decays, to_fixed
from emospike.quantisation import check_bits, largest_integer, round_weights
from emospike.schema import check_arrays
from emospike.spikes import Spikes
from emospike.validation import InputError, one_of, positive, within

Index = Int[np.ndarray, " _"]
Plastic = tuple[Index, Index, Index]
"""Where each neuron's plastic synapses begin, the partner whose last spike counts, and the place of the weight."""


@dataclass(frozen=True)
class STDP:
    """Pair-based spike-timing-dependent plasticity with nearest-neighbour pairing.

    With lag = t_post - t_pre in steps (eXCube2, equation 1):

        dw = +a_plus  * exp(-lag / tau_plus)    when the post neuron fires after the pre neuron,
        dw = -a_minus * exp(lag / tau_minus)    when the pre neuron fires after the post neuron,

    applied at each spike to the other neuron's last spike, only to synapses that were excitatory when learning
    began, and kept within [w_min, w_max]: a weight that begins outside is brought within by the first spike of either
    neuron after step 0.

    Attributes
    ----------
    a_plus, a_minus : largest change of weight, in units of weight
    tau_plus, tau_minus : time constants, steps
    w_min, w_max : bounds of the weights
    own_depression : depression by the pre neuron's own last spike instead of the post neuron's (a quirk of
        NeuCube-Py, off by default)
    silent_counts_as_spike : a neuron that never fired counts as having fired at step 0 (a quirk of NeuCube-Py)
    """

    a_plus: float = 1e-3
    a_minus: float = 1e-3
    tau_plus: float = 3.0
    tau_minus: float = 3.0
    w_min: float = 0.0
    w_max: float = 0.2
    own_depression: bool = False
    silent_counts_as_spike: bool = False

    def __post_init__(self) -> None:
        positive("tau_plus", self.tau_plus)
        positive("tau_minus", self.tau_minus)
        if self.w_min > self.w_max:
            raise InputError(f"w_min must not exceed w_max, got {self.w_min} and {self.w_max}")

    @classmethod
    def neucube_py(cls) -> STDP:
        """NeuCube-Py's documented defaults with its quirks: A+ 1e-4, A- 0.01, tau 3 steps, unbounded weights."""
        unbounded = float(np.finfo(np.float32).max)
        return cls(1e-4, 0.01, 3.0, 3.0, -unbounded, unbounded, own_depression=True, silent_counts_as_spike=True)


@dataclass(frozen=True)
class Reservoir:
    """Leaky integrate-and-fire neurons in steps of the input's time grid.

        v_i[t] = max(v_i[t-1] exp(-1 / tau_i) + sum_l W_li x_l[t] + sum_j R_ji s_j[t-1], floor)

    Neuron i fires (s_i[t] = 1) when v_i[t] >= threshold, is set to `reset`, and is held there for `refractory`
    steps. x_l are the input lines: a channel's positive and negative spikes (see `polarity`).

    Attributes
    ----------
    tau : shortest and longest membrane time constant, steps; drawn log-uniformly between them
    threshold, reset, floor : potentials; the threshold is the unit of all weights
    refractory : steps without firing after a spike
    polarity : ``"split"``: positive and negative spikes are two lines; ``"signed"``: one line, negative spikes
        push the other way; ``"positive"``: negative spikes are dropped
    stdp : the learning rule, or None
    bits : None: all in 32-bit floats; 8 or 4: weights are integers of so many bits, potentials of 32 (see
        `ReservoirNetwork.quantise`)

    Source
    ------
    Kasabov et al. 2026 (eXCube2), section 2.8; NeuCube-Py for the constants that the paper does not state.
    """

    tau: tuple[float, float] = (2.0, 40.0)
    threshold: float = 1.0
    reset: float = 0.0
    floor: float = -1.0
    refractory: int = 1
    polarity: str = "split"
    stdp: STDP | None = None
    bits: int | None = None

    def __post_init__(self) -> None:
        check_bits(self.bits)
        positive("tau", self.tau[0])
        within("longest tau", self.tau[1], self.tau[0], np.inf)
        within("refractory", self.refractory, 0, 1000)
        one_of("polarity", self.polarity, ("split", "signed", "positive"))

    @classmethod
    def default(cls) -> Reservoir:
        """Constants tuned on training speakers: log-spread time constants, no learning."""
        return cls()

    @classmethod
    def neucube_py(cls) -> Reservoir:
        """NeuCube-Py's documented defaults: tau 40 steps, threshold 0.1, refractory 5 steps, quirky STDP."""
        return cls((40.0, 40.0), 0.1, 0.0, -np.inf, 5, "signed", STDP.neucube_py())

    def lines(self, channels: int) -> int:
        """Number of input lines for that many channels."""
        return 2 * channels if self.polarity == "split" else channels

    def build(self, inputs: Synapses, recurrent: Synapses, seed: int = 0) -> ReservoirNetwork:
        """Return a network with these synapses, its time constants drawn with `seed`.

        Parameters
        ----------
        inputs : synapses of the input lines; line 2c and 2c + 1 are channel c's positive and negative spikes when
            the polarity is "split", line c is channel c otherwise
        recurrent : synapses between the neurons
        """
        neurons = len(recurrent.offsets) - 1
        low, high = np.log(self.tau)
        spread = np.random.default_rng(seed).uniform(low, high, neurons)
        network = ReservoirNetwork(replace(self, bits=None), inputs, recurrent, np.exp(spread).astype(np.float32))
        return network if self.bits is None else network.quantise(self.bits)


@dataclass
class ReservoirNetwork:
    """A reservoir with its synapses: runs spikes, and learns from them when asked to.

    Attributes
    ----------
    reservoir : the constants
    inputs, recurrent : synapses of input lines and of neurons; learning changes ``recurrent.weights`` in place
    tau : membrane time constant of each neuron, steps
    units : of the weights of inputs and of recurrent synapses in 2^-16, where they are integers times a unit

    Raises
    ------
    InputError : recurrent synapses of another number of neurons, synapses onto neurons that do not exist, time
        constants that are not above 0, or integers that could overflow
    """

    reservoir: Reservoir
    inputs: Synapses
    recurrent: Synapses
    tau: Float32[np.ndarray, " neurons"]
    units: tuple[int, int] = (1, 1)
    _learning: tuple[Plastic, Plastic] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if len(self.recurrent.offsets) != self.neurons + 1:
            raise InputError(
                f"synapses of {self.neurons} neurons expected, got {len(self.recurrent.offsets) - 1} neurons"
            )
        for synapses in (self.inputs, self.recurrent):  # the kernel writes where they point, unchecked
            if len(synapses) and not 0 <= synapses.targets.min() <= synapses.targets.max() < self.neurons:
                raise InputError(f"synapses onto neurons 0 to {self.neurons - 1} expected, got others")
        if self.tau.ndim != 1 or not np.all(self.tau > 0):
            raise InputError("a membrane time constant above 0 for each neuron expected")
        if self.reservoir.bits is not None:
            self._check_units()
        self._decay = np.exp(-1 / self.tau).astype(np.float32)

    def _check_units(self) -> None:
        """Raise `InputError` if all that a neuron can be given in one step does not fit in 31 bits."""
        if to_fixed(self.reservoir.threshold) < 1:
            raise InputError(f"a threshold of 2^-16 at least expected in integers, got {self.reservoir.threshold:g}")
        most = np.zeros(self.neurons)
        for synapses in (self.inputs, self.recurrent):
            most += np.bincount(synapses.targets, np.abs(synapses.weights), self.neurons)
        if not all(0 < unit <= MOST for unit in self.units) or most.max(initial=0) * ONE > MOST:
            raise InputError(
                f"units from 1 on, and weights onto a neuron that sum up to {MOST // ONE} at most, expected"
            )

    @property
    def neurons(self) -> int:
        """Number of neurons."""
        return len(self.tau)

    def run(self, spikes: Spikes) -> Activity:
        """Return the network's activity from rest; nothing is learnt."""
        return self._advance(spikes, (None, None))

    def learn(self, spikes: Spikes) -> Activity:
        """Run one sample from rest while STDP changes the recurrent weights in place."""
        if self.reservoir.stdp is None:
            raise InputError("this reservoir has no learning rule: build it with Reservoir(stdp=STDP())")
        if self.reservoir.bits is not None:
            raise InputError("STDP changes weights by less than integers can: let it learn in floats, then quantise")
        return self._advance(spikes, self._sides(self.reservoir.stdp))

    def quantise(self, bits: int) -> ReservoirNetwork:
        """Return the network in fixed point, with weights that are integers of `bits` bits, 8 or 4, times a unit.

            w = q unit / 2^16,    |q| <= 2^(bits - 1) - 1

        with one unit for the inputs and one for the recurrent synapses. It is computed in 32-bit integers alone:
        potentials, threshold, reset and floor in 2^-16, decays exp(-1 / tau) in 2^-16, and what is left of a
        potential after a step rounded towards 0. In integers all sums are exact, so that any simulator or chip that
        follows these rules fires the same spikes.
        """
        check_bits(bits)
        units = choose_unit(self.inputs.weights, bits), choose_unit(self.recurrent.weights, bits)
        inputs, recurrent = (
            replace(one, weights=_scale(round_weights(one.weights.astype(float), bits, unit / ONE), unit))
            for one, unit in zip((self.inputs, self.recurrent), units, strict=True)
        )
        return ReservoirNetwork(replace(self.reservoir, bits=bits), inputs, recurrent, self.tau, units)

    def integers(self) -> tuple[Int8[np.ndarray, " entering"], Int8[np.ndarray, " synapses"]]:
        """Return the integers that the weights of a quantised network are, in its `units`."""
        inputs, recurrent = (
            np.round(one.weights.astype(float) * ONE / unit).astype(np.int8)
            for one, unit in zip((self.inputs, self.recurrent), self.units, strict=True)
        )
        return inputs, recurrent

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return synapses and time constants as a model file keeps them."""
        arrays = {"tau": self.tau}
        for name, synapses in (("inputs", self.inputs), ("recurrent", self.recurrent)):
            arrays |= {f"{name}.{part}": array for part, array in synapses.to_arrays().items()}
        if self.reservoir.bits is not None:
            arrays["inputs.weights"], arrays["recurrent.weights"] = self.integers()
            arrays["units"] = np.array(self.units, np.int32)
        return arrays

    @classmethod
    def from_arrays(cls, reservoir: Reservoir, arrays: Mapping[str, np.ndarray], neurons: int) -> ReservoirNetwork:
        """Return what `to_arrays` was of; raise `InputError` for arrays that do not fit together."""
        check_arrays(arrays, ARRAYS | (INTEGERS if reservoir.bits is not None else {}), neurons=neurons)
        entering, between = arrays["units"] if reservoir.bits is not None else (1, 1)
        if reservoir.bits is not None:
            limit = largest_integer(reservoir.bits)
            for name in ("inputs.weights", "recurrent.weights"):
                if np.abs(arrays[name].astype(int)).max(initial=0) > limit:
                    raise InputError(f"{name} of {reservoir.bits} bits expected, -{limit} to {limit}")

        def restore(name: str, unit: int) -> Synapses:
            own = {part: arrays[f"{name}.{part}"] for part in ("counts", "targets", "weights")}
            whole = reservoir.bits is not None
            return Synapses.from_arrays(own | ({"weights": _scale(own["weights"], unit)} if whole else {}))

        inputs, recurrent = restore("inputs", int(entering)), restore("recurrent", int(between))
        return cls(reservoir, inputs, recurrent, arrays["tau"], (int(entering), int(between)))

    def _plastic(self, stdp: STDP) -> tuple[Plastic, Plastic]:
        """Return the plastic synapses of each neuron as the presynaptic one, and as the postsynaptic one."""
        wires, incoming = self.recurrent, self.recurrent.transpose()
        plastic = wires.weights > 0
        partners = wires.sources() if stdp.own_depression else wires.targets

        def kept(offsets: Index, partners: Index, slots: Index) -> Plastic:
            chosen = plastic[slots]
            return np.append(0, np.cumsum(chosen))[offsets], partners[chosen], slots[chosen].astype(np.int32)

        return (
            kept(wires.offsets, partners, np.arange(len(wires))),
            kept(incoming.offsets, incoming.sources, incoming.positions),
        )

    def _sides(self, stdp: STDP) -> tuple[Any, Any]:
        """Return both halves of the learning rule as the kernel reads them, at the start of a sample."""
        from emospike.networks._reservoir_kernel import Side

        if self._learning is None:
            self._learning = self._plastic(stdp)
        low, high = np.float32(stdp.w_min), np.float32(stdp.w_max)

        def side(plastic: Plastic, jump: float, tau: float) -> Side:
            trace = np.full(self.neurons, jump if stdp.silent_counts_as_spike else 0, np.float32)
            return Side(*plastic, trace, np.float32(jump), np.float32(np.exp(-1 / tau)), low, high)

        outgoing, incoming = self._learning
        return side(outgoing, -stdp.a_minus, stdp.tau_minus), side(incoming, stdp.a_plus, stdp.tau_plus)

    def _events(self, spikes: Spikes) -> tuple[Index, Index, Float32[np.ndarray, " events"]]:
        """Return where each step's events begin, and the input line and gain of every event."""
        polarity = self.reservoir.polarity
        expected, given = len(self.inputs.offsets) - 1, self.reservoir.lines(spikes.units)
        if given != expected:
            raise InputError(f"this network has {expected} input lines, these spikes need {given}")
        line = spikes.channel * 2 + (spikes.sign < 0) if polarity == "split" else spikes.channel
        gain = spikes.sign if polarity == "signed" else (spikes.sign > 0) | (polarity == "split")
        return spikes.offsets, line, gain.astype(np.float32)

    def drive(self, spikes: Spikes) -> Float32[np.ndarray, "steps lines"]:
        """Return what comes in by each input line in each step: x_l[t]."""
        offsets, line, gain = self._events(spikes)
        lines = np.zeros((spikes.steps, len(self.inputs.offsets) - 1), np.float32)
        np.add.at(lines, (np.repeat(np.arange(spikes.steps), np.diff(offsets)), line), gain)
        return lines

    def _rest(self) -> tuple[Any, Any, Any, int | None]:
        """Return input and recurrent synapses and the neurons at rest as the kernel reads them, and binary places."""
        from emospike.networks._reservoir_kernel import Neurons, Wires

        r, n = self.reservoir, self.neurons
        kind: Any = np.float32
        decay, weights, units = self._decay, (self.inputs.weights, self.recurrent.weights), (kind(1), kind(1))
        levels, fraction = (kind(r.threshold), kind(r.reset), kind(r.floor)), None
        if r.bits is not None:
            kind, fraction = np.int32, FRACTION
            decay, weights, units = fix_decays(self._decay), self.integers(), self.units
            levels = kind(to_fixed(r.threshold)), kind(to_fixed(r.reset)), kind(to_fixed(r.floor))
        inputs, recurrent = (
            Wires(own.offsets, own.targets, weight, unit)
            for own, weight, unit in zip((self.inputs, self.recurrent), weights, units, strict=True)
        )
        ring = max(r.refractory, 1)
        cells = Neurons(
            decay, *levels, r.refractory,
            np.zeros(n, kind), np.zeros(n, kind), np.zeros((ring, n), np.int32), np.zeros(ring, np.int64),
        )  # fmt: skip
        return inputs, recurrent, cells, fraction

    def _advance(self, spikes: Spikes, sides: tuple[Any, Any]) -> Activity:
        """Drive the kernel from rest to the end, collecting its spikes a buffer at a time."""
        from emospike.networks._reservoir_kernel import Events, advance

        inputs, recurrent, cells, fraction = self._rest()
        offsets, line, gain = self._events(spikes)
        events, done, room = Events(offsets, line, gain.astype(cells.v.dtype)), 0, max(2**16, 2 * self.neurons)
        step, neuron = np.empty(room, np.int32), np.empty(room, np.int32)
        parts = [(step[:0], neuron[:0])]
        while done < spikes.steps:
            done, written = advance(done, events, inputs, recurrent, cells, *sides, fraction, step, neuron)
            parts.append((step[:written].copy(), neuron[:written].copy()))
        steps, neurons = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        return Activity(spikes, steps, neurons, self.neurons)


def _scale(whole: Int8[np.ndarray, " _"], unit: int) -> Float32[np.ndarray, " _"]:
    """Return weights that are integers in units of unit / 2^16."""
    return (whole * (unit / ONE)).astype(np.float32)


ARRAYS = {
    "tau": Float32[np.ndarray, " neurons"],
    "inputs.counts": UInt[np.ndarray, " lines"],
    "inputs.targets": UInt[np.ndarray, " entering"],
    "inputs.weights": Float32[np.ndarray, " entering"],
    "recurrent.counts": UInt[np.ndarray, " neurons"],
    "recurrent.targets": UInt[np.ndarray, " synapses"],
    "recurrent.weights": Float32[np.ndarray, " synapses"],
}
"""What a model file holds of a network."""

INTEGERS = {
    "inputs.weights": Int8[np.ndarray, " entering"],
    "recurrent.weights": Int8[np.ndarray, " synapses"],
    "units": Int32[np.ndarray, "2"],
}
"""What is of another kind in a quantised one."""
