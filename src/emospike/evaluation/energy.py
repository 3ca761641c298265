"""Energy: what a decision costs, layer by layer, beside the same network without spikes, and both in 8 bits.

Everything is counted on real clips; energies are estimates from these counts for 45 nm CMOS, not measurements.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from emospike import __version__
from emospike.clip import Clip
from emospike.datasets import Dataset, finer_labels, relabel, speaker_folds
from emospike.energy.counting import PICOJOULE_AC, PICOJOULE_MAC
from emospike.energy.operations import LayerCost, Operations
from emospike.evaluation.protocols import new_system
from emospike.progress import Progress
from emospike.systems.base import System
from emospike.validation import InputError

Row = TypeVar("Row")

PICOJOULE = {
    "float32 MAC": PICOJOULE_MAC,
    "float32 AC": PICOJOULE_AC,
    "int8 MAC": 0.3,
    "int8 AC": 0.1,
    "SRAM byte": 2.5,
    "DRAM byte": 162.5,
}
"""Energy of one operation, and of one byte read or written, in pJ.

Horowitz 2014 (ISSCC, figure 1.1.9): multiplications of 32-bit floats 3.7 and of 8-bit integers 0.2, additions of 32-bit
floats 0.9 and of 32-bit integers (in which products of 8 bits are summed) 0.1; 64 bits from a cache of 32 KB 20, from
DRAM 1300.
"""

BREAK_EVEN = 0.064
"""Spikes per neuron and step below which a spiking network costs less than an equally quantised one without spikes,
data movement counted (arXiv 2409.08290)."""

CLIPS = 8
"""Clips that are counted on, unless another number is asked for."""


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

    def quantised(self) -> Variant:
        """Return the same with 8-bit integers: a quarter of the bytes."""
        return Variant(f"{self.name}, int8", self.macs, self.accumulates, self.bytes_moved / 4, bits=8)


def energy_of(system: System, clips: Sequence[Clip], progress: Progress | None = None) -> dict[str, Any]:
    """Return what one decision costs on average over clips, ready for JSON.

    ``variants`` has the system, its twin without spikes (the same synapses, driven by real numbers at every step), its
    counterpart where the paper has one, and each of these in 8-bit integers. ``layers`` has the system's own counts.

    Raises
    ------
    InputError : no clip, or one that the system cannot decide on
    """
    if not clips:
        raise InputError("at least 1 recording is needed to count operations on")
    counted = list[Operations]()
    for done, clip in enumerate(clips, start=1):
        counted.append(system.operations(clip))
        clip.forget()
        if progress:
            progress("counting", done, len(clips))
    spiking = any(one.spikes for one in counted)
    found = [_variant("spiking" if spiking else "no spikes", counted)]
    if spiking:
        found.append(_variant("twin without spikes", counted, "twin_"))
    if spiking and "equivalent" in system.abilities:
        found.append(_variant("counterpart", [system.equivalent()]))
    rate = float(np.mean([one.spike_rate for one in counted]))
    return {
        "clips": len(clips),
        "spikes": float(np.mean([one.spikes for one in counted])),
        "spike_rate": rate,
        "layers": layers_of(counted),
        "variants": [one.costs() for pair in found for one in (pair, pair.quantised())],
        "picojoule": PICOJOULE,
        "break_even": BREAK_EVEN,
        "note": note_on(rate, spiking=spiking),
        "emospike": __version__,
    }


def _variant(name: str, counted: Sequence[Operations], twin: str = "") -> Variant:
    """Return the mean over clips; a `twin_` has no accumulates."""
    accumulates = 0.0 if twin else float(np.mean([one.synaptic_operations for one in counted]))
    macs, moved = (float(np.mean([getattr(one, twin + what) for one in counted])) for what in ("macs", "bytes_moved"))
    return Variant(name, macs, accumulates, moved)


def layers_of(counted: Sequence[Operations]) -> list[dict[str, Any]]:
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
        twin = Variant(name, mean["twin_macs"], 0.0, mean["twin_bytes_moved"])
        rows.append(mean | variant.costs() | {"twin_total_uj": twin.costs()["total_uj"]})
    return rows


def note_on(rate: float, *, spiking: bool) -> str:
    """Return what the numbers mean.

    >>> note_on(0.05, spiking=True).split(";")[0]
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


def trained_for(
    name: str,
    dataset: Dataset,
    labels: str = "arousal",
    preset: str | None = None,
    *,
    modality: str = "audio",
    progress: Progress | None = None,
) -> tuple[System, list[Clip]]:
    """Return a system trained on the training part of the first fold of speakers, and the clips of its test part."""
    dataset = relabel(dataset, labels)
    fold = speaker_folds(dataset)[0]
    train, system = dataset.subset(fold.train), new_system(name, preset, 0, modality=modality)
    system.fit(train.clips(), train.labels.tolist(), train.known_speakers, progress, finer_labels(train))
    return system, dataset.subset(fold.test).clips()


def spread(rows: Sequence[Row], count: int) -> list[Row]:
    """Return so many rows at most, evenly spaced among them.

    >>> spread("abcdefghi", 3)
    ['a', 'e', 'i']
    """
    chosen = np.unique(np.linspace(0, len(rows) - 1, min(count, len(rows))).astype(int))
    return [rows[i] for i in chosen]
