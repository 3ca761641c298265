"""The same reservoir in Brian 2: a script for an interpreter that has it (Brian 2.9 needs numpy below 2.3).

    python brian2_reservoir.py PROBLEM.npz RUNS TARGET

PROBLEM holds synapses, constants and input spikes; TARGET is Brian's code generation, cython or numpy. The last line
printed is JSON: for "forward" and "with STDP" the seconds of each run, without and with what Brian does before the
first step, and the spikes of the forward run. It imports nothing of emospike.

The equations are those of `emospike.networks.reservoir`, in Brian's words: synapses are delivered before thresholds
are tested, so that input acts in its own step, and a refractory neuron forgets what arrives. Learning differs in one
point: Brian's traces pair two spikes of the same step, emospike does not.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import brian2 as b2
import numpy as np

STEP = b2.ms
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


def build(problem: dict[str, np.ndarray], stdp: bool) -> tuple[Any, Any, list[float]]:
    """Return a network, the monitor of its spikes, and a list that gets the time of every step."""
    constants = {f"v_{name}": float(problem[name]) for name in ("threshold", "reset", "floor")} | {"v_highest": 1e9}
    rule = {name: float(problem[name]) for name in ("a_plus", "a_minus", "w_min", "w_max")}
    rule |= {name: float(problem[name]) * STEP for name in ("tau_plus", "tau_minus")}
    neurons = b2.NeuronGroup(
        len(problem["tau"]),
        "dv/dt = -v / tau : 1 (unless refractory)\ntau : second (constant)",
        threshold="v >= v_threshold",
        reset="v = v_reset",
        refractory=(int(problem["refractory"]) + 1) * STEP,
        method="exact",
        namespace=constants,
    )
    neurons.tau = problem["tau"] * STEP
    neurons.run_regularly("v = clip(v, v_floor, v_highest)", when="before_thresholds")
    lines = b2.SpikeGeneratorGroup(int(problem["lines"]), problem["event_line"], problem["event_step"] * STEP)
    inputs = b2.Synapses(lines, neurons, "w : 1", on_pre=FORWARD)
    recurrent = b2.Synapses(
        neurons, neurons, namespace=rule, **(LEARNING if stdp else {"model": "w : 1", "on_pre": FORWARD})
    )
    for synapses, name in ((inputs, "input"), (recurrent, "recurrent")):
        synapses.connect(i=problem[f"{name}_source"], j=problem[f"{name}_target"])
        synapses.w = problem[f"{name}_weight"]
    if stdp:
        recurrent.plastic = (problem["recurrent_weight"] > 0).astype(float)
    spikes, stamps = b2.SpikeMonitor(neurons), []
    stamp = b2.NetworkOperation(lambda: stamps.append(time.perf_counter()), when="start")
    network = b2.Network(neurons, lines, inputs, recurrent, spikes, stamp)
    network.schedule = ["start", "groups", "synapses", "thresholds", "resets", "end"]
    return network, spikes, stamps


def measure(problem: dict[str, np.ndarray], runs: int, stdp: bool) -> dict[str, Any]:
    """Return the seconds of every run after a first one that compiles, and the spikes of the last."""
    network, spikes, stamps = build(problem, stdp)
    network.store()
    steps = int(problem["steps"])
    taken: dict[str, Any] = {"stepping": [], "run": []}
    for _ in range(runs + 1):
        network.restore()
        stamps.clear()
        start = time.perf_counter()
        network.run((steps + 1) * STEP, namespace={})
        taken["run"].append(time.perf_counter() - start)
        taken["stepping"].append((stamps[-1] - stamps[0]) * steps / (len(stamps) - 1))
    fired_at = np.round(np.asarray(spikes.t / STEP)).astype(int) - 1  # spikes of step t are delivered in step t + 1
    fired = {"step": fired_at.tolist(), "neuron": np.asarray(spikes.i).tolist()}
    return {name: seconds[1:] for name, seconds in taken.items()} | ({} if stdp else fired)


if __name__ == "__main__":
    path, runs, target = sys.argv[1:]
    b2.prefs.codegen.target = target
    b2.prefs.core.default_float_dtype = np.float32
    b2.defaultclock.dt = STEP
    with np.load(path) as arrays:
        given = {name: arrays[name] for name in arrays}
    out = {name: measure(given, int(runs), stdp) for name, stdp in (("forward", False), ("with STDP", True))}
    print(json.dumps({"version": b2.__version__} | out))
