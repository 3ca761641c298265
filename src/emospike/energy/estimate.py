"""Estimated energy: joules of what was counted, beside the same network without spikes, and both in 8 bits.

Everything here is an estimate for 45 nm CMOS from operations and bytes, not a measurement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from emospike.energy.memory import DRAM, MEMORIES, PricedMemory, choose_memory
from emospike.energy.operations import FEATURES, NETWORK, LayerCost, Operations

_FLOATS = {"float32 MAC": 4.6, "float32 AC": 0.9}
_INTEGERS = {"int32 MAC": 3.2, "int32 AC": 0.1, "int8 MAC": 0.3, "int8 AC": 0.1}
PICOJOULE = _FLOATS | _INTEGERS | {f"{one.name} byte": one.picojoule for one in MEMORIES}
"""Energy of one multiply-accumulate, one accumulate, and one byte read or written, in pJ.

Horowitz 2014 (ISSCC, figure 1.1.9): multiplications of 32-bit floats 3.7, of 32-bit integers 3.1 and of 8-bit integers
0.2, additions of 32-bit floats 0.9 and of 32-bit integers (in which products of 8 bits are summed) 0.1; bytes are those
of `memory.MEMORIES`.
"""

BREAK_EVEN = 0.064
"""Spikes per neuron and step below which a spiking network costs less than an equally quantised one without spikes,
data movement counted (arXiv 2409.08290)."""


def estimate_energy(macs: float, accumulates: float, numbers: str = "float32") -> float:
    """Return the energy of arithmetic, in microjoule, in ``"float32"``, ``"int32"`` or ``"int8"``; moving is not in it.

    >>> estimate_energy(macs=1_000_000, accumulates=1_000_000)
    5.5
    """
    return round((PICOJOULE[f"{numbers} MAC"] * macs + PICOJOULE[f"{numbers} AC"] * accumulates) * 1e-6, 9)


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
class StageCost:
    """Work that shares one memory: computing a feature, the network with all its layers, or the readout.

    Attributes
    ----------
    macs, accumulates, bytes_moved : a clip
    bytes_held : weights, indices, potentials and tables that it needs all the time; None if not told
    numbers : that it computes with: ``"float32"``, ``"int32"`` or ``"int8"``
    fixed : whether it stays in 32 bits where the network is in 8, as features do
    """

    macs: float
    accumulates: float
    bytes_moved: float
    bytes_held: float | None
    numbers: str = "float32"
    fixed: bool = False

    @property
    def memory(self) -> PricedMemory:
        """The smallest published memory that holds what it needs."""
        return choose_memory(self.bytes_held)

    @property
    def arithmetic(self) -> float:
        """Energy of its operations, in microjoule."""
        return estimate_energy(self.macs, self.accumulates, self.numbers)

    @property
    def movement(self) -> float:
        """Energy of the bytes from and to its memory, in microjoule."""
        return self.memory.picojoule * self.bytes_moved * 1e-6

    def quantise(self) -> StageCost:
        """Return the same with 8-bit integers, a quarter of the bytes moved and held."""
        held = None if self.bytes_held is None else self.bytes_held / 4
        return self if self.fixed else replace(self, bytes_moved=self.bytes_moved / 4, bytes_held=held, numbers="int8")


@dataclass(frozen=True)
class Variant:
    """One way to do the same work.

    Attributes
    ----------
    name : what it is
    stages : what is done one after the other, by name
    bits : of the numbers that it computes with, 32 or (all integers) 8; features stay in 32
    """

    name: str
    stages: Mapping[str, StageCost]
    bits: int = 32

    def costs(self) -> dict[str, Any]:
        """Return counts and estimated energies; `movement_uj` is by the memory of each stage, `dram_uj` all from DRAM.

        >>> Variant("a", {"network": StageCost(macs=1e6, accumulates=0, bytes_moved=8e6, bytes_held=30_000)}).costs()
        {'name': 'a', 'bits': 32, 'macs': 1000000, 'accumulates': 0, 'bytes_moved': 8000000, 'arithmetic_uj': 4.6,
        'movement_uj': 20.0, 'total_uj': 24.6, 'dram_uj': 1300.0, 'features_uj': 0.0, 'memory': {'network': '32 KB'}}
        """
        own = self.stages.values()
        arithmetic, movement = sum(one.arithmetic for one in own), sum(one.movement for one in own)
        moved = sum(one.bytes_moved for one in own)
        return {
            "name": self.name,
            "bits": self.bits,
            "macs": round(sum(one.macs for one in own)),
            "accumulates": round(sum(one.accumulates for one in own)),
            "bytes_moved": round(moved),
            "arithmetic_uj": arithmetic,
            "movement_uj": movement,
            "total_uj": arithmetic + movement,
            "dram_uj": DRAM.picojoule * moved * 1e-6,
            "features_uj": sum((one.arithmetic + one.movement for one in own if one.fixed), 0.0),
            "memory": {name: one.memory.name for name, one in self.stages.items()},
        }

    def quantise(self) -> Variant:
        """Return the same with 8-bit integers, but for the features."""
        return Variant(f"{self.name}, int8", {name: one.quantise() for name, one in self.stages.items()}, bits=8)


def list_variants(counted: Sequence[Operations], other: Operations | None = None) -> list[Variant]:
    """Return a network, its non-spiking equivalent if it spikes, `other` if given, and each of these in 8 bits.

    `counted` is what the network did on each clip, of which the means are taken; its equivalent has the same synapses,
    driven by real numbers at every step. `other` is a non-spiking network of another shape. All need the same features.
    A quantised network stands for itself.
    """
    spiking = any(one.spikes for one in counted)
    features = {row["name"]: _stage_of([row], fixed=True) for row in _average([one.features for one in counted])}
    found = [Variant("spiking" if spiking else "no spikes", features | _stages_of(counted))]
    if spiking:
        found.append(Variant("twin without spikes", features | _stages_of(counted, twin=True)))
    if other is not None:
        found.append(Variant("counterpart", features | _stages_of([other])))
    if any(stage.numbers == "int32" for stage in found[0].stages.values()):
        return found  # quantised already
    return [one for variant in found for one in (variant, variant.quantise())]


Row = dict[str, Any]
"""Mean counts of a layer, by the names of the fields of `LayerCost`."""


def _stages_of(counted: Sequence[Operations], *, twin: bool = False) -> dict[str, StageCost]:
    """Return the stages of a network, or of its equivalent; one without layers does not tell what it holds."""
    if not all(one.layers for one in counted):
        first = "twin_" if twin else ""
        names = (f"{first}macs", "synaptic_operations", f"{first}bytes_moved")
        macs, accumulates, moved = (float(np.mean([getattr(one, name) for one in counted])) for name in names)
        return {NETWORK: StageCost(macs, 0.0 if twin else accumulates, moved, bytes_held=None)}
    rows = _average([one.layers for one in counted])
    stages = dict.fromkeys(row["stage"] for row in rows)
    return {name: _stage_of([row for row in rows if row["stage"] == name], twin=twin) for name in stages}


def _stage_of(rows: Sequence[Row], *, twin: bool = False, fixed: bool = False) -> StageCost:
    """Return layers that share one memory."""
    first = "twin_" if twin else ""
    macs, moved = (sum(row[f"{first}{name}"] for row in rows) for name in ("macs", "bytes_moved"))
    accumulates = 0.0 if twin else sum(row["accumulates"] for row in rows)
    held = [row["bytes_held"] for row in rows]
    numbers = "int32" if all(row["integer"] for row in rows) else "float32"
    return StageCost(macs, accumulates, moved, None if None in held else sum(held), numbers, fixed)


def _average(counted: Sequence[Sequence[LayerCost]]) -> list[Row]:
    """Return the mean counts of each layer, in the order of the first clip; a clip in which a layer is idle counts 0.

    Held is what the clip needs that needs most.
    """
    by_name: dict[str, list[LayerCost]] = {}
    for layers in counted:
        for layer in layers:
            by_name.setdefault(layer.name, []).append(layer)
    names = ("spike_rate", "macs", "accumulates", "bytes_moved", "twin_macs", "twin_bytes_moved", "updates")
    rows = []
    for name, own in by_name.items():
        held = [one.bytes_held for one in own]
        means = {what: sum(getattr(one, what) for one in own) / len(counted) for what in names}
        most = None if None in held else max(one for one in held if one is not None)
        rows.append({"name": name, "stage": own[0].stage, "integer": own[0].integer, "bytes_held": most} | means)
    return rows


def average_layers(counted: Sequence[Operations]) -> list[Row]:
    """Return the mean cost of each layer, features first, priced by the memory of its stage."""
    rows = []
    for layers in ([one.features for one in counted], [one.layers for one in counted]):
        own = _average(layers)
        for row in own:
            stage = [one for one in own if one["stage"] == row["stage"]]
            shared = {"bytes_held": _stage_of(stage).bytes_held}
            cost = Variant(row["name"], {row["stage"]: _stage_of([row | shared])}).costs()
            twin = Variant(row["name"], {row["stage"]: _stage_of([row | shared], twin=True)}).costs()
            cost |= {"memory": cost["memory"][row["stage"]], "twin_total_uj": twin["total_uj"]}
            del cost["features_uj"]
            rows.append(row | cost)
    return rows


def name_memories(memory: Mapping[str, str]) -> str:
    """Return the memory of the network, and that of the readout where it is another, of the `memory` of a variant.

    >>> name_memories({"features: Mel": "32 KB", "network": "1 MB", "readout": "DRAM"})
    '1 MB / DRAM'
    """
    return " / ".join(dict.fromkeys(name for stage, name in memory.items() if not stage.startswith(FEATURES)))


def describe_rate(rate: float, *, spiking: bool, uncounted: Sequence[str] = ()) -> str:
    """Return what a mean spike rate means for energy, what the estimates are, and what is not in them.

    >>> describe_rate(0.05, spiking=True).split(";")[0]
    'mean spike rate 5.0 %, below the 6.4 % at which spikes stop paying against an equally quantised network'
    >>> describe_rate(0.0, spiking=False, uncounted=("ActionUnits",)).split("; ")[-1]
    'not counted, since their operations are not published: ActionUnits'
    """
    estimates = (
        "energies are estimates from counts for 45 nm (Horowitz 2014), movement by the smallest published memory that "
        "holds what a stage needs"
    )
    if uncounted:
        estimates += f"; not counted, since their operations are not published: {', '.join(uncounted)}"
    if not spiking:
        return f"no spikes, so it is its own twin; {estimates}"
    where = "below" if rate < BREAK_EVEN else "above"
    return (
        f"mean spike rate {100 * rate:.1f} %, {where} the {100 * BREAK_EVEN:.1f} % at which spikes stop paying against "
        f"an equally quantised network; {estimates}"
    )
