"""Time a competitive layer beside Brian 2: the same network, weights and input spikes, with learning, in one go.

    python -m benchmarks.competitive PYTHON_WITH_BRIAN2 docs/results/competitive-speed.json

Both run 350 ms in steps of 0.5 ms, with plain Euler and equation 3, as in `brian2_competitive`, whose fixture shows
that the spikes are the same. Building and compiling are left out of both; the fastest run of each counts.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from emospike.files import write_atomically
from emospike.networks.competitive import CompetitiveLayer, CompetitiveNetwork
from emospike.networks.plasticity import TraceSTDP
from emospike.networks.windows import Windows
from emospike.spikes import Spikes

POSITIONS, INPUTS, FEATURES, STEPS, RUNS = 10, 400, 60, 700, 5
BRIAN = Path(__file__).with_name("brian2_competitive.py")


def main(python: str, to: Path) -> None:
    """Run both, and write what they took."""
    rng = np.random.default_rng(0)
    rate = 63.75 * rng.random(POSITIONS * INPUTS)
    step, line = np.nonzero(rng.random((STEPS, POSITIONS * INPUTS)) < rate * 0.0005)
    weights = 0.4 * rng.random((POSITIONS, INPUTS, FEATURES))  # mean 0.2, as the layers are normalised to
    layer = CompetitiveLayer(
        features=FEATURES, shared=False, duration=STEPS / 2, theta_plus=0.01, norm=0.2, euler=True,
        stdp=TraceSTDP.published(),
    )  # fmt: skip
    windows = Windows.along_time(POSITIONS, INPUTS, size=1, stride=1)
    given = Spikes.from_events(step, line, STEPS, rate=2000.0, units=POSITIONS * INPUTS)
    best = np.inf
    for _ in range(RUNS + 1):  # the first one compiles
        network = CompetitiveNetwork(layer, windows, [], weights.copy(), [], np.zeros(POSITIONS * FEATURES))
        begun = time.perf_counter()
        fired = network.run(given, learning=True)
        best = min(best, time.perf_counter() - begun)
    with TemporaryDirectory() as folder:
        problem = Path(folder) / "problem.npz"
        np.savez(problem, step=step, line=line, weights=weights, steps=STEPS, runs=RUNS)
        done = subprocess.run([python, str(BRIAN), "time", str(problem)], capture_output=True, text=True, check=True)
    theirs = float(done.stdout.splitlines()[-1])
    found = {
        "neurons": 2 * POSITIONS * FEATURES, "synapses": weights.size, "input_spikes": len(step),
        "spikes": len(fired), "ours_ms": 1000 * best, "brian2_ms": theirs, "ratio": theirs / (1000 * best),
    }  # fmt: skip
    write_atomically(to, json.dumps(found, indent=1) + "\n")
    print(found)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
