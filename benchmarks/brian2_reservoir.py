"""Times the same reservoir in Brian 2: a script for an interpreter that has it (Brian 2.9 needs numpy below 2.3).

    python brian2_reservoir.py PROBLEM.npz RUNS TARGET

PROBLEM holds synapses, constants and input spikes, and TARGET is Brian's code generation, cython or numpy. The last
line printed is JSON: for "forward" and "with STDP" the seconds of each run, without and with what Brian does before the
first step, and the spikes of the forward run. It imports nothing of emospike: the network is that of the script that
`emospike export --to brian2` writes.
"""

from __future__ import annotations

import json
import runpy
import sys
import time
from pathlib import Path
from typing import Any

import brian2 as b2
import numpy as np

SCRIPT = Path(__file__).resolve().parents[1] / "src" / "emospike" / "exchange" / "brian2_reservoir.py"


def measure(reservoir: dict[str, Any], problem: dict[str, np.ndarray], runs: int, stdp: bool) -> dict[str, Any]:
    """Return the seconds of every run after a first one that compiles, and the spikes of the last."""
    network, spikes = reservoir["build"](problem, stdp)
    stamps: list[float] = []
    network.add(b2.NetworkOperation(lambda: stamps.append(time.perf_counter()), when="start"))
    network.store()
    steps = int(problem["steps"])
    taken: dict[str, Any] = {"stepping": [], "run": []}
    fired: dict[str, Any] = {}
    for _ in range(runs + 1):
        network.restore()
        stamps.clear()
        start = time.perf_counter()
        fired = reservoir["run"](network, spikes, problem)
        taken["run"].append(time.perf_counter() - start)
        taken["stepping"].append((stamps[-1] - stamps[0]) * steps / (len(stamps) - 1))
    told = {} if stdp else {name: array.tolist() for name, array in fired.items()}
    return {name: seconds[1:] for name, seconds in taken.items()} | told


if __name__ == "__main__":
    path, runs, target = sys.argv[1:]
    b2.prefs.codegen.target = target
    b2.prefs.core.default_float_dtype = np.float32
    with np.load(path) as arrays:
        given = {name: arrays[name] for name in arrays}
    script = runpy.run_path(str(SCRIPT))
    out = {name: measure(script, given, int(runs), stdp) for name, stdp in (("forward", False), ("with STDP", True))}
    print(json.dumps({"version": b2.__version__} | out))
