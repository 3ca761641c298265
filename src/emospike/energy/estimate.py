"""Estimated energy: joules of what was counted, beside the same network without spikes, and both in 8 bits.

Everything here is an estimate for 45 nm CMOS from operations and bytes, not a measurement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from emospike.energy.operations import LayerCost, Operations

PICOJOULE = {
    "float32 MAC": 4.6,
    "float32 AC": 0.9,
    "int8 MAC": 0.3,
    "int8 AC": 0.1,
    "SRAM byte": 2.5,
    "DRAM byte": 162.5,
}
"""Energy of one multiply-accumulate, one accumulate, and one byte read or written, in pJ.

Horowitz 2014 (ISSCC, figure 1.1.9): multiplications of 32-bit floats 3.7 and of 8-bit integers 0.2, additions of 32-bit
floats 0.9 and of 32-bit integers (in which products of 8 bits are summed) 0.1; 64 bits from a cache of 32 KB 20, from
DRAM 1300.
"""

BREAK_EVEN = 0.064
"""Spikes per neuron and step below which a spiking network costs less than an equally quantised one without spikes,
data movement counted (arXiv 2409.08290)."""


def estimate_energy(macs: int, accumulates: int) -> float:
    """Return the energy of arithmetic in 32-bit floats, in microjoule; moving data is not in it.

    >>> estimate_energy(macs=1_000_000, accumulates=1_000_000)
    5.5
    """
    return round((PICOJOULE["float32 MAC"] * macs + PICOJOULE["float32 AC"] * accumulates) * 1e-6, 9)


def estimate_published_energy(first: int, others: int, steps: int, rate: float = 1.0) -> float:
    """Return the estimate that Spiking Emotions makes for a network that first sees a picture, then spikes.

        E = 4.6 pJ F + rate (0.9 pJ F (N - 1) + 0.9 pJ O N)

    with F synapses in the first layer, O in the others, N steps, and `rate` the share of positions with an event,
    which the paper takes for the spike rate of all layers. Source: Wang et al. 2022, section 3.3 and Table II.

    >>> estimate_published_energy(9_100_000, 47_900_000, steps=30)
    1572.67
    """
    return estimate_energy(first, round(rate * (first * (steps - 1) + others * steps)))


@dataclass(frozen=True)
class Variant:
    """One way to do the same work.

    Attributes
    ----------
    name : what it is
    macs, accumulates, bytes_moved : a clip
    bits : 32 (floats) or 8 (integers)
    """

    name: str
    macs: float
    accumulates: float
    bytes_moved: float
    bits: int = 32

    def costs(self) -> dict[str, Any]:
        """Return counts and estimated energies; `movement_uj` is from and to a small memory on the chip.

        >>> round(Variant("a", macs=1e6, accumulates=0, bytes_moved=8e6).costs()["total_uj"], 6)
        24.6
        """
        kind = "float32" if self.bits == 32 else "int8"
        arithmetic = PICOJOULE[f"{kind} MAC"] * self.macs + PICOJOULE[f"{kind} AC"] * self.accumulates
        movement = PICOJOULE["SRAM byte"] * self.bytes_moved
        return {
            "name": self.name,
            "bits": self.bits,
            "macs": round(self.macs),
            "accumulates": round(self.accumulates),
            "bytes_moved": round(self.bytes_moved),
            "arithmetic_uj": arithmetic * 1e-6,
            "movement_uj": movement * 1e-6,
            "total_uj": (arithmetic + movement) * 1e-6,
            "dram_uj": PICOJOULE["DRAM byte"] * self.bytes_moved * 1e-6,
        }

    def quantise(self) -> Variant:
        """Return the same with 8-bit integers: a quarter of the bytes."""
        return Variant(f"{self.name}, int8", self.macs, self.accumulates, self.bytes_moved / 4, bits=8)


def list_variants(counted: Sequence[Operations], other: Operations | None = None) -> list[Variant]:
    """Return a network, its non-spiking equivalent if it spikes, `other` if given, and each of these in 8 bits.

    `counted` is what the network did on each clip, of which the means are taken; its equivalent has the same synapses,
    driven by real numbers at every step. `other` is a non-spiking network of another shape.
    """

    def mean(what: str) -> float:
        return float(np.mean([getattr(one, what) for one in counted]))

    spiking = any(one.spikes for one in counted)
    name = "spiking" if spiking else "no spikes"
    found = [Variant(name, mean("macs"), mean("synaptic_operations"), mean("bytes_moved"))]
    if spiking:
        found.append(Variant("twin without spikes", mean("twin_macs"), 0.0, mean("twin_bytes_moved")))
    if other is not None:
        counts = (float(other.macs), float(other.synaptic_operations), float(other.bytes_moved))
        found.append(Variant("counterpart", *counts))
    return [one for variant in found for one in (variant, variant.quantise())]


def average_layers(counted: Sequence[Operations]) -> list[dict[str, Any]]:
    """Return the mean cost of each layer, in the order of the first clip; a clip in which a layer is idle counts 0."""
    by_name: dict[str, list[LayerCost]] = {}
    for one in counted:
        for layer in one.layers:
            by_name.setdefault(layer.name, []).append(layer)
    rows = []
    for name, own in by_name.items():
        mean = {
            what: sum(getattr(one, what) for one in own) / len(counted)
            for what in ("spike_rate", "macs", "accumulates", "bytes_moved", "twin_macs", "twin_bytes_moved")
        }
        variant = Variant(name, mean["macs"], mean["accumulates"], mean["bytes_moved"])
        equivalent = Variant(name, mean["twin_macs"], 0.0, mean["twin_bytes_moved"])
        rows.append(mean | variant.costs() | {"twin_total_uj": equivalent.costs()["total_uj"]})
    return rows


def describe_rate(rate: float, *, spiking: bool) -> str:
    """Return what a mean spike rate means for energy, and what the estimates are.

    >>> describe_rate(0.05, spiking=True).split(";")[0]
    'mean spike rate 5.0 %, below the 6.4 % at which spikes stop paying against an equally quantised network'
    """
    estimates = "energies are estimates from counts for 45 nm (Horowitz 2014), movement to and from 32 KB on the chip"
    if not spiking:
        return f"no spikes, so it is its own twin; {estimates}"
    where = "below" if rate < BREAK_EVEN else "above"
    return (
        f"mean spike rate {100 * rate:.1f} %, {where} the {100 * BREAK_EVEN:.1f} % at which spikes stop paying against "
        f"an equally quantised network; {estimates}"
    )
