"""Wiring: small-world synapses between the neurons of a brain, and from input lines into it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Float32, Int

from emospike.brain.pairs import average_kernel, compute_kernel, compute_square_distance, draw_fixed, draw_independent
from emospike.brain.synapses import Incoming, Synapses
from emospike.brain.template import BrainTemplate
from emospike.validation import InputError, one_of, positive, within

__all__ = ["Incoming", "InputWiring", "SmallWorld", "Synapses"]

MOST_SYNAPSES = 200_000_000  # 1.6 GB of targets and weights
HIGHEST_PEAK = 0.99


@dataclass(frozen=True)
class SmallWorld:
    """Distance-dependent random wiring: near neurons connect often, far ones seldom.

    The kernel of presynaptic neuron j and postsynaptic neuron i is g_ij = exp(-(d'_ij / length)^2), with d' their
    distance as a share of the largest distance in the brain. Give exactly one of

    - `density`: pairs connect independently with p_ij = c * g_ij, and c is such that density * neurons^2 synapses
      are expected;
    - `peak`: the same with c given;
    - `fan_in`: every neuron has that many incoming synapses, drawn in proportion to g.

    No neuron connects to itself. The field defaults give networks as sparse as eXCube2's, 0.3-0.5 % of all pairs, at
    NeuCube's c of about 0.4; `default()` is the tuned preset, with fewer synapses.

    Attributes
    ----------
    length : length scale, as a share of the largest distance in the brain
    density, peak, fan_in : how many synapses, see above
    normalise : what d is divided by: the largest distance in the brain, or (``"rows"``) the largest distance from i
    weights : ``"uniform"``: drawn from 0 to `strength`; ``"probability"``: `strength` * c * g_ij,
        with c = 1 for a `fan_in`
    strength : unit of the weights, in units of the neurons' threshold
    inhibitory_fraction : share of neurons whose outgoing synapses are all negative
    inhibitory_scale : what inhibitory weights are multiplied by, besides -1
    inhibitory_draw : ``"exact"``: round(fraction * neurons) different neurons; ``"with_replacement"``: so many draws,
        of which some repeat, as NeuCube-Py does, so that fewer are inhibitory

    Source: the kernel is that of NeuCube (Kasabov 2014, Neural Networks 52, 62-76) and NeuCube-Py.

    Raises
    ------
    InputError : a parameter is out of range, or not exactly one of density, peak and fan_in is given

    Examples
    --------
    >>> synapses = SmallWorld.default().connect(BrainTemplate.mni152(), seed=1)
    >>> len(synapses) == 12 * 3108
    True
    """

    length: float = 0.093
    density: float | None = 0.004
    peak: float | None = None
    fan_in: int | None = None
    normalise: Literal["largest", "rows"] = "largest"
    weights: Literal["uniform", "probability"] = "uniform"
    strength: float = 0.1
    inhibitory_fraction: float = 0.2
    inhibitory_scale: float = 1.0
    inhibitory_draw: Literal["exact", "with_replacement"] = "exact"

    def __post_init__(self) -> None:
        positive("length", self.length)
        positive("strength", self.strength)
        positive("inhibitory_scale", self.inhibitory_scale)
        within("inhibitory_fraction", self.inhibitory_fraction, 0, 1)
        one_of("normalise", self.normalise, ("largest", "rows"))
        one_of("weights", self.weights, ("uniform", "probability"))
        one_of("inhibitory_draw", self.inhibitory_draw, ("exact", "with_replacement"))
        amounts = {"density": self.density, "peak": self.peak, "fan_in": self.fan_in}
        given = {name: value for name, value in amounts.items() if value is not None}
        if len(given) != 1:
            raise InputError(
                f"exactly one of density, peak and fan_in expected, got {sorted(given)}: set the others to None"
            )
        for name, value in given.items():
            positive(name, value)
        if self.peak is not None:
            within("peak", self.peak, 0, HIGHEST_PEAK)

    @classmethod
    def default(cls) -> SmallWorld:
        """Return 12 incoming synapses a neuron, weights 0 to 0.05, and 30 % inhibitory neurons twice as strong."""
        return cls(density=None, fan_in=12, strength=0.05, inhibitory_fraction=0.3, inhibitory_scale=2.0)

    @classmethod
    def neucube_py(cls) -> SmallWorld:
        """Return the wiring of NeuCube-Py: c 0.4, length 0.169 of the farthest neuron, weights p / 100."""
        return cls(
            length=0.169,
            density=None,
            peak=0.4,
            normalise="rows",
            weights="probability",
            strength=0.01,
            inhibitory_draw="with_replacement",
        )

    def connect(self, template: BrainTemplate, seed: int = 0) -> Synapses:
        """Return the synapses between the neurons of `template`.

        Raises
        ------
        InputError : the length is too short for that many synapses, or there would be more than 200 million
        """
        rng = np.random.default_rng(seed)
        positions = template.positions
        corners = find_hull(positions)
        if self.normalise == "rows":
            reach = self.length * measure_farthest(positions, corners)
        else:
            reach = self.length * np.full(len(positions), measure_farthest(corners, corners).max())
        peak, expected = self._choose_peak(positions, reach)
        if self.fan_in is not None:
            post, pre = draw_fixed(positions, reach, self.fan_in, rng)
        else:
            post, pre = draw_independent(positions, reach, peak, expected, rng)
        if self.weights == "uniform":
            size = rng.random(len(pre))
        else:
            size = peak * compute_kernel(positions[post], positions[pre], reach[post])
        sign = np.where(self._draw_inhibitory(template.size, rng), -self.inhibitory_scale, 1.0)
        weights = (self.strength * sign[pre] * size).astype(np.float32)
        return Synapses.from_pairs(pre, post, weights, template.size)

    def _choose_peak(
        self, positions: Float32[np.ndarray, "neurons 3"], reach: Float[np.ndarray, " neurons"]
    ) -> tuple[float, float]:
        """Return c and the expected number of synapses, after checking that they are possible."""
        neurons = len(positions)
        if self.fan_in is not None:
            within("fan_in", self.fan_in, 1, neurons - 1)
            peak, expected = 1.0, float(self.fan_in * neurons)
        else:
            mean = average_kernel(positions, reach)
            peak = self.density / mean if self.density is not None else self.peak or 0.0
            expected = peak * mean * neurons**2
            if peak > HIGHEST_PEAK:
                raise InputError(
                    f"density {self.density} is out of reach at length {self.length}: raise length or lower density"
                )
        if expected > MOST_SYNAPSES:
            raise InputError(
                f"at most {MOST_SYNAPSES:,} synapses expected, got {expected:,.0f} for {neurons:,} neurons: "
                "use a fan_in, or fewer neurons"
            )
        return peak, expected

    def _draw_inhibitory(self, neurons: int, rng: np.random.Generator) -> Bool[np.ndarray, " neurons"]:
        """Return which neurons inhibit."""
        chosen = np.zeros(neurons, bool)
        if self.inhibitory_draw == "exact":
            chosen[rng.permutation(neurons)[: round(self.inhibitory_fraction * neurons)]] = True
        else:
            chosen[rng.integers(neurons, size=int(self.inhibitory_fraction * neurons))] = True
        return chosen


@dataclass(frozen=True)
class InputWiring:
    """Random synapses from input lines to the neurons around their sites.

    Each line reaches `fan_out` different neurons, drawn in proportion to exp(-(d / length)^2) + diffuse, with d the
    distance of a neuron to the nearest site of the line.

    Attributes
    ----------
    fan_out : neurons that a line reaches
    length : length scale, mm; infinity chooses among all neurons alike, wherever the sites are
    diffuse : chance of a far neuron relative to one at a site; above 0 a part of each line spreads over the whole
        brain, as the auditory pathways beside the tonotopic one do
    scale : standard deviation of the Gaussian weights, in units of the neurons' threshold
    signed : whether weights keep their sign; else their absolute values are taken

    Examples
    --------
    >>> sites = np.array([[-54, -12, 8], [54, -12, 8]], np.float32)
    >>> len(InputWiring(fan_out=20).connect(sites, BrainTemplate.mni152(), seed=1))
    40
    """

    fan_out: int = 50
    length: float = 15.0
    diffuse: float = 0.0
    scale: float = 0.5
    signed: bool = True

    def __post_init__(self) -> None:
        positive("fan_out", self.fan_out)
        within("diffuse", self.diffuse, 0, 1)
        positive("length", self.length)
        positive("scale", self.scale)

    def connect(
        self,
        sites: Float32[np.ndarray, "lines 3"] | Float32[np.ndarray, "lines sites 3"],
        template: BrainTemplate,
        seed: int = 0,
    ) -> Synapses:
        """Return the synapses of every line; `sites` (MNI mm) hold one or several for each.

        Raises
        ------
        InputError : more `fan_out` than neurons, or sites that are not points in space
        """
        within("fan_out", self.fan_out, 1, template.size)
        if sites.ndim not in (2, 3) or sites.shape[-1] != 3:
            raise InputError(f"sites of shape (lines, 3) or (lines, sites, 3) expected, got {sites.shape}")
        rng = np.random.default_rng(seed)
        targets = [self._draw_targets(own, template.positions, rng) for own in sites.reshape(len(sites), -1, 3)]
        weights = rng.normal(0, self.scale, len(sites) * self.fan_out).astype(np.float32)
        line = np.repeat(np.arange(len(sites)), self.fan_out)
        return Synapses.from_pairs(
            line, np.concatenate(targets), weights if self.signed else np.abs(weights), len(sites)
        )

    def _draw_targets(
        self,
        sites: Float32[np.ndarray, "sites 3"],
        positions: Float32[np.ndarray, "neurons 3"],
        rng: np.random.Generator,
    ) -> Int[np.ndarray, " fan_out"]:
        """Draw `fan_out` neurons without replacement: those of smallest E / g, with E exponential."""
        nearest = np.min([compute_square_distance(site, positions) for site in sites], axis=0)
        near = -nearest / self.length**2
        chance = np.logaddexp(near, np.log(self.diffuse)) if self.diffuse else near
        rank = np.log(rng.standard_exponential(len(positions))) - chance
        return np.argpartition(rank, self.fan_out - 1)[: self.fan_out]


@dataclass(frozen=True)
class NearInputWiring:
    """Input synapses by chance, likelier and stronger to near neurons, as NeuCube-Py draws them.

    A line reaches neuron i with p_i = peak * exp(-(d'_i / length)^2), with d' the distance to the line's nearest site,
    scaled to 0 at the nearest and 1 at the farthest neuron; the weight is `strength` * p_i, never negative.

    Attributes
    ----------
    peak : probability at the site itself (c_in of NeuCube-Py)
    length : length scale, as a share of the range of distances (l_in)
    strength : weight at probability 1, in units of potential
    """

    peak: float = 0.9
    length: float = 1.2
    strength: float = 0.02

    def connect(self, sites: Float32[np.ndarray, "lines sites 3"], template: BrainTemplate, seed: int = 0) -> Synapses:
        """Return the synapses of every line; `sites` are in MNI mm."""
        rng = np.random.default_rng(seed)
        square = np.stack(
            [compute_square_distance(own[:, None], template.positions[None]).min(axis=0) for own in sites]
        )
        distance = np.sqrt(square)
        low, high = distance.min(axis=1, keepdims=True), distance.max(axis=1, keepdims=True)
        chance = self.peak * np.exp(-(((distance - low) / (high - low) / self.length) ** 2))
        line, neuron = np.nonzero(rng.random(chance.shape) < chance)
        weights = (self.strength * chance[line, neuron]).astype(np.float32)
        return Synapses.from_pairs(line, neuron, weights, len(sites))


def find_hull(positions: Float32[np.ndarray, "neurons 3"]) -> Float32[np.ndarray, "corners 3"]:
    """Return the neurons on the convex hull; the neuron farthest from any point is one of them."""
    from scipy.spatial import ConvexHull

    corners: Float32[np.ndarray, "corners 3"] = positions[ConvexHull(positions).vertices]
    return corners


def measure_farthest(
    points: Float32[np.ndarray, "points 3"], corners: Float32[np.ndarray, "corners 3"]
) -> Float[np.ndarray, " points"]:
    """Return the distance (mm) of each point to the corner farthest from it."""
    squares = np.zeros(len(points))
    for corner in corners:
        np.maximum(squares, compute_square_distance(points, corner), out=squares)
    return np.sqrt(squares)
