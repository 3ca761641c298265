"""A PLIF network as a graph of NIR, and back (see `nir_files`).

    input -> convolution 1 (Conv2d) -> neurons 1 (LIF) -> pooling 1 (SumPool2d) -> ... -> flatten
          -> hidden (Linear) -> hidden neurons (LIF) -> votes (Linear) -> voters (LIF) -> output

NIR's neuron, stepped by forward Euler, is that of `PlifNet` if

    tau_NIR = tau dt,    r = 1,    v_leak = v_reset = 0

with tau in steps of dt. Batch norm is folded into the convolution before it, W <- W gamma / sqrt(variance + epsilon)
and b = beta - mean gamma / sqrt(variance + epsilon), and the mean of four neurons is their sum, the next weights being
divided by 4. Nothing is lost: what the metadata tell is needed only to read the network back, and to count votes, which
are the shares of each class's `voters` that fire.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Float32

from emospike.exchange.nir_files import KEY, import_nir, read_facts
from emospike.networks.plif_net import PlifNet
from emospike.schema import check_parameters
from emospike.validation import InputError, positive

if TYPE_CHECKING:
    from emospike.networks.torch.plif import PlifNetwork

STEP = 1e-3
"""Seconds that a step is told to take, as many simulators have it; it stands for an equal part of any film."""

POOLED = 4
"""Neurons whose mean goes on as one number."""


def make_graph(network: PlifNetwork, dt: float, facts: Mapping[str, Any] | None = None) -> Any:
    """Return a spiking network as a graph of NIR, with steps of `dt` s; further `facts` stand in its metadata.

    Raises
    ------
    InputError : the non-spiking equivalent, or maximum pooling, which NIR does not have
    """
    nir, what = import_nir(), network.what
    positive("seconds of a step", dt)
    if not what.spiking or what.pooling != "average":
        raise InputError(
            "a spiking network with average pooling expected: NIR has no rectifiers and no maximum pooling"
        )
    weights = {name: one.detach().cpu().numpy().astype(float) for name, one in network.state_dict().items()}
    sides, nodes = (what.size, *what.sides), {"input": nir.Input({"input": np.array([2, what.size, what.size])})}

    def add_neurons(name: str, layer: int, shape: tuple[int, ...]) -> None:
        ones = np.ones(shape)
        tau = dt * (1 + np.exp(-weights[f"neurons.{layer}.leak"])) * ones
        nodes[name] = nir.LIF(tau=tau, r=ones, v_leak=0 * ones, v_threshold=what.threshold * ones, v_reset=0 * ones)

    for block, side in enumerate(sides[:-1]):
        matrix, bias = fold_norm(weights, block, network.norms[block].eps)  # type: ignore[arg-type]
        share = POOLED if block else 1
        nodes[f"convolution_{block + 1}"] = nir.Conv2d(
            (side, side), (matrix / share).astype(np.float32), 1, what.padding, 1, 1, bias.astype(np.float32)
        )
        across = side - 2 + 2 * what.padding
        add_neurons(f"neurons_{block + 1}", block, (what.filters, across, across))
        two = np.array([2, 2])
        nodes[f"pooling_{block + 1}"] = nir.SumPool2d(two, two, 0 * two)
    last = np.array([what.filters, sides[-1], sides[-1]])
    nodes["flatten"] = nir.Flatten({"input": last}, start_dim=0, end_dim=-1)
    nodes["hidden"] = nir.Linear((weights["hidden.weight"] / POOLED).astype(np.float32))
    add_neurons("hidden_neurons", what.blocks, (what.hidden,))
    nodes["votes"] = nir.Linear(weights["last.weight"].astype(np.float32))
    add_neurons("voters", what.blocks + 1, (what.outputs(network.classes),))
    nodes["output"] = nir.Output({"output": np.array([what.outputs(network.classes)])})
    told = {"dt": dt, "network": asdict(what), "classes": network.classes} | dict(facts or {})
    names = list(nodes)
    return nir.NIRGraph(nodes=nodes, edges=list(pairwise(names)), metadata={KEY: json.dumps(told)}, type_check=False)


def fold_norm(
    weights: Mapping[str, Any], block: int, epsilon: float
) -> tuple[Float[np.ndarray, "out into 3 3"], Float[np.ndarray, " out"]]:
    """Return weights and bias of a block's convolution with the batch norm behind it."""
    gamma, beta, mean, variance = (
        weights[f"norms.{block}.{name}"] for name in ("weight", "bias", "running_mean", "running_var")
    )
    scale = gamma / np.sqrt(variance + epsilon)
    matrix: Float[np.ndarray, "out into 3 3"] = weights[f"convolutions.{block}.weight"] * scale[:, None, None, None]
    return matrix, beta - mean * scale


