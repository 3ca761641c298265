"""The competitive layer of Diehl & Cook over convolutional windows, with links from other layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from jaxtyping import Float, Float64, Int32

from emospike.activity import Activity
from emospike.networks.cells import Cell, Link
from emospike.networks.plasticity import TraceSTDP
from emospike.networks.windows import Windows
from emospike.spikes import Spikes
from emospike.validation import InputError, one_of, positive, within

Values = Float[np.ndarray, "..."]
"""Of the input lines, 0 to 1, in the shape of the windows' input."""

Index = Int32[np.ndarray, " spikes"]


@dataclass(frozen=True)
class CompetitiveLayer:
    """Excitatory neurons that compete, by inhibition, for what they learn from Poisson spikes.

        tau dV/dt = (E_rest − V) + g_e (E_e − V) + g_i (E_i − V)      (1)
        tau_g dg/dt = −g                                              (2)

    A spike adds its weight to g. A neuron with V above ``threshold + theta`` fires, is reset, and is held at `reset`
    for its refractory time; each spike raises its theta by `theta_plus` (homeostasis) while the layer learns. Every
    excitatory neuron excites one inhibitory neuron, which inhibits all other excitatory neurons in its scope.
    Equation 1 is integrated by implicit Euler, which no conductance makes unstable, and equation 2 exactly.

    Attributes
    ----------
    features : neurons at each position of the windows
    shared : whether all positions have the same weights
    inhibition : ``"local"``: the neurons at the same position; ``"global"``: those of the whole layer
    excite, inhibit : weights to and from the inhibitory neurons
    exc, inh : constants of the neurons
    tau_exc, tau_inh : time constants of the conductances, ms
    theta_plus, tau_theta : rise of a threshold at a spike, mV, and time constant of its decay, ms
    stdp : the learning rule
    norm : mean incoming weight; each neuron's input weights are brought to norm · inputs after every presentation
    max_rate : rate of an input at 1, Hz
    duration, rest, dt : presentation, silence after it, and step, ms; every presentation begins from equilibrium, so
        that a clip's response does not depend on the one before it
    least_spikes, most_repeats : a presentation with fewer spikes is repeated with max_rate raised by half of itself,
        at most so many times
    euler : plain Euler for all that decays, as brian2 does it; unstable where g > 2 tau / dt

    Source
    ------
    Diehl & Cook 2015 (doi 10.3389/fncom.2015.00099) and their code peter-u-diehl/stdp-mnist; Mansouri-Benssassi & Ye
    2019 (IJCNN) and 2020 (AAAI), equations 1 to 3; local inhibition: Saunders et al. 2018 (arXiv 1808.08173).
    """

    features: int = 60
    shared: bool = True
    inhibition: str = "local"
    excite: float = 10.4
    inhibit: float = 17.0
    exc: Cell = field(default_factory=Cell)
    inh: Cell = field(default_factory=Cell.inhibitory)
    tau_exc: float = 1.0
    tau_inh: float = 2.0
    theta_plus: float = 0.01
    tau_theta: float = float("inf")
    stdp: TraceSTDP = field(default_factory=TraceSTDP.published)
    norm: float = 0.1
    max_rate: float = 63.75
    duration: float = 350.0
    rest: float = 0.0
    dt: float = 0.5
    least_spikes: int = 5
    most_repeats: int = 10
    euler: bool = False

    def __post_init__(self) -> None:
        within("features", self.features, 1, 100_000)
        one_of("inhibition", self.inhibition, ("local", "global"))
        for name in ("dt", "duration", "tau_exc", "tau_inh", "tau_theta", "norm", "max_rate"):
            positive(name, getattr(self, name))
        within("rest", self.rest, 0.0, np.inf)
        within("steps of a presentation and its rest", (self.duration + self.rest) / self.dt, 1, 100_000)
        for cell in (self.exc, self.inh):
            within("refractory steps", cell.refractory / self.dt, 0, 10_000)
        within("theta_plus", self.theta_plus, 0.0, np.inf)
        within("most_repeats", self.most_repeats, 0, 1000)

    @classmethod
    def default(cls, features: int = 60) -> CompetitiveLayer:
        """What learns best from speech: shared weights, local inhibition, equation 3, slow homeostasis."""
        return cls(features)

    @classmethod
    def diehl_cook(cls, features: int = 400) -> CompetitiveLayer:
        """The constants of Diehl & Cook's code: global inhibition, own weights, their triplet rule, norm 78 of 784.

        Left out: random input delays of 0 to 10 ms, since a Poisson train delayed is a Poisson train, and the offset
        of −20 mV that their theta of 20 mV begins with, since the two cancel.
        """
        return cls(
            features, shared=False, inhibition="global", theta_plus=0.05, tau_theta=1e7, stdp=TraceSTDP.diehl_cook(),
            norm=78 / 784, rest=150.0,
        )  # fmt: skip

    @classmethod
    def published(cls, features: int = 60) -> CompetitiveLayer:
        """What the text of the two papers says, and the constants of Diehl & Cook where it is silent.

        The texts contradict the code that they refer to, and each other:

        - conductances decay with 2 ms (excitatory) and 1 ms (inhibitory); 1 and 2 ms in Diehl & Cook's code;
        - membranes have 200 ms (excitatory) and 100 ms (inhibitory) in the AAAI paper; the IJCNN paper says "longer
          for excitatory" and "the same parameters as [Diehl & Cook]", which are 100 and 10 ms;
        - thresholds decay with 5 ms in the IJCNN paper, "the refractory period": homeostasis is then gone before the
          next clip comes; 1e7 ms in the code;
        - inhibition reaches "all neurons in the excitatory layer apart from the one it receives information from",
          so that a layer fires a few tens of times a clip;
        - whether positions share weights is not said; nor are the rule's constants (see `TraceSTDP.published`).
        """
        return cls(
            features, shared=False, inhibition="global", exc=Cell(tau=200.0), inh=replace(Cell.inhibitory(), tau=100.0),
            tau_exc=2.0, tau_inh=1.0, theta_plus=0.05, tau_theta=5.0, rest=150.0,
        )  # fmt: skip

    @property
    def steps(self) -> int:
        """Steps of a presentation, without the rest after it."""
        return round(self.duration / self.dt)

    @property
    def all_steps(self) -> int:
        """Steps of a presentation and the rest after it."""
        return round((self.duration + self.rest) / self.dt)

    def restore(
        self,
        windows: Windows,
        links: Sequence[Link],
        weights: Values,
        heard_weights: Sequence[Values],
        theta: Values,
    ) -> CompetitiveNetwork:
        """Return a network with these weights and thresholds, in the arithmetic of float32."""
        heard = [one.astype(np.float32) for one in heard_weights]
        return CompetitiveNetwork(
            self, windows, list(links), weights.astype(np.float32), heard, theta.astype(np.float64)
        )

    def decay(self, tau: float) -> float:
        """Return what is left after one step of something that decays with `tau`, ms."""
        return 1 - self.dt / tau if self.euler else float(np.exp(-self.dt / tau))

    def build(
        self, windows: Windows, links: Sequence[Link] = (), seed: int = 0, dtype: type[np.floating[Any]] = np.float32
    ) -> CompetitiveNetwork:
        """Return a network with weights 0.3 (U + 0.01), U uniform in 0..1, normalised; `dtype` is its arithmetic."""
        rng, (positions, inputs) = np.random.default_rng(seed), windows.lines.shape
        shape = (1 if self.shared else positions, inputs, self.features)
        weights = [(0.3 * (rng.random(shape) + 0.01)).astype(dtype)]
        weights += [(0.3 * (rng.random((positions * self.features, k.sources)) + 0.01)).astype(dtype) for k in links]
        network = CompetitiveNetwork(
            self, windows, list(links), weights[0], weights[1:], np.zeros(positions * self.features)
        )
        network.normalise()
        return network


