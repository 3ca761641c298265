"""Chips: what the spikes and neurons that were counted would cost on named chips, as far as figures are published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emospike.energy.operations import NETWORK


@dataclass(frozen=True)
class Chip:
    """A neuromorphic chip; None stands for what is not published, as far as could be found.

    Attributes
    ----------
    name, year, process : of the chip and of what is published about it
    synapse : energy of a spike at a synapse, pJ
    update : energy of bringing a neuron forward by a step, pJ; 0 where it is in `synapse`
    basis : what the figures are
    source : where they stand
    """

    name: str
    year: int
    process: str
    synapse: float | None
    update: float | None
    basis: str
    source: str


CHIPS = (
    Chip(
        "Loihi", 2018, "14 nm", 23.6, 81.0,
        "simulated before there was silicon: a synapse at least, an active neuron (an idle one takes 52 pJ), without "
        "the way between cores",
        "Davies et al. 2018, IEEE Micro 38(1), Table 2",
    ),
    Chip(
        "TrueNorth", 2014, "28 nm", 26.0, 0.0,
        "measured of a whole chip at 20 Hz and 128 synapses a neuron, neurons, ways and leakage included; its synapses "
        "have one bit",
        "Merolla et al. 2014, Science 345(6197)",
    ),
    Chip(
        "SpiNNaker 2, prototype", 2019, "28 nm", 450.0, 2190.0,
        "measured, programs on processors",
        "Höppner et al. 2019, IEEE TCAS-I 66(8), as KerasSpiking quotes it",
    ),
    Chip("SpiNNaker 2", 2021, "22 nm", None, None, "not published", "Höppner et al. 2021, arXiv 2103.08392"),
    Chip("Loihi 2", 2021, "Intel 4", None, None, "not published", "Intel 2021, technology brief"),
)  # fmt: skip
"""Chips, those with published figures first. Features and readout are left to a processor beside them."""


def price_layers(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what each layer that a chip takes over would cost on each chip, in microjoule, by the chip's name.

    `rows` are those of `emospike.energy.estimate.average_layers`; only the network's are taken, by its spikes and its
    neurons. Real numbers that enter it, the features and the readout are left to a processor.

    >>> row = {"name": "a", "stage": "network", "accumulates": 1e6, "updates": 0, "bytes_held": 8, "bytes_moved": 12e6}
    >>> priced = price_layers([row, row | {"stage": "readout"}])
    >>> [(one["name"], {name: round(uj, 1) for name, uj in one["uj"].items()}) for one in priced]
    [('a', {'Loihi': 23.6, 'TrueNorth': 26.0, 'SpiNNaker 2, prototype': 450.0})]
    """
    found = []
    for row in rows:
        events, updates = row["accumulates"], row["updates"]
        if row["stage"] != NETWORK or not (events or updates):
            continue
        costs = {
            chip.name: (chip.synapse * events + chip.update * updates) * 1e-6
            for chip in CHIPS
            if chip.synapse is not None and chip.update is not None
        }
        names = ("name", "bytes_held", "bytes_moved")
        found.append({name: row[name] for name in names} | {"events": events, "updates": updates, "uj": costs})
    return found


def describe_chips(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return each chip with its figures, and the cost of all layers of `price_layers`."""
    found = []
    for chip in CHIPS:
        costs = [row["uj"][chip.name] for row in rows if chip.name in row["uj"]]
        found.append(vars(chip) | {"total_uj": sum(costs) if costs else None})
    return found