def read_network(graph: Any) -> PlifNetwork:
    """Return the network of a graph that `make_graph` made; what was folded into weights stays there.

    Raises
    ------
    InputError : another graph, or numbers that no such network has
    """
    from emospike.networks.torch.plif import PlifNetwork

    facts = read_facts(graph)
    try:
        check_parameters(PlifNet, facts["network"])
        fresh = PlifNetwork.build(PlifNet(**facts["network"]), int(facts["classes"]))
        arrays = {name: one.numpy() for name, one in fresh.state_dict().items()} | _read_weights(graph, fresh.what)
        for block, norm in enumerate(fresh.norms):
            arrays[f"norms.{block}.running_var"] = np.full(fresh.what.filters, 1 - norm.eps, np.float32)  # type: ignore[operator]
        taus = [np.unique(np.asarray(graph.nodes[name].tau, float) / facts["dt"]) for name in name_layers(fresh.what)]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError("this graph is no PLIF network that emospike exported: a part of it is missing") from None
    if not all(len(tau) == 1 and tau[0] > 1 for tau in taus):
        raise InputError("one time constant for each layer, longer than a step, expected")
    arrays |= {f"neurons.{layer}.leak": np.float32(-np.log(tau[0] - 1)) for layer, tau in enumerate(taus)}
    if not all(np.isfinite(one).all() for one in arrays.values()):
        raise InputError("finite weights expected")
    return PlifNetwork.restore(fresh.what, fresh.classes, arrays)


def name_layers(what: PlifNet) -> list[str]:
    """Return the names of the layers of neurons, in their order."""
    return [f"neurons_{block + 1}" for block in range(what.blocks)] + ["hidden_neurons", "voters"]


def _read_weights(graph: Any, what: PlifNet) -> dict[str, Any]:
    """Return the weights of a graph by their names in the network."""
    found = {"hidden.weight": graph.nodes["hidden"].weight * POOLED, "last.weight": graph.nodes["votes"].weight}
    for block in range(what.blocks):
        convolution = graph.nodes[f"convolution_{block + 1}"]
        found[f"convolutions.{block}.weight"] = convolution.weight * (POOLED if block else 1)
        found[f"norms.{block}.bias"] = convolution.bias
    return {name: np.asarray(one, np.float32) for name, one in found.items()}


def run_plain(graph: Any, seen: Float32[np.ndarray, "steps 2 size size"]) -> dict[str, Any]:
    """Return the spikes of every layer of neurons, by name and step, in a simulator that knows NIR alone.

    It goes from node to node: those that have a state are LIF neurons, v <- v + (dt / tau) (v_leak - v + r I), which
    fire at v >= v_threshold and are then set to v_reset.
    """
    dt, following, chain = read_facts(graph)["dt"], dict(graph.edges), ["input"]
    while chain[-1] in following:
        chain.append(following[chain[-1]])
    nodes = {name: graph.nodes[name] for name in chain}
    potentials = {name: node.v_leak for name, node in nodes.items() if type(node).__name__ == "LIF"}
    fired: dict[str, list[Any]] = {name: [] for name in potentials}
    for x in seen.astype(float):
        flow: Any = x
        for name, node in nodes.items():
            if name not in potentials:
                flow = STATELESS[type(node).__name__](node, flow)
                continue
            v = potentials[name]
            v = v + dt / node.tau * (node.v_leak - v + node.r * flow)
            spikes = v >= node.v_threshold
            potentials[name], flow = np.where(spikes, node.v_reset, v), spikes.astype(float)
            fired[name].append(spikes)
    return {name: np.stack(own) for name, own in fired.items()}


def compare_spikes(
    network: PlifNetwork, graph: Any, seen: Float32[np.ndarray, "steps 2 size size"]
) -> dict[str, float]:
    """Return how many spikes all layers have here and in a plain simulator, and which share of all both have."""
    ours = network.record(seen, 1 / read_facts(graph)["dt"]).values()
    here = {(layer, *one) for layer, run in enumerate(ours) for one in zip(run.step, run.neuron, strict=True)}
    found = run_plain(graph, seen).values()
    plain = {
        (layer, *one)
        for layer, run in enumerate(found)
        for one in zip(*np.nonzero(run.reshape(len(run), -1)), strict=True)
    }
    return {"here": len(here), "plain": len(plain), "common": len(here & plain) / max(len(here | plain), 1)}


def _convolve(node: Any, x: Any) -> Any:
    padded = np.pad(x, ((0, 0), *((one, one) for one in node.padding)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, node.weight.shape[2:], axis=(1, 2))
    return np.tensordot(node.weight, windows, ([1, 2, 3], [0, 3, 4])) + node.bias[:, None, None]


def _sum_pool(node: Any, x: Any) -> Any:
    side = x.shape[1] // 2
    return x[:, : 2 * side, : 2 * side].reshape(len(x), side, 2, side, 2).sum(axis=(2, 4))


STATELESS: dict[str, Any] = {
    "Input": lambda node, x: x,
    "Conv2d": _convolve,
    "SumPool2d": _sum_pool,
    "Flatten": lambda node, x: x.ravel(),
    "Linear": lambda node, x: node.weight @ x,
    "Output": lambda node, x: x,
}
"""What nodes without a state make of what comes in."""