@dataclass
class CompetitiveNetwork:
    """A competitive layer over windows, with its weights and thresholds.

    Attributes
    ----------
    layer, windows, links : the constants, what the positions see, and what other layers it hears
    weights : shape (positions or 1, inputs, features)
    heard_weights : one array a link, shape (neurons, sources)
    theta : how much each neuron's threshold has risen, mV
    """

    layer: CompetitiveLayer
    windows: Windows
    links: list[Link]
    weights: Float[np.ndarray, "kinds inputs features"]
    heard_weights: list[Float[np.ndarray, "neurons _"]]
    theta: Float64[np.ndarray, " neurons"]
    _places: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # The kernel follows them without looking.
        (positions, inputs), features = self.windows.lines.shape, self.layer.features
        expected = [(1 if self.layer.shared else positions, inputs, features), (positions * features,)]
        expected += [(positions * features, link.sources) for link in self.links]
        arrays = [self.weights, self.theta, *self.heard_weights]
        if [array.shape for array in arrays] != expected:
            raise InputError(f"arrays of shapes {expected} expected, got {[array.shape for array in arrays]}")
        self._places = self.windows.places()

    @property
    def positions(self) -> int:
        """Number of positions of the windows."""
        return len(self.windows.lines)

    @property
    def neurons(self) -> int:
        """Number of excitatory neurons."""
        return self.positions * self.layer.features

    def learn(self, values: Values, seed: int, heard: Sequence[Activity] = ()) -> Activity:
        """Present one sample while weights and thresholds change; repeat it at a higher rate if few neurons fire.

        Parameters
        ----------
        values : of the input lines, 0..1, in the shape of the windows' input
        seed : of the Poisson spikes
        heard : the activity of the layer at the other end of each link, replayed from the beginning

        The input spikes, hundreds of thousands a clip, are not kept: see `record`.
        """
        return self._present(values, seed, heard, learning=True).drop_inputs()

    def respond(self, values: Values, seed: int, heard: Sequence[Activity] = ()) -> Activity:
        """Present one sample; nothing changes. The input spikes are not kept: see `record`."""
        return self._present(values, seed, heard, learning=False).drop_inputs()

    def record(self, values: Values, seed: int, heard: Sequence[Activity] = ()) -> Activity:
        """Present one sample, as `respond` does, and return what it did beside its input spikes."""
        return self._present(values, seed, heard, learning=False)

    def silence(self) -> Activity:
        """Return the activity of a layer that nothing is presented to."""
        inputs = Spikes.silent(self.layer.all_steps, 1000 / self.layer.dt, units=self.windows.count)
        return self._activity(inputs, np.empty(0, np.int32), np.empty(0, np.int32))

    def draw(self, values: Values, seed: int, repeat: int = 0) -> Spikes:
        """Return the Poisson spikes of a presentation, each repeat of which has a rate higher by half of the first."""
        from emospike.encoding.poisson import draw_poisson

        layer = self.layer
        if values.size != self.windows.count:
            raise InputError(f"{self.windows.count} values expected, of shape {self.windows.shape}, got {values.shape}")
        rate = min(layer.max_rate * (1 + repeat / 2), 1000 / layer.dt)
        return draw_poisson(values, rate, layer.dt, layer.steps, seed)

    def run(self, spikes: Spikes, heard: Sequence[Activity] = (), *, learning: bool = False) -> Activity:
        """Present input spikes once, and return what the neurons did; without normalisation."""
        if len(heard) != len(self.links):
            raise InputError(f"activity of {len(self.links)} other layers expected, got that of {len(heard)}")
        for link, other in zip(self.links, heard, strict=True):
            if other.neurons != link.sources:
                raise InputError(f"activity of {link.sources} neurons expected by a link, got that of {other.neurons}")
        (activity,) = _run((self,), (spikes,), [other.spikes for other in heard], learning=learning)
        return activity

    def calibrate(self, heard: Sequence[Activity], conductance: float, link: int = 0) -> None:
        """Set the gain of a link so that these activities give this mean excitatory conductance (input: 0.3 to 1)."""
        spikes = np.mean([one.counts.ravel() for one in heard], axis=0)
        given = float(np.mean(self.heard_weights[link] @ spikes)) * self.layer.tau_exc / self.layer.duration
        if not given > 0:
            raise InputError("activity with spikes expected: the other layer is silent; train it first")
        self.links[link] = replace(self.links[link], gain=conductance / given)

    def normalise(self) -> None:
        """Bring the sum of each neuron's input weights, and of each link's, to norm times their number."""
        for weights in (self.weights, *self.heard_weights):  # inputs or sources are the second axis of each
            total = weights.sum(axis=1, keepdims=True)
            weights[:] *= np.divide(self.layer.norm * weights.shape[1], total, out=np.ones_like(total), where=total > 0)

    def _present(self, values: Values, seed: int, heard: Sequence[Activity], *, learning: bool) -> Activity:
        """Present a sample until enough neurons have fired, or nothing more can be done."""
        for repeat in range(self.layer.most_repeats + 1):
            spikes = self.draw(values, seed, repeat)
            activity = self.run(spikes, heard, learning=learning)
            if learning:
                self.normalise()
            if len(activity) >= self.layer.least_spikes or len(spikes) == 0:
                break
        return replace(activity, repeats=repeat)

    def _activity(self, inputs: Spikes, step: Index, neuron: Index) -> Activity:
        """Return what the neurons did, position by position."""
        return Activity(inputs, step, neuron, self.neurons, (self.positions, self.layer.features))

    def _most(self, steps: int) -> int:
        """Return how many spikes the refractory time allows at most."""
        return self.neurons * (steps // max(round(self.layer.exc.refractory / self.layer.dt), 1) + 1)

    def _state(self, train: Any, heard: Sequence[Any], out: Any, learning: bool) -> Any:
        """Return the layer at equilibrium as the kernel reads it."""
        from emospike.networks import _competitive_kernel as kernel

        layer, n, number = self.layer, self.neurons, self.weights.dtype.type
        offsets, positions, places = self._places
        never = -len(out.offsets)  # older than the oldest age that a trace is kept for

        def membranes(cell: Cell, bar: Values) -> kernel.Membranes:
            share, held = layer.dt / cell.tau, max(round(cell.refractory / layer.dt) - 1, 0)
            return kernel.Membranes(
                share=number(share), whole=number(1 + share), rest=number(cell.rest), reset=number(cell.reset),
                e_exc=number(cell.e_exc), e_inh=number(cell.e_inh), exc_decay=number(layer.decay(layer.tau_exc)),
                inh_decay=number(layer.decay(layer.tau_inh)), euler=layer.euler, v=np.full(n, number(cell.rest)),
                exc=np.zeros(n, number), inh=np.zeros(n, number), bar=bar.astype(number),
                held=np.empty((held, n), np.int32), held_counts=np.zeros(held, np.int64), fired=np.empty(n, np.int32),
            )  # fmt: skip

        def afferents(link: Link, weights: Values, train: Any) -> kernel.Afferents:
            sources = np.arange(weights.shape[1], dtype=np.int32)
            delay, last = round(link.delay / layer.dt), np.full(len(sources), never, np.int32)
            return kernel.Afferents(
                train, delay, number(link.gain), sources, last, weights, np.empty(len(sources), number)
            )

        silence = kernel.SpikeTrain(np.zeros(1, np.int64), np.empty(0, np.int32))
        return kernel.Layer(
            membranes(layer.exc, layer.exc.threshold + self.theta),
            membranes(layer.inh, np.full(n, layer.inh.threshold)),
            kernel.Competition(
                layer.features, layer.features if layer.inhibition == "local" else n, number(layer.excite),
                number(layer.inhibit), float(layer.exc.threshold), self.theta, float(layer.theta_plus),
                layer.decay(layer.tau_theta), learning,
            ),
            kernel.Inputs(
                train, offsets, positions, places, self.windows.lines, np.full(self.windows.count, never, np.int32),
                int(len(self.weights) > 1), self.weights, np.empty(self.weights.shape[1], number),
                np.empty(self.weights.shape[1], number),
            ),
            # The kernel takes at least one, so that its type is the same without links.
            tuple(map(afferents, self.links, self.heard_weights, heard))
            or (afferents(Link(0), np.empty((n, 0), number), silence),),
            self._rule(len(out.offsets) - 1),
            out,
        )  # fmt: skip

    def _rule(self, steps: int) -> Any:
        """Return the learning rule as the kernel reads it.

        Where P positions share a weight, each of them depresses it at every input spike: 1 / P of that is applied.
        """
        from emospike.networks._competitive_kernel import Rule

        rule, dt, number = self.layer.stdp, self.layer.dt, self.weights.dtype.type
        pre = np.exp(-np.arange(steps + 1) * dt / rule.tau_pre)
        pre[-1] = 0  # a unit that has not fired
        eta_pre = rule.eta_pre / (self.positions if self.layer.shared else 1)
        return Rule(
            eta=number(rule.eta), eta_pre=number(eta_pre), x_tar=number(rule.x_tar), mu=number(rule.mu), low=number(0),
            high=number(rule.w_max), pre=pre.astype(number), post1=np.zeros(self.neurons, number),
            post2=np.zeros(self.neurons, number), decay1=number(np.exp(-dt / rule.tau_post1)),
            decay2=number(np.exp(-dt / rule.tau_post2)), one=number(1),
        )  # fmt: skip


def run_together(
    networks: tuple[CompetitiveNetwork, CompetitiveNetwork], spikes: tuple[Spikes, Spikes], *, learning: bool = False
) -> tuple[Activity, Activity]:
    """Present input spikes to two layers that hear each other through one link each; return what each did.

    One modality is made later than the other by `Spikes.delay`.
    """
    for mine, other in (networks, networks[::-1]):
        if [link.sources for link in mine.links] != [other.neurons]:
            raise InputError(f"one link from {other.neurons} neurons expected, got {mine.links}")
        within("delay", mine.links[0].delay, mine.layer.dt, np.inf)
    first, second = _run(networks, spikes, None, learning=learning)
    return first, second


def _run(
    networks: Sequence[CompetitiveNetwork], spikes: Sequence[Spikes], heard: Sequence[Spikes] | None, *, learning: bool
) -> list[Activity]:
    """Drive the kernel: one network that hears spikes, or (None) two that hear each other's."""
    from emospike.networks._competitive_kernel import SpikeTrain, present

    for network, own in zip(networks, spikes, strict=True):  # the kernel writes where spikes point, unchecked
        if own.units != network.windows.count:
            raise InputError(f"spikes of {network.windows.count} lines expected, got those of {own.units}")
    steps = max(*(one.layer.all_steps for one in networks), *(one.steps for one in spikes))
    outs = [SpikeTrain(np.zeros(steps + 1, np.int64), np.empty(one._most(steps), np.int32)) for one in networks]
    trains = [SpikeTrain(own.offsets, own.channel) for own in spikes]
    ears = [outs[1:], outs[:1]] if heard is None else [[SpikeTrain(one.offsets, one.channel) for one in heard]]
    parts = zip(networks, trains, ears, outs, strict=True)
    present(steps, tuple(network._state(train, given, out, learning) for network, train, given, out in parts))
    found = []
    for network, own, out in zip(networks, spikes, outs, strict=True):
        step = np.repeat(np.arange(steps, dtype=np.int32), np.diff(out.offsets))
        found.append(network._activity(own.pad(steps), step, out.units[: out.offsets[-1]].copy()))
    return found
