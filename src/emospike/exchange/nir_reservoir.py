"""A reservoir as a graph of NIR, and back (see `nir_files`).

    input -> inputs (Linear) -> neurons (LIF) -> output,    neurons -> recurrent (Linear) -> neurons

NIR's neuron, stepped by forward Euler, is that of `Reservoir` if

    tau_i = dt / (1 - d_i),    r = 1,    weight rows W_i / (1 - d_i),    d_i = exp(-1 / tau'_i)

with tau'_i in steps. What NIR has no words for, the floor of potentials and steps without firing, stands in the graph's
metadata, and is lost in a simulator that does not read it (see `run_plain`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float, Float64

from emospike.activity import Activity
from emospike.brain.synapses import Synapses
from emospike.exchange.nir_files import KEY, import_nir, read_facts
from emospike.networks.reservoir import Reservoir, ReservoirNetwork
from emospike.schema import check_parameters
from emospike.spikes import Spikes
from emospike.validation import InputError, positive

CONSTANTS = ("tau", "threshold", "reset", "floor", "refractory", "polarity")
"""Of a reservoir, what the metadata tell; learning is over."""


def make_graph(network: ReservoirNetwork, dt: float, facts: Mapping[str, Any] | None = None) -> Any:
    """Return a reservoir as a graph of NIR, with steps of `dt` s; further `facts` stand in its metadata."""
    nir = import_nir()
    positive("seconds of a step", dt)
    kept = 1 - np.exp(-1 / network.tau.astype(float))
    inputs, recurrent = (fill(one, network.neurons) / kept[:, None] for one in (network.inputs, network.recurrent))
    ones, constants = np.ones(network.neurons), network.reservoir
    neurons = nir.LIF(
        tau=dt / kept,
        r=ones,
        v_leak=0 * ones,
        v_threshold=constants.threshold * ones,
        v_reset=constants.reset * ones,
    )
    told = {name: getattr(constants, name) for name in CONSTANTS}
    told["floor"] = told["floor"] if np.isfinite(told["floor"]) else None
    return nir.NIRGraph(
        nodes={
            "input": nir.Input({"input": np.array([inputs.shape[1]])}),
            "inputs": nir.Linear(inputs),
            "neurons": neurons,
            "recurrent": nir.Linear(recurrent),
            "output": nir.Output({"output": np.array([network.neurons])}),
        },
        edges=[
            ("input", "inputs"),
            ("inputs", "neurons"),
            ("neurons", "recurrent"),
            ("recurrent", "neurons"),
            ("neurons", "output"),
        ],
        metadata={KEY: json.dumps({"dt": dt, "reservoir": told} | dict(facts or {}))},
    )


def fill(synapses: Synapses, neurons: int) -> Float64[np.ndarray, "neurons sources"]:
    """Return synapses as a matrix, a row a postsynaptic neuron."""
    matrix = np.zeros((neurons, len(synapses.offsets) - 1))
    np.add.at(matrix, (synapses.targets, synapses.sources()), synapses.weights)
    return matrix


def thin(matrix: Float[np.ndarray, "neurons sources"]) -> Synapses:
    """Return the synapses of a matrix, which are its entries that are not 0."""
    targets, sources = np.nonzero(matrix)
    return Synapses.from_pairs(sources, targets, matrix[targets, sources].astype(np.float32), matrix.shape[1])


def read_network(graph: Any) -> ReservoirNetwork:
    """Return the reservoir of a graph that `make_graph` made.

    Weights and time constants are those that were exported, but for the last bit of single precision.

    Raises
    ------
    InputError : another graph, or numbers that no reservoir has
    """
    facts = read_facts(graph)
    try:
        told = facts["reservoir"]
        given = {**told, "tau": tuple(told["tau"]), "floor": -np.inf if told["floor"] is None else told["floor"]}
        inputs, neurons, recurrent = (graph.nodes[name] for name in ("inputs", "neurons", "recurrent"))
        kept = facts["dt"] / np.asarray(neurons.tau, float)
        weights = [np.asarray(one.weight, float) * kept[:, None] for one in (inputs, recurrent)]
    except (KeyError, TypeError, ValueError, AttributeError):
        raise InputError("this graph is no reservoir that emospike exported: a part of it is missing") from None
    if kept.ndim != 1 or not ((kept > 0) & (kept < 1)).all() or not all(np.isfinite(one).all() for one in weights):
        raise InputError("finite weights, and time constants longer than a step, expected")
    check_parameters(Reservoir, given)
    tau = (-1 / np.log1p(-kept)).astype(np.float32)
    return ReservoirNetwork(Reservoir(**given), thin(weights[0]), thin(weights[1]), tau)


def run_plain(graph: Any, network: ReservoirNetwork, spikes: Spikes) -> Activity:
    """Return what a simulator makes of the graph that knows NIR alone: no floor, no steps without firing.

        v <- v + (dt / tau) (v_leak - v + r I),    I = W x[t] + R s[t - 1],    fires at v >= v_threshold, then v_reset

    `network` tells which input lines the spikes are.
    """
    facts, neurons = read_facts(graph), graph.nodes["neurons"]
    inputs, recurrent = (np.asarray(graph.nodes[name].weight) for name in ("inputs", "recurrent"))
    share, lines = facts["dt"] / neurons.tau, network.drive(spikes)
    v, fired, out = np.zeros(network.neurons), np.zeros(network.neurons, bool), []
    for x in lines:
        current = inputs[:, x != 0] @ x[x != 0] + recurrent[:, fired].sum(axis=1)
        v = v + share * (neurons.v_leak - v + neurons.r * current)
        fired = v >= neurons.v_threshold
        v = np.where(fired, neurons.v_reset, v)
        out.append(fired)
    step, neuron = np.nonzero(np.array(out))
    return Activity(spikes, step.astype(np.int32), neuron.astype(np.int32), network.neurons)


def compare_spikes(ours: Activity, theirs: Activity) -> dict[str, float]:
    """Return how many spikes two runs have, and which share of all that any of them has both have."""
    a, b = ({*zip(one.step.tolist(), one.neuron.tolist(), strict=True)} for one in (ours, theirs))
    return {"here": len(a), "plain": len(b), "common": len(a & b) / max(len(a | b), 1)}
