"""Operations: what one decision costs, layer by layer, beside its non-spiking equivalent."""

from __future__ import annotations

from dataclasses import dataclass

NETWORK, READOUT, FEATURES = "network", "readout", "features: "
"""Stages of a decision: all that works together step by step, what reads it when it is over, and, before both, one a
feature, whose name begins like that."""


@dataclass(frozen=True)
class LayerCost:
    """What one layer of synapses costs in one decision.

    Attributes
    ----------
    name : of the layer
    spike_rate : spikes that arrive at an input of the layer a step; 1 where real numbers do
    macs, accumulates, bytes_moved : as in `Operations`
    twin_macs, twin_bytes_moved : of the equivalent, the same synapses driven by real numbers at every step
    bytes_held : weights and states that it needs all the time, beside those of the layers before; None if not told
    updates : neurons whose potentials are brought forward, a step each; their multiply-accumulates are in `macs`
    stage : layers of one stage share a memory
    integer : whether it computes in 32-bit integers, as a quantised network does
    """

    name: str
    spike_rate: float
    macs: int
    accumulates: int
    bytes_moved: int
    twin_macs: int
    twin_bytes_moved: int
    bytes_held: int | None = None
    updates: int = 0
    stage: str = NETWORK
    integer: bool = False


@dataclass(frozen=True)
class Operations:
    """What one decision costs, beside the non-spiking equivalent.

    Energy is an estimate for 45 nm CMOS (Horowitz 2014: 4.6 pJ a multiply-accumulate, 0.9 pJ an accumulate, 32 bit
    floats), computed from spikes that were counted on this clip; it is not a measurement.

    Attributes
    ----------
    spikes : spikes of inputs and neurons
    spike_rate : spikes per neuron and step
    synaptic_operations : accumulates that those spikes caused
    macs : multiply-accumulates (leak and readout; all of them in the equivalent)
    bytes_moved : weights and states read and written, without caches
    energy_uj : estimated energy, microjoule
    twin_macs, twin_bytes_moved, twin_energy_uj : of the non-spiking equivalent, the same synapses driven by real
        numbers at every step; a system without spikes is its own
    layers : the same, layer by layer; they sum to the whole
    features : computing each feature, a stage of its own, which the equivalent needs too; none of the sums has them
    uncounted : features whose operations are not known
    """

    spikes: int
    spike_rate: float
    synaptic_operations: int
    macs: int
    bytes_moved: int
    energy_uj: float
    twin_macs: int
    twin_bytes_moved: int
    twin_energy_uj: float
    layers: tuple[LayerCost, ...] = ()
    features: tuple[LayerCost, ...] = ()
    uncounted: tuple[str, ...] = ()
