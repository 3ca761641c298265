"""A reservoir of emospike in Brian 2: a script for an interpreter that has it (Brian 2.9 needs numpy below 2.3).

    python brian2_reservoir.py PROBLEM.npz

PROBLEM, by default the file beside the script that is called as it is, holds synapses, constants and input spikes; what
fires is written into PROBLEM.spikes.npz: step and neuron. The script imports nothing of emospike.

The equations are those of `emospike.networks.reservoir`, in Brian's words: synapses are delivered before thresholds
are tested, so that input acts in its own step, and a refractory neuron forgets what arrives. Learning, which is off
unless it is asked for, differs in one point: Brian's traces pair two spikes of the same step, emospike does not.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import brian2 as b2
import numpy as np

FORWARD = "v_post += w * int(not_refractory_post)"
LEARNING: dict[str, Any] = {
    "model": """
        w : 1
        plastic : 1 (constant)
        dpre_trace/dt = -pre_trace / tau_plus : 1 (event-driven)
        dpost_trace/dt = -post_trace / tau_minus : 1 (event-driven)
    """,
    "on_pre": f"""
        {FORWARD}
        pre_trace = 1
        w = plastic * clip(w - a_minus * post_trace, w_min, w_max) + (1 - plastic) * w
    """,
    "on_post": """
        post_trace = 1
        w = plastic * clip(w + a_plus * pre_trace, w_min, w_max) + (1 - plastic) * w
    """,
}


def build(problem: dict[str, np.ndarray], stdp: bool = False) -> tuple[Any, Any]:
    """Return a network, and the monitor of its spikes; the default clock then ticks as the problem does."""
    step = float(problem["dt"]) * b2.second
    b2.defaultclock.dt = step
    constants = {f"v_{name}": float(problem[name]) for name in ("threshold", "reset", "floor")} | {"v_highest": 1e9}
    neurons = b2.NeuronGroup(
        len(problem["tau"]),
        "dv/dt = -v / tau : 1 (unless refractory)\ntau : second (constant)",
        threshold="v >= v_threshold",
        reset="v = v_reset",
        refractory=(int(problem["refractory"]) + 1) * step,
        method="exact",
        namespace=constants,
    )
    neurons.tau = problem["tau"] * step
    neurons.run_regularly("v = clip(v, v_floor, v_highest)", when="before_thresholds")
    lines = b2.SpikeGeneratorGroup(int(problem["lines"]), problem["event_line"], problem["event_step"] * step)
    inputs = b2.Synapses(lines, neurons, "w : 1", on_pre=FORWARD)
    rule = {"model": "w : 1", "on_pre": FORWARD}
    if stdp:
        named = {name: float(problem[name]) for name in ("a_plus", "a_minus", "w_min", "w_max")}
        named |= {name: float(problem[name]) * step for name in ("tau_plus", "tau_minus")}
        rule = LEARNING | {"namespace": named}
    recurrent = b2.Synapses(neurons, neurons, **rule)
    for synapses, name in ((inputs, "input"), (recurrent, "recurrent")):
        synapses.connect(i=problem[f"{name}_source"], j=problem[f"{name}_target"])
        synapses.w = problem[f"{name}_weight"]
    if stdp:
        recurrent.plastic = (problem["recurrent_weight"] > 0).astype(float)
    spikes = b2.SpikeMonitor(neurons)
    network = b2.Network(neurons, lines, inputs, recurrent, spikes)
    network.schedule = ["start", "groups", "synapses", "thresholds", "resets", "end"]
    return network, spikes


def run(network: Any, spikes: Any, problem: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Run a network from where it is, and return step and neuron of all that fired."""
    network.run((int(problem["steps"]) + 1) * b2.defaultclock.dt, namespace={})
    # spikes of step t are delivered in step t + 1
    step = np.round(np.asarray(spikes.t / b2.defaultclock.dt)).astype(int) - 1
    return {"step": step, "neuron": np.asarray(spikes.i)}


def main(file: Path) -> None:
    """Run the problem in a file, and write what fired beside it."""
    with np.load(file) as arrays:
        problem = {name: arrays[name] for name in arrays}
    fired = run(*build(problem), problem)
    out = file.with_suffix(".spikes.npz")
    np.savez(out, step=fired["step"], neuron=fired["neuron"])
    print(f"{len(fired['step'])} spikes of {len(problem['tau'])} neurons in {problem['steps']} steps: {out}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_suffix(".npz"))
